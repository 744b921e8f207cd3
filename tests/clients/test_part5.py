"""OGC API - Features Part 5 (23-058), Annex A: the abstract tests of schemas, each by its name."""

import jsonschema
import pytest
from wire import COLLECTIONS, GEOJSON, SCHEMA, SCHEMA_JSON, Json, Web, find_link, media_type

PART5 = "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/{}"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
UCUM = {"m", "m2", "har"}
"""The codes that are used here and stand in UCUM: metre, square metre, hectare."""

each = pytest.mark.parametrize("collection", COLLECTIONS)


def schema_of(web: Web, collection: str) -> Json:
    """What features of a collection say."""
    return web.json(f"/collections/{collection}/schema", {"Accept": SCHEMA_JSON})


def with_role(schema: Json, role: str) -> dict[str, Json]:
    """The properties that have a role."""
    return {name: one for name, one in schema["properties"].items() if one.get("x-ogc-role") == role}


def test_conf_returnables_and_receivables_get_conformance(web: Web) -> None:
    """/conf/returnables-and-receivables/get-conformance: declared, also as QGIS and as others look for it. The class
    of queryables is not: QGIS knows a geometry to ask by from nothing but the `$ref` that the class forbids."""
    classes = web.json("/conformance")["conformsTo"]
    assert PART5.format("schemas") in classes
    assert PART5.format("returnables-and-receivables") in classes
    assert "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/schemas" in classes
    assert PART5.format("queryables") not in classes


@each
def test_conf_returnables_and_receivables_link(web: Web, collection: str) -> None:
    """/conf/returnables-and-receivables/link: every collection links to its schema."""
    link = find_link(web.json(f"/collections/{collection}"), SCHEMA)
    assert link is not None
    assert (link["href"], link["type"]) == (f"{web.url}/collections/{collection}/schema", SCHEMA_JSON)


@each
def test_conf_returnables_and_receivables_op_and_response(web: Web, collection: str) -> None:
    """/conf/returnables-and-receivables/op-and-response: the schema is there as application/schema+json."""
    answer = web.ask(f"/collections/{collection}/schema", {"Accept": SCHEMA_JSON})
    assert (answer.status_code, media_type(answer)) == (200, SCHEMA_JSON)


@each
def test_conf_schemas_basic_schema_inspection(web: Web, collection: str) -> None:
    """/conf/schemas/basic-schema-inspection: valid JSON Schema at its own address, of an object whose properties
    have a type, or else are shapes by their format; no keywords that are nobody's."""
    schema = schema_of(web, collection)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["type"]) == (DRAFT, "object")
    assert web.json(schema["$id"], {"Accept": SCHEMA_JSON}) == schema
    known = {"title", "description", "type", "format", "enum", "readOnly"}
    for name, one in schema["properties"].items():
        spatial = one.get("format", "").startswith("geometry-") and not {"type", "$ref"} & set(one)
        assert isinstance(one.get("type"), str) != spatial, (name, one)
        assert all(word in known or word.startswith("x-ogc-") for word in one), (name, one)


@each
def test_conf_schemas_role(web: Web, collection: str) -> None:
    """/conf/schemas/role, /conf/advanced-property-roles/role-primary-geometry: one geometry, and it is the first."""
    schema = schema_of(web, collection)
    shape = "multipolygon" if collection in {"outlines", "boroughs"} else "point"
    assert [one["format"] for one in with_role(schema, "primary-geometry").values()] == [f"geometry-{shape}"]


@each
def test_conf_schemas_role_id(web: Web, collection: str) -> None:
    """/conf/schemas/role-id: exactly one property is the id of the feature."""
    assert [one["type"] for one in with_role(schema_of(web, collection), "id").values()] == ["string"]


@each
def test_conf_schemas_property_seq(web: Web, collection: str) -> None:
    """/conf/schemas/property-seq: the order is told by whole numbers, each once, and is the features' own."""
    properties = schema_of(web, collection)["properties"]
    numbers = {name: one["x-ogc-propertySeq"] for name, one in properties.items() if "x-ogc-propertySeq" in one}
    assert len(set(numbers.values())) == len(numbers)
    for feature in web.items(collection, limit=1)["features"]:
        assert [name for name in sorted(numbers, key=numbers.__getitem__) if name in feature["properties"]] == list(
            feature["properties"]
        )


@each
def test_conf_schemas_unit(web: Web, collection: str) -> None:
    """/conf/schemas/unit: units are UCUM's, and only numbers have one."""
    for one in schema_of(web, collection)["properties"].values():
        if "x-ogc-unit" in one or "x-ogc-unitLang" in one:
            assert one["type"] in {"number", "integer"}
            assert one["x-ogc-unit"] in UCUM
            assert one.get("x-ogc-unitLang", "UCUM") == "UCUM"


@each
def test_conf_returnables_and_receivables_response_1(web: Web, collection: str) -> None:
    """/conf/returnables-and-receivables/response-1: every value of every feature is what the schema says, its id and
    geometry too; what is unknown is null, and nothing is there that the schema does not name."""
    schema = schema_of(web, collection)
    ids, shapes = with_role(schema, "id"), with_role(schema, "primary-geometry")
    said = {name: one for name, one in schema["properties"].items() if name not in shapes}
    (shape,) = shapes.values()
    checks = {name: jsonschema.Draft202012Validator(one, format_checker=jsonschema.FormatChecker())
              for name, one in said.items()}  # fmt: skip
    for feature in web.features(collection):
        assert set(feature["properties"]) - set(ids) == set(said) - set(ids)
        for name, value in feature["properties"].items():
            assert value is None or checks[name].is_valid(value), (name, value)
        checks[next(iter(ids))].validate(feature["id"])
        geometry = feature["geometry"]
        assert geometry is None or f"geometry-{geometry['type'].lower()}" == shape["format"]


@each
def test_the_feature_itself_as_json_schema(web: Web, collection: str) -> None:
    """GDAL takes types from nothing but a `describedBy` link to the schema of the GeoJSON feature: it is there, with
    the types of the other schema, and every feature is valid against it."""
    link = find_link(web.json(f"/collections/{collection}"), "describedBy", SCHEMA_JSON)
    assert link is not None
    schema = web.json(link["href"], {"Accept": SCHEMA_JSON})
    jsonschema.Draft202012Validator.check_schema(schema)
    said = schema_of(web, collection)["properties"]
    for name, one in schema["properties"]["properties"]["properties"].items():
        assert (one["type"], one.get("format")) == (said[name]["type"], said[name].get("format"))
    known, check = schema["properties"]["properties"]["properties"], jsonschema.Draft202012Validator(schema)
    for feature in web.ask(f"/collections/{collection}/items", {"Accept": GEOJSON}).json()["features"]:
        without_nulls = {name: value for name, value in feature["properties"].items() if value is not None}
        assert set(feature["properties"]) == set(known)
        check.validate(feature | {"properties": without_nulls})
