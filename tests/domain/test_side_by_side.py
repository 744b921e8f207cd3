"""Sites side by side: the figures of each under one another, nothing made up for what is not known."""

from typing import Any

import pytest

from estates_api.domain.side_by_side import set_side_by_side


def described(**changes: Any) -> dict[str, Any]:
    """A site as its address describes it, in short."""
    part = {"criterion": "release.vacancy", "title": "empty space", "state": "known", "points": 12.345, "measure": 30.0,
            "unit": "%", "note": ""}  # fmt: skip
    return {"site": {"owner": "A Trust", "land_ha": 1.5}, "release": {"score": 60.0, "contributions": [part]},
            "route": "release"} | changes  # fmt: skip


def row(tables: list[dict[str, Any]], title: str) -> dict[str, Any]:
    """The row of that title."""
    (found,) = [one for table in tables for one in table["rows"] if one["title"] == title]
    return found


def test_each_row_has_a_value_for_every_site() -> None:
    """A row has as many values as there are sites, in their order."""
    tables = set_side_by_side([described(), described(route="reuse"), described()])
    assert row(tables, "Route")["values"] == ["release", "reuse", "release"]
    assert all(len(one["values"]) == 3 for table in tables for one in table["rows"])


def test_points_stand_with_what_was_measured() -> None:
    """A criterion's row has the points of each site and the measure in words."""
    found = row(set_side_by_side([described(), described()]), "empty space")
    assert found["values"] == pytest.approx([12.345] * 2, abs=0.006)
    assert found["measured"] == ["30%", "30%"]


def test_what_is_not_known_is_none() -> None:
    """An unknown measure has neither points nor words, and a site without assessment no score."""
    unknown = described()
    (part,) = unknown["release"]["contributions"]
    unknown["release"] = {"score": 0.0, "contributions": [part | {"state": "unknown"}]}
    tables = set_side_by_side([described(), unknown, {"site": {}}])
    assert row(tables, "empty space")["values"][1:] == [None, None]
    assert row(tables, "empty space")["measured"][1:] == [None, None]
    assert row(tables, "Release score")["values"] == [60.0, 0.0, None]


def test_who_is_not_ranked_is_said() -> None:
    """A rank is none of a site's measures: without one a site is not ranked, which is known."""
    assert row(set_side_by_side([described(), described()]), "Rank for release")["values"] == ["not ranked"] * 2


def test_what_differs_is_marked() -> None:
    """A row is marked where the sites are not all the same, what one does not know among them."""
    tables = set_side_by_side([described(), described(route="reuse"), described()])
    assert row(tables, "Route")["differs"]
    assert not row(tables, "Owner")["differs"]
    assert row(set_side_by_side([described(), {"site": {}}]), "Owner")["differs"]


def test_gates_and_limits_stand_side_by_side() -> None:
    """What closes release in words, `none` where nothing does; a limit says whether it applies and what it takes, and
    is None where that is not known."""
    belt = {"id": "green_belt", "title": "green belt", "state": "applies", "area_ha": 0.5}
    shut = described(gates=[{"reason": "only an owner can release"}], limits=[belt])
    open_ = described(gates=[], limits=[belt | {"state": "unknown", "area_ha": None}])
    tables = set_side_by_side([shut, open_, described()])
    assert row(tables, "Gates that close release")["values"] == ["only an owner can release", "none", None]
    assert row(tables, "Green belt")["values"] == ["applies, takes 0.50 ha", None, None]
