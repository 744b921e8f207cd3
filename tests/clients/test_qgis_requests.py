"""What QGIS 3.40 asks when a layer is opened, filtered and drawn, request by request, read as it reads the answers
(qgsoapif*.cpp). The program itself is in test_qgis.py, in the version that Debian has."""

import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import shapely
from wire import COLLECTIONS, CRS84, EPSG, GEOJSON, SCHEMA, SCHEMA_JSON, Json, Web, find_link, media_type

from estates_api.domain.collections import COLLECTIONS as REGISTRY

AGENT = {"User-Agent": "Mozilla/5.0 QGIS/34007/Debian GNU/Linux 12 (bookworm)", "Accept-Language": "en_GB"}
ITEMS = {**AGENT, "Accept": "application/geo+json, application/json"}
GRID = EPSG.format(27700)

each = pytest.mark.parametrize("collection", COLLECTIONS)


def get(web: Web, path: str, accept: str) -> httpx2.Response:
    """A request as QGIS sends it: the address as it stands, percent-encoded by QGIS already."""
    answer = web.ask(path, {**AGENT, "Accept": accept})
    assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
    return answer


def page_size(described: Json) -> int:
    """The size of QGIS's pages (QgsOapifProvider::init)."""
    limit = described["components"]["parameters"]["limit"]["schema"]
    assert isinstance(limit["default"], int)
    return min(max(1000, limit["default"]), limit["maximum"])


def test_1_the_landing_page(web: Web) -> None:
    """GET / as JSON: absolute links to the API definition, the collections and the conformance classes, by exact
    relation and a media type that QGIS accepts."""
    page = get(web, "/", "application/json").json()
    links = {(link["rel"], link["type"]): link["href"] for link in page["links"]}
    assert links["service-desc", "application/vnd.oai.openapi+json;version=3.0"] == f"{web.url}/api"
    assert links["data", "application/json"] == f"{web.url}/collections"
    assert links["conformance", "application/json"] == f"{web.url}/conformance"


def test_2_the_api_definition(web: Web) -> None:
    """GET service-desc: pages of a thousand, and what each collection can be asked by, in parameters that are
    `style: form, explode: false` with a `type` in one word."""
    accept = ("application/vnd.oai.openapi+json;version=3.0, application/openapi+json;version=3.0, application/json")  # fmt: skip
    described = get(web, "/api", accept).json()
    assert page_size(described) == 1000
    for collection in COLLECTIONS:
        simple = set()
        for one in described["paths"][f"/collections/{collection}/items"]["get"]["parameters"]:
            found = described["components"]["parameters"][one["$ref"].split("/")[-1]] if "$ref" in one else one
            if found["in"] == "query" and found["style"] == "form" and found["explode"] is False:
                assert isinstance(found["schema"]["type"], str)
                simple.add(found["name"])
        assert set(REGISTRY[collection].names) <= simple


@each
def test_3_the_collection(web: Web, collection: str) -> None:
    """GET /collections/{id}: extent in CRS84, the system of storage first choice of the layer, a title, its links."""
    found = get(web, f"/collections/{collection}", "application/json").json()
    assert (found["id"], found["storageCrs"]) == (collection, GRID)
    assert GRID in found["crs"]
    if collection != "shortlist-entries":
        west, south, east, north = found["extent"]["spatial"]["bbox"][0]
        assert -1 < west < east < 1 < 51 < south < north < 52
        assert found["extent"]["spatial"].get("crs", CRS84) == CRS84


def test_4_the_conformance_classes(web: Web) -> None:
    """GET /conformance: filters go to the server only where all four are listed; LIKE, IN, BETWEEN, CASEI, boxes and
    the schema where theirs are."""
    classes = set(get(web, "/conformance", "application/json").json()["conformsTo"])
    filters = {"ogcapi-features-3/1.0/conf/filter", "ogcapi-features-3/1.0/conf/features-filter",
               "cql2/1.0/conf/cql2-text", "cql2/1.0/conf/basic-cql2"}  # fmt: skip
    more = {"ogcapi-features-2/1.0/conf/crs", "cql2/1.0/conf/advanced-comparison-operators",
            "cql2/1.0/conf/case-insensitive-comparison", "cql2/1.0/conf/basic-spatial-operators",
            "cql2/1.0/conf/basic-spatial-functions", "ogcapi-features-5/1.0/conf/schemas"}  # fmt: skip
    assert {f"http://www.opengis.net/spec/{name}" for name in filters | more} <= classes


@each
def test_5_the_queryables(web: Web, collection: str) -> None:
    """GET /collections/{id}/queryables, appended to the collection's address: every property with its type in one
    word, and the geometry known by its reference."""
    answer = get(web, f"/collections/{collection}/queryables", SCHEMA_JSON)
    found, shapes = {}, []
    for name, one in answer.json()["properties"].items():
        if "type" in one:
            found[name] = one["type"]
            assert isinstance(one["type"], str)
        elif one.get("$ref", "").startswith("https://geojson.org/schema/"):
            shapes.append(name)
    assert set(found) == set(REGISTRY[collection].names)
    assert shapes == ["geometry"]


@each
@pytest.mark.parametrize("accept", [ITEMS["Accept"], "text/plain, application/json", "*/*", GEOJSON])
def test_6_the_first_ten(web: Web, collection: str, accept: str) -> None:
    """GET items?limit=10: GeoJSON whatever of these is accepted; `numberMatched` a number; string ids."""
    answer = get(web, f"/collections/{collection}/items?limit=10", accept)
    assert media_type(answer) == GEOJSON
    page = answer.json()
    assert page["type"] == "FeatureCollection"
    assert isinstance(page["numberMatched"], int)
    for feature in page["features"]:
        assert isinstance(feature["id"], str)
        assert list(feature["properties"]) == list(REGISTRY[collection].names)


@each
def test_7_what_may_be_done(web: Web, collection: str) -> None:
    """OPTIONS items: an `Allow` without POST, so that the layer is read only."""
    answer = web.ask(f"/collections/{collection}/items", AGENT, "OPTIONS")
    assert answer.status_code in {200, 204}
    allowed = {word.strip() for word in answer.headers["allow"].split(",")}
    assert "GET" in allowed
    assert allowed.isdisjoint({"POST", "PUT", "PATCH", "DELETE"})


@each
def test_8_the_schema(web: Web, collection: str) -> None:
    """GET the schema by its link: fields in the order of x-ogc-propertySeq without a collision, and the type of
    geometry by its format."""
    link = find_link(web.json(f"/collections/{collection}"), SCHEMA, SCHEMA_JSON)
    assert link is not None
    properties = get(web, link["href"], SCHEMA_JSON).json()["properties"]
    fields = {one["x-ogc-propertySeq"]: name for name, one in properties.items() if "type" in one}
    assert [fields[number] for number in sorted(fields)] == ["id", *REGISTRY[collection].names]
    formats = [one["format"] for one in properties.values() if one.get("x-ogc-role") == "primary-geometry"]
    assert formats == [f"geometry-{REGISTRY[collection].shape.lower()}"]


@pytest.mark.parametrize("collection", ["sites", "outlines", "boroughs", "lsoas"])
def test_9_the_map(web: Web, collection: str) -> None:
    """GET items?limit=1000&bbox=…&bbox-crs=…&crs=…: what meets the view, in the layer's own system; then `next`."""
    view = (525_000.0, 180_000.0, 534_000.0, 192_000.0)
    box = ",".join(str(number) for number in view)
    url = f"/collections/{collection}/items?limit=5&bbox={box}&bbox-crs={GRID}&crs={GRID}"
    found: dict[str, Json] = {}
    while url:
        page = get(web, url, ITEMS["Accept"]).json()
        found |= {one["id"]: one["geometry"] for one in page["features"]}
        following = find_link(page, "next", GEOJSON)
        url = following["href"] if following else ""
    assert len(found) == page["numberMatched"] > 0
    area = shapely.box(*view)
    assert all(area.intersects(shapely.geometry.shape(one)) for one in found.values())


FILTERS = [
    """("borough" = 'Camden')""",
    """("name" = 'St Ann''s Hospital')""",
    """("owner" IS NULL)""",
    """("owner" IS NOT NULL)""",
    """(NOT ("sector" = 'NHS'))""",
    """("sector" <> 'NHS')""",
    """("name" LIKE '%Hospital%')""",
    """(CASEI("name") LIKE CASEI('%hospital%'))""",
    """("gia_m2" BETWEEN 1000 AND 5000)""",
    """("borough" IN ('Camden','Barnet'))""",
    """("borough" NOT IN ('Camden','Barnet'))""",
    """("evidence_date" >= DATE('2016-01-01'))""",
    """("evidence_date" >= TIMESTAMP('2016-01-01T00:00:00.000Z'))""",
    """(("gia_m2" / 1000) > ("holdings" + 1))""",
    """("gia_m2" * 2 > 4000.5)""",
    """(("sector" = 'NHS') AND ("gia_m2" > 1000)) OR ("stale" = TRUE)""",
    """(S_INTERSECTS("geometry",BBOX(525000,180000,534000,192000)))""",
    """(S_INTERSECTS("geometry",POLYGON((525000 180000,534000 180000,534000 192000,525000 180000))))""",
]  # fmt: skip


@pytest.mark.parametrize("text", FILTERS)
def test_10_filters(web: Web, text: str) -> None:
    """GET items?limit=1000&filter=…&filter-lang=cql2-text&filter-crs=…: everything that QGIS's compiler writes is
    answered, finds something and not all, and is counted by the same with limit=1."""
    more = f"&filter-crs={GRID}" if "S_INTERSECTS" in text else ""
    query = f"filter={quote(text, safe='')}&filter-lang=cql2-text{more}"
    page = get(web, f"/collections/sites/items?limit=1000&{query}&crs={GRID}", ITEMS["Accept"]).json()
    assert 0 < page["numberMatched"] < 132
    assert len(page["features"]) == page["numberMatched"]
    count = get(web, f"/collections/sites/items?limit=1&{query}", ITEMS["Accept"]).json()
    assert count["numberMatched"] == page["numberMatched"]


def test_11_two_filters_and_a_box(web: Web) -> None:
    """The layer's filter and an expression's are put together as `(…) AND (…)` around encoded texts, with the box of
    the view beside them."""
    layer, expression = quote("\"sector\" = 'NHS'", safe=""), quote('"gia_m2" > 1000', safe="")
    url = (f"/collections/sites/items?limit=1000&filter=({layer})%20AND%20({expression})&filter-lang=cql2-text"
           f"&bbox=525000,180000,534000,192000&bbox-crs={GRID}&crs={GRID}")  # fmt: skip
    page = get(web, url, ITEMS["Accept"]).json()
    assert page["features"]
    assert all(one["properties"]["sector"] == "NHS" and one["properties"]["gia_m2"] > 1000 for one in page["features"])


def test_12_plus_for_spaces(web: Web) -> None:
    """Spaces may arrive as `+`."""
    plus = "/collections/sites/items?filter=name+LIKE+%27%25Hospital%25%27+AND+sector+%3D+%27NHS%27"
    found = get(web, plus, ITEMS["Accept"]).json()
    assert found["features"] == web.items("sites", filter="name LIKE '%Hospital%' AND sector = 'NHS'")["features"] != []


@pytest.mark.parametrize("time", [
    "0000-01-01T00:00:00Z/..", "0000-01-01T00:00:00Z%2F2016-03-31T00:00:00.000Z",
    "2014-03-31T00:00:00.000Z%2F9999-12-31T00:00:00Z", "1954-08-07", "1954-08-07T/..", "2016-03-31T00:00:00.000Z",
])  # fmt: skip
@pytest.mark.parametrize("collection", ["sites", "candidates", "outlines", "boroughs"])
def test_13_times(web: Web, collection: str, time: str) -> None:
    """datetime with the year 0000 for ever, 9999 for never, milliseconds, and a day without a time."""
    assert isinstance(
        get(web, f"/collections/{collection}/items?datetime={time}", ITEMS["Accept"]).json()["numberMatched"], int
    )


def test_14_one_feature(web: Web) -> None:
    """GET items/{id} in the layer's system."""
    feature = web.items("outlines", limit=1)["features"][0]
    found = get(web, f"/collections/outlines/items/{feature['id']}?crs={GRID}", ITEMS["Accept"])
    assert found.headers["content-crs"] == f"<{GRID}>"
    assert found.json()["properties"] == feature["properties"]


def test_15_the_data_behind_a_trailing_slash(web: Web) -> None:
    """QGIS tries `/collections/{id}/` when the address without the slash fails: no redirect, and no page, is taken
    for a collection."""
    answer = web.client.get(f"{web.url}/collections/none", headers=AGENT, follow_redirects=False)
    assert answer.status_code == 404
    assert web.client.get(f"{web.url}/collections/none/", headers=AGENT, follow_redirects=False).status_code == 404


@pytest.mark.parametrize("value", ["NHS", "it's", "a&b", "50%", "naïve"])
def test_16_simple_queryables(web: Web, value: str) -> None:
    """Without filters QGIS asks with `property=value`, percent-encoded: any text is taken as it is."""
    found: dict[str, Any] = get(web, f"/collections/sites/items?sector={quote(value, safe='')}", ITEMS["Accept"]).json()
    assert json.dumps(found["numberMatched"]) == str(len(web.ids("sites", sector=value)))
