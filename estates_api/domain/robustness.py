"""Robustness: how a site's rank holds when weights and unknown measures move. The global phase: ranks over all sites.

Only comparable sites are ranked with each other; who is comparable the caller says.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estates_api.domain.draws import (
    CELLS,
    SITES,
    WORKERS,
    Plan,
    Singles,
    Words,
    blocks_of,
    draw_scores,
    draw_weights,
    site_keys,
)
from estates_api.domain.measured import Valued
from estates_api.domain.method import Weights
from estates_api.domain.scoring import NOT_APPLICABLE, Floats

Ranks = NDArray[np.int32]
Flags = NDArray[np.bool_]
Bits = NDArray[np.uint8]

INTERVAL = (0.05, 0.95)
"""The 90% rank interval: five draws in a hundred lie before it, five behind."""

_INDEX_BITS, _TIE_BITS = 24, 8
_RIVALS = 64
"""Sites of the front that the others are held against before those beaten are left out."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What the draws say of n comparable sites on one score: the share of draws in which each is among the top k, the
    90% interval of its rank, its best and worst one (from 1), and in which draws it reaches the cut-off, eight to a
    byte (np.packbits) x sites.
    """

    top: Floats
    low: Ranks
    high: Ranks
    best: Ranks
    worst: Ranks
    over: Bits


def try_ranks(valued: Valued, refs: Sequence[str], adopted: Weights, plan: Plan) -> Ranking:
    """Rank sites in every draw."""
    order = np.array(sorted(range(len(refs)), key=refs.__getitem__), dtype=np.intp)
    blocks = blocks_of(valued.state, order)
    keys = site_keys(refs, plan.seed, plan.name)
    scores = draw_scores(valued, keys, blocks, adopted, draw_weights(adopted, plan))
    # Columns stand in the order of the blocks, which follows from states and references, not from the order given.
    sites = np.concatenate([order[:0], *(block.sites for block in blocks)])
    back = np.empty(len(sites), dtype=np.intp)
    back[sites] = np.arange(len(sites))
    over = _over(scores, np.float32(plan.cut_off / 100 - 1e-6), back)
    ranks = _rank_draws(scores, keys[sites])
    top, low, high, best, worst = (bound[back] for bound in _bounds(ranks, plan.top))
    return Ranking(top / plan.draws, low, high, best, worst, over)


def _over(scores: Singles, cut_off: np.float32, back: NDArray[np.intp]) -> Bits:
    """Who reaches the cut-off in every draw, in the order that was given."""
    over = np.empty((-(-len(scores) // 8), scores.shape[1]), dtype=np.uint8)

    def compare(eights: slice) -> None:
        part = np.packbits(scores[8 * eights.start : 8 * eights.stop] >= cut_off, axis=0)
        np.take(part, back, axis=1, out=over[eights], mode="clip")

    each_part(compare, *over.shape)
    return over


def each_part(work: Callable[[slice], None], draws: int, size: int) -> None:
    """Do something to a few draws of so many sites at a time, with all threads."""
    step = max(1, CELLS // max(1, size))
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, (slice(first, min(first + step, draws)) for first in range(0, draws, step))))


def _rank_draws(scores: Singles, keys: Words) -> NDArray[np.uint32]:
    """The rank of every site in every draw, in the memory of the scores. Equal scores are ordered by chance."""
    ranks = scores.view(np.uint32)
    size = scores.shape[1]
    if size >> _INDEX_BITS:
        raise ValueError(f"at most {(1 << _INDEX_BITS) - 1} sites can be ranked together")
    index, chance = np.arange(size, dtype=np.uint64), (keys >> np.uint64(32)).astype(np.uint32)
    numbers = np.arange(1, size + 1, dtype=np.uint32)

    def rank(draws: slice) -> None:
        # Positive floats sort as their bits do. Score, chance and index make one number: sorting it is exact, and four
        # times as fast as sorting indices by score.
        words = (np.uint32(0x7FFFFFFF) - ranks[draws]).astype(np.uint64)
        words <<= np.uint64(_TIE_BITS + _INDEX_BITS)
        numbered = np.arange(draws.start, draws.stop, dtype=np.uint32)[:, np.newaxis]
        odd = numbered * np.uint32(0x9E3779B2) + np.uint32(0x85EBCA6B)
        words |= (((chance * odd) >> np.uint32(32 - _TIE_BITS)).astype(np.uint64)) << np.uint64(_INDEX_BITS)
        words |= index
        words.sort(axis=1)
        words &= np.uint64((1 << _INDEX_BITS) - 1)
        for row, order in enumerate(words.view(np.int64), draws.start):
            ranks[row, order] = numbers

    each_part(rank, *scores.shape)
    return ranks


def _bounds(ranks: NDArray[np.uint32], top: int) -> NDArray[np.int32]:
    """By site, as rows: in how many draws it is among the top, the ranks that bound 90% of the draws, best, worst."""
    draws, size = ranks.shape
    places = [int(np.floor(INTERVAL[0] * draws)), int(np.ceil(INTERVAL[1] * draws)) - 1]
    bounds = np.empty((5, size), dtype=np.int32)
    step = max(1, 4 * CELLS // draws)

    def bound(first: int) -> None:
        part, found = np.ascontiguousarray(ranks[:, first : first + step].T), bounds[:, first : first + step]
        found[0] = np.count_nonzero(part <= top, axis=1)
        found[3], found[4] = part.min(axis=1), part.max(axis=1)
        part.partition(sorted({*places}), axis=1)
        found[1], found[2] = part[:, places[0]], part[:, places[1]]

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(bound, range(0, size, step)))
    return bounds


def find_pareto(valued: Valued) -> Flags:
    """Which sites no other one beats: at least as good on every criterion, and better on one.

    A site is beaten only by one to which the same criteria apply (a mean over others cannot be compared), and an
    unknown measure counts as what is expected. Then no weights whatever put a beaten site above the one that beats it.
    """
    flags = np.zeros(len(valued.values), dtype=np.bool_)
    applies = valued.state != NOT_APPLICABLE
    patterns, pattern = np.unique(applies, axis=0, return_inverse=True)
    for number, columns in enumerate(patterns):
        rows = np.flatnonzero(pattern.ravel() == number)
        flags[rows] = _front(valued.values[np.ix_(rows, columns)])
    return flags


def _front(values: Floats) -> Flags:
    """Which rows are not dominated. Exact: whatever beats a row has a larger sum, so that rows are met best first and
    compared with the front alone."""
    distinct, which = np.unique(values, axis=0, return_inverse=True)
    order = np.argsort(-distinct.sum(axis=1), kind="stable")
    front, flags = np.empty((0, values.shape[1])), np.zeros(len(distinct), dtype=np.bool_)
    for first in range(0, len(order), SITES):
        rows = order[first : first + SITES]
        rows = rows[_standing(distinct[rows], front)]
        rows = rows[_standing(distinct[rows], distinct[rows], own=1)]
        flags[rows] = True
        front = np.concatenate([front, distinct[rows]])
    return flags[which.ravel()]


def _standing(rows: Floats, rivals: Floats, own: int = 0) -> NDArray[np.intp]:
    """Which of the distinct rows no rival is at least as good as everywhere; `own` rivals are the row itself.

    Most fall to the first, strongest rivals, and are not compared again.
    """
    standing, met = np.arange(len(rows)), np.zeros(len(rows), dtype=np.intp)
    for first in range(0, len(rivals), _RIVALS):
        beaten = np.ones((len(standing), len(rivals[first : first + _RIVALS])), dtype=np.bool_)
        for column in range(rows.shape[1]):
            beaten &= rivals[first : first + _RIVALS, column] >= rows[standing, column, np.newaxis]
        met += beaten.sum(axis=1)
        standing, met = standing[met <= own], met[met <= own]
    return standing
