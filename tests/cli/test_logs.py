"""What the service logs, as a machine reads it."""

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest

from estates_api.cli.logs import TOGETHER_S, set_up_logs
from estates_api.settings import Log

MACHINES = Log(level="info", form="json")
SAID = logging.getLogger("estates_api.said")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The logs of the tests come back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(captured: pytest.CaptureFixture[str]) -> list[str]:
    """What was written since it was last asked for."""
    return [json.loads(line)["event"] for line in captured.readouterr().err.splitlines()]


def test_lines_are_written_together(capsys: pytest.CaptureFixture[str]) -> None:
    """Where an event loop runs lines wait for each other a moment, in order, and none is lost."""

    async def say() -> list[str]:
        for word in ("one", "two", "three"):
            SAID.info(word, extra={"facts": {"of": 3}})
        at_once = lines(capsys)
        await asyncio.sleep(4 * TOGETHER_S)
        return at_once

    set_up_logs(MACHINES)
    assert asyncio.run(say()) == []
    assert lines(capsys) == ["one", "two", "three"]


def test_a_warning_does_not_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning is written at once, with what waited before it."""

    async def say() -> list[str]:
        SAID.info("before")
        SAID.warning("amiss")
        return lines(capsys)

    set_up_logs(MACHINES)
    assert asyncio.run(say()) == ["before", "amiss"]


def test_without_a_loop_each_line_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """A thread, or a command, has nothing that would write later."""
    set_up_logs(MACHINES)
    SAID.info("now")
    assert lines(capsys) == ["now"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_fault_is_told_without_what_was_in_hand(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what nobody foresaw the log has where it happened, and no variable: those hold keys and what is withheld."""

    def fail(key: str) -> None:
        raise ValueError(len(key))

    set_up_logs(Log(level="info", form=form))
    try:
        fail("".join(("SEC", "RET")))
    except ValueError as error:
        SAID.error("request 1 failed", exc_info=error)
    said = capsys.readouterr().err
    assert ("ValueError" in said, "in fail" in said or '"name": "fail"' in said) == (True, True)
    assert "SECRET" not in said
