"""What was learned from the sources of clients and from watching them, each by its number: the ten findings that shape
the service, and what was seen on the wire. What a client itself proves is in the files named after it."""

import json
import time

import pytest
import shapely
from wire import COLLECTIONS, EPSG, GEOJSON, Json, Web, find_link, media_type

from estates_api.domain.collections import COLLECTIONS as REGISTRY

GRID = EPSG.format(27700)

each = pytest.mark.parametrize("collection", COLLECTIONS)


def test_finding_1_filters_are_pushed_down(web: Web) -> None:
    """All four classes without which QGIS downloads everything."""
    start = "http://www.opengis.net/spec/"
    four = {"ogcapi-features-3/1.0/conf/filter", "ogcapi-features-3/1.0/conf/features-filter",
            "cql2/1.0/conf/cql2-text", "cql2/1.0/conf/basic-cql2"}  # fmt: skip
    assert {start + one for one in four} <= set(web.json("/conformance")["conformsTo"])


def test_finding_2_the_size_of_pages(web: Web) -> None:
    """Where QGIS looks for it: a default of a thousand or more, a maximum of ten thousand."""
    schema = web.json("/api")["components"]["parameters"]["limit"]["schema"]
    assert schema["default"] >= 1000
    assert schema["maximum"] == 10_000


@pytest.mark.parametrize("text", [
    "pg_sleep(10) = 1", "pg_read_file('/etc/passwd') = 'x'", "version() LIKE '%'", "name = current_user()",
    "name = 'a' OR 1=1; DROP TABLE site_public",
])  # fmt: skip
def test_finding_3_no_function_reaches_the_database(web: Web, text: str) -> None:
    """Whatever a filter calls that is not on the list is refused at once."""
    began = time.monotonic()
    assert web.ask("/collections/sites/items", filter=text).status_code == 400
    assert time.monotonic() - began < 30


def test_finding_3_what_qgis_writes_is_read(web: Web) -> None:
    """Quotes within quotes, and boxes, which the usual parser cannot read."""
    assert len(web.ids("sites", filter="\"name\" = 'St Ann''s Hospital'")) == 1
    assert web.ids("sites", filter="S_INTERSECTS(geom,BBOX(-0.2,51.5,-0.1,51.6))") == web.ids(
        "sites", bbox="-0.2,51.5,-0.1,51.6"
    )


def test_finding_4_the_grid_is_served_as_it_is_stored(web: Web) -> None:
    """The positions of postcodes are whole metres in the British National Grid, and come out as such."""
    points = [one["geometry"]["coordinates"] for one in web.features("sites", crs=GRID)
              if one["geometry"] and one["properties"]["precision"] == "postcode"]  # fmt: skip
    assert len(points) > 20
    assert all(number == round(number) for point in points for number in point)


@each
def test_finding_6_next_is_all_that_is_followed(web: Web, collection: str) -> None:
    """Pages chain by an opaque cursor with the count of the first, and the count is on the collection too."""
    pages = list(web.pages(collection, limit=40))
    assert all("offset" not in link["href"] for page in pages for link in page["links"])
    assert {page["numberMatched"] for page in pages} == {sum(page["numberReturned"] for page in pages)}
    assert web.json(f"/collections/{collection}").get("itemCount", 0) == pages[0]["numberMatched"]


def test_finding_6_a_cursor_cannot_be_made_up(web: Web) -> None:
    """A cursor that was changed, or given with another question, is 400."""
    following = find_link(web.items("sites", limit=5), "next")
    assert following is not None
    cursor = following["href"].split("cursor=")[1]
    for wrong in (cursor[:-2] + "xx", "A" + cursor[1:], "none", ""):
        assert web.ask("/collections/sites/items", limit=5, cursor=wrong).status_code == 400
    assert web.ask("/collections/sites/items", limit=5, cursor=cursor, sector="NHS").status_code == 400


@each
@pytest.mark.parametrize("resource", ["queryables", "schema"])
def test_finding_8_types_in_one_word(web: Web, collection: str, resource: str) -> None:
    """`type` is one word everywhere: a list makes the field vanish in QGIS."""
    properties = web.json(f"/collections/{collection}/{resource}")["properties"]
    assert all(isinstance(one["type"], str) for one in properties.values() if "type" in one)
    assert not any("anyOf" in one or "oneOf" in one for one in properties.values())


@each
def test_finding_9_head_and_options(web: Web, collection: str) -> None:
    """HEAD is GET without a body; OPTIONS says what is allowed."""
    path, plain = f"/collections/{collection}/items", {"Accept-Encoding": "identity"}
    head, got = web.ask(path, plain, "HEAD"), web.ask(path, plain)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))
    assert "GET" in web.ask(path, verb="OPTIONS").headers["allow"]


@each
@pytest.mark.parametrize("system", ["27700", "3857", "4326"])
def test_finding_10_plain_geojson_in_every_system(web: Web, collection: str, system: str) -> None:
    """No `crs` member within, ids at the top, and no number that JSON does not have."""
    answer = web.ask(f"/collections/{collection}/items", crs=EPSG.format(system))
    page = json.loads(answer.content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert '"crs"' not in answer.text
    assert all(isinstance(one["id"], str) for one in page["features"])


@each
def test_seen_1_one_form_for_each_column(web: Web, collection: str) -> None:
    """Every feature has every property, numbers are numbers with their decimals, days are days, and all geometries
    are of one type."""
    kinds = {one.name: one.kind for one in REGISTRY[collection].properties}
    meant = {"string": str, "integer": int, "number": float, "boolean": bool, "date": str}
    for feature in web.features(collection):
        assert list(feature["properties"]) == list(kinds)
        for name, value in feature["properties"].items():
            assert value is None or type(value) is meant[kinds[name]], (name, value)
        geometry = feature["geometry"]
        assert geometry is None or geometry["type"] == REGISTRY[collection].shape


@each
def test_seen_2_no_date_that_would_be_asked_for_by_datetime(web: Web, collection: str) -> None:
    """The schema has no field that clients take for the one time of a feature."""
    properties = web.json(f"/collections/{collection}/schema")["properties"]
    assert not any(one.get("format") in {"date", "date-time"} for one in properties.values())


@pytest.mark.parametrize("when", ["1954-08-07", "1954-08-07T/..", "0000-01-01T00:00:00Z/..", "../9999-12-31T00:00:00Z",
                                  "0000-01-01T00:00:00Z/9999-12-31T23:59:59Z"])  # fmt: skip
@each
def test_seen_2_days_as_clients_write_them(web: Web, collection: str, when: str) -> None:
    """Days without a time, GDAL's half-written ones, the years 0000 and 9999 are taken."""
    assert web.ask(f"/collections/{collection}/items", datetime=when, limit=1).status_code == 200


@pytest.mark.parametrize("accept", ["*/*", "application/json", GEOJSON, "text/plain, application/json", ""])
def test_seen_3_geojson_for_all_of_these(web: Web, accept: str) -> None:
    """With its geometry, whichever of them is accepted."""
    answer = web.ask("/collections/outlines/items", {"Accept": accept}, limit=1)
    assert media_type(answer) == GEOJSON
    assert answer.json()["features"][0]["geometry"]["type"] == "MultiPolygon"


@pytest.mark.parametrize("path", ["/sites.geojson", "/candidates.geojson", "/collections/sites/items?limit=100"])
def test_seen_4_ranges_of_stable_bytes(web: Web, path: str) -> None:
    """Two answers are the same bytes, and parts of it are parts of them, with one tag."""
    plain = {"Accept-Encoding": "identity"}
    whole, again = web.ask(path, plain), web.ask(path, plain)
    assert (whole.content, whole.headers["etag"]) == (again.content, again.headers["etag"])
    part = web.ask(path, {**plain, "Range": "bytes=1000-1999", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, whole.content[1000:2000])
    assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole.content)}"
    assert web.ask(path, {**plain, "If-None-Match": whole.headers["etag"]}).status_code == 304


def test_seen_5_the_description_is_of_3_0(web: Web) -> None:
    """OpenAPI 3.0 by its words and its media type."""
    answer = web.ask("/api")
    assert answer.json()["openapi"].startswith("3.0")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"


@pytest.mark.parametrize(("path", "status"), [
    ("/collections/sites/items?limit=ten", 400), ("/collections/sites/items?none=1", 400),
    ("/collections/sites/items?filter=%FF%FE", 400), ("/collections/sites/items?filter=name%00", 400),
    ("/collections/sites/items?sortby=none", 400), ("/collections/sites/items?properties=none", 400),
    ("/collections/none/items", 404), ("/collections/sites/items/none", 404), ("/collections/sites/items/%00", 404),
    ("/collections/sites/tiles/WebMercatorQuad/1/2/0", 404), ("/collections/sites/tiles/WebMercatorQuad/0/0/1", 404),
    ("/collections/sites/tiles/WebMercatorQuad/99/0/0", 404), ("/collections/sites/tiles/none/0/0/0", 404),
    ("/collections/sites/tiles/WebMercatorQuad/-1/0/0", 404), ("/collections/sites/tiles/WebMercatorQuad/a/b/c", 404),
])  # fmt: skip
def test_seen_6_errors_that_say_what_is_wrong(web: Web, path: str, status: int) -> None:
    """400 for what cannot be asked, 404 for what is not there: problem documents, never 422, 500 or an empty 200."""
    answer = web.ask(path)
    assert answer.status_code == status
    assert media_type(answer) == "application/problem+json"
    problem: Json = answer.json()
    assert problem["status"] == status
    assert problem["detail"]


@pytest.mark.parametrize("form", ["csv", "geojsonseq"])
def test_seen_7_downloads_are_whole(web: Web, form: str) -> None:
    """A file has every feature, not a page of them."""
    answer = web.ask("/collections/lsoas/items", f=form)
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if line.strip("\x1e ")]
    assert len(lines) - (form == "csv") == len(web.ids("lsoas"))


def test_seen_8_tiles_without_an_accept_header(web: Web) -> None:
    """QGIS asks for tiles without saying what it takes."""
    answer = web.ask("/collections/boroughs/tiles/WebMercatorQuad/10/340/511", {"Accept": ""})
    assert answer.status_code == 200
    assert media_type(answer) == "application/vnd.mapbox-vector-tile"
    assert answer.content


def test_seen_8_equality_with_a_box_in_the_grid(web: Web) -> None:
    """GDAL 3.12's question: `column=value` beside `crs` and `bbox-crs`."""
    page = web.items("sites", crs=GRID, bbox_crs=GRID, bbox="525000,180000,534000,192000", sector="NHS")
    area = shapely.box(525_000, 180_000, 534_000, 192_000)
    assert page["features"]
    assert all(area.intersects(shapely.geometry.shape(one["geometry"])) for one in page["features"])
    assert {one["properties"]["sector"] for one in page["features"]} == {"NHS"}
