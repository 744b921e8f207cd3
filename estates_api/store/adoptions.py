"""Adoptions: who decided on which method, and why. The last one counts."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, Select, insert, select

from estates_api.store.tables import adoption, method


def add_adoption(connection: Connection, *, sha256: str, by: str, reason: str) -> int:
    """Record a decision on a method that is kept already; its number."""
    values = {"method_sha256": sha256, "adopted_by": by, "reason": reason}
    number: int = connection.execute(insert(adoption).values(values).returning(adoption.c.id)).scalar_one()
    return number


def list_adoptions(connection: Connection) -> Sequence[RowMapping]:
    """Every decision, the newest first."""
    return connection.execute(_decisions()).mappings().all()


def find_adopted(connection: Connection) -> RowMapping | None:
    """The newest decision, with the bytes of its method; None when none was adopted."""
    query = _decisions().add_columns(method.c.content).limit(1)
    return connection.execute(query).mappings().one_or_none()


def _decisions() -> Select[tuple[object, ...]]:
    columns = (adoption.c.id, adoption.c.at, adoption.c.adopted_by, adoption.c.reason,
               adoption.c.method_sha256.label("sha256"), method.c.id.label("method"))  # fmt: skip
    return select(*columns).join(method).order_by(adoption.c.id.desc())
