"""What changed between two lists: every entry once, with its causes, and points that add up."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders import FEW, any_site, event, full, holding, method, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.assessment import assess
from estates_api.domain.choices import Choice
from estates_api.domain.entry import make_entry
from estates_api.domain.explanation import describe
from estates_api.domain.method import ListRule, Method
from estates_api.domain.quarters import Quarter
from estates_api.domain.shortlist import Beside, State, make_shortlist
from estates_api.domain.shortlist_changes import Facts, compare
from estates_api.domain.sites import Site, Surroundings

AS_OF = date(2018, 12, 31)
STATE = State((("ERIC 2016-17", "ab" * 32),), "2018-12-31T00:00:00+00:00", "0.1", 0)
NOTHING = Beside()
NOWHERE = Surroundings(ptal="0", need_decile=10.0, services_400m=0)
RELEASE = full(land_owned_ha=13.0, idle_land_ha=1.3)
POOR = full(land_owned_ha=0.2, idle_land_ha=0.0)
PARTS = ("entered", "left", "moved", "stayed")
WEIGHTY = replace(method(), sha256="cd" * 32, group_weights=dict(method().group_weights) | {"release.land": 2.0})
"""The shipped method with land counted twice."""


def listed(sites: Sequence[Site], beside: Beside = NOTHING, by: Method | None = None) -> dict[str, Any]:
    """A list with ranks, as it is frozen."""
    results = assess(sites, by or method(), AS_OF, seed=0)
    return make_shortlist(Quarter(2018, 4), AS_OF, results, by or method(), STATE, beside)


def told(sites: Sequence[Site], by: Method | None = None) -> dict[str, Any]:
    """What the run says of every site, as it is stored."""
    return {one.site.ref: describe(one, by or method(), AS_OF) for one in assess(sites, by or method(), AS_OF, seed=0)}


def changes(before: Sequence[Site], after: Sequence[Site], **facts: Any) -> dict[str, Any]:
    """The changes from the list of some sites to that of others, with what the runs say."""
    titles = {one.id: one.title for one in method().criteria}
    return compare(listed(before), listed(after), Facts(told(before), told(after), titles=titles, **facts))


def causes(found: Mapping[str, Any], part: str, ref: str) -> dict[str, str]:
    """The causes of one change, and how they are told."""
    (one,) = (row for row in found[part] if row["site"] == ref)
    return {cause["cause"]: cause["told"] for cause in one["causes"]}


some_sites = st.lists(any_site(), max_size=4, unique_by=lambda one: one.ref)


@FEW
@given(some_sites)
def test_nothing_changed_in_the_same_list(sites: list[Site]) -> None:
    """A list beside itself: nothing entered, left or moved, and what stayed has no cause."""
    found = changes(sites, sites)
    assert [len(found[part]) for part in PARTS[:3]] == [0, 0, 0]
    assert all(not row["causes"] for row in found["stayed"])
    assert found["method_changed"] is False


@FEW
@given(some_sites, some_sites)
def test_every_entry_once_and_both_ways(before: list[Site], after: list[Site]) -> None:
    """Every entry of either list is in exactly one part; what entered one way has left the other way."""
    there, back = changes(before, after), changes(after, before)
    refs = [row["site"] for part in PARTS for row in there[part]]
    entries = {entry["site"] for sites in (before, after) for entry in listed(sites)["entries"]}
    assert sorted(refs) == sorted(entries)
    assert [[row["site"] for row in there[part]] for part in PARTS] == [
        [row["site"] for row in back[part]] for part in ("left", "entered", "moved", "stayed")
    ]
    assert all(row["causes"] for part in PARTS[:3] for row in there[part])


@FEW
@given(some_sites, some_sites, st.booleans())
def test_points_add_up(before: list[Site], after: list[Site], other_method: bool) -> None:
    """The points of the criteria sum to the difference of each score, and so do those of the causes: to what the
    rounding of the two scores to four places leaves open."""
    by = WEIGHTY if other_method else method()
    found = compare(listed(before), listed(after, by=by), Facts(told(before), told(after, by)))
    for row in (row for part in PARTS for row in found[part]):
        for name, score in row["scores"].items():
            by_criterion = sum(part["points"] for part in score["by_criterion"])
            by_cause = sum(cause["points"].get(name, 0.0) for cause in row["causes"] if "points" in cause)
            assert by_criterion == pytest.approx(score["difference"], abs=1e-8)
            assert by_cause == pytest.approx(score["difference"], abs=1e-8)
            assert score["to"] - score["from"] == pytest.approx(score["difference"], abs=1e-4 + 1e-9)


def test_its_data_changed() -> None:
    """Other figures: which measure went from what to what, by which rows, and what that did to the score."""
    before, after = site(RELEASE, ref="NCL-1", surroundings=NOWHERE), site(POOR, ref="NCL-1", surroundings=NOWHERE)
    found = changes([before], [after])
    (left,) = found["left"]
    assert left["list"] == {"from": "release", "to": None}
    assert left["scores"]["release"]["difference"] < -5
    (data,) = (cause for cause in left["causes"] if cause["cause"] == "data")
    assert "land not under buildings 12 ha to" in data["told"]
    assert data["told"].endswith(" points for release")
    assert "release." not in data["told"]
    claims = {claim["criterion"]: claim for claim in data["claims"]}
    assert claims["release.open_land"]["measure"]["from"] == 12.0
    assert claims["release.open_land"]["title"] == "land not under buildings"
    assert claims["release.open_land"]["sources"]["to"] == "ERIC 2016-17 row 7"


def test_the_method_changed() -> None:
    """Another method: told with what it did to each score, in points, and with the cut-offs that it moved."""
    one = site(RELEASE, ref="NCL-1", surroundings=NOWHERE)
    found = compare(listed([one]), listed([one], by=WEIGHTY))
    assert found["method_changed"]
    told_cause = causes(found, "stayed", "NCL-1")["method"]
    assert re.fullmatch(r"the method changed: its release score [+-]\d+\.\d points", told_cause)
    strict = replace(method(), sha256="x", cut_offs=replace(method().cut_offs, release=99, coverage=0.4))
    found = compare(listed([one]), listed([one], by=strict), Facts(told([one]), told([one], strict)))
    assert causes(found, "left", "NCL-1")["method"] == (
        f"the method changed: the cut-off for release from {method().cut_offs.release:g} to 99, the share of a score's "
        "weight that must be known from 50% to 40%; its scores are the same by both"
    )


def test_a_rival_moved() -> None:
    """Own score unchanged, rank changed: the rival that passed is named, and by how many ranks."""
    one, other = (site(RELEASE, ref=ref, name=ref, surroundings=NOWHERE) for ref in ("NCL-1", "NCL-2"))
    better = replace(other, holdings=(full(land_owned_ha=30.0, idle_land_ha=9.0),))
    found = changes([one, other], [one, better])
    rival = causes(found, "moved", "NCL-1")
    assert rival == {"rival": "others passed it or made way, its rank changed by 1, from 1 to 2: NCL-2"}
    assert "data" in causes(found, "moved", "NCL-2")


def test_a_rival_of_another_list_is_named() -> None:
    """Sites are ranked by a score together, whichever list each is on: one for part release that is a better home
    passes those for reuse, and is named; one that was struck keeps its place in the ranks, and is not, nor is one of
    which too little is known by that score to be ranked."""
    before, after = ({**listed([]), "entries": []} for _ in range(2))
    here = {"name": "NCL-1", "borough": "Barnet", "list": "reuse", "route": "reuse", "contributions": [], "rank": 2,
            "score": 60.0, "release_score": 10.0, "reuse_score": 60.0, "events": "", "gates": ""}  # fmt: skip
    struck = here | {"site": "NCL-2", "name": "NCL-2", "rank": 1, "reuse_score": 65.0, "score": 65.0}
    both = here | {"site": "NCL-3", "name": "NCL-3", "list": "part release", "route": "part release with reuse",
                   "rank": 1, "score": 70.0, "release_score": 70.0, "reuse_score": 75.0,
                   "contributions": [{"criterion": "reuse.spare", "state": "known", "weight": 1.0}]}  # fmt: skip
    vague = both | {"site": "NCL-4", "name": "NCL-4", "route": "release", "list": "release", "rank": 2,
                    "contributions": [{"criterion": "reuse.spare", "state": "unknown", "weight": 1.0}]}  # fmt: skip
    before["entries"] = [here | {"site": "NCL-1"}, struck]
    after["entries"] = [here | {"site": "NCL-1", "rank": 3}, both, vague]
    ranked = {"release": {"score": 10.0}, "reuse": {"score": 65.0}, "robustness": {"reuse": {"rank": 2}}}
    found = compare(before, after, Facts(after={"NCL-2": ranked}))
    assert causes(found, "moved", "NCL-1")["rival"].endswith("changed by 1, from 2 to 3: NCL-3")
    back = compare(after, before, Facts(before={"NCL-2": ranked}))
    assert causes(back, "moved", "NCL-1")["rival"].endswith("changed by 1, from 3 to 2: NCL-3")


def test_an_event_and_a_sale() -> None:
    """What happened is a cause; a sold site left public ownership."""
    one = site(RELEASE, ref="NCL-1", surroundings=NOWHERE)
    marketed = replace(one, events=(event("marketed"),))
    assert causes(changes([one], [marketed]), "stayed", "NCL-1") == {"event": "marketed, 2018-03"}
    sold = causes(changes([one], [replace(one, events=(event("sold"),))]), "left", "NCL-1")
    assert sold["left public ownership"] == "it left public ownership: sold, 2018-03"


def test_a_gate_closed() -> None:
    """An owner that is not known any more closes a gate: the site left, and the gate is the cause."""
    one = site(RELEASE, ref="NCL-1", surroundings=NOWHERE)
    found = causes(changes([one], [replace(one, interests=())]), "left", "NCL-1")
    assert found["gate"].startswith("a gate closed: no public owner is known")


def test_not_enough_data_any_more() -> None:
    """A site of which nothing is returned any more left for want of data, and enters again when it is."""
    one, silent = site(RELEASE, ref="NCL-1", surroundings=NOWHERE), site(holding(), ref="NCL-1", surroundings=NOWHERE)
    assert causes(changes([one], [silent]), "left", "NCL-1")["not enough data"].startswith("not enough data any more: ")
    assert "enough data" in causes(changes([silent], [one]), "entered", "NCL-1")


def test_a_merger() -> None:
    """A site that became part of another left because of it, and the other says so."""
    one, other = (site(RELEASE, ref=ref, surroundings=NOWHERE) for ref in ("NCL-1", "NCL-2"))
    found = changes([one, other], [other], survivors={"NCL-1": "NCL-2"})
    assert causes(found, "left", "NCL-1")["merge"] == "it became part of NCL-2"
    assert causes(found, "moved", "NCL-2")["merge"] == "NCL-1 became part of it"


def test_a_pin_brings_no_evidence() -> None:
    """A site of which too little is known before and after is listed because it was pinned, and for no other reason;
    while it stays pinned nothing is told of it."""
    silent = site(holding(), ref="NCL-1", surroundings=NOWHERE)
    pinned = listed([silent], Beside(choices=(Choice("NCL-1", "pin", "reuse", "why", "B", "2018"),)))
    facts = Facts(told([silent]), told([silent]))
    entered = causes(compare(listed([silent]), pinned, facts), "entered", "NCL-1")
    assert list(entered) == ["decision"]
    assert causes(compare(pinned, pinned, facts), "stayed", "NCL-1") == {}
    assert list(causes(compare(pinned, listed([silent]), facts), "left", "NCL-1")) == ["decision"]


def test_a_strike_a_pin_and_a_step_are_decisions() -> None:
    """What persons decided is told with who and why; so is a step in a site's life."""
    one = site(RELEASE, ref="NCL-1", surroundings=NOWHERE)
    struck = Beside(choices=(Choice("NCL-1", "strike", None, "kept for a school", "Cabinet", "2018-12-01"),))
    before, after = listed([one]), listed([one], struck)
    found = compare(before, after, Facts(told([one]), told([one])))
    assert causes(found, "left", "NCL-1") == {"decision": "struck off the list by Cabinet: kept for a school"}
    back = compare(after, before, Facts(told([one]), told([one])))
    assert causes(back, "entered", "NCL-1")["decision"].startswith("no longer struck off the list by Cabinet")
    steps = [{**before, "entries": [{**before["entries"][0], "state": state}]} for state in ("identified", "surplus")]
    assert causes(compare(*steps), "stayed", "NCL-1") == {"decision": "its state went from identified to surplus"}


def test_an_endorsement_is_a_decision() -> None:
    """Who of the other sector agreed since, or agrees no longer, is told."""
    before = listed([site(RELEASE, ref="NCL-1", surroundings=NOWHERE)])
    agreed = [{"organisation": "Camden", "sector": "council", "date": "2018-12-01"}]
    after = {**before, "entries": [{**before["entries"][0], "endorsed_by": agreed}]}
    assert causes(compare(before, after), "stayed", "NCL-1") == {"decision": "endorsed by Camden"}
    assert causes(compare(after, before), "stayed", "NCL-1") == {"decision": "no longer endorsed by Camden"}


def test_beyond_the_rule() -> None:
    """Who left because the list is full is told as next, with the rivals."""
    one, other = (site(RELEASE, ref=ref, name=ref, surroundings=NOWHERE) for ref in ("NCL-1", "NCL-2"))
    by = replace(method(), rule=ListRule(1, 0.0))
    better = replace(other, holdings=(full(land_owned_ha=30.0, idle_land_ha=9.0),))
    found = compare(listed([one, other], by=by), listed([one, better], by=by))
    assert causes(found, "left", "NCL-1")["rule"] == "it is next: 1 beyond the first 1 of the release list"
    assert causes(found, "entered", "NCL-2")["rule"].startswith("it was next before: ")


def test_redacted() -> None:
    """What is not shown any more says that, and tells no score in parts."""
    one = site(RELEASE, ref="NCL-1", surroundings=NOWHERE)
    before, after = listed([one]), listed([one])
    after["entries"] = [{**after["entries"][0], "contributions": [], "rank": None, "events": ""}]
    found = compare(before, after, Facts(redacted={"NCL-1": "personal data"}))
    assert causes(found, "moved", "NCL-1")["redacted"] == "rows that it rests on were redacted: personal data"
    assert found["moved"][0]["scores"] == {}


def test_nothing_was_told_of_it() -> None:
    """A site of which the earlier day knew nothing entered because data came."""
    one = site(RELEASE, ref="NCL-1", surroundings=NOWHERE)
    assert causes(changes([], [one]), "entered", "NCL-1") == {"data": "nothing was told of it on the earlier day"}
    assert causes(changes([one], []), "left", "NCL-1") == {"data": "nothing is told of it any more on the later day"}


def test_what_nothing_explains_says_so() -> None:
    """Two lists that differ without a reason in either: not known, with the versions of the code that made them."""
    one = site(RELEASE, ref="NCL-1", surroundings=NOWHERE)
    before, after = listed([one]), listed([one])
    after["entries"] = [{**after["entries"][0], "list": "annex"}]
    found = compare(before, after | {"code_version": "0.2"})
    assert causes(found, "moved", "NCL-1") == {
        "not known": "nothing in the two lists explains it; the lists were made by versions 0.1 and 0.2"
    }


def test_an_entry_and_the_run_tell_the_same_points() -> None:
    """The contributions of an entry and of the stored run of the same site are the same numbers and rows."""
    one = site(RELEASE, ref="NCL-1", surroundings=NOWHERE)
    (result,) = assess([one], method(), AS_OF)
    entry = make_entry(result, "release", method(), as_of=AS_OF, more=Beside().of(result))
    found = compare(listed([one]) | {"entries": [entry]}, listed([]), Facts(after=told([one])))
    assert all(score["difference"] == 0 for score in found["left"][0]["scores"].values())
    assert all(score["by_criterion"] == [] for score in found["left"][0]["scores"].values())
