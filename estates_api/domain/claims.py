"""Claims, and which one wins.

A claim is one value of one attribute, from one row of one edition. Claims are never changed; a site shows
the winning claim and names its source.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from estates_api.domain.records import ValueState

CORRECTION = 30
"""The authority of what a person corrected: above every return and list."""

RETURN = 20
"""The authority of an official return. What is below it is a list."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim on one holding. `authority` ranks its source (higher first).

    `as_of` is the day it speaks of; one that says no day (`dated` False) counts from the day it was handed in, and
    is never fresh evidence. `redacted` says why it is masked.
    """

    id: int
    attribute: str
    as_of: date
    edition: str
    line: int
    authority: int
    state: ValueState
    number: float | None = None
    text: str | None = None
    implausible: str | None = None
    dated: bool = True
    redacted: str | None = None

    @property
    def told(self) -> str:
        """Where it stands: `ERIC 2016-17 row 231`."""
        return f"{self.edition} row {self.line}"

    @property
    def value(self) -> float | str | None:
        """The number or the text; None where nothing was reported."""
        return self.number if self.number is not None else self.text


def describe_claim(claim: Claim) -> dict[str, Any]:
    """A claim as an explanation names it: JSON-ready."""
    return {
        "edition": claim.edition,
        "row": claim.line,
        "attribute": claim.attribute,
        "as_of": claim.as_of.isoformat(),
        "value": claim.value,
    }


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the declared order: the claim with the higher key wins. `why` tells a claim that loses by it what
    beats it; a claim whose key is False never wins, whatever stands against it."""

    name: str
    key: Callable[[Claim], bool | int | date]
    why: Callable[[Claim, Claim | None], str]


# Which claim wins: the first step on which two claims differ decides. The same order stands in SQL where names and
# places of holdings are settled (store/holdings.py); a test holds the two together.
ORDER: tuple[Step, ...] = (
    Step("what stands over what is redacted", lambda claim: claim.redacted is None,
         lambda claim, _: f"redacted: {claim.redacted}"),
    Step("a value over a blank", lambda claim: claim.state != "not provided", lambda _, __: "not provided"),
    Step("plausible over implausible", lambda claim: claim.implausible is None,
         lambda claim, _: f"implausible: {claim.implausible}"),
    Step("a person's correction over everything", lambda claim: claim.authority >= CORRECTION,
         lambda _, by: f"corrected by a person: {_told(by)}"),
    Step("an official return over a list", lambda claim: claim.authority,
         lambda _, by: f"a list gives way to an official return: {_told(by)}"),
    Step("newer over older", lambda claim: claim.as_of,
         lambda _, by: f"older: {_told(by)} speaks of a later day"),
    Step("the later edition, and in it the later row", lambda claim: claim.id,
         lambda _, by: f"the same day: {_told(by)} was handed in later"),
)  # fmt: skip

_NEVER = 3
"""The steps that shut a claim out whatever stands against it: the first of them."""

_RANKING = ORDER[_NEVER:]


def _told(claim: Claim | None) -> str:
    return claim.told if claim else "another claim"


def can_win(claim: Claim) -> bool:
    """Whether a claim is in the running at all: neither masked, nor blank, nor implausible (the first steps)."""
    return claim.redacted is None and claim.implausible is None and claim.state != "not provided"


def rank(claim: Claim) -> tuple[bool | int | date, ...]:
    """Where a claim that can win stands in the declared order: the highest wins."""
    return tuple(step.key(claim) for step in _RANKING)


def choose_claim(claims: Iterable[Claim]) -> Claim | None:
    """The winning claim among those of one attribute of one holding; None when nothing was reported.

    By ORDER. A blank never wins, and an implausible value is never shown as the truth: with nothing better, nothing
    is known.
    """
    running = [claim for claim in claims if can_win(claim)]
    if len(running) > 1:
        return max(running, key=rank)
    return running[0] if running else None


def why_not(claim: Claim, winner: Claim | None) -> str | None:
    """Why a claim does not win, in words; None when it is the winner."""
    if claim == winner:
        return None
    for place, step in enumerate(ORDER):
        shut_out = place < _NEVER and not step.key(claim)
        if shut_out or (winner is not None and step.key(claim) != step.key(winner)):
            return step.why(claim, winner)
    return "nothing tells them apart"


def winning_claims(claims: Iterable[Claim]) -> dict[str, Claim]:
    """The winner of each attribute, as `choose_claim` finds it."""
    found: dict[str, Claim] = {}
    for claim in claims:
        if can_win(claim):
            best = found.get(claim.attribute)
            if best is None or rank(claim) > rank(best):
                found[claim.attribute] = claim
    return found


def claims_by_day(claims: Iterable[Claim]) -> tuple[tuple[date, dict[str, Claim]], ...]:
    """What was said of each day, newest first: the winner of each attribute among the claims that speak of it.

    A person's correction stands in every return, whatever day it was made on.
    """
    days: dict[date, list[Claim]] = {}
    for claim in claims:
        days.setdefault(claim.as_of, []).append(claim)
    corrected = [claim for group in days.values() for claim in group if claim.authority >= CORRECTION]
    return tuple((day, winning_claims([*days[day], *corrected])) for day in sorted(days, reverse=True))
