import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from estates_api.domain.ranking import auc, draws_of, interval, precision_at, weighted_auc

RANKED = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40)


def arrays(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    """Scores and what happened, as arrays."""
    return np.array([float(score) for score, _ in rows]), np.array([hit for _, hit in rows])


@given(RANKED)
def test_auc_is_mann_and_whitneys_statistic(rows: list[tuple[float, bool]]) -> None:
    """With ties as halves it is U over the number of pairs, as SciPy counts it; without both kinds there is none."""
    scores, happened = arrays(rows)
    found = auc(scores, happened)
    if happened.all() or not happened.any():
        assert found is None
        return
    u = mannwhitneyu(scores[happened], scores[~happened]).statistic
    assert found == pytest.approx(u / (happened.sum() * (~happened).sum()))


def test_auc_by_hand() -> None:
    """Three of four pairs are in order, one is a tie: 3.5 of 4."""
    assert auc(*arrays([(3, True), (2, True), (2, False), (1, False)])) == 3.5 / 4
    assert auc(*arrays([(-math.inf, True), (1, False)])) == 0


@given(RANKED, st.integers(0, 2**16))
def test_a_draw_counts_a_site_as_often_as_it_was_drawn(rows: list[tuple[float, bool]], seed: int) -> None:
    """The weighted statistic of a draw is the plain one of the sites written out as often as they were drawn."""
    scores, happened = arrays(rows)
    weights = np.random.default_rng(seed).integers(0, 4, size=(3, len(scores))).astype(float)
    for drawn, found in zip(weights, weighted_auc(scores, happened, weights), strict=True):
        times = drawn.astype(int)
        plain = auc(np.repeat(scores, times), np.repeat(happened, times)) if times.sum() else None
        assert np.isnan(found) if plain is None else found == pytest.approx(plain)


def test_draws_are_seeded_and_of_whole_trusts() -> None:
    """The same seed draws the same; a trust's sites come together, and as many trusts are drawn as there are."""
    drawn = draws_of(["A", "A", "B", "C"], draws=50, seed=7)
    assert (drawn == draws_of(["A", "A", "B", "C"], draws=50, seed=7)).all()
    assert (drawn != draws_of(["A", "A", "B", "C"], draws=50, seed=8)).any()
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 1:].sum(axis=1) == 3).all()


def test_an_interval_is_the_middle_of_the_draws() -> None:
    """From 2.5 to 97.5 per cent, draws without a value left out; none when no draw has one."""
    found = interval(np.array([*range(1001), np.nan]))
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(25), pytest.approx(975))
    assert interval(np.array([np.nan])) is None


def test_precision_at_the_top() -> None:
    """Of the first two one happened; of a tie at the edge its mean is taken; beyond the list there is none."""
    scores, happened = arrays([(9, True), (8, False), (7, True), (7, False)])
    assert precision_at(scores, happened, 2) == 0.5
    assert precision_at(scores, happened, 3) == pytest.approx(1.5 / 3)
    assert precision_at(scores, happened, 5) is None
