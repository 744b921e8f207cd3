"""Fits: reasons for and against, verdicts by what is hard, and an order without weights."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.aspects import ASPECTS, HARD, Offers, rules
from estates_api.domain.fits import VERDICTS, Fit, Fits, describe_reason, find_fits
from estates_api.domain.listing import list_listed
from estates_api.domain.measures import FREEHOLD_YEARS, PTAL_LEVELS
from estates_api.domain.needs import Need
from estates_api.domain.outcome import ROUTES
from estates_api.domain.search_areas import Boroughs, Circle, Drawn, Positions
from estates_api.domain.transitions import STATES

DAY = date(2026, 11, 22)
SCALES = {"reuse.condition": (0.0, 100.0), "reuse.security": (2.0, 25.0)}
HUB = Need("HUB-1", "RZ1", "Made Up Trust", "Integrated hub", 200.0, 400.0, Boroughs(("E1",), ("One",)), ptal="3")

GOOD = {"spare": 350.0, "condition": 100.0, "security": FREEHOLD_YEARS, "access": 4.0, "need": 2.0, "borough": "E1",
        "route": "reuse", "reuse": 60.0, "finance": False, "point": (1000.0, 1000.0), "error_m": 0.0}  # fmt: skip


def offers(*sites: dict[str, object]) -> Offers:
    """Sites that fit in every way, with changes; a number that is None is not known."""
    every = [GOOD | one for one in sites]
    numbers = {
        f"reuse.{name}": np.array([np.nan if one[name] is None else one[name] for one in every], dtype=float)
        for name in ("spare", "condition", "security", "access", "need")
    }
    return Offers(
        tuple(str(one.get("ref", f"NCL-{n}")) for n, one in enumerate(every)),
        tuple(f"Site {n}" for n in range(len(every))),
        tuple({"E1": "One", "E2": "Two"}.get(str(one["borough"]), "") for one in every),
        Positions(
            np.array([None if one["point"] is None else shapely.Point(one["point"]) for one in every], dtype=object),
            np.array([one["error_m"] for one in every], dtype=float),
            np.array([one["borough"] for one in every], dtype=np.str_),
        ),
        np.array([ROUTES.index(one["route"]) for one in every], dtype=np.int8),
        np.array([one["reuse"] for one in every], dtype=float),
        numbers,
        np.array([one["finance"] for one in every], dtype=np.bool_),
        SCALES,
        DAY,
        {
            str(one.get("ref", f"NCL-{n}")): (one["state"], "Board of RZ1")
            for n, one in enumerate(every)
            if "state" in one
        },
    )


def fit(need: Need = HUB, /, **changes: object) -> Fit:
    """How one such site answers a need."""
    return find_fits(need, offers(changes)).fit(0)


def said(found: Fit) -> dict[str, tuple[str, str]]:
    """What each aspect says, and in which words."""
    return {reason.aspect.name: (reason.says, reason.said.told) for reason in found.reasons}


def changed(**changes: object) -> Need:
    """The hub's need with changes."""
    parts = {name: getattr(HUB, name) for name in HUB.__slots__}
    return Need(**{**parts, **changes})


def test_a_site_that_fits_in_every_way() -> None:
    """Every aspect speaks for it or is told for information; none is silent that somebody asked about."""
    found = fit()
    assert (found.verdict, found.told(), found.fails, found.unknown) == ("fits", "fits", (), ())
    assert said(found) == {
        "space": ("for", "350 m² is spare"),
        "where": ("for", "it lies in One"),
        "transport": ("for", "its public transport accessibility level is 3"),
        "condition": ("for", "it is 100% ready to use, by suitability and backlog"),
        "tenure": ("for", "a public body has the freehold, or is taken to have it"),
        "route": ("for", "by the method it is for reuse"),
        "deprivation": ("to note", "deprivation decile of the neighbourhoods around it is 2 (1 is most deprived)"),
    }


@pytest.mark.parametrize(
    ("changes", "aspect", "says", "told"),
    [
        ({"spare": 199.6}, "space", "against", "199.6 m² is spare, less than 200 m²"),
        ({"spare": 200.0}, "space", "for", "200 m² is spare"),
        ({"spare": 5000.0}, "space", "for", "5,000 m² is spare; a part of it is enough"),
        ({"spare": 0.0}, "space", "against", "0 m² is spare, less than 200 m²"),
        ({"borough": "E2"}, "where", "against", "it lies in Two, not in One"),
        ({"borough": "E9"}, "where", "against", "it lies in a borough outside the area, not in One"),
        ({"access": 3.0}, "transport", "against", "its public transport accessibility level is 2, less than 3"),
        ({"route": "released"}, "held", "against", "it was sold as a whole, and is no longer public land"),
    ],
)
def test_one_hard_aspect_that_fails_is_enough(
    changes: dict[str, object], aspect: str, says: str, told: str
) -> None:  # fmt: skip
    """Space, area of search, transport and being public land must hold; at the bound they do."""
    found = fit(**changes)
    assert said(found)[aspect] == (says, told)
    assert (found.verdict, found.fails) == (("does not fit", (aspect,)) if says == "against" else ("fits", ()))
    assert aspect in HARD


@pytest.mark.parametrize(
    ("changes", "aspect"),
    [({"spare": None}, "space"), ({"access": None}, "transport"),
     ({"borough": "", "point": None, "error_m": np.nan}, "where")],
)  # fmt: skip
def test_unknown_is_neither_yes_nor_no(changes: dict[str, object], aspect: str) -> None:
    """A hard aspect that is not known leaves it open; beside one that fails, the failure decides."""
    found = fit(**changes)
    assert (found.verdict, found.unknown, said(found)[aspect][0]) == ("could fit", (aspect,), "not known")
    assert found.told().endswith("not known")
    sold = fit(**changes, route="released")
    assert (sold.verdict, sold.unknown) == ("does not fit", (aspect,))
    assert sold.told() == "does not fit: public land"


def test_soft_aspects_never_decide() -> None:
    """Condition, tenure, time and route speak against a site without ruling it out."""
    need = changed(required_by=date(2030, 1, 1))
    found = fit(need, condition=0.0, security=1.5, route="release", finance=True)
    assert found.verdict == "fits"
    assert {name: says for name, (says, _) in said(found).items() if name not in HARD} == {
        "condition": "against", "tenure": "against", "time": "against", "route": "against",
        "deprivation": "to note", "private-finance": "to note",
    }  # fmt: skip
    assert said(found)["time"][1] == "its lease has ended by 2028-05-23, before the space is needed"
    assert said(found)["tenure"][1] == "1.5 years of lease are left"
    assert "the space may go" in said(found)["route"][1]


def test_between_the_reference_points_is_told_and_not_judged() -> None:
    """The method's own points say what is good and what is bad; between them a measure speaks neither way."""
    found = said(fit(condition=60.0, security=10.0))
    assert (found["condition"][0], found["tenure"][0]) == ("to note", "to note")
    unknown = said(fit(condition=None, security=None, need=None))
    assert (unknown["condition"][0], unknown["tenure"][0]) == ("not known", "not known")
    assert "deprivation" not in unknown


@pytest.mark.parametrize("security", [FREEHOLD_YEARS, None, 20.0])
def test_when_space_can_be_had_is_not_known(security: float | None) -> None:
    """A freehold, a long lease or nothing: no source says when the space would be free, so it is not known."""
    found = fit(changed(required_by=date(2030, 1, 1)), security=security)
    assert said(found)["time"] == ("not known", "nothing says when the space can be had")
    assert found.verdict == "fits"
    assert "time" not in said(fit(security=security))


@pytest.mark.parametrize("security", [FREEHOLD_YEARS, None, 0.5])
def test_a_day_that_has_passed_speaks_against_every_site(security: float | None) -> None:
    """No space can be had by a day that has passed, whatever the tenure; on the day itself it still may be."""
    found = fit(changed(required_by=DAY - timedelta(1)), security=security)
    assert said(found)["time"] == ("against", "it was needed by 2026-11-21, which has passed")
    assert found.verdict == "fits"
    assert said(fit(changed(required_by=DAY)))["time"][0] == "not known"


def test_transport_that_nobody_asked_for() -> None:
    """Without a level asked for it is told, and what is not known of it keeps nobody out."""
    need = changed(ptal=None)
    assert said(fit(need))["transport"] == ("to note", "its public transport accessibility level is 3")
    assert "transport" not in said(fit(need, access=None))
    assert fit(need, access=None).verdict == "fits"


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_says_something(route: str) -> None:
    """Each route has words; release speaks against, reuse for, the others are told."""
    says = {"reuse": "for", "release": "against", "released": None}
    assert said(fit(route=route)).get("route", (None, ""))[0] == says.get(route, "to note")


_PINNED = {"list": "release", "site": "NCL-0", "route": "reuse", "pinned_to": "release", "pinned": "A Board: sold soon",
           "rank": 3, "score": 40.0, "p_top_k": 0.1}  # fmt: skip
_NEXT = {"site": "NCL-0", "list": "reuse", "why": "1 beyond the first 30 of the reuse list"}
_STRUCK = {"site": "NCL-0", "kind": "strike", "followed": True, "by": "A Board", "reason": "a school"}


@pytest.mark.parametrize(
    ("document", "says", "told"),
    [
        ({"entries": [_PINNED]}, "against",
         ("it is on the release list of 2026-Q4, pinned by A Board: sold soon; by the method it is for reuse: the "
          "space may go")),
        ({"entries": [_PINNED | {"list": "annex", "pinned": "", "pinned_to": ""}]}, "for",
         "it is in the annex, for reuse, of 2026-Q4; by the method it is for reuse"),
        ({"entries": [], "next": [_NEXT]}, "for",
         ("it is next to the reuse list of 2026-Q4: 1 beyond the first 30 of the reuse list; by the method it is for "
          "reuse")),
        ({"entries": [], "choices": [_STRUCK]}, "to note",
         "it is struck off the lists of 2026-Q4 by A Board: a school; by the method it is for reuse"),
        ({"entries": [], "choices": [_STRUCK | {"kind": "pin"}]}, "for", "by the method it is for reuse"),
    ],
)  # fmt: skip
def test_where_it_stands_on_the_list_counts_before_its_route(document: dict[str, Any], says: str, told: str) -> None:
    """A site pinned to another list than its route's is told as what it is listed for, with who pinned it; one that is
    struck off speaks neither for nor against; both beside what the method says."""
    listed = replace(offers({}), listed=list_listed(document, "2026-Q4"))
    assert said(find_fits(HUB, listed).fit(0))["route"] == (says, told)


@pytest.mark.parametrize("state", STATES)
def test_what_its_owner_decided_is_told(state: str) -> None:
    """Approval for reuse speaks for a site, steps to disposal against it; what a decision released does not fit."""
    found = fit(state=state)
    says = said(found).get("decision", ("", ""))
    expected = {
        "approved for reuse": "for",
        "reused": "to note",
        "retained": "to note",
        "identified": "",
        "released": "",
    }
    assert says[0] == expected.get(state, "against")
    assert says[1] == (f"decided: {state} (Board of RZ1)" if says[0] else "")
    assert found.verdict == ("does not fit" if state == "released" else "fits")
    if state == "released":
        assert said(found)["held"] == ("against", "decided: released (Board of RZ1)")


def test_near_the_edge_the_words_say_why() -> None:
    """A postcode's middle near the edge, a site of which only a part is inside, and the metres to a centre."""
    square = shapely.box(0, 0, 1050, 2000)
    drawn = changed(area=Drawn(shapely.MultiPolygon([square])))
    told = "its position is the middle of a postcode, and it may lie up to 100 m off, across the edge"
    assert said(fit(drawn, error_m=100.0))["where"] == ("not known", told)
    around = changed(area=Circle(1000, 2000, 1500))
    assert said(fit(around))["where"] == ("for", "1,000 m away, it lies in One, within 1,500 m of 1000, 2000")
    far = changed(area=Circle(1000, 4000, 1500))
    assert said(fit(far))["where"][1] == "3,000 m away, it lies in One, not within 1,500 m of 1000, 4000"
    (reason,) = [one for one in fit(far).reasons if one.aspect.name == "where"]
    assert (reason.said.measure, reason.said.unit) == (3000, "m")


def test_the_order_is_verdict_against_unknown_score_reference() -> None:
    """Each step decides only where those before it are equal."""
    found = find_fits(HUB, offers(
        {"ref": "F", "route": "released"}, {"ref": "E", "spare": None}, {"ref": "D", "condition": 0.0, "reuse": 99.0},
        {"ref": "C", "condition": None, "reuse": 98.0}, {"ref": "B"}, {"ref": "A"}, {"ref": "G", "reuse": 61.0},
    ))  # fmt: skip
    assert [found.offers.refs[place] for place in found.order] == ["G", "A", "B", "C", "D", "E", "F"]
    assert found.count() == {"fits": 5, "could fit": 1, "does not fit": 1}
    assert found.count_failing() == {"held": 1, "space": 0, "where": 0, "transport": 0}
    assert [found.offers.refs[place] for place in found.places(("could fit", "does not fit"))] == ["E", "F"]


def test_no_sites() -> None:
    """Where nothing is assessed nothing fits, and that is an answer."""
    assert find_fits(HUB, offers()).count() == {"fits": 0, "could fit": 0, "does not fit": 0}


sites = st.fixed_dictionaries({
    "spare": st.none() | st.floats(0, 1000), "condition": st.none() | st.floats(0, 100),
    "security": st.none() | st.just(FREEHOLD_YEARS) | st.floats(0, 60),
    "access": st.none() | st.integers(0, len(PTAL_LEVELS) - 1), "need": st.none() | st.floats(1, 10),
    "borough": st.sampled_from(["E1", "E2", ""]), "route": st.sampled_from(ROUTES), "reuse": st.floats(0, 100),
    "finance": st.booleans(),
})  # fmt: skip


@given(st.lists(sites, max_size=6), st.floats(1, 900), st.sampled_from([None, *PTAL_LEVELS]))
def test_a_site_is_judged_by_itself(every: list[dict[str, object]], low: float, ptal: str | None) -> None:
    """A site's fit is the same alone as among others, and its verdict follows from its hard reasons alone."""
    need = changed(floor_area_low_m2=low, floor_area_high_m2=None, ptal=ptal)
    together: Fits = find_fits(need, offers(*every))
    for place, one in enumerate(every):
        found = together.fit(place)
        alone = find_fits(need, offers(one | {"ref": f"NCL-{place}"})).fit(0)
        assert [describe_reason(reason) for reason in found.reasons] == [describe_reason(r) for r in alone.reasons]
        hard = {reason.says for reason in found.reasons if reason.aspect.hard}
        worst = 2 if "against" in hard else 1 if "not known" in hard else 0
        assert found.verdict == alone.verdict == VERDICTS[worst]


@given(sites, st.floats(1, 900), st.floats(0, 500))
def test_more_space_never_hurts(one: dict[str, object], low: float, more: float) -> None:
    """A site with more spare floor area answers a need at least as well."""
    need = changed(floor_area_low_m2=low, floor_area_high_m2=None)
    spare = one["spare"]
    if isinstance(spare, float):
        verdicts = [find_fits(need, offers(one | {"spare": size})).verdicts[0] for size in (spare, spare + more)]
        assert verdicts[1] <= verdicts[0]


def test_every_aspect_is_published() -> None:
    """Each aspect has a name of its own and says what it is by; the hard ones come first."""
    assert len({one.name for one in ASPECTS}) == len(ASPECTS)
    assert all(rule["rule"] for rule in rules())
    assert [one.hard for one in ASPECTS] == sorted((one.hard for one in ASPECTS), reverse=True)
