"""How many are let in at once, and what becomes of the rest."""

import asyncio

import pytest

from estates_api.api import gate
from estates_api.api.gate import BURST, Gate


def test_as_many_as_there_are_places() -> None:
    """The first are let in at once, the next when one leaves, in their order."""

    async def ask() -> list[str]:
        made, order = Gate(2), []

        async def one(name: str) -> None:
            assert await made.enter()
            order.append(name)

        await asyncio.gather(one("a"), one("b"))
        later = [asyncio.create_task(one(name)) for name in "cd"]
        await asyncio.sleep(0)
        assert order == ["a", "b"]
        for _ in range(4):
            made.leave()
            await asyncio.sleep(0.001)
        await asyncio.gather(*later)
        assert made.free == 2
        return order

    assert asyncio.run(ask()) == ["a", "b", "c", "d"]


def test_a_burst_waits_and_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What several maps ask for at once waits; from when more comes on, few wait until it is calm again."""
    now = 100.0
    monkeypatch.setattr(gate.time, "monotonic", lambda: now)

    async def ask() -> None:
        nonlocal now
        made = Gate(2)
        assert await made.enter()
        assert await made.enter()
        waiting = [asyncio.create_task(made.enter()) for _ in range(BURST)]
        await asyncio.sleep(0)
        assert not await made.enter()
        for _ in range(BURST - 2):
            made.leave()
        assert not made.has_room()  # two wait, as many as are at work
        made.leave()
        assert made.has_room()
        made.leave()
        assert await asyncio.gather(*waiting) == [True] * BURST
        now += gate.CALM_S + 0.1
        more = [asyncio.create_task(made.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        assert made.has_room()
        for task in more:
            task.cancel()
        await asyncio.gather(*more, return_exceptions=True)
        assert not made.waiting

    asyncio.run(ask())


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a short while one that waits is refused, and takes no place from those after it."""
    monkeypatch.setattr(gate, "QUEUE_S", 0.01)

    async def ask() -> None:
        made = Gate(1)
        assert await made.enter()
        assert not await made.enter()
        made.leave()
        assert await made.enter()

    asyncio.run(ask())
