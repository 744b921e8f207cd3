"""Pages of features: sorted, chosen and cut as they were asked for, each feature once whatever happens meanwhile."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.collections import COLLECTIONS
from estates_api.store.database import transaction

Json = dict[str, Any]


def walk(client: TestClient, url: str) -> Iterator[Json]:
    """The features of every page from here to the end."""
    while url:
        page = client.get(url).json()
        assert page["numberReturned"] == len(page["features"])
        yield from page["features"]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("name", COLLECTIONS["candidates"].names)
def test_sorted_by_any_property(api: TestClient, name: str, sign: str) -> None:
    """Walked in pages, every feature comes once, in order, what is unknown last, and alike ones by their id."""
    found = list(walk(api, f"/collections/candidates/items?limit=17&sortby={sign}{name}&properties={name}"))
    ids = [one["id"] for one in found]
    assert sorted(ids) == sorted(one["id"] for one in walk(api, "/collections/candidates/items?limit=1000"))
    values = [one["properties"][name] for one in found]
    known = [value for value in values if value is not None]
    assert values == [*known, *([None] * (len(values) - len(known)))]
    if not isinstance(known[0] if known else 0, str):  # texts are in the order of the database
        assert known == sorted(known, reverse=sign == "-")
    for (value, ref), (beyond, after) in zip(pairs := list(zip(values, ids, strict=True)), pairs[1:], strict=False):
        assert value != beyond or ref < after


def test_sorted_by_several(api: TestClient) -> None:
    """The second property decides where the first is alike; a plus arrives as a space."""
    rows = [one["properties"] for one in walk(api, "/collections/sites/items?limit=9&sortby=-holdings,+gia_m2")]
    wanted = sorted(rows, key=lambda row: (-row["holdings"], row["gia_m2"] is None, row["gia_m2"] or 0))
    assert [(row["holdings"], row["gia_m2"]) for row in rows] == [(row["holdings"], row["gia_m2"]) for row in wanted]


def test_the_count_is_that_of_the_first_page(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """While a walk goes on and rows come and go, no feature comes twice, none that stays is left out, and every page
    tells the count of the first."""
    client = make_api(loaded)
    page = client.get("/collections/sites/items?limit=10").json()
    first = [one["id"] for one in page["features"]]
    rest = []
    with transaction(loaded) as connection:
        every = connection.execute(text("SELECT ref FROM site_public ORDER BY ref")).scalars().all()
    gone = {first[3], every[40]}
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    with transaction(loaded) as connection:
        connection.execute(text("DELETE FROM site_public WHERE ref = ANY(:refs)"), {"refs": list(gone)})
        connection.execute(text("INSERT INTO audit (actor, action, subject, detail) VALUES ('a', 'b', 'c', '{}')"))
    while following:
        beyond = client.get(following).json()
        assert beyond["numberMatched"] == page["numberMatched"]
        rest += [one["id"] for one in beyond["features"]]
        following = next((link["href"] for link in beyond["links"] if link["rel"] == "next"), "")
    assert [*first, *rest] == [ref for ref in every if ref in first or ref not in gone]


@pytest.mark.parametrize("box", ["bbox=-1,51,1,52", "bbox=400000,100000,700000,300000&bbox-crs=EPSG:27700"])
@pytest.mark.parametrize("more", ["", "&sector=NHS"])
def test_a_box_around_everything(api: TestClient, box: str, more: str) -> None:
    """A view of the whole map has every feature that has a place, and their number; one without a place is in none."""
    every = list(walk(api, f"/collections/sites/items?limit=50{more}"))
    page = api.get(f"/collections/sites/items?limit=50&{box}{more}").json()
    found = [one["id"] for one in walk(api, f"/collections/sites/items?limit=50&{box}{more}")]
    assert found == [one["id"] for one in every if one["geometry"]]
    assert page["numberMatched"] == len(found) > 20
    assert len(found) < len(every) or more


def test_some_properties(api: TestClient) -> None:
    """Only what was asked for is said, in the order of the collection, and decimals stay decimals."""
    page = api.get("/collections/sites/items?limit=200&properties=land_ha,name").json()
    assert {tuple(one["properties"]) for one in page["features"]} == {("name", "land_ha")}
    raw = api.get("/collections/sites/items?limit=200&properties=holdings,gia_m2").text
    assert '"gia_m2":76547.0,"holdings":1' in raw


def test_ids(api: TestClient) -> None:
    """The features with these ids and no other; an id that is not there is not missed."""
    page = api.get("/collections/sites/items?ids=NCL-RAL01,NCL-TAF01,NCL-NOTHING").json()
    assert [one["id"] for one in page["features"]] == ["NCL-RAL01", "NCL-TAF01"]
    assert page["numberMatched"] == 2


@pytest.mark.parametrize(("query", "test"), [
    ("sector=NHS", lambda said: said["sector"] == "NHS"),
    ("stale=true", lambda said: said["stale"] is True),
    ("holdings=2", lambda said: said["holdings"] == 2),
    ("evidence_date=2015-03-31", lambda said: said["evidence_date"] == "2015-03-31"),
    ("gia_m2=20038", lambda said: said["gia_m2"] == 20038),
    ("name=%27%20OR%201=1", lambda _: False),
])  # fmt: skip
def test_a_property_as_a_parameter(api: TestClient, query: str, test: Callable[[Json], bool]) -> None:
    """`name=value` finds the features that say so, as comparing them by hand does."""
    every = walk(api, "/collections/sites/items")
    wanted = [one["id"] for one in every if test(one["properties"])]
    page = api.get(f"/collections/sites/items?{query}").json()
    assert ([one["id"] for one in page["features"]], page["numberMatched"]) == (wanted, len(wanted))


@pytest.mark.parametrize("query", [
    "stale=perhaps", "holdings=x", "holdings=99999999999", "gia_m2=nan", "gia_m2=1e999", "evidence_date=soon",
    "sortby=nothing", "sortby=name,-name", "properties=nothing", "name=a%00b", "ids=a%00b", "crs=here",
    "bbox-crs=EPSG:1", "bbox=2,1,1,2&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/27700", "filter-lang=sql",
    "filter=nothing%20=%201", "filter-crs=here", "f=shp",
])  # fmt: skip
def test_what_cannot_be_asked(api: TestClient, query: str) -> None:
    """A value that does not fit its parameter is a 400 that names it."""
    answer = api.get(f"/collections/sites/items?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert query.partition("=")[0] in answer.json()["detail"]


@pytest.mark.parametrize("collection", ["holdings", "lsoas", "boroughs", "shortlist-entries"])
def test_what_has_no_history(api: TestClient, collection: str) -> None:
    """A collection without history refuses `as-of` and takes `datetime`, which everything in it meets."""
    assert api.get(f"/collections/{collection}/items?as-of=2015-03-31").status_code == 400
    whole, then = (api.get(f"/collections/{collection}/items?limit=1{more}").json()["numberMatched"]
                   for more in ("", "&datetime=2015-03-31"))  # fmt: skip
    assert whole == then


def test_entries_of_shortlists(keyed: TestClient, api: TestClient) -> None:
    """The key reads the entries of drafts by quarter; the public none of them; each stands where its site does."""
    page = keyed.get("/collections/shortlist-entries/items?quarter=2015-Q1&list=reuse").json()
    assert page["numberMatched"] == len(page["features"]) > 0
    entry = page["features"][0]
    site = keyed.get(f"/collections/sites/items/{entry['properties']['site']}").json()
    assert entry["geometry"] == site["geometry"]
    assert keyed.get(f"/collections/shortlist-entries/items/{entry['id']}").json()["properties"] == entry["properties"]
    assert api.get("/collections/shortlist-entries/items").json()["numberMatched"] == 0


def test_holdings_of_a_withheld_site(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """A holding is shown to those who may see its site, and to nobody else."""
    with transaction(loaded) as connection:
        connection.execute(text("WITH moved AS (DELETE FROM site_public WHERE ref = 'NCL-TAF01' RETURNING *) "
                                "INSERT INTO site_complete SELECT * FROM moved"))  # fmt: skip
    path = "/collections/holdings/items?site=NCL-TAF01"
    seen = [make_api(loaded, key=key).get(path).json()["numberMatched"] for key in (None, "the-key-of-the-tests")]
    assert seen == [0, 2]
    assert make_api(loaded).get("/collections/holdings/items/TAF:TAF01").status_code == 404


@pytest.mark.parametrize(
    ("words", "there"),
    [("St Ann's", True), ("ann'S  haringey", True), ("rrp03", True), ("n153th", True), ("N15 3TH", True),
     ("mental health NHS trust", True), ("Haringey Camden", False), ("100%", False), ("_", False),
     ("St Ann\u2019s", True), ("st anns", True), ("' haringey", True)],
)  # fmt: skip
def test_words_are_searched(api: TestClient, words: str, there: bool) -> None:
    """`q` finds what has every word in its names, place, organisations or codes, in any case and with whatever
    apostrophe or none (telephones write a curved one); `%` and `_` are letters like others."""
    found = api.get("/collections/candidates/items", params={"q": words, "limit": 1000}).json()
    assert ("NCL-RRP03" in {feature["id"] for feature in found["features"]}) is there
    assert found["numberMatched"] == len(found["features"])


def test_words_are_searched_in_every_collection(api: TestClient) -> None:
    """`q` is there for all collections; too many words are refused."""
    for collection in COLLECTIONS:
        assert api.get(f"/collections/{collection}/items", params={"q": "camden"}).status_code == 200
    refused = api.get("/collections/sites/items", params={"q": "a " * 11})
    assert (refused.status_code, refused.json()["detail"]) == (400, "q: at most 10 words")
