"""A collection as CSV (RFC 4180, UTF-8 with CRLF), safe to open in a spreadsheet and found by QGIS.

A point stands as two columns, `lon` and `lat` or `easting` and `northing`, which a person can read and QGIS takes for
a point by their names; polygons as well-known text in `wkt`, which QGIS and GDAL take for the geometry by its name.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from estates_api.domain.collections import Collection
from estates_api.exports.bulk.format import TextFormat, pieces
from estates_api.exports.table import cell

_AXES = {4326: ("lon", "lat"), 27700: ("easting", "northing")}


def write(collection: Collection, crs: int, features: Iterable[str]) -> Iterator[bytes]:
    """The header, then a row per feature; unknown is an empty cell."""
    shape, place = (_AXES[crs], _point) if collection.shape == "Point" else (("wkt",), _polygons)
    yield _line(("id", *collection.names, *shape)).encode()
    yield from pieces(_line(row) for row in _rows(collection.names, place, features))


def _rows(
    names: Sequence[str], place: Callable[[Any], Sequence[object]], features: Iterable[str]
) -> Iterator[Sequence[object]]:
    for text in features:
        feature = json.loads(text)
        found = feature["properties"]
        yield [cell(feature["id"]), *(cell(found[name]) for name in names), *place(feature["geometry"])]


def _point(geometry: Any) -> Sequence[object]:
    return geometry["coordinates"] if geometry else ("", "")


def _polygons(geometry: Any) -> Sequence[object]:
    if geometry is None:
        return ("",)
    polygons = (",".join(_ring(ring) for ring in polygon) for polygon in geometry["coordinates"])
    return (f"MULTIPOLYGON ({','.join(f'({rings})' for rings in polygons)})",)


def _ring(ring: Sequence[Sequence[float]]) -> str:
    return f"({','.join(f'{x} {y}' for x, y in ring)})"


def _line(cells: Sequence[object]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()


FORMAT = TextFormat("csv", "text/csv; charset=utf-8; header=present", "CSV", write)
