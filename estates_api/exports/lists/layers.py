"""A shortlist as layers in British National Grid: points of all entries, outlines where they are known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow
import shapely

from estates_api.domain.collections import Collection
from estates_api.domain.method import CutOffs
from estates_api.exports.bulk.layer import GEOMETRY, Layer, list_types
from estates_api.exports.columns import ENTRIES, made_at, rows_of

OUTLINES = replace(ENTRIES, id="outlines", title="Outlines of shortlist entries", shape="MultiPolygon",
                   description="The entries whose outline is known")  # fmt: skip

Document = Mapping[str, Any]


def points_layer(document: Document) -> Layer:
    """Every entry as a point; without geometry where no position is known."""
    return _layer(document, ENTRIES, [_point(entry) for entry in document["entries"]], range(len(document["entries"])))


def outlines_layer(document: Document) -> Layer:
    """The entries whose outline is known."""
    shapes = [_outline(entry) for entry in document["entries"]]
    return _layer(document, OUTLINES, shapes, [place for place, shape in enumerate(shapes) if shape is not None])


def mixed_layer(document: Document) -> Layer:
    """Every entry once: its outline where it is known, else its point."""
    shapes = [_outline(entry) or _point(entry) for entry in document["entries"]]
    return replace(_layer(document, ENTRIES, shapes, range(len(shapes))), mixed=True)


def _layer(
    document: Document, collection: Collection, shapes: Sequence[bytes | None], wanted: Sequence[int]
) -> Layer:  # fmt: skip
    rows = list(rows_of(document))
    days = [one.name for one in collection.properties if one.kind == "date"]
    made = [
        {"id": rows[place]["site"], **rows[place], **{name: _day(rows[place][name]) for name in days},
         GEOMETRY: shapes[place]}
        for place in wanted
    ]  # fmt: skip
    batch = pyarrow.RecordBatch.from_pylist(made, schema=pyarrow.schema(list_types(collection)))
    return Layer(collection, 27700, made_at(document), CutOffs(**document["cut_offs"], stale_years=0), [batch])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _point(entry: Mapping[str, Any]) -> bytes | None:
    if entry["easting"] is None or entry["northing"] is None:
        return None
    return bytes(shapely.to_wkb(shapely.Point(entry["easting"], entry["northing"])))


def _outline(entry: Mapping[str, Any]) -> bytes | None:
    if not entry.get("outline"):
        return None
    shape = shapely.from_wkt(entry["outline"])
    return bytes(shapely.to_wkb(shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])))
