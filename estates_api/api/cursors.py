"""Cursors: where a page ended, signed, so that nobody writes one by hand or takes it to another question."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from estates_api.errors import BadInput

_MAC_BYTES = 12


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last feature's sort values and id, and how many features matched on the first page."""

    values: tuple[Any, ...]
    id: str
    matched: int


def write_cursor(cursor: Cursor, question: str, secret: bytes) -> str:
    """The cursor as clients carry it. `question` is what it belongs to."""
    body = json.dumps([*cursor.values, cursor.id, cursor.matched], separators=(",", ":"), default=str).encode()
    return base64.urlsafe_b64encode(_sign(body, question, secret) + body).decode().rstrip("=")


def parse_cursor(text: str, question: str, secret: bytes) -> Cursor:
    """What a page of the same question gave; BadInput for anything else."""
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        whole = b""
    signed, body = whole[:_MAC_BYTES], whole[_MAC_BYTES:]
    if not body or not hmac.compare_digest(signed, _sign(body, question, secret)):
        raise BadInput("cursor: follow a `next` link as it is; a cursor belongs to the question that gave it")
    *values, last, matched = json.loads(body)
    return Cursor(tuple(values), last, matched)


def _sign(body: bytes, question: str, secret: bytes) -> bytes:
    return hmac.new(secret, question.encode() + b"\n" + body, hashlib.sha256).digest()[:_MAC_BYTES]


def nulls_of(values: Sequence[Any]) -> tuple[bool, ...]:
    """Which sort values are unknown."""
    return tuple(value is None for value in values)


def seal_place(number: str, secret: bytes) -> str:
    """Where a page ended that goes by a number of the records, which is nobody's to read: from one page to the next it
    would count what is not shown."""
    sealed = AESSIV(hashlib.sha512(secret).digest()).encrypt(number.encode(), None)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_place(cursor: str, secret: bytes) -> str:
    """The number that was sealed; BadInput for what no page of ours gave."""
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return AESSIV(hashlib.sha512(secret).digest()).decrypt(sealed, None).decode()
    except (ValueError, InvalidTag):
        raise BadInput("cursor: follow a `next` link; cursors are not written by hand") from None


def write_place(ref: str) -> str:
    """Where a page of a list that has one order and no filter ended, as clients carry it."""
    return base64.urlsafe_b64encode(ref.encode()).decode().rstrip("=")


def parse_place(cursor: str | None) -> str | None:
    """Where such a page ended; BadInput for what no page of ours gave."""
    if cursor is None:
        return None
    try:
        ref = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        ref = ""
    if not ref or "\x00" in ref:
        raise BadInput("cursor: follow a `next` link; cursors are not written by hand")
    return ref
