"""The geometry of value-function plots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.api.plots import BOTTOM, LEFT, RIGHT, TOP, draw_plot
from estates_api.domain.method import find_fault_of_points


def criterion(points: object, scale: str = "linear", labels: int = 2) -> dict[str, object]:
    """A criterion as the words of a method have it."""
    return {"points": points, "scale": scale, "point_labels": [str(n) for n in range(labels)]}


def test_a_rising_line_is_flat_at_both_ends() -> None:
    """From the left edge flat at no points, up between the two points, flat at all points to the right edge."""
    plot = draw_plot(criterion([[2.5, 0], [30, 1]]))
    (x, y, first), (right, top, _) = plot.points
    assert (y, top, first) == (BOTTOM, TOP, "0")
    assert LEFT < x < right < RIGHT
    assert plot.line.startswith(f"{LEFT:.1f},{BOTTOM:.1f} ")
    assert plot.line.endswith(f" {RIGHT:.1f},{TOP:.1f}")


@pytest.mark.parametrize(("scale", "share"), [("linear", 0.0909), ("log", 0.5)])
def test_a_log_scale_is_drawn_as_one(scale: str, share: float) -> None:
    """On a log scale 1 lies midway between 0.1 and 10; on a linear one at the left."""
    places = [x for x, _, _ in draw_plot(criterion([[0.1, 0], [1, 0.5], [10, 1]], scale, 3)).points]
    assert (places[1] - places[0]) / (places[2] - places[0]) == pytest.approx(share, abs=0.01)


def test_what_is_measured_against_peers_is_drawn_as_a_shape() -> None:
    """Where the points differ from site to site, the shape is drawn."""
    assert [y for _, y, _ in draw_plot(criterion("peers")).points] == [BOTTOM, TOP]


@given(
    st.lists(st.floats(1e-6, 1e12), min_size=2, max_size=5, unique=True),
    st.lists(st.floats(0, 1), min_size=5, max_size=5),
    st.booleans(),
)
def test_any_value_function_is_drawn_within_the_box(measures: list[float], values: list[float], log: bool) -> None:
    """Whatever a method may say, its line lies between the edges and runs from left to right."""
    points = tuple(zip(sorted(measures), sorted(values), strict=False))
    if find_fault_of_points(points, log=log):
        return
    dots = draw_plot(criterion(points, "log" if log else "linear", len(points))).points
    assert [x for x, _, _ in dots] == sorted(x for x, _, _ in dots)
    assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y, _ in dots)
