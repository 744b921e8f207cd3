"""The tables of decisions and endorsements, as queries see them (see tables.py)."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from estates_api.store.columns import metadata, now, sensitivity, serial

decision = Table(
    "decision", metadata,
    serial(),
    Column("site_ref", Text, ForeignKey("site.ref"), nullable=False),
    Column("step", Text, nullable=False),
    Column("from_state", Text, nullable=False),
    Column("to_state", Text, nullable=False),
    Column("organisation_code", Text, nullable=False),
    Column("organisation_name", Text, nullable=False),
    Column("organisation_sector", Text, nullable=False),
    Column("organisation_kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("minute_reference", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    sensitivity(),
    Column("citation", Text),
    Column("reverses", BigInteger, ForeignKey("decision.id"), unique=True),
    Column("check_id", Text),
    Column("outcome", Text),
    Column("opens_on", Date),
    Column("closes_on", Date),
    now(),
    Index("decision_site", "site_ref", "id"),
)  # fmt: skip

endorsement = Table(
    "endorsement", metadata,
    serial(),
    Column("quarter", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("organisation_code", Text, nullable=False),
    Column("organisation_name", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("minute_reference", Text, nullable=False),
    Column("actor", Text, nullable=False),
    now(),
    UniqueConstraint("quarter", "revision", "organisation_code"),
    ForeignKeyConstraint(["quarter", "revision"], ["shortlist.quarter", "shortlist.revision"]),
)  # fmt: skip
