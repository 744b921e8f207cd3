"""The audit trail: who did what, in the transaction that did it. Its last number is the data version."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select

from estates_api.store.tables import audit


def add_audit(connection: Connection, *, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Record one act."""
    connection.execute(insert(audit).values(actor=actor, action=action, subject=subject, detail=dict(detail)))


def data_version(connection: Connection) -> int:
    """A number that grows with every change of the data: every write records an act."""
    version: int = connection.execute(select(func.coalesce(func.max(audit.c.id), 0))).scalar_one()
    return version
