"""JSON Schemas of the collections, written from their registry: QGIS takes `type` only as one word."""

import json
from typing import Any

from estates_api.domain.collections import Collection, Property

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SCHEMA = "http://www.opengis.net/def/rel/ogc/1.0/schema"

_JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_UNITS = {"m2": "m2", "ha": "har"}
"""UCUM codes."""


def described(one: Property, sequence: int) -> dict[str, Any]:
    """One property as JSON Schema with the keywords of Part 5."""
    said: dict[str, Any] = {"title": one.title, "type": "string" if one.kind == "date" else one.kind}
    if one.kind == "date":
        said["format"] = "date"
    if one.values:
        said["enum"] = list(one.values)
    if one.unit:
        said |= {"x-ogc-unit": _UNITS[one.unit], "x-ogc-unitLang": "http://www.opengis.net/def/uom/UCUM/"}
    return said | {"x-ogc-propertySeq": sequence}


def geometry(made: Collection) -> dict[str, Any]:
    """The geometry, in all the words that readers look for."""
    return {
        "$ref": f"https://geojson.org/schema/{made.shape}.json",
        "title": "Geometry",
        "format": f"geometry-{made.shape.lower()}",
        "x-ogc-role": "primary-geometry",
    }


def _described(base: str, made: Collection, what: str) -> dict[str, Any]:
    properties = {one.name: described(one, number) for number, one in enumerate(made.properties, start=1)}
    return {
        "$schema": _JSON_SCHEMA,
        "$id": f"{base}/collections/{made.id}/{what}",
        "title": made.title,
        "description": made.description,
        "type": "object",
        "properties": {"geometry": geometry(made), **properties},
    }


def described_queryables(base: str, made: Collection) -> str:
    """What a filter may name, and nothing else."""
    return json.dumps(_described(base, made, "queryables") | {"additionalProperties": False}, ensure_ascii=False)


def described_schema(base: str, made: Collection) -> str:
    """What features say."""
    return json.dumps(_described(base, made, "schema"), ensure_ascii=False)
