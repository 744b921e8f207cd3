"""Levels and equity: what is added up of what, how much of it is known, and that nothing is lost or counted twice."""

import json
from dataclasses import replace
from typing import Any

import pytest
from builders import FEW, any_site, full, shortlist_of, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.area import Area
from estates_api.domain.levels import (
    EQUITY_FIELDS,
    FIELDS,
    ROUTES,
    Rolled,
    Unplaced,
    describe_equity,
    describe_levels,
    equity,
    levels,
    levels_of,
    rolled_of,
)

AREA = Area("x", "Two Boroughs", "X", {"E09000003": "Barnet", "E09000007": "Camden"}, {"E09000015": "Harrow"}, ())
BARNET = Rolled("E09000003", "release", 2.0, 1000.0, 10, 40, 5e5, 1e4, 1)
SUMS = [name for name in FIELDS if name not in {"level", "gss", "name"} and not name.endswith("share")]

anywhere = st.builds(
    Rolled, st.sampled_from(["E09000003", "E09000007", "E09000015", "E06000001", None]),
    st.sampled_from(list(ROUTES.values())), st.none() | st.integers(0, 50), st.none() | st.integers(0, 9999),
    st.none() | st.integers(0, 99), st.none() | st.integers(100, 999), st.none() | st.integers(0, 10**7),
    st.none() | st.integers(0, 10**6), st.none() | st.integers(1, 10),
)  # fmt: skip


def by_name(sites: list[Rolled]) -> dict[str, dict[str, Any]]:
    """The rows of the levels by their names."""
    return {row["name"]: row for row in levels(sites, AREA)}


@given(st.lists(anywhere, max_size=12))
def test_boroughs_add_up_to_the_sub_region(sites: list[Rolled]) -> None:
    """Every count and every sum of the sub-region is that of its boroughs; London has no less; nothing gets lost."""
    rows = levels(sites, AREA)
    boroughs = [row for row in rows if row["level"] == "borough"]
    found = {row["level"]: row for row in rows}
    for name in SUMS:
        parts = [row[name] for row in boroughs if row[name] is not None]
        assert (found["sub-region"][name] or 0) == pytest.approx(sum(parts))
        assert (found["London"][name] or 0) >= sum(parts)
    everywhere = [found["London"], *([found["elsewhere"]] if "elsewhere" in found else [])]
    for name in ("sites", *ROUTES):
        wanted = [one for one in sites if (one.route == ROUTES[name] if name in ROUTES else one.route != "released")]
        assert sum(row[name] for row in everywhere) == len(wanted)


@given(st.lists(anywhere, max_size=12))
def test_deciles_add_up_to_the_boroughs(sites: list[Rolled]) -> None:
    """The rows of all boroughs are the sums of each borough's, and the deciles together are the sub-region."""
    rows = equity(sites, AREA, {("E09000003", 1): 2, ("E09000007", 1): 3, ("E09000015", 1): 4})
    assert [tuple(row) for row in rows] == [EQUITY_FIELDS] * (3 * 11)
    region = next(row for row in levels(sites, AREA) if row["level"] == "sub-region")
    for name in set(EQUITY_FIELDS) & set(SUMS):
        whole = sum(row[name] or 0 for row in rows if row["gss"] is None)
        assert whole == pytest.approx(sum(row[name] or 0 for row in rows if row["gss"]))
        assert whole == pytest.approx(region[name] or 0)
    assert [row["neighbourhoods"] for row in rows if row["decile"] == 1] == [5, 2, 3]


def test_what_is_added_up_of_what() -> None:
    """Land and empty space of all public sites, homes and backlog of those for release, nothing of those sold."""
    found = by_name([
        BARNET, replace(BARNET, route="reuse", land_ha=1.0), replace(BARNET, route="released", land_ha=100.0),
        replace(BARNET, route="part release with reuse", land_ha=None, homes_high=None),
    ])["Barnet"]  # fmt: skip
    assert [found[name] for name in ("sites", "release", "part_release", "reuse", "released")] == [3, 1, 1, 1, 1]
    assert (found["land_ha"], found["land_known_of"]) == (3.0, 2)
    assert (found["release_land_ha"], found["release_land_known_of"]) == (2.0, 1)
    assert (found["homes_low"], found["homes_high"], found["homes_known_of"]) == (10, 40, 1)
    assert (found["backlog_avoided_gbp"], found["backlog_known_of"]) == (1e6, 2)
    assert (found["void_cost_gbp_per_year"], found["void_cost_known_of"]) == (3e4, 3)


def test_unknown_is_none() -> None:
    """A sum of which nothing is known is None and not 0, over sites and over none."""
    found = by_name([Rolled("E09000003", "release")])
    barnet, camden = found["Barnet"], found["Camden"]
    assert (barnet["land_ha"], barnet["homes_low"], barnet["land_known_of"]) == (None, None, 0)
    assert (camden["land_ha"], camden["homes_low"], camden["sites"]) == (None, None, 0)
    assert camden["scored_sites_share"] is None


def test_coverage() -> None:
    """The share of sites, and of floor area, that have enough evidence to be scored."""
    found = by_name([BARNET, replace(BARNET, route="not enough data", gia_m2=3000.0)])["Barnet"]
    assert (found["scored_sites_share"], found["scored_gia_share"]) == (0.5, 0.25)


def test_it_says_what_london_covers_and_what_has_no_place() -> None:
    """London is what is loaded, with the boroughs named; floor area without a place stands apart."""
    told = describe_levels([BARNET, replace(BARNET, borough_gss="E09000015"), replace(BARNET, borough_gss="E09000020")],
                           AREA, [Unplaced("A Trust", 9.0, "ERIC 2016-17")])  # fmt: skip
    assert "Two Boroughs and 2 in E09000020, Harrow. It is not all of it." in told["covers"]
    assert told["aggregate"] == [{"organisation": "A Trust", "gia_m2": 9.0, "edition": "ERIC 2016-17"}]
    assert "the sites of Two Boroughs. It" in describe_levels([BARNET], AREA, ())["covers"]


def test_no_figure_is_per_head() -> None:
    """Without a population there is no share of one, and the view says so."""
    assert any("population" in note for note in describe_equity([BARNET], AREA, {})["notes"])


@FEW
@given(st.lists(any_site(), max_size=4, unique_by=lambda one: one.ref))
def test_a_shortlist_adds_up_to_its_own_entries(sites: list) -> None:
    """The levels of a frozen list are of its entries: as many sites, as much land, and no coverage."""
    listed = shortlist_of(*sites)
    rows = {row["level"]: row for row in levels_of(listed, AREA)["levels"]}
    inside = [e for e in listed["entries"] if e["borough_gss"] in AREA.boroughs]
    missing = [e for e in listed["not_enough_data"] if e["borough_gss"] in AREA.boroughs]
    assert rows["sub-region"]["sites"] == len(inside) + len(missing)
    assert rows["sub-region"]["not_enough_data"] == len(missing)
    known = [e["land_ha"] for e in inside if e["land_ha"] is not None]
    assert (rows["sub-region"]["land_ha"] or 0) == pytest.approx(sum(known), abs=1e-3)
    assert rows["sub-region"]["scored_sites_share"] is rows["sub-region"]["retain"] is None
    assert len(rolled_of(listed)) == sum(len(listed[part]) for part in ("entries", "not_enough_data", "released"))


def test_an_entry_tells_what_the_levels_need() -> None:
    """Homes, backlog, empty space and the neighbourhood's decile of a listed site reach its borough's row."""
    one = site(full(land_owned_ha=13.0, idle_land_ha=1.3))
    (rolled,) = rolled_of(json.loads(json.dumps(shortlist_of(one, imd_decile=3))))
    assert (rolled.imd_decile, rolled.land_ha, rolled.backlog_gbp) == (3, 13.0, 600_000.0)
    assert rolled.void_gbp
    assert rolled.homes_high
