"""Sites, holdings and claims in one line each, and the shipped method: what the tests of the domain are made of."""

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from estates_api.domain.assessment import Assessed, assess
from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.claims import Claim, claims_by_day
from estates_api.domain.measures import PTAL_LEVELS
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.particulars import Particulars
from estates_api.domain.quarters import Quarter
from estates_api.domain.shortlist import Beside, State, make_shortlist
from estates_api.domain.sites import Event, Holding, Interest, Site, Surroundings

METHOD_FILE = Path(__file__).parents[2] / "data/methods/ncl-1.toml"
DAY = date(2017, 3, 31)
DAYS = {"ERIC 2013-14": date(2014, 3, 31), "ERIC 2014-15": date(2015, 3, 31), "ERIC 2016-17": DAY}
FEW = settings(max_examples=20, deadline=None)
"""For laws over whole sites: few examples, so that the folder runs in seconds."""

OWNED = (Interest("RAL", "Royal Free London", "NHS", "freeholder", "stated"),)
HERE = Surroundings(ptal="4", need_decile=4.0, services_400m=3)


@cache
def method() -> Method:
    """The method that ships with the service."""
    return parse_method(METHOD_FILE.read_bytes(), METHOD_FILE.name)


def claim(attribute: str, value: float | str | None, edition: str = "ERIC 2016-17", **parts: object) -> Claim:
    """One claim: a number, a text, `not applicable`, or None for a blank."""
    content: dict[str, object] = {"state": "reported"}
    if value is None or value == "not applicable":
        content["state"] = value or "not provided"
    else:
        content["text" if isinstance(value, str) else "number"] = value
    base = {"id": 1, "as_of": DAYS.get(edition, DAY), "line": 7, "authority": 20}
    return Claim(attribute=attribute, edition=edition, **{**base, **content, **parts})


def holding(
    code: str = "RAL01", edition: str = "ERIC 2016-17", sector: str = "NHS", claims: tuple[Claim, ...] = (), **values
) -> Holding:
    """One return, as one edition states it; `claims` adds winners of other editions. The trust is the code's start."""
    stated = {name: claim(name, value, edition) for name, value in values.items()}
    every = (*stated.values(), *claims)
    stated |= {other.attribute: other for other in claims}
    return Holding(code[:3], f"Trust {code[:3]}", sector, code, stated, claims_by_day(every))


def site(*holdings: Holding, **parts: object) -> Site:
    """A site inside the area, owned by a trust, with known surroundings."""
    base = {"ref": "NCL-A", "name": "A Site", "precision": "postcode", "borough_gss": "E09000003", "inside_area": True,
            "partner_trust": True, "borough_name": "Barnet", "interests": OWNED, "surroundings": HERE}  # fmt: skip
    return Site(holdings=holdings, **{**base, **parts})


def event(kind: str, day: date | None = date(2018, 3, 1), **parts: object) -> Event:
    """Something that happened at a site on a day, known to the month."""
    base = {"id": 1, "kind": kind, "organisation": "A Trust", "date_text": f"{day:%Y-%m}" if day else "",
            "earliest": day, "latest": day, "scope": "part" if kind == "part sold" else "whole",
            "citation": "A page <https://example.org>"}  # fmt: skip
    return Event(**{**base, **parts})


def assessed(one: Site, as_of: date = date(2017, 6, 1), by: Method | None = None) -> Assessed:
    """The result of one site alone."""
    return assess([one], by or method(), as_of)[0]


def shortlist_of(*sites: Site, **more: object) -> dict[str, Any]:
    """The shortlist of 2018-Q4 of these sites, as it is read back from its bytes; `more` are their particulars."""
    as_of, state = date(2018, 12, 31), State((("ERIC 2016-17", "ab" * 32),), "2018-12-31T00:00:00+00:00", "0.1", 0)
    told = {one.ref: Particulars(**more) for one in sites}
    made = make_shortlist(
        Quarter(2018, 4), as_of, assess(sites, method(), as_of), method(), state, Beside(particulars=told)
    )
    return json.loads(json.dumps(made))


FULL = {
    "site_type": "Community hospital (with inpatient beds)", "gia_m2": 10_000.0, "occupied_m2": 9_000.0,
    "land_owned_ha": 4.0, "idle_land_ha": 0.4, "clinical_m2": 5_000.0, "non_clinical_m2": 4_000.0,
    "unsuitable_pct": 20.0, "empty_pct": 10.0, "underused_pct": 5.0,
    "backlog_high_gbp": 300_000.0, "backlog_significant_gbp": 300_000.0,
    "maintenance_cost_gbp": 1_000_000.0, "other_hard_fm_cost_gbp": 500_000.0, "energy_cost_gbp": 400_000.0,
    "cleaning_cost_gbp": 300_000.0,
    "other_soft_fm_cost_gbp": 0.0,
}  # fmt: skip
"""A return that says everything, so that every criterion but partners is known."""


def full(code: str = "RYX99", **changes: float | str | None) -> Holding:
    """A holding that says everything, with changes; None takes an attribute out."""
    return holding(code, **{name: value for name, value in {**FULL, **changes}.items() if value is not None})


_NUMBERS = [
    name for name in (*FULL, "land_ha", "footprint_m2", "unutilised_pct", "unoccupied_m2", "hard_fm_cost_gbp",
                      "soft_fm_cost_gbp", "pfi_unitary_charge_gbp") if ATTRIBUTES[name].kind == "number"
]  # fmt: skip
_TEXTS = {
    "site_type": ["General acute hospital", "Mental Health", "Community hospital", "something new"],
    "tenure_category": ["vacant", "occupied by the local authority"],
    "land_or_building": ["land only", "land with permanent building"],
}


@st.composite
def any_holding(draw: st.DrawFn) -> Holding:
    """Any holding: any attributes, within their bounds, from any edition."""
    claims = {}
    for name in draw(st.sets(st.sampled_from([*_NUMBERS, *_TEXTS]), max_size=8)):
        texts = _TEXTS.get(name)
        number = st.one_of(st.just(0.0), st.floats(0, ATTRIBUTES[name].high), st.just("not applicable"))
        value = draw(st.sampled_from(texts) if texts else number)
        claims[name] = claim(name, value, draw(st.sampled_from([*DAYS])))
    code = draw(st.sampled_from(["RAL01", "RAL02", "RYX24", "TAF01", "E09000003-1"]))
    return Holding(code[:3], code, draw(st.sampled_from(["NHS", "council"])), code, claims)


@st.composite
def any_site(draw: st.DrawFn) -> Site:
    """Any site, with up to two holdings and surroundings known or not."""
    return site(
        *draw(st.lists(any_holding(), max_size=2)),
        ref=f"NCL-{draw(st.integers(0, 10**6))}",
        interests=draw(st.sampled_from([OWNED, ()])),
        surroundings=Surroundings(
            draw(st.sampled_from([None, *PTAL_LEVELS])),
            draw(st.none() | st.floats(1, 10)),
            draw(st.none() | st.integers(0, 30)),
        ),
        inside_area=draw(st.sampled_from([True, False, None])),
        events=tuple(draw(st.lists(st.sampled_from([
            event("part sold", area_ha=0.5), event("sold"), event("retained", date(2020, 1, 1)),
        ]), max_size=2))),
    )  # fmt: skip
