"""Areas of search: inside, outside, or not known, by how precise a position is."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.search_areas import AGAINST, FOR, NOT_KNOWN, Boroughs, Circle, Drawn, Positions, SearchArea

UPRN, POSTCODE, NOWHERE = 0.0, 100.0, np.nan
SQUARE = shapely.MultiPolygon([shapely.box(1000, 1000, 3000, 3000)])


def at(shape: object, error_m: float = UPRN, borough: str = "") -> Positions:
    """One site's position."""
    shapes = np.array([shape], dtype=object)
    return Positions(shapes, np.array([error_m]), np.array([borough]))


def point(x: float, y: float = 2000) -> shapely.Point:
    """A point in the middle of the square's height."""
    return shapely.Point(x, y)


@pytest.mark.parametrize("area", [Drawn(SQUARE), Boroughs(("E1",), ("One",), SQUARE)])
@pytest.mark.parametrize(
    ("x", "error_m", "expected"),
    [(2000, UPRN, FOR), (2000, POSTCODE, FOR), (2950, UPRN, FOR), (2950, POSTCODE, NOT_KNOWN), (3050, UPRN, AGAINST),
     (3050, POSTCODE, NOT_KNOWN), (3150, POSTCODE, AGAINST)],
)  # fmt: skip
def test_near_the_edge_a_postcode_is_not_sure(area: SearchArea, x: float, error_m: float, expected: int) -> None:
    """A UPRN point 50 m from the edge is in or out; the middle of a postcode there is neither."""
    here = at(point(x), error_m, "E1" if x < 3000 else "E2")
    assert area.lies(here).tolist() == [expected]


def test_a_site_known_to_its_borough_is_in_it() -> None:
    """A borough is enough for a borough, and tells nothing of a circle or a polygon; nowhere is nowhere."""
    known, unknown = at(None, NOWHERE, "E1"), at(None, NOWHERE)
    assert Boroughs(("E1", "E2"), ("One", "Two")).lies(known).tolist() == [FOR]
    assert Boroughs(("E3",), ("Three",)).lies(known).tolist() == [AGAINST]
    assert Boroughs(("E1",), ("One",), SQUARE).lies(unknown).tolist() == [NOT_KNOWN]
    for area in (Circle(2000, 2000, 500), Drawn(SQUARE)):
        assert area.lies(known).tolist() == [NOT_KNOWN]
    assert Drawn(SQUARE).lies(at(point(2000), NOWHERE, "E1")).tolist() == [NOT_KNOWN]


def test_an_outline_may_lie_across_the_edge() -> None:
    """A part inside: which part of the site is spare is not known, so it is neither in nor out."""
    circle = Circle(2000, 2000, 500)
    for area, inside, across, outside in (
        (circle, (1900, 1900, 2100, 2100), (2400, 1900, 2600, 2100), (2501, 0, 2600, 9)),
        (Drawn(SQUARE), (1000, 1000, 2000, 2000), (2900, 2900, 3100, 3100), (4000, 0, 5000, 9)),
    ):
        shapes = [shapely.box(*corners) for corners in (inside, across, outside)]
        assert [int(area.lies(at(shape))[0]) for shape in shapes] == [FOR, NOT_KNOWN, AGAINST]


@given(st.floats(0, 5000), st.floats(0, 5000), st.floats(1, 3000), st.sampled_from([UPRN, POSTCODE]),
       st.floats(0, 6.28), st.floats(0, 1))  # fmt: skip
def test_a_circle_is_right_wherever_the_site_really_is(
    x: float, y: float, radius: float, error_m: float, angle: float, share: float
) -> None:  # fmt: skip
    """What is said to be inside is inside, and outside is outside, wherever within its error the site is."""
    circle = Circle(2500, 2500, radius)
    said = circle.lies(at(point(x, y), error_m))[0]
    really = (x + np.cos(angle) * error_m * share, y + np.sin(angle) * error_m * share)
    away = np.hypot(really[0] - 2500, really[1] - 2500)
    assert said != FOR or away <= radius + 1e-6
    assert said != AGAINST or away > radius - 1e-6
    assert said != NOT_KNOWN or error_m > 0


def test_areas_in_words() -> None:
    """A point is told by its coordinates, boroughs with an `or`."""
    assert Circle(530_000, 190_000, 1500).told() == "within 1,500 m of 530000, 190000"
    assert Boroughs(("E1", "E2", "E3"), ("One", "Two", "Three")).told() == "in One, Two or Three"
