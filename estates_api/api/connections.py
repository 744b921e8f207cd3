"""How a client may behave on a connection: uvicorn bounds neither how long a head takes to arrive, nor how long it is,
nor how long an answer is read, nor which connection goes when there are too many."""

from asyncio import Transport
from asyncio.events import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from estates_api.api.metrics import Metrics

HEAD_S, HEAD_BYTES = 10.0, 128 << 10
"""How long the head of a request may take from the first byte (or from connecting), and how long it may be."""

READ_S = 30.0
"""How long a client may take nothing of an answer that waits for it; what it takes is at least 48 kB at a time."""

LINGER_S = 2.0
"""How long a body that nobody reads any more may go on arriving after its answer."""

MOST = 4000
"""Connections of one process; beyond that the one that waits longest for a request gives way."""

METRICS = "metrics"
"""Where the service keeps its numbers while it runs, for those who never reach it to be counted."""

_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\ncontent-length: 30\r\n"
    b"connection: close\r\n\r\nThe head of this is too long.\n"
)
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 39\r\nretry-after: 5\r\n"
    b"connection: close\r\n\r\nThere are too many connections already\n"
)


class Patient(HttpToolsProtocol):
    """A connection with an end to every wait."""

    waiting: dict["Patient", None] = {}  # noqa: RUF012 -- shared by all connections, in the order in which they wait
    """Those between two requests, the longest first."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._timer: TimerHandle | None = None
        self._reading: TimerHandle | None = None
        self._head, self._begun = 0, False
        self._metrics: Metrics = self.app_state[METRICS]

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take a connection in, in place of another where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            oldest = next(iter(self.waiting), None)
            if oldest is None:
                self._metrics.refuse("too_many_connections")
                transport.write(_FULL)
                transport.close()
                return
            self._metrics.refuse("gave_way")
            del self.waiting[oldest]
            oldest.transport.abort()
        self.waiting[self] = None
        self._end_in(HEAD_S)

    def _end_in(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._give_up, "slow_to_ask")

    def _give_up(self, why: str) -> None:
        self._metrics.count_refused(why)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read what came, unless the head has no end."""
        if self in self.waiting:
            self._head += len(data)
        super().data_received(data)
        if self._begun and self._timer is None:  # most heads are there at once, and need no clock
            self._end_in(HEAD_S)
        if self._head > HEAD_BYTES and self in self.waiting and not self.transport.is_closing():
            self._metrics.refuse("too_long")
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._begun = True
        if self._timer is None:
            self._head = 0
            self.waiting[self] = None

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._begun = False
        self.waiting.pop(self, None)
        self._end_in(None)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is there, also one that came after its answer."""
        super().on_message_complete()
        if self.cycle.response_complete:
            self._end_in(None)

    def on_response_complete(self) -> None:
        """Answered; what still arrives of the body is not waited for long, and the connection is free for others."""
        more = self.cycle.more_body
        super().on_response_complete()
        if more and not self.transport.is_closing():
            self._end_in(LINGER_S)
        elif not self.pipeline:
            self.waiting[self] = None

    def pause_writing(self) -> None:
        """More was written than the client has taken."""
        super().pause_writing()
        self._reading = self.loop.call_later(READ_S, self._give_up, "slow_to_read")

    def resume_writing(self) -> None:
        """It has taken what was there."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """No further request came; what nobody has read by then is not kept for ever."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size() and self._reading is None:
            self._reading = self.loop.call_later(READ_S, self._give_up, "slow_to_read")

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self.waiting.pop(self, None)
        self._end_in(None)
        if self._reading is not None:
            self._reading.cancel()
        super().connection_lost(exc)
