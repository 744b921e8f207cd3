"""Needs handed in: our own form as CSV or .xlsx, or features of a vector file whose geometry is the area of search."""

from collections.abc import Iterator

import shapely

from estates_api.domain.needs import FIELDS
from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources.document import Document
from estates_api.sources.table import Aliases, exact, normalise_header, require_table
from estates_api.sources.vector import Feature, open_layer

REQUIRED = ("need", "organisation_code", "service", "floor_area_low_m2")
_ALIASES = Aliases(exact(FIELDS))
_OWN_IDS = {"id", "fid", "ogc fid"}
"""What programs add to features by themselves."""

_DOUBTS = {"geometry-mended": "it crosses or touches itself; what was meant is not guessed: draw it anew"}
"""What is said of an area of search that would be mended were it an outline."""

Said = tuple[int, dict[str, str], str | None]
"""The line or number of a need, its fields as text, and what is wrong with its geometry."""


def read_needs(document: Document) -> Iterator[Said]:
    """Every row as it stands; BadInput for a file without our columns, or with others."""
    return _read_features(document) if document.kind == "vector" else _read_rows(document)


def _read_rows(document: Document) -> Iterator[Said]:
    table = require_table(document, _ALIASES, REQUIRED, title="a list of needs")
    _check_columns(document, table.unused())
    if twice := table.repeated():
        raise BadInput(f"{document.name}: the column {shorten(twice[0])!r} stands twice; leave one of them out")
    return ((record.line, {name: record.get(name) for name in FIELDS}, None) for record in table.records())


def _read_features(document: Document) -> Iterator[Said]:
    try:
        layer = open_layer(document.path)
    except BadInput as error:
        raise BadInput(f"{document.name}: {error.detail}") from None
    places = _ALIASES.places(layer.fields)
    others = [name for name in layer.fields if normalise_header(name) not in {*_ALIASES.known, *_OWN_IDS}]
    _check_columns(document, others)
    if missing := [name for name in REQUIRED if name not in places]:
        raise BadInput(f"{document.name}: the features of a list of needs have {', '.join(missing)}")
    return (_feature(feature, {name: feature.cells[place] for name, place in places.items()})
            for feature in layer.features())  # fmt: skip


def _feature(feature: Feature, said: dict[str, str]) -> Said:
    """A polygon is the area of search, a point the centre of radius_m, unless a column says it."""
    if said.get("boroughs") or said.get("postcode") or said.get("easting") or said.get("polygon"):
        return feature.number, said, None
    if feature.doubts:
        return feature.number, said, f"polygon: {_DOUBTS.get(*feature.doubts[0])}"
    if feature.outline is not None:
        return feature.number, said | {"polygon": shapely.from_wkb(feature.outline).wkt}, None
    if feature.point is not None:
        return feature.number, said | dict(zip(("easting", "northing"), map(str, feature.point), strict=True)), None
    return feature.number, said, None


def _check_columns(document: Document, others: list[str]) -> None:
    if others:
        told = f"a list of needs has no column {shorten(others[0])!r}; see: estates needs template"
        raise BadInput(f"{document.name}: {told}")


def template() -> str:
    """The header of our own form, as a line of CSV."""
    return ",".join(FIELDS)
