"""A layer as a workbook: its rows with their formats, what was asked, and the method of its scores."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from estates_api.domain.collections import Property
from estates_api.domain.moments import write_moment
from estates_api.exports.attribution import ATTRIBUTION
from estates_api.exports.bulk.layer import GEOMETRY, Layer
from estates_api.exports.method_table import COLUMNS as METHOD
from estates_api.exports.method_table import rows_of_method
from estates_api.exports.sheets import add_notes, add_table, open_book

_ID = Property("id", "string", "Key of the feature")
_MEANINGS = tuple(Property(name, "string", name) for name in ("column", "means", "unit", "one of"))
_AXES = {
    4326: (Property("lon", "number", "Longitude", 7), Property("lat", "number", "Latitude", 7)),
    27700: (Property("easting", "number", "Easting", 1, "m"), Property("northing", "number", "Northing", 1, "m")),
}


def write(layer: Layer, path: Path) -> None:
    """The columns of the CSV in its order; polygons are left to the formats that can draw them."""
    axes = _AXES[layer.crs] if layer.collection.shape == "Point" else ()
    columns = (_ID, *layer.collection.properties, *axes)
    method = layer.told.get("method") or {}
    with open_book(path, title=layer.collection.title, made_at=layer.changed_at, streamed=True) as book:
        add_notes(book, "readme", _readme(layer))
        add_table(book, layer.collection.id, columns, _rows(layer, [one.name for one in axes]))
        if method:
            add_table(book, "method", METHOD, rows_of_method(method))
        add_table(book, "columns", _MEANINGS, [
            {"column": one.name, "means": one.title, "unit": one.unit, "one of": ", ".join(one.values)}
            for one in columns
        ])  # fmt: skip


def _rows(layer: Layer, axes: list[str]) -> Iterator[dict[str, Any]]:
    for batch in layer.batches:
        for row in batch.to_pylist():
            shape = row.pop(GEOMETRY)
            yield row | (dict(zip(axes, _point(shape), strict=True)) if axes else {})


def _point(shape: bytes | None) -> tuple[float | None, float | None]:
    """The position in a point's WKB: byte order, type, and then two numbers."""
    if shape is None:
        return None, None
    order = "<" if shape[0] else ">"
    x, y = np.frombuffer(shape, f"{order}f8", 2, 5)
    return float(x), float(y)


def _readme(layer: Layer) -> Iterator[tuple[str, str]]:
    yield "What this is", f"{layer.collection.title}: {layer.collection.description}"
    yield "Asked for", "; ".join(f"{name} = {text}" for name, text in layer.told.get("asked", ())) or "everything"
    yield "Shown to", {"public": "everybody"}.get(layer.told.get("audience", "public"), "those who have the key")
    yield "Data changed at", write_moment(layer.changed_at)
    yield "Reading it", "An empty cell is not known, and not nothing. Shares are shown as percentages."
    yield "Scores", ("The sheet `method` says how they come about." if layer.told.get("method") else
                     "This collection has none.")  # fmt: skip
    yield "Licence", ATTRIBUTION
