"""The scoring engine: weighted sums of values on arrays. Pure NumPy.

Arrays are sites x criteria. `values` holds points in 0-1; `state` says whether a value is known, unknown (then
`values` holds the expected points of similar sites) or not applicable (then the criterion leaves the mean and
its group's weight goes to the group's other criteria; a group without any leaves too).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KNOWN, UNKNOWN, NOT_APPLICABLE = 0, 1, 2

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
    applicable = (state != NOT_APPLICABLE).astype(np.float64)
    if within:
        applicable *= np.asarray(within, dtype=np.float64)
    weights = np.zeros_like(applicable)
    for index, weight in enumerate(group_weights):
        members = np.array([group == index for group in groups], dtype=np.bool_)
        count = applicable[:, members].sum(axis=1, keepdims=True)
        weights[:, members] = np.divide(
            weight * applicable[:, members], count, out=np.zeros_like(applicable[:, members]), where=count > 0
        )
    total = weights.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return shares


def score(
    values: Floats, state: NDArray[np.int8], groups: Sequence[int], group_weights: Sequence[float],
    within: Sequence[float] = (),
) -> Scores:  # fmt: skip
    """Score n sites on m criteria. See the module for the arrays; weights are scale-free."""
    weights = effective_weights(state, groups, group_weights, within)
    known, unknown = state == KNOWN, state == UNKNOWN
    contributions = 100 * weights * np.where(state == NOT_APPLICABLE, 0.0, values)
    # The three sums run in one order and stop at the whole, so that low <= expected <= high to the last bit.
    return Scores(
        expected=np.minimum(contributions.sum(axis=1), 100.0),
        low=np.minimum(np.where(known, contributions, 0.0).sum(axis=1), 100.0),
        high=np.minimum(np.where(unknown, 100 * weights, contributions).sum(axis=1), 100.0),
        coverage=np.minimum(np.where(known, weights, 0.0).sum(axis=1), 1.0),
        contributions=contributions,
        weights=weights,
    )
