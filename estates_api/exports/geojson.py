"""A shortlist as GeoJSON (RFC 7946): entries as points in CRS84, without geometry where no position is known."""

import json
from collections.abc import Mapping
from typing import Any

from estates_api.exports.columns import rows_of
from estates_api.exports.writer import Writer


def write(content: Mapping[str, Any]) -> bytes:
    """A FeatureCollection whose features carry the columns of the CSV; every key is always there."""
    features = [_feature(*pair) for pair in zip(content["entries"], rows_of(content), strict=True)]
    collection = {"type": "FeatureCollection", "name": f"shortlist {content['quarter']}", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


def _feature(entry: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    placed = entry["lon"] is not None
    return {
        "type": "Feature",
        "id": entry["site"],
        "geometry": {"type": "Point", "coordinates": [entry["lon"], entry["lat"]]} if placed else None,
        "properties": dict(row),
    }


WRITER = Writer("geojson", "application/geo+json", write)
