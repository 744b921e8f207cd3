"""The outermost layer: a name for each request, what is too much refused, the headers that every answer has, and what
is told of it. It costs every request the same, answers that are kept too, and so does as little as it can."""

import re
import secrets
from asyncio import get_running_loop
from collections.abc import Awaitable
from functools import partial
from itertools import count
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estates_api.api.metrics import REFUSED, Metrics
from estates_api.api.problems import problem
from estates_api.api.rates import Rates
from estates_api.api.told import TOLD, Told, masked
from estates_api.errors import EstatesError
from estates_api.store.work import READING_S, WORK, WRITING_S, Work

URL_BYTES, HEADER_BYTES, HEADERS = 60_000, 32_000, 100
"""The longest path with its query, the longest headers together, and how many there may be."""

PIECE_BYTES = 128 << 10
"""Larger bodies are sent in pieces of this: the next is made ready when the client has taken the last."""

SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""On every answer but a 304. Pages of other sites may read what is public by CORS, which the resource policy leaves
alone; what the policy ends is that they embed an answer with the credentials that the browser keeps."""

POLICY = b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"
"""Of what is no page; pages say their own."""

_UNCHANGED = 304

_NAMED = re.compile(rb"[\w.:+/=-]{1,100}")

_PROCESS, _NUMBERS = secrets.token_hex(4), count(1)
"""What requests without an id are called by: this process, and a number."""


class TooLong(EstatesError):
    """The address is longer than any question needs."""

    status = 414
    title = "URI too long"


class TooManyHeaders(EstatesError):
    """More headers than any client sends."""

    status = 431
    title = "Request header fields too large"


class Edge:
    """Stands before everything."""

    def __init__(self, app: ASGIApp, *, rates: Rates, metrics: Metrics, slow_ms: int) -> None:
        self.app, self.rates, self.metrics, self.slow_ms = app, rates, metrics, slow_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse; and tell of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, told = perf_counter(), Told()
        reading = scope["method"] in {"GET", "HEAD", "OPTIONS"}
        work = Work(_name(scope), READING_S if reading else WRITING_S, self.slow_ms / 1000,
                    partial(masked, scope["query_string"]))  # fmt: skip
        WORK.set(work)
        scope[TOLD] = told
        sending = _Sending(send, told, work.id)
        self.metrics.begin()
        try:
            refused = _check(scope) or self.rates.check(scope)
            if refused is None:
                await self.app(scope, receive, sending)
            else:
                told.route = REFUSED
                answer = problem(refused.status, refused.title, refused.detail, getattr(refused, "headers", None))
                await answer(scope, receive, sending)
            self.rates.learn(scope, told)
        finally:
            # What is sent leaves at the end of this turn of the event loop: it need not wait for what is told of it.
            get_running_loop().call_soon(self.metrics.end, scope, told, work, perf_counter() - began)


def _check(scope: Scope) -> EstatesError | None:
    """What is wrong with the size of the request's head, if anything is."""
    asked = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    if asked > URL_BYTES:
        return TooLong(f"an address may have {URL_BYTES:,} characters, this one has {asked:,}; ask for less at a time")
    headers = scope["headers"]
    if len(headers) > HEADERS or sum([len(name) + len(value) for name, value in headers]) > HEADER_BYTES:
        return TooManyHeaders(f"a request may have {HEADERS} headers of {HEADER_BYTES:,} bytes together")
    return None


def _name(scope: Scope) -> str:
    """The request's id: the one it came with, where that is well-formed."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _NAMED.fullmatch(value):
            return str(value, "ascii")
    return f"{_PROCESS}{next(_NUMBERS):08x}"


class _Sending:
    """Sends an answer with the headers that all have, and notes what was sent."""

    def __init__(self, send: Send, told: Told, request_id: str) -> None:
        self._send, self._told, self._id = send, told, request_id.encode()

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self._told.status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self._id)]
            if message["status"] != _UNCHANGED:  # what the client has already has them (RFC 9110, 15.4.5)
                headers += SAFE
                if not any([name == POLICY[0] for name, _ in message["headers"]]):  # noqa: C419 -- faster
                    headers.append(POLICY)
            return self._send({**message, "headers": headers})
        size = len(message.get("body", b""))
        self._told.size += size
        return self._send(message) if size <= PIECE_BYTES else self._in_pieces(message)

    async def _in_pieces(self, message: Message) -> None:
        body = message["body"]
        view = memoryview(body)
        for at in range(0, len(body), PIECE_BYTES):
            more = at + PIECE_BYTES < len(body) or message.get("more_body", False)
            await self._send({**message, "body": view[at : at + PIECE_BYTES], "more_body": more})
