"""Standing: each site's rank among the comparable ones, and how it holds when weights and unknown measures are drawn.

Comparable for release is what could be on that list: ours, not sold, with enough evidence, and no gate closed. For
reuse the same, whatever the gates. Coverage is judged at the adopted weights: evidence does not come and go with a
draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from estates_api.domain.draws import Plan
from estates_api.domain.flips import Flip, find_flips
from estates_api.domain.method import SCORES, Method, ScoreName
from estates_api.domain.outcome import Case, Flags, Outcome, cut_off_of, rank_sites
from estates_api.domain.robustness import Bits, Ranking, find_pareto, try_ranks


@dataclass(frozen=True, slots=True)
class Standing:
    """A site's rank by one score among `of` comparable ones; how likely it is among the top k; between which ranks it
    lies in 90% of the draws, and at best and worst; whether no other site beats it on every criterion."""

    rank: int
    of: int
    top: float
    low: int
    high: int
    best: int
    worst: int
    pareto: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What the draws say of one site. `differs` is the share of them in which its route is another one; None where it
    cannot be drawn. A score without a standing is not comparable."""

    seed: int
    release: Standing | None
    reuse: Standing | None
    differs: float | None
    flips: tuple[Flip, ...]


SHARED = 1
"""The last circle whose sites are seen by everybody in narrower ones."""


def sees(one: int, other: Any) -> Any:
    """Whether who sees the sites of a circle sees those of another (or of each of an array): up to SHARED those of
    wider circles as well, and beyond it, where each circle is one owner's, its own and the shared ones."""
    return (other <= min(one, SHARED)) | (other == one)


def try_sites(case: Case, outcome: Outcome, method: Method, seed: int, circles: Sequence[int] = ()) -> list[Tried]:
    """Every site's standing, in the order of the case.

    `circles` says how few may see each site, 0 for everybody (see `sees`). A site is ranked among those that everybody
    who sees it may see: a gap in the ranks would tell of a site that is withheld.
    """
    size, flips = len(case.refs), find_flips(case, outcome, method)
    circle = np.array(circles or [0] * size, dtype=np.int32)
    found: list[Tried] = [Tried(seed, None, None, None, ())] * size
    for one in np.unique(circle):
        inside, seen = np.flatnonzero(circle == one), sees(one, circle)
        moved = np.zeros((-(-method.trials.draws // 8), size), dtype=np.uint8)
        standings = {name: _stand(case, outcome, method, _plan(method, name, seed), seen, moved) for name in SCORES}
        differs = np.bitwise_count(moved).sum(axis=0, dtype=np.int64) / method.trials.draws
        for row in inside.tolist():
            release, reuse = standings["release"].get(row), standings["reuse"].get(row)
            share = float(differs[row]) if release or reuse else None
            found[row] = Tried(seed, release, reuse, share, flips[row])
    return found


def _plan(method: Method, name: ScoreName, seed: int) -> Plan:
    trials = method.trials
    return Plan(
        name, trials.draws, seed, trials.of_groups, trials.of_criteria, trials.top, cut_off_of(method, name)
    )  # fmt: skip


def _always(draws: int) -> Bits:
    """A column of bits that are set in every draw."""
    return np.packbits(np.ones((draws, 1), dtype=np.bool_), axis=0)


def _stand(
    case: Case, outcome: Outcome, method: Method, plan: Plan, seen: Flags, moved: Bits
) -> dict[int, Standing]:  # fmt: skip
    """The standings on one score among the sites seen, by place. `moved`: bits of the draws that change a list."""
    comparable = outcome.comparable[plan.name] & seen
    rows = np.flatnonzero(comparable)
    if not len(rows):
        return {}
    valued = outcome.valued[plan.name]
    part = replace(valued, values=valued.values[rows], state=valued.state[rows], pool=valued.pool[rows])
    ranking = try_ranks(part, [case.refs[row] for row in rows], method.weights(plan.name), plan)
    moved[:, rows] |= ranking.over ^ np.where(outcome.listed[plan.name][rows], _always(plan.draws), np.uint8(0))
    ranks, pareto = rank_sites(outcome.scores[plan.name].expected, case.order, comparable), find_pareto(part)
    return {row: _standing(ranking, pareto, place, int(ranks[row])) for place, row in enumerate(rows.tolist())}


def _standing(ranking: Ranking, pareto: Flags, place: int, rank: int) -> Standing:
    return Standing(
        rank, len(pareto), float(ranking.top[place]), int(ranking.low[place]), int(ranking.high[place]),
        int(ranking.best[place]), int(ranking.worst[place]), bool(pareto[place]),
    )  # fmt: skip
