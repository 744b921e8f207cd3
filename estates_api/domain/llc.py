"""The schema `llc/1`: a shortlist in the columns that the London Land Commission's register is known to have had.

The Commission's own headers were never published, and its register (January 2016) was not kept up. So this schema is
ours, and says so: one tuple of fields, in order. Writers, descriptor, validator, data dictionary and API description
are made from it. A cell is blank where nobody states the value; nothing is guessed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

from estates_api.domain.measures import PTAL_LEVELS
from estates_api.domain.outcome import Route
from estates_api.domain.shortlist import ORDER
from estates_api.domain.stated import AVAILABILITY, PERMISSION, SURPLUS

ID = "llc/1"
TITLE = "Public land in London, aligned with the London Land Commission's register, version 1"
STANDING = (
    "The London Land Commission published a register of 40,000 public sites as a map in January 2016. Its column "
    "headers are not public and the register was not kept up. This schema is therefore ours: it holds what is known of "
    "that register (owner and kind of owner, name and address, borough, existing use, size, place, possible surplus, "
    "homes) and the Commission's own priorities (transport nodes, Housing Zones and Opportunity Areas, public land "
    "next door), with the evidence for each row. A blank cell means that the value is not known."
)
AUDIENCE = "Every field is for whoever may see the site: what is not public is withheld by whole sites, never by field."

Type = Literal["string", "integer", "number", "date"]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One column: what it means, what it may hold, in which unit, and which key of a frozen entry it is taken from.

    `pattern` holds for the whole text, and `like` says in words what that is. `origin` says in words where the value
    comes from.
    """

    name: str
    type: Type
    title: str
    origin: str
    take: Callable[[Mapping[str, Any]], Any]
    required: bool = False
    enum: tuple[str, ...] = ()
    pattern: str = ""
    like: str = ""
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""


def _key(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """The entry's own value; blank text is not known."""

    def take(entry: Mapping[str, Any]) -> Any:
        value = entry.get(name)
        return None if value == "" else value

    return take


def _text(name: str, title: str, origin: str, **more: Any) -> Field:
    return Field(name, "string", title, origin, more.pop("take", None) or _key(more.pop("key", name)), **more)


def _number(name: str, title: str, origin: str, **more: Any) -> Field:
    return Field(name, more.pop("type", "number"), title, origin, _key(more.pop("key", name)), **more)


_share = partial(_number, minimum=0, maximum=1, unit="share of 1")
_homes = partial(_number, type="integer", minimum=0, unit="homes")


def _limits(entry: Mapping[str, Any]) -> str | None:
    """What applies and what nobody can tell; `none` where every limit is known not to apply."""
    said = [f"{one['title']}: {one['state']}" for one in entry.get("limits") or () if one["state"] != "does not apply"]
    return "; ".join(said) or ("none" if entry.get("limits") else None)


def _checks(entry: Mapping[str, Any]) -> str | None:
    """The steps before a disposal that apply or may apply, and how each stands."""
    said = [f"{one['title']}: {one['state']}" for one in entry.get("checks") or () if one["state"] != "does not apply"]
    return "; ".join(said) or ("none" if entry.get("checks") else None)


def _geometry(entry: Mapping[str, Any]) -> str | None:
    if entry.get("outline") or entry.get("easting") is None:
        return entry.get("outline") or None
    return f"POINT ({entry['easting']!r} {entry['northing']!r})"


def _precision(entry: Mapping[str, Any]) -> str:
    return entry.get("precision") or "unknown"


DECIDED: Mapping[str, tuple[str, str | None]] = {
    "proposed surplus": ("potentially surplus", None),
    "declared surplus": ("surplus", None),
    "registered": ("surplus", None),
    "in disposal": ("surplus", "on the market"),
    "released": ("surplus", "not available"),
    "approved for reuse": ("not surplus", "not available"),
    "reused": ("not surplus", "not available"),
    "retained": ("not surplus", "not available"),
}
"""What the state that recorded decisions led to says of surplus and availability."""

OFFERED = "offered to public bodies"
"""On the register of surplus public sector land, and within its 40 working days."""


def _surplus(entry: Mapping[str, Any]) -> str | None:
    decided = DECIDED.get(entry.get("state") or "")
    return decided[0] if decided else entry.get("potential_surplus")


def _availability(entry: Mapping[str, Any]) -> str | None:
    state = entry.get("state") or ""
    if state == "registered" and entry.get("surplus_window") == "in window":
        return OFFERED
    return DECIDED[state][1] if state in DECIDED else entry.get("availability")


def _basis(entry: Mapping[str, Any]) -> str | None:
    """The decisions first: they count before what sources state."""
    decided = f"decisions recorded here: {entry['state']}" if entry.get("state") in DECIDED else ""
    return "; ".join(filter(None, (decided, entry.get("status_basis")))) or None


_SECTORS = "NHS|council|other public|private|unknown"
_KM = 1000

_FIELDS = (
    _text("site_reference", "Reference of the site in this catalogue", "the catalogue: one per place on the ground",
          key="site", required=True, pattern=r"[A-Za-z0-9][A-Za-z0-9._/:-]{1,59}",
          like="2 to 60 letters, digits and signs of . _ / : -, such as NCL-RRP03"),
    _text("owner_body", "Freeholders and head lessees, joined by semicolons",
          "asset lists, registers and cited pages; an ERIC return alone makes nobody an owner", key="owner"),
    _text("owner_type", "Kinds of owner, joined by semicolons", "the organisations in owner_body", key="owner_sector",
          pattern=f"({_SECTORS})(; ({_SECTORS}))*",
          like="NHS, council, other public, private or unknown; several joined by a semicolon and a space"),
    _text("name", "Name of the site", "the winning claim of its holdings", required=True),
    _text("address", "Address", "the winning claim"),
    _text("postcode", "Postcode", "the winning claim",
          pattern=r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}", like="a postcode such as N15 3TH"),
    _text("uprn", "Unique property reference number", "asset lists and outlines; text, never a number",
          pattern=r"[0-9]{1,12}", like="1 to 12 digits"),
    _text("title_number", "HM Land Registry title number", "outlines that name one"),
    _text("borough", "Borough", "the outline of the borough that the position lies in"),
    _text("borough_gss", "GSS code of the borough", "Office for National Statistics; London has E09000001 to E09000033",
          pattern=r"E09000(00[1-9]|0[12][0-9]|03[0-3])|E0[678][0-9]{6}",
          like="a GSS code such as E09000014"),
    _text("existing_use", "Existing use, in the words of those who return it, joined by semicolons",
          "ERIC site type, asset lists' current use"),
    _number("area_ha", "Land of the site, each piece once, less what was sold", "returns, asset lists, outlines",
            key="land_ha", minimum=0, unit="ha"),
    _text("tenure", "What a public owner could dispose of", "interests", enum=("freehold", "leasehold")),
    _number("easting", "Easting, British National Grid (EPSG:27700)", "the position; see precision",
            minimum=0, maximum=700 * _KM, unit="m"),
    _number("northing", "Northing, British National Grid (EPSG:27700)", "the position; see precision",
            minimum=0, maximum=1300 * _KM, unit="m"),
    _text("precision", "How precisely the position is known", "the best position that any holding has",
          take=_precision, required=True, enum=("outline", "uprn", "postcode", "lsoa", "borough", "unknown")),
    _text("geometry", "Outline where one is known, else the position, as WKT in EPSG:27700",
          "outlines handed in; a point is not a parcel", take=_geometry,
          pattern=r"(POINT|POLYGON|MULTIPOLYGON) ?\([-0-9., ()e]+\)",
          like="POINT, POLYGON or MULTIPOLYGON as well-known text in metres, such as POINT (530000 190000)"),
    _text("potential_surplus", "Whether an owner says that it is surplus", take=_surplus,
          origin="decisions recorded here, else the newest of: events (declared surplus, marketed, disposal approved, "
          "retained, reopened, reused) and plots of the surplus-land collection, newer than any sale there",
          enum=SURPLUS),
    _text("availability", "Whether it is on offer", "decisions recorded here, else the newest event that says so",
          take=_availability, enum=(*AVAILABILITY, OFFERED)),
    _text("planning_status", "Whether homes are permitted",
          "the newest permission of the whole site or register entry, else an allocation; whether a permission has "
          "lapsed is not known, so see its day in status_basis", enum=PERMISSION),
    _text("status_basis", "What the three before rest on, each with its day or row",
          "decisions, events and claims", take=_basis),
    _homes("homes_low", "Homes that the site may take, lower end", "see homes_basis"),
    _homes("homes_high", "Homes that the site may take, upper end", "see homes_basis"),
    _text("homes_basis", "What the homes rest on",
          "a consent counts first, then an allocation, a brownfield register, and the London Plan's density matrix",
          enum=("consent", "allocation", "brownfield register", "density matrix")),
    _text("ptal", "Public transport accessibility level, mean of the neighbourhood", "Transport for London, 2015",
          enum=PTAL_LEVELS),
    _text("station", "Nearest station", "the stations that are loaded"),
    _number("station_m", "Straight line to it", "positions of both", minimum=0, unit="m"),
    _text("housing_zone", "Housing Zone; “none” where it is known to lie in none", "the layer that is loaded"),
    _text("opportunity_area", "Opportunity Area; “none” where it is known to lie in none", "the layer that is loaded"),
    _text("adjacent_public_owners", "Other public owners of land within 50 m, joined by semicolons",
          "outlines and UPRN points, of the present only", key="adjacent_owners"),
    _number("adjacent_public_ha", "Their land within reach, as far as it is known", "as above", key="adjacent_ha",
            minimum=0, unit="ha"),
    _text("limits", "What limits the land, and which limits nobody can tell; “none” where none applies",
          "layers of designations, by the published method", take=_limits),
    _text("checks", "Named steps before a disposal, and how each stands", "the published method", take=_checks),
    _text("list", "List it is on; the annex has sites of the area's trusts outside it", "the shortlist's rule, or a "
          "person who pinned it with a printed reason", required=True, enum=ORDER),
    _text("route", "Route by the declared cut-offs", "the assessment, whichever list a person pinned it to",
          required=True, enum=get_args(Route)),
    _number("score", "Score on its list, expected", "the assessment; of reuse where it is listed for reuse, by rule or "
            "pinned by a person, else of release",
            minimum=0, maximum=100, required=True),
    _share("p_top_k", "Share of the draws of weights and unknown measures in which it is among the top k by that score",
           "the assessment"),
    _share("coverage", "Share of the score's weight that rests on evidence", "the assessment", required=True),
    _text("sensitivity", "Who may see the site", "the strictest of what it rests on",
          enum=("public", "partner", "owner")),
    _number("evidence_date", "Oldest evidence that the score rests on", "editions", type="date"),
    _text("sources", "Editions and rows under the known measures, joined by semicolons", "editions"),
    _text("method", "Method of the assessment", "the method's file", required=True),
    _text("quarter", "Calendar quarter of the shortlist", "the shortlist", required=True,
          pattern=r"[0-9]{4}-Q[1-4]", like="a calendar quarter such as 2026-Q4"),
    _text("hash", "SHA-256 of the frozen list that the row was taken from", "the shortlist", required=True,
          pattern=r"[0-9a-f]{64}", like="64 of the digits 0 to 9 and the letters a to f"),
)  # fmt: skip

FIELDS: Mapping[str, Field] = {field.name: field for field in _FIELDS}
"""Every field by its name, in order."""

KEY = ("quarter", "site_reference")
"""What names a row."""


def llc_rows(document: Mapping[str, Any], sha256: str) -> Iterator[Row]:
    """The entries of a frozen shortlist, one row each, in their order. `sha256` is that of its frozen bytes."""
    for entry in document["entries"]:
        yield _row({**entry, "quarter": document["quarter"], "hash": sha256})


def _row(entry: Mapping[str, Any]) -> Row:
    return {field.name: field.take(entry) for field in _FIELDS}


def placed_rows(document: Mapping[str, Any], sha256: str) -> Iterable[Row]:
    """The rows with `lon` and `lat` (CRS84 degrees) beside, for formats that want these."""
    for entry, row in zip(document["entries"], llc_rows(document, sha256), strict=True):
        yield row | {"lon": entry.get("lon"), "lat": entry.get("lat")}
