"""The audit trail: who did what, in the transaction that did it. Its last number is the data version."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from estates_api.store.tables import audit


def add_audit(connection: Connection, *, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Record one act."""
    connection.execute(insert(audit).values(actor=actor, action=action, subject=subject, detail=dict(detail)))


def data_version(connection: Connection) -> int:
    """A number that grows with every change of the data: every write records an act."""
    version: int = connection.execute(select(func.coalesce(func.max(audit.c.id), 0))).scalar_one()
    return version


def is_recorded(connection: Connection, action: str, subject: str, detail: Mapping[str, Any]) -> bool:
    """Whether this very act is on record."""
    same = (audit.c.action == action, audit.c.subject == subject, audit.c.detail == dict(detail))
    return connection.execute(select(audit.c.id).where(*same).limit(1)).scalar_one_or_none() is not None


def find_act(connection: Connection, action: str, subject: str) -> int | None:
    """The number of the newest such act; None when there is none."""
    query = select(func.max(audit.c.id)).where(audit.c.action == action, audit.c.subject == subject)
    found: int | None = connection.execute(query).scalar_one()
    return found


def find_detail(connection: Connection, action: str, subject: str) -> Mapping[str, Any]:
    """What the newest such act has on record; nothing when there is none."""
    query = select(audit.c.detail).where(audit.c.action == action, audit.c.subject == subject)
    found = connection.execute(query.order_by(audit.c.id.desc()).limit(1)).scalar_one_or_none()
    return found or {}


def lock_job(connection: Connection, job: str) -> None:
    """Wait until no other machine does this job; released at commit."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:job))"), {"job": job})
