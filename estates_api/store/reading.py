"""Reading for requests: few connections, one message to the server for each statement, and the data version.

The role of the audience, its limits and the statement go in one message, which PostgreSQL takes as one transaction,
with the values put in by psycopg's own quoting: one round trip instead of four (0.4 ms of work against 1.7), and
nothing outlives it, so that PgBouncer may stand in front.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic, perf_counter
from typing import Any, Literal

from psycopg import AsyncConnection, DataError, Error, OperationalError
from psycopg.adapt import Transformer
from psycopg.errors import QueryCanceled, error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql import psycopg as dialect

from estates_api.domain.callers import Owner
from estates_api.errors import BadInput, Unavailable
from estates_api.store.database import KEEP_ALIVE, too_long
from estates_api.store.faults import NO_ANSWER, find_fault, went_away
from estates_api.store.layers import Audience
from estates_api.store.statements import Statement, compiled
from estates_api.store.summaries import Summary, read_summaries, summaries_query
from estates_api.store.work import READING_S, WORK

CONNECTIONS, WAIT_S, LONGEST_S = 4, 10.0, READING_S
"""Connections of one process, how long a request waits for one, and how long its statement may take."""

ASKED_EVERY_S, CONNECT_S, BEAT_S, ANSWER_S = 0.5, 5, 0.5, LONGEST_S + 5
"""How often a server that does not answer is tried, how long a try takes, how often a silent connection is looked at,
and when an answer is not waited for any more: the server keeps its own limit unless the network is cut without a
word."""

CHANNEL = "estates_data"

# Small statements lose by parallel workers and by compilation (1.4 times).
_LIMITS = (
    "SET LOCAL transaction_read_only = on; SET LOCAL statement_timeout = '{}s'; "
    "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off; "
)
_ROLES: Mapping[str, str] = {
    "None": "", "public": "SET LOCAL ROLE estates_public; ", "partner": "SET LOCAL ROLE estates_partner; ",
    "owner": "SET LOCAL ROLE estates_owner; ", "complete": "SET LOCAL ROLE estates_complete; ",
    "keys": "SET LOCAL ROLE estates_keys; ",
}  # fmt: skip

Row = tuple[Any, ...]

Reader = Audience | Literal["keys"]
"""Whose rights a statement is read with."""


class Reading:
    """The reading side of one process. `version` is the data version when it is known without asking."""

    def __init__(self, url: URL) -> None:
        _, found = dialect.dialect().create_connect_args(url)  # type: ignore[no-untyped-call]
        self._arguments: dict[str, Any] = KEEP_ALIVE | found
        self._pool: AsyncConnectionPool[AsyncConnection[Row]] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: asyncio.Task[None] | None = None
        self._secret: bytes | None = None
        self._changed = -1, ""
        self._doubtful = False
        self._refused: tuple[float, OperationalError] | None = None
        self._summaries: dict[Audience, tuple[int, Mapping[str, Summary]]] = {}
        self.version: int | None = None

    async def open(self, *, watch: bool) -> None:
        """Connect, in the event loop that asks; `watch`: be told of every change from here on."""
        self._loop = asyncio.get_running_loop()
        self._trying = asyncio.Lock()
        # It gives up on a server soon, and begins anew when it is next asked: its own pauses grow to minutes.
        self._pool = AsyncConnectionPool(
            kwargs=self._arguments | {"autocommit": True},
            min_size=1, max_size=CONNECTIONS, timeout=WAIT_S, open=False, check=None, reconnect_timeout=1,
        )  # fmt: skip
        await self._pool.open()
        if watch:
            self._watch = asyncio.create_task(self._watching())

    async def close(self) -> None:
        """Let go of every connection."""
        if self._watch:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        if self._pool:
            await self._pool.close()
        self._pool = self._watch = self.version = None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Row]]:
        if self._pool is not None and self._loop is asyncio.get_running_loop():
            if self._doubtful:
                await self._try_server()
            async with self._pool.connection() as kept:
                yield kept
            return
        # Another event loop than the pool's, as in tests and scripts: a connection for once.
        once = await AsyncConnection.connect(**self._arguments, autocommit=True)
        async with once:
            yield once

    async def _try_server(self) -> None:
        """After a connection broke: raise at once while the server does not answer, instead of waiting for a pool that
        has nothing to hand out. One request tries it for all."""
        async with self._trying:
            if not self._doubtful:
                return
            if self._refused and monotonic() - self._refused[0] < ASKED_EVERY_S:
                raise self._refused[1]
            try:
                tried = await AsyncConnection.connect(**self._arguments | {"connect_timeout": CONNECT_S})
            except OperationalError as error:
                self._refused = monotonic(), error
                raise
            await tried.close()
            self._doubtful, self._refused = False, None

    async def rows(self, statement: Statement, audience: Reader | None) -> Sequence[Row]:
        """What a statement gives to an audience (None: for the service itself), in a transaction of its own.

        Unavailable when the server cannot answer in time; BadInput when the values cannot be computed with.
        """
        work, task = WORK.get(), asyncio.current_task()
        if work is None or task is None:
            return await self._rows(statement, audience)
        began = perf_counter()
        with work.stopped_by(task.cancel):
            found = await self._rows(statement, audience)
        work.ran(statement.sql, began)
        return found

    async def _rows(self, statement: Statement, audience: Reader | None) -> Sequence[Row]:
        for tried in range(CONNECTIONS + 1):
            try:
                async with self._connection() as connection:
                    return await _run(connection, statement, audience)
            except OperationalError as error:
                # Every connection that was kept may have died since (the server restarted): then a fresh one.
                died = not isinstance(error, QueryCanceled | PoolTimeout) and went_away(error)
                known = self._doubtful and self._refused is not None
                self._doubtful |= died
                if not died or known or tried == CONNECTIONS:
                    raise _unavailable(error) from None
            except DataError as error:
                raise BadInput(f"this cannot be computed: {str(error).splitlines()[0]}") from None
        raise AssertionError("unreachable")

    def load(self) -> tuple[int, int]:
        """Connections in use, and requests that wait for one."""
        found = self._pool.get_stats() if self._pool is not None else {}
        return found.get("pool_size", 0) - found.get("pool_available", 0), found.get("requests_waiting", 0)

    async def check_server(self) -> None:
        """Unavailable while requests would not be answered."""
        await self.rows(Statement("SELECT 1", {}), None)

    async def data_version(self) -> int:
        """The data version, asked for unless changes are told."""
        if self.version is not None:
            return self.version
        return await self._ask_version()

    async def secret(self) -> bytes:
        """What this installation signs with."""
        if self._secret is None:
            statement = Statement("SELECT secret FROM installation", {})
            self._secret = bytes((await self.rows(statement, None))[0][0])
        return self._secret

    async def changed_at(self, version: int) -> str:
        """When the data came to a version, as RFC 3339: answers made of it are the same bytes at any time."""
        if self._changed[0] != version:
            statement = Statement("SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
                                  "FROM audit WHERE id = %(version)s", {"version": version})  # fmt: skip
            found = (await self.rows(statement, None))[0][0]
            self._changed = version, found or "1970-01-01T00:00:00Z"
        return self._changed[1]

    async def summaries(self, audience: Audience, version: int) -> Mapping[str, Summary]:
        """How much there is of each collection of sites for an audience."""
        found = self._summaries.get(audience)
        if found is None or found[0] != version:
            rows = await self.rows(compiled(summaries_query(audience)), audience)
            found = self._summaries[audience] = version, read_summaries(rows)
        return found[1]

    async def refresh(self) -> None:
        """Look at once whether the data changed: whoever has just written reads what was written."""
        if self.version is not None:
            self.version = await self._ask_version()

    async def _ask_version(self) -> int:
        statement = Statement("SELECT coalesce(max(id), 0) FROM audit", {})
        return int((await self.rows(statement, None))[0][0])

    async def _watching(self) -> None:
        while True:
            with suppress(Error, Unavailable):
                await self._listen()
            self.version = None
            await asyncio.sleep(1)

    async def _listen(self) -> None:
        """Hear of changes until the connection breaks. What goes through a pooler may never be told: then this is
        noticed, and the version stays to be asked for."""
        async with await AsyncConnection.connect(**self._arguments, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            await connection.execute(f"NOTIFY {CHANNEL}, 'here'")
            heard = [one async for one in connection.notifies(timeout=5, stop_after=1)]
            while heard:
                found = await (await connection.execute("SELECT coalesce(max(id), 0) FROM audit")).fetchone()
                self.version = int(found[0]) if found else None
                # Now and then the connection is tried, which tells a broken one from a quiet one.
                async for told in connection.notifies(timeout=10):
                    if told.payload.isdigit():
                        self.version = max(self.version or 0, int(told.payload))


async def _run(connection: AsyncConnection[Row], statement: Statement, audience: Reader | None) -> Sequence[Row]:
    types = Transformer(connection)
    asked = statement.sql % {name: types.as_literal(value).decode() for name, value in statement.values.items()}
    whose = ""
    if isinstance(audience, Owner):
        whose = f"SET LOCAL estates.organisation = {types.as_literal(audience.organisation).decode()}; "
    message = f"{_LIMITS.format(LONGEST_S)}{whose}{_ROLES[str(audience)]}{asked}"
    try:
        async with asyncio.timeout(ANSWER_S):
            result = await _exchange(connection, message.encode())
    except TimeoutError:
        await connection.close()
        raise Unavailable(NO_ANSWER, f"nothing came in {ANSWER_S} s") from None
    except asyncio.CancelledError:
        await connection.cancel_safe(timeout=1)  # nobody waits for it any more
        await connection.close()
        raise
    types.set_pgresult(result)
    return types.load_rows(0, result.ntuples, tuple)


class _Beat:
    """Looks again and again."""

    def __init__(self, loop: asyncio.AbstractEventLoop, look: Callable[[], None]) -> None:
        self._loop, self._look = loop, look
        self._next = loop.call_later(BEAT_S, self._strike)

    def _strike(self) -> None:
        self._look()
        self._next = self._loop.call_later(BEAT_S, self._strike)

    def stop(self) -> None:
        """No more."""
        self._next.cancel()


async def _exchange(connection: AsyncConnection[Row], message: bytes) -> PGresult:
    """Send statements in one message; the result of the last one. A cursor of psycopg's does more than is wanted here,
    and takes 0.1 ms for it."""
    server, loop = connection.pgconn, asyncio.get_running_loop()
    results: list[PGresult] = []
    ended: asyncio.Future[None] = loop.create_future()

    def look() -> None:
        """Take what has come. An answer comes in pieces of 8 kB, and who waits is told of the last alone."""
        if ended.done():
            return
        try:
            server.consume_input()
            while not server.is_busy():
                if (result := server.get_result()) is None:
                    ended.set_result(None)
                    return
                results.append(result)
        except Error as error:
            ended.set_exception(error)

    server.send_query(message)
    while server.flush():  # more than the socket takes at once
        await asyncio.sleep(0.001)
        server.consume_input()
    # Now and then it is looked at unasked: libuv tells nobody of a connection that was reset (it stops polling).
    beat, wire = _Beat(loop, look), server.socket  # one that broke has no socket any more
    loop.add_reader(wire, look)
    try:
        await ended
    finally:
        beat.stop()
        loop.remove_reader(wire)
    if results[-1].status == ExecStatus.FATAL_ERROR:
        raise error_from_result(results[-1])
    return results[-1]


def _unavailable(error: Error) -> Unavailable:
    if isinstance(error, QueryCanceled):
        return Unavailable(too_long(LONGEST_S))
    if isinstance(error, PoolTimeout):
        return Unavailable("every connection to the database is in use; try again in a moment")
    return find_fault(error) or Unavailable(NO_ANSWER, str(error))
