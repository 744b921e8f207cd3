"""The density matrix of the shipped method: the published table, and the check against dated cases."""

import tomllib
from typing import Any

import pytest
from builders import METHOD_FILE, method

from estates_api.domain.density import (
    BAND_OF,
    BANDS,
    SETTINGS,
    Band,
    Case,
    Density,
    Setting,
    check_case,
    homes_on,
    parse_density,
)
from estates_api.domain.measures import PTAL_LEVELS
from estates_api.domain.toml_table import Fault, Table


def density() -> Density:
    """The shipped one."""
    found = method().density
    assert found is not None
    return found


@pytest.mark.parametrize(("setting", "rooms", "band", "cell"), [
    ("suburban", "3.8-4.6", "0-1", (35, 55)), ("suburban", "2.7-3.0", "4-6", (70, 130)),
    ("urban", "3.1-3.7", "2-3", (55, 145)), ("central", "3.8-4.6", "2-3", (65, 170)),
    ("central", "2.7-3.0", "4-6", (215, 405)),
])  # fmt: skip
def test_cells_are_those_of_the_published_table(
    setting: Setting, rooms: str, band: Band, cell: tuple[int, int]
) -> None:
    """Cells of the London Plan 2011-2016, table 3.2, as published."""
    assert density().cells[(setting, band, rooms)] == cell


def test_the_matrix_only_rises() -> None:
    """More central, better served or with smaller homes, a hectare never takes fewer homes: a typing check."""
    cells = density().cells
    for rooms in density().rooms:
        for setting in SETTINGS:
            along = [cells[(setting, band, rooms)] for band in BANDS]
            assert along == sorted(along)
        for band in BANDS:
            along = [cells[(setting, band, rooms)] for setting in SETTINGS]
            assert along == sorted(along)


def test_every_transport_level_has_a_band() -> None:
    """Each level that a neighbourhood can have leads to one band of the matrix."""
    assert set(BAND_OF) == set(PTAL_LEVELS)


def test_a_range_spans_what_is_possible() -> None:
    """One setting and band: lowest of the largest homes to highest of the smallest; two: from the lower to the
    higher."""
    assert density().homes_per_ha(["urban"], ["2-3"]) == (45, 100, 170)
    assert density().homes_per_ha(["suburban", "urban"], ["2-3"]) == (35, 80, 170)


def test_homes_are_whole() -> None:
    """None is built in part, and rounding of decimals loses none."""
    assert homes_on((0.1, 0.7, 1.0), (45, 100, 170)) == (4, 70, 170)


def test_a_case_is_compared_with_what_was_planned() -> None:
    """7.1 ha urban at PTAL 2-3: 319 to 1,207, so 700 to 800 lies within and the middle is 5% too low."""
    case = Case("A", "RRP03", "2018", 7.1, (700, 800), "", "a page")
    checked = check_case(density(), case, ("urban",), ("2-3",))
    assert (checked.said, checked.within) == ((319, 710, 1207), True)
    assert checked.error == pytest.approx(-40 / 750)
    assert not check_case(density(), Case("A", "", "", 7.1, (1300, 1300), "", ""), ("urban",), ("2-3",)).within


def parse(**changes: Any) -> Density:
    """The shipped table with changes: a key, or `first_density` and `first_case` for a key of the first row."""
    row = tomllib.loads(METHOD_FILE.read_text())["capacity"]
    for key, value in changes.items():
        if key.startswith("first_"):
            row[key.removeprefix("first_")][0].update(value)
        else:
            row[key] = value
    return parse_density(Table(("capacity",), "[capacity]", row))


BROKEN: list[tuple[str, Any, str]] = [
    ("first_density", {"setting": "rural"}, "'rural' is not known here; write one of: central, suburban, urban"),
    ("first_density", {"ptal_2_3": [90, 40]}, "must be two numbers above 0 and up to 5,000, the lower first"),
    ("first_density", {"rooms": "9"}, "one \\[\\[capacity.density\\]\\] for each setting and each number of rooms"),
    ("density", [], "for each setting and each number of rooms"),
    ("first_case", {"area_ha": 0}, "must be a number from 0.001"),
    ("first_case", {"homes": [5, 4]}, "the lower first"),
    ("first_case", {"homes": [0.5, 0.9]}, "homes are whole"),
    ("first_case", {"homes": [1, 1.5]}, "homes are whole"),
    ("share_of_open_land", {"low": 0.5, "mid": 0.4, "high": 0.9}, "low, mid and high must rise"),
    ("urban_classes", "district", "must be a list of texts"),
]


@pytest.mark.parametrize(("key", "value", "said"), BROKEN)
def test_a_broken_table_is_refused(key: str, value: Any, said: str) -> None:
    """A wrong setting, a range upside down, a row too few, a case without land: the fault says what to write."""
    with pytest.raises(Fault, match=said):
        parse(**{key: value})


def test_cases_are_cited() -> None:
    """Every shipped case says when it was and where it is from."""
    assert len(density().cases) >= 8
    assert all(case.citation and case.when for case in density().cases)
    assert parse() == density()
