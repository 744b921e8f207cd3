import numpy as np
import pytest
from builders import FEW
from hypothesis import given
from hypothesis import strategies as st
from problems import PLAN, WEIGHTS, any_problem, made, only

from estates_api.domain.draws import blocks_of, draw_scores, draw_weights, random_bytes, shares, site_keys
from estates_api.domain.measured import Valued
from estates_api.domain.scoring import UNKNOWN, effective_weights, score


def drawn_scores(problem: tuple[Valued, list[str]]) -> np.ndarray:
    """Scores 0-1, draws x sites, in the order of the problem."""
    valued, refs = problem
    order = np.argsort(np.array(refs))
    blocks = blocks_of(valued.state, order)
    found = draw_scores(valued, site_keys(refs, PLAN.seed, "release"), blocks, WEIGHTS, draw_weights(WEIGHTS, PLAN))
    back = np.empty(len(refs), dtype=np.intp)
    back[np.concatenate([block.sites for block in blocks])] = np.arange(len(refs))
    return found[:, back]


def test_the_stream_is_the_published_one() -> None:
    """Random bytes are SplitMix64's: its published first five numbers for the seed 1234567."""
    words = random_bytes(np.array([1234567], dtype=np.uint64), np.arange(1, 6, dtype=np.uint64))
    assert [int.from_bytes(word.tobytes(), "little") for word in words[:, 0]] == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip


def test_bytes_are_evenly_spread() -> None:
    """Over many sites and draws every byte comes about as often, at each of the eight places."""
    keys = site_keys([f"S{number}" for number in range(200)], 0, "release")
    found = random_bytes(keys, np.arange(1, 501, dtype=np.uint64)).reshape(-1, 8)
    for place in range(8):
        counts = np.bincount(found[:, place], minlength=256)
        chi_squared = ((counts - len(found) / 256) ** 2 / (len(found) / 256)).sum()
        assert 150 < chi_squared < 380  # 255 degrees of freedom: mean 255, standard deviation 22.6


@FEW
@given(any_problem(), st.randoms(use_true_random=False))
def test_a_sites_draws_are_its_own(problem, random) -> None:
    """Draws follow the site's reference: alone, or among others in another order, each is the same to the last bit."""
    rows = np.array(random.sample(range(len(problem[1])), random.randint(1, len(problem[1]))))
    assert (drawn_scores(only(problem, rows)) == drawn_scores(problem)[:, rows]).all()


@FEW
@given(any_problem())
def test_unknown_measures_are_expected_on_average(problem) -> None:
    """Over the draws, a score comes out at about the expected one, and between all unknown at its least and most."""
    valued, _ = problem
    found = drawn_scores(problem)
    expected = score(valued.values, valued.state, WEIGHTS.groups, WEIGHTS.of_groups, WEIGHTS.of_criteria).expected
    assert found.mean(axis=0) == pytest.approx(expected / 100, abs=0.07)
    drawn = draw_weights(WEIGHTS, PLAN)
    for site in range(valued.values.shape[0]):
        weights = shares(WEIGHTS, drawn, valued.state[site] != 2)
        bounds = [np.where(valued.state[site] == UNKNOWN, valued.table[valued.pool[site], end], valued.values[site])
                  for end in (0, -1)]  # fmt: skip
        assert (found[:, site] >= weights @ bounds[0] - 1e-5).all()
        assert (found[:, site] <= weights @ bounds[1] + 1e-5).all()


def test_weights_are_drawn_around_the_adopted_ones() -> None:
    """Shares make one, their mean is the adopted share, and a concentration of 30 spreads them as the method says."""
    drawn = draw_weights(WEIGHTS, PLAN.__class__("release", 20_000, 0, 30, 30, 3, 50))
    found = shares(WEIGHTS, drawn, np.ones(5, dtype=np.bool_))
    adopted = effective_weights(np.zeros((1, 5), dtype=np.int8), WEIGHTS.groups, WEIGHTS.of_groups, WEIGHTS.of_criteria)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert found.mean(axis=0) == pytest.approx(adopted[0], abs=0.005)
    assert np.quantile(found[:, 2], [0.05, 0.95]) == pytest.approx([0.352, 0.648], abs=0.01)


def test_what_does_not_apply_leaves_its_weight_to_its_group() -> None:
    """A criterion that does not apply has no share in any draw, and its group keeps its whole weight."""
    drawn = draw_weights(WEIGHTS, PLAN)
    every = shares(WEIGHTS, drawn, np.ones(5, dtype=np.bool_))
    some = shares(WEIGHTS, drawn, np.array([False, True, True, True, True]))
    assert (some[:, 0] == 0).all()
    assert some[:, 1] == pytest.approx(every[:, 0] + every[:, 1], abs=1e-6)
    assert (shares(WEIGHTS, drawn, np.zeros(5, dtype=np.bool_)) == 0).all()


def test_another_seed_is_another_draw() -> None:
    """The same seed gives the same bytes, another one others."""
    refs = ["a", "b"]
    assert site_keys(refs, 1, "release").tobytes() == site_keys(refs, 1, "release").tobytes()
    assert not set(site_keys(refs, 1, "release")) & {*site_keys(refs, 2, "release"), *site_keys(refs, 1, "reuse")}


def test_many_unknown_measures_have_a_chance_each() -> None:
    """More unknown criteria than a word has bytes are drawn from further words: none repeats another."""
    valued, refs = made(1, 50)
    wide = Valued(np.full((50, 11), 0.5), np.full((50, 11), UNKNOWN, dtype=np.int8),
                  np.ones((50, 11), dtype=np.int32), valued.table)  # fmt: skip
    alone = []
    for column in (0, 8, 10):
        weights = WEIGHTS.__class__(
            tuple(range(11)), tuple(1e6 if j == column else 1e-6 for j in range(11)), (1.0,) * 11
        )
        blocks = blocks_of(wide.state, np.arange(50))
        alone.append(draw_scores(wide, site_keys(refs, 0, "release"), blocks, weights, draw_weights(weights, PLAN)))
    assert abs(np.corrcoef(alone[0].ravel(), alone[1].ravel())[0, 1]) < 0.05
    assert abs(np.corrcoef(alone[1].ravel(), alone[2].ravel())[0, 1]) < 0.05
