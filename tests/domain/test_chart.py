"""The chart of a score: its figures are those of the score, to the last place that is shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.chart import share_out, stack_parts

POINTS = st.lists(st.floats(0, 30).map(lambda one: round(one, 6)), min_size=1, max_size=12)


@given(POINTS)
def test_shown_points_sum_to_the_shown_score(points: list[float]) -> None:
    """However many parts there are, the figures add up to the score as it is shown, each less than 0.01 off, and
    nothing is shown of a part that has no points."""
    shown = share_out(points, sum(points))
    assert f"{sum(shown):.2f}" == f"{sum(points):.2f}"
    assert all(abs(one - exact) < 0.01 + 1e-9 for one, exact in zip(shown, points, strict=True))
    assert all(one == 0 for one, exact in zip(shown, points, strict=True) if exact == 0)


def scored(*parts: tuple[float, float | None]) -> dict[str, Any]:
    """A described score of parts: points, and the most that an unknown one could have."""
    made = [{"criterion": f"release.{at}", "title": f"part {at}", "points": points, "weight": 0.1,
             "could_be": None if most is None else [0.0, most]} for at, (points, most) in enumerate(parts)]  # fmt: skip
    return {"score": sum(points for points, _ in parts), "contributions": made}


@given(st.lists(st.tuples(st.floats(0, 10), st.none() | st.floats(10, 20)), min_size=1, max_size=8))
def test_bars_follow_one_another(parts: list[tuple[float, float | None]]) -> None:
    """Known parts lie end to end from 0 to the score, unknown ones end to end from there to the highest score."""
    made = scored(*parts)
    stacked = stack_parts(made)
    ends = [0.0, *(one["start"] + one["points"] for one in stacked)]
    assert [one["start"] for one in stacked] == pytest.approx(ends[:-1], abs=0.006)
    assert ends[-1] == pytest.approx(made["score"], abs=0.0051)
    upper = made["score"]
    for one in stacked:
        if one["open"]:
            assert one["open"][0] == pytest.approx(upper)
            upper = sum(one["open"])
    assert upper == pytest.approx(made["score"] + sum(most - points for points, most in parts if most is not None))


def test_what_does_not_apply_has_no_bar() -> None:
    """A criterion that does not apply to a site has no weight in its score, and no bar."""
    made = scored((5.0, None), (0.0, None))
    made["contributions"][1]["weight"] = 0.0
    assert [one["title"] for one in stack_parts(made)] == ["part 0"]
