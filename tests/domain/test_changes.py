"""One return against another: sizes, names, land and backlog, by the cases of the real returns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.changes import has_changed, is_misspelt, is_renamed, land_of, looks_like_thousands, same_land


@pytest.mark.parametrize(("now", "then"), [(42312, 64124), (28572, 42312), (12572, 25314), (5.14, 12.38), (103, 0.04)])
def test_sizes_that_changed(now: float, then: float) -> None:
    """Chase Farm twice, St Ann's, Chase Farm's land and 19 Aberdeen Park's are worth a question."""
    assert has_changed(now, then)
    assert has_changed(then, now)


@pytest.mark.parametrize(("now", "then"), [(25314, 26116), (14155, 12572), (12.38, 13.39), (0, 12.38), (5, 0), (0, 0)])
def test_sizes_that_did_not(now: float, then: float) -> None:
    """Small steps are none, and nought is no size: since 2016-17 leased land is returned as 0."""
    assert not has_changed(now, then)


@given(st.floats(0.001, 1e6), st.floats(0.001, 1e6))
def test_a_change_has_no_direction(one: float, other: float) -> None:
    """Growing and shrinking are judged alike."""
    assert has_changed(one, other) == has_changed(other, one)


def test_backlog_in_thousands() -> None:
    """RHU went from 10.25 million to 40 thousand on 139,644 m²; RTV and RYY fell by 30 and 42 times only."""
    assert looks_like_thousands(40_251, 10_250_000, 139_644)
    assert not looks_like_thousands(28_000, 857_000, 38_547)
    assert not looks_like_thousands(31_500, 1_335_610, 29_934)
    assert not looks_like_thousands(0, 10_250_000, 139_644)
    assert not looks_like_thousands(200_000, 30_000_000, 139_644)


def test_the_same_land_twice() -> None:
    """Edgware's 6.2 ha under two trusts are one piece; its 0.8 ha are another; nought is none."""
    assert same_land(6.2, 6.2)
    assert same_land(6.2, 6.25)
    assert not same_land(6.2, 0.8)
    assert not same_land(0, 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [("EDGEWARE COMMUNITY HOSPITAL", "Edgware Community Hospital"), ("AGGRETATE", "aggregate"),
     ("ST BATHOLOMEWS HOSPITAL", "ST. BARTHOLOMEW'S HOSPITAL")],
)  # fmt: skip
def test_a_slip_of_the_pen(one: str, other: str) -> None:
    """A letter or two in one word is a slip, whatever the case and the stops."""
    assert is_misspelt(one, other)
    assert is_misspelt(other, one)
    assert is_renamed(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("NORTH WING", "SOUTH WING"), ("WARD 11", "WARD 12"), ("EAST HOUSE", "WEST HOUSE"), ("ST ANN'S", "ST. ANNS"),
     ("BARNET GENERAL HOSPITAL", "BARNET HOSPITAL"), ("PARK LODGE ONE", "PARK HOUSE ONE"), ("", "")],
)  # fmt: skip
def test_another_name_is_no_slip(one: str, other: str) -> None:
    """Other places, numbers, and names that differ by more or by nothing."""
    assert not is_misspelt(one, other)


def test_a_name_that_changed() -> None:
    """Case, apostrophes and stops do not make another name."""
    assert is_renamed("BARNET HOSPITAL", "BARNET GENERAL HOSPITAL")
    assert not is_renamed("St. Ann's Hospital", "ST ANNS  HOSPITAL")


def test_land_is_what_is_owned_first() -> None:
    """Land owned, where it is asked for, else the land of the site."""
    assert land_of({"land_ha": 3, "land_owned_ha": 2}) == ("land_owned_ha", 2)
    assert land_of({"land_ha": 3}) == ("land_ha", 3)
    assert land_of({}) is None
