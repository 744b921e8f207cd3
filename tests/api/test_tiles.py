"""Vector tiles: the features that stand there, enough of what they say, never too many of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.collections import COLLECTIONS
from estates_api.store import tiles
from estates_api.store.database import transaction
from estates_api.store.layers import layer

ZOOM, ROW, COLUMN = 9, 170, 255
"""The tile that has North Central London in it."""


def address(collection: str, zoom: object = ZOOM, row: object = ROW, column: object = COLUMN) -> str:
    """The address of a tile."""
    return f"/collections/{collection}/tiles/WebMercatorQuad/{zoom}/{row}/{column}"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], Any]:
    """A tile as GDAL reads it, in pixels of the tile."""

    def frame(content: bytes) -> Any:
        path = tmp_path / "tile.mvt"
        path.write_bytes(content)
        return pyogrio.read_dataframe(path)

    return frame


@pytest.mark.parametrize("collection", ["sites", "candidates", "holdings", "lsoas", "boroughs"])
def test_a_tile_has_what_stands_in_it(api: TestClient, read: Callable[[bytes], Any], collection: str) -> None:
    """Every feature with a place there is in the tile, with what is drawn of it, and nothing is said that is not."""
    answer = api.get(address(collection))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.mapbox-vector-tile")
    west, east = (360 * column / 512 - 180 for column in (COLUMN, COLUMN + 1))
    pages = [
        api.get(f"/collections/{collection}/items?limit=10000&bbox={west},51.3,{east},{north}").json()["features"]
        for north in (51.61, 51.63)  # below the upper edge, and above it with the margin
    ]
    inside, around = ({feature["id"] for feature in page} for page in pages)
    frame = read(answer.content)
    assert inside <= set(frame["id"]) <= around
    assert set(frame.columns) - {"geometry", "id", "mvt_id"} <= set(COLLECTIONS[collection].drawn)


QUESTIONS = [{"q": "hospital"}, {"filter": "route = 'reuse'"}, {"borough": "Camden", "q": "NW1"},
             {"ids": "NCL-RRP03"}, {"filter": "land_ha > 2 AND sector LIKE '%NHS%'"},
             {"q": "no such words"}]  # fmt: skip


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
def test_a_tile_of_a_question_has_the_items_of_that_question(
    api: TestClient, read: Callable[[bytes], Any], asked: dict[str, str]
) -> None:
    """The map and the list agree: tiles draw what items find and has a place there, and nothing else."""
    pages = [
        api.get("/collections/candidates/items", params={**asked, "bbox": f"-0.7,51.3,0,{north}"}).json()["features"]
        for north in (51.61, 51.63)  # below the upper edge of the tile, and above it with the margin
    ]
    inside, around = ({feature["id"] for feature in page} for page in pages)
    answer = api.get(address("candidates"), params=asked)
    assert answer.status_code == 200
    drawn = set(read(answer.content)["id"]) if answer.content else set()
    assert inside <= drawn <= around
    assert bool(drawn) == (asked.get("q") != "no such words")


def test_a_question_is_asked_of_all_where_tiles_are_crowded(
    reading: Engine, api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a tile has room for some only, what a question finds is drawn even if its turn is late."""
    monkeypatch.setattr(tiles, "FEW", 1)
    monkeypatch.setattr(tiles, "MOST", 1)
    tiles._tile.cache_clear()
    with transaction(reading) as connection:
        last = connection.execute(text("SELECT ref FROM site_public WHERE route IS NOT NULL AND geom IS NOT NULL "
                                       "ORDER BY turn DESC LIMIT 1")).scalar_one()  # fmt: skip
    answer = api.get(address("candidates"), params={"ids": last})
    tiles._tile.cache_clear()
    assert last.encode() in answer.content


@pytest.mark.parametrize("place", [(9, 171, 255, "no"), (9, 512, 0), (9, 0, 512), (23, 0, 0), (-1, 0, 0), ("x", 0, 0),
                                   (9, "1.5", 0), (9, "²", 0), (9, 99999999999, 0)])  # fmt: skip
def test_outside_the_matrix_there_are_no_tiles(api: TestClient, place: tuple[object, ...]) -> None:
    """What is no tile of the matrix is 404, never 200 and never 500."""
    name = "sites" if len(place) == 3 else "nothing"
    answer = api.get(address(name, *place[:3]))
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_tile_without_features_is_empty(api: TestClient) -> None:
    """A tile in the matrix where nothing stands is there, and empty."""
    answer = api.get(address("sites", 9, 0, 0))
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(("path", "status"), [
    ("/collections/sites/tiles/WebMercatorQuad/9/170/255?f=png", 400),
    ("/collections/sites/tiles/Other/9/170/255", 404),
    ("/collections/sites/tiles/WebMercatorQuad/9/170/255?colour=red", 400), ("/tileMatrixSets/Other", 404),
    ("/collections/sites/tiles/WebMercatorQuad?f=png", 400), ("/collections/sites/tiles/Other", 404),
])  # fmt: skip
def test_what_is_not_there(api: TestClient, path: str, status: int) -> None:
    """Another format, another matrix or an unknown parameter is refused in words."""
    answer = api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_withheld_site_is_in_no_tile(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """What is not for the public is in no tile of the public's, and in those of the key."""
    with transaction(loaded) as connection:
        connection.execute(text("UPDATE holding SET sensitivity = 'owner' WHERE site_ref = 'NCL-RAL01'"))
        connection.execute(text("INSERT INTO audit (actor, action, subject, detail) VALUES ('a', 'b', 'c', '{}')"))
        from estates_api.store.projection import rebuild_projection  # noqa: PLC0415 -- here alone

        rebuild_projection(connection)
    seen = {key: make_api(loaded, key=key).get(address("sites")).content for key in (None, "the-key-of-the-tests")}
    assert b"NCL-RAL01" not in seen[None]
    assert b"NCL-RAL01" in seen["the-key-of-the-tests"]
    assert b"NCL-RAL01" not in make_api(loaded).get(address("holdings")).content


def test_tile_sets_lead_to_tiles(api: TestClient) -> None:
    """From a collection one comes to its tile set, the matrix, and a tile; TileJSON says the same."""
    links = {one["rel"].rpartition("/")[2]: one["href"] for one in api.get("/collections/sites").json()["links"]}
    (found,) = api.get(links["tilesets-vector"]).json()["tilesets"]
    by_rel = {one["rel"].rpartition("/")[2]: one["href"] for one in found["links"]}
    named = {"{tileMatrix}": str(ZOOM), "{tileRow}": str(ROW), "{tileCol}": str(COLUMN)}
    template = by_rel["item"]
    for name, value in named.items():
        template = template.replace(name, value)
    tile = api.get(template)
    assert len(tile.content) > 1000
    matrix = api.get(by_rel["tiling-scheme"]).json()
    assert matrix["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.028717, rel=1e-9)
    assert [one["matrixWidth"] for one in matrix["tileMatrices"][:3]] == [1, 2, 4]
    whole = api.get(by_rel["self"]).json()
    assert whole["layers"][0]["id"] == "sites"
    described = api.get(by_rel["alternate"]).json()
    url = described["tiles"][0].format(z=ZOOM, y=ROW, x=COLUMN)
    assert api.get(url).content == tile.content
    assert set(described["vector_layers"][0]["fields"]) == set(COLLECTIONS["sites"].drawn)
    assert "tileMatrixSets" in api.get("/tileMatrixSets").json()


@pytest.mark.parametrize("zoom", [0, 5, 9, 10])
def test_a_tile_of_very_many_draws_some(
    loaded: Engine, make_api: Callable[..., TestClient], read: Callable[[bytes], Any], zoom: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Where there is no room for all, those are drawn whose turn it is, the same from zoom to zoom."""
    monkeypatch.setattr(tiles, "FEW", 20)
    monkeypatch.setattr(tiles, "MOST", 20)
    tiles._tile.cache_clear()
    client = make_api(loaded)
    n = 2**zoom
    tile = client.get(address("sites", zoom, int(n * 170.3 / 512), int(n * 255.5 / 512)))
    frame = read(tile.content)
    tiles._tile.cache_clear()
    with transaction(loaded) as connection:
        first = connection.execute(
            text("SELECT ref FROM site_public WHERE geom IS NOT NULL ORDER BY turn, ref LIMIT 20")
        )
        refs = set(first.scalars())
    assert 0 < len(frame) <= 20
    if zoom < 9:  # all of the area is in the tile
        assert set(frame["id"]) <= refs


def test_how_many_turns_are_read_grows_with_the_zoom() -> None:
    """The deeper the zoom, the smaller the tile, the more of the features in it are looked at; all of few."""
    last = [tiles._latest(zoom, 1_000_000) for zoom in range(23)]
    assert last == sorted(last)
    assert last[0] < last[12]
    assert last[22] == 2**31 - 1
    assert tiles._latest(0, tiles.MOST) == 2**31 - 1
    crowded = tiles.tile_statement(layer("sites", "public"), tiles.Place(3, 3, 2), 1_000_000)
    assert "turn" in crowded.sql
    assert "turn" not in tiles.tile_statement(layer("sites", "public"), tiles.Place(3, 3, 2), 100).sql
