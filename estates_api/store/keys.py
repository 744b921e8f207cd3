"""Keys: added, ended, looked up by a role that can read nothing else."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from estates_api.domain.callers import Permission
from estates_api.domain.keys import Holder
from estates_api.store.key_table import api_key
from estates_api.store.reading import Reading
from estates_api.store.statements import Statement

_LOOKED_UP = ("sha256", "role", "name", "organisation", "sector", "scopes", "expires", "revoked", "last_used")


def add_key(connection: Connection, prefix: str, sha256: str, holder: Holder) -> None:
    """Keep a key: of its secret the hash alone."""
    scopes = None if holder.scopes is None else sorted(holder.scopes)
    connection.execute(insert(api_key).values(
        prefix=prefix, sha256=sha256, role=holder.role, organisation=holder.organisation, sector=holder.sector,
        scopes=scopes, name=holder.name, expires=holder.expires,
    ))  # fmt: skip


def list_keys(connection: Connection) -> Sequence[RowMapping]:
    """Every key, the newest first; never a secret."""
    shown = [one for one in api_key.c if one.name != "sha256"]
    return connection.execute(select(*shown).order_by(api_key.c.at.desc(), api_key.c.prefix)).mappings().all()


def find_key(connection: Connection, prefix: str) -> Holder | None:
    """Who holds a key, whether it stands or not."""
    row = connection.execute(select(api_key).where(api_key.c.prefix == prefix)).mappings().one_or_none()
    return holder_of(dict(row)) if row else None


def end_key(connection: Connection, prefix: str) -> bool:
    """Revoke a key; False when it was already, or there is none."""
    ended = update(api_key).where(api_key.c.prefix == prefix, api_key.c.revoked.is_(None))
    return bool(connection.execute(ended.values(revoked=func.clock_timestamp())).rowcount)


def put_used(connection: Connection, prefix: str, day: date) -> None:
    """Note the day of use."""
    connection.execute(update(api_key).where(api_key.c.prefix == prefix).values(last_used=day))


async def look_up(reading: Reading, prefix: str) -> Mapping[str, Any] | None:
    """The row of a key by its beginning, read as `estates_keys`."""
    asked = f"SELECT {', '.join(_LOOKED_UP)} FROM api_key WHERE prefix = %(prefix)s"  # noqa: S608 -- names of ours
    rows = await reading.rows(Statement(asked, {"prefix": prefix}), "keys")
    return dict(zip(_LOOKED_UP, rows[0], strict=True)) if rows else None


def holder_of(row: Mapping[str, Any]) -> Holder:
    """Who holds a key, by its row."""
    scopes = None if row["scopes"] is None else frozenset(Permission(one) for one in row["scopes"])
    return Holder(row["role"], row["name"], row["organisation"], row["sector"], scopes, row["expires"], row["revoked"])
