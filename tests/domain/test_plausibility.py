from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.plausibility import check_row
from estates_api.domain.records import Issue
from estates_api.domain.rules import RULES
from estates_api.sources import find_reader
from estates_api.sources.document import open_document
from estates_api.sources.reader import Hints


def implausible(values: dict[str, float]) -> set[str | None]:
    """The attributes that must not win."""
    return {finding.attribute for finding in check_row(values) if finding.implausible}


@pytest.mark.parametrize(
    ("gia_m2", "land_ha", "idle_ha"),
    [(399, 103, 0.04), (848, 170, 0.33)],
    ids=["TAF10 19 Aberdeen Park", "RHARA"],
)
def test_land_beyond_all_proportion(gia_m2: float, land_ha: float, idle_ha: float) -> None:
    """Over 10 ha with next to no building is a slip, and the idle land beside it is the site area, swapped."""
    values = {"gia_m2": gia_m2, "land_owned_ha": land_ha, "idle_land_ha": idle_ha}
    assert implausible(values) == {"land_owned_ha", "idle_land_ha"}
    assert implausible({"gia_m2": gia_m2, "land_ha": land_ha}) == {"land_ha"}


@pytest.mark.parametrize(
    "values",
    [
        {"gia_m2": 47047, "land_owned_ha": 43.3, "idle_land_ha": 19.0, "empty_pct": 5, "underused_pct": 9},
        {"gia_m2": 0, "land_owned_ha": 50},
        {"land_owned_ha": 50},
        {"gia_m2": 10, "land_owned_ha": 9},
        {"clinical_m2": 1, "non_clinical_m2": 1},
        {"occupied_m2": 0, "clinical_m2": 1, "non_clinical_m2": 1},
        {"empty_pct": 0, "underused_pct": 0},
        {"idle_land_ha": 3},
        {},
    ],
)
def test_true_sites_pass(values: dict[str, float]) -> None:
    """RNOH Stanmore, land without a building and half-filled rows raise nothing."""
    assert check_row(values) == []


def test_more_idle_than_owned() -> None:
    """Land not delivering services cannot be more than the land."""
    assert implausible({"land_owned_ha": 2.75, "idle_land_ha": 3.27}) == {"idle_land_ha"}


def test_more_empty_than_there_is() -> None:
    """Empty and under-used above 100% are both in doubt."""
    assert implausible({"empty_pct": 80, "underused_pct": 30}) == {"empty_pct", "underused_pct"}


def test_one_number_typed_twice() -> None:
    """Equal empty and under-used shares are kept, with a warning not to add them."""
    (finding,) = check_row({"empty_pct": 32, "underused_pct": 32})
    assert not finding.implausible
    assert "typed twice" in finding.reason


def test_parts_that_miss_the_whole() -> None:
    """Clinical and non-clinical more than 5% off the occupied area are worth a warning, no more."""
    (finding,) = check_row({"occupied_m2": 4000, "clinical_m2": 3000, "non_clinical_m2": 500})
    assert (finding.attribute, finding.implausible) == (None, False)
    assert check_row({"occupied_m2": 4000, "clinical_m2": 3000, "non_clinical_m2": 801}) == []


_NAMES = [
    "gia_m2",
    "land_ha",
    "land_owned_ha",
    "idle_land_ha",
    "empty_pct",
    "underused_pct",
    "occupied_m2",
    "clinical_m2",
    "non_clinical_m2",
]


@given(st.dictionaries(st.sampled_from(_NAMES), st.floats(0, 1e6)))
def test_only_what_was_given_is_blamed(values: dict[str, float]) -> None:
    """Whatever the numbers, no finding names an attribute the row does not have."""
    assert {finding.attribute for finding in check_row(values)} <= {None, *values}


BACKLOG = ("backlog_high_gbp", "backlog_significant_gbp")

# (rule, what a row says, what is said not to apply, the figure to blame, whether it must not win), from real returns.
CASES = [
    ("tenancy-share", {"gia_m2": 10192, "occupied_m2": 2440, "empty_pct": 0}, (), "occupied_m2", False),
    ("tenancy-share", {"gia_m2": 34884, "occupied_m2": 5935, "unutilised_pct": 0}, (), "occupied_m2", False),
    ("occupied-over-floor-area", {"gia_m2": 94500, "occupied_m2": 113530}, (), "occupied_m2", False),
    ("backlog-not-applicable", {"land_owned_ha": 0.8}, BACKLOG, "backlog_high_gbp", False),
    ("floor-area-missing", {"gia_m2": 1, "energy_cost_gbp": 20_000}, (), "gia_m2", True),
    ("floor-area-missing", {"gia_m2": 0, "cleaning_cost_gbp": 1_000}, (), "gia_m2", True),
    ("vacancy-over-floor-area", {"gia_m2": 900, "empty_m2": 901}, (), "empty_m2", True),
    ("vacancy-over-floor-area", {"gia_m2": 900, "unoccupied_m2": 9000}, (), "unoccupied_m2", True),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "values", "absent", "blamed", "never_wins"), CASES)
def test_what_a_row_says_against_itself(
    rule: str, values: dict[str, float], absent: tuple[str, ...], blamed: str, never_wins: bool
) -> None:
    """Finchley Memorial's and Edgware's shares, BEH's Edgware without backlog, fillers, and more than there is."""
    (finding,) = check_row(values, absent)
    assert (finding.rule, finding.attribute, finding.implausible) == (rule, blamed, never_wins)


@pytest.mark.parametrize(
    ("values", "absent"),
    [
        ({"gia_m2": 10192, "occupied_m2": 5100, "empty_pct": 0}, ()),
        ({"gia_m2": 10192, "occupied_m2": 2440, "empty_pct": 60}, ()),
        ({"gia_m2": 10192, "occupied_m2": 2440}, ()),
        ({"gia_m2": 10192, "occupied_m2": 0, "empty_pct": 0}, ()),
        ({"gia_m2": 100, "occupied_m2": 100}, ()),
        ({"land_owned_ha": 0.0}, BACKLOG),
        ({"land_owned_ha": 0.8}, BACKLOG[:1]),
        ({"gia_m2": 1, "energy_cost_gbp": 999}, ()),
        ({"gia_m2": 2, "energy_cost_gbp": 20_000}, ()),
        ({"gia_m2": 900, "empty_m2": 900}, ()),
    ],
)
def test_what_speaks_against_nothing(values: dict[str, float], absent: tuple[str, ...]) -> None:
    """Half a building, a building that is empty, none occupied, leased land, small fillers: no finding."""
    assert check_row(values, absent) == []


# How often each rule fires in the part of England's returns that the tests have; all of England has more.
# Findings, not rows: the two rows with too much land (TAF10, RHARA) and the three above 100% have two figures each.
COUNTS = {
    "2013-14": {"occupied-parts": 285, "tenancy-share": 6, "occupied-over-floor-area": 1},
    "2014-15": {"occupied-parts": 257, "tenancy-share": 8, "occupied-over-floor-area": 2},
    "2016-17": {"occupied-parts": 54, "tenancy-share": 9, "vacancy-typed-twice": 13, "vacancy-over-whole": 6,
                "idle-land-over-land": 3, "land-implausible": 4, "backlog-not-applicable": 34},
}  # fmt: skip
ROW_RULES = {rule for rule, *_ in CASES} | {rule for counts in COUNTS.values() for rule in counts}


@pytest.mark.parametrize("year", COUNTS)
def test_how_often_each_rule_fires(published: Path, year: str) -> None:
    """In England's real returns every rule of a row fires as often as counted by hand, and no other does."""
    document = open_document(published / f"eric/eric_{year}_site_england_part.csv")
    found = find_reader(document, None).read(document, Hints()).records
    counts = Counter(record.rule for record in found if isinstance(record, Issue) and record.rule in ROW_RULES)
    assert counts == COUNTS[year]


def test_every_finding_has_a_rule() -> None:
    """What a row can be found guilty of is one of the rules that are published."""
    assert set(RULES) >= ROW_RULES
