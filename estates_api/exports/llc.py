"""`llc/1` as files: CSV, GeoJSON, the Frictionless descriptor of both, and the tables that it is mapped to."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from estates_api.domain.llc import AUDIENCE, FIELDS, ID, KEY, STANDING, TITLE, Field, llc_rows, placed_rows
from estates_api.domain.llc_mappings import MAPPINGS, LlcMapping, mapped_rows
from estates_api.exports.issues import write_lines

_OGL = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/"


def write_csv(document: Mapping[str, Any], sha256: str) -> bytes:
    """The rows of a frozen shortlist as CSV in the schema."""
    return "".join(write_lines(llc_rows(document, sha256), tuple(FIELDS))).encode("utf-8")


def write_mapping(mapping: LlcMapping, document: Mapping[str, Any], sha256: str) -> bytes:
    """The rows that belong in another's table, as CSV in its columns."""
    return "".join(write_lines(mapped_rows(mapping, document, sha256), mapping.names)).encode("utf-8")


def write_geojson(document: Mapping[str, Any], sha256: str) -> bytes:
    """The rows as features (RFC 7946), each a point in CRS84; its outline stays in `geometry`, in EPSG:27700."""
    features = [_feature(row) for row in placed_rows(document, sha256)]
    collection = {"type": "FeatureCollection", "name": f"{ID} {document['quarter']}", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")


def _feature(row: Mapping[str, Any]) -> dict[str, Any]:
    point = None if row["lon"] is None else {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
    said = {name: row[name] for name in FIELDS}
    return {"type": "Feature", "id": row["site_reference"], "geometry": point, "properties": said}


def table_schema() -> dict[str, Any]:
    """The schema as a Frictionless Table Schema. `unit` and `origin` are ours."""
    return {
        "$schema": "https://specs.frictionlessdata.io/schemas/table-schema.json",
        "name": ID.replace("/", "-"), "title": TITLE, "description": f"{STANDING} {AUDIENCE}",
        "fields": [describe_field(field) for field in FIELDS.values()],
        "primaryKey": list(KEY), "missingValues": [""],
    }  # fmt: skip


def describe_field(field: Field) -> dict[str, Any]:
    """One field in the words of a Table Schema."""
    limits = {
        "required": field.required or None, "enum": list(field.enum) or None, "pattern": field.pattern or None,
        "minimum": field.minimum, "maximum": field.maximum,
    }  # fmt: skip
    constraints = {name: value for name, value in limits.items() if value is not None}
    said = {"name": field.name, "type": field.type, "title": field.title, "description": f"From: {field.origin}."}
    return said | ({"unit": field.unit} if field.unit else {}) | ({"constraints": constraints} if constraints else {})


def row_schema() -> dict[str, Any]:
    """A row as JSON Schema, in the words of OpenAPI 3.0."""
    return {
        "type": "object", "required": list(FIELDS),
        "properties": {field.name: _property(field) for field in FIELDS.values()},
    }  # fmt: skip


def _property(field: Field) -> dict[str, Any]:
    """What the JSON of a field may be: null where it is not known."""
    kind = {"type": "string", "format": "date"} if field.type == "date" else {"type": field.type}
    free = {} if field.required else {"nullable": True}
    limits = {
        "enum": [*field.enum, *([None] if free else [])] if field.enum else None, "minimum": field.minimum,
        "pattern": f"^(?:{field.pattern})$" if field.pattern else None, "maximum": field.maximum,
    }  # fmt: skip
    said = {name: value for name, value in limits.items() if value is not None}
    return {**kind, "title": field.title, "description": f"From: {field.origin}.", **free, **said}


def describe_llc() -> dict[str, Any]:
    """The data dictionary: fields, and every mapping with what it cannot fill."""
    return {
        "id": ID, "title": TITLE, "standing": STANDING, "audience": AUDIENCE, "schema": table_schema(),
        "mappings": [
            {
                "id": one.id, "title": one.title, "published": one.told, "rows": one.which,
                "columns": [
                    {"name": column.name, "filled": column.rule is not None, "from": column.told}
                    for column in one.columns
                ],
            }
            for one in MAPPINGS.values()
        ],
    }  # fmt: skip


def data_package(
    document: Mapping[str, Any], sha256: str, content: bytes, editions: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The Data Package of a quarter: its CSV (`content`) with size and hash, schema, sources and their licences."""
    quarter = document["quarter"]
    return {
        "profile": "tabular-data-package",
        "name": f"llc-{quarter.lower()}",
        "title": f"{TITLE}: {quarter}",
        "description": f"{STANDING} {AUDIENCE}",
        "version": ID,
        "quarter": quarter,
        "as_of": document["as_of"],
        "shortlist_sha256": sha256,
        "licenses": _licences(editions),
        "sources": [_source(edition) for edition in editions],
        "resources": [_resource(content)],
    }


def _resource(content: bytes) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource", "name": "llc", "path": "llc.csv", "format": "csv", "mediatype": "text/csv",
        "encoding": "utf-8", "bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": table_schema(),
    }  # fmt: skip


def _source(edition: Mapping[str, Any]) -> dict[str, str]:
    said = {
        "title": edition["title"], "path": edition["url"], "publisher": edition["publisher"],
        "licence": edition["licence"], "attribution": edition["attribution"], "sha256": edition["sha256"],
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _licences(editions: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The licences of the sources, each once. Where none is stated, none is made up."""
    return [_licence(text) for text in sorted({edition["licence"] for edition in editions if edition["licence"]})]


def _licence(text: str) -> dict[str, str]:
    """With the address where it is one of the Open Government Licence, as the specification wants a name or a path."""
    found = re.match(r"Open Government Licence v(\d)", text)
    if found:
        return {"name": f"OGL-UK-{found[1]}.0", "path": f"{_OGL}{found[1]}/", "title": text}
    return {"name": re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-"), "title": text}
