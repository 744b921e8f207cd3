"""Files of whole collections: read back with the programs that people read them with."""

import json
import math
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow.parquet
import pyogrio
import pyproj
import pytest
import shapely

from estates_api.domain.collections import COLLECTIONS, Collection
from estates_api.exports.bulk import flatgeobuf, geopackage, geoparquet
from estates_api.exports.bulk.files import FILES
from estates_api.exports.bulk.layer import Layer
from estates_api.exports.bulk.process import write_layer

MakeLayer = Callable[..., Layer]
ListRows = Callable[[Collection], list[dict[str, Any]]]

SITES, OUTLINES = COLLECTIONS["sites"], COLLECTIONS["outlines"]
FIELDS = {"string": "OFTString", "integer": "OFTInteger64", "number": "OFTReal", "boolean": "OFTInteger",
          "date": "OFTDate"}  # fmt: skip


def read_rows(path: Path, collection: Collection) -> list[dict[str, Any]]:
    """The rows of a file in the order of their keys, geometries as WKB."""
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path).drop_columns("bbox").to_pylist()
    # Feature by feature, as QGIS reads: GDAL 3.12 fails to read a FlatGeobuf with empty geometries as Arrow.
    meta, _, shapes, columns = pyogrio.raw.read(path, layer=collection.id)
    names = [*meta["fields"], "geometry"]
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in zip(*columns, shapes, strict=True)]
    return sorted(rows, key=lambda row: row["id"])


def _plain(value: Any) -> Any:
    """What stands for nothing as None, and a moment as its day."""
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[D]").item()
    return None if isinstance(value, float) and math.isnan(value) else value


@pytest.mark.parametrize("collection", COLLECTIONS.values(), ids=COLLECTIONS)
@pytest.mark.parametrize("name", FILES)
def test_every_row_comes_back(
    name: str, collection: Collection, make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path
) -> None:
    """Text, numbers, days, yes and no come back as they were, unknown as unknown, and rows without a place as well."""
    path = tmp_path / f"a.{name}"
    write_layer(make_layer(collection, list_rows(collection)), name, path)
    assert read_rows(path, collection) == list_rows(collection)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("collection", [SITES, OUTLINES], ids=lambda one: one.id)
@pytest.mark.parametrize("name", FILES)
def test_nothing_is_a_file_as_well(name: str, collection: Collection, make_layer: MakeLayer, tmp_path: Path) -> None:
    """A collection without features is a file with its columns and their types."""
    path, other = tmp_path / f"a.{name}", tmp_path / f"b.{name}"
    write_layer(make_layer(collection, []), name, path)
    write_layer(make_layer(collection, []), name, other)
    assert read_rows(path, collection) == []
    assert path.read_bytes() == other.read_bytes()
    if name == "parquet":
        assert len(geopandas.read_parquet(path)) == 0
        return
    info = pyogrio.read_info(path, layer=collection.id)
    wanted = ["OFTString", *(FIELDS[one.kind] for one in collection.properties)]
    assert [kind.replace("OFTDateTime", "OFTDate") for kind in info["ogr_types"]] == wanted
    assert info["geometry_type"] == collection.shape


@pytest.mark.parametrize("name", FILES)
def test_the_same_data_are_the_same_bytes(
    name: str, make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path
) -> None:
    """A file is a function of its layer, so that its name can stand for its content."""
    for path in (tmp_path / "a", tmp_path / "b"):
        path.mkdir()
        write_layer(make_layer(SITES, list_rows(SITES)), name, path / f"a.{name}")
    assert (tmp_path / "a" / f"a.{name}").read_bytes() == (tmp_path / "b" / f"a.{name}").read_bytes()


@pytest.mark.parametrize(("crs", "point"), [(27700, shapely.Point(530000.25, 190000.5)), (4326, shapely.Point(-1, 51))])
@pytest.mark.parametrize("name", FILES)
def test_the_system_is_named(
    name: str, crs: int, point: shapely.Point, make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path
) -> None:
    """Metres are EPSG:27700, degrees have longitude first, and a reader is told which."""
    path = tmp_path / f"a.{name}"
    row = list_rows(SITES)[0] | {"geometry": shapely.to_wkb(point)}
    write_layer(make_layer(SITES, [row], crs=crs), name, path)
    frame = geopandas.read_parquet(path) if name == "parquet" else pyogrio.read_dataframe(path, layer="sites")
    assert frame.crs == ("OGC:CRS84" if (name, crs) == ("parquet", 4326) else f"EPSG:{crs}")
    assert frame.geometry[0] == point


def test_ogrinfo_reads_it(gdal: Callable[..., str], make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path) -> None:
    """The GDAL that people have opens the files, with titles, types and meanings."""
    package, flat = tmp_path / "a.gpkg", tmp_path / "a.fgb"
    geopackage.write(make_layer(OUTLINES, list_rows(OUTLINES)), package)
    flatgeobuf.write(make_layer(OUTLINES, list_rows(OUTLINES)[:2]), flat)
    for path in (package, flat):
        said = gdal("ogrinfo", "-so", str(path), "outlines")
        assert "Warning" not in said
        assert "Geometry: Multi Polygon\nFeature Count: " in said
        assert 'ID["EPSG",27700]]' in said
        assert "stale: Integer(Boolean)" in said
    assert "evidence_date: Date (" in gdal("ogrinfo", "-so", str(package), "outlines")
    assert "IDENTIFIER=Outlines" in gdal("ogrinfo", "-so", str(package), "outlines")
    assert "Feature Count: 2" in gdal(
        "ogrinfo", "-so", str(flat), "outlines", "-spat", "529999", "189999", "530001", "190001"
    )


@pytest.fixture
def gdal() -> Callable[..., str]:
    """Run a program of GDAL; what it says."""

    def run(*words: str) -> str:
        if shutil.which(words[0]) is None:
            assert os.environ.get("CI") != "true", "GDAL is needed: apt-get install gdal-bin"
            pytest.skip("GDAL is not here: apt-get install gdal-bin")
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout + done.stderr

    return run


def test_a_flatgeobuf_has_an_index(make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path) -> None:
    """A box is read by the index, but where a feature has no place, which the index cannot hold: then all are there."""
    rows = list_rows(SITES)
    for name, wanted in (("placed", rows[:2]), ("missing", rows)):
        path = tmp_path / f"{name}.fgb"
        flatgeobuf.write(make_layer(SITES, wanted), path)
        info = pyogrio.read_info(path)
        assert (info["features"], info["capabilities"]["fast_spatial_filter"]) == (len(wanted), name == "placed")


def test_a_geopackage_is_sound(make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path) -> None:
    """Its own checks hold, its index has every place, its system is defined, and columns say what they mean."""
    path = tmp_path / "a.gpkg"
    geopackage.write(make_layer(SITES, list_rows(SITES)), path)
    with closing(sqlite3.connect(path)) as database:
        read = lambda query: database.execute(query).fetchall()  # noqa: E731
        assert read("PRAGMA integrity_check") == [("ok",)]
        assert read("PRAGMA foreign_key_check") == []
        assert read("SELECT count(*) FROM rtree_sites_geom") == [(2,)]
        defined = read("SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys "
                       "WHERE srs_id = 27700")  # fmt: skip
        assert [(name, code, pyproj.CRS(text).to_epsg()) for name, code, text in defined] == [("EPSG", 27700, 27700)]
        assert ("land_ha", "Land (ha)") in read("SELECT column_name, description FROM gpkg_data_columns")
        assert set(read("SELECT last_change FROM gpkg_contents")) == {("2026-11-22T12:30:00.000Z",)}


def test_a_geopackage_brings_its_styles(make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path) -> None:
    """Every way to draw the collection is in the table where QGIS looks, the first as the one to begin with."""
    candidates = COLLECTIONS["candidates"]
    geopackage.write(make_layer(candidates, list_rows(candidates)), tmp_path / "a.gpkg")
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as database:
        found = database.execute("SELECT f_table_name, f_geometry_column, styleName, useAsDefault, "
                                 "styleQML LIKE '%<renderer-v2%' FROM layer_styles ORDER BY id").fetchall()  # fmt: skip
    assert found == [("candidates", "geom", name, name == "Release score", True)
                     for name in ("Release score", "Reuse score", "Route")]  # fmt: skip


def test_a_geoparquet_tells_where_rows_lie(make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path) -> None:
    """The file, its row groups and each row name their box, so that a reader of a box leaves out the rest."""
    path = tmp_path / "a.parquet"
    rows = list_rows(SITES)
    geoparquet.write(make_layer(SITES, rows), path)
    assert len(geopandas.read_parquet(path, bbox=(0, 0, 1, 1))) == 0
    assert len(geopandas.read_parquet(path, bbox=(530000, 190000, 530001, 190001))) == 2
    file = pyarrow.parquet.ParquetFile(path)
    geo = json.loads(file.metadata.metadata[b"geo"])
    column = geo["columns"]["geometry"]
    assert (geo["version"], column["encoding"], column["geometry_types"]) == ("1.1.0", "WKB", ["Point"])
    assert column["bbox"] == [530000.25, 190000.5, 530000.25, 190000.5]
    group = file.metadata.row_group(0)
    told = {group.column(number).path_in_schema: group.column(number) for number in range(group.num_columns)}
    assert {column.compression for column in told.values()} == {"ZSTD"}
    assert (told["bbox.xmin"].statistics.min, told["bbox.xmin"].statistics.null_count) == (530000.25, 1)
    assert not told["geometry"].is_stats_set


def test_a_large_geoparquet_has_groups(
    monkeypatch: pytest.MonkeyPatch, make_layer: MakeLayer, list_rows: ListRows, tmp_path: Path
) -> None:
    """Batches are gathered into row groups, and no row is lost between them."""
    monkeypatch.setattr(geoparquet, "GROUP_BYTES", 1_000)
    path = tmp_path / "a.parquet"
    geoparquet.write(make_layer(SITES, list_rows(SITES) * 20), path)
    file = pyarrow.parquet.ParquetFile(path)
    assert (file.metadata.num_rows, 1 < file.metadata.num_row_groups < 60) == (60, True)
