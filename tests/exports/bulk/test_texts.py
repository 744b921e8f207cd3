"""Text formats of whole collections: every feature once, typed, and nothing that was cut off looks whole."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.domain.collections import COLLECTIONS, Collection
from estates_api.exports.bulk.texts import TEXTS

SITES, BOROUGHS = COLLECTIONS["sites"], COLLECTIONS["boroughs"]
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
VALUES = {"string": words, "integer": st.integers(-9, 9), "number": st.floats(-1e6, 1e7, allow_nan=False),
          "boolean": st.booleans(), "date": st.dates().map(str)}  # fmt: skip


def features(collection: Collection) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Features of a collection, some of whose values and places are unknown."""
    known = {one.name: st.none() | VALUES[one.kind] for one in collection.properties}
    place = st.none() | st.tuples(st.floats(-1, 1), st.floats(51, 52)).map(
        lambda xy: {"type": "Point", "coordinates": list(xy)}
    )
    return st.lists(st.fixed_dictionaries({"type": st.just("Feature"), "id": words, "geometry": place,
                                           "properties": st.fixed_dictionaries(known)}), max_size=3)  # fmt: skip


def written(name: str, collection: Collection, found: list[dict[str, Any]], crs: int = 4326) -> str:
    """The whole text of features."""
    texts = [json.dumps(feature, ensure_ascii=False) for feature in found]
    return b"".join(TEXTS[name].write(collection, crs, texts)).decode()


def polygon(identifier: str, *, placed: bool = True) -> dict[str, Any]:
    """A borough with a hole, of two parts."""
    shape = shapely.MultiPolygon([shapely.box(0, 0, 9, 9) - shapely.box(1, 1, 2.5, 2), shapely.box(20, 0, 21, 1)])
    return {"type": "Feature", "id": identifier, "geometry": shapely.geometry.mapping(shape) if placed else None,
            "properties": {"gss": identifier, "name": None}}  # fmt: skip


def test_the_name_finds_its_format() -> None:
    """Each is found by its suffix, and says what it is over HTTP."""
    assert {name: one.media_type.partition(";")[0] for name, one in TEXTS.items()} == {
        "geojson": "application/geo+json", "geojsons": "application/geo+json-seq", "csv": "text/csv",
    }  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(found=features(SITES))
def test_geojson_has_every_feature(found: list[dict[str, Any]]) -> None:
    """One collection with its name, in the order of the features, and one feature a line."""
    text = written("geojson", SITES, found)
    whole = json.loads(text)
    assert (whole["type"], whole["name"], whole["features"]) == ("FeatureCollection", "sites", found)
    assert "crs" not in whole
    assert text.count("\n") == len(found) + 2


@settings(max_examples=50, deadline=None)
@given(found=features(SITES))
def test_a_sequence_has_every_feature(found: list[dict[str, Any]]) -> None:
    """RFC 8142: a separator, a feature, a line feed."""
    first, *texts = written("geojsons", SITES, found).split("\x1e")
    assert (first, [json.loads(text) for text in texts]) == ("", found)
    assert all(text.endswith("}\n") for text in texts)


@settings(max_examples=50, deadline=None)
@given(found=features(SITES))
def test_csv_has_every_feature(found: list[dict[str, Any]]) -> None:
    """A row a feature, a cell a property, nothing for what is unknown, and nothing that a spreadsheet would run."""
    header, *rows = csv.reader(io.StringIO(written("csv", SITES, found), newline=""))
    assert header == ["id", *SITES.names, "lon", "lat"]
    for row, feature in zip(rows, found, strict=True):
        cells = dict(zip(header, row, strict=True))
        place = feature["geometry"]
        assert [cells["lon"], cells["lat"]] == ([str(part) for part in place["coordinates"]] if place else ["", ""])
        for one in SITES.properties:
            value, cell = feature["properties"][one.name], cells[one.name]
            assert value is not None or cell == ""
            assert one.kind != "string" or value is None or cell in {value, f"'{value}"}
            assert one.kind != "string" or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
            assert one.kind != "number" or value is None or float(cell) == value


def test_metres_are_named() -> None:
    """In metres the columns are called so, and GeoJSON names the system, which it otherwise must not."""
    feature = {"type": "Feature", "id": "A", "geometry": {"type": "Point", "coordinates": [530000.25, 190000.5]},
               "properties": dict.fromkeys(SITES.names)}  # fmt: skip
    assert ",easting,northing\r\nA," in written("csv", SITES, [feature], 27700)
    assert json.loads(written("geojson", SITES, [feature], 27700))["crs"]["properties"]["name"].endswith(":27700")


def test_csv_of_polygons_opens_as_polygons(tmp_path: Path) -> None:
    """Readers find the geometry by the name of its column, with parts and holes."""
    (tmp_path / "a.csv").write_text(written("csv", BOROUGHS, [polygon("E1"), polygon("E2", placed=False)]), newline="")
    meta, _, shapes, columns = pyogrio.raw.read(tmp_path / "a.csv")
    assert (list(meta["fields"]), list(columns[0])) == (["id", "gss", "name", "wkt"], ["E1", "E2"])
    assert shapely.from_wkb(shapes[0]) == shapely.geometry.shape(polygon("E1")["geometry"])
    assert shapes[1] is None


@pytest.mark.parametrize("name", ["geojson", "geojsons"])
def test_gdal_opens_it(name: str, tmp_path: Path) -> None:
    """What GDAL reads has the features, the system and the shapes."""
    path = tmp_path / f"a.{name}"
    path.write_text(written(name, BOROUGHS, [polygon("E1"), polygon("E2", placed=False)]))
    info = pyogrio.read_info(path)
    assert (info["features"], info["crs"], info["geometry_type"]) == (2, "EPSG:4326", "MultiPolygon")


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_written_in_pieces(name: str) -> None:
    """Nothing is held that can be sent: pieces come while features do."""
    given = 0

    def endless() -> Iterator[str]:
        nonlocal given
        while True:
            given += 1
            yield json.dumps(polygon(str(given)))

    pieces = TEXTS[name].write(BOROUGHS, 4326, endless())
    assert sum(len(next(pieces)) for _ in range(4)) > 100_000
    assert given < 3000


def test_what_was_cut_off_does_not_look_whole() -> None:
    """Features that stop with an error leave GeoJSON without its end."""

    def failing() -> Iterator[str]:
        yield json.dumps(polygon("E1"))
        raise ConnectionError

    pieces = TEXTS["geojson"].write(BOROUGHS, 4326, failing())
    sent = [next(pieces)]
    with pytest.raises(ConnectionError):
        sent.extend(pieces)
    with pytest.raises(json.JSONDecodeError):
        json.loads(b"".join(sent))
