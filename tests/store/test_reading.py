"""The reading side: what a statement gives, in time or not at all, as whom; and how it hears of changes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from sqlalchemy import Engine, text

from estates_api.errors import BadInput, Unavailable
from estates_api.store import reading as module
from estates_api.store.database import transaction
from estates_api.store.reading import Reading
from estates_api.store.statements import Statement

T = TypeVar("T")


def act(engine: Engine) -> int:
    """Record an act, as every write does; the data version that it makes."""
    with transaction(engine) as connection:
        query = text("INSERT INTO audit (actor, action, subject, detail) VALUES ('a', 'b', 'c', '{}') RETURNING id")
        return int(connection.execute(query).scalar_one())


def run(engine: Engine, ask: Callable[[Reading], Awaitable[T]], *, watch: bool = False) -> T:
    """What comes of asking an open reading side."""

    async def whole() -> T:
        reading = Reading(engine.url)
        await reading.open(watch=watch)
        try:
            return await ask(reading)
        finally:
            await reading.close()

    return asyncio.run(whole())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes within a few seconds."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came")


def test_values_are_bound(reading: Engine) -> None:
    """A value is a value whatever stands in it."""
    hostile = "'; DROP TABLE site; -- %s"
    rows = run(reading, lambda one: one.rows(Statement("SELECT %(value)s::text", {"value": hostile}), "public"))
    assert rows == [(hostile,)]


@pytest.mark.parametrize("audience", ["public", "partner", "complete"])
def test_each_statement_is_run_as_its_audience(reading: Engine, audience: str) -> None:
    """The role is that of the audience for this statement, and gone with it."""

    async def ask(one: Reading) -> list[str]:
        return [(await one.rows(Statement("SELECT current_user::text", {}), who))[0][0] for who in (audience, None)]

    as_audience, as_itself = run(reading, ask)
    assert (as_audience, as_itself) == (f"estates_{audience}", "estates")


def test_an_audience_reads_no_other_table(reading: Engine) -> None:
    """The public's role is refused what is for partners by the database itself."""
    for name in ("site_partner", "site_complete", "site", "claim", "holding", "holding_partner", "installation"):
        with pytest.raises(Exception, match="permission denied"):
            run(reading, lambda one, name=name: one.rows(Statement(f"SELECT count(*) FROM {name}", {}), "public"))


def test_nothing_is_written(reading: Engine) -> None:
    """A statement that would write is refused: reading is read only."""
    with pytest.raises(Exception, match="read-only"):
        run(reading, lambda one: one.rows(Statement("DELETE FROM borough", {}), None))


def test_after_a_failure_the_connection_is_of_use(reading: Engine) -> None:
    """A statement that fails leaves nothing behind for the next one."""

    async def ask(one: Reading) -> object:
        for _ in range(module.CONNECTIONS + 1):
            with pytest.raises(BadInput, match="division by zero"):
                await one.rows(Statement("SELECT 1 / 0", {}), "public")
        return (await one.rows(Statement("SELECT 1", {}), "public"))[0][0]

    assert run(reading, ask) == 1


def test_what_takes_too_long_is_stopped(reading: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that would run for ever is cut off, and says what to do."""
    monkeypatch.setattr(module, "LONGEST_S", 1)
    with pytest.raises(Unavailable, match="ask for less"):
        run(reading, lambda one: one.rows(Statement("SELECT pg_sleep(60)", {}), None))


def test_more_at_once_than_there_are_connections(reading: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests wait for a connection, and are told when that takes too long."""
    monkeypatch.setattr(module, "WAIT_S", 0.2)

    async def ask(one: Reading) -> list[object]:
        slow = [one.rows(Statement("SELECT pg_sleep(1)", {}), None) for _ in range(module.CONNECTIONS + 2)]
        return list(await asyncio.gather(*slow, return_exceptions=True))

    told = [one for one in run(reading, ask) if isinstance(one, Exception)]
    assert len(told) == 2
    assert all(isinstance(one, Unavailable) and "in use" in one.detail for one in told)


def test_a_connection_that_died_is_replaced(loaded: Engine) -> None:
    """When the server ends a kept connection, the next statement is answered all the same."""

    async def ask(one: Reading) -> object:
        await one.rows(Statement("SELECT 1", {}), None)
        ended = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                     "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
        with transaction(loaded) as connection:
            assert connection.execute(ended).scalar_one() >= 1
        return (await one.rows(Statement("SELECT 2", {}), None))[0][0]

    assert run(loaded, ask) == 2


def test_without_a_server_it_says_so(reading: Engine) -> None:
    """A server that is not there is a 503 in words."""
    nowhere = Reading(reading.url.set(query={"host": "/nowhere"}))
    with pytest.raises(Unavailable, match="does not answer"):
        asyncio.run(nowhere.rows(Statement("SELECT 1", {}), None))


def test_from_any_event_loop(reading: Engine) -> None:
    """Asked from an event loop that did not open it, it connects for once, and again from the next one."""
    one = Reading(reading.url)
    assert [asyncio.run(one.rows(Statement("SELECT 3", {}), None)) for _ in range(2)] == [[(3,)]] * 2


def test_every_act_is_heard_of(loaded: Engine) -> None:
    """With `watch`, the data version is known without asking, and a commit is heard of at once."""

    async def ask(one: Reading) -> tuple[int, int]:
        await until(lambda: one.version is not None)
        assert await one.data_version() == one.version
        made = act(loaded)
        await until(lambda: one.version == made)
        return made, await one.data_version()

    made, known = run(loaded, ask, watch=True)
    assert known == made


def test_without_a_watch_the_version_is_asked_for(loaded: Engine) -> None:
    """Without `watch`, or while changes cannot be heard of, the version is read from the database each time."""

    async def ask(one: Reading) -> tuple[int | None, int, int]:
        before = await one.data_version()
        act(loaded)
        await one.refresh()
        return one.version, before, await one.data_version()

    known, before, after = run(loaded, ask)
    assert (known, after) == (None, before + 1)


def test_when_the_watch_is_cut_nothing_is_taken_for_known(loaded: Engine) -> None:
    """A watch whose connection breaks forgets the version until it listens again, and then knows what it missed."""

    async def ask(one: Reading) -> tuple[int, int | None]:
        await until(lambda: one.version is not None)
        cut = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                   "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
        with transaction(loaded) as connection:
            connection.execute(cut)
        await until(lambda: one.version is None)
        made = act(loaded)
        await until(lambda: one.version is not None)
        return made, one.version

    made, known = run(loaded, ask, watch=True)
    assert known == made


def test_a_version_has_its_moment(loaded: Engine) -> None:
    """When the data came to a version is told as RFC 3339, the same each time."""
    made = act(loaded)

    async def ask(one: Reading) -> tuple[str, str, str]:
        return await one.changed_at(made), await one.changed_at(made), await one.changed_at(0)

    first, again, never = run(loaded, ask)
    assert first == again > "2026"
    assert never == "1970-01-01T00:00:00Z"
