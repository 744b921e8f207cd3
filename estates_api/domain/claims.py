"""Claims, and which one wins.

A claim is one value of one attribute, from one row of one edition. Claims are never changed; a site shows
the winning claim and names its source.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from estates_api.domain.records import ValueState

CORRECTION = 30
"""The authority of what a person corrected: above every return and list."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim on one holding. `authority` ranks its source (higher first).

    `as_of` is the day it speaks of; one that says no day (`dated` False) counts from the day it was handed in, and
    is never fresh evidence.
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


def choose_claim(claims: Iterable[Claim]) -> Claim | None:
    """The winning claim among those of one attribute of one holding; None when nothing was reported.

    The declared order: plausible over implausible, then the more authoritative source (a person's correction,
    then an official return, then a list), then the newer day, then the later edition. A blank never wins,
    and an implausible value is never shown as the truth: with nothing better, nothing is known.
    """
    candidates = [claim for claim in claims if claim.state != "not provided" and claim.implausible is None]
    return max(candidates, key=lambda claim: (claim.authority, claim.as_of, claim.id), default=None)


def winning_claims(claims: Iterable[Claim]) -> dict[str, Claim]:
    """The winner of each attribute."""
    by_attribute: dict[str, list[Claim]] = {}
    for claim in claims:
        by_attribute.setdefault(claim.attribute, []).append(claim)
    chosen = ((name, choose_claim(group)) for name, group in by_attribute.items())
    return {name: claim for name, claim in chosen if claim}


def claims_by_day(claims: Iterable[Claim]) -> tuple[tuple[date, dict[str, Claim]], ...]:
    """What was said of each day, newest first: the winner of each attribute among the claims that speak of it.

    A person's correction stands in every return, whatever day it was made on.
    """
    days: dict[date, list[Claim]] = {}
    for claim in claims:
        days.setdefault(claim.as_of, []).append(claim)
    corrected = [claim for group in days.values() for claim in group if claim.authority >= CORRECTION]
    return tuple((day, winning_claims([*days[day], *corrected])) for day in sorted(days, reverse=True))
