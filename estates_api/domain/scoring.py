"""The scoring engine: weighted sums of values on arrays. Pure NumPy.

Arrays are sites x criteria. `values` holds points in 0-1; `state` says whether a value is known, unknown (then
`values` holds the expected points of similar sites) or not applicable (then the criterion leaves the mean and
its group's weight goes to the group's other criteria; a group without any leaves too).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KNOWN, UNKNOWN, NOT_APPLICABLE = 0, 1, 2

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
    return np.asarray(np.interp(numbers, xs, ys), dtype=np.float64)


def measure_at(value: float, points: Sequence[tuple[float, float]], *, log: bool = False) -> float | None:
    """The measure at which the value function reaches `value`; None when it never does."""
    pairs = sorted((y, x) for x, y in points)
    if not pairs[0][0] <= value <= pairs[-1][0]:
        return None
    ys = [y for y, _ in pairs]
    xs = np.array([x for _, x in pairs])
    found = np.interp(value, ys, np.log10(xs) if log else xs)
    return float(10**found if log else found)


def effective_weights(state: NDArray[np.int8], groups: Sequence[int], group_weights: Sequence[float]) -> Floats:
    """Each criterion's weight per site (n x m): groups share by weight, applicable criteria share their group's.

    `groups` gives each criterion's index into `group_weights`.
    """
    applicable = (state != NOT_APPLICABLE).astype(np.float64)
    weights = np.zeros_like(applicable)
    for index, weight in enumerate(group_weights):
        members = np.array([group == index for group in groups])
        count = applicable[:, members].sum(axis=1, keepdims=True)
        weights[:, members] = np.divide(
            weight * applicable[:, members], count, out=np.zeros_like(applicable[:, members]), where=count > 0
        )
    total = weights.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return shares


def score(values: Floats, state: NDArray[np.int8], groups: Sequence[int], group_weights: Sequence[float]) -> Scores:
    """Score n sites on m criteria. See the module for the arrays; weights are scale-free."""
    weights = effective_weights(state, groups, group_weights)
    known, unknown = state == KNOWN, state == UNKNOWN
    contributions = 100 * weights * np.where(state == NOT_APPLICABLE, 0.0, values)
    low = np.where(known, contributions, 0.0).sum(axis=1)
    return Scores(
        expected=contributions.sum(axis=1),
        low=low,
        high=low + 100 * np.where(unknown, weights, 0.0).sum(axis=1),
        coverage=np.where(known, weights, 0.0).sum(axis=1),
        contributions=contributions,
        weights=weights,
    )
