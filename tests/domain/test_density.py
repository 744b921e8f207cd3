"""The density matrix of the shipped method: the published table, and the check against dated cases."""

import tomllib

import pytest
from builders import METHOD_FILE, method

from estates_api.domain.density import BAND_OF, BANDS, SETTINGS, Case, check_case, homes_on, parse_density
from estates_api.domain.measures import PTAL_LEVELS


def density():
    """The shipped one."""
    found = method().density
    assert found is not None
    return found


@pytest.mark.parametrize(("setting", "rooms", "band", "cell"), [
    ("suburban", "3.8-4.6", "0-1", (35, 55)), ("suburban", "2.7-3.0", "4-6", (70, 130)),
    ("urban", "3.1-3.7", "2-3", (55, 145)), ("central", "3.8-4.6", "2-3", (65, 170)),
    ("central", "2.7-3.0", "4-6", (215, 405)),
])  # fmt: skip
def test_cells_are_those_of_the_published_table(setting, rooms, band, cell) -> None:
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
    """7.1 ha urban at PTAL 2-3: 319 to 1,207, so 700 to 800 lies within and the middle is 5 % too low."""
    case = Case("A", "RRP03", "2018", 7.1, (700, 800), "", "a page")
    checked = check_case(density(), case, ("urban",), ("2-3",))
    assert (checked.said, checked.within) == ((319, 710, 1207), True)
    assert checked.error == pytest.approx(-40 / 750)
    assert not check_case(density(), Case("A", "", "", 7.1, (1300, 1300), "", ""), ("urban",), ("2-3",)).within


BROKEN = [
    ("setting", "rural", "'rural' is not one of suburban, urban, central"),
    ("ptal_2_3", [90, 40], "PTAL 2-3: low above 0 and up to high"),
    ("rooms", "9", "one row for each setting and each number of rooms"),
]


@pytest.mark.parametrize(("key", "value", "said"), BROKEN)
def test_a_broken_table_is_refused(key: str, value: object, said: str) -> None:
    """A wrong setting, a range upside down, a row too few: the error says which."""
    table = tomllib.loads(METHOD_FILE.read_text())["capacity"]
    table["density"][0][key] = value
    with pytest.raises(ValueError, match=said):
        parse_density(table)


def test_shares_rise_within_one() -> None:
    """The share of open land is a range, too, and no more than all of it."""
    table = tomllib.loads(METHOD_FILE.read_text())["capacity"] | {"share_of_open_land": {"low": 1, "mid": 2, "high": 3}}
    with pytest.raises(ValueError, match="rise within 0 and 1"):
        parse_density(table)


def test_cases_are_cited_and_possible() -> None:
    """Every shipped case says where it is from; one without land is refused."""
    assert len(density().cases) >= 8
    assert all(case.citation and case.when for case in density().cases)
    table = tomllib.loads(METHOD_FILE.read_text())["capacity"]
    table["case"][0]["area_ha"] = 0
    with pytest.raises(ValueError, match="area_ha and homes must be above 0"):
        parse_density(table)
