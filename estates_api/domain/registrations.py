"""Entries on the register of surplus public sector land: the one that stands, and those that ended early."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from estates_api.domain.decisions import Decision, progress_of
from estates_api.domain.transitions import TRANSITIONS

_RUNS_ON = frozenset({"market", "release"})
"""The steps that follow a window which ran its course."""


@dataclass(frozen=True, slots=True)
class Registration:
    """An entry on the register. `ended` is the step that took it back, or by which the site turned another way; None
    while it stands. `sequence` grows with every change of what is told of an entry of the same day."""

    entry: Decision
    ended: Decision | None
    sequence: int

    @property
    def how(self) -> str:
        """How it ended, in words; blank while it stands."""
        if self.ended is None:
            return ""
        what = "the entry was taken back" if self.ended.reverses else f"the owner {TRANSITIONS[self.ended.step].title}"
        return f"{what}: {self.ended.told()} ({self.ended.reason})"


def list_registrations(decisions: Sequence[Decision]) -> list[Registration]:
    """The entries on the register among the decisions on a site; of those of one day the last. What went to the market
    is none of them."""
    seen: Counter[object] = Counter()
    found: dict[object, Registration] = {}
    for one in decisions:
        if one.step == "register":
            ended = _end_of(one, decisions)
            found[one.decided_on] = Registration(one, ended, 2 * seen[one.decided_on] + (ended is not None))
            seen[one.decided_on] += 1
    return [one for one in found.values() if one.ended is None or one.ended.step not in _RUNS_ON]


def _end_of(entry: Decision, decisions: Sequence[Decision]) -> Decision | None:
    """The step that took an entry back, else the first that moved the site after it."""
    back = next((one for one in decisions if one.reverses == entry.id), None)
    later = (one for one in progress_of(decisions).standing if one.id > entry.id and TRANSITIONS[one.step].to_state)
    return back or next(later, None)
