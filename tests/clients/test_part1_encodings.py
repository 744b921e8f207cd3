"""OGC API - Features Part 1 (17-069r4), Annex A: the abstract tests of its encodings, GeoJSON, HTML and OpenAPI 3.0."""

import re
from typing import Any

import pytest
import shapely
from openapi_spec_validator import validate
from wire import COLLECTIONS, GEOJSON, Json, Web, first, media_type

HTML = {"Accept": "text/html"}

each = pytest.mark.parametrize("collection", COLLECTIONS)


def test_conf_geojson_definition(web: Web) -> None:
    """/conf/geojson/definition: features come as application/geo+json when it is asked for."""
    for path in ("/collections/sites/items", f"/collections/sites/items/{first(web, 'sites')['id']}"):
        assert media_type(web.ask(path, {"Accept": GEOJSON})) == GEOJSON


@each
def test_conf_geojson_content(web: Web, collection: str) -> None:
    """/conf/geojson/content: every feature is valid GeoJSON (RFC 7946): rings closed and wound as it says, ids one
    each, no `crs` member, nothing that is not finite."""
    page = web.items(collection)
    assert "crs" not in page
    assert len({one["id"] for one in page["features"]}) == len(page["features"])
    for feature in page["features"]:
        shape = shapely.geometry.shape(feature["geometry"]) if feature["geometry"] else None
        assert shape is None or (shape.is_valid and not shape.is_empty)
        for polygon in shape.geoms if isinstance(shape, shapely.MultiPolygon) else []:
            assert polygon.exterior.is_ccw
            assert not any(ring.is_ccw for ring in polygon.interiors)


def _require_html(declared: set[str]) -> None:
    if "html" not in declared:
        pytest.skip("the class html is not declared")


def _resources(web: Web) -> tuple[str, ...]:
    one = f"/collections/outlines/items/{first(web, 'outlines')['id']}"
    return ("/", "/conformance", "/collections", "/collections/outlines", "/collections/outlines/items", one)


def test_conf_html_definition(web: Web, declared: set[str]) -> None:
    """/conf/html/definition: every resource of the API comes as text/html when it is asked for."""
    _require_html(declared)
    for path in _resources(web):
        answer = web.ask(path, HTML)
        assert (answer.status_code, media_type(answer)) == (200, "text/html"), path


def test_conf_html_content(web: Web, declared: set[str]) -> None:
    """/conf/html/content: the page says what the document says, and its links lead on."""
    _require_html(declared)
    for path in _resources(web):
        assert web.ask(path, HTML).text.startswith("<!doctype html>")
    page = web.ask("/collections/outlines/items", HTML).text
    assert all(one["properties"]["ref"] in page for one in web.items("outlines", limit=10)["features"])


def test_conf_oas30_completeness(described: Json, web: Web) -> None:
    """/conf/oas30/completeness: the definition has every path of the standard, and each that it has is served."""
    paths = set(described["paths"])
    generic = {re.sub(r"/collections/(\{\w+\}|[\w-]+)", "/collections/*", path) for path in paths}
    generic = {re.sub(r"/items/\{\w+\}", "/items/*", path) for path in generic}
    assert {"/", "/conformance", "/collections", "/collections/*", "/collections/*/items",
            "/collections/*/items/*", "/collections/*/queryables", "/collections/*/schema"} <= generic  # fmt: skip
    assert described["servers"] == [{"url": web.url}]


def test_conf_oas30_definition_1(web: Web) -> None:
    """/conf/oas30/oas-definition-1: the definition comes as application/vnd.oai.openapi+json;version=3.0."""
    answer = web.ask("/api", {"Accept": "application/vnd.oai.openapi+json;version=3.0"})
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"


def test_conf_oas30_definition_2(described: Json) -> None:
    """/conf/oas30/oas-definition-2: it is valid against OpenAPI 3.0, by its own words and by a validator."""
    assert described["openapi"].startswith("3.0.")
    validate(described)


def test_conf_oas30_oas_impl(described: Json, web: Web) -> None:
    """/conf/oas30/oas-impl: what is described without parameters is there, in a media type that is named."""
    for path, operations in described["paths"].items():
        if "{" in path or "get" not in operations:
            continue
        answer = web.ask(path)
        responses = operations["get"]["responses"]
        expected = responses.get(str(answer.status_code), responses["default"])
        assert media_type(answer) in expected["content"], f"{path}: {answer.status_code} {media_type(answer)}"


def test_conf_oas30_exception_codes(described: Json) -> None:
    """/conf/oas30/exceptions-codes: every operation says what an error looks like."""
    responses: list[dict[str, Any]] = [
        one["responses"] for path in described["paths"].values() for name, one in path.items() if name == "get"
    ]
    assert all({"4XX", "400", "default"} & set(one) for one in responses)


def test_conf_oas30_security(described: Json) -> None:
    """/conf/oas30/security: what is open needs no key by the definition, and none does by default."""
    assert "security" not in described
