"""Bodies of requests: bounded in size, and in the time that they take to arrive."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Message, Receive, Scope

from estates_api.errors import BadInput, EstatesError, Unavailable

LARGEST_BYTES = 1 << 20
"""The largest body but that of a file."""

GRACE_S, SLOWEST_BYTES_S = 60, 8_000
"""How long a body may take in any case, and how many bytes must arrive each second beyond that."""

JSON_S = 15
"""How long a body may take that is no file."""

AT_ONCE = 32
"""Bodies that one process waits for at once."""

_arriving = 0


class TooLarge(EstatesError):
    """The body is larger than what can be asked or recorded."""

    status = 413
    title = "Content too large"


class TooSlow(EstatesError):
    """The body does not arrive."""

    status = 408
    title = "Request timeout"


async def read_whole(scope: Scope, receive: Receive) -> bytes:
    """The whole body; TooLarge, TooSlow, or Unavailable when too many others are waited for."""
    stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if stated.isdigit() and int(stated[:18]) > LARGEST_BYTES:
        raise _too_large()
    kept = bytearray()
    with _place():
        try:
            async with asyncio.timeout(JSON_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise BadInput("the connection ended before the body did")
                    kept += message.get("body", b"")
                    if len(kept) > LARGEST_BYTES:
                        raise _too_large()
                    if not message.get("more_body"):
                        return bytes(kept)
        except TimeoutError:
            raise TooSlow(f"the body did not arrive within {JSON_S} s") from None


def _too_large() -> TooLarge:
    return TooLarge(f"a body may have {LARGEST_BYTES >> 20} MB here; a file goes to POST /editions")


@contextmanager
def _place() -> Iterator[None]:
    global _arriving  # noqa: PLW0603 -- one number for the process
    if _arriving >= AT_ONCE:
        raise Unavailable("more is being sent in just now than can be taken; try again in a moment")
    _arriving += 1
    try:
        yield
    finally:
        _arriving -= 1


class Whole:
    """Gives a body that has arrived, and then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        """The next message."""
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def paced(receive: Receive) -> Receive:
    """The same, and TooSlow when less arrives than any line carries. What comes after the body may take its time."""
    began, size, arriving = asyncio.get_running_loop().time(), 0, True

    async def next_one() -> Message:
        nonlocal size, arriving
        if not arriving:
            return await receive()
        try:
            async with asyncio.timeout_at(began + GRACE_S + size / SLOWEST_BYTES_S):
                message = await receive()
        except TimeoutError:
            raise TooSlow(f"less than {SLOWEST_BYTES_S:,} bytes arrive in a second") from None
        size += len(message.get("body", b""))
        arriving = bool(message.get("more_body"))
        return message

    return next_one
