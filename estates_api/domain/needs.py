"""Needs: space that somebody is looking for, parsed once from what they wrote."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import shapely

from estates_api.domain.codes import parse_ods_code, parse_postcode
from estates_api.domain.measures import PTAL_LEVELS
from estates_api.domain.particulars import Sensitivity
from estates_api.domain.search_areas import Boroughs, Circle, Drawn, SearchArea
from estates_api.domain.values import clean_text, parse_day, parse_number, shorten
from estates_api.errors import BadInput

LONGEST = 1000
"""Letters of a text."""

LARGEST_M2, LARGEST_RADIUS_M = 1_000_000.0, 100_000.0
MOST_CORNERS = 10_000

BRITAIN = (0.0, 0.0, 700_000.0, 1_300_000.0)
"""The extent of the National Grid: west, south, east, north."""

FIELDS: Mapping[str, str] = {
    "need": "Its reference: 1 to 40 letters, digits, dots and dashes; the same again revises it",
    "organisation_code": "Code of the organisation that looks for space",
    "organisation_name": "Its name; may be left blank where the register (/organisations) has the code",
    "service": "What the space is for",
    "floor_area_low_m2": "The least floor area that would do, square metres",
    "floor_area_high_m2": "The most that is of use; blank: no upper bound",
    "boroughs": "Area of search: boroughs by name or GSS code, separated by semicolons; or else ...",
    "postcode": "... around the middle of a postcode, with radius_m; or ...",
    "easting": "... around a point of the National Grid, with radius_m",
    "northing": "... its northing; or ...",
    "radius_m": "How far around, metres",
    "polygon": "... in a polygon: well-known text in EPSG:27700 (or the geometry of a GeoJSON feature)",
    "ptal": "The least public transport accessibility level, 0 to 6b; blank: any",
    "required_by": "The day by which it is needed, 2027-03-31; blank: not said",
    "sensitivity": "Who may see it: public (if left blank), partner or owner",
    "note": "Anything else",
}
"""The fields of a need, as columns of a file and keys of a request."""

_ID = re.compile(r"[A-Z0-9][A-Z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What names mean: boroughs by GSS code, the easting and northing of the postcodes that are known, and what the
    register calls organisations, by code."""

    boroughs: Mapping[str, str]
    postcodes: Mapping[str, tuple[float, float]]
    organisations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Need:
    """Space that an organisation looks for. Floor areas are square metres; `ptal` is the least level, None for any.

    `closed` says why nobody looks for it any longer; None while somebody does.
    """

    id: str
    organisation_code: str
    organisation_name: str
    service: str
    floor_area_low_m2: float
    floor_area_high_m2: float | None
    area: SearchArea
    ptal: str | None = None
    required_by: date | None = None
    sensitivity: Sensitivity = "public"
    note: str = ""
    closed: str | None = None

    def told(self) -> str:
        """The need in one line: what, how much, where."""
        parts = [f"{self.service}: {self.space()}", self.area.told()]
        if self.ptal:
            parts.append(f"PTAL {self.ptal} or better")
        if self.required_by:
            parts.append(f"by {self.required_by.isoformat()}")
        return ", ".join(parts)

    def is_overdue(self, day: date) -> bool:
        """Whether it is still looked for on a day, though the day by which it was needed has passed."""
        return self.closed is None and self.required_by is not None and self.required_by < day

    def space(self) -> str:
        """The floor area in words: `200 to 400 m²`."""
        low, high = self.floor_area_low_m2, self.floor_area_high_m2
        if high is None:
            return f"at least {low:,.6g} m²"
        return f"{low:,.6g} m²" if high == low else f"{low:,.6g} to {high:,.6g} m²"


class NeedFaults(BadInput):
    """Everything that is wrong with the fields of a need: each reason names its field and says what would be right."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


def parse_need(said: Mapping[str, str], places: Gazetteer) -> Need:
    """The need that these fields say (FIELDS); NeedFaults, a BadInput, has every field that is wrong."""
    if unknown := sorted(set(said) - set(FIELDS)):
        raise NeedFaults([f"there is no field {shorten(unknown[0])!r}; there are {', '.join(FIELDS)}"])
    names = [name for name in FIELDS if name != "polygon"]
    words = _take_all({name: partial(_words, name, said.get(name, "")) for name in names})
    polygon = clean_text(said.get("polygon", ""))
    found = _take_all({
        "id": partial(parse_id, words["need"]),
        "organisation": partial(_organisation, words, places),
        "service": partial(_required, words, "service"),
        "space": partial(_space, words),
        "area": partial(_area, words, polygon, places),
        "ptal": partial(_ptal, words["ptal"]),
        "required_by": partial(_field, "required_by", parse_day, words["required_by"]),
        "sensitivity": partial(_sensitivity, words["sensitivity"]),
    })  # fmt: skip
    code, name = found.pop("organisation")
    low, high = found.pop("space")
    return Need(organisation_code=code, organisation_name=name, floor_area_low_m2=low, floor_area_high_m2=high,
                note=words["note"], **found)  # fmt: skip


def _take_all(parts: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What each part gives by its name; NeedFaults has what is wrong with any."""
    found, reasons = {}, []
    for name, take in parts.items():
        try:
            found[name] = take()
        except BadInput as error:
            reasons.append(error.detail)
    if reasons:
        raise NeedFaults(reasons)
    return found


def _organisation(words: Mapping[str, str], places: Gazetteer) -> tuple[str, str]:
    """The code and the name, which the register gives where nobody does. A code that it has not is taken with its name:
    who looks for space (a new practice, a charity) often holds none yet, and the register knows only who does."""
    code = _field("organisation_code", parse_ods_code, _required(words, "organisation_code"))
    name = words["organisation_name"] or places.organisations.get(code, "")
    if not name:
        raise BadInput(f"organisation_name: is blank, and {code} is not in the register (/organisations); say its name")
    return code, name


def doubt_about(need: Need, organisations: Mapping[str, str], today: date) -> str:
    """What is odd about a need: the day by which it is needed, and who looks for it, by the register; blank where
    nothing is."""
    overdue = f"it was needed by {need.required_by}, which has passed" if need.is_overdue(today) else ""
    return "; ".join(filter(None, (overdue, _doubt_about_who(need, organisations))))


def _doubt_about_who(need: Need, organisations: Mapping[str, str]) -> str:
    code, name = need.organisation_code, need.organisation_name
    known = organisations.get(code)
    if known is None:
        return f"the organisation {code} is not in the register; it stands by the name that was given, {name}"
    return "" if known.casefold() == name.casefold() else f"the register calls {code} {known}, and not {name}"


def parse_id(text: str) -> str:
    """A need's reference in capitals; BadInput says what one is."""
    found = text.strip().upper()
    if not _ID.fullmatch(found):
        raise BadInput(f"need: {shorten(text)!r} is no reference; write 1 to 40 letters, digits, dots and dashes")
    return found


def _words(name: str, given: str) -> str:
    text = clean_text(given)
    if len(text) > LONGEST or not text.isprintable():  # a NUL or half a letter cannot be stored
        raise BadInput(f"{name}: must be plain text of at most {LONGEST} letters")
    return text


def _required(words: Mapping[str, str], name: str) -> str:
    if not words[name]:
        raise BadInput(f"{name}: is blank; {FIELDS[name][0].lower()}{FIELDS[name][1:]}")
    return words[name]


def _field(name: str, parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except BadInput as error:
        raise BadInput(f"{name}: {error.detail}") from None


def _number(words: Mapping[str, str], name: str, *, low: float, high: float) -> float | None:
    """A number between bounds, the lower one left out; None when blank."""
    if not words[name]:
        return None
    number = _field(name, parse_number, words[name])
    if isinstance(number, str) or not low < number <= high:
        raise BadInput(f"{name}: {shorten(words[name])!r} is not a number above {low:g} and up to {high:,.0f}")
    return float(number)


def _space(words: Mapping[str, str]) -> tuple[float, float | None]:
    _required(words, "floor_area_low_m2")
    low = _number(words, "floor_area_low_m2", low=0, high=LARGEST_M2)
    high = _number(words, "floor_area_high_m2", low=0, high=LARGEST_M2)
    assert low is not None
    if high is not None and high < low:
        raise BadInput(f"floor_area_high_m2: {high:,.6g} is less than floor_area_low_m2, {low:,.6g}; swap them")
    return low, high


def _ptal(text: str) -> str | None:
    if text and text.casefold() not in PTAL_LEVELS:
        raise BadInput(f"ptal: {shorten(text)!r} is not a level; there are {', '.join(PTAL_LEVELS)}")
    return text.casefold() or None


def _sensitivity(text: str) -> Sensitivity:
    match text.casefold():
        case "" | "public":
            return "public"
        case "partner":
            return "partner"
        case "owner":
            return "owner"
    raise BadInput(f"sensitivity: {shorten(text)!r} is not one of public, partner, owner")


def _area(words: Mapping[str, str], polygon: str, places: Gazetteer) -> SearchArea:
    """The one area of search that is given."""
    circle = [name for name in ("postcode", "easting", "northing", "radius_m") if words[name]]
    given = [*(["boroughs"] if words["boroughs"] else []), *circle[:1], *(["polygon"] if polygon else [])]
    if not given:
        raise BadInput("boroughs: there is no area of search; give boroughs, or a centre with radius_m, or a polygon")
    if len(given) > 1:
        raise BadInput(f"{given[1]}: {given[0]} is given too, and one need has one area of search; leave one out")
    if polygon:
        return Drawn(parse_polygon(polygon))
    return _circle(words, places) if circle else _boroughs(words["boroughs"], places)


def _boroughs(text: str, places: Gazetteer) -> Boroughs:
    codes = {name.casefold(): code for code, name in places.boroughs.items()}
    codes |= {code.casefold(): code for code in places.boroughs}
    found = set()
    for part in (part.strip() for part in text.split(";")):
        if part and part.casefold() not in codes:
            known = ", ".join(sorted(places.boroughs.values()))
            raise BadInput(f"boroughs: {shorten(part)!r} is not a borough here; there are {known}")
        found |= {codes[part.casefold()]} if part else set()
    if not found:
        raise BadInput("boroughs: names no borough")
    ordered = tuple(sorted(found, key=lambda code: places.boroughs[code]))
    return Boroughs(ordered, tuple(places.boroughs[code] for code in ordered))


def _circle(words: Mapping[str, str], places: Gazetteer) -> Circle:
    radius = _number(words, "radius_m", low=0, high=LARGEST_RADIUS_M)
    if radius is None:
        raise BadInput("radius_m: is blank; say how many metres around the point or postcode")
    if not words["postcode"]:
        return Circle(*_point(words), radius)
    if words["easting"] or words["northing"]:
        raise BadInput("easting: a postcode is given too; leave one out")
    code = _field("postcode", parse_postcode, words["postcode"])
    if code not in places.postcodes:
        raise BadInput(f"postcode: the position of {code} is not known here; give easting and northing instead")
    return Circle(*places.postcodes[code], radius, code)


def _point(words: Mapping[str, str]) -> tuple[float, float]:
    west, south, east, north = BRITAIN
    bounds = (("easting", west, east), ("northing", south, north))
    first, second = (_number(words, name, low=low, high=high) for name, low, high in bounds)
    if first is None or second is None:
        blank = "easting" if first is None else "northing"
        raise BadInput(f"{blank}: is blank; the centre of radius_m is a postcode, or easting and northing")
    return first, second


def parse_polygon(text: str) -> Any:
    """The multipolygon of well-known text in EPSG:27700 metres; BadInput for anything else, or beyond Great Britain."""
    try:
        # A coordinate that is no number, or larger than any, lies nowhere, which is told below.
        with np.errstate(invalid="ignore", over="ignore"):
            shape = shapely.from_wkt(text)
    except (shapely.errors.ShapelyError, UnicodeEncodeError):
        raise BadInput("polygon: is not well-known text, POLYGON ((530000 190000, …)) in EPSG:27700") from None
    return checked_polygon(shape)


def checked_polygon(shape: Any) -> Any:
    """A shape as a valid multipolygon in EPSG:27700, two-dimensional; BadInput says what is wrong with it."""
    kind = shape.geom_type if shape is not None else "nothing"
    if kind not in {"Polygon", "MultiPolygon"} or shape.is_empty:
        raise BadInput(f"polygon: must be a polygon with an inside, not {'an empty one' if kind[-1] == 'n' else kind}")
    if shapely.get_num_coordinates(shape) > MOST_CORNERS:
        raise BadInput(f"polygon: has more than {MOST_CORNERS:,} corners; simplify it")
    flat = shapely.force_2d(shape)
    west, south, east, north = flat.bounds
    if not (BRITAIN[0] <= west <= east <= BRITAIN[2] and BRITAIN[1] <= south <= north <= BRITAIN[3]):
        raise BadInput("polygon: lies outside Great Britain; its coordinates must be EPSG:27700 metres")
    if not flat.is_valid:
        raise BadInput(f"polygon: is not valid ({shorten(shapely.is_valid_reason(flat))})")
    return shapely.MultiPolygon([flat]) if kind == "Polygon" else flat
