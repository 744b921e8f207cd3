"""A collection as one GeoJSON FeatureCollection (RFC 7946), a feature a line."""

import json
from collections.abc import Iterable, Iterator

from estates_api.domain.collections import Collection
from estates_api.exports.bulk.format import TextFormat, pieces


def write(collection: Collection, crs: int, features: Iterable[str]) -> Iterator[bytes]:
    """The features within their collection, the closing brackets last."""
    yield _head(collection, crs).encode()
    yield from pieces(_lines(features))
    yield b"\n]}\n"


def _head(collection: Collection, crs: int) -> str:
    head: dict[str, object] = {"type": "FeatureCollection", "name": collection.id, "title": collection.title}
    if crs != 4326:
        # RFC 7946, 4: another system needs an arrangement of those involved; GDAL and QGIS read the member of 2008.
        head["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs}"}}
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "features": ['


def _lines(features: Iterable[str]) -> Iterator[str]:
    separator = "\n"
    for feature in features:
        yield f"{separator}{feature}"
        separator = ",\n"


FORMAT = TextFormat("geojson", "application/geo+json", "GeoJSON", write)
