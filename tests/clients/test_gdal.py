"""GDAL, as it comes with Debian (3.6) and inside pyogrio (newer): both open, count, type, filter and page rightly."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import geopandas
import httpx2
import numpy as np
import pandas
import pyogrio
import pytest
import shapely
from wire import COLLECTIONS, EPSG, LISTED, Web

from estates_api.domain.collections import COLLECTIONS as REGISTRY

Run = Callable[..., str]

KINDS = {"string": "String", "integer": "Integer", "number": "Real", "boolean": "Integer(Boolean)", "date": "String"}
SHAPES = {"Point": "Point", "MultiPolygon": "Multi Polygon"}
NEWER = {"string": "object", "integer": "int32", "number": "float64", "boolean": "bool", "date": "object"}

each = pytest.mark.parametrize("collection", COLLECTIONS)
filled = pytest.mark.parametrize("collection", [one for one in COLLECTIONS if one != "shortlist-entries"])


@pytest.fixture(scope="session")
def gdal() -> Run:
    """Run one of GDAL's programs; the test is skipped where GDAL is not, except where everything must be there."""

    def run(*words: str, **settings: str) -> str:
        if shutil.which(words[0]) is None:
            assert os.environ.get("CI") != "true", "GDAL is needed: apt-get install gdal-bin"
            pytest.skip("GDAL's programs are not here (apt-get install gdal-bin)")
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=90, env=os.environ | settings)
        assert "ERROR" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    return run


def asked(log: str) -> list[str]:
    """The addresses that GDAL says it fetched."""
    return re.findall(r"HTTP: Fetch\((http[^)]*)\)", log)


def read(web: Web, layer: str, **options: object) -> geopandas.GeoDataFrame:
    """A layer by the newer GDAL."""
    return pyogrio.read_dataframe(f"OAPIF:{web.url}", layer=layer, **options)


def test_the_layers(web: Web, gdal: Run) -> None:
    """Both list every collection as a layer, by its id and with its title."""
    said = gdal("ogrinfo", f"OAPIF:{web.url}")
    assert re.findall(r"^\d+: ([\w-]+) \(title: ", said, re.MULTILINE) == list(LISTED)
    assert [name for name, _ in pyogrio.list_layers(f"OAPIF:{web.url}")] == list(LISTED)


@each
def test_types_without_sampling(web: Web, gdal: Run, collection: str) -> None:
    """The types of all fields are those of the schema, also where the first features say nothing, and where there is
    no feature at all. A day is a text: a date would be asked for by `datetime`, and that is another question."""
    said = gdal("ogrinfo", "-so", f"OAPIF:{web.url}", collection)
    fields = dict(re.findall(r"^([\w ]+): ([\w()]+) \(\d", said, re.MULTILINE))
    fields.pop("id", None)
    assert fields == {one.name: KINDS[one.kind] for one in REGISTRY[collection].properties}


@each
def test_types_in_newer_gdal(web: Web, collection: str) -> None:
    """The newer one has the same types, in the same order."""
    info = pyogrio.read_info(f"OAPIF:{web.url}", layer=collection)
    found = dict(zip(info["fields"], info["dtypes"], strict=True))
    found.pop("id", None)
    assert list(found.items()) == [(one.name, NEWER[one.kind]) for one in REGISTRY[collection].properties]


@filled
def test_counts_shapes_and_extents(web: Web, gdal: Run, collection: str) -> None:
    """Both know how many features there are, of which geometry, and where."""
    said, document = gdal("ogrinfo", "-so", f"OAPIF:{web.url}", collection), web.json(f"/collections/{collection}")
    assert f"Feature Count: {document['itemCount']}\n" in said
    assert f"Geometry: {SHAPES[REGISTRY[collection].shape]}\n" in said
    info = pyogrio.read_info(f"OAPIF:{web.url}", layer=collection)
    assert (info["features"], info["geometry_type"]) == (document["itemCount"], REGISTRY[collection].shape)
    stated = [float(one) for one in re.findall(r"-?\d+\.\d+", said.split("Extent: ")[1].split("\n")[0])]
    assert stated == pytest.approx(document["extent"]["spatial"]["bbox"][0], abs=1e-5)


@filled
def test_every_feature_with_its_values(web: Web, collection: str) -> None:
    """What the newer one reads is what is served: ids, values, nulls."""
    served = {one["id"]: one["properties"] for one in web.features(collection)}
    frame = read(web, collection).set_index("id")
    assert set(frame.index) == set(served)
    for name in (one.name for one in REGISTRY[collection].properties if one.kind != "date"):
        found = {ref: None if pandas.isna(value) else value for ref, value in frame[name].items()}
        assert found == {ref: properties[name] for ref, properties in served.items()}, name


@filled
def test_native_coordinates(web: Web, collection: str) -> None:
    """The newer one takes the British National Grid, the system of storage, as it is stored."""
    frame = read(web, collection)
    assert frame.crs.to_epsg() == 27700
    meant = {one["id"]: shapely.geometry.shape(one["geometry"]) if one["geometry"] else None
             for one in web.features(collection, crs=EPSG.format(27700))}  # fmt: skip
    for ref, shape in zip(frame["id"], frame.geometry, strict=True):
        assert shapely.equals_exact(shape, meant[ref], 0.01) if shape is not None else meant[ref] is None


@pytest.mark.parametrize("system", ["EPSG:4326", "EPSG:3857", "OGC:CRS84"])
def test_other_systems(web: Web, system: str) -> None:
    """Asked for another system it gets that, the right way round."""
    frame = read(web, "outlines", CRS=system)
    area = shapely.box(-0.6, 51.2, 0.4, 51.8)
    assert len(frame) == 40
    assert frame.to_crs("OGC:CRS84").within(area).all()


def test_a_box_in_gdal_3_6(web: Web, gdal: Run) -> None:
    """The older one's spatial filter is answered by the service."""
    said = gdal("ogrinfo", "-al", "-q", f"OAPIF:{web.url}", "sites", "-spat", "-0.2", "51.5", "-0.1", "51.6")
    assert said.count("OGRFeature(") == web.items("sites", bbox="-0.2,51.5,-0.1,51.6")["numberMatched"] > 0


def test_a_box_in_newer_gdal(web: Web) -> None:
    """The newer one's box, in the grid, is answered by the service."""
    box = (528_000.0, 183_000.0, 533_000.0, 190_000.0)
    frame = read(web, "sites", bbox=box)
    meant = web.ids("sites", bbox=",".join(map(str, box)), bbox_crs=EPSG.format(27700))
    assert set(frame["id"]) == meant != set()


@pytest.mark.parametrize(("where", "query"), [
    ("borough = 'Camden'", "borough=Camden"),
    ("holdings = 2", "holdings=2"),
    ("name = 'St Ann''s Hospital'", "name=St%20Ann"),
    ("sector = 'NHS' AND borough = 'Barnet'", "sector=NHS"),
])  # fmt: skip
def test_equality_is_asked_of_the_service(web: Web, gdal: Run, where: str, query: str) -> None:
    """The older one asks the service for what is equal, and finds what the filter finds."""
    log = gdal("ogrinfo", "-al", "-q", f"OAPIF:{web.url}", "sites", "-where", where, CPL_DEBUG="ON")
    assert any(query in address for address in asked(log)), asked(log)
    assert log.count("OGRFeature(") == web.items("sites", filter=where)["numberMatched"] > 0


@pytest.mark.parametrize("where", [
    "borough = 'Camden'", "holdings > 1", "gia_m2 BETWEEN 1000 AND 5000", "land_ha IS NULL", "stale = 1",
    "name LIKE '%Hospital%'", "sector IN ('NHS', 'council') AND NOT stale = 1",
])  # fmt: skip
def test_filters_in_newer_gdal(web: Web, where: str) -> None:
    """Whatever the newer one sends of a filter, and does itself, the result is that of the same filter in CQL2."""
    text = where.replace("stale = 1", "stale = true")
    assert set(read(web, "sites", where=where)["id"]) == web.ids("sites", filter=text) != set()


@pytest.mark.parametrize("where", ["evidence_date >= '2015-01-01'", "evidence_date = '2017-03-31'"])
def test_dates_in_newer_gdal(web: Web, where: str) -> None:
    """What it finds by a day is what CQL2 finds."""
    text = re.sub("('.*')", r"DATE(\1)", where)
    assert set(read(web, "sites", where=where)["id"]) == web.ids("sites", filter=text) != set()


def test_one_feature_by_its_id(web: Web, gdal: Run) -> None:
    """Both fetch one feature by its id."""
    ref = web.items("candidates", limit=1)["features"][0]["id"]
    log = gdal("ogrinfo", "-al", "-q", f"OAPIF:{web.url}", "candidates", "-where", f"id = '{ref}'", CPL_DEBUG="ON")
    assert any(address.endswith(f"/items/{ref}") for address in asked(log))
    assert log.count("OGRFeature(") == 1
    assert list(read(web, "candidates", where=f"id = '{ref}'")["id"]) == [ref]


@pytest.mark.parametrize("size", ["7", "50"])
def test_paging(web: Web, gdal: Run, size: str) -> None:
    """Both follow `next` to the end, through many pages, every feature once."""
    whole = web.ids("sites")
    log = gdal("ogrinfo", "-al", "-q", f"OAPIF:{web.url}", "sites", "-oo", f"PAGE_SIZE={size}", CPL_DEBUG="ON")
    assert sum("cursor=" in address for address in asked(log)) == -(-len(whole) // int(size)) - 1
    assert set(re.findall(r"^  id \(String\) = (.+)$", log, re.MULTILINE)) == whole
    frame = read(web, "sites", PAGE_SIZE=size)
    assert (len(frame), set(frame["id"])) == (len(whole), whole)


def test_pages_are_as_large_as_the_service_says(web: Web, gdal: Run) -> None:
    """Without being told a size the newer one takes 1,000 at a time, in the system of storage; the older one always
    takes ten."""
    program = f"import pyogrio; print(len(pyogrio.read_dataframe('OAPIF:{web.url}', layer='lsoas')))"
    log = gdal(sys.executable, "-c", program, CPL_DEBUG="ON")
    assert log.startswith(f"{web.items('lsoas')['numberMatched']}\n")
    pages = [address for address in asked(log) if "limit=1000" in address]
    assert len(pages) == 1
    assert f"crs={EPSG.format(27700)}" in unquote(pages[0])


@each
def test_converted_to_a_geopackage(web: Web, gdal: Run, tmp_path: Path, collection: str) -> None:
    """`ogr2ogr` takes a whole collection away; the empty one keeps its columns."""
    path = tmp_path / "out.gpkg"
    gdal("ogr2ogr", "-f", "GPKG", str(path), f"OAPIF:{web.url}", collection)
    info = pyogrio.read_info(path, layer=collection)
    assert info["features"] == web.items(collection)["numberMatched"]
    assert {one.name for one in REGISTRY[collection].properties} <= set(info["fields"])


@pytest.mark.parametrize("name", ["sites", "candidates"])
def test_the_plain_file_by_ranges(web: Web, gdal: Run, tmp_path: Path, name: str) -> None:
    """A plain GeoJSON address is read through /vsicurl/ with HEAD and ranges, whole, by both."""
    path = tmp_path / "out.gpkg"
    log = gdal("ogr2ogr", "-f", "GPKG", str(path), f"/vsicurl/{web.url}/{name}.geojson", CPL_DEBUG="ON",
               CPL_VSIL_CURL_CHUNK_SIZE="16384")  # fmt: skip
    assert len(re.findall(r"VSICURL: Downloading \d+-\d+", log)) > 2
    assert pyogrio.read_info(path)["features"] == web.items(name)["numberMatched"]
    frame = pyogrio.read_dataframe(f"/vsicurl/{web.url}/{name}.geojson")
    assert set(frame["id"]) == web.ids(name)
    assert np.isfinite(frame.geometry.dropna().x).all()


def test_ranges_put_together_are_the_file(web: Web) -> None:
    """Parts of the file, each asked for by itself, are the file; the last is short, and beyond the end is 416."""
    path = "/sites.geojson"
    plain = {"Accept-Encoding": "identity"}
    head, whole = web.ask(path, plain, "HEAD"), web.ask(path, plain)
    assert (head.headers["accept-ranges"], head.content) == ("bytes", b"")
    size = int(head.headers["content-length"])
    assert size == len(whole.content)
    parts = [web.ask(path, {"Range": f"bytes={at}-{at + 16_383}"}) for at in range(0, size, 16_384)]
    assert {part.status_code for part in parts} == {206}
    assert {part.headers["etag"] for part in parts} == {whole.headers["etag"]}
    assert b"".join(part.content for part in parts) == whole.content
    assert json.loads(whole.content)["type"] == "FeatureCollection"
    assert web.ask(path, {"Range": f"bytes={size}-"}).status_code == 416
    assert web.ask(path, {"Range": "bytes=-10"}).content == whole.content[-10:]


def test_the_key_as_gdal_sends_it(web: Web) -> None:
    """A key goes as Basic password; a wrong one is 401, for the newer one an error and no empty layer."""
    assert web.ask("/collections", {"Authorization": httpx2.BasicAuth("any", "wrong")._auth_header}).status_code == 401
    with pytest.raises(pyogrio.errors.DataSourceError):
        pyogrio.read_info(f"OAPIF:{web.url}", layer="sites", USERPWD="any:wrong")
