"""Adoption: which method is in force is a recorded decision. Until one is adopted, the configured file is."""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.values import parse_statement
from estates_api.errors import BadInput, Conflict, Unavailable
from estates_api.store import adoptions, assessments, editions, methods
from estates_api.store.audit import add_audit


@dataclass(frozen=True, slots=True)
class Decision:
    """Who adopts a method, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class InForce:
    """The method that counts, and the bytes of its file."""

    method: Method
    content: bytes


def method_in_force(connection: Connection, configured: InForce) -> InForce:
    """The method that was adopted last, else the configured one; Unavailable where this version cannot read it."""
    found = adoptions.find_adopted(connection)
    if found is None or found["sha256"] == configured.method.sha256:
        return configured
    return _read(bytes(found["content"]), found["method"])


@lru_cache(maxsize=4)
def _read(content: bytes, name: str) -> InForce:
    try:
        return InForce(parse_method(content, name), content)
    except BadInput as error:
        reason = f"the adopted method was written for another version of this service ({error.detail})"
        raise Unavailable(f"{reason}; adopt another with: estates method adopt") from None


def adopt(connection: Connection, content: bytes, name: str, decision: Decision, configured: str) -> Method:
    """Record that a method counts from now on, with its audit event in the same transaction. `configured` is the hash
    of the method that counts until the first decision.

    BadInput says what is wrong with the method, the name or the reason; Conflict when it is in force already, or when
    its id is another one's: lists and pages name methods by it.
    """
    by, reason = (parse_statement(*pair) for pair in (("by", decision.by), ("reason", decision.reason)))
    method = parse_method(content, name)
    editions.lock_catalogue(connection)
    last = adoptions.find_adopted(connection)
    if last is not None and last["sha256"] == method.sha256:
        raise Conflict(f"{name}: this method is in force already (SHA-256 {method.sha256[:12]}…)")
    if any(row["id"] == method.id and row["sha256"] != method.sha256 for row in methods.list_methods(connection)):
        raise Conflict(f"{name}: another method was used as {method.id}; give this one an id of its own")
    assessments.put_method(connection, sha256=method.sha256, id_=method.id, content=content)
    number = adoptions.add_adoption(connection, sha256=method.sha256, by=by, reason=reason)
    before = last["sha256"] if last else configured
    detail = {"method": method.id, "sha256": method.sha256, "instead_of": before, "reason": reason}
    add_audit(connection, actor=by, action="adopt method", subject=f"adoption {number}", detail=detail)
    return method
