from dataclasses import replace
from datetime import date

import pytest
from builders import FEW, HERE, OWNED, any_site, claim, event, full, holding, method, site
from hypothesis import given

from estates_api.domain.claims import claims_by_day
from estates_api.domain.measures import MEASURES, PTAL_LEVELS, Measure
from estates_api.domain.sites import Holding, Interest, Site, Surroundings


def measured(criterion: str, one: Site) -> Measure:
    """One criterion of one site by the shipped method."""
    return MEASURES[criterion](one, method())


@pytest.mark.parametrize("criterion", MEASURES)
def test_every_measure_says_what_it_measures(criterion: str) -> None:
    """The first docstring line of a measure is its public description: one sentence."""
    first = (MEASURES[criterion].__doc__ or "").splitlines()[0]
    assert len(first) > 30
    assert first.endswith(".")


NHS_ONLY = {"release.non_clinical", "release.intensity"}


@pytest.mark.parametrize("criterion", [name for name in MEASURES if name not in NHS_ONLY])
def test_a_site_without_holdings_is_unknown_not_zero(criterion: str) -> None:
    """Where nothing is returned nothing is known, and the reason is said."""
    measure = measured(criterion, site(interests=(), surroundings=Surroundings()))
    assert (measure.state, measure.number, measure.claims) == ("unknown", None, ())
    assert measure.note


@FEW
@given(any_site())
def test_a_known_measure_has_a_number_and_nothing_else_has(one: Site) -> None:
    """Whatever the returns say, a measure is a finite number at or above 0, or says why not."""
    for criterion, measure in ((name, measured(name, one)) for name in MEASURES):
        if measure.state == "known":
            assert measure.number is not None, criterion
            assert 0 <= measure.number < float("inf"), criterion
        else:
            assert measure.number is None, criterion
            assert measure.note, criterion


@FEW
@given(any_site())
def test_shares_lie_between_nothing_and_all(one: Site) -> None:
    """Every measure in per cent is between 0 and 100, whatever editions its parts come from."""
    for criterion in method().criteria:
        number = measured(criterion.id, one).number
        if criterion.unit == "%" and number is not None:
            assert number <= 100 + 1e-6


def test_vacancy_is_weighed_by_floor_area() -> None:
    """Edgware: 5% of RRP01 and none of RYX24 are 1% of the whole place."""
    one = site(
        holding("RRP01", gia_m2=8_417.0, empty_pct=5.0, underused_pct=0.0),
        holding("RYX24", gia_m2=34_884.0, empty_pct=0.0, underused_pct=0.0),
    )
    assert measured("release.vacancy", one).number == pytest.approx(5 * 8_417 / 43_301, abs=1e-5)


def test_vacancy_without_floor_areas_is_a_plain_mean() -> None:
    """Without floor areas holdings count alike, in any order, and the measure says so."""
    parts = (holding("RAL01", empty_pct=10.0), holding("RYX01", empty_pct=30.0))
    first, second = (measured("release.vacancy", site(*order)) for order in (parts, parts[::-1]))
    assert first.number == second.number == 20.0
    assert "floor area not known" in first.note
    assert measured("release.vacancy", site(parts[0])).note == "floor area not known"


def _council(**values: float | str) -> Holding:
    return holding("BAR1", "Assets", "council", **values)


@pytest.mark.parametrize(
    ("category", "vacancy", "spare"),
    [
        ("Vacant", 100.0, 400.0),
        ("Occupied by the local authority", 0.0, 0.0),
        ("Let", 0.0, 0.0),
        ("Freehold", None, None),
    ],
)
def test_a_councils_words_are_a_measure(category: str, vacancy: float | None, spare: float | None) -> None:
    """A council asset recorded vacant is wholly vacant, one occupied, let or licensed is not; no word, no measure."""
    one = site(_council(tenure_category=category, gia_m2=400.0))
    assert (measured("release.vacancy", one).number, measured("reuse.spare", one).number) == (vacancy, spare)


def test_land_without_a_building_is_open_and_idle_when_vacant() -> None:
    """Council land only is open as a whole; it is idle where it is recorded vacant too, and not where it is let."""
    plot = {"land_or_building": "land only", "land_ha": 0.4}
    for category, idle in (("vacant", 100.0), ("licence", None), ("", None)):
        one = site(_council(**plot, **({"tenure_category": category} if category else {})))
        assert measured("release.open_land", one).number == 0.4
        assert measured("release.idle_land", one).number == idle


def test_finchley_is_not_vacant() -> None:
    """Finchley Memorial: 24% occupied by the trust and 0% empty is 0% vacancy."""
    finchley = holding("RYX23", gia_m2=10_192.0, occupied_m2=2_440.0, empty_pct=0.0)
    assert measured("release.vacancy", site(finchley)).number == 0


def test_non_clinical_is_asked_of_the_nhs_only() -> None:
    """A council site has no non-clinical share: not applicable, so that the criterion leaves its mean."""
    assert measured("release.non_clinical", site(holding("BAR", sector="council"))).state == "not applicable"
    one = site(holding(clinical_m2=6_000.0, non_clinical_m2=4_000.0))
    assert measured("release.non_clinical", one).number == 40.0
    assert measured("release.non_clinical", site(holding(clinical_m2=0.0, non_clinical_m2=0.0))).state == "unknown"


def test_open_land_of_a_building_without_size_is_unknown() -> None:
    """Open land needs to know what stands on the land."""
    built = holding("CAM2", sector="council", land_ha=0.5, land_or_building="land with permanent building")
    assert measured("release.open_land", site(built)).state == "unknown"
    assert measured("release.open_land", site(full())).number == 3.0


def test_backlog_per_square_metre() -> None:
    """High and significant risk backlog of all returns that state both, over their floor area."""
    one = site(
        holding("RAL01", backlog_high_gbp=100.0, backlog_significant_gbp=200.0, gia_m2=10.0),
        holding("RYX01", backlog_high_gbp=0.0, backlog_significant_gbp=0.0, gia_m2=20.0),
        holding("TAF01", backlog_high_gbp="not applicable", backlog_significant_gbp="not applicable", gia_m2=70.0),
    )
    assert measured("release.backlog", one).number == 10.0


def test_pfi_backlog_is_not_applicable() -> None:
    """Where every return says `Not Applicable` the backlog is somebody else's; one silent return leaves it unknown."""
    pfi = holding(backlog_high_gbp="not applicable", backlog_significant_gbp="not applicable", gia_m2=10.0)
    assert measured("release.backlog", site(pfi)).state == "not applicable"
    no_area = holding("RYX01", backlog_high_gbp=1.0, backlog_significant_gbp=1.0)
    assert measured("release.backlog", site(pfi, no_area)).state == "unknown"
    assert measured("release.backlog", site(holding(backlog_high_gbp=1.0, gia_m2=5.0))).state == "unknown"


def test_money_and_floor_area_are_of_one_return() -> None:
    """A newer floor area does not make old money dear or cheap: both are of the newest return that has both."""
    newer = (claim("gia_m2", 1.0),)
    one = holding("RAL01", "ERIC 2014-15", backlog_high_gbp=100.0, backlog_significant_gbp=0.0, gia_m2=10.0)
    one = replace(one, returns=claims_by_day((*newer, *one.claims.values())))
    found = measured("release.backlog", site(one))
    assert (found.number, found.basis) == (10.0, "ERIC 2014-15")


def test_a_partial_cost_return_does_not_count() -> None:
    """A newer return with some of the lines leaves the last complete one standing."""
    whole = full()
    part = [replace(c, as_of=date(2026, 3, 31), edition="ERIC 2025-26") for name, c in whole.claims.items()
            if name in {"gia_m2", "maintenance_cost_gbp", "other_hard_fm_cost_gbp", "cleaning_cost_gbp"}]  # fmt: skip
    both = replace(whole, returns=claims_by_day((*part, *whole.claims.values())))
    found = measured("release.running_cost", site(both))
    assert (found.number, found.basis) == (220.0, "ERIC 2016-17")


def test_running_cost_by_totals() -> None:
    """ERIC 2014-15: the totals and utilities; cleaning is inside the soft total and not added again."""
    one = holding("RAL01", "ERIC 2014-15", hard_fm_cost_gbp=50.0, soft_fm_cost_gbp=30.0, energy_cost_gbp=20.0,
                  cleaning_cost_gbp=25.0, finance_cost_gbp=1_000.0, gia_m2=10.0)  # fmt: skip
    assert measured("release.running_cost", site(one)).number == 10.0


def test_running_cost_by_items() -> None:
    """ERIC 2016-17: the items; medical equipment and finance are not costs of the estate."""
    assert measured("release.running_cost", site(full(equipment_cost_gbp=1e6, finance_cost_gbp=1e6))).number == 220.0


def test_utilities_alone_are_no_running_cost() -> None:
    """ERIC 2013-14 has no facilities management lines: its energy bill is not the running cost."""
    assert measured("release.running_cost", site(full(other_hard_fm_cost_gbp=None))).state == "unknown"
    assert measured("release.running_cost", site(full(gia_m2=0.0))).state == "unknown"


def test_costs_of_two_years_are_never_added() -> None:
    """North Middlesex returned a negative `other hard FM` in 2016-17: its totals of 2014-15 do not fill the hole."""
    older = tuple(claim(name, 1e7, "ERIC 2014-15") for name in ("hard_fm_cost_gbp", "soft_fm_cost_gbp"))
    newer = holding("RAPNM", gia_m2=77_282.0, maintenance_cost_gbp=6e6, energy_cost_gbp=2e6, claims=older)
    assert measured("release.running_cost", site(newer)).state == "unknown"
    whole = full(claims=older)
    assert measured("release.running_cost", site(whole)).number == 220.0


def test_unsuitable_is_weighed_by_occupied_area() -> None:
    """The unsuitable share is of the occupied area, of the floor area where that is not given."""
    one = site(
        holding("RAL01", unsuitable_pct=50.0, occupied_m2=100.0, gia_m2=900.0),
        holding("RYX01", unsuitable_pct=0.0, gia_m2=300.0),
    )
    assert measured("release.unsuitable", one).number == 12.5


def test_spare_area() -> None:
    """Spare is the vacant share times the floor area, added up over the holdings."""
    one = site(full(), holding("RAL01", empty_pct=50.0, gia_m2=100.0), holding("TAF01", empty_pct=50.0))
    assert measured("reuse.spare", one).number == 1_550.0


def test_readiness() -> None:
    """Readiness is the mean of the suitable share and of how far backlog is below the peers' 90th percentile."""
    middle, high = method().peers.reference("release.backlog", "ERIC 2016-17", "community")
    backlog = 100 * (high - 60) / (high - middle)
    assert measured("reuse.condition", site(full())).number == pytest.approx((80 + backlog) / 2, abs=1e-6)
    assert measured("reuse.condition", site(full(backlog_high_gbp=None))).number == 80.0
    assert measured("reuse.condition", site(full(unsuitable_pct=None, backlog_high_gbp=1e9))).number == 0.0


LEASED = (Interest("RYX", "Trust RYX", "NHS", "head lessee", "stated"),)


@pytest.mark.parametrize(
    ("lease_end", "years"),
    [("2030-01-01", 10.0), ("2030", 10.0), ("2021-07", 1.5), ("2019-12-31", 0.0), ("in ten years", None), (None, None)],
)
def test_years_of_lease(lease_end: str | None, years: float | None) -> None:
    """What is left of a lease on the day, from the first day that its end may mean; unknown where it is no date."""
    one = site(full(lease_end=lease_end), interests=LEASED, as_of=date(2020, 1, 1))
    found = measured("reuse.security", one)
    assert found.number == (pytest.approx(years, abs=0.005) if years is not None else None)
    assert found.state == ("unknown" if years is None else "known")
    assert [claim.attribute for claim in found.claims] == ([] if years is None else ["lease_end"])


def test_the_longest_lease_counts_and_a_freehold_above_all() -> None:
    """Of two leases the longer one counts; a public freehold stands for the longest that there is, whatever the
    scale of the method, a private one for nothing."""
    day = date(2020, 1, 1)
    both = site(full(lease_end="2030"), holding("RAL01", lease_end="2040"), interests=LEASED, as_of=day)
    assert measured("reuse.security", both).number == pytest.approx(20, abs=0.01)
    owned = measured("reuse.security", site(holding("RAL01", tenure="freehold"), as_of=day))
    assert (owned.number, owned.note) == (999.0, "freehold of Royal Free London, stated")
    assert [claim.attribute for claim in owned.claims] == ["tenure"]
    returned = measured("reuse.security", site(holding("RAL01", land_owned_ha=2.0), as_of=day))
    assert [claim.attribute for claim in returned.claims] == ["land_owned_ha"]
    private = (Interest("P", "A Landlord", "private", "freeholder", "stated"),)
    assert measured("reuse.security", site(full(), interests=private, as_of=day)).state == "unknown"


@pytest.mark.parametrize(("level", "place"), [("0", 0.0), ("1b", 2.0), ("6a", 7.0), ("6b", 8.0)])
def test_transport_levels_are_positions(level: str, place: float) -> None:
    """PTAL's levels count up from 0 to 6b; a level that there is not is unknown."""
    assert PTAL_LEVELS.index(level) == place
    assert measured("reuse.access", site(surroundings=Surroundings(ptal=level))).number == place
    assert measured("reuse.access", site(surroundings=Surroundings(ptal="7"))).state == "unknown"


def test_surroundings() -> None:
    """Need and colocation are those of the position; a postcode's position says that it is uncertain."""
    assert measured("reuse.need", site(surroundings=HERE)).number == 4.0
    assert "uncertain" in measured("reuse.colocation", site(surroundings=HERE)).note
    assert measured("reuse.colocation", site(surroundings=HERE, precision="uprn")).note == ""


def test_partners() -> None:
    """Both sectors, as holders or owners; one alone says nothing of next door."""
    council = Interest("E09000003", "Barnet", "council", "freeholder", "stated")
    assert measured("reuse.partners", site(holding(), interests=(council,))).number == 1.0
    assert measured("reuse.partners", site(holding(), interests=OWNED)).state == "unknown"


@pytest.mark.parametrize(("near", "perhaps", "number", "note"), [
    ({"council"}, set(), 1.0, "next to a site of the other sector, within 50 m"),
    ({"NHS"}, set(), 0.0, "no catalogued site of the other sector within 50 m"),
    (set(), set(), 0.0, "no catalogued site of the other sector within 50 m"),
    (set(), {"council"}, None, "a site of the other sector may adjoin: its position is not known well enough"),
    ({"council"}, {"council"}, 1.0, "next to a site of the other sector, within 50 m"),
])  # fmt: skip
def test_partners_next_door(near: set[str], perhaps: set[str], number: float | None, note: str) -> None:
    """With neighbours known, the other sector within 50 m is yes and none is no; one that may adjoin leaves it open."""
    around = replace(HERE, near_sectors=frozenset(near), perhaps_sectors=frozenset(perhaps))
    found = measured("reuse.partners", site(holding(), precision="uprn", surroundings=around))
    assert (found.number, found.note) == (number, note)


def test_open_land_says_why_it_is_not_known() -> None:
    """Land that nobody states, and land of which more was sold than anybody stated, are two different answers."""
    sale = event("part sold", area_ha=0.81)
    sold = measured("release.open_land", site(holding("TAF01", land_owned_ha=0.57, gia_m2=16_152.0), events=(sale,)))
    assert (sold.state, sold.note) == ("unknown", "more land was sold than anybody stated: what is left is not known")
    unstated = measured("release.open_land", site(holding("TAF01", gia_m2=16_152.0)))
    assert unstated.note == "no return or list states land that its organisation has here"


def test_a_sale_leaves_less_open_land() -> None:
    """What was sold after the return is not there to be released again."""
    sold = site(full(), events=(event("part sold", area_ha=2.0),))
    assert measured("release.open_land", sold).number == 1.5
