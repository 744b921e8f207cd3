from datetime import date

import pytest
from builders import FEW, any_site, claim, event, holding, site
from hypothesis import given

from estates_api.domain.land import find_occupancy, idle_share, land_claim, site_land, vacant_share
from estates_api.domain.sites import Event, Holding, Site


def _land(one: Site) -> tuple[float, float | None]:
    land = site_land(one)
    assert land is not None
    return land.area_ha, land.open_ha


def test_edgware_counts_once() -> None:
    """Edgware's 6.2 ha stand under two trusts (RYX24, RALRA): counted once, beside the 0.8 ha of RRP01."""
    one = site(
        holding("RYX24", "ERIC 2014-15", land_ha=6.2, footprint_m2=15_503.0),
        holding("RALRA", "ERIC 2014-15", land_ha=6.2, gia_m2=20.0),
        holding("RRP01", "ERIC 2014-15", land_ha=0.8, footprint_m2=5_264.0),
    )
    land = site_land(one)
    assert land is not None
    assert land.area_ha == 7.0
    assert land.open_ha == pytest.approx(7.0 - 1.5503 - 0.5264)
    assert land.note == "6.2 ha under RYX24 is the land already counted under RALRA"
    assert sorted(c.number or 0 for c in land.claims) == [0.8, 6.2, 5_264, 15_503]


def test_the_order_of_the_holdings_does_not_matter() -> None:
    """The same holdings give the same land, in whatever order they come."""
    parts = (holding("RYX24", land_owned_ha=6.2, gia_m2=34_884.0), holding("RALRA", land_owned_ha=6.2, gia_m2=20_490.0))
    assert site_land(site(*parts)) == site_land(site(*parts[::-1]))


def test_two_equal_plots_of_one_list_are_two_plots() -> None:
    """One council's two plots of 0.1 ha in one list are 0.2 ha; under its new code in a newer one they are the same."""
    plots = [holding(code, "Assets 2020", sector="council", land_ha=0.1) for code in ("BAR1", "BAR2")]
    assert _land(site(*plots)) == (0.2, 0.2)
    recoded = [holding("RAP99", "ERIC 2014-15", land_ha=8.3), holding("RAPNM", land_owned_ha=8.3)]
    assert _land(site(*recoded)) == (8.3, 8.3)


def test_aberdeen_park_uses_the_true_hectares() -> None:
    """TAF10 has 0.04 ha with 103 m² built on: the 103 ha never reach the sum."""
    one = holding("TAF10", "ERIC 2014-15", land_ha=0.04, footprint_m2=103.0, gia_m2=399.0)
    assert _land(site(one)) == (0.04, 0.0297)


def test_leased_land_is_not_land() -> None:
    """Finchley Memorial (RYX23) owns 0 ha since the question is of land owned: nothing is known, not an old figure."""
    one = holding("RYX23", land_owned_ha=0.0, claims=(claim("land_ha", 2.0, "ERIC 2014-15"),))
    assert land_claim(one) is None
    assert site_land(site(one)) is None
    assert site_land(site()) is None


def test_a_correction_of_the_land_beats_the_newer_question() -> None:
    """Authority goes over newness between the alternative attributes too."""
    corrected = claim("land_ha", 3.0, "ERIC 2014-15", authority=30)
    assert _land(site(holding(land_owned_ha=30.0, claims=(corrected,)))) == (3.0, 3.0)


def test_saint_anns_sold_two_thirds() -> None:
    """St Ann's (RRP03): 7.1 ha sold in March 2018 come off 10.97 ha and, in proportion, off the buildings."""
    one = holding("RRP03", land_owned_ha=10.97, gia_m2=14_155.0)
    sale = event("part sold", area_ha=7.1)
    land = site_land(site(one, events=(sale,)))
    assert land is not None
    assert land.area_ha == pytest.approx(3.87)
    assert land.open_ha == pytest.approx((10.97 - 1.4155) * 3.87 / 10.97, abs=1e-6)
    assert "7.1 ha taken off" in land.note


@pytest.mark.parametrize(
    "sale",
    [
        event("part sold", date(2017, 3, 31), area_ha=7.1),
        event("part sold", None, area_ha=7.1),
        event("part sold"),
        event("planning permission", area_ha=7.1),
    ],
    ids=["before the return", "undated", "no area", "not a sale"],
)
def test_what_is_not_surely_a_later_sale_takes_nothing_off(sale: Event) -> None:
    """Only a sale with an area, surely after the return, changes the land."""
    assert _land(site(holding(land_owned_ha=10.97, gia_m2=0.0), events=(sale,))) == (10.97, 10.97)


def test_more_sold_than_there_was() -> None:
    """Where more was sold than anybody stated, what is left is not known: St Pancras still stands there."""
    sale = event("part sold", area_ha=0.81)
    assert site_land(site(holding("TAF01", land_owned_ha=0.57, gia_m2=16_152.0), events=(sale,))) is None


def test_what_stands_on_the_land() -> None:
    """The footprint counts when it is of the same return, else the floor area; never more than the land."""
    footprint = claim("footprint_m2", 5_000.0, "ERIC 2014-15")
    assert _land(site(holding(land_owned_ha=2.0, gia_m2=9_000.0, claims=(footprint,)))) == (2.0, 1.1)
    assert _land(site(holding(land_owned_ha=2.0, gia_m2=90_000.0))) == (2.0, 0.0)
    assert _land(site(holding(land_owned_ha=2.0, footprint_m2=0.0, gia_m2=9_000.0))) == (2.0, 1.1)


def test_a_building_of_unknown_size_leaves_open_land_unknown() -> None:
    """Land with a permanent building and no area of it is not all open: nobody knows how much is."""
    built = holding("CAM2", sector="council", land_ha=0.5, land_or_building="land with permanent building")
    assert _land(site(built)) == (0.5, None)
    assert _land(site(holding("CAM3", land_ha=1.0, land_or_building="land only"))) == (1.0, 1.0)
    hospital = holding(site_type="General acute hospital", land_owned_ha=5.0)
    assert _land(site(hospital)) == (5.0, None)


@FEW
@given(any_site())
def test_land_is_never_negative_and_open_land_never_more(one: Site) -> None:
    """Whatever the returns say, 0 <= open land <= land."""
    if land := site_land(one):
        assert land.area_ha >= 0
        assert land.open_ha is None or 0 <= land.open_ha <= land.area_ha + 1e-6


def _vacant(one: Holding) -> float | None:
    share = vacant_share(one)
    return share and share[0]


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ({"empty_pct": 5.0, "underused_pct": 9.0}, 14.0),
        ({"empty_pct": 32.0, "underused_pct": 32.0}, 32.0),
        ({"empty_pct": 3.15, "underused_pct": 3.15}, 3.15),
        ({"empty_pct": 0.0, "underused_pct": 4.0}, 4.0),
        ({"empty_pct": 7.0}, 7.0),
        ({"empty_pct": 7.0, "underused_pct": "not applicable"}, 7.0),
        ({"unutilised_pct": 21.0}, 21.0),
        ({"empty_m2": 250.0, "gia_m2": 1_000.0}, 25.0),
        ({"empty_m2": 50.0, "gia_m2": 1_000.0, "underused_pct": 9.0}, 14.0),
        ({"empty_m2": 90.0, "gia_m2": 1_000.0, "underused_pct": 9.0}, 9.0),
        ({"unoccupied_m2": 250.0, "gia_m2": 0.0}, None),
        ({"unoccupied_m2": 250.0}, None),
        ({"unoccupied_m2": 3_000.0, "gia_m2": 1_000.0}, 100.0),
        ({"tenure_category": "Vacant"}, 100.0),
        ({"tenure_category": "Freehold - void"}, 100.0),
        ({"tenure_category": "Occupied by the local authority"}, 0.0),
        ({"tenure_category": "Licence"}, 0.0),
        ({"tenure_category": "Let to a tenant"}, 0.0),
        ({"tenure_category": "Let", "empty_pct": 12.0}, 12.0),
        ({"tenure_category": "Freehold"}, None),
        ({"tenure_category": "part vacant"}, None),
        ({"tenure_category": "occupied by the local authority; vacant"}, None),
        ({"tenure_category": "lettings to be agreed"}, None),
        ({"gia_m2": 10_192.0, "occupied_m2": 2_440.0}, None),
        ({"gia_m2": 10_192.0, "occupied_m2": 2_440.0, "empty_pct": 0.0}, 0.0),
    ],
    ids=lambda value: str(value)[:60],
)
def test_the_vacant_share(values: dict[str, float | str], share: float | None) -> None:
    """RNOH adds 5 and 9%; TAF65's 32% typed twice is 32%; Finchley's 24% occupied is no vacancy."""
    assert _vacant(holding(**values)) == share


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Vacant", "vacant"), ("Unoccupied", "vacant"), ("Occupied by the local authority", "occupied"),
        ("occupied by the local authority, licence", "let"), ("Sub-leasehold", "let"), ("ground leasehold", "let"),
        ("vacant; licence", None), ("Rights of way", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_what_the_codes_words_say_of_use(text: str | None, said: str | None) -> None:
    """The Transparency Code's characteristics say vacant, occupied or let; two that contradict say nothing."""
    assert find_occupancy(text) == said


def test_shares_of_two_years_are_not_added() -> None:
    """An older under-used share says nothing beside a newer empty share."""
    older = claim("underused_pct", 9.0, "ERIC 2014-15")
    assert _vacant(holding(empty_pct=5.0, claims=(older,))) == 5.0


def test_the_newer_form_of_the_question_counts() -> None:
    """TAF65: un-utilised 0% in 2014-15, 32% in 2016-17."""
    older = claim("unutilised_pct", 0.0, "ERIC 2014-15")
    assert _vacant(holding("TAF65", empty_pct=32.0, underused_pct=32.0, claims=(older,))) == 32.0


def _idle(one: Site) -> float | None:
    share = idle_share(one)
    return None if share is None else round(share[0], 4)


def test_idle_land_of_an_owner() -> None:
    """RNOH Stanmore: 19.0 of 43.3 ha deliver no services."""
    assert _idle(site(holding("RAN01", land_owned_ha=43.3, idle_land_ha=19.0))) == 43.8799
    assert _idle(site(holding(land_owned_ha=43.3))) is None
    assert _idle(site(holding(land_owned_ha=0.0, idle_land_ha=0.0))) is None


def test_idle_land_stated_twice_counts_once() -> None:
    """Two trusts that state the same land do not halve the idle part that one of them declares."""
    one = site(
        holding("RYX24", land_owned_ha=6.2, idle_land_ha=3.1), holding("RALRA", land_owned_ha=6.2, idle_land_ha=0.0)
    )
    assert _idle(one) == 50.0


def test_idle_land_is_never_more_than_the_land() -> None:
    """Idle land above the land owned is all of it, and an idle area is never set against another year's land."""
    assert _idle(site(holding(land_owned_ha=2.0, idle_land_ha=3.0))) == 100.0
    idle = claim("idle_land_ha", 3.0, "ERIC 2014-15")
    assert _idle(site(holding(land_owned_ha=2.0, claims=(idle,)))) is None


def _strip(**values: float) -> Holding:
    return holding("BAR1", "Assets", "council", tenure_category="vacant", land_or_building="land only", **values)


def test_a_vacant_plot_is_idle_as_a_whole() -> None:
    """Council land without a building, recorded vacant, is 100% idle, with or without a size."""
    assert _idle(site(_strip())) == 100.0
    assert _idle(site(_strip(land_ha=0.3))) == 100.0


def test_a_vacant_strip_does_not_make_a_hospital_idle() -> None:
    """A vacant strip beside a hospital counts with its own hectares; beside land of unknown use nothing is known."""
    hospital = holding("RAL01", land_owned_ha=9.9, idle_land_ha=0.0)
    assert _idle(site(hospital, _strip(land_ha=0.1))) == 1.0
    assert _idle(site(hospital, _strip())) == 0.0
    assert _idle(site(holding("RAL01", "ERIC 2014-15", land_ha=9.9), _strip(land_ha=0.1))) is None
