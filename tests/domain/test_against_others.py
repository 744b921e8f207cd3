"""The same problems given to scikit-criteria and pymcdm: three libraries, one answer."""

import numpy as np
import pytest
import skcriteria
from builders import FEW
from hypothesis import given
from hypothesis import strategies as st
from problems import PLAN, WEIGHTS, made, only
from pymcdm.methods import WSM
from skcriteria.agg.simple import WeightedSumModel

from estates_api.domain.draws import draw_weights, shares
from estates_api.domain.robustness import find_pareto, try_ranks
from estates_api.domain.scoring import effective_weights, score

_problems = st.builds(lambda seed, sites: made(seed, sites, certain=True), st.integers(0, 10**6), st.integers(2, 30))
_given = (WEIGHTS.groups, WEIGHTS.of_groups, WEIGHTS.of_criteria)


def _asked(values: np.ndarray, weights: np.ndarray) -> skcriteria.DecisionMatrix:
    return skcriteria.mkdm(values, [max] * values.shape[1], weights=weights)


def _summed(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """By pymcdm: values are values already, so that nothing is normalised; and beaten sites are no fault."""
    return WSM(lambda column, cost: column)(values, weights, np.ones(len(weights)), validation=False)  # noqa: ARG005 -- named by pymcdm


@FEW
@given(_problems)
def test_weighted_sums_agree(problem) -> None:
    """Scores are the weighted sums of both, and so is the order."""
    valued, _ = problem
    weights = effective_weights(valued.state[:1], *_given)[0]
    ours = score(valued.values, valued.state, *_given).expected / 100
    theirs = WeightedSumModel().evaluate(_asked(valued.values, weights))
    assert ours == pytest.approx(theirs.e_.score, abs=1e-9)
    assert ours == pytest.approx(_summed(valued.values, weights), abs=1e-9)
    assert (np.argsort(-ours, kind="stable") == np.argsort(theirs.rank_, kind="stable")).all() or len(
        np.unique(np.round(ours, 9))
    ) < len(ours)


@FEW
@given(_problems)
def test_pareto_fronts_agree(problem) -> None:
    """The front is what scikit-criteria does not call dominated."""
    valued, _ = problem
    dominated = _asked(valued.values, np.ones(5)).dominance.dominated(strict=False).to_numpy()
    assert (find_pareto(valued) == ~dominated).all()


def test_rank_acceptability_agrees() -> None:
    """Ranked by each library under every drawn set of weights, sites are as often in the top k, as high and as low."""
    for seed in range(3):
        valued, refs = only(made(seed, 25, certain=True), np.arange(25))
        weights = shares(WEIGHTS, draw_weights(WEIGHTS, PLAN), np.ones(5, dtype=np.bool_)).astype(np.float64)
        weights /= weights.sum(axis=1, keepdims=True)
        ranks = {
            "pymcdm": [WSM().rank(_summed(valued.values, one)) for one in weights],
            "scikit-criteria": [WeightedSumModel().evaluate(_asked(valued.values, one)).rank_ for one in weights],
        }
        ours = try_ranks(valued, refs, WEIGHTS, PLAN)
        for found in map(np.array, ranks.values()):
            assert ours.top == pytest.approx((found <= PLAN.top).mean(axis=0), abs=1.5 / PLAN.draws)
            assert ours.best == pytest.approx(found.min(axis=0))
            assert ours.worst == pytest.approx(found.max(axis=0))
