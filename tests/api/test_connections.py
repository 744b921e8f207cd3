"""How clients may behave on a connection, and that whoever is turned away there is counted and told of."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from estates_api.api import connections
from estates_api.api.connections import METRICS, Patient
from estates_api.api.metrics import Metrics

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Line]]


class Slow:
    """A service that answers when it is told to."""

    def __init__(self) -> None:
        self.metrics, self.go = Metrics(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, in time."""
        if scope["type"] == "lifespan":
            scope["state"][METRICS] = self.metrics
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
            return
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    def refused(self, why: str) -> float:
        """How many were."""
        return self.metrics.registry.get_sample_value("estates_requests_refused_total", {"why": why}) or 0


def with_service(asks: Callable[[Slow, Connect], Awaitable[None]]) -> None:
    """Have it asked over real sockets."""

    async def serve() -> None:
        app, lines = Slow(), list[Line]()

        async def connect() -> Line:
            lines.append(await asyncio.open_connection("127.0.0.1", port))
            return lines[-1]

        config = uvicorn.Config(app, port=0, http=Patient, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server._serve())
        try:
            while not server.started:
                await asyncio.sleep(0.01)
            port: int = server.servers[0].sockets[0].getsockname()[1]
            await asks(app, connect)
        finally:
            for _, writer in lines:
                writer.transport.abort()
            server.should_exit = True
            await running

    asyncio.run(asyncio.wait_for(serve(), 30))


async def status(line: Line, asked: bytes = b"") -> int:
    """The status of what comes; 0 when the line ends without a word."""
    reader, writer = line
    try:
        writer.write(asked)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0
    return int(head[9:12])


def test_one_too_many(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Beyond the most, whoever has waited longest with nothing to ask gives way; when all are being answered, the new
    one is refused. Both are counted and told of."""
    monkeypatch.setattr(connections, "MOST", 2)

    async def asks(app: Slow, connect: Connect) -> None:
        idle, busy = await connect(), await connect()
        first = asyncio.create_task(status(busy, ASK))
        await asyncio.sleep(0.05)
        other = await connect()
        assert await status(idle) == 0
        second = asyncio.create_task(status(other, ASK))
        await asyncio.sleep(0.05)
        assert await status(await connect()) == 503
        assert (app.refused("gave_way"), app.refused("too_many_connections")) == (1, 1)
        app.go.set()
        assert (await first, await second) == (200, 200)
        app.metrics.tell_refused()

    with caplog.at_level(logging.WARNING, "estates_api.requests"):
        with_service(asks)
    told: list[dict[str, Any]] = [vars(record)["facts"] for record in caplog.records if record.msg == "refused"]
    assert told == [{"gave_way": 1}, {"too_many_connections": 1}]


def test_a_head_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who never ends what he asks is hung up on, and one that asks too much at length is told so."""
    monkeypatch.setattr(connections, "HEAD_S", 0.2)

    async def asks(app: Slow, connect: Connect) -> None:
        app.go.set()
        assert await status(await connect(), ASK[:-2]) == 0
        long = await connect()
        assert await status(long, b"GET / HTTP/1.1\r\nX: " + b"x" * (connections.HEAD_BYTES + 1)) == 431
        assert (app.refused("slow_to_ask"), app.refused("too_long")) == (1, 1)

    with_service(asks)


def test_who_asks_again_in_time_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is used is none that waits."""
    monkeypatch.setattr(connections, "HEAD_S", 0.3)

    async def asks(app: Slow, connect: Connect) -> None:
        app.go.set()
        line = await connect()
        for _ in range(4):
            assert await status(line, ASK) == 200
            assert await line[0].readexactly(2) == b"ok"
            await asyncio.sleep(0.15)
        assert app.refused("slow_to_ask") == 0

    with_service(asks)
