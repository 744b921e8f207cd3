"""The tables of shortlists, as queries see them: revisions, what each audience sees of one, and choices of persons."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from estates_api.store.columns import metadata, now, serial

shortlist = Table(
    "shortlist", metadata,
    serial(),
    Column("quarter", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("assessment_id", BigInteger, ForeignKey("assessment.id"), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("replaces", Integer),
    Column("because", Text),
    now(),
    UniqueConstraint("quarter", "revision"),
    ForeignKeyConstraint(["quarter", "replaces"], ["shortlist.quarter", "shortlist.revision"]),
)  # fmt: skip

shortlist_view = Table(
    "shortlist_view", metadata,
    Column("shortlist_id", BigInteger, ForeignKey("shortlist.id"), primary_key=True),
    Column("audience", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
)  # fmt: skip

choice = Table(
    "choice", metadata,
    serial(),
    Column("quarter", Text, nullable=False),
    Column("site_ref", Text, ForeignKey("site.ref"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("list", Text),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    now(),
    Index("choice_quarter", "quarter", "id"),
)  # fmt: skip
