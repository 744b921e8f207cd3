"""How much is worked on at once: a few requests, a short queue, and 503 at once for the rest, so that those who are let
in are answered soon whatever comes. Answers that are kept and health checks never get here."""

import asyncio
import os
import re
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estates_api.api.bodies import Whole, paced, read_whole
from estates_api.api.metrics import REFUSED
from estates_api.api.problems import problem
from estates_api.api.told import told_of
from estates_api.errors import EstatesError
from estates_api.store.reading import CONNECTIONS
from estates_api.store.work import WORK, Work

QUICK_AT_WORK, SLOW_AT_WORK = max(2, min(CONNECTIONS, os.cpu_count() or 2)), 8
"""Features and tiles, of which each asks a connection for a moment; and all else: pages, files, what is recorded."""

BURST, CALM_S = 32, 1.0
"""How many may wait when several maps ask for their tiles at once. When more come, it is no burst: then only as many
wait as are at work, and so a short time, until nobody was refused for so long."""

QUEUE_S = 2.0
"""How long a request waits to be let in."""

WATCH_AFTER_S, STOP_EVERY_S = 0.05, 0.5
"""A request that takes longer than the first is watched: when its client leaves, its statement is ended."""

AGAIN_S = 1
"""When to come back."""

_CLOSING = {"Connection": "close", "Retry-After": "5"}

_SAID = problem(503, "Not available", "more is asked for just now than can be answered; try again in a moment",
                {"Retry-After": str(AGAIN_S)})  # fmt: skip
_REFUSAL: tuple[Message, ...] = (
    {"type": "http.response.start", "status": 503, "headers": _SAID.raw_headers},
    {"type": "http.response.body", "body": _SAID.body, "more_body": True},
    {"type": "http.response.body", "body": b"", "more_body": False},
)

_QUICK = re.compile(r"/collections/[^/]+/(?:items|tiles)(?:/.*)?")
_FILE = re.compile(rb"(?:^|&)f=(?!(?:geojson|json|html|mvt|pbf)(?:&|$))")
_FREE = frozenset({"/health/live", "/health/ready"})


@dataclass(slots=True)
class Gate:
    """Lets so many in at once, in the order in which they came."""

    places: int
    free: int = field(init=False)
    strict_until: float = field(init=False, default=0.0)
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.free = self.places

    def has_room(self) -> bool:
        """Whether one more may wait."""
        now = time.monotonic()
        if len(self.waiting) < (BURST if now > self.strict_until else self.places):
            return True
        self.strict_until = now + CALM_S
        return False

    async def enter(self) -> bool:
        """Wait to be let in; False when there is no room to wait, or it takes too long."""
        if self.free:
            self.free -= 1
            return True
        if not self.has_room():
            return False
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            async with asyncio.timeout(QUEUE_S):
                await turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if turn.done() and not turn.cancelled():  # let in at that very moment
                self.leave()
            with suppress(ValueError):
                self.waiting.remove(turn)
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def leave(self) -> None:
        """Let the next one in."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1


class Admission:
    """Lets requests in to those who answer them, with their bodies whole and bounded."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.quick, self.slow = Gate(QUICK_AT_WORK), Gate(SLOW_AT_WORK)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have it answered, or refuse it at once."""
        if scope["type"] != "http" or scope["path"] in _FREE or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
        elif scope["method"] in {"GET", "HEAD"}:
            await self._admit(scope, receive, send, watch=True)
        elif scope["path"] == "/editions":  # it lets few in by itself, and a file may take its time to arrive
            await self.app(scope, paced(receive), send)
        else:
            try:
                body = await read_whole(scope, receive)
            except EstatesError as error:
                await problem(error.status, error.title, error.detail, _CLOSING)(scope, receive, send)
                return
            await self._admit(scope, Whole(body, receive), send, watch=False)

    async def _admit(self, scope: Scope, receive: Receive, send: Send, *, watch: bool) -> None:
        gate = self.quick if _is_quick(scope) else self.slow
        if not await gate.enter():
            told_of(scope).route = REFUSED
            for message in _REFUSAL:  # made beforehand and in two parts, which nothing on the way looks into (50 µs)
                await send(message)
            return
        held = _Held(gate, send)
        try:
            await (_watched(self.app, scope, receive, held.send) if watch else self.app(scope, receive, held.send))
        finally:
            held.leave()


def _is_quick(scope: Scope) -> bool:
    return _QUICK.fullmatch(scope["path"]) is not None and not _FILE.search(scope["query_string"])


class _Held:
    """A place behind the gate, given back when the answer is made: what is a file already may take its time on the
    way, while rows that are read as they are sent keep their place."""

    def __init__(self, gate: Gate, send: Send) -> None:
        self._gate: Gate | None = gate
        self._send, self._made = send, False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._made = any(name == b"content-length" for name, _ in message["headers"])
        elif self._made:
            self.leave()
        await self._send(message)

    def leave(self) -> None:
        if self._gate is not None:
            self._gate.leave()
            self._gate = None


async def _watched(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Have a question answered; when the client leaves before, end what is done for it."""
    work, task = WORK.get(), asyncio.current_task()
    if work is None or task is None:
        await app(scope, receive, send)
        return
    watch = _Watch(receive, work)
    try:
        await app(scope, watch.receive, send)
    except asyncio.CancelledError:
        if not watch.left.is_set():
            raise
        task.uncancel()
        told_of(scope).status = 499
    finally:
        watch.end()


class _Watch:
    """Notices that the client leaves. Most requests are over before it begins."""

    def __init__(self, receive: Receive, work: Work) -> None:
        self._receive, self._work = receive, work
        self._begun = False
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_S, self._begin)
        self.left = asyncio.Event()

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def receive(self) -> Message:
        """What the application is told: that there is no body, then that the client left."""
        if not self._begun:
            self._begun = True
            return {"type": "http.request", "body": b"", "more_body": False}
        self._begin()
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left.set()
        while True:  # what was between two statements just now begins another
            self._work.stop()
            await asyncio.sleep(STOP_EVERY_S)

    def end(self) -> None:
        """It is answered."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
