"""Keys are given out, taken back and exchanged, each with its audit event in the same transaction: that also moves the
data version, by which every process drops the keys that it has looked up."""

import secrets
from dataclasses import replace

from sqlalchemy import Connection

from estates_api.domain.keys import Holder, key_hash, write_key
from estates_api.errors import Conflict, NotFound
from estates_api.store import keys as stored
from estates_api.store.audit import add_audit

ACTOR = "command line"


def create_key(connection: Connection, holder: Holder) -> str:
    """A new key for a holder. It is told here and nowhere again."""
    prefix, secret = secrets.token_hex(4), secrets.token_hex(32)
    key = write_key(prefix, secret)
    stored.add_key(connection, prefix, key_hash(key), holder)
    add_audit(connection, actor=ACTOR, action="create key", subject=prefix,
              detail={"role": holder.role, "name": holder.name, "organisation": holder.organisation,
                      "sector": holder.sector, "expires": holder.expires and holder.expires.isoformat(),
                      "scopes": holder.scopes and sorted(holder.scopes)})  # fmt: skip
    return key


def revoke_key(connection: Connection, prefix: str) -> None:
    """From now on the key opens nothing. NotFound when there is none, Conflict when it was revoked already."""
    if not stored.end_key(connection, prefix):
        _get(connection, prefix)
        raise Conflict(f"the key {prefix} was revoked already")
    add_audit(connection, actor=ACTOR, action="revoke key", subject=prefix, detail={})


def rotate_key(connection: Connection, prefix: str) -> str:
    """Another key for the same holder; the old one is revoked."""
    holder = _get(connection, prefix)
    revoke_key(connection, prefix)
    return create_key(connection, replace(holder, revoked=None))


def _get(connection: Connection, prefix: str) -> Holder:
    holder = stored.find_key(connection, prefix)
    if holder is None:
        raise NotFound(f"there is no key that begins with {prefix[:20]!r}; estates key list has them")
    return holder
