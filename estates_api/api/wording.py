"""How values are written on pages: days, numbers with their units, citations with their links."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

from estates_api.domain.attributes import ATTRIBUTES, IDENTITY, UNITS
from estates_api.domain.collections import Property
from estates_api.domain.explanation import measured
from estates_api.domain.moments import write_day, write_days_in, write_moment
from estates_api.domain.quantities import quantity, with_unit

_WRITTEN = {"m2": "m²", "GBP": "£"}
_ADDRESSES = re.compile(r"<(https?://[^<>]+)>")

_HEADINGS = {
    "gia_m2": "Floor area", "evidence_date": "Oldest evidence", "precision": "Position by", "coverage": "Share known",
    "release_coverage": "Release: share known", "reuse_coverage": "Reuse: share known",
    "release_low": "Release, low", "release_high": "Release, high", "match": "Why at that site",
    "limits": "Limits", "station_m": "Station, distance", "town_centre": "Town centre",
    "town_centre_m": "Town centre, distance", "housing_zone": "Housing Zone", "opportunity_area": "Opportunity Area",
}  # fmt: skip
_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes or no", "date": "day"}


def day(stated: str | date | None) -> str:
    """`2015-03-31` -> `31 March 2015`."""
    if stated is None:
        return ""
    return write_day(date.fromisoformat(stated[:10]) if isinstance(stated, str) else stated)


def moment(text: str | None) -> str:
    """`2026-11-03T14:05:00Z` -> `3 November 2026, 14:05 (UK time)`; of a day alone, the day."""
    if not text or len(text) == len("2026-11-03"):
        return day(text or None)
    return write_moment(datetime.fromisoformat(text))


def told(value: Any, kind: str) -> str:
    """A member of a JSON answer as people read it; nothing where it is not known."""
    match value:
        case None:
            return ""
        case str() if kind in {"day", "moment"}:
            return day(value) if kind == "day" else moment(value)
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return figure(value)
        case _:
            return str(value)


def shown(value: Any, one: Property) -> str:
    """A property's value without its unit: numbers with their places and separators, days and sentences with their
    days in words; nothing where it is unknown."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float() if one.kind in {"integer", "number"}:
            return f"{value:,.{one.places}f}"
        case str() if one.kind == "date":
            return day(value)
        case _:
            return write_days_in(str(value))


def written(value: Any, one: Property) -> str:
    """A value by itself, with its unit: without the zeros that hold a column together."""
    if value is None or one.kind != "number":
        return shown(value, one)
    return with_unit(figure(value), unit(one.unit))


def figure(value: float) -> str:
    """A number as it was stated: `14,155`, `10.97`."""
    return f"{value:,}".removesuffix(".0")


def title(one: Property) -> str:
    """What a property means; how texts are joined is for those who take them apart."""
    return one.title.partition(", joined by")[0]


def heading(one: Property) -> str:
    """What a property means, as short as the head of a column needs it."""
    return _HEADINGS.get(one.name, one.title.partition(", ")[0])


def unit(name: str | None) -> str:
    """`m2` -> `m²`."""
    return _WRITTEN.get(name or "", name or "")


def kind(one: Property) -> str:
    """What kind of value a property has."""
    places = f", {one.places} decimal place{'s' if one.places > 1 else ''}" if one.places else ""
    return _KINDS[one.kind] + places


def cited(text: str | None) -> Markup:
    """A citation, its addresses (`Title <https://… | https://…>`) as links; everything else as it is, escaped."""
    parts = _ADDRESSES.split(text or "")
    said = [escape(part) if number % 2 == 0 else _links(part.split()) for number, part in enumerate(parts)]
    return Markup("").join(said)


def _links(addresses: Sequence[str]) -> Markup:
    made = [_link(one) for one in addresses if one.startswith(("http://", "https://"))]
    return Markup("({})").format(Markup(", ").join(made))


def _link(address: str) -> Markup:
    host = address.partition("://")[2].partition("/")[0].removeprefix("www.")
    return Markup('<a rel="external noreferrer" href="{}">{}</a>').format(address, host)


def claimed(source: Mapping[str, Any]) -> str:
    """What a claim says, in words: `gross internal floor area 14,155 m²`."""
    name, value = source["attribute"], source["value"]
    if not isinstance(value, int | float):
        return f"{attribute(name).partition(':')[0]}: {value}"
    return f"{attribute(name)} {stated(value, name)}"


def attribute(name: str) -> str:
    """What an attribute means, as short as it goes: `gia_m2` -> `gross internal floor area`."""
    known = ATTRIBUTES.get(name) or IDENTITY.get(name)
    return known.meaning.partition(" (")[0] if known else name


def stated(value: Any, name: str) -> str:
    """A value of an attribute with its unit: `14,155 m²`, `£5,000`."""
    if value is None:
        return "not known"
    if not isinstance(value, int | float):
        return str(value)
    if UNITS.get(name) == "GBP":
        return f"£{figure(value)}"
    return with_unit(figure(value), unit(UNITS.get(name)))


def scaled(part: Mapping[str, Any]) -> str:
    """Where the scale of a contribution has no points and where all: `no points at 2.5%, all at 30%`."""
    if part["criterion"].endswith((".access", ".partners")):
        return ""  # their measures are no numbers to people; the method's page has their scales
    ends = sorted((value, quantity(measure, part["unit"])) for measure, value in (part["scale"][0], part["scale"][-1]))
    said = {0.0: "no points", 1.0: "all"}
    return ", ".join(f"{said.get(value, f'{value:.0%}')} at {measure}" for value, measure in ends)


def place(geometry: Mapping[str, Any] | None) -> str:
    """A position in degrees, in words; `an area` where it is a polygon."""
    if geometry is None:
        return ""
    if geometry["type"] != "Point":
        return "an area with an outline"
    east, north = geometry["coordinates"]
    return f"{abs(north):.5f}° {'N' if north >= 0 else 'S'}, {abs(east):.5f}° {'E' if east >= 0 else 'W'}"


def capitalize_first(text: str) -> str:
    """A sentence's first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]


def beside(value: Any, unit: str | None) -> str:
    """A value of a comparison with its unit: whole pounds, shares in per cent, rounded down as the sentences have
    them, points to two places."""
    match unit:
        case "day":
            return day(value)
        case "share":
            return f"{math.floor(100 * value + 1e-6)}%"
        case "£":
            return f"£{value:,.0f}"
        case "of 100" | "points":
            return f"{value:.2f}"
        case None:
            return f"{value:,}" if isinstance(value, int) else str(value)
        case _:
            return with_unit(figure(value), unit)


def css_text(text: str) -> str:
    """A text within the quotes of a style sheet: everything but letters, figures and spaces by its number."""
    return "".join(one if one == " " or (one.isascii() and one.isalnum()) else f"\\{ord(one):x} " for one in text)


def by_criterion(stacked: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    """The points of a chart, by criterion."""
    return [(part["criterion"], part["points"]) for part in stacked]


_SAID = {"decided_on": "day of the decision", "minute_reference": "minute reference", "opens_on": "first day",
         "closes_on": "last day", "reverses": "which decision is taken back", "check": "which check"}  # fmt: skip


def needed(names: Sequence[str]) -> str:
    """What a step must say, by its fields: `organisation, day of the decision`."""
    return ", ".join(_SAID.get(name, name) for name in names)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "day": day, "shown": shown, "written": written, "title": title, "heading": heading, "unit": unit, "kind": kind,
    "cited": cited, "claimed": claimed, "measured": measured, "scaled": scaled,
    "place": place, "beside": beside, "with_unit": with_unit, "capitalize_first": capitalize_first, "moment": moment,
    "dated": write_days_in,
    "told": told, "attribute": attribute, "stated": stated, "css_text": css_text, "needed": needed,
    "points_by_criterion": by_criterion, "points": lambda one: f"{one:.2f}",
}  # fmt: skip
