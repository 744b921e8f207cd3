import itertools

import numpy as np
import pytest
from builders import FEW
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from estates_api.domain.scoring import (
    KNOWN,
    NOT_APPLICABLE,
    UNKNOWN,
    Scores,
    effective_weights,
    measure_at,
    score,
    value_of,
)

GROUPS = (0, 0, 0, 1, 2, 2)
_shares = st.floats(0, 1)
_weights = st.lists(st.floats(0.01, 100), min_size=3, max_size=3)
_values = st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (n, 6), elements=_shares))


@st.composite
def _tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    values = draw(_values)
    return values, draw(arrays(np.int8, values.shape, elements=st.sampled_from([KNOWN, UNKNOWN, NOT_APPLICABLE])))


@st.composite
def _functions(draw: st.DrawFn, low: float = 0.0) -> list[tuple[float, float]]:
    xs = sorted(draw(st.sets(st.integers(1, 1000), min_size=2, max_size=5)))
    ys = sorted(draw(st.lists(_shares, min_size=len(xs), max_size=len(xs))), reverse=draw(st.booleans()))
    assume(ys[0] != ys[-1])
    return [(low + x / 10, y) for x, y in zip(xs, ys, strict=True)]


@FEW
@given(_functions(), st.lists(st.floats(-10, 200), min_size=2), st.booleans())
def test_value_functions_are_monotone_and_bounded(points, numbers, log: bool) -> None:
    """A larger measure never earns less where the points rise, nor more where they fall; always within the points."""
    values = value_of(np.array(sorted(numbers)), points, log=log)
    steps = np.diff(values) * (1 if points[-1][1] > points[0][1] else -1)
    assert (steps >= -1e-12).all()
    assert values.min() >= min(y for _, y in points) - 1e-12
    assert values.max() <= max(y for _, y in points) + 1e-12


@FEW
@given(_functions(), st.booleans())
def test_value_functions_pass_through_their_points(points, log: bool) -> None:
    """At a published point the value is the published value; beyond the ends it stays flat."""
    xs, ys = zip(*points, strict=True)
    assert value_of(np.array(xs), points, log=log) == pytest.approx(ys, abs=1e-9)
    assert value_of(np.array([-5.0, 1e9]), points, log=log) == pytest.approx([ys[0], ys[-1]])


def test_each_tenfold_step_of_open_land_counts_the_same() -> None:
    """On the log scale 0.1, 1 and 10 ha are 0, a half and 1; no land at all is 0."""
    values = value_of(np.array([0.0, 0.1, 1.0, 10.0, 43.3]), [(0.1, 0), (10, 1)], log=True)
    assert values == pytest.approx([0, 0, 0.5, 1, 1])


@FEW
@given(_functions(), _shares, st.booleans())
def test_the_limit_is_where_the_value_is_first_reached(points, value: float, log: bool) -> None:
    """At the limit the value is still there; just beyond it, on the losing side, it is below."""
    low, high = sorted((points[0][1], points[-1][1]))
    limit = measure_at(value, points, log=log)
    assert (limit is None) == (not low <= value <= high)
    if limit is None or value < low + 1e-3:
        return
    beyond = limit * (0.999 if points[0][1] < points[-1][1] else 1.001)
    at, after = value_of(np.array([limit, beyond]), points, log=log)
    assert at == pytest.approx(value, abs=1e-6)
    assert after <= value + 1e-9


def test_the_limit_on_a_flat_part() -> None:
    """On a flat part the limit is the end from which the value falls, whichever way the function runs."""
    assert measure_at(0.5, [(0, 0), (10, 0.5), (20, 0.5), (30, 1)]) == 10
    assert measure_at(0.5, [(0, 1), (10, 0.5), (20, 0.5), (30, 0)]) == 20
    assert measure_at(1.0, [(0, 0), (10, 1), (20, 1)]) == 10
    assert measure_at(0.75, [(0, 0), (5, 0.5), (10, 0.5), (20, 1)]) == 15
    assert measure_at(1.5, [(0, 0), (10, 1)]) is None


@FEW
@given(_tables(), _weights)
def test_scores_hold_together(table, weights) -> None:
    """Contributions add up to the score; low <= expected <= high within 0-100; coverage within 0-1; weights to 1."""
    values, state = table
    found = score(values, state, GROUPS, weights)
    assert found.contributions.sum(axis=1) == pytest.approx(found.expected, abs=1e-9)
    assert (found.low >= 0).all()
    assert (found.low <= found.expected).all()
    assert (found.expected <= found.high).all()
    assert (found.high <= 100).all()
    assert (found.coverage >= 0).all()
    assert (found.coverage <= 1).all()
    anything = (state != NOT_APPLICABLE).any(axis=1)
    assert found.weights.sum(axis=1) == pytest.approx(anything.astype(float), abs=1e-9)


@FEW
@given(_tables(), _weights, st.floats(0.001, 1000))
def test_weights_are_scale_free(table, weights, factor: float) -> None:
    """Only the ratios of the group weights count."""
    first, second = (score(*table, GROUPS, [w * times for w in weights]) for times in (1, factor))
    _same(first, second)


def _same(first: Scores, second: Scores) -> None:
    for name in ("expected", "low", "high", "coverage", "contributions"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-9)


@FEW
@given(_tables(), _weights)
def test_another_site_changes_no_score(table, weights) -> None:
    """Each site is scored as if it were alone."""
    values, state = table
    together = score(values, state, GROUPS, weights)
    for i in range(len(values)):
        alone = score(values[i : i + 1], state[i : i + 1], GROUPS, weights)
        assert alone.expected[0] == together.expected[i]
        assert (alone.contributions[0] == together.contributions[i]).all()


@FEW
@given(_tables(), _weights)
def test_not_applicable_leaves_the_mean(table, weights) -> None:
    """What stands in a cell that does not apply is without effect, and the rest is scored as if it were not there."""
    values, state = table
    state[:, 1] = NOT_APPLICABLE
    rest = [0, 2, 3, 4, 5]
    without = score(values[:, rest], state[:, rest], [GROUPS[i] for i in rest], weights)
    assert score(values, state, GROUPS, weights).expected == pytest.approx(without.expected, abs=1e-9)


@FEW
@given(_tables(), _weights)
def test_more_value_never_lowers_a_score(table, weights) -> None:
    """Raising every value raises or keeps the score."""
    values, state = table
    raised = score(np.minimum(values + 0.1, 1.0), state, GROUPS, weights)
    assert (raised.expected >= score(values, state, GROUPS, weights).expected - 1e-9).all()


def test_criteria_share_their_groups_weight() -> None:
    """Three groups of equal weight: a third each, shared by what applies; a group without anything leaves."""
    state = np.array([[KNOWN] * 6, [NOT_APPLICABLE, KNOWN, UNKNOWN, NOT_APPLICABLE, KNOWN, KNOWN]], dtype=np.int8)
    weights = effective_weights(state, GROUPS, [1, 1, 1])
    assert weights[0] == pytest.approx([1 / 9, 1 / 9, 1 / 9, 1 / 3, 1 / 6, 1 / 6])
    assert weights[1] == pytest.approx([0, 1 / 4, 1 / 4, 0, 1 / 4, 1 / 4])


def test_criteria_share_by_their_own_weights() -> None:
    """Within a group, criteria of weights 3 and 1 take three quarters and one; what does not apply leaves its share."""
    state = np.array([[KNOWN] * 3, [KNOWN, NOT_APPLICABLE, KNOWN]], dtype=np.int8)
    weights = effective_weights(state, (0, 0, 1), (1.0, 1.0), (3.0, 1.0, 5.0))
    assert weights.tolist() == [[0.375, 0.125, 0.5], [0.5, 0, 0.5]]


def test_nothing_applicable_is_no_score() -> None:
    """A site of which nothing applies has 0 everywhere and no coverage, and nothing divides by zero."""
    found = score(np.ones((1, 6)), np.full((1, 6), NOT_APPLICABLE, dtype=np.int8), GROUPS, [1, 1, 1])
    assert (found.expected[0], found.low[0], found.high[0], found.coverage[0]) == (0, 0, 0, 0)


@pytest.mark.parametrize("shape", [(0, 6), (3, 0)])
def test_no_sites_or_no_criteria(shape: tuple[int, int]) -> None:
    """No sites have no scores; without criteria every score is 0."""
    found = score(np.zeros(shape), np.zeros(shape, dtype=np.int8), GROUPS[: shape[1]], [1, 1, 1])
    assert found.expected.tolist() == [0.0] * shape[0]


def test_full_marks_are_a_hundred() -> None:
    """All known at 1 is exactly 100 with coverage exactly 1, whatever the sums of thirds and ninths come to."""
    for weights in itertools.product([1, 3, 7], repeat=3):
        found = score(np.ones((1, 6)), np.zeros((1, 6), dtype=np.int8), GROUPS, weights)
        assert found.expected[0] == pytest.approx(100)
        assert found.expected[0] <= 100
        assert found.coverage[0] <= 1
