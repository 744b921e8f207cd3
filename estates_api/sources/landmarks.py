"""Points of the place: stations of NaPTAN, and town centres and stations in our own form."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain

import shapely

from estates_api.domain.designations import CENTRE_CLASSES
from estates_api.domain.records import Issue, LayerRecord, Reading, Record
from estates_api.domain.values import counted
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError, one_of, parse_amount, read_rows
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition, stem
from estates_api.sources.positions import parse_position
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, column_notes, exact, find_table, require_table

# NaPTAN's own names, and those of its first CSV (DfT, NaPTAN guide for data managers).
_NAPTAN = Aliases(
    {
        "code": ("ATCOCode", "AtcoCode"),
        "name": ("CommonName",),
        "type": ("StopType",),
        "easting": ("Easting",),
        "northing": ("Northing",),
        "longitude": ("Longitude",),
        "latitude": ("Latitude",),
        "status": ("Status",),
        "modification": ("Modification",),
    }
)
STATION_TYPES = {"RLY", "MET"}
"""Stop types that are a station as a whole: rail, and metro or tram. Entrances (RSE, TMU) and platforms (RPL, PLT)
belong to one of these."""

_REQUIRED_NAPTAN = ("code", "name", "type")
_OWN = Aliases(exact(("kind", "name", "class", "reference", "easting", "northing", "publisher", "edition", "licence",
                      "position")))  # fmt: skip
_REQUIRED = ("kind", "name", "easting", "northing", "publisher", "licence", "position")


def recognises_naptan(document: Document) -> bool:
    """Code, name and type of stop, under NaPTAN's names."""
    table = find_table(document, _NAPTAN, _REQUIRED_NAPTAN)
    return table is not None and all(table.has(column) for column in _REQUIRED_NAPTAN)


def read_naptan(document: Document, hints: Hints) -> Reading:
    """The stations of a NaPTAN file; every other stop is counted and left out."""
    table = require_table(document, _NAPTAN, _REQUIRED_NAPTAN, title="NaPTAN")
    label, (start, end), doubts = dated_edition(document, hints)
    source = hints.source or "NaPTAN"
    if hints.organisation_code:
        source = f"{source} {hints.organisation_code}"
    label = label if start or hints.label else stem(document)
    left: Counter[str] = Counter()
    rows = (row for row in read_rows(table, lambda cells: _station(cells, left)) if row is not None)
    return Reading("naptan", source, label, start, end, chain(doubts, rows, _left_out(left)))


def _station(cells: Cells, left: Counter[str]) -> LayerRecord | None:
    """A station; None for a stop that is none, or that is no more."""
    kind = (cells.text("type") or "").upper()
    if kind not in STATION_TYPES:
        left[f"of type {kind}" if kind else "without a type"] += 1
        return None
    words = {(cells.text(name) or "").casefold() for name in ("status", "modification")}
    if words & {"del", "delete", "inactive", "ina"}:
        left["not in use"] += 1
        return None
    for x, y in (("easting", "northing"), ("longitude", "latitude")):
        if cells.text(x) and cells.text(y):
            shape = _point(cells, x, y)
            return LayerRecord(cells.line, "station", cells.required("name", str), shape, cells.text("code"))
    raise RowError("Easting", "it has no position")


def _left_out(left: Counter[str]) -> Iterator[Record]:
    for what, number in sorted(left.items()):
        yield Issue("layer-rows-left-out", None, None, f"{counted(number, 'stop')} left out: {what}")


def _point(cells: Cells, x: str, y: str) -> bytes:
    pair = [_number(cells, name) for name in (x, y)]
    try:
        position = parse_position(*pair)
    except BadInput as error:
        raise RowError(cells.table.name(x), error.detail) from None
    if position.swapped:
        cells.doubt("position-swapped", x, "the two coordinates stood the other way round; put right")
    return bytes(shapely.to_wkb(shapely.Point(position.easting, position.northing)))


def _number(cells: Cells, name: str) -> float:
    try:
        return float(cells.text(name) or "")
    except ValueError:
        raise RowError(cells.table.name(name), f"{name} is no number", cells.text(name) or "") from None


def recognises(document: Document) -> bool:
    """All seven required columns."""
    table = find_table(document, _OWN, _REQUIRED)
    return table is not None and all(table.has(column) for column in _REQUIRED)


def read(document: Document, hints: Hints) -> Reading:
    """One town centre or station a row, each with who published it, under which licence, and how its point was got."""
    table = require_table(document, _OWN, _REQUIRED, title="a list of town centres and stations")
    label, (start, end), _ = dated_edition(document, hints)
    rows = read_rows(table, _landmark)
    label = label if start or hints.label else stem(document)
    source = hints.source or "Town centres and stations"
    return Reading("landmarks", source, label, start, end, chain(column_notes(table), rows))


def _landmark(cells: Cells) -> LayerRecord:
    kind = cells.required("kind", one_of(("town-centre", "station"), "kind"))
    for name in ("publisher", "licence", "position"):
        cells.required(name, str)  # nothing is taken of which nobody says where it is from
    for name in ("easting", "northing"):
        cells.required(name, parse_amount)
    classed = cells.required("class", one_of(CENTRE_CLASSES, "class")) if kind == "town-centre" else None
    shape = _point(cells, "easting", "northing")
    return LayerRecord(cells.line, kind, cells.required("name", str), shape, cells.text("reference"), classed)


READER = Reader("landmarks", "town centres and stations in our own form", recognises, read)
NAPTAN = Reader("naptan", "NaPTAN, its stations", recognises_naptan, read_naptan)
