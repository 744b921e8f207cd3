"""Keys: how they are written, and who holds one.

`estates_<8 hex digits>_<64 hex digits><8 hex digits>`: a public beginning to look it up by, the secret, and a check of
both, by which scanners for secrets tell a key from what only looks like one. Of the secret, 32 random bytes, SHA-256 is
kept: a slow hash as Argon2 protects what people think up and others can guess, and would here only give whoever sends
wrong keys a way to keep the service busy.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from estates_api.domain.callers import ROLES, Caller, Permission, caller_of
from estates_api.domain.values import parse_statement
from estates_api.errors import BadInput

_FORM = re.compile(r"estates_(?P<prefix>[0-9a-f]{8})_(?P<secret>[0-9a-f]{64})(?P<check>[0-9a-f]{8})")
_ORGANISATION = re.compile(r"[A-Z0-9]{1,20}")
SECTORS = ("NHS", "council", "other public")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a key: a role, what narrows it, and until when (the last day)."""

    role: str
    name: str
    organisation: str | None = None
    sector: str | None = None
    scopes: frozenset[Permission] | None = None
    expires: date | None = None
    revoked: datetime | None = None

    def stands(self, today: date) -> bool:
        """Whether the key counts on a day."""
        return self.revoked is None and (self.expires is None or today <= self.expires)

    def caller(self, prefix: str) -> Caller:
        """Who asks with it."""
        made = caller_of(self.role, f"{self.name} ({prefix})", organisation=self.organisation, sector=self.sector)
        return made if self.scopes is None else made.narrowed(self.scopes)


def write_key(prefix: str, secret: str) -> str:
    """A key as its holder keeps it."""
    return f"estates_{prefix}_{secret}{_check(prefix, secret)}"


def find_prefix(key: str) -> str | None:
    """What a key is looked up by; None for what is none of ours."""
    found = _FORM.fullmatch(key)
    if found is None or found["check"] != _check(found["prefix"], found["secret"]):
        return None
    return found["prefix"]


def _check(prefix: str, secret: str) -> str:
    return hashlib.sha256(f"{prefix}_{secret}".encode()).hexdigest()[:8]


def key_hash(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def parse_holder(
    role: str, name: str, *, organisation: str | None = None, sector: str | None = None,
    scopes: Collection[str] = (), expires: date | None = None,
) -> Holder:  # fmt: skip
    """The holder of a key, as stated; BadInput says what its role does not have, or needs."""
    if role not in ROLES or role == "public":
        raise BadInput(f"role: {role[:40]!r} is none; one of {', '.join(one for one in ROLES if one != 'public')}")
    _check_bound("organisation", role, ROLES[role].organisation, organisation)
    _check_bound("sector", role, ROLES[role].sector, sector)
    code = organisation.upper() if organisation else None
    if code and not _ORGANISATION.fullmatch(code):
        raise BadInput(f"organisation: {code[:40]!r} is no code such as RAL or E09000003")
    if sector and sector not in SECTORS:
        raise BadInput(f"sector: must be one of {', '.join(SECTORS)}")
    return Holder(role, parse_statement("name", name), code, sector or None, _scopes(role, scopes), expires)


def _check_bound(what: str, role: str, wanted: str, given: str | None) -> None:
    if given and wanted == "never":
        raise BadInput(f"{what}: a key for a {role} names none")
    if not given and wanted == "must":
        raise BadInput(f"{what}: a key for an {role} must name one")


def _scopes(role: str, given: Collection[str]) -> frozenset[Permission] | None:
    there = ROLES[role].may
    if unknown := [one for one in given if one not in there]:
        raise BadInput(f"scope: a {role} has no {unknown[0][:40]!r}; it has {', '.join(sorted(there))}")
    return frozenset(Permission(one) for one in given) if given else None
