"""Layers of the place: entities of planning.data.gov.uk, and any vector file of which it is said what it is a layer of.

The platform's form: GeoJSON, or CSV with the geometry as well-known text, with `dataset`, `entity`, `name`,
`reference`, `start-date`, `end-date` (digital-land specification). Published fields are named alike elsewhere.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial

import shapely

from estates_api.domain.designations import CENTRE_CLASSES, LAYER_KINDS, LayerKind, kind_of_dataset
from estates_api.domain.records import Issue, LayerRecord, Reading, Record
from estates_api.domain.values import clean_text, counted, parse_day_range, shorten
from estates_api.errors import BadInput
from estates_api.sources.document import Document
from estates_api.sources.features import layer_doubts
from estates_api.sources.naming import dated_edition, stem
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, Table, find_table, normalise_header
from estates_api.sources.vector import Feature, Layer, open_layer
from estates_api.sources.wkt import LINE, open_wkt

PUBLISHER = "planning.data.gov.uk"

_ALIASES = Aliases(
    {
        "dataset": ("dataset",),
        "entity": ("entity",),
        "reference": ("reference", "ref", "list entry", "listentry", "layerreference", "lp_ref", "uid",
                      "id", "objectid"),
        "name": ("name", "site name", "sitename", "site_name", "title", "label", "zone name", "description"),
        "starts": ("start date", "start_date", "designation date", "date designated"),
        "ends": ("end date", "end_date"),
        "level": ("flood risk level", "flood_zone", "flood zone", "level"),
        "class": ("classification", "class", "type"),
        "geometry": ("geometry", "wkt", "geom", "the_geom"),
        "point": ("point",),
    }
)  # fmt: skip
_PLACED = ("geometry", "point")
_POINTS = {"listed-building", "town-centre", "station"}
"""Kinds of which a point says something; of the others only an area does."""

_START = 1 << 20


def recognises(document: Document) -> bool:
    """The platform's own columns: `dataset`, `entity` and a geometry."""
    if document.kind == "vector":
        with document.path.open("rb") as file:
            start = file.read(_START)
        return b'"dataset"' in start and b'"entity"' in start
    table = find_table(document, _ALIASES, ("dataset", "entity"))
    return table is not None and table.has("dataset") and table.has("entity") and _is_placed(table) and any(
        kind_of_dataset(record.get("dataset"), record.get("level") or "3") for record in table.records()
    )  # fmt: skip


def _is_placed(table: Table) -> bool:
    return any(table.has(name) for name in _PLACED)


def read(document: Document, hints: Hints, kind: LayerKind | None = None) -> Reading:
    """One area or point a feature. BadInput when nothing says where they are, or, without a kind, of what they are.

    With the code of an organisation they are its part of the layer, and stand beside the parts of others.
    """
    try:
        layer = _open(document)
    except BadInput as error:
        raise BadInput(f"{shorten(document.name, 200)}: {error.detail}") from None
    places = _ALIASES.places(layer.fields)
    if kind is None and "dataset" not in places:
        raise BadInput(f"{document.name}: there is no column `dataset`; say with the format what it is a layer of: "
                       f"{', '.join(LAYER_KINDS)}")  # fmt: skip
    label, (start, end), doubts = dated_edition(document, hints)
    source = hints.source or (PUBLISHER if "dataset" in places else f"{kind.title if kind else ''} layer")
    if hints.organisation_code:
        source = f"{source} {hints.organisation_code}"
    label = label if start or hints.label else stem(document)
    rows = _Rows(layer, places, kind)
    name = kind.id if kind else READER.format
    return Reading(name, source, label, start, end, _chained(doubts, layer, rows))


def _open(document: Document) -> Layer:
    if document.kind == "vector":
        return open_layer(document.path, lambda name: normalise_header(name) in _ALIASES.known)
    table = find_table(document, _ALIASES, _PLACED)
    if table is None or not _is_placed(table):
        raise BadInput("a layer needs a vector file (GeoJSON, GeoPackage, shapefile zip), or CSV with a `geometry`")
    columns = tuple(name for name in _PLACED if table.has(name))
    return open_wkt(table, columns, "OGC:CRS84" if table.has("entity") else None)


def _chained(doubts: Sequence[Issue], layer: Layer, rows: "_Rows") -> Iterator[Record]:
    yield from doubts
    yield from layer_doubts(layer)
    yield from rows.records()


class _Rows:
    """The features of a layer on their way to records, and what is counted on it."""

    def __init__(self, layer: Layer, places: dict[str, int], kind: LayerKind | None) -> None:
        self.layer, self.places, self.kind = layer, places, kind
        self.lines = layer.fields.index(LINE) if LINE in layer.fields else None
        self.left: Counter[str] = Counter()
        self.ended = 0

    def records(self) -> Iterator[Record]:
        """A record for each feature that has a place and is of a known kind; issues for the others."""
        for feature in self.layer.features():
            line = feature.number if self.lines is None else int(feature.cells[self.lines])
            kind, left = self._kind(feature)
            if left:
                self.left[left] += 1
                continue
            yield from (Issue(rule, line, None, reason) for rule, reason in feature.doubts)
            yield from self._record(feature, line, kind)
        for what, number in sorted(self.left.items()):
            reason = f"{counted(number, 'entry', 'entries')} left out: {what}"
            yield Issue("layer-rows-left-out", None, None, reason)
        if self.ended:
            reason = f"{counted(self.ended, 'entry', 'entries')} with an end date: from that day on they count no more"
            yield Issue("layer-rows-ended", None, None, reason)

    def _cell(self, feature: Feature, name: str) -> str:
        return clean_text(feature.cells[self.places[name]]) if name in self.places else ""

    def _kind(self, feature: Feature) -> tuple[str, str]:
        """The kind, or why the row is left out."""
        dataset, level = self._cell(feature, "dataset"), self._cell(feature, "level")
        kind = self.kind.id if self.kind else kind_of_dataset(dataset, level)
        if kind is None:
            return "", f"{shorten(dataset) or 'no data set'} {shorten(level)}".strip() + " is not read"
        if kind == "town-centre" and self._class(feature) is None:
            return "", f"{shorten(self._cell(feature, 'class')) or 'no class'} is no class that has a setting"
        return kind, ""

    def _class(self, feature: Feature) -> str | None:
        """`Major Town Centre` is major."""
        word = self._cell(feature, "class").casefold().partition(" ")[0]
        return word if word in CENTRE_CLASSES else None

    def _record(self, feature: Feature, line: int, kind: str) -> Iterator[Record]:
        shape = feature.outline
        if shape is None and feature.point is not None:
            if kind not in _POINTS:
                yield Issue("geometry-not-taken", line, None, "its geometry was not taken: a point has no area")
                return
            shape = shapely.to_wkb(shapely.Point(*feature.point))
        if shape is None:
            return
        issues: list[Issue] = []
        starts, ends = (self._day(feature, name, line, issues) for name in ("starts", "ends"))
        self.ended += ends is not None
        yield LayerRecord(
            line, kind, self._cell(feature, "name") or None, shape,
            self._cell(feature, "reference") or self._cell(feature, "entity") or None,
            self._class(feature) if kind == "town-centre" else None, starts, ends,
        )  # fmt: skip
        yield from issues

    def _day(self, feature: Feature, name: str, line: int, issues: list[Issue]) -> date | None:
        """The first day that a cell may mean; blank and unreadable ones are none."""
        text = self._cell(feature, name)
        try:
            return parse_day_range(text[:10])[0]
        except BadInput as error:
            issues.append(Issue("date-unreadable", line, name, f"{error.detail}; not taken", shorten(text)))
            return None


def _reader(kind: LayerKind) -> Reader:
    read_kind: Callable[[Document, Hints], Reading] = partial(read, kind=kind)
    return Reader(kind.id, f"{kind.title}: any vector file, or CSV with well-known text", lambda _: False, read_kind)


READER = Reader("planning-data", "entities of planning.data.gov.uk", recognises, read)
BY_KIND = tuple(_reader(kind) for kind in LAYER_KINDS.values() if kind.use != "station")
"""What a person insists on: `--as housing-zone`."""
