"""Features of a vector file as holdings: their attributes are a council's asset list or our own template.

The layer is shown to those readers as a table, with the position of the geometry in columns of their own; what they
make of a row then gets the feature's outline.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from estates_api.domain.records import HoldingRecord, Issue, Reading, Record, Sector
from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources import template, transparency
from estates_api.sources.document import Document
from estates_api.sources.organisations import parse_sector
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.sheets import Row, Sheet
from estates_api.sources.table import normalise_header
from estates_api.sources.transparency_columns import ALIASES
from estates_api.sources.vector import Feature, Layer, open_layer

# Names that features have and asset lists have not; each stands for a field of the list by one of its own names.
_ALSO = {
    "Asset ID": ("code", "site_code", "site id", "reference", "ref", "holding_code", "feature id", "id"),
    "Organisation name": ("trust name", "organisation", "owner", "owner name", "council name"),
    "Organisation code": ("organisation_code", "trust code", "org code", "organisation id"),
    "name": ("holding name", "building", "site", "label", "description"),
    "postcode": ("postal code", "post_code", "pcds"),
}
_FIELDS = {"Asset ID": "asset id", "Organisation name": "organisation", "Organisation code": "organisation uri"}
_CUT = 10
"""A shapefile cuts the names of its columns at ten characters."""


def recognises(document: Document) -> bool:
    """Any vector file."""
    return document.kind == "vector"


def read(document: Document, hints: Hints) -> Reading:
    """One holding a feature. BadInput without a column for its id, or when nothing says whose features they are."""
    if not recognises(document):
        raise BadInput(f"{document.name}: reading features needs a vector file (GeoPackage, GeoJSON, shapefile zip, …)")
    try:
        layer = open_layer(document.path)
    except BadInput as error:
        raise BadInput(f"{document.name}: {error.detail}") from None
    reader, columns, header = _choose(document, layer)
    rows = _Rows(layer, header, tuple(normalise_header(name) for name in layer.fields), columns)
    table = replace(document, kind="table", sheets=(Sheet("", rows.open),))
    reading = reader(table, replace(hints, source=hints.source or "vector layer"))
    records = chain(layer_doubts(layer), _with_geometry(rows, reading.records))
    return replace(reading, format="features", records=records)


Read = Callable[[Document, Hints], Reading]


def _choose(document: Document, layer: Layer) -> tuple[Read, tuple[str, str], tuple[str, ...]]:
    """The reader of the attributes, its two columns for a position, and the header under which it knows the others."""
    if {"organisation_code", "holding_code"} <= {name.casefold() for name in layer.fields}:
        return template.read, ("easting", "northing"), layer.fields
    header = _renamed(layer.fields)
    if "asset id" not in ALIASES.places(header):
        some = ", ".join(shorten(name, 30) for name in layer.fields[:8]) or "none"
        wanted = "asset id, site code, reference"
        raise BadInput(f"{document.name}: no column of the layer is an id ({wanted}, …); its columns are {some}")
    return transparency.read, ("X Co-ordinate", "Y Co-ordinate"), header


def _renamed(fields: tuple[str, ...]) -> tuple[str, ...]:
    """The header with names that asset lists know, where the layer's own are not among them."""
    whole = _uncut(fields)
    known = ALIASES.places(whole)
    names = {normalise_header(name): at for at, name in reversed(list(enumerate(whole)))}
    header = list(whole)
    for name, others in _ALSO.items():
        at = next((names[alias] for other in others if (alias := normalise_header(other)) in names), None)
        if at is not None and at not in known.values() and _FIELDS.get(name, name) not in known:
            header[at] = name
    return tuple(header)


def _uncut(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Names that stand cut at ten characters, whole again where only one field's name begins so."""
    begun: dict[str, set[str]] = {}
    for column, aliases in ALIASES.fields.items():
        for alias in aliases:
            begun.setdefault(alias[:_CUT], set()).add(column)
    cut = {start: columns for start, columns in begun.items() if len(columns) == 1 and len(start) == _CUT}
    return tuple(_whole(name, cut) for name in fields)


def _whole(name: str, cut: dict[str, set[str]]) -> str:
    known = normalise_header(name)
    if len(name) != _CUT or known in ALIASES.known or known not in cut:
        return name
    (column,) = cut[known]
    return next(alias for alias in ALIASES.fields[column] if alias.startswith(known))


def layer_doubts(layer: Layer) -> Iterator[Issue]:
    """What is said of a whole layer: a CRS that had to be assumed, and layers that are not read."""
    if layer.projection.assumed:
        yield Issue("crs-assumed", None, None, layer.projection.assumed)
    if layer.others:
        names = ", ".join(shorten(name, 40) for name in layer.others[:5])
        reason = f"{len(layer.others)} more {'layers are' if len(layer.others) > 1 else 'layer is'} not read: {names}"
        yield Issue("layers-unused", None, None, reason)


@dataclass(slots=True)
class _Rows:
    """The layer as a table. While its records are read, the features of the last rows are kept for them."""

    layer: Layer
    header: tuple[str, ...]
    names: tuple[str, ...]
    position: tuple[str, str]
    keeping: bool = False
    kept: dict[int, Feature] = field(default_factory=dict)

    def open(self) -> Iterator[Row]:
        """A header in line 0, and a row for each feature under its number."""
        yield Row(0, (*self.position, *self.header))
        for feature in self.layer.features():
            if self.keeping:
                self.kept[feature.number] = feature
            yield Row(feature.number, (*self._position(feature), *feature.cells))

    def _position(self, feature: Feature) -> tuple[str, str]:
        return (f"{feature.point[0]:.3f}", f"{feature.point[1]:.3f}") if feature.point else ("", "")

    def take(self, line: int) -> Feature:
        """The feature of a row; those before it are let go."""
        for earlier in [number for number in self.kept if number < line]:
            del self.kept[earlier]
        return self.kept[line]

    def cell(self, feature: Feature, name: str) -> str:
        """An attribute by its normalised name, blank where the layer has none."""
        return feature.cells[self.names.index(name)].strip() if name in self.names else ""


def _with_geometry(rows: _Rows, records: object) -> Iterator[Record]:
    rows.keeping = True
    for record in records:  # type: ignore[attr-defined]
        if not isinstance(record, HoldingRecord):
            yield record
            continue
        feature = rows.take(record.line)
        yield _placed(rows, record, feature)
        for rule, reason in feature.doubts:
            yield Issue(rule, record.line, None, reason, organisation=record.organisation_code)


def _placed(rows: _Rows, record: HoldingRecord, feature: Feature) -> HoldingRecord:
    """The record with what the feature adds: its outline, how its position was found, and whose sector it is."""
    sector = record.sector if rows.position[0] == "easting" else _sector(rows.cell(feature, "sector"), record)
    if feature.point is None:
        return replace(record, sector=sector)
    drawn = "point on the outline" if feature.outline else "point"
    said = f"{drawn} ({rows.layer.projection.name})"
    return replace(record, sector=sector, outline=feature.outline, position_text=said)


def _sector(said: str, record: HoldingRecord) -> Sector:
    """As the feature says; else by the form of the code or name, for a layer may be anybody's."""
    try:
        return parse_sector(said)
    except BadInput:
        code, name = record.organisation_code, record.organisation_name.casefold()
    if re.fullmatch(r"[EW]0[6-9][0-9]{6}", code) or re.search(r"\b(council|borough|county)\b", name):
        return "council"
    if re.fullmatch(r"R[0-9A-Z]{2}", code) or re.search(r"\bnhs\b", name):
        return "NHS"
    return "unknown"


READER = Reader("features", "features of a vector file (GeoJSON, GeoPackage, shapefile, …)", recognises, read)
