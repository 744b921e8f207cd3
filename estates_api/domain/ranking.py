"""How well one number ranks what happened: area under the curve, its interval by resampling, precision at the top.

Exact and seeded: the Mann-Whitney statistic with ties counted as halves, and bootstrap draws that repeat.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DRAWS = 2_000
SEED = 2016
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95% of a statistic over resampled draws."""

    low: float
    high: float


def auc(scores: Floats, happened: Flags) -> float | None:
    """The chance that a site to which it happened scores above one to which it did not, ties half; None without both.

    Mann and Whitney (1947): U over the number of pairs.
    """
    found = weighted_auc(scores, happened, np.ones((1, len(scores))))
    return None if np.isnan(found[0]) else float(found[0])


def weighted_auc(scores: Floats, happened: Flags, weights: Floats) -> Floats:
    """The area under the curve in each draw; `weights` (draws x sites) say how often a site was drawn.

    NaN in a draw that has only sites of one kind.
    """
    _, level = np.unique(scores, return_inverse=True)
    order = np.argsort(level, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(level[order]) > 0]) if len(scores) else np.array([], dtype=np.int64)
    hit = np.add.reduceat(weights[:, order] * happened[order], starts, axis=1)
    miss = np.add.reduceat(weights[:, order] * ~happened[order], starts, axis=1)
    below = np.cumsum(miss, axis=1) - miss / 2
    pairs = hit.sum(axis=1) * miss.sum(axis=1)
    won = (hit * below).sum(axis=1)
    found: Floats = np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)
    return found


def draws_of(units: Sequence[str], *, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """How often each site is drawn (draws x sites), when whole units are drawn with replacement.

    With trusts as units, all sites of a trust come or stay away together: a trust that declares one site declares
    others, so sites are not independent.
    """
    names, member = np.unique(np.array(units, dtype=str), return_inverse=True)
    chance = np.full(len(names), 1 / max(1, len(names)))
    counts = np.random.default_rng(seed).multinomial(len(names), chance, size=draws)
    return np.asarray(counts[:, member], dtype=np.float64)


def interval(values: Floats) -> Interval | None:
    """The middle 95% of the draws that have a value; None when none has."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def precision_at(scores: Floats, happened: Flags, k: int) -> float | None:
    """The share to which it happened among the k that score highest, sites tied at the edge counted by their mean."""
    if not 0 < k <= len(scores):
        return None
    edge = np.sort(scores)[-k]
    above, tied = scores > edge, scores == edge
    hits = happened[above].sum() + (k - above.sum()) * happened[tied].mean()
    return float(hits / k)
