"""What a request does in the database: how long a statement of it may take, how it is stopped when nobody waits for the
answer any more, and what is told of a statement that takes long."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter

READING_S, WRITING_S = 20, 600
"""How long a statement may take that answers a question, and one that writes rows or a whole file."""

SLOW_MS = 500
"""What takes longer than this is told of, unless ESTATES_SLOW_MS says otherwise."""

log = logging.getLogger("estates_api.slow")


@dataclass(slots=True)
class Work:
    """One request under way. `asked` says its question without the values that nobody else is to read."""

    id: str = ""
    longest_s: int = READING_S
    slow_s: float = SLOW_MS / 1000
    asked: Callable[[], str] = str
    stops: list[Callable[[], object]] = field(default_factory=list)

    def stop(self) -> None:
        """End the statements that run."""
        for one in tuple(self.stops):
            one()

    @contextmanager
    def stopped_by(self, stop: Callable[[], object]) -> Iterator[None]:
        """Have `stop` called when nobody waits any more while the block runs."""
        self.stops.append(stop)
        try:
            yield
        finally:
            self.stops.remove(stop)

    def ran(self, statement: str, began: float) -> None:
        """Tell of a statement that took long: its text has a placeholder where each value was."""
        took = perf_counter() - began
        if took > self.slow_s:
            facts = {"request_id": self.id, "ms": round(took * 1000, 1), "statement": statement[:4000],
                     "asked": self.asked()}  # fmt: skip
            log.warning("slow query", extra={"facts": facts})


WORK: ContextVar[Work | None] = ContextVar("estates_work", default=None)
"""The request that is under way here; None on the command line."""


def take_longer() -> None:
    """Give what follows in this request the time that a whole file needs."""
    if work := WORK.get():
        work.longest_s = WRITING_S
