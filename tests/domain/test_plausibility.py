import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.plausibility import check_row


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
    """Empty and under-used above 100 % are both in doubt."""
    assert implausible({"empty_pct": 80, "underused_pct": 30}) == {"empty_pct", "underused_pct"}


def test_one_number_typed_twice() -> None:
    """Equal empty and under-used shares are kept, with a warning not to add them."""
    (finding,) = check_row({"empty_pct": 32, "underused_pct": 32})
    assert not finding.implausible
    assert "typed twice" in finding.reason


def test_parts_that_miss_the_whole() -> None:
    """Clinical and non-clinical more than 5 % off the occupied area are worth a warning, no more."""
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
