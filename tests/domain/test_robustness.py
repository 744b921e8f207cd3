import itertools
from dataclasses import fields

import numpy as np
import pytest
from builders import FEW
from hypothesis import given
from hypothesis import strategies as st
from problems import PLAN, WEIGHTS, any_problem, made, only
from test_draws import drawn_scores

from estates_api.domain.measured import Valued
from estates_api.domain.robustness import Ranking, find_pareto, try_ranks


def tried(problem: tuple[Valued, list[str]]) -> Ranking:
    """The ranks of a problem's sites."""
    return try_ranks(*problem, WEIGHTS, PLAN)


def same(first: Ranking, second: Ranking, rows: np.ndarray) -> bool:
    """Whether one is the other in another order."""
    return all((getattr(first, part.name)[..., rows] == getattr(second, part.name)).all() for part in fields(Ranking))


@FEW
@given(any_problem())
def test_the_top_k_has_k_places(problem) -> None:
    """In every draw k sites are in the top k: the probabilities add up to k, or to all sites if there are fewer."""
    assert tried(problem).top.sum() == pytest.approx(min(PLAN.top, len(problem[1])), abs=1e-9)


@FEW
@given(any_problem())
def test_ranks_hold_together(problem) -> None:
    """1 <= best <= low <= high <= worst <= number of sites."""
    found = tried(problem)
    steps = [np.ones_like(found.best), found.best, found.low, found.high, found.worst]
    assert all((left <= right).all() for left, right in itertools.pairwise(steps))
    assert found.worst.max() <= len(problem[1])


@FEW
@given(any_problem(), st.randoms(use_true_random=False))
def test_the_order_of_sites_does_not_matter(problem, random) -> None:
    """Sites in another order have the same ranks, to the last bit; and again, the same."""
    rows = np.array(random.sample(range(len(problem[1])), len(problem[1])))
    assert same(tried(problem), tried(only(problem, rows)), rows)


@FEW
@given(any_problem())
def test_ranks_are_those_of_the_scores(problem) -> None:
    """Counted one draw after the other, in double precision, ranks and shares come out the same."""
    found, scores = tried(problem), drawn_scores(problem)
    order = np.sort(-scores, axis=1)
    first = np.array([[np.searchsorted(order[d], -s, "left") + 1 for s in scores[d]] for d in range(len(scores))])
    last = np.array([[np.searchsorted(order[d], -s, "right") for s in scores[d]] for d in range(len(scores))])
    assert (found.best >= first.min(axis=0)).all()
    assert (found.best <= last.min(axis=0)).all()
    assert (found.worst >= first.max(axis=0)).all()
    assert (found.worst <= last.max(axis=0)).all()
    assert (found.top >= (last <= PLAN.top).mean(axis=0) - 1e-9).all()
    assert (found.top <= (first <= PLAN.top).mean(axis=0) + 1e-9).all()
    assert (found.low >= np.sort(first, axis=0)[10]).all()
    assert (found.high <= np.sort(last, axis=0)[189]).all()
    assert (np.unpackbits(found.over, axis=0, count=len(scores)) == (scores >= np.float32(0.5 - 1e-6))).all()


def test_equal_sites_have_equal_chances() -> None:
    """Sites that nothing tells apart share the places by chance, whatever they are called."""
    valued, refs = made(3, 1, certain=True)
    ten = Valued(np.repeat(valued.values, 10, 0), np.repeat(valued.state, 10, 0), np.repeat(valued.pool, 10, 0),
                 valued.table)  # fmt: skip
    chance = try_ranks(ten, [f"{refs[0]}-{n}" for n in range(10)], WEIGHTS, PLAN).top
    assert chance.sum() == pytest.approx(3)
    assert chance == pytest.approx(0.3, abs=0.13)  # four standard errors of 200 draws


def test_a_better_site_is_never_behind() -> None:
    """Where everything is known, a site that is better on every criterion is ahead in every draw."""
    values = np.array([[0.9] * 5, [0.5] * 5, [0.1] * 5])
    state = np.zeros((3, 5), dtype=np.int8)
    found = try_ranks(Valued(values, state, state.astype(np.int32), np.zeros((1, 256))), list("abc"), WEIGHTS, PLAN)
    assert found.best.tolist() == found.worst.tolist() == [1, 2, 3]


def _beats(left: np.ndarray, right: np.ndarray) -> bool:
    return bool((left >= right).all() and (left > right).any())


@FEW
@given(any_problem(steps=3))
def test_the_pareto_front_is_exact(problem) -> None:
    """A site is on the front when none to which the same criteria apply is as good everywhere and better somewhere."""
    valued, refs = problem
    applies = valued.state != 2
    for i, flag in enumerate(find_pareto(valued)):
        rivals = [j for j in range(len(refs)) if (applies[i] == applies[j]).all()]
        assert flag == (not any(_beats(valued.values[j], valued.values[i]) for j in rivals))


def test_a_front_of_many() -> None:
    """The front of ten thousand sites is the same when they are compared in one piece, best first or worst first."""
    valued, refs = made(5, 10_000, certain=True, steps=30)
    front = find_pareto(valued)
    rows = np.argsort(valued.values.sum(axis=1))
    assert (find_pareto(only((valued, refs), rows)[0]) == front[rows]).all()
    best = valued.values[front]
    assert not any(_beats(one, other) for one in best for other in best[:50])
    assert all((best >= one).all(axis=1).any() for one in valued.values[~front][:500])


def test_no_weights_put_a_beaten_site_first() -> None:
    """Where everything is known, a site off the front is never the first of any draw."""
    for seed in range(20):
        problem = made(seed, 30, certain=True, steps=5)
        found = tried(problem)
        assert (found.best[~find_pareto(problem[0])] > 1).all()
