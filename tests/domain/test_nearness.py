"""Distances, and the town centre that decides a site's setting."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.nearness import SETTING_M, Centre, deciding_centre, nearest

DISTRICT, MAJOR, WEST_END = "district", "major", "international"


@pytest.mark.parametrize(
    ("centres", "error_m", "decides"),
    [
        ([], 0, None),
        ([(DISTRICT, "A", 300.0), (MAJOR, "B", 700.0)], 0, "B"),
        ([(DISTRICT, "A", 300.0), (MAJOR, "B", 801.0)], 0, "A"),
        ([(DISTRICT, "A", 2000.0), (MAJOR, "B", 3000.0)], 0, "A"),
        ([(MAJOR, "B", 800.0)], 0, "B"),
        ([(MAJOR, "B", 750.0)], 100, None),
        ([(MAJOR, "B", 850.0), (DISTRICT, "A", 100.0)], 100, None),
        ([(MAJOR, "B", 950.0), (DISTRICT, "A", 100.0)], 100, "A"),
        ([(MAJOR, "B", 950.0), (DISTRICT, "A", 790.0)], 100, None),
        ([(WEST_END, "W", 600.0), (MAJOR, "B", 500.0)], 100, "B"),
    ],
)
def test_the_centre_that_decides(centres: list[Centre], error_m: float, decides: str | None) -> None:
    """A larger centre within 800 m outdoes a nearer district; too near the line to tell is not known."""
    found = deciding_centre(centres, error_m)
    assert (found[1] if found else None) == decides


@given(st.lists(st.tuples(st.sampled_from([DISTRICT, MAJOR]), st.just("x"), st.floats(0, 3000))), st.floats(0, 300))
def test_a_less_precise_position_never_says_otherwise(centres: list[Centre], error_m: float) -> None:
    """With an error the answer is that of the exact position, or that it is not known."""
    exact, rough = deciding_centre(centres, 0), deciding_centre(centres, error_m)
    assert rough is None or rough == exact


def test_the_setting_is_that_of_the_plan() -> None:
    """800 metres, table 3.2."""
    assert SETTING_M == 800


def test_the_nearest_of_points_and_areas() -> None:
    """Distances are between shapes: nought within one, from the edge of an outline outside it."""
    sites = np.array([shapely.Point(0, 0), shapely.box(100, 0, 110, 10), shapely.Point(505, 5)], dtype=object)
    places = np.array([shapely.Point(30, 40), shapely.Point(140, 10), shapely.box(500, 0, 510, 10)], dtype=object)
    found, metres = nearest(sites, places)
    assert found.tolist() == [0, 1, 2]
    assert metres.tolist() == [50, 30, 0]
