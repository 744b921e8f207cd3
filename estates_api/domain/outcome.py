"""What a method makes of what is known: values, scores, routes and ranks of every site, on arrays.

An assessment and every what-if go this one way: what nobody changed comes out the same to the last bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from estates_api.domain import measured
from estates_api.domain.measured import Measured, Valued
from estates_api.domain.method import SCORES, Method, ScoreName
from estates_api.domain.scoring import Floats, Scores

Flags = NDArray[np.bool_]
Ranks = NDArray[np.int32]
Places = NDArray[np.intp]
NOTHING: Mapping[ScoreName, Valued] = MappingProxyType({})

Route = Literal["release", "part release with reuse", "reuse", "retain", "not enough data", "released"]
ROUTES: tuple[Route, ...] = get_args(Route)

ROUNDING = 1e-9
"""How far a sum of floating-point parts may miss a cut-off that it reaches on paper."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of n sites, apart from the method: their measures by score, the gates closed for each, and
    whether each is sold, and `ours`: what a shortlist could name. `order`: the places of the references in order."""

    refs: tuple[str, ...]
    order: Places
    measured: Mapping[ScoreName, Measured]
    gates: tuple[tuple[str, ...], ...]
    sold: Flags
    ours: Flags


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out: by score the values, the scores, who reaches the cut-off on enough evidence, who is comparable,
    and each one's rank (0: not ranked); the routes as places in ROUTES."""

    valued: Mapping[ScoreName, Valued]
    scores: Mapping[ScoreName, Scores]
    listed: Mapping[ScoreName, Flags]
    comparable: Mapping[ScoreName, Flags]
    ranks: Mapping[ScoreName, Ranks]
    routes: NDArray[np.int8]


def reaches(number: float, cut_off: float) -> bool:
    """Whether a score or a coverage is at or above its cut-off."""
    return number >= cut_off - ROUNDING


def cut_off_of(method: Method, name: ScoreName) -> float:
    """The cut-off of a score."""
    return method.cut_offs.release if name == "release" else method.cut_offs.reuse


def decide(case: Case, method: Method, gates: Sequence[str], valued: Mapping[ScoreName, Valued] = NOTHING) -> Outcome:
    """The outcome by a method. `gates` are those that count; the method's own, or fewer in a what-if. `valued`: the
    values of a score where they are known already, by the same value functions."""
    valued = {name: valued.get(name) or measured.value(case.measured[name], method, name) for name in SCORES}
    scores = {name: measured.score(valued[name], method, name) for name in SCORES}
    counted = frozenset(gates)
    can_go = np.array([counted.isdisjoint(closed) for closed in case.gates], dtype=np.bool_)
    enough, listed = judge(scores, can_go, method)
    there = case.ours & ~case.sold
    # A site that cannot be released takes nobody's place in the order of those that can.
    fit: dict[ScoreName, Flags] = {"release": there & enough["release"] & can_go, "reuse": there & enough["reuse"]}
    ranks = {name: rank_sites(scores[name].expected, case.order, fit[name]) for name in SCORES}
    return Outcome(valued, scores, listed, fit, ranks, find_routes(listed, enough, case.sold))


def judge(
    scores: Mapping[ScoreName, Scores], can_go: Flags, method: Method
) -> tuple[dict[ScoreName, Flags], dict[ScoreName, Flags]]:
    """By score: where enough of it rests on evidence, and where that and the score put a site on the list."""
    enough = {name: scores[name].coverage >= method.cut_offs.coverage - ROUNDING for name in SCORES}
    listed = {name: enough[name] & (scores[name].expected >= cut_off_of(method, name) - ROUNDING) for name in SCORES}
    listed["release"] &= can_go
    return enough, listed


def find_routes(listed: Mapping[ScoreName, Flags], enough: Mapping[ScoreName, Flags], sold: Flags) -> NDArray[np.int8]:
    """The route by the declared cut-offs. A score with too little coverage decides nothing."""
    release, reuse = listed["release"], listed["reuse"]
    rules: list[tuple[Flags, Route]] = [
        (sold, "released"), (release & reuse, "part release with reuse"), (release, "release"), (reuse, "reuse"),
        (enough["release"] & enough["reuse"], "retain"),
    ]  # fmt: skip
    return np.select(
        [flags for flags, _ in rules],
        [np.int8(ROUTES.index(route)) for _, route in rules],
        np.int8(ROUTES.index("not enough data")),
    ).astype(np.int8)


def order_of(refs: Sequence[str]) -> Places:
    """The places of references in their order."""
    return np.array(sorted(range(len(refs)), key=refs.__getitem__), dtype=np.intp)


def rank_sites(expected: Floats, order: Places, comparable: Flags) -> Ranks:
    """The rank of each comparable site by its score, highest first, equal ones in the order given; 0 for the others."""
    by_ref = order[comparable[order]]
    # Scores that are one on paper may differ by the last bits of a sum.
    by_score = by_ref[np.argsort(-np.round(expected[by_ref], 9), kind="stable")]
    ranks = np.zeros(len(order), dtype=np.int32)
    ranks[by_score] = np.arange(1, len(by_score) + 1)
    return ranks
