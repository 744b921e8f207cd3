"""OGC API - Features Part 1 (17-069r4), Annex A: its abstract tests of what is declared, each by its name."""

import re
from datetime import datetime
from urllib.parse import urlsplit

import jsonschema
import pytest
import shapely
from openapi_spec_validator import validate
from wire import COLLECTIONS, CRS84, GEOJSON, LISTED, Json, Web, find_link, first, media_type

LONDON = (-0.6, 51.2, 0.4, 51.8)

_LINK = {
    "type": "object", "required": ["href", "rel", "type"],
    "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "hreflang", "title")},
}  # fmt: skip
_LINKS = {"type": "array", "items": _LINK, "minItems": 1}
_COLLECTION = {
    "type": "object", "required": ["id", "links"],
    "properties": {
        "id": {"type": "string"}, "title": {"type": "string"}, "description": {"type": "string"}, "links": _LINKS,
        "itemType": {"const": "feature"}, "crs": {"type": "array", "items": {"type": "string"}},
        "extent": {"type": "object", "properties": {
            "spatial": {"type": "object", "required": ["bbox"], "properties": {
                "bbox": {"type": "array", "minItems": 1, "items": {
                    "type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "number"}}},
                "crs": {"const": CRS84}}},
            "temporal": {"type": "object", "required": ["interval"], "properties": {
                "interval": {"type": "array", "minItems": 1, "items": {
                    "type": "array", "minItems": 2, "maxItems": 2, "items": {"type": ["string", "null"]}}},
                "trs": {"const": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"}}},
        }},
    },
}  # fmt: skip
_FEATURE = {
    "type": "object", "required": ["type", "geometry", "properties", "id"],
    "properties": {
        "type": {"const": "Feature"}, "id": {"type": "string"}, "properties": {"type": "object"},
        "geometry": {"type": ["object", "null"], "required": ["type", "coordinates"]}, "links": _LINKS,
    },
}  # fmt: skip
_FEATURES = {
    "type": "object", "required": ["type", "features", "links", "timeStamp", "numberMatched", "numberReturned"],
    "properties": {
        "type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": _FEATURE}, "links": _LINKS,
        "numberMatched": {"type": "integer", "minimum": 0}, "numberReturned": {"type": "integer", "minimum": 0},
    },
}  # fmt: skip

each = pytest.mark.parametrize("collection", COLLECTIONS)


def test_the_classes_that_are_declared(declared: set[str]) -> None:
    """Core, GeoJSON and OpenAPI 3.0 are declared; all that is declared is tested here."""
    assert {"core", "geojson", "oas30"} <= declared <= {"core", "geojson", "oas30", "html"}


def test_conf_core_http(web: Web) -> None:
    """/conf/core/http: HTTP 1.1 with the status codes that it has for what happened."""
    answer = web.ask("/")
    assert (answer.http_version, answer.status_code) == ("HTTP/1.1", 200)
    assert web.ask("/nothing-here").status_code == 404
    assert web.ask("/collections", verb="DELETE").status_code == 405
    assert web.ask("/collections/sites/items", {"Accept": "image/jpeg"}).status_code in {200, 406}


def test_conf_core_root_op(web: Web) -> None:
    """/conf/core/root-op: the landing page is where the API begins."""
    assert web.ask("/").status_code == 200


def test_conf_core_root_success(web: Web) -> None:
    """/conf/core/root-success: the landing page leads to the definition, the conformance classes and the data."""
    page = web.json("/", {"Accept": "application/json"})
    jsonschema.validate(page, {"type": "object", "required": ["links"], "properties": {"links": _LINKS}})
    assert find_link(page, "service-desc") or find_link(page, "service-doc")
    assert find_link(page, "conformance")
    assert find_link(page, "data")


def test_conf_core_api_definition_op(web: Web) -> None:
    """/conf/core/api-definition-op: every API definition that the landing page names is there."""
    links = [link for link in web.json("/")["links"] if link["rel"] in {"service-desc", "service-doc"}]
    assert {link["rel"] for link in links} == {"service-desc", "service-doc"}
    for link in links:
        answer = web.ask(link["href"], {"Accept": link["type"]})
        assert (answer.status_code, media_type(answer)) == (200, link["type"].partition(";")[0])


def test_conf_core_api_definition_success(described: Json) -> None:
    """/conf/core/api-definition-success: the definition is a valid OpenAPI 3.0 document."""
    validate(described)


def test_conf_core_conformance_op(web: Web) -> None:
    """/conf/core/conformance-op: the declaration is at /conformance."""
    assert web.ask("/conformance").status_code == 200


def test_conf_core_conformance_success(web: Web) -> None:
    """/conf/core/conformance-success: the declaration is a list of URIs, each once."""
    classes = web.json("/conformance")["conformsTo"]
    assert all(re.fullmatch(r"http://www\.opengis\.net/spec/[\w/.-]+/conf/[\w-]+", one) for one in classes)
    assert len(classes) == len(set(classes))


def test_conf_core_fc_md_op(web: Web) -> None:
    """/conf/core/fc-md-op: the collections are at /collections."""
    assert web.ask("/collections").status_code == 200


def test_conf_core_fc_md_success(web: Web) -> None:
    """/conf/core/fc-md-success, fc-md-links: the list links to itself, and every link says its relation and type."""
    document = web.json("/collections")
    jsonschema.validate(document, {"type": "object", "required": ["links", "collections"], "properties": {
        "links": _LINKS, "collections": {"type": "array", "items": _COLLECTION}}})  # fmt: skip
    link = find_link(document, "self")
    assert link is not None
    assert web.json(link["href"]) == document


def test_conf_core_fc_md_items(web: Web) -> None:
    """/conf/core/fc-md-items: every collection is listed, once, as it is at its own address."""
    listed = web.json("/collections")["collections"]
    assert tuple(one["id"] for one in listed) == LISTED
    assert [web.json(f"/collections/{one['id']}") for one in listed] == listed


@each
def test_conf_core_fc_md_items_links(web: Web, collection: str) -> None:
    """/conf/core/fc-md-items-links: every collection links to pages of its items, with relation and type."""
    document = web.json(f"/collections/{collection}")
    for link in (one for one in document["links"] if one["rel"] == "items" and one["type"] in {GEOJSON, "text/html"}):
        answer = web.ask(link["href"])
        assert (answer.status_code, media_type(answer)) == (200, link["type"].partition(";")[0]), link
    assert find_link(document, "items", GEOJSON)


@each
def test_conf_core_fc_md_extent(web: Web, collection: str) -> None:
    """/conf/core/fc-md-extent: every feature lies in the extent that is stated."""
    extent = web.json(f"/collections/{collection}").get("extent", {})
    shapes = [shapely.geometry.shape(one["geometry"]) for one in web.features(collection) if one["geometry"]]
    if not shapes:
        assert "spatial" not in extent
        return
    west, south, east, north = extent["spatial"]["bbox"][0]
    found = shapely.total_bounds(shapes)
    assert [west, south, east, north] == pytest.approx(list(found), abs=1e-5)


def test_conf_core_sfc_md_op(web: Web) -> None:
    """/conf/core/sfc-md-op: each collection is at /collections/{collectionId}, and nothing else is."""
    assert all(web.ask(f"/collections/{one}").status_code == 200 for one in COLLECTIONS)
    assert web.ask("/collections/none").status_code == 404


@each
def test_conf_core_sfc_md_success(web: Web, collection: str) -> None:
    """/conf/core/sfc-md-success: a collection is what the schema of a collection says."""
    jsonschema.validate(web.json(f"/collections/{collection}"), _COLLECTION)


@each
def test_conf_core_fc_op(web: Web, collection: str) -> None:
    """/conf/core/fc-op: the features are where the collection's link says."""
    link = find_link(web.json(f"/collections/{collection}"), "items", GEOJSON)
    assert link is not None
    assert urlsplit(link["href"]).path == f"/collections/{collection}/items"
    assert web.ask(link["href"]).status_code == 200


def parameter(described: Json, name: str) -> Json:
    """A query parameter of the features as the API definition has it."""
    path = next(path for path in described["paths"] if re.fullmatch(r"/collections/(\{\w+\}|sites)/items", path))
    for one in described["paths"][path]["get"]["parameters"]:
        found: Json = described["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        if (found["name"], found["in"]) == (name, "query"):
            return found
    raise AssertionError(f"{name} is not described")


@pytest.mark.parametrize(("name", "schema"), [
    ("bbox", {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}),
    ("limit", {"type": "integer", "minimum": 1}),
    ("datetime", {"type": "string"}),
])  # fmt: skip
def test_conf_core_definition(described: Json, name: str, schema: Json) -> None:
    """/conf/core/fc-bbox-definition, fc-limit-definition, fc-time-definition: as the standard writes them."""
    found = parameter(described, name)
    assert (found.get("required", False), found["style"], found["explode"]) == (False, "form", False)
    assert schema.items() <= found["schema"].items()


@each
@pytest.mark.parametrize("box", [(-0.2, 51.52, -0.1, 51.6), (-0.13, 51.5, 0.4, 51.8), LONDON, (10, 50, 11, 51)])
def test_conf_core_fc_bbox_response(web: Web, collection: str, box: tuple[float, ...]) -> None:
    """/conf/core/fc-bbox-response: the features that meet the box, and no other; four numbers or six."""
    whole = {one["id"]: one["geometry"] for one in web.features(collection)}
    meant = {ref for ref, geometry in whole.items()
             if geometry and shapely.intersects(shapely.geometry.shape(geometry), shapely.box(*box))}  # fmt: skip
    west, south, east, north = box
    assert web.ids(collection, bbox=f"{west},{south},{east},{north}") == meant
    assert web.ids(collection, bbox=f"{west},{south},-9,{east},{north},900") == meant


def test_conf_core_fc_bbox_response_antimeridian(web: Web) -> None:
    """/conf/core/fc-bbox-response: a box whose west is east of its east crosses the antimeridian."""
    assert web.ids("sites", bbox="170,-90,-170,90") == set()
    assert web.ids("sites", bbox="-1,-90,-170,90") == web.ids("sites", bbox="-1,-90,180,90") != set()


@each
@pytest.mark.parametrize("limit", [1, 5, 10_000])
def test_conf_core_fc_limit_response(web: Web, collection: str, limit: int) -> None:
    """/conf/core/fc-limit-response: never more features than asked for."""
    page = web.items(collection, limit=limit)
    assert page["numberReturned"] == len(page["features"]) == min(limit, page["numberMatched"])


@each
@pytest.mark.parametrize("time", [
    "2015-03-31", "2015-03-31T12:00:00Z", "2015-03-31T12:00:00.5+01:00", "2014-01-01/2015-03-31",
    "2014-01-01T00:00:00Z/..", "../2015-03-31T00:00:00Z", "2014-01-01/", "/2015-03-31",
])  # fmt: skip
def test_conf_core_fc_time_response(web: Web, collection: str, time: str) -> None:
    """/conf/core/fc-time-response: instants, intervals and half-bounded intervals are taken; what has no time of its
    own always matches."""
    page = web.items(collection, datetime=time)
    whole = web.items(collection)["numberMatched"]
    assert page["numberMatched"] <= whole
    if collection in {"boroughs", "lsoas", "holdings"}:
        assert page["numberMatched"] == whole


def test_conf_core_fc_time_response_selects(web: Web) -> None:
    """/conf/core/fc-time-response: before the first evidence nothing matches, and later more does."""
    began = web.json("/collections/sites")["extent"]["temporal"]["interval"][0][0]
    assert web.ids("sites", datetime="../1990-01-01T00:00:00Z") == set()
    early, late = web.ids("sites", datetime=began), web.ids("sites", datetime="2015-03-31T00:00:00Z")
    assert set() < early <= late <= web.ids("sites", datetime=f"{began}/..")


@each
def test_conf_core_fc_response(web: Web, collection: str) -> None:
    """/conf/core/fc-response: a page is what the schema of a feature collection says."""
    answer = web.ask(f"/collections/{collection}/items", {"Accept": GEOJSON})
    assert media_type(answer) == GEOJSON
    jsonschema.validate(answer.json(), _FEATURES)


@each
def test_conf_core_fc_links(web: Web, collection: str) -> None:
    """/conf/core/fc-links: a page links to itself, to the same in every other format, and on to the next."""
    page = web.items(collection, limit=2)
    for rel in ("self", "alternate"):
        link = find_link(page, rel)
        assert link is not None
        answer = web.ask(link["href"])
        assert (answer.status_code, media_type(answer)) == (200, link["type"].partition(";")[0])
    assert (find_link(page, "next") is not None) == (page["numberMatched"] > 2)
    assert find_link(page, "self", GEOJSON)


@each
def test_conf_core_fc_time_stamp(web: Web, collection: str) -> None:
    """/conf/core/fc-timeStamp: the time of the answer is an RFC 3339 moment that has come."""
    said = datetime.fromisoformat(web.items(collection, limit=1)["timeStamp"])
    assert said.tzinfo is not None
    assert said <= datetime.now(said.tzinfo)


@each
def test_conf_core_fc_number_matched(web: Web, collection: str) -> None:
    """/conf/core/fc-numberMatched: every page says how many there are in all, whatever its limit."""
    pages = list(web.pages(collection, limit=50))
    assert {page["numberMatched"] for page in pages} == {sum(len(page["features"]) for page in pages)}


@each
def test_conf_core_fc_number_returned(web: Web, collection: str) -> None:
    """/conf/core/fc-numberReturned: every page says how many it has."""
    assert all(page["numberReturned"] == len(page["features"]) for page in web.pages(collection, limit=50))


@each
def test_conf_core_f_op(web: Web, collection: str) -> None:
    """/conf/core/f-op: every feature of a page is at /items/{featureId}; what is none is 404."""
    feature = first(web, collection)
    found = web.json(f"/collections/{collection}/items/{feature['id']}")
    assert {name: found[name] for name in feature} == feature
    assert web.ask(f"/collections/{collection}/items/none").status_code == 404


@each
def test_conf_core_f_success(web: Web, collection: str) -> None:
    """/conf/core/f-success: a feature is what the schema of a GeoJSON feature says."""
    answer = web.ask(f"/collections/{collection}/items/{first(web, collection)['id']}", {"Accept": GEOJSON})
    assert media_type(answer) == GEOJSON
    jsonschema.validate(answer.json(), _FEATURE)


@each
def test_conf_core_f_links(web: Web, collection: str) -> None:
    """/conf/core/f-links: a feature links to itself, to its other formats and to its collection."""
    feature = web.json(f"/collections/{collection}/items/{first(web, collection)['id']}")
    assert {"self", "alternate", "collection"} <= {link["rel"] for link in feature["links"]}
    for link in feature["links"]:
        answer = web.ask(link["href"], {"Accept": link["type"]})
        assert (answer.status_code, media_type(answer)) == (200, link["type"]), link


@each
def test_conf_core_crs84(web: Web, collection: str) -> None:
    """/conf/core/crs84: without being asked for another system every position is longitude, latitude in London."""
    shapes = [shapely.geometry.shape(one["geometry"]) for one in web.features(collection) if one["geometry"]]
    assert all(shapely.box(*LONDON).contains(shape) for shape in shapes)


@pytest.mark.parametrize("query", [
    "limit=0", "limit=-1", "limit=ten", "limit=", "limit=1.5", "bbox=1,2,3", "bbox=1,2,3,x", "bbox=0,52,1,51",
    "bbox=1,2,3,4,5", "bbox=", "bbox=NaN,0,1,1", "bbox=0,0,inf,1", "datetime=yesterday", "datetime=2015-13-01",
    "datetime=2015-03-31/2014-03-31", "datetime=../..", "datetime=a/b/c", "datetime=",
])  # fmt: skip
@pytest.mark.parametrize("collection", ["sites", "boroughs"])
def test_conf_core_query_param_invalid(web: Web, collection: str, query: str) -> None:
    """/conf/core/query-param-invalid: a value that cannot be is 400."""
    assert web.ask(f"/collections/{collection}/items?{query}").status_code == 400


def test_conf_core_query_param_unknown(web: Web) -> None:
    """/conf/core/query-param-unknown: a parameter that is not in the definition is 400, on every path."""
    paths = ("/conformance", "/collections", "/collections/sites", "/collections/sites/items",
             f"/collections/sites/items/{first(web, 'sites')['id']}", "/collections/sites/queryables",
             "/collections/sites/schema", "/")  # fmt: skip
    assert {path: web.ask(f"{path}?no-such-thing=1").status_code for path in paths} == dict.fromkeys(paths, 400)
