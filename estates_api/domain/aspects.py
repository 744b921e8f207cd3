"""The aspects by which a site fits a need: what each says of every site, and what it says of one in words.

The first line of each `judge` is the public description of its aspect. An aspect that is hard must hold; a soft one
only speaks for or against. Nothing is weighed: what is not known is neither a yes nor a no.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from estates_api.domain.entry import LISTS
from estates_api.domain.listing import Listed
from estates_api.domain.measures import DAYS_A_YEAR, FREEHOLD_YEARS, PTAL_LEVELS
from estates_api.domain.needs import Need
from estates_api.domain.outcome import ROUTES
from estates_api.domain.search_areas import AGAINST, FOR, NOT_KNOWN, NOTED, SILENT, Boroughs, Circle, Codes, Positions
from estates_api.domain.transitions import State

Floats = NDArray[np.float64]

MEASURED = ("reuse.spare", "reuse.condition", "reuse.security", "reuse.access", "reuse.need")
"""The criteria of the reuse score whose measures a fit looks at."""


@dataclass(frozen=True, slots=True)
class Offers:
    """n sites as needs see them: what the latest assessment knows of each. Unknown numbers are NaN.

    `scales` are the method's reference points of a criterion: the measure that counts nothing, and the one that counts
    in full. `private_finance`: the gate of that name is closed. `decided` are the sites that decisions moved, with the
    state and who decided. `listed` is where the newest quarter's list has a site.
    """

    refs: tuple[str, ...]
    names: tuple[str, ...]
    borough_names: tuple[str, ...]
    positions: Positions
    routes: NDArray[np.int8]
    reuse: Floats
    numbers: Mapping[str, Floats]
    private_finance: NDArray[np.bool_]
    scales: Mapping[str, tuple[float, float]]
    as_of: date
    decided: Mapping[str, tuple[State, str]] = field(default_factory=dict)
    listed: Mapping[str, Listed] = field(default_factory=dict)

    def in_states(self, codes: Mapping[State, int]) -> Codes:
        """The code of the state that decisions moved each site to; silent where none did, or where it has no code."""
        found = np.full(len(self.refs), SILENT, dtype=np.int8)
        for place, ref in enumerate(self.refs) if self.decided else ():
            found[place] = codes.get(self.decided[ref][0], SILENT) if ref in self.decided else SILENT
        return found

    def number(self, criterion: str) -> Floats:
        """A criterion's measure of every site."""
        return self.numbers.get(criterion, np.full(len(self.refs), np.nan))

    def against_scale(self, criterion: str) -> Codes:
        """For at or above the reference point that counts in full, against at or below the one that counts nothing."""
        number = self.number(criterion)
        low, high = self.scales.get(criterion, (np.nan, np.nan))
        found = np.select([number >= high, number <= low, np.isnan(number)], [FOR, AGAINST, NOT_KNOWN], NOTED)
        return found.astype(np.int8)


@dataclass(frozen=True, slots=True)
class Said:
    """What an aspect says of one site, with what was measured and what was wanted."""

    told: str
    measure: float | str | None = None
    unit: str = ""
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect. `judge` says of every site which of the codes holds; `tell` says it of one in words."""

    name: str
    title: str
    hard: bool
    judge: Callable[[Need, Offers], Codes]
    tell: Callable[[Need, Offers, int, int], Said]
    criterion: str | None = None

    @property
    def rule(self) -> str:
        """The public description of the aspect."""
        return (self.judge.__doc__ or "").partition("\n")[0]


def _held(_: Need, offers: Offers) -> Codes:
    """The site is still public land: one that was sold as a whole, or released by decision, has no space to give."""
    sold = offers.routes == ROUTES.index("released")
    return np.where(sold, AGAINST, offers.in_states({"released": AGAINST})).astype(np.int8)


def _tell_held(_: Need, offers: Offers, place: int, __: int) -> Said:
    if offers.routes[place] == ROUTES.index("released"):
        return Said("it was sold as a whole, and is no longer public land")
    return _tell_decision(_, offers, place, __)


def _space(need: Need, offers: Offers) -> Codes:
    """The floor area that returns and lists say is spare is at least the least that would do; more is no matter."""
    spare = offers.number("reuse.spare")
    enough = np.where(spare >= need.floor_area_low_m2, FOR, AGAINST)
    return np.where(np.isnan(spare), NOT_KNOWN, enough).astype(np.int8)


def _tell_space(need: Need, offers: Offers, place: int, says: int) -> Said:
    spare, high = float(offers.number("reuse.spare")[place]), need.floor_area_high_m2
    if says == NOT_KNOWN:
        return Said("how much floor area is spare is not known", None, "m2", need.space())
    shown = f"{spare:,.0f} m² is spare"
    if says == AGAINST:
        told = f"{spare:,.6g} m² is spare, less than {need.floor_area_low_m2:,.6g} m²"
    else:
        told = f"{shown}; a part of it is enough" if high is not None and spare > high else shown
    return Said(told, spare, "m2", need.space())


def _where(need: Need, offers: Offers) -> Codes:
    """The site lies in the area of search, as surely as its position is known."""
    return need.area.lies(offers.positions)


def _tell_where(need: Need, offers: Offers, place: int, says: int) -> Said:
    at, area = offers.positions, need.area
    metres = float(area.metres(at.of(place))[0]) if isinstance(area, Circle) else np.nan
    measure = offers.borough_names[place] or None if np.isnan(metres) else round(metres)
    unit = "" if np.isnan(metres) else "m"
    away = f"{metres:,.0f} m away, " if unit and says != NOT_KNOWN else ""
    here = f"{away}it lies in {offers.borough_names[place] or 'a borough outside the area'}"
    inside = here if isinstance(area, Boroughs) else f"{here}, {area.told()}"
    told = {FOR: inside, AGAINST: f"{here}, not {area.told()}"}
    return Said(told.get(says, _unsure(at, place)), measure, unit, area.told())


def _unsure(at: Positions, place: int) -> str:
    error = float(at.error_m[place])
    if np.isnan(error):
        return "its position is not known well enough to say"
    if error:
        return f"its position is the middle of a postcode, and it may lie up to {error:,.0f} m off, across the edge"
    return "only a part of its land lies inside, and which part is spare is not known"


def _transport(need: Need, offers: Offers) -> Codes:
    """The public transport accessibility level is at least the one asked for; where none is asked for, it is told."""
    level = offers.number("reuse.access")
    if need.ptal is None:
        return np.where(np.isnan(level), SILENT, NOTED).astype(np.int8)
    enough = np.where(level >= PTAL_LEVELS.index(need.ptal), FOR, AGAINST)
    return np.where(np.isnan(level), NOT_KNOWN, enough).astype(np.int8)


def _tell_transport(need: Need, offers: Offers, place: int, says: int) -> Said:
    wanted = f"PTAL {need.ptal} or better" if need.ptal else ""
    if says == NOT_KNOWN:
        return Said("its public transport accessibility level is not known", None, "PTAL", wanted)
    level = PTAL_LEVELS[int(offers.number("reuse.access")[place])]
    less = f", less than {need.ptal}" if says == AGAINST else ""
    return Said(f"its public transport accessibility level is {level}{less}", level, "PTAL", wanted)


def _condition(_: Need, offers: Offers) -> Codes:
    """Ready to use, on the method's scale: for where it counts in full, against where it counts nothing."""
    return offers.against_scale("reuse.condition")


def _tell_condition(_: Need, offers: Offers, place: int, says: int) -> Said:
    if says == NOT_KNOWN:
        return Said("its condition is not known")
    ready = float(offers.number("reuse.condition")[place])
    return Said(f"it is {ready:,.3g}% ready to use, by suitability and backlog", ready, "%")


def _tenure(_: Need, offers: Offers) -> Codes:
    """Tenure on the method's scale: for where it counts in full, against where it counts nothing."""
    return offers.against_scale("reuse.security")


def _tell_tenure(_: Need, offers: Offers, place: int, says: int) -> Said:
    if says == NOT_KNOWN:
        return Said("nobody states a public freehold, or when a lease ends")
    years = float(offers.number("reuse.security")[place])
    if years >= FREEHOLD_YEARS:
        return Said("a public body has the freehold, or is taken to have it", "freehold")
    return Said(f"{years:,.3g} years of lease are left", years, "years")


def _time(need: Need, offers: Offers) -> Codes:
    """The space can be had by the day it is needed: a day that has passed, or a lease that ends before it, speaks
    against; else it is not known."""
    if need.required_by is None or need.required_by < offers.as_of:
        return np.full(len(offers.refs), AGAINST if need.required_by else SILENT, dtype=np.int8)
    years = (need.required_by - offers.as_of).days / DAYS_A_YEAR
    lapsed = offers.number("reuse.security") < years  # False for NaN, and for a freehold
    return np.where(lapsed, AGAINST, NOT_KNOWN).astype(np.int8)


def _tell_time(need: Need, offers: Offers, place: int, says: int) -> Said:
    wanted = f"by {need.required_by}"
    if need.required_by and need.required_by < offers.as_of:
        return Said(f"it was needed by {need.required_by}, which has passed", None, "", wanted)
    if says == NOT_KNOWN:
        return Said("nothing says when the space can be had", None, "", wanted)
    end = offers.as_of + timedelta(days=round(float(offers.number("reuse.security")[place]) * DAYS_A_YEAR))
    return Said(f"its lease has ended by {end}, before the space is needed", end.isoformat(), "", wanted)


_DECISION_SAYS: Mapping[State, int] = {
    "proposed surplus": AGAINST, "declared surplus": AGAINST, "registered": AGAINST, "in disposal": AGAINST,
    "approved for reuse": FOR, "reused": NOTED, "retained": NOTED,
}  # fmt: skip


def _decision(_: Need, offers: Offers) -> Codes:
    """What its owner decided: approval for reuse speaks for it, steps towards disposal against it, as it may go."""
    return offers.in_states(_DECISION_SAYS)


def _tell_decision(_: Need, offers: Offers, place: int, __: int) -> Said:
    state, who = offers.decided[offers.refs[place]]
    return Said(f"decided: {state} ({who})", state)


_ROUTE_SAYS = {"reuse": FOR, "release": AGAINST, "released": SILENT}


def _route(_: Need, offers: Offers) -> Codes:
    """What the quarter's list has it for, else its route by the method: reuse speaks for it, release against it."""
    codes = np.array([_ROUTE_SAYS.get(route, NOTED) for route in ROUTES], dtype=np.int8)
    found: Codes = codes[offers.routes]
    for place, ref in enumerate(offers.refs) if offers.listed else ():
        one = offers.listed.get(ref)
        if one and found[place] != SILENT:
            found[place] = _ROUTE_SAYS.get(one.purpose, NOTED)
    return found


def _tell_route(_: Need, offers: Offers, place: int, __: int) -> Said:
    route, one = ROUTES[offers.routes[place]], offers.listed.get(offers.refs[place])
    by_method = {
        "not enough data": "too little is known of it for the method",
        "retain": "by the method it is for no list: its owner's use goes on",
    }.get(route, f"by the method it is for {route}")
    goes = {"release": ": the space may go", "part release": ": ask which part stays"}
    for_what = one.purpose if one else LISTS.get(route, "")
    told = f"it is {one.told}; {by_method}" if one else by_method
    return Said(told + goes.get(for_what, ""), route)


def _deprivation(_: Need, offers: Offers) -> Codes:
    """Deprivation around the site, for information."""
    return np.where(np.isnan(offers.number("reuse.need")), SILENT, NOTED).astype(np.int8)


def _tell_deprivation(_: Need, offers: Offers, place: int, __: int) -> Said:
    decile = float(offers.number("reuse.need")[place])
    return Said(f"deprivation decile of the neighbourhoods around it is {decile:.3g} (1 is most deprived)", decile)


def _private_finance(_: Need, offers: Offers) -> Codes:
    """A private finance term is running, for information: its contract says who may let space there."""
    return np.where(offers.private_finance, NOTED, SILENT).astype(np.int8)


def _tell_private_finance(_: Need, __: Offers, ___: int, ____: int) -> Said:
    return Said("a private finance term is running: its contract says who may let space, and how")


ASPECTS: tuple[Aspect, ...] = (
    Aspect("held", "Public land", True, _held, _tell_held),
    Aspect("space", "Spare floor area", True, _space, _tell_space, "reuse.spare"),
    Aspect("where", "Area of search", True, _where, _tell_where),
    Aspect("transport", "Public transport", True, _transport, _tell_transport, "reuse.access"),
    Aspect("condition", "Condition", False, _condition, _tell_condition, "reuse.condition"),
    Aspect("tenure", "Tenure", False, _tenure, _tell_tenure, "reuse.security"),
    Aspect("time", "In time", False, _time, _tell_time),
    Aspect("decision", "Decision", False, _decision, _tell_decision),
    Aspect("route", "Route", False, _route, _tell_route),
    Aspect("deprivation", "Deprivation", False, _deprivation, _tell_deprivation, "reuse.need"),
    Aspect("private-finance", "Private finance", False, _private_finance, _tell_private_finance),
)  # fmt: skip
"""Every aspect, the hard ones first."""

HARD = tuple(aspect.name for aspect in ASPECTS if aspect.hard)


def rules() -> list[dict[str, str | bool]]:
    """Every aspect as it is published: JSON-ready."""
    return [{"aspect": one.name, "title": one.title, "hard": one.hard, "rule": one.rule} for one in ASPECTS]
