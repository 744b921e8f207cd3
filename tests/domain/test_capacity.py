"""Housing capacity: a range from land and the matrix, overridden by what is published, every assumption said."""

from dataclasses import replace
from datetime import date

import pytest
from builders import FEW, HERE, any_site, claim, event, holding, method, site
from hypothesis import given

from estates_api.domain.capacity import Capacity, describe_capacity, possible_bands, possible_settings, site_capacity
from estates_api.domain.limits import Limit, State
from estates_api.domain.sites import Site

PLOT = holding("RAL01", land_owned_ha=4.0, idle_land_ha=2.0, gia_m2=10_000.0)
OPEN = holding("RAL01", land_owned_ha=4.0, gia_m2=10_000.0)
URBAN = replace(HERE, ptal="3", centres=(("district", "A High Road", 400.0),))


def limited(title: str, state: State, area_ha: float | None, share: float | None = None, **parts) -> Limit:
    """A limit of a title, known by an outline."""
    return Limit(title, title, state, "by its outline", area_ha, share, **parts)


def capacity(one: Site, *limits: Limit) -> Capacity:
    """By the shipped method."""
    return site_capacity(one, method().density, limits)


def urban(*holdings, **parts) -> Site:
    """A site 400 m from a district centre at PTAL 3: 45, 100 and 170 homes a hectare."""
    return site(*holdings, surroundings=URBAN, **parts)


def test_idle_land_times_the_matrix() -> None:
    """2 ha declared idle, urban, PTAL 2-3: 90, 200 and 340 homes, with the claims they rest on."""
    found = capacity(urban(PLOT))
    assert (found.low, found.mid, found.high, found.basis) == (90, 200, 340, "density matrix")
    assert {one.attribute for one in found.claims} == {"idle_land_ha", "land_owned_ha"}
    assert "2 ha declared idle" in found.assumptions[0]


def test_both_statements_of_the_plans_stand_with_it() -> None:
    """Every figure of the matrix says that it is not to be applied mechanistically and that it was dropped."""
    said = " ".join(capacity(urban(PLOT)).assumptions)
    assert "not appropriate to apply the table mechanistically" in said
    assert "London Plan 2021 dropped" in said


def test_open_land_times_the_stated_share() -> None:
    """Where none is declared idle, 34, 58 and 75% of 3 ha open land, labelled as an assumption."""
    found = capacity(urban(OPEN))
    assert found.land_ha == pytest.approx((1.02, 1.74, 2.25))
    assert (found.low, found.mid, found.high) == (45, 174, 382)
    assert "assumption, not published" in found.assumptions[0]


def test_declared_nought_is_the_least_and_no_ceiling() -> None:
    """An owner that declares no idle land makes the least 0: St Ann's declared none a year before it sold 7.1 ha."""
    found = capacity(urban(holding("RAL01", land_owned_ha=4.0, idle_land_ha=0.0, gia_m2=10_000.0)))
    assert (found.low, found.high) == (0, 382)
    assert "; 0 ha declared idle (ERIC 2016-17 row 7), so the least is 0" in found.assumptions[0]


def test_idle_land_that_was_sold_is_not_called_undeclared() -> None:
    """0.4 ha declared idle and 3.5 ha sold since: the least is 0, the declaration is told and is a source."""
    plot = holding("RAL01", land_owned_ha=4.0, idle_land_ha=0.4, gia_m2=10_000.0)
    found = capacity(urban(plot, events=(event("part sold", area_ha=3.5),)))
    assert found.low == 0
    assert "0.4 ha declared idle (ERIC 2016-17 row 7), less 3.5 ha sold since" in found.assumptions[0]
    assert "none idle" not in found.assumptions[0]
    assert "idle_land_ha" in {one.attribute for one in found.claims}


@pytest.mark.parametrize("one", [site(), site(holding("RAL01", gia_m2=500.0))])
def test_without_land_it_is_unknown(one: Site) -> None:
    """No idle and no open land: all three unknown, and not 0."""
    found = capacity(one)
    assert (found.low, found.mid, found.high, found.basis) == (None, None, None, None)
    assert found.told.startswith("Not known")


def test_what_is_not_known_widens_the_range() -> None:
    """Without setting and transport level the range spans all, and says so."""
    found = capacity(site(PLOT, surroundings=replace(HERE, ptal=None)))
    assert (found.low, found.high) == (70, 810)
    assert any("setting not known" in one for one in found.assumptions)
    assert any("transport level not known" in one for one in found.assumptions)


FAR, DISTRICT, MAJOR = ("major", "Far", 3_000.0), ("district", "Near", 500.0), ("major", "Big", 800.0)


@pytest.mark.parametrize(("centres", "error_m", "settings"), [
    ((MAJOR,), 0.0, ("central",)), ((("international", "West End", 10.0),), 100.0, ("central",)),
    ((DISTRICT, MAJOR), 0.0, ("central",)), ((DISTRICT, FAR), 100.0, ("urban",)),
    ((("district", "Near", 801.0),), 0.0, ("suburban", "urban")), ((FAR,), 0.0, ("suburban", "urban")),
    ((MAJOR,), 100.0, ("suburban", "urban", "central")), ((DISTRICT, MAJOR), 100.0, ("urban", "central")),
    ((("district", "Near", 750.0),), 100.0, ("suburban", "urban")), ((), 0.0, ("suburban", "urban", "central")),
])  # fmt: skip
def test_settings_by_town_centre(
    centres: tuple[tuple[str, str, float], ...], error_m: float, settings: tuple[str, ...]
) -> None:
    """Within 800 m of a major centre or above: central; of a district centre: urban; else either of the others, as
    nobody knows here whether it is on a main road. What the position leaves open stays open."""
    found = method().density
    assert found is not None
    around = replace(HERE, centres=centres, position_error_m=error_m)
    assert possible_settings(site(surroundings=around), found)[0] == settings


def test_bands_by_transport_level() -> None:
    """PTAL 1b is in band 0-1, 4 in band 4-6; none known, all."""
    assert possible_bands(site(surroundings=replace(HERE, ptal="1b")))[0] == ("0-1",)
    assert possible_bands(site(surroundings=replace(HERE, ptal="4")))[0] == ("4-6",)
    assert len(possible_bands(site(surroundings=replace(HERE, ptal=None)))[0]) == 3


CONSENT = event("planning permission", date(2015, 3, 12), homes=500, citation="Committee <https://example.org/c>")
NEWER = event("planning permission", date(2020, 11, 17), homes=362, citation="Blog <https://example.org/b>", id=2)
ALLOCATED = event("other", date(2013, 6, 1), homes=198, note="site allocation; a plan", citation="Plan <https://p>")
ENTRY = holding("E09-1", "Register 2019", "unknown", homes_low=30.0, homes_high=45.0, register_ha=0.5)


def test_the_newest_consent_overrides_everything() -> None:
    """The newest consent first; older ones and allocations stand beside it, and so does the matrix."""
    found = capacity(urban(PLOT, ENTRY, events=(CONSENT, ALLOCATED, NEWER)))
    assert (found.low, found.mid, found.high, found.basis) == (362, 362, 362, "consent")
    assert (found.citation, found.matrix) == (NEWER.citation, (90, 200, 340))
    assert "overrides the density matrix (90–340 homes)" in found.told
    assert len(found.assumptions) == 2


def test_then_an_allocation_then_a_register() -> None:
    """Without a consent an allocation, without that the register's range with its claims."""
    found = capacity(urban(PLOT, ENTRY, events=(ALLOCATED,)))
    assert (found.low, found.high, found.basis) == (198, 198, "allocation")
    found = capacity(urban(PLOT, ENTRY))
    assert (found.low, found.mid, found.high, found.basis) == (30, 38, 45, "brownfield register")
    assert {one.attribute for one in found.claims} == {"homes_low", "homes_high"}


def test_entries_off_the_register_do_not_count() -> None:
    """One that has ended says nothing of now; of one with a least number alone the most is unknown."""
    ended = holding("E09-2", "Register 2019", "unknown", homes_low=9.0, homes_high=9.0, ended_on="2020-01-01")
    assert capacity(urban(PLOT, ended)).basis == "density matrix"
    least = capacity(urban(PLOT, holding("E09-2", "Register 2019", "unknown", homes_low=9.0)))
    assert (least.low, least.mid, least.high) == (9, None, None)


def test_a_consent_where_a_part_was_sold_does_not_count() -> None:
    """St Ann's consent of 2022 is for the land sold in 2018: where a part was sold, a consent is told and not taken."""
    sale = event("part sold", date(2018, 3, 1), area_ha=1.0, id=3)
    found = capacity(urban(PLOT, events=(CONSENT, sale)))
    assert found.basis == "density matrix"
    assert any(one.startswith("not counted: planning permission, 500 homes") for one in found.assumptions)


@pytest.mark.parametrize("kind", ["planning permission", "site allocation"])
def test_a_consent_for_a_part_is_not_the_sites(kind: str) -> None:
    """20 homes on 0.2 ha of 4 say nothing of the rest: told beside the matrix, with the reason."""
    part = event(kind, scope="part", area_ha=0.2, homes=20)
    found = capacity(urban(PLOT, events=(part,)))
    assert (found.low, found.high, found.basis) == (90, 340, "density matrix")
    assert (
        f"not counted, of a part of the site: {kind} 0.2 ha, 20 homes, 2018-03 ({part.citation})" in found.assumptions
    )
    assert capacity(urban(PLOT, events=(part, CONSENT))).high == CONSENT.homes


def test_homes_that_are_no_consent_are_told_apart() -> None:
    """A figure in a disposal is not a consent: named, not counted."""
    found = capacity(urban(PLOT, events=(event("disposal approved", homes=128),)))
    assert found.basis == "density matrix"
    assert any("disposal approved, 128 homes" in one for one in found.assumptions)


def test_land_sold_since_is_taken_off_idle_land() -> None:
    """1.5 of 2 idle ha sold after the return leave 0.5."""
    found = capacity(urban(PLOT, events=(event("part sold", date(2018, 3, 1), area_ha=1.5),)))
    assert found.land_ha == (0.5, 0.5, 0.5)
    assert "less 1.5 ha sold since" in found.assumptions[0]


def test_surplus_plots_and_declarations_are_idle_land() -> None:
    """A plot of the surplus collection, or a dated declaration with hectares, counts where no return says."""
    found = capacity(urban(OPEN, holding("RAL01-P1", "Surplus", surplus_ha=1.0)))
    assert found.land_ha == (1.0, 1.0, 1.0)
    found = capacity(urban(holding("X1"), events=(event("declared surplus", date(2017, 9, 1), area_ha=1.01),)))
    assert (found.low, found.high) == (45, 171)


def test_limits_take_land_and_widen() -> None:
    """A limit of 1 ha on a site of 4: at worst it lies on the idle land, at best on the rest."""
    flood = limited("flood zone 3b", "applies", 1.0, 0.25)
    found = capacity(urban(PLOT), flood)
    assert found.land_ha == pytest.approx((1.0, 1.5, 2.0))
    assert "flood zone 3b: by its outline; takes 1.00 ha of the outline" in found.assumptions
    assert any(one.startswith("limits lie at worst") for one in found.assumptions)
    both = capacity(urban(PLOT), limited("green belt", "applies", 3.0, 0.75), flood)
    assert both.land_ha == pytest.approx((0.0, 0.5, 1.0))


@pytest.mark.parametrize(("area_ha", "share", "land_ha"), [
    (6.0, 0.6, (0.0, 0.8, 2.0)),  # an outline of 10 ha: 4 of them are free
    (10.0, 1.0, (0.0, 0.0, 0.0)),  # all of the outline
    (2.0, 1.0, (0.0, 1.0, 2.0)),  # an outline of 2 ha: of the other 2 nothing is known
    (0.001, 0.0, (1.999, 2.0, 2.0)),  # a share that is rounded to nothing
    (0.0, 0.0, (2.0, 2.0, 2.0)),  # all of it under buildings that stay
])  # fmt: skip
def test_limits_are_of_the_outline_and_land_is_as_stated(
    area_ha: float, share: float, land_ha: tuple[float, float, float]
) -> None:
    """Hectares of an outline of another size are not taken from the 4 ha stated as if these were the outline."""
    found = capacity(urban(PLOT), limited("flood zone 3b", "applies", area_ha, share))
    assert found.land_ha == pytest.approx(land_ha, abs=1e-3)


def test_a_limit_on_the_land_that_was_sold_does_not_take_the_rest() -> None:
    """As at St Ann's: 7.1 of 10.97 ha sold, open space on 5 ha of the outline, which may be what was sold."""
    sold = holding("RAL01", land_owned_ha=10.97, gia_m2=10_000.0)
    site_now = urban(sold, events=(event("part sold", area_ha=7.1),))
    free, less = capacity(site_now), capacity(site_now, limited("open space", "applies", 5.0, 0.456))
    assert (less.low, less.high) == (0, free.high)
    assert 0 < (less.mid or 0) < (free.mid or 0)


def test_idle_land_beyond_the_stated_land_keeps_the_range_in_order() -> None:
    """A surplus plot of 3 ha where a return states 1 ha: 0.1 ha of flood zone leaves 2.9 ha, not 2.9 to 0.9."""
    plots = (holding("RAL01", land_owned_ha=1.0), holding("RAL01-P1", "Surplus", surplus_ha=3.0))
    found = capacity(urban(*plots), limited("flood zone 3b", "applies", 0.1, 0.1))
    assert found.land_ha == pytest.approx((2.9, 2.9, 2.9))


def test_a_limit_that_applies_on_nobody_knows_how_much_makes_the_least_nought() -> None:
    """In the green belt by a UPRN's point: the least is 0, and what is not taken off is said."""
    belt = limited("green belt", "applies", None, effect="removed")
    found = capacity(urban(PLOT), belt)
    assert found.land_ha == (0.0, 2.0, 2.0)
    said = "green belt: by its outline; so the least is 0, and nothing is taken off the middle and the most"
    assert said in found.assumptions
    assert capacity(urban(PLOT), belt, limited("open space", "applies", 1.0, 0.25)).low == 0


def test_limits_that_are_not_known_are_named() -> None:
    """Unknown limits, and ones that take no land, take nothing off and are said."""
    limits: tuple[tuple[str, State], ...] = (
        ("flood zone 3b", "unknown"), ("listed building", "applies"), ("open space", "does not apply"),
    )  # fmt: skip
    found = capacity(urban(PLOT), *(limited(title, state, None) for title, state in limits))
    assert found.land_ha == (2.0, 2.0, 2.0)
    assert "not known, nothing taken off: flood zone 3b" in found.assumptions
    assert "listed building: by its outline" in found.assumptions
    assert not any("open space" in one for one in found.assumptions)


def test_land_that_was_sold_has_no_capacity() -> None:
    """No longer public land: unknown, and why."""
    found = capacity(urban(PLOT, events=(event("sold", date(2019, 3, 1)),)))
    assert found.low is None
    assert found.told.startswith("No longer public land: sold")


def test_a_method_without_a_matrix_has_none() -> None:
    """Consents still count; without one nothing is known."""
    assert site_capacity(urban(PLOT), None).told == "The method has no density matrix."
    assert site_capacity(urban(PLOT, events=(CONSENT,)), None).high == 500


@FEW
@given(any_site())
def test_ranges_rise(one: Site) -> None:
    """Low is never above the middle, nor that above high; unknown or whole; and all of it can be written as JSON."""
    found = capacity(one)
    numbers = [number for number in (found.low, found.mid, found.high) if number is not None]
    assert numbers == sorted(numbers)
    assert (found.basis is None) == (found.low is None and found.high is None)
    assert describe_capacity(found)["settings"]


def test_claims_are_named_in_the_description() -> None:
    """Edition, row and value of what it rests on stand in the explanation."""
    sources = describe_capacity(capacity(urban(PLOT)))["sources"]
    assert {"edition": "ERIC 2016-17", "row": 7, "attribute": "idle_land_ha"}.items() <= sources[0].items()
    assert claim("idle_land_ha", 2.0).told == "ERIC 2016-17 row 7"
