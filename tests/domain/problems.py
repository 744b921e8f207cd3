"""Made-up problems for the tests of draws and ranks: values, what is known of them, and what the rest is drawn from."""

import numpy as np
from hypothesis import strategies as st

from estates_api.domain.draws import Plan
from estates_api.domain.measured import Valued
from estates_api.domain.method import Weights
from estates_api.domain.peers import DRAWN
from estates_api.domain.scoring import KNOWN, NOT_APPLICABLE, UNKNOWN

WEIGHTS = Weights((0, 0, 1, 2, 2), (1.0, 2.0, 1.0), (1.0, 1.0, 1.0, 3.0, 1.0))
PLAN = Plan("release", draws=200, seed=7, of_groups=30, of_criteria=30, top=3, cut_off=50)


def made(seed: int, sites: int, *, certain: bool = False, steps: int = 1000) -> tuple[Valued, list[str]]:
    """A problem of five criteria with references in no order; `certain`: everything is known. Values are in `steps`."""
    rng = np.random.default_rng(seed)
    state = rng.choice([KNOWN, KNOWN, UNKNOWN, NOT_APPLICABLE], (sites, 5)).astype(np.int8)
    if certain:
        state[:] = KNOWN
    table = np.sort(np.round(rng.random((4, DRAWN)), 12), axis=1)
    table[0] = 0  # nothing is published
    pool = np.where(state == UNKNOWN, rng.integers(0, 4, state.shape), 0).astype(np.int32)
    values = np.where(state == UNKNOWN, table.mean(axis=1)[pool], rng.integers(0, steps + 1, state.shape) / steps)
    refs = [f"S-{number}" for number in rng.permutation(10 * sites)[:sites]]
    return Valued(np.where(state == NOT_APPLICABLE, 0.0, values), state, pool, table), refs


def any_problem(**parts: bool | int) -> st.SearchStrategy[tuple[Valued, list[str]]]:
    """Any problem of up to forty sites."""
    return st.builds(lambda seed, sites: made(seed, sites, **parts), st.integers(0, 10**6), st.integers(1, 40))


def only(problem: tuple[Valued, list[str]], rows: np.ndarray) -> tuple[Valued, list[str]]:
    """Some of the sites of a problem, in the order given."""
    valued, refs = problem
    part = Valued(valued.values[rows], valued.state[rows], valued.pool[rows], valued.table)
    return part, [refs[row] for row in rows]
