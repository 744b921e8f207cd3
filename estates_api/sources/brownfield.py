"""Brownfield land registers: the form of 2017 (28 columns), the later one (20), and that of planning.data.gov.uk.

The register is the council's as planning authority, not as owner: "owned by a public authority" does not say which
one. So an entry is a holding under the council's code whose sector is unknown and whose interest is unknown; it makes
nobody an owner and brings no land to anybody's total (its hectares are `register_ha`). What it brings to an estates
planner is that land here is known to the planners: its permission, homes and ownership status, at a place.

Entries "not owned by a public authority" are not public estate: they are counted in one note and left out. An entry
with an end date keeps its claims with `ended_on`: it is off the register.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from estates_api.domain.codes import parse_ods_code, parse_postcode
from estates_api.domain.records import HoldingRecord, Issue, Reading, Record, Value
from estates_api.domain.values import clean_text, parse_day, parse_number, shorten
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError
from estates_api.sources.claims import read_value
from estates_api.sources.councils import find_council
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition
from estates_api.sources.positions import Position, read_position
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, Table, column_notes, find_table, require_table


def _names(*names: str) -> tuple[str, ...]:
    """Each name in words and as one word: field names are compared without case and punctuation."""
    return tuple(form for name in names for form in (name, name.replace(" ", "")))


# Attribute -> names of its column, in the two published forms and in that of planning.data.gov.uk.
_TEXTS = {
    "ownership_status": _names("Ownership Status"),
    "planning_status": _names("Planning Status", "planning permission status"),
    "permission_type": _names("Permission Type", "planning permission type"),
    "permission_date": _names("Permission Date", "planning permission date"),
    "planning_history": _names("Planning History", "planning permission history"),
    "site_plan": _names("Siteplan URL", "Site plan URL"),
    "deliverable": _names("Deliverable"),
    "permission_in_principle": _names("Part 2"),
    "hazardous_substances": _names("Hazardous Substances"),
    "development_description": _names("Development Description"),
}
_NUMBERS = {
    "register_ha": _names("Hectares"),
    "homes_low": _names("Net Dwellings Range From", "minimum net dwellings", "Min Net Dwellings"),
    "homes_high": _names("Net Dwellings Range To", "maximum net dwellings"),
}
_PLACES = {
    "uri": _names("Organisation URI", "organisation"),
    "label": _names("Organisation Label"),
    "reference": _names("Site Reference", "reference"),
    "address": _names("Site Name Address", "Site Name and Address", "site address", "name"),
    "crs": _names("Coordinate Reference System"),
    "x": _names("Geo X", "longitude"),
    "y": _names("Geo Y", "latitude"),
    "point": _names("point"),
    "minimum": _names("Min Net Dwellings"),
    "notes": _names("Notes"),
    "information": _names("Site Information"),
    "first added": _names("First Added Date", "start date"),
    "last updated": _names("Last Updated Date", "entry date"),
    "end": _names("End Date"),
}
_ALIASES = Aliases({**_PLACES, **_TEXTS, **_NUMBERS})
_REQUIRED = ("reference", "ownership_status")

_NOT_PUBLIC = frozenset({"not owned by a public authority", "not in public ownership"})
_OWNERSHIP = {
    "owned by a public authority": "owned by a public authority",
    "public ownership": "owned by a public authority",  # the first schema's words
    "mixed ownership": "mixed ownership",
    "unknown ownership": "unknown ownership",
}
_POSTCODE = re.compile(r"\b[A-Z]{1,2}[0-9][0-9A-Z]?\s*[0-9][A-Z]{2}\b")


def recognises(document: Document) -> bool:
    """A reference, an ownership status, hectares and a place."""
    table = find_table(document, _ALIASES, _REQUIRED)
    if table is None or not all(table.has(name) for name in (*_REQUIRED, "register_ha")):
        return False
    return table.has("point") or table.has("x")


def read(document: Document, hints: Hints) -> Reading:
    """One holding for each entry that is, or may be, public land."""
    table = require_table(document, _ALIASES, _REQUIRED, title="a brownfield land register")
    if not (table.has("uri") or table.has("label") or hints.organisation_code or hints.organisation_name):
        raise BadInput(f"{document.name}: no column names the council; give the organisation's code")
    label, (start, end), doubts = dated_edition(document, hints)
    if start is None and table.has("last updated"):
        doubts = []  # the rows carry their own dates
    source = hints.source or "brownfield land register"
    entries = _read_all(_Register(table, hints, undated=start is None))
    return Reading("brownfield", source, label, start, end, chain(doubts, column_notes(table), entries))


@dataclass(slots=True)
class _Register:
    """The register while it is read: entries met, and those that were left out or are off it."""

    table: Table
    hints: Hints
    undated: bool
    seen: set[tuple[str, str]] = field(default_factory=set)
    private: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)


def _read_all(register: _Register) -> Iterator[Record]:
    for record in register.table.records():
        if record.get("ownership_status").casefold() in _NOT_PUBLIC:
            register.private.append(record.line)
            continue
        cells = Cells(register.table, record)
        try:
            yield _read_entry(register, cells)
        except RowError as refused:
            cells.issues.append(cells.refusal(refused))
        yield from cells.issues
    yield from _counted(register)


def _counted(register: _Register) -> Iterator[Issue]:
    if lines := register.private:
        reason = f"entries not owned by a public authority, which were left out: {len(lines)}, the first on line"
        yield Issue("rows-left-out", lines[0], register.table.name("ownership_status"), f"{reason} {lines[0]}")
    if lines := register.ended:
        reason = (
            f"entries with an end date, which are off the register: {len(lines)}, the first on line {lines[0]}; one "
            "that has ended is no site of its own"
        )
        yield Issue("holding-ended", lines[0], register.table.name("end"), reason)


def _read_entry(register: _Register, cells: Cells) -> HoldingRecord:
    organisation, name = _council(register, cells)
    cells.organisation = organisation
    reference = cells.required("reference", _parse_reference)
    if (organisation, reference) in register.seen:
        raise RowError(cells.table.name("reference"), f"{reference} was already listed", reference, rule="row-repeated")
    register.seen.add((organisation, reference))
    position = _position(cells, london=organisation.startswith("E09"))
    place = cells.text("address")
    updated = cells.optional("last updated", parse_day) if register.undated else None
    return HoldingRecord(
        line=cells.line, organisation_code=organisation, organisation_name=name, sector="unknown",
        organisation_sector="council", code=reference, name=shorten(place or reference, 255),
        values=tuple(_values(register, cells)), address=place, postcode=_find_postcode(place),
        easting=position.easting if position else None, northing=position.northing if position else None,
        position_text=_published(cells) if position else None, evidence_date=updated,
    )  # fmt: skip


def _council(register: _Register, cells: Cells) -> tuple[str, str]:
    try:
        return find_council(register.hints, name=cells.record.get("label"), uri=cells.record.get("uri"))
    except BadInput as error:
        raise RowError(cells.table.name("uri"), error.detail) from None


def _parse_reference(text: str) -> str:
    """`BLR-` and the reference, for a council's asset list counts from 1 as well; `/` would cut an address in two."""
    return parse_ods_code("BLR-" + re.sub(r"[^0-9A-Z_.-]+", "-", text.upper()).strip("-")[:36])


def _position(cells: Cells, *, london: bool) -> Position | None:
    """By the size of the numbers, whatever reference system the register names; a contradiction is told."""
    if cells.text("x") or cells.text("y"):
        position = read_position(cells, "x", "y", london=london)
    else:
        position = read_position(cells, "point", None, london=london)
    if position and cells.table.has("crs"):
        stated, degrees = cells.record.get("crs").upper(), _in_degrees(cells)
        if stated in {"WGS84", "ETRS89", "OSGB36"} and degrees == (stated == "OSGB36"):
            reason = (
                f"these are {'degrees' if degrees else 'National Grid metres'}, not {stated}; read as what they are"
            )
            cells.doubt("crs-contradicted", "crs", reason, _published(cells))
    return position


def _in_degrees(cells: Cells) -> bool:
    number = _number(cells, "x")
    return number is not None and abs(number) <= 360


def _published(cells: Cells) -> str:
    return ", ".join(filter(None, (cells.text("x"), cells.text("y")))) or cells.record.get("point")


def _find_postcode(text: str | None) -> str | None:
    """The one postcode that the address holds; None when it holds none or several."""
    found = {parse_postcode(one) for one in _POSTCODE.findall((text or "").upper()) if _is_postcode(one)}
    return found.pop() if len(found) == 1 else None


def _is_postcode(text: str) -> bool:
    try:
        return bool(parse_postcode(text))
    except BadInput:
        return False


def _values(register: _Register, cells: Cells) -> Iterator[Value]:
    for attribute in _TEXTS:
        text = cells.text(attribute)
        if text:
            yield Value(attribute, text, text=_ownership(cells, text) if attribute == "ownership_status" else text)
    yield Value("interest", cells.record.get("ownership_status"), text="unknown")
    notes = [text for column in ("notes", "information") if (text := cells.text(column))]
    if notes:
        yield Value("status_note", "; ".join(notes), text="; ".join(notes))
    for column, attribute in (("first added", "opened_on"), ("end", "ended_on")):
        day = cells.optional(column, parse_day)
        if day:
            yield Value(attribute, cells.record.get(column), text=day.isoformat())
            register.ended += [cells.line] if column == "end" else []
    yield from _numbers(cells)


def _ownership(cells: Cells, text: str) -> str:
    known = _OWNERSHIP.get(text.casefold())
    if known is None:
        reason = "none of the register's words for ownership; kept as it stands"
        cells.doubt("value-not-taken", "ownership_status", reason, text)
    return known or text


def _numbers(cells: Cells) -> Iterator[Value]:
    for attribute in _NUMBERS:
        column = "minimum" if attribute == "homes_low" and not cells.text(attribute) else attribute
        text = cells.text(column)
        if text:
            value, issue = read_value(attribute, text, line=cells.line, field=cells.table.name(column))
            cells.issues.extend([issue] if issue else [])
            if value:
                yield value
    low, high = (_number(cells, attribute) for attribute in ("homes_low", "homes_high"))
    if low is not None and high is not None and low > high:
        reason = f"from {low:g} to {high:g} homes: the two are the other way round, or mistyped"
        cells.doubt("homes-range", "homes_low", reason, f"{low:g}, {high:g}")


def _number(cells: Cells, attribute: str) -> float | None:
    try:
        number = parse_number(clean_text(cells.record.get(attribute)))
    except BadInput:
        return None
    return number if isinstance(number, float) else None


READER = Reader(
    "brownfield", "brownfield land register (2017 form, later form, planning.data.gov.uk)", recognises, read
)
