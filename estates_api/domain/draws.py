"""Draws: scores under weights drawn around the adopted ones, and unknown measures from what similar sites report.

The local phase of robustness: a site's draws follow from the seed and its own reference alone. They are the same in
whatever order or company sites come, so that parts of a catalogue can be drawn on different machines. Everything is
elementwise float32 on fixed numbers: the same bytes on every machine and with any number of threads.
"""

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estates_api.domain.measured import Valued
from estates_api.domain.method import SCORES, ScoreName, Weights
from estates_api.domain.peers import DRAWN
from estates_api.domain.scoring import KNOWN, NOT_APPLICABLE, UNKNOWN, Floats

Words = NDArray[np.uint64]
Singles = NDArray[np.float32]

CELLS = 1 << 16
"""Numbers worked on at a time: what fits a core's own cache."""

SITES = 4096
"""Sites of a block, at most."""

WORKERS = 2
"""Threads: NumPy computes outside the interpreter's lock."""

_STEP = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Plan:
    """How one score is tried: how many draws, from which seed, how close drawn weights stay to the adopted ones
    (Dirichlet), and what is asked of a draw: who is among the `top`, who reaches the cut-off (0-100)."""

    name: ScoreName
    draws: int
    seed: int
    of_groups: float
    of_criteria: float
    top: int
    cut_off: float


def site_keys(refs: Sequence[str], seed: int, name: str) -> Words:
    """Where each site's own stream of random numbers begins."""
    keys = [hashlib.blake2b(f"{seed} {name} {ref}".encode(), digest_size=8).digest() for ref in refs]
    return np.frombuffer(b"".join(keys), dtype="<u8").astype(np.uint64)


def random_bytes(keys: Words, steps: Words) -> NDArray[np.uint8]:
    """Eight random bytes for every step (rows) and site (columns): SplitMix64 (Steele, Lea and Flood, 2014)."""
    words = keys[np.newaxis, :] + (steps * np.uint64(_STEP))[:, np.newaxis]
    for shift, factor in _MIX:
        words ^= words >> np.uint64(shift)
        words *= np.uint64(factor)
    words ^= words >> np.uint64(31)
    return words.astype("<u8", copy=False).view(np.uint8).reshape(*words.shape, 8)


def draw_weights(adopted: Weights, plan: Plan) -> tuple[Floats, Floats]:
    """Weights of the groups (draws x groups) and of the criteria (draws x criteria), each positive, not yet shares."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((plan.seed, SCORES.index(plan.name)))))
    groups = np.array(adopted.of_groups) / sum(adopted.of_groups)
    within = [sum(w for w, g in zip(adopted.of_criteria, adopted.groups, strict=True) if g == group)
              for group in adopted.groups]  # fmt: skip
    criteria = np.array(adopted.of_criteria) / np.array(within)
    # A Dirichlet draw is gamma draws divided by their sum, which is done where it is known which criteria apply.
    of_groups = rng.standard_gamma(plan.of_groups * groups, (plan.draws, len(groups)))
    of_criteria = rng.standard_gamma(plan.of_criteria * criteria, (plan.draws, len(criteria)))
    return of_groups, of_criteria


def shares(adopted: Weights, drawn: tuple[Floats, Floats], applicable: NDArray[np.bool_]) -> Singles:
    """Each criterion's share of the whole (draws x criteria), where only some criteria apply."""
    of_groups, of_criteria = drawn
    result = np.zeros(of_criteria.shape)
    total = np.zeros(len(of_groups))
    for group in range(of_groups.shape[1]):
        members = [j for j, g in enumerate(adopted.groups) if g == group and applicable[j]]
        if members:
            # Columns are added one by one: the order of a sum must not depend on the machine.
            inside = sum(of_criteria[:, j] for j in members)
            for j in members:
                result[:, j] = of_groups[:, group] * of_criteria[:, j] / inside
            total = total + of_groups[:, group]
    return np.divide(result, total[:, np.newaxis], out=result, where=total[:, np.newaxis] > 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Block:
    """Sites that know the same of the same criteria: rows `sites` of the arrays, places `start` on of the result."""

    sites: NDArray[np.intp]
    start: int
    state: NDArray[np.int8]


def blocks_of(state: NDArray[np.int8], order: NDArray[np.intp]) -> list[Block]:
    """The sites in blocks, within a block in the order given; one after the other they fill the result."""
    code = np.zeros(len(state), dtype=np.int64)
    for column in range(state.shape[1]):
        code = code * 3 + state[:, column]
    sites = order[np.argsort(code[order], kind="stable")]
    edges = np.flatnonzero(np.diff(code[sites], prepend=-1, append=-1))
    return [
        Block(sites[start : min(start + SITES, end)], start, state[sites[start]])
        for first, end in itertools.pairwise(edges.tolist())
        for start in range(first, end, SITES)
    ]


def draw_scores(
    valued: Valued, keys: Words, blocks: Sequence[Block], adopted: Weights, drawn: tuple[Floats, Floats]
) -> Singles:  # fmt: skip
    """Scores 0-1, draws x sites in the order of the blocks."""
    result = np.empty((len(drawn[0]), len(keys)), dtype=np.float32)
    table = valued.table.astype(np.float32).ravel()
    by_state = {block.state.tobytes(): block.state for block in blocks}
    weights = {name: shares(adopted, drawn, state != NOT_APPLICABLE) for name, state in by_state.items()}

    def fill(block: Block) -> None:
        end = block.start + len(block.sites)
        _fill(result[:, block.start : end], block, valued, keys[block.sites], weights[block.state.tobytes()], table)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(fill, blocks))
    return result


def _fill(
    out: Singles, block: Block, valued: Valued, keys: Words, weights: Singles, table: Singles
) -> None:  # fmt: skip
    values = valued.values[block.sites].astype(np.float32)
    rows = valued.pool[block.sites].astype(np.intp) * DRAWN
    unknown = [int(j) for j in np.flatnonzero(block.state == UNKNOWN) if rows[:, j].any()]
    # What nobody publishes stays at nothing in every draw: those criteria are passed over.
    known = [int(j) for j in np.flatnonzero(block.state == KNOWN)]
    for first, last in _spans(len(out), max(1, CELLS // max(1, len(keys)))):
        total = np.zeros((last - first, len(keys)), dtype=np.float32)
        part = np.empty_like(total)
        for j in known:
            total += np.multiply(weights[first:last, j, np.newaxis], values[:, j], out=part)
        for word, columns in itertools.groupby(unknown, key=lambda j: j // 8):
            # Each criterion has a byte of its own, each eight of them a word of the site's stream in every draw.
            steps = np.arange(first + 1, last + 1, dtype=np.uint64) + np.uint64(word << 32)
            chance = random_bytes(keys, steps)
            for j in columns:
                np.take(table, chance[..., j % 8] + rows[:, j], out=part, mode="clip")
                total += np.multiply(weights[first:last, j, np.newaxis], part, out=part)
        out[first:last] = total


def _spans(size: int, step: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + step, size)) for first in range(0, size, step))
