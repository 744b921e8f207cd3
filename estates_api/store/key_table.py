"""The table of keys, as queries see it."""

from sqlalchemy import Column, Date, DateTime, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from estates_api.store.columns import metadata, now

api_key = Table(
    "api_key", metadata,
    Column("prefix", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("organisation", Text),
    Column("sector", Text),
    Column("scopes", ARRAY(Text)),
    Column("name", Text, nullable=False),
    Column("expires", Date),
    Column("revoked", DateTime(timezone=True)),
    Column("last_used", Date),
    now(),
)  # fmt: skip
