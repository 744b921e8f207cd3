"""OGC API - Features Part 3 (19-079r2), Annex A: the abstract tests of queryables and filters, each by its name."""

from typing import Any

import pytest
import shapely
from pyproj import Transformer
from wire import COLLECTIONS, CRS84, EPSG, GEOJSON, QUERYABLES, SCHEMA_JSON, Json, Web, find_link, media_type

PART3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/{}"
DRAFTS = ("https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema")

each = pytest.mark.parametrize("collection", COLLECTIONS)
each_language = pytest.mark.parametrize("language", [{"filter_lang": "cql2-text"}, {}])


def queryables(web: Web, collection: str) -> dict[str, Json]:
    """What can be asked by, with its schema."""
    found: dict[str, Json] = web.json(f"/collections/{collection}/queryables")["properties"]
    return found


def extent(web: Web, collection: str) -> list[float]:
    """The box that a collection states; the test is skipped where there is none."""
    said = web.json(f"/collections/{collection}").get("extent", {}).get("spatial")
    if said is None:
        pytest.skip(f"{collection} is empty for the public")
    found: list[float] = said["bbox"][0]
    return found


def box(west: float, south: float, east: float, north: float) -> str:
    """The filter of a box."""
    return f"S_INTERSECTS(geometry,BBOX({west},{south},{east},{north}))"


@pytest.mark.parametrize("name", ["queryables", "queryables-query-parameters", "filter", "features-filter"])
def test_get_conformance(web: Web, name: str) -> None:
    """/conf/{class}/get-conformance: the class is declared."""
    answer = web.ask("/conformance", {"Accept": "application/json"})
    assert media_type(answer) == "application/json"
    assert PART3.format(name) in answer.json()["conformsTo"]


@each
def test_conf_queryables_get_queryables_uris(web: Web, collection: str) -> None:
    """/conf/queryables/get-collection: every collection links to what it can be asked by."""
    link = find_link(web.json(f"/collections/{collection}"), QUERYABLES)
    assert link is not None
    assert link["href"] == f"{web.url}/collections/{collection}/queryables"
    assert link["type"] == SCHEMA_JSON


@each
def test_conf_queryables_get_queryables(web: Web, collection: str) -> None:
    """/conf/queryables/get-queryables: what it can be asked by is a JSON Schema of an object, with its own address."""
    answer = web.ask(f"/collections/{collection}/queryables", {"Accept": SCHEMA_JSON})
    assert media_type(answer) == SCHEMA_JSON
    schema = answer.json()
    assert schema["$schema"] in DRAFTS
    assert (schema["$id"], schema["type"]) == (f"{web.url}/collections/{collection}/queryables", "object")
    assert schema["properties"]
    spatial = [one for one in schema["properties"].values() if one.get("$ref", "").startswith("https://geojson.org/")]
    assert len(spatial) == 1


@each
def test_conf_queryables_query_parameters_parameters(web: Web, collection: str) -> None:
    """/conf/queryables-query-parameters/query-parameters: every simple queryable is a parameter that selects."""
    features = web.features(collection)
    for name, said in queryables(web, collection).items():
        if "type" not in said:
            continue
        values = {feature["properties"][name] for feature in features} - {None}
        for value in sorted(values, key=str)[:2]:
            meant = {one["id"] for one in features if one["properties"][name] == value}
            asked = str(value).lower() if isinstance(value, bool) else value
            assert web.ids(collection, **{name: asked}) == meant, (name, value)


@pytest.mark.parametrize("query", ["holdings=many", "stale=perhaps", "gia_m2=large", "evidence_date=then"])
def test_conf_queryables_query_parameters_invalid(web: Web, query: str) -> None:
    """/conf/queryables-query-parameters/query-parameters-invalid: a value of another type is 400."""
    assert web.ask(f"/collections/sites/items?{query}").status_code == 400


@each
def test_conf_queryables_query_parameters_described(web: Web, collection: str) -> None:
    """/req/queryables-query-parameters/parameters: the API definition has each of them with the queryable's schema,
    in the form that QGIS and GDAL look for."""
    described = web.json("/api")
    listed = described["paths"][f"/collections/{collection}/items"]["get"]["parameters"]
    found = [described["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
             for one in listed]  # fmt: skip
    by_name = {one["name"]: one for one in found if one["in"] == "query"}
    for name, said in queryables(web, collection).items():
        if "type" in said:
            one = by_name[name]
            assert (one["style"], one["explode"], one["schema"]["type"]) == ("form", False, said["type"])


@each
@each_language
def test_conf_filter_filter_param(web: Web, collection: str, language: dict[str, str]) -> None:
    """/conf/filter/filter-param, filter-lang-default: a filter that is valid selects, one that is not is 400; CQL2
    text is what is meant when nothing is said."""
    features = web.features(collection)
    for name, said in queryables(web, collection).items():
        if "type" not in said:
            continue
        meant = {one["id"] for one in features if one["properties"][name] is None}
        assert web.ids(collection, filter=f'"{name}" IS NULL', **language) == meant
    answer = web.ask(f"/collections/{collection}/items", filter="THIS IS NOT A FILTER", **language)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("filter: ")


@each
@each_language
def test_conf_filter_expression_construction(web: Web, collection: str, language: dict[str, str]) -> None:
    """/conf/filter/expression-construction: a property that is none of the queryables is 400, and named."""
    answer = web.ask(f"/collections/{collection}/items", filter="this_is_not_a_queryable IS NULL", **language)
    assert answer.status_code == 400
    assert "this_is_not_a_queryable" in answer.json()["detail"]


@each
def test_conf_filter_filter_crs_wgs84(web: Web, collection: str) -> None:
    """/conf/filter/filter-crs-wgs84: geometries in a filter are longitude and latitude unless it says otherwise."""
    west, south, east, north = extent(web, collection)
    whole = {one["id"] for one in web.features(collection) if one["geometry"]}
    assert web.ids(collection, filter=box(west - 1e-9, south - 1e-9, east + 1e-9, north + 1e-9)) == whole
    beyond = web.ask(f"/collections/{collection}/items", filter=box(1_000_000, 1_000_000, 2_000_000, 2_000_000))
    assert beyond.status_code == 400


@each
@pytest.mark.parametrize("code", ["CRS84", "27700", "3857", "4326"])
def test_conf_filter_filter_crs_param(web: Web, collection: str, code: str) -> None:
    """/conf/filter/filter-crs-param: the same in every system of the collection, in its authority's axis order."""
    west, south, east, north = extent(web, collection)
    system = CRS84 if code == "CRS84" else EPSG.format(code)
    there = Transformer.from_crs("OGC:CRS84", "OGC:CRS84" if code in {"CRS84", "4326"} else f"EPSG:{code}")
    edge = 0.001  # PROJ without the OSTN15 grid is 2 m off
    left, bottom, right, top = there.transform_bounds(west - edge, south - edge, east + edge, north + edge)
    if code == "4326":
        left, bottom, right, top = bottom, left, top, right
    whole = {one["id"] for one in web.features(collection) if one["geometry"]}
    assert web.ids(collection, filter=box(left, bottom, right, top), filter_crs=system) == whole


def test_conf_filter_filter_crs_param_invalid(web: Web) -> None:
    """/conf/filter/filter-crs-param: a system that does not exist is 400."""
    unknown = "http://www.opengis.net/def/crs/OGC/0/does_not_exist"
    answer = web.ask("/collections/sites/items", filter=box(-1, 51, 0, 52), filter_crs=unknown)
    assert answer.status_code == 400
    assert "filter-crs" in answer.json()["detail"]


@each
def test_conf_filter_mixing_expression(web: Web, collection: str) -> None:
    """/conf/filter/mixing-expression: a filter and a box are both met."""
    west, south, east, north = extent(web, collection)
    inside = box(west - 1e-9, south - 1e-9, east + 1e-9, north + 1e-9)
    both = f"{west - 1e-9},{south - 1e-9},{east + 1e-9},{north + 1e-9}"
    assert web.ids(collection, filter=inside, bbox=both) == web.ids(collection, filter=inside) != set()
    assert web.ids(collection, filter=inside, bbox="10,10,11,11") == set()


def test_mixing_with_everything(web: Web) -> None:
    """A filter, a box, a property, ids and a page size are all met at once."""
    features = {one["id"]: one for one in web.features("sites")}
    area = shapely.box(-0.2, 51.5, -0.08, 51.6)
    meant = {ref for ref, one in features.items()
             if one["geometry"] and area.intersects(shapely.geometry.shape(one["geometry"]))
             and one["properties"]["sector"] == "NHS" and (one["properties"]["gia_m2"] or 0) > 1000}  # fmt: skip
    asked: dict[str, Any] = {"bbox": "-0.2,51.5,-0.08,51.6", "sector": "NHS", "filter": "gia_m2 > 1000", "limit": 4}
    assert web.ids("sites", **asked) == meant
    assert len(meant) > 4
    some = sorted(meant)[:3]
    assert web.ids("sites", **asked, ids=",".join([*some, "NCL-NONE"])) == set(some)


def test_conf_features_filter_filter_on_items(web: Web) -> None:
    """/conf/features-filter/filter-on-items: filters on the features answer with GeoJSON."""
    answer = web.ask("/collections/sites/items", {"Accept": GEOJSON}, filter="sector = 'NHS'", filter_lang="cql2-text")
    assert (answer.status_code, media_type(answer)) == (200, GEOJSON)
    assert {one["properties"]["sector"] for one in answer.json()["features"]} == {"NHS"}


def test_a_filter_without_a_language_that_is_known(web: Web) -> None:
    """A language that is not there is 400, and those that are are named."""
    answer = web.ask("/collections/sites/items", filter="true", filter_lang="cql-text")
    assert answer.status_code == 400
    assert "cql2-text" in answer.json()["detail"]
