"""The scoring engine: weighted sums of values on arrays. Pure NumPy.

Arrays are sites x criteria. `values` holds points in 0-1; `state` says whether a value is known, unknown (then
`values` holds the expected points of similar sites) or not applicable (then the criterion leaves the mean and
its group's weight goes to the group's other criteria; a group without any leaves too).
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KNOWN, UNKNOWN, NOT_APPLICABLE = 0, 1, 2

BLOCK = 4096
"""Sites scored at a time: what fits a core's own cache."""

VALUE_PLACES = 12
"""Decimal places of every value: logarithms differ in the last bit from machine to machine."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores in 0-100 for n sites.

    `contributions` (n x m) add up to `expected`; `low` and `high` put all unknown at 0 and at 1; `coverage` is
    the known share of the weight; `weights` (n x m) sum to 1 in each row with anything applicable.
    """

    expected: Floats
    low: Floats
    high: Floats
    coverage: Floats
    contributions: Floats
    weights: Floats


def value_of(numbers: Floats, points: Sequence[tuple[float, float]], *, log: bool = False) -> Floats:
    """Points 0-1 for measures by a piecewise-linear function, flat beyond its ends; linear in log10 when `log`."""
    xs: Floats = np.array([x for x, _ in points], dtype=np.float64)
    ys = np.array([y for _, y in points], dtype=np.float64)
    if log:
        tiny = np.nextafter(0.0, 1.0)
        numbers, xs = np.log10(np.maximum(numbers, tiny)), np.log10(xs)
    return np.round(np.interp(numbers, xs, ys), VALUE_PLACES)


def measure_at(value: float, points: Sequence[tuple[float, float]], *, log: bool = False) -> float | None:
    """The measure beyond which the value function is below `value`; None when it never reaches it.

    Where the function is flat, the end of the flat part from which it falls.
    """
    scaled = [(math.log10(x) if log else x, y) for x, y in points]
    # Followed upwards: a falling function is read from its right end.
    rising = scaled if scaled[-1][1] >= scaled[0][1] else scaled[::-1]
    if not rising[0][1] <= value <= rising[-1][1]:
        return None
    found = rising[0][0]
    for (x, y), (next_x, next_y) in itertools.pairwise(rising):
        if y < value:
            found = x + (next_x - x) * min(1.0, (value - y) / (next_y - y)) if next_y > y else next_x
    return 10**found if log else found


def effective_weights(
    state: NDArray[np.int8], groups: Sequence[int], group_weights: Sequence[float], within: Sequence[float] = ()
) -> Floats:
    """Each criterion's weight per site (n x m): groups share by weight, applicable criteria share their group's.

    `groups` gives each criterion's index into `group_weights`, `within` its weight in its group: all the same when
    left out.
    """
    return _weights(np.ascontiguousarray(state.T), groups, group_weights, within).T


def _weights(
    state: NDArray[np.int8], groups: Sequence[int], group_weights: Sequence[float], within: Sequence[float]
) -> Floats:
    """The same for criteria in rows (m x n): every step runs over sites that lie side by side."""
    weights: Floats = (state != NOT_APPLICABLE).astype(np.float64)
    if within:
        weights *= np.asarray(within, dtype=np.float64)[:, np.newaxis]
    whole = np.zeros(state.shape[1])
    for index, weight in enumerate(group_weights):
        members = [row for row, group in enumerate(groups) if group == index]
        count = _total(weights[row] for row in members) if members else whole
        share = np.divide(weight, count, out=np.zeros_like(whole), where=count > 0)
        for row in members:
            weights[row] *= share
    whole = _total(weights) if len(weights) else whole
    np.divide(1.0, whole, out=whole, where=whole > 0)
    weights *= whole
    return weights


def _total(parts: Iterable[Floats]) -> Floats:
    """Arrays added one after the other: the same sum on every machine."""
    first, *others = parts
    total: Floats = np.array(first, dtype=np.float64)
    for part in others:
        total += part
    return total


def score(
    values: Floats, state: NDArray[np.int8], groups: Sequence[int], group_weights: Sequence[float],
    within: Sequence[float] = (),
) -> Scores:  # fmt: skip
    """Score n sites on m criteria. See the module for the arrays; weights are scale-free."""
    size, count = values.shape
    sums, parts, weights = np.empty((4, size)), np.empty((count, size)), np.empty((count, size))
    for first in range(0, size, BLOCK):
        rows = slice(first, min(first + BLOCK, size))
        given = np.ascontiguousarray(state[rows].T)
        weights[:, rows] = _weights(given, groups, group_weights, within)
        _sum(values[rows].T, given, weights[:, rows], parts[:, rows], sums[:, rows])
    expected, low, high, coverage = sums
    return Scores(expected, low, high, coverage, parts.T, weights.T)


def _sum(values: Floats, state: NDArray[np.int8], weights: Floats, parts: Floats, sums: Floats) -> None:
    """Fill in the contributions and the four sums of some sites, criteria in rows."""
    np.multiply(weights, values, out=parts)
    parts *= 100.0
    known, unknown = state == KNOWN, state == UNKNOWN
    # The three sums run in one order and stop at the whole, so that low <= expected <= high to the last bit.
    sums[:] = 0.0
    for row in range(len(parts)):
        if known[row].all():
            sums[:3] += parts[row]
            sums[3] += weights[row]
            continue
        parts[row] *= known[row] | unknown[row]
        sums[0] += parts[row]
        sums[1] += parts[row] * known[row]
        sums[2] += np.where(unknown[row], 100.0 * weights[row], parts[row])
        sums[3] += weights[row] * known[row]
    np.minimum(sums[:3], 100.0, out=sums[:3])
    np.minimum(sums[3], 1.0, out=sums[3])
