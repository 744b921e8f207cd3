"""Which need goes to which site when several want one: as many needs as possible, then the best fits.

In words: first as many needs as possible are met (or as much floor area, then as many needs); of all ways to do so,
those with the fewest aspects that speak against a site; of these those with the fewest that are not known; of these the
highest sum of reuse scores, each to a whole point. One is settled before the next is looked at, so nothing is weighed
against another. A need goes to one site, whole, and takes the least floor area that would do. Only sites that fit are
given: what is not known is never a yes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

First = Literal["needs", "floor-area"]
FIRSTS: tuple[First, ...] = get_args(First)

FIRST_TOLD: Mapping[First, str] = {
    "needs": "as many needs as possible",
    "floor-area": "as much of the floor area that is needed as possible, then as many needs",
}
OBJECTIVE = (
    "First {first}; then the fewest aspects that speak against a site, then the fewest that are not known, then the "
    "highest sum of reuse scores, each to a whole point. One is settled before the next. A need goes to one site, "
    "whole, and takes the least floor area that would do; only sites that fit are given, none beyond what is spare."
)

LIMIT_S = 4.0
"""Seconds for one step of the search; what is best by then is taken, and told to be not proven."""

TOLERANCE_M2 = 1e-6
"""How far a sum of floor areas may miss the spare one that it fills on paper."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A site that fits a need: aspects against it, aspects not known, and its reuse score to a whole point."""

    site: str
    against: int
    unknown: int
    reuse: int

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Sorts the best choice first."""
        return self.against, self.unknown, -self.reuse, self.site


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need as it competes: the floor area it takes, and the sites that fit, the best first."""

    need: str
    floor_area_m2: float
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """A site that fits a need better than what it got: what is left there, who has the rest, and how much more there
    must be for this need to go there too."""

    site: str
    left_m2: float
    taken_by: tuple[str, ...]
    short_m2: float


@dataclass(frozen=True, slots=True)
class Given:
    """Where a need goes (None: nowhere), and why not to a better site."""

    need: str
    site: str | None
    passed: tuple[Passed, ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who goes where, in the order of the needs' references, and what is left at each site that was wanted.

    `unproven`: the steps of the rule on which something better could not be ruled out in time.
    """

    first: First
    given: tuple[Given, ...]
    left_m2: Mapping[str, float]
    unproven: tuple[str, ...] = ()


Floats = NDArray[np.float64]

Pair = tuple[int, Choice]
"""The place of a need, and one of its choices."""

Limit = tuple[Any, float, Any]
"""Rows over the pairs, and between which bounds their sums must be."""


def allocate(wanted: Sequence[Wanted], spare_m2: Mapping[str, float], *, first: First = "needs") -> Allocation:
    """The best allocation by the rule above, the same whatever the order of the needs. `spare_m2` has every site that
    is a choice."""
    ordered = sorted(wanted, key=lambda one: one.need)
    lists = _shortened(ordered, spare_m2)
    went: dict[int, Choice] = {}
    unproven: set[str] = set()
    for group in _apart(lists):
        settled, open_ = _settle(ordered, {number: lists[number] for number in group}, spare_m2, first)
        went |= settled
        unproven |= open_
    return Allocation(first, *_explained(ordered, went, spare_m2), tuple(sorted(unproven)))


def _shortened(wanted: Sequence[Wanted], spare_m2: Mapping[str, float]) -> dict[int, list[Choice]]:
    """The choices that some best allocation can do with, of each need that has one.

    Of n needs the others fill at most n - 1 sites: one of a need's n best is always empty. And below a site with room
    for everybody who could come, nobody has to look.
    """
    fitting = {
        number: sorted((c for c in one.choices if one.floor_area_m2 <= spare_m2[c.site] + TOLERANCE_M2),
                       key=lambda choice: choice.order)[: len(wanted)]
        for number, one in enumerate(wanted)
    }  # fmt: skip
    callers: dict[str, float] = {}
    for number, choices in fitting.items():
        for choice in choices:
            callers[choice.site] = callers.get(choice.site, 0.0) + wanted[number].floor_area_m2
    roomy = {site for site, floor in callers.items() if floor <= spare_m2[site] + TOLERANCE_M2}
    return {number: _until(choices, roomy) for number, choices in fitting.items() if choices}


def _until(choices: Sequence[Choice], roomy: set[str]) -> list[Choice]:
    end = next((place for place, choice in enumerate(choices, start=1) if choice.site in roomy), len(choices))
    return list(choices[:end])


def _apart(lists: Mapping[int, Sequence[Choice]]) -> list[list[int]]:
    """The needs in groups that have no site in common: what one group does is nothing to another."""
    at: dict[str, set[int]] = {}
    for number, choices in lists.items():
        for choice in choices:
            at.setdefault(choice.site, set()).add(number)
    found, seen = [], set[int]()
    for number in lists:
        if number in seen:
            continue
        group, waiting = set[int](), [number]
        while waiting:
            one = waiting.pop()
            if one not in group:
                group.add(one)
                waiting += [other for choice in lists[one] for other in at[choice.site] if other not in group]
        seen |= group
        found.append(sorted(group))
    return found


def _settle(
    wanted: Sequence[Wanted], lists: Mapping[int, Sequence[Choice]], spare_m2: Mapping[str, float], first: First
) -> tuple[dict[int, Choice], set[str]]:  # fmt: skip
    """The best allocation of one group, and what is not proven. Where all can have what is best for them, they do."""
    best = {number: choices[0] for number, choices in lists.items()}
    if _fits_in(best, wanted, spare_m2):
        return best, set()
    pairs = [(number, choice) for number, choices in lists.items() for choice in choices]
    taken, unproven = _solve(pairs, wanted, spare_m2, first)
    return {number: choice for (number, choice), one in zip(pairs, taken, strict=True) if one}, unproven


def _fits_in(went: Mapping[int, Choice], wanted: Sequence[Wanted], spare_m2: Mapping[str, float]) -> bool:
    filled: dict[str, float] = {}
    for number, choice in went.items():
        filled[choice.site] = filled.get(choice.site, 0.0) + wanted[number].floor_area_m2
    return all(floor <= spare_m2[site] + TOLERANCE_M2 for site, floor in filled.items())


def _solve(
    pairs: Sequence[Pair], wanted: Sequence[Wanted], spare_m2: Mapping[str, float], first: First
) -> tuple[Floats, set[str]]:  # fmt: skip
    """Which pairs are chosen: one 0-1 programme for each step of the rule, each held to what those before reached."""
    limits = _limits(pairs, wanted, spare_m2)
    taken, unproven = np.zeros(len(pairs)), set()
    for name, value, slack in _steps(pairs, wanted, first):
        found, proven = _best(value, limits)
        taken = taken if found is None else found  # what the last step found keeps to the limits of this one too
        limits = [*limits, (value, float(value @ taken) - slack, np.inf)]
        unproven |= set() if proven else {name}
    return taken, unproven


def _steps(pairs: Sequence[Pair], wanted: Sequence[Wanted], first: First) -> Iterator[tuple[str, Floats, float]]:
    """The value of each pair, step by step, and by how much the next may miss the sum: whole numbers by nothing."""
    if first == "floor-area":
        yield "floor area", np.array([wanted[number].floor_area_m2 for number, _ in pairs]), TOLERANCE_M2
    yield "needs", np.ones(len(pairs)), 0.5
    # More than all that are not known together can be: one against is worse than any number of those.
    much = 1 + len({number for number, _ in pairs}) * max(choice.unknown for _, choice in pairs)
    yield "aspects", np.array([-float(much * choice.against + choice.unknown) for _, choice in pairs]), 0.5
    yield "reuse scores", np.array([float(choice.reuse) for _, choice in pairs]), 0.5


def _limits(pairs: Sequence[Pair], wanted: Sequence[Wanted], spare_m2: Mapping[str, float]) -> list[Limit]:
    """A need goes to one site at most; a site takes no more than is spare there."""
    from scipy.sparse import csr_array  # noqa: PLC0415 -- 60 MB that reading does not need

    _, needs = np.unique([number for number, _ in pairs], return_inverse=True)
    sites, places = np.unique([choice.site for _, choice in pairs], return_inverse=True)
    floors, columns = [wanted[number].floor_area_m2 for number, _ in pairs], np.arange(len(pairs))
    room = np.array([spare_m2[site] for site in sites]) + TOLERANCE_M2
    return [(csr_array((np.ones(len(pairs)), (needs, columns))), -np.inf, 1.0),
            (csr_array((floors, (places, columns))), -np.inf, room)]  # fmt: skip


def _best(value: Floats, limits: Sequence[Limit]) -> tuple[Floats | None, bool]:
    """The pairs of highest value within the limits, 1 for those that are taken and 0 for the others, and whether none
    can be better; None where the time did not suffice to find any."""
    from scipy.optimize import Bounds, milp  # noqa: PLC0415 -- 60 MB that reading does not need

    options = {"time_limit": LIMIT_S, "mip_rel_gap": 0.0}
    found: Any = milp(-value, integrality=np.ones(len(value)), bounds=Bounds(0, 1), constraints=limits, options=options)
    return None if found.x is None else np.round(found.x), bool(found.success)


def _explained(
    wanted: Sequence[Wanted], went: Mapping[int, Choice], spare_m2: Mapping[str, float]
) -> tuple[tuple[Given, ...], dict[str, float]]:  # fmt: skip
    """Each need's place with the better sites that it passed by, and what is left at each site."""
    at: dict[str, list[int]] = {}
    for number, choice in sorted(went.items()):
        at.setdefault(choice.site, []).append(number)
    sites = sorted({choice.site for one in wanted for choice in one.choices})
    left = {site: spare_m2[site] - sum(wanted[n].floor_area_m2 for n in at.get(site, ())) for site in sites}
    given = []
    for number, one in enumerate(wanted):
        got = went.get(number)
        better = [choice.site for choice in sorted(one.choices, key=lambda choice: choice.order)
                  if got is None or choice.order[:3] < got.order[:3]]  # fmt: skip
        passed = tuple(
            Passed(site, left[site], tuple(wanted[n].need for n in at.get(site, ())), one.floor_area_m2 - left[site])
            for site in better
        )
        given.append(Given(one.need, got.site if got else None, passed))
    return tuple(given), left
