"""OGC API - Features, Part 1, as clients use it: found from the landing page, filtered, walked to the end."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from convertbng.cutil import convert_lonlat
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.collections import COLLECTIONS as REGISTRY
from estates_api.domain.crs import CRSS
from estates_api.store.database import transaction

COLLECTIONS = ("sites", "candidates")
REF = "NCL-RRP03"


def refs(page: dict[str, Any]) -> list[str]:
    """The references on a page."""
    return [feature["id"] for feature in page["features"]]


def links(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The first link of each relation."""
    return {link["rel"]: link for link in reversed(document["links"])}


def walk(client: TestClient, url: str) -> list[dict[str, Any]]:
    """Every page from here to the end, following `next`."""
    pages = []
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        url = links(pages[-1]).get("next", {}).get("href", "")
        assert len(pages) < 500
    return pages


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/geo+json", "text/plain"])
def test_the_landing_page_for_programs(api: TestClient, accept: str) -> None:
    """Whoever does not ask for HTML by name gets JSON with absolute links to everything."""
    answer = api.get("/", headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"
    found = links(answer.json())
    assert {"self", "service-desc", "service-doc", "conformance", "data"} <= set(found)
    for link in answer.json()["links"]:
        assert link["href"].startswith("http://testserver/")
        assert api.get(link["href"]).status_code == 200


def test_the_landing_page_for_people(api: TestClient) -> None:
    """A browser gets a page, without scripts and without calls to other hosts; `f` decides over Accept."""
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = api.get("/", headers=browser)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert api.get("/?f=html").text == page.text
    assert api.get("/?f=json", headers=browser).headers["content-type"] == "application/json"


def test_conformance_lists_what_is_met(api: TestClient) -> None:
    """Core and GeoJSON of Features Part 1."""
    classes = api.get("/conformance").json()["conformsTo"]
    for name in ("core", "geojson"):
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" in classes


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("/collections/sites/items?limit=1&limit=2", "limit"),
        ("/collections/sites/items?limit=1&limit=1", "limit"),
        ("/collections/sites/items?bbox=0,51,1,52&bbox=0,51,1,52", "bbox"),
        ("/sites/NCL-RRP03?as-of=2015-03-31&as-of=2016-03-31", "as-of"),
        ("/collections?f=html&f=json", "f"),
    ],
)
def test_a_parameter_given_twice(api: TestClient, route: str, name: str) -> None:
    """A repeated parameter could mean either value, so it is refused by its name."""
    answer = api.get(route)
    assert answer.status_code == 400
    assert answer.json()["detail"] == f"{name} is given 2 times; give it once"


def test_collections(api: TestClient) -> None:
    """Each collection has its extent over London, its CRS, its items and how many there are; the one of outlines is
    there, and empty, while no outline is known."""
    document = api.get("/collections").json()
    found = {one["id"]: one for one in document["collections"]}
    assert list(found) == list(REGISTRY)
    assert (found["outlines"]["itemCount"], "spatial" in found["outlines"]["extent"]) == (0, False)
    for collection in (found[name] for name in COLLECTIONS):
        name = collection["id"]
        assert api.get(f"/collections/{name}").json() == collection
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        assert -0.6 < west < east < 0.2
        assert 51.3 < south < north < 51.8
        assert collection["crs"] == [crs.uri for crs in CRSS]
        items = api.get(links(collection)["items"]["href"]).json()
        assert items["numberMatched"] == collection["itemCount"] > 100


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("limit", [1, 7, 10, 131, 132, 133, 5000])
def test_walked_to_the_end_every_feature_comes_once(api: TestClient, collection: str, limit: int) -> None:
    """Following `next` gives every feature exactly once, whatever the page size, with right numbers on each page."""
    pages = walk(api, f"/collections/{collection}/items?limit={limit}")
    found = [ref for page in pages for ref in refs(page)]
    assert found == refs(api.get(f"/{collection}.geojson").json())
    assert len(set(found)) == len(found) > 100
    assert all(page["numberReturned"] == len(page["features"]) <= limit for page in pages)
    assert {page["numberMatched"] for page in pages} == {len(found)}
    assert len(pages) == -(-len(found) // limit)


def test_next_keeps_the_filter(api: TestClient) -> None:
    """`next` carries the box along, and every link is absolute."""
    box = "-0.20,51.50,-0.05,51.65"
    pages = walk(api, f"/collections/sites/items?bbox={box}&limit=3")
    whole = api.get(f"/collections/sites/items?bbox={box}").json()
    assert [ref for page in pages for ref in refs(page)] == refs(whole)
    assert 3 < whole["numberMatched"] < 132
    assert all(link["href"].startswith("http://testserver/") for page in pages for link in page["links"])


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("limit", ["10001", "99999999999999999999999"])
def test_a_limit_above_the_maximum_is_the_maximum(api: TestClient, collection: str, limit: str) -> None:
    """A limit that is too large is clamped, not refused (Part 1, 7.15.2)."""
    assert api.get(f"/collections/{collection}/items?limit={limit}").status_code == 200


def in_box(engine: Engine, west: float, south: float, east: float, north: float) -> set[str]:
    """The same filter said plainly."""
    query = text("SELECT ref FROM site_public WHERE ST_X(geom_crs84) BETWEEN :w AND :e "
                 "AND ST_Y(geom_crs84) BETWEEN :s AND :n")  # fmt: skip
    with transaction(engine) as connection:
        return set(connection.execute(query, {"w": west, "s": south, "e": east, "n": north}).scalars())


@pytest.mark.parametrize(
    "box",
    [(-0.2, 51.5, 0.0, 51.6), (-180, -90, 180, 90), (10, 50, 11, 51), (-0.13, 51.52, -0.13, 51.52), (-1, 51, 1, 51.55)],
)
def test_a_box_gives_what_lies_in_it(api: TestClient, reading: Engine, box: tuple[float, ...]) -> None:
    """The features of a box are exactly those with a position in it: longitude first, latitude second."""
    west, south, east, north = box
    expected = in_box(reading, west, south, east, north)
    for numbers in (box, (west, south, -10, east, north, 900)):
        found = api.get(f"/collections/sites/items?bbox={','.join(map(str, numbers))}").json()
        assert set(refs(found)) == expected
        assert found["numberMatched"] == len(expected)
    if not expected:
        assert '"features":[]' in api.get(f"/collections/sites/items?bbox={','.join(map(str, box))}").text


def test_a_box_over_the_antimeridian(api: TestClient, reading: Engine) -> None:
    """West larger than east goes round the back of the world (Part 1, 7.15.3): from 0.1 W eastward to 0.2 W."""
    found = refs(api.get("/collections/sites/items?bbox=-0.1,-90,-0.2,90").json())
    expected = in_box(reading, -0.1, -90, 180, 90) | in_box(reading, -180, -90, -0.2, 90)
    assert set(found) == expected
    assert 0 < len(expected) < 132


def test_positions_are_those_of_the_grid(api: TestClient, reading: Engine) -> None:
    """Every feature's longitude and latitude is the stored grid position through OSTN15, to 0.1 m and in that order."""
    with transaction(reading) as connection:
        query = text("SELECT ref, ST_X(geom) AS x, ST_Y(geom) AS y FROM site WHERE geom IS NOT NULL")
        stored = {row.ref: (row.x, row.y) for row in connection.execute(query)}
    placed = [f for f in api.get("/sites.geojson").json()["features"] if f["geometry"]]
    assert {feature["id"] for feature in placed} == set(stored)
    for feature in placed:
        lon, lat = feature["geometry"]["coordinates"]
        (right_lon,), (right_lat,) = convert_lonlat(*([axis] for axis in stored[feature["id"]]))
        assert abs(lon - right_lon) * 69_000 < 0.1
        assert abs(lat - right_lat) * 111_300 < 0.1


BAD = [
    "limit=0", "limit=-1", "limit=x", "limit=1.5", "limit=", "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,b,c,d", "bbox=",
    "bbox=0,52,1,51", "bbox=nan,51,1,52", "bbox=0,inf,1,52", "bbox=1,2,3,4,5,6,7", "datetime=yesterday", "datetime=",
    "datetime=2015-13-01", "datetime=2015-02-30", "datetime=../..", "datetime=/",
    "datetime=2016-01-01/2015-01-01", "as-of=2015-02-30", "as-of=9999-01-01", "known-at=9999-01-01", "known-at=soon",
    "known-at=2015-02-30", "as-of=2015-03-31&datetime=2015-03-31", "known-at=0000-01-01",
    "datetime=2015-01-01T25:00:00Z", "datetime=2015-01-01/2016-01-01/2017-01-01", "cursor=!", "cursor=", "cursor=AA",
    "cursor=_w", "f=xml", "colour=red", "LIMIT=1", "bbox-crs=here",
]  # fmt: skip


@pytest.mark.parametrize("query", BAD)
def test_what_cannot_be_read_is_a_400(api: TestClient, query: str) -> None:
    """A wrong value or an unknown parameter is a 400 that names it, as a problem document; never 422, never a guess."""
    answer = api.get(f"/collections/sites/items?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400
    assert query.partition("=")[0] in problem["detail"]


NOW = ["2015-01-01/..", "2015-01-01/", "0000-01-01T00:00:00Z/..", "1954-08-07T/..", "../9999-12-31T23:59:59Z",
       "9999-01-01/9999-12-31", "9999-12-31"]  # fmt: skip
MARCH_2015 = [
    "2015-03-31", "2015-03-31T12:00:00Z", "2015-03-31t12:00:00.5z", "2015-03-31T12:00:00%2B01:00", "../2015-03-31",
    "/2015-03-31", "2014-01-01/2015-03-31", "2015-03-31T23:59:60Z", "2015-03-31T12:00:00+01:00",
    "0000-01-01/2015-03-31T00:00:00Z", "2015-03-31T00:00:00Z/2015-03-31T00:00:00Z",
]  # fmt: skip
BEFORE = ["1954-08-07", "1954-08-07T", "0000-01-01", "../1954-08-07", "0000-01-01T00:00:00Z/0001-01-01"]


@pytest.mark.parametrize("day", NOW)
def test_an_open_interval_and_days_to_come_are_today(api: TestClient, day: str) -> None:
    """Intervals as QGIS and GDAL write them, with open ends, year 0000 and year 9999, give today's features."""
    answer = api.get(f"/collections/candidates/items?datetime={day}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["features"] == api.get("/candidates.geojson").json()["features"]


@pytest.mark.parametrize("day", MARCH_2015)
def test_an_instant_or_the_end_of_an_interval_is_as_of_it(api: TestClient, day: str) -> None:
    """`datetime` gives the sites of which evidence speaks by its end, with what was said by then: as `as-of` does."""
    answer = api.get(f"/collections/sites/items?datetime={day}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["features"] == api.get("/sites.geojson?as-of=2015-03-31").json()["features"]


@pytest.mark.parametrize("day", BEFORE)
def test_before_all_evidence_there_are_no_features(api: TestClient, day: str) -> None:
    """An instant before the first day that any evidence speaks of matches nothing, and is no failure."""
    answer = api.get(f"/collections/sites/items?datetime={day}")
    assert (answer.status_code, answer.json()["features"], answer.json()["numberMatched"]) == (200, [], 0)


@pytest.mark.parametrize(
    "path",
    [
        "/collections/parks", "/collections/parks/items", "/collections/sites/items/NCL-NOTHING", "/nowhere",
        "/collections/sites/items/", "/collections/", "/sites/NOTHING", "/collections/sites/items/%00", "/sites/%00",
        "/sites/NCL-%FF", "/editions/999999999/issues", f"/editions/{'0' * 12}/issues", "/shortlists/2031-Q4",
        "/shortlists/2015-Q1.docx", "/editions/0/issues", "/collections/sites/items/..%2F..%2Fetc%2Fpasswd",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_404(keyed: TestClient, path: str) -> None:
    """Unknown collections, sites, editions, lists and paths are 404 as problem documents, never a failure."""
    answer = keyed.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


@pytest.mark.parametrize("path", ["/conformance", "/collections", "/collections/sites", "/editions", "/sites.geojson",
                                  "/shortlists", "/health/live", "/", f"/sites/{REF}"])  # fmt: skip
def test_unknown_parameters_are_refused_everywhere(api: TestClient, path: str) -> None:
    """A misspelt parameter is never silently ignored."""
    assert api.get(f"{path}?colour=red").status_code == 400


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_one_item(api: TestClient, collection: str) -> None:
    """A feature by reference is the one on the page, with links; every key is there, unknown as null."""
    item = api.get(f"/collections/{collection}/items/{REF}")
    assert item.headers["content-type"] == "application/geo+json"
    document = item.json()
    assert {"self", "collection", "describedby"} <= set(links(document))
    for link in document["links"]:
        assert api.get(link["href"]).status_code == 200
    listed = api.get(f"/{collection}.geojson").json()["features"]
    assert {key: document[key] for key in document if key != "links"} in listed
    assert len({tuple(feature["properties"]) for feature in listed}) == 1


@pytest.mark.parametrize("path", ["/", "/collections/sites/items", "/sites.geojson", f"/sites/{REF}", "/nowhere"])
def test_head_is_get_without_the_body(api: TestClient, path: str) -> None:
    """HEAD has the status and headers of GET, the length included, and no body."""
    asked = {"Accept-Encoding": "identity", "X-Request-ID": "one"}
    head, get = (api.request(method, path, headers=asked) for method in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers == get.headers


def test_caches_are_told_what_answers_depend_on(api: TestClient, keyed: TestClient) -> None:
    """The same address answers a browser, a program, the public and the key differently, and says so to caches."""
    for client in (api, keyed):
        vary = client.get("/sites.geojson").headers["vary"]
        assert {"Accept", "Authorization", "X-API-Key"} <= set(vary.split(", "))
    assert keyed.get("/sites.geojson").headers["cache-control"] == "private, no-cache"
    assert api.get("/sites.geojson").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/collections/sites/items", "/sites.geojson"])
def test_options_says_what_is_allowed(api: TestClient, path: str) -> None:
    """QGIS asks OPTIONS at every layer load; browsers ask before they read from another origin."""
    answer = api.options(path)
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET",
             "Access-Control-Request-Headers": "X-API-Key"}  # fmt: skip
    preflight = api.options(path, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_changed_over_http(api: TestClient, method: str) -> None:
    """Other methods are 405, as a problem document."""
    answer = api.request(method, "/collections/sites/items")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


@pytest.mark.parametrize("path", ["/sites.geojson", "/candidates.geojson", "/assessments/latest", f"/sites/{REF}",
                                  "/editions", "/collections"])  # fmt: skip
def test_the_same_bytes_again(api: TestClient, path: str) -> None:
    """Until the data change an answer is the same to the byte, compressed or not."""
    first, second = api.get(path), api.get(path, headers={"Accept-Encoding": "identity"})
    assert first.content == second.content


def test_links_follow_the_public_address(make_api: Callable[..., TestClient], reading: Engine) -> None:
    """Behind a proxy, links begin with the address that is configured."""
    client = make_api(reading, public_url="https://estates.example.org/base")
    for path in ("/", "/collections", "/collections/sites/items?limit=1", f"/collections/sites/items/{REF}"):
        found = client.get(path).json()["links"]
        assert {urlsplit(link["href"]).netloc for link in found} == {"estates.example.org"}
    assert client.get("/sites/RRP03", follow_redirects=False).headers["location"] == (
        f"https://estates.example.org/base/sites/{REF}"
    )


def test_a_holding_code_leads_to_its_site(api: TestClient) -> None:
    """Old and new codes still resolve, in any case of letters."""
    for code, ref in (("RRP03", REF), ("rvlc7", "NCL-RALC7"), ("RALC7", "NCL-RALC7")):
        answer = api.get(f"/sites/{code}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, f"http://testserver/sites/{ref}")


def test_a_cursor_belongs_to_its_question(api: TestClient) -> None:
    """A cursor made by hand, changed, or taken to another question is a 400; with its own it goes on."""
    page = api.get("/collections/sites/items?limit=2&sector=NHS").json()
    following = links(page)["next"]["href"]
    cursor = following.partition("cursor=")[2]
    assert api.get(following).status_code == 200
    by_hand = base64.urlsafe_b64encode(b"NCL-RRP02~' OR 1=1 --").decode().rstrip("=")
    for url in (f"sector=NHS&cursor={by_hand}", f"sector=NHS&cursor={cursor[:-2]}AA", f"sector=council&cursor={cursor}",
                f"cursor={cursor}"):  # fmt: skip
        answer = api.get(f"/collections/sites/items?{url}")
        assert (answer.status_code, answer.json()["detail"][:7]) == (400, "cursor:")


def test_the_description_is_whole(api: TestClient) -> None:
    """The OpenAPI document and its page are served from here: no address of another host is loaded."""
    document = api.get("/openapi.json").json()
    assert {"/", "/collections/sites/items", "/shortlists/{name}", "/sites/{ref}"} <= set(document["paths"])
    page = api.get("/docs").text
    assert "https://" not in page
    assert "swagger" in page.lower()
