from datetime import date

import pytest
from builders import claim, event, holding, method, site

from estates_api.domain.claims import claims_by_day, winning_claims
from estates_api.domain.intensity import plot_ratio, trust_kind
from estates_api.domain.measures import MEASURES
from estates_api.domain.sites import Holding, Site


def measured(one: Site) -> float | None:
    """Floor area for its land, per cent of the usual, by the shipped method."""
    return MEASURES["release.intensity"](one, method()).number


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"organisation_type": "ACUTE - LARGE"}, "acute"),
        ({"organisation_type": "Acute - Teaching"}, "acute"),
        (
            {"organisation_type": "MENTAL HEALTH AND LEARNING DISABILITY", "site_type": "General acute hospital"},
            "other",
        ),
        ({"organisation_type": "CARE TRUST"}, "other"),
        ({"site_type": "General acute hospital"}, "acute"),
        ({"site_type": "Specialist hospital (acute only)"}, "acute"),
        ({"site_type": "Specialist hospital"}, "other"),
        ({}, "other"),
    ],
)
def test_the_organisations_own_type_comes_first(said: dict[str, str], kind: str) -> None:
    """ERIC's organisation type tells acute trusts apart; without it the site's; without both the lower norm stands."""
    assert trust_kind([holding(**said)])[0] == kind


def test_the_same_building_is_thin_for_one_and_close_for_another() -> None:
    """0.3 of the land is half of what acute trusts are used to, and more than the others are."""
    stated = {"gia_m2": 3_000.0, "land_owned_ha": 1.0}
    acute = site(holding(organisation_type="ACUTE - SMALL", **stated))
    other = site(holding(organisation_type="COMMUNITY", **stated))
    assert measured(acute) == pytest.approx(100 * 0.3 / 0.59, abs=1e-5)
    assert measured(other) == pytest.approx(100 * 0.3 / 0.18, abs=1e-5)
    assert "usual for an acute trust: 0.59" in MEASURES["release.intensity"](acute, method()).note


def test_each_piece_of_land_is_held_against_its_own_kind() -> None:
    """Chase Farm: a third of the land is the acute trust's, two thirds are the mental health trust's."""
    one = site(
        holding("RALC7", organisation_type="ACUTE - LARGE", gia_m2=28_572.0, land_owned_ha=5.14),
        holding("RRP02", organisation_type="MENTAL HEALTH", gia_m2=23_557.0, land_owned_ha=11.1),
    )
    usual = (5.14 * 0.59 + 11.1 * 0.18) / 16.24
    assert measured(one) == pytest.approx(100 * (52_129 / 162_400) / usual, abs=1e-4)
    note = MEASURES["release.intensity"](one, method()).note
    assert "an acute trust and a trust that is not acute: 0.31" in note


def test_a_later_sale_leaves_what_was_returned() -> None:
    """St Ann's: floor area and land are of one return; of what was built on the part that was sold nobody tells."""
    stated = {"organisation_type": "MENTAL HEALTH", "gia_m2": 14_155.0, "land_owned_ha": 10.97}
    sale = event("sold", scope="part", area_ha=7.1, date_text="2018-03", latest=date(2018, 3, 31))
    assert measured(site(holding("RRP03", **stated), events=(sale,))) == measured(site(holding("RRP03", **stated)))


def test_land_under_two_holdings_is_one_piece() -> None:
    """Edgware's 6.2 ha stand under two trusts: once as land, both floor areas on it."""
    one = site(holding("RYX24", gia_m2=30_000.0, land_ha=6.2), holding("RALRA", gia_m2=1_000.0, land_ha=6.2))
    found = plot_ratio(one)
    assert found is not None
    assert found[0] == pytest.approx(31_000 / 62_000)


def test_what_cannot_be_is_no_intensity() -> None:
    """103 ha under 399 m² never wins, and then land is unknown; a floor area of nought on land is land to spare."""
    stated = [claim("gia_m2", 399.0), claim("land_owned_ha", 103.0, implausible="103 ha for 399 m²")]
    row = Holding("TAF", "Camden and Islington", "NHS", "TAF10", winning_claims(stated), claims_by_day(stated))
    assert measured(site(row)) is None
    assert measured(site(holding(gia_m2=0.0, land_owned_ha=1.0))) == 0


def test_the_floor_area_is_of_the_return_that_states_the_land() -> None:
    """Land of 2014-15 is held against the floor area of 2014-15, not against the later one of a smaller hospital."""
    old = holding("RALC7", "ERIC 2014-15", gia_m2=64_124.0, land_ha=13.39)
    one = site(holding("RALC7", gia_m2=28_572.0, claims=(*old.claims.values(),)))
    found = plot_ratio(one)
    assert found is not None
    assert found[0] == pytest.approx(64_124 / 133_900)


def test_council_land_has_no_usual() -> None:
    """Councils return no floor areas that could be usual: the criterion leaves the mean, it is not unknown."""
    one = site(holding("BAR", sector="council", gia_m2=300.0, land_ha=1.0))
    assert MEASURES["release.intensity"](one, method()).state == "not applicable"


@pytest.mark.parametrize("land_ha", [5e-324, 1e-9, 0.00009])
def test_less_than_a_square_metre_is_no_land(land_ha: float) -> None:
    """Nothing is divided by a land that nothing could stand on: how closely it is built is not known."""
    assert measured(site(holding(gia_m2=3_000.0, land_owned_ha=land_ha))) is None
