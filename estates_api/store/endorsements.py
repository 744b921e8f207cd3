"""Endorsements of published lists: recorded once, and never changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from estates_api.store.decided import endorsement


def add_endorsement(connection: Connection, values: Mapping[str, Any]) -> int:
    """Record that an organisation agreed to a revision of a quarter's list; its number."""
    number: int = connection.execute(insert(endorsement).values(values).returning(endorsement.c.id)).scalar_one()
    return number


def list_endorsements(connection: Connection, quarter: str, revision: int) -> Sequence[RowMapping]:
    """Who agreed to a revision, in the order in which it was recorded."""
    query = select(endorsement).where(endorsement.c.quarter == quarter, endorsement.c.revision == revision)
    return connection.execute(query.order_by(endorsement.c.id)).mappings().all()
