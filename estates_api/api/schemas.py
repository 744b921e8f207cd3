"""JSON Schemas of the collections, written from their registry: QGIS and GDAL take `type` only as one word, so that
none says of a property that it may be null."""

import json
from typing import Any

from estates_api.domain.collections import Collection, Property

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SCHEMA = "http://www.opengis.net/def/rel/ogc/1.0/schema"

SCHEMA_JSON = "application/schema+json"

_UNITS = {"m": "m", "m2": "m2", "ha": "har"}
"""UCUM codes."""


def described(one: Property, sequence: int) -> dict[str, Any]:
    """One property as JSON Schema with the keywords of Part 5.

    A day is a text without `format`: GDAL and older QGIS would ask for it by `datetime`, which is as-of here, and not
    look again.
    """
    said: dict[str, Any] = {"title": one.title, "type": "string" if one.kind == "date" else one.kind}
    if one.values:
        said["enum"] = list(one.values)
    if one.unit:
        said |= {"x-ogc-unit": _UNITS[one.unit], "x-ogc-unitLang": "UCUM"}
    return said | {"x-ogc-propertySeq": sequence}


_ID = {"title": "Id", "type": "string", "readOnly": True, "x-ogc-role": "id", "x-ogc-propertySeq": 0}


def _geometry(made: Collection) -> dict[str, Any]:
    return {"title": "Geometry", "format": f"geometry-{made.shape.lower()}", "x-ogc-role": "primary-geometry"}


def _properties(made: Collection) -> dict[str, Any]:
    return {one.name: described(one, number) for number, one in enumerate(made.properties, start=1)}


def _written(address: str, made: Collection, properties: dict[str, Any], **more: Any) -> str:
    said = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": address, "title": made.title,
        "description": made.description, "type": "object", "properties": properties,
    }  # fmt: skip
    return json.dumps(said | more, ensure_ascii=False)


def described_queryables(base: str, made: Collection) -> str:
    """What a filter may name, and nothing else."""
    # QGIS knows a geometry by the reference alone, which Part 5 forbids: its class `queryables` is not declared.
    shape = _geometry(made) | {"$ref": f"https://geojson.org/schema/{made.shape}.json"}
    address = f"{base}/collections/{made.id}/queryables"
    asked = {one.name: _as_asked(one, number) for number, one in enumerate(made.properties, start=1)}
    return _written(address, made, {"geometry": shape, **asked}, additionalProperties=False)


def _as_asked(one: Property, sequence: int) -> dict[str, Any]:
    """A day is compared as a day in a filter, and nobody makes fields of queryables."""
    return described(one, sequence) | ({"format": "date"} if one.kind == "date" else {})


def described_schema(base: str, made: Collection) -> str:
    """What features say, whatever the format (Part 5)."""
    address = f"{base}/collections/{made.id}/schema"
    return _written(address, made, {"id": _ID, "geometry": _geometry(made), **_properties(made)})


def described_feature(base: str, made: Collection) -> str:
    """A feature as GeoJSON has it: what GDAL takes the types of its fields from, even of an empty collection."""
    position = {"type": "object", "required": ["type", "coordinates"], "properties": {"type": {"const": made.shape}}}
    properties = {
        "type": {"const": "Feature"},
        "id": {"type": "string"},
        "geometry": {"oneOf": [{"type": "null"}, position]},
        "properties": {"type": "object", "properties": _properties(made)},
    }
    address = f"{base}/collections/{made.id}/schema/feature"
    return _written(address, made, properties, required=["type", "id", "geometry", "properties"])
