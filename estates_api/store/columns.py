"""What tables have in common: the metadata they are in, and the columns that many of them have."""

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Text, func

metadata = MetaData()


def now() -> Column[object]:
    """When the row was written: what we knew, and since when."""
    return Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())


def sensitivity() -> Column[str]:
    """Who may see the row: public, partner or owner. Everything is public unless it is handed in otherwise."""
    return Column("sensitivity", Text, nullable=False, server_default="public")


def serial() -> Column[int]:
    """A number that grows with every row."""
    return Column("id", BigInteger, primary_key=True, autoincrement=True)
