import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders import FEW, OWNED, any_site, assessed, event, full, holding, method, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.assessment import assess
from estates_api.domain.choices import Choice, Kind, check_pin
from estates_api.domain.decisions import Body, Decision
from estates_api.domain.method import ListRule, Method
from estates_api.domain.particulars import Particulars, Sensitivity
from estates_api.domain.quarters import Quarter
from estates_api.domain.shortlist import (
    ORDER,
    Beside,
    State,
    by_organisation,
    canonical_bytes,
    fingerprint,
    make_shortlist,
    seen_by,
)
from estates_api.domain.sites import Interest, Site, Surroundings
from estates_api.domain.standing import Standing, Tried
from estates_api.domain.values import parse_statement
from estates_api.errors import BadInput, Conflict

AS_OF = date(2018, 12, 31)
STATE = State((("ERIC 2016-17", "ab" * 32),), "2018-12-31T00:00:00+00:00", "0.1", 0)
NOTHING = Beside()
NOWHERE = Surroundings(ptal="0", need_decile=10.0, services_400m=0)
RELEASE = full(land_owned_ha=13.0, idle_land_ha=1.3)
NEAR = Surroundings(ptal="5", need_decile=2.0, services_400m=4)
REUSE = full(land_owned_ha=0.2, idle_land_ha=0.0, empty_pct=15.0)


def made(sites: Sequence[Site]) -> dict[str, Any]:
    """The shortlist of the last quarter of 2018 from these sites."""
    return make_shortlist(Quarter(2018, 4), AS_OF, assess(sites, method(), AS_OF), method(), STATE)


def _entry(one: Site) -> dict[str, Any]:
    (entry,) = made([one])["entries"]
    return entry


@FEW
@given(st.lists(any_site(), max_size=4, unique_by=lambda one: one.ref), st.randoms())
def test_frozen_and_read_again(sites: list[Site], random) -> None:
    """Frozen bytes read back as the list they were made of; the same sites in any order give the same bytes."""
    content = made(sites)
    frozen = canonical_bytes(content)
    assert json.loads(frozen) == content
    assert canonical_bytes(json.loads(frozen)) == frozen
    random.shuffle(sites)
    assert fingerprint(canonical_bytes(made(sites))) == fingerprint(frozen)


@FEW
@given(st.lists(any_site(), max_size=5, unique_by=lambda one: one.ref))
def test_the_order_of_the_entries(sites: list[Site]) -> None:
    """Lists in their order, within a list the higher score first, of equal scores the lower reference."""
    entries = made(sites)["entries"]
    keys = [(ORDER.index(entry["list"]), -entry["score"], entry["site"]) for entry in entries]
    assert keys == sorted(keys)


def test_every_list() -> None:
    """Release, part release and reuse each on their list; a retained site is on none; nothing is on two."""
    sites = [
        site(REUSE, ref="NCL-1"),
        site(RELEASE, ref="NCL-2", surroundings=NOWHERE),
        site(RELEASE, ref="NCL-3", surroundings=NEAR),
        site(full(land_owned_ha=0.2, idle_land_ha=0.0), ref="NCL-4", surroundings=NOWHERE),
        site(holding(), ref="NCL-5", surroundings=Surroundings()),
        site(RELEASE, ref="NCL-6", events=(event("sold"),)),
    ]
    content = made(sites)
    assert [(e["list"], e["site"]) for e in content["entries"]] == [
        ("release", "NCL-2"), ("part release", "NCL-3"), ("reuse", "NCL-1"),
    ]  # fmt: skip
    assert [row["site"] for row in content["not_enough_data"]] == ["NCL-5"]
    assert content["released"] == [
        {"site": "NCL-6", "name": "A Site", "event": "sold, 2018-03", "citation": "A page <https://example.org>"}
    ]


def test_stanmore_is_in_the_annex() -> None:
    """RNOH Stanmore belongs to a partner trust and lies in Harrow: listed in the annex, with the reason."""
    entry = _entry(site(RELEASE, ref="NCL-RAN01", inside_area=False, borough_gss="E09000015"))
    assert (entry["list"], entry["annex_reason"]) == ("annex", "outside the area")
    entry = _entry(site(RELEASE, inside_area=None))
    assert (entry["list"], entry["annex_reason"]) == ("annex", "position not known")


def test_other_peoples_sites_are_not_ours() -> None:
    """A site surely outside, of no partner trust, is nowhere: not listed, not missing data, not released."""
    elsewhere = {"inside_area": False, "partner_trust": False}
    sites = [
        site(RELEASE, ref="X1", **elsewhere),
        site(holding(), ref="X2", surroundings=Surroundings(), **elsewhere),
        site(RELEASE, ref="X3", events=(event("sold"),), **elsewhere),
        site(RELEASE, ref="X4", inside_area=None, partner_trust=False),
    ]
    content = made(sites)
    assert (content["entries"], content["not_enough_data"], content["released"]) == ([], [], [])


def test_an_entry_says_whose_what_where_and_why() -> None:
    """An entry names owners and occupiers once each, in order, the score of its list, its sources and its events."""
    landlord = Interest("NHSPS", "NHS Property Services", "NHS", "head lessee", "stated")
    one = site(
        RELEASE, holding("TAF01", empty_pct=1.0), surroundings=NOWHERE, interests=(landlord, *OWNED),
        address="1 Road", postcode="N15 3TH", easting=1.0, northing=2.0, lon=-0.123456789, lat=51.5,
        later_events=(event("retained", date(2026, 1, 1)),),
    )  # fmt: skip
    entry = _entry(one)
    assert entry["owner"] == "NHS Property Services; Royal Free London"
    assert entry["occupiers"] == "Trust RYX; Trust TAF"
    assert (entry["score"], entry["route"]) == (entry["release_score"], "release")
    assert entry["score_low"] <= entry["score"] <= entry["score_high"]
    assert (entry["land_ha"], entry["open_land_ha"], entry["gia_m2"]) == (13.0, 12.0, 10_000)
    assert entry["sources"] == "ERIC 2016-17 row 7"
    assert entry["lon"] == -0.1234568
    assert entry["later_events"] == "retained, 2026-01"
    assert (entry["evidence_date"], entry["stale"], entry["annex_reason"]) == ("2017-03-31", False, "")
    assert entry["reasons"].startswith("Listed for release because")


def test_a_reuse_entry_shows_the_reuse_score_and_the_gate() -> None:
    """On the reuse list the score is reuse's; a gate that holds release back is told; blanks are blank."""
    ready = full(land_owned_ha=13.0, idle_land_ha=1.3, unsuitable_pct=0.0, backlog_high_gbp=0.0, empty_pct=15.0)
    entry = _entry(site(ready, interests=(), surroundings=NEAR))
    assert (entry["list"], entry["score"]) == ("reuse", entry["reuse_score"])
    assert entry["gates"].startswith("owner: no public owner is known")
    assert (entry["owner"], entry["address"], entry["lon"]) == ("", "", None)


def test_land_that_nobody_states_is_blank() -> None:
    """A site listed without any land has no figure for it, never 0."""
    entry = _entry(site(full(land_owned_ha=None, idle_land_ha=None, empty_pct=15.0)))
    assert (entry["land_ha"], entry["open_land_ha"]) == (None, None)


def test_missing_data_names_who_can_give_it() -> None:
    """What is not known is listed by criterion beside the organisations that return the site."""
    (row,) = made([site(holding("TAF01"), holding("RRP01"), surroundings=Surroundings())])["not_enough_data"]
    assert row["responsible"] == "Trust RRP; Trust TAF"
    assert row["not_known"] == sorted(row["not_known"])
    assert {"release.vacancy", "reuse.access"} <= set(row["not_known"])


def test_the_list_says_what_it_was_made_of() -> None:
    """Quarter, day, method and its hash, cut-offs, editions, code and seed are part of the frozen bytes."""
    content = made([])
    assert (content["quarter"], content["as_of"], content["seed"]) == ("2018-Q4", "2018-12-31", 0)
    assert content["method"]["sha256"] == method().sha256
    assert content["cut_offs"] == {"release": 47, "reuse": 55, "coverage": 0.5}
    assert content["editions"] == [{"edition": "ERIC 2016-17", "sha256": "ab" * 32}]
    other = make_shortlist(Quarter(2018, 4), AS_OF, [], method(), replace(STATE, code_version="0.2"))
    assert fingerprint(canonical_bytes(other)) != fingerprint(canonical_bytes(content))


def test_canonical_bytes() -> None:
    """Sorted keys, no spaces, UTF-8 as it is; a number that is none is refused, not written."""
    assert canonical_bytes({"b": [1.5, None], "a": "£ é"}) == '{"a":"£ é","b":[1.5,null]}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical_bytes({"a": float("nan")})
    assert fingerprint(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_same_site_alone_or_among_others_has_the_same_entry() -> None:
    """An entry does not depend on what else is listed."""
    one = site(RELEASE, ref="NCL-1", surroundings=NEAR)
    assert _entry(one) in made([site(REUSE, ref="NCL-2"), one])["entries"]
    assert assessed(one).route == "part release with reuse"


def seen(sites: Sequence[Site], beside: Beside = NOTHING, by: Method | None = None) -> dict[str, Any]:
    """The whole list of the last quarter of 2018, as `made`, with what else is known; each site is in a circle."""
    circles = [("public", "partner", "owner").index(beside.particulars[one.ref].sensitivity) for one in sites]
    results = assess(sites, by or method(), AS_OF, seed=0, circles=circles)
    return make_shortlist(Quarter(2018, 4), AS_OF, results, by or method(), STATE, beside)


def ruled(size: int, probability: float = 0.0) -> Method:
    """The shipped method with another rule for the length of lists."""
    return replace(method(), rule=ListRule(size, probability))


@FEW
@given(
    st.lists(st.tuples(any_site(), st.sampled_from(["public", "partner", "owner"])), max_size=5,
             unique_by=lambda pair: pair[0].ref),
    st.sampled_from([("public", {"public"}), ("partner", {"public", "partner"})]), st.integers(1, 3),
)  # fmt: skip
def test_withheld_sites_leave_no_trace(
    pairs: list[tuple[Site, Sensitivity]], audience: tuple[str, set[str]], size: int
) -> None:
    """What an audience sees is, to the last number, the list of the sites it may see: only the totals of those that
    are withheld tell that there are others."""
    beside = Beside(particulars={one.ref: Particulars(sensitivity=seen_by_whom) for one, seen_by_whom in pairs})
    whole = seen([one for one, _ in pairs], beside, ruled(size))
    hidden = {one.ref for one, whom in pairs if whom not in audience[1]}
    shown = seen_by(whole, audience[0], hidden)
    alone = seen([one for one, _ in pairs if one.ref not in hidden], beside, ruled(size))
    assert shown | {"withheld": []} == alone | {"audience": audience[0]}
    listed = [row for part in ("entries", "next") for row in whole[part] if row["site"] in hidden]
    assert sum(row["sites"] for row in shown["withheld"]) == len(listed)


def test_who_is_beyond_the_rule_stands_next() -> None:
    """A list of one: the best is on it, the others of the same list stand apart as next, with the reason."""
    better = full(land_owned_ha=30.0, idle_land_ha=9.0)
    sites = [site(RELEASE, ref="NCL-1", surroundings=NOWHERE), site(better, ref="NCL-2", surroundings=NOWHERE),
             site(REUSE, ref="NCL-3")]  # fmt: skip
    content = make_shortlist(Quarter(2018, 4), AS_OF, assess(sites, ruled(1), AS_OF), ruled(1), STATE)
    assert [entry["site"] for entry in content["entries"]] == ["NCL-2", "NCL-3"]
    assert content["rule"] == {"size": 1, "probability": 0.0, "top": 10}
    (reserve,) = content["next"]
    assert (reserve["site"], reserve["list"], reserve["p_top_k"]) == ("NCL-1", "release", None)
    assert reserve["why"] == "1 beyond the first 1 of the release list"


def test_who_is_seldom_among_the_first_stands_next() -> None:
    """A probability that nobody can reach leaves the list empty and everybody next; without a rule all are listed."""
    sites = [site(RELEASE, ref=f"NCL-{i}", surroundings=NOWHERE) for i in range(20)]
    public = Beside(particulars={one.ref: Particulars() for one in sites})
    content = seen(sites, public, ruled(100, 0.9))
    assert len(content["entries"]) + len(content["next"]) == 20
    assert all(row["why"].endswith("of the draws; 90.0% are needed") for row in content["next"])
    assert content["next"]
    assert seen(sites, public, replace(method(), rule=None))["next"] == []


def _chosen(kind: Kind, ref: str, listed: str | None = None) -> Beside:
    return Beside(choices=(Choice(ref, kind, listed, "the board asked", "A Board", "2018-12-01T00:00:00+00:00"),))


def test_a_pin_puts_on_the_list_and_is_printed() -> None:
    """A pinned site is listed whatever the rule says, with who pinned it and why, beside what the method says."""
    kept = site(full(land_owned_ha=0.2, idle_land_ha=0.0), ref="NCL-4", surroundings=NOWHERE)
    content = make_shortlist(
        Quarter(2018, 4), AS_OF, assess([kept], method(), AS_OF), method(), STATE, _chosen("pin", "NCL-4", "reuse")
    )
    (entry,) = content["entries"]
    assert (entry["list"], entry["score"], entry["route"]) == ("reuse", entry["reuse_score"], "retain")
    assert entry["pinned"] == "A Board: the board asked"
    assert entry["pinned_to"] == "reuse"
    why = "Pinned to the reuse list by A Board: the board asked. By the method alone: Not listed"
    assert entry["reasons"].startswith(why)
    (choice,) = content["choices"]
    assert (choice["followed"], choice["by"], choice["reason"]) == (True, "A Board", "the board asked")


@pytest.mark.parametrize("inside", [True, None])
@pytest.mark.parametrize("listed", ["release", "part release", "reuse"])
@pytest.mark.parametrize("shape", ["release", "reuse", "retain"])
def test_a_pinned_site_has_the_figures_of_the_list_it_stands_on(shape: str, listed: str, inside: bool | None) -> None:
    """Score, interval, rank and chance are those of the list that a site is pinned to, in the annex too, whatever its
    route; and without a pin those of its route."""
    one = {
        "release": site(RELEASE, ref="NCL-1", surroundings=NOWHERE, inside_area=inside),
        "reuse": site(REUSE, ref="NCL-1", inside_area=inside),
        "retain": site(full(land_owned_ha=0.2, idle_land_ha=0.0), ref="NCL-1", surroundings=NOWHERE,
                       inside_area=inside),
    }[shape]  # fmt: skip
    alone = assess([one], method(), AS_OF)[0]
    release, reuse = Standing(3, 9, 0.25, 2, 5, 1, 7, pareto=False), Standing(8, 9, 0.5, 6, 9, 4, 9, pareto=True)
    result = replace(alone, tried=Tried(0, release, reuse, None, ()))
    chosen = _chosen("pin", "NCL-1", listed)
    (entry,) = make_shortlist(Quarter(2018, 4), AS_OF, [result], method(), STATE, chosen)["entries"]
    assert result.route == shape
    assert entry["list"] == (listed if inside else "annex")
    own = result.reuse if listed == "reuse" else result.release
    assert (entry["score"], entry["score_low"]) == (round(own.expected, 4), round(own.low, 4))
    assert (entry["rank"], entry["p_top_k"]) == ((8, 0.5) if listed == "reuse" else (3, 0.25))


def test_a_strike_takes_off_the_list_and_is_printed() -> None:
    """A struck site is neither listed nor next; the list says who struck it and why, and the next one moves up."""
    sites = [site(RELEASE, ref="NCL-1", surroundings=NOWHERE), site(RELEASE, ref="NCL-2", surroundings=NOWHERE)]
    results = assess(sites, ruled(1), AS_OF)
    content = make_shortlist(Quarter(2018, 4), AS_OF, results, ruled(1), STATE, _chosen("strike", "NCL-1"))
    assert ([row["site"] for row in content["entries"]], content["next"]) == (["NCL-2"], [])
    assert content["choices"][0]["kind"] == "strike"


def test_a_closed_gate_is_not_pinned_over() -> None:
    """Without an owner no pin puts a site on the release list: the list says that the pin is not followed, and why."""
    nobodys = site(RELEASE, ref="NCL-1", interests=(), surroundings=NOWHERE)
    results = assess([nobodys], method(), AS_OF)
    content = make_shortlist(Quarter(2018, 4), AS_OF, results, method(), STATE, _chosen("pin", "NCL-1", "release"))
    assert content["entries"] == []
    assert content["choices"][0]["why_not"].startswith("the gate is closed: no public owner is known")
    with pytest.raises(Conflict, match="NCL-1 cannot be pinned to the release list: the gate is closed"):
        check_pin(results[0], "release", "NCL-1")
    check_pin(results[0], "reuse", "NCL-1")


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (site(RELEASE, events=(event("sold"),)), "no longer public land"),
        (site(RELEASE, inside_area=False, partner_trust=False), "outside the area"),
        (None, "nothing is known"),
    ],
)
def test_what_cannot_be_pinned(one: Site | None, why: str) -> None:
    """A sold site, somebody else's and one that is not known cannot be pinned to any list."""
    with pytest.raises(Conflict, match=why):
        check_pin(assessed(one) if one else None, "reuse", "NCL-1")


def test_sites_outside_that_would_qualify_stand_apart() -> None:
    """A site surely outside, of no trust of the area, that would be listed is told as outside."""
    content = made([site(RELEASE, ref="X1", inside_area=False, partner_trust=False, surroundings=NOWHERE)])
    (row,) = content["outside"]
    assert (row["site"], row["list"], row["responsible"]) == ("X1", "release", "Trust RYX")


def test_missing_data_is_grouped_by_who_could_tell() -> None:
    """Sites with not enough data stand by responsible organisation."""
    sites = [site(holding(code), ref=ref, surroundings=Surroundings())
             for code, ref in (("TAF01", "NCL-1"), ("RAL01", "NCL-2"), ("TAF02", "NCL-3"))]  # fmt: skip
    groups = by_organisation(made(sites)["not_enough_data"])
    assert {who: [row["site"] for row in rows] for who, rows in groups.items()} == {
        "Trust RAL": ["NCL-2"], "Trust TAF": ["NCL-1", "NCL-3"],
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "  ", "x" * 1001, "a\0b", "half \ud800"])
def test_a_reason_must_say_something(text: str) -> None:
    """A blank, endless or unprintable reason is refused by the name of its field."""
    with pytest.raises(BadInput, match="because: say it in 1 to 1000 letters"):
        parse_statement("because", text)


TRUST = Body("RYX", "Trust RYX", "NHS", "NHS trust")


@pytest.mark.parametrize("steps", [("retain",), ("declare", "market", "release"), ("approve-reuse", "reuse")])
def test_what_its_owner_decided_is_proposed_no_more(steps: tuple[str, ...]) -> None:
    """A site that is kept, let go or in its new use stands apart with the decision, whoever pins it, and the next one
    takes its place; one on its way stays on the list."""
    sites = [site(RELEASE, ref=ref, surroundings=NOWHERE) for ref in ("NCL-1", "NCL-2")]
    taken = tuple(
        Decision(number, "NCL-1", step, TRUST, "Board", AS_OF, "12/3", "agreed", "A Clerk")
        for number, step in enumerate(steps, 1)
    )
    pin = Choice("NCL-1", "pin", "release", "we want it", "A Clerk", "2018-12-01T00:00:00+00:00")
    for known in range(len(steps) + 1):
        beside = Beside(choices=(pin,), particulars={"NCL-1": Particulars(decisions=taken[:known])})
        content = make_shortlist(Quarter(2018, 4), AS_OF, assess(sites, method(), AS_OF), method(), STATE, beside)
        listed, ended = {entry["site"] for entry in content["entries"]}, known == len(steps)
        assert listed == ({"NCL-2"} if ended else {"NCL-1", "NCL-2"})
        assert [row["site"] for row in content["decided"]] == (["NCL-1"] if ended else [])
        assert content["choices"][0]["followed"] is not ended
    (row,) = content["decided"]
    assert row["told"] == f"{row['state']}: Board of Trust RYX, 2018-12-31, minute 12/3"
    assert content["choices"][0]["why_not"] == row["told"]
