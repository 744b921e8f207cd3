"""Vector files: every format in any reference system, mended or told, and nothing but the file is ever read."""

import csv
import json
import sqlite3
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from documents import Read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estates_api.errors import BadInput
from estates_api.sources.document import open_document
from estates_api.sources.grid import from_degrees, to_degrees
from estates_api.sources.reader import Hints
from estates_api.sources.vector import Feature, open_layer

ReadFile = Callable[..., Read]
CRS = (4326, 27700, 3857, 4277, 32630, 7405)
FORMATS = ("geojson", "gpkg", "fgb", "parquet", "gml", "zip")


def write(frame: geopandas.GeoDataFrame, path: Path, folder: str = "") -> Path:
    """The features in the format of the file's ending; a zip is that of a shapefile."""
    path.unlink(missing_ok=True)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".zip":
        shape = path.with_suffix(".shp")
        frame.to_file(shape)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                if shape.with_suffix(ending).exists():
                    archive.write(shape.with_suffix(ending), f"{folder}layer{ending}")
    else:
        frame.to_file(path)
    return path


def features(path: Path) -> list[Feature]:
    """Every feature of a file."""
    return list(open_layer(path).features())


def outline(feature: Feature) -> shapely.MultiPolygon:
    """The outline of a feature that has one."""
    assert feature.outline
    found = shapely.from_wkb(feature.outline)
    assert found.geom_type == "MultiPolygon"
    assert found.is_valid
    return found


def collection(*geometries: Any, **members: Any) -> str:
    """A FeatureCollection of geometries, as mappings or None, with an id each."""
    listed = [{"type": "Feature", "properties": {"asset_id": f"A{n}", "name": f"N{n}"}, "geometry": g}
              for n, g in enumerate(geometries, 1)]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", **members, "features": listed})


def point(x: float, y: float) -> dict[str, Any]:
    """A point as GeoJSON."""
    return {"type": "Point", "coordinates": [x, y]}


# The published test points of OSTN15 (Ordnance Survey, OSTN15 developer pack): ETRS89 degrees, National Grid metres.
OSTN15 = [
    (-6.29977752014, 49.92226393730, 91492.146, 11318.804),
    (-2.54407618349, 51.42754743020, 362269.991, 169978.690),
    (1.716073973, 52.658007833, 651409.804, 313177.450),
]


@pytest.mark.parametrize(("longitude", "latitude", "easting", "northing"), OSTN15)
def test_the_national_grid_by_ostn15(longitude: float, latitude: float, easting: float, northing: float) -> None:
    """The surveyors' own test points come out to the millimetre, there and back."""
    metres = from_degrees(np.array([[longitude, latitude]]))
    assert metres == pytest.approx(np.array([[easting, northing]]), abs=0.002)
    assert to_degrees(metres) == pytest.approx(np.array([[longitude, latitude]]), abs=2e-8)


@pytest.mark.parametrize("crs", CRS)
@pytest.mark.parametrize("form", FORMATS)
def test_real_boroughs_in_every_format_and_system(published: Path, tmp_path: Path, form: str, crs: int) -> None:
    """Published boroughs become the same outlines whatever they are written as, to a tenth of a metre."""
    true = geopandas.read_file(published / "geo/ncl_boroughs.geojson")
    expected = {row.lad_code: shapely.transform(row.geometry, from_degrees) for row in true.itertuples()}
    # Written as PROJ has it: what is on another datum is its own 2 m off, which no reader can know.
    allowed = 3.0 if crs in {27700, 4277, 7405} else 0.1
    if (form, crs) == ("gml", 7405):
        pytest.skip("GDAL writes no reference system into GML of this one")
    layer = open_layer(write(true.to_crs(crs), tmp_path / f"boroughs.{form}", "folder/"))
    assert layer.projection.assumed is None
    code = [name.casefold() for name in layer.fields].index("lad_code")
    found = {feature.cells[code]: outline(feature) for feature in layer.features()}
    assert found.keys() == expected.keys()
    for gss, shape in found.items():
        assert shapely.hausdorff_distance(shape, expected[gss]) < allowed


def test_the_national_grid_is_taken_as_it_is(published: Path, tmp_path: Path) -> None:
    """Coordinates that are National Grid metres already do not move, in any format."""
    true = geopandas.read_file(published / "geo/ncl_wards2013.geojson").to_crs(27700)
    for form in FORMATS:
        found = features(write(true, tmp_path / f"wards.{form}"))
        moved = (
            [shapely.hausdorff_distance(outline(f), g) for f, g in zip(found, true.geometry, strict=True)]
            if form != "fgb"
            else [0.0]
        )  # fmt: skip  -- FlatGeobuf sorts by place
        assert max(moved) < 1e-6


def test_postcodes_as_degrees(published: Path) -> None:
    """The degrees that are published with postcodes are within half a metre of their grid positions."""
    with (published / "geo/ncl_postcodes_codepoint_open.csv").open() as file:
        rows = [row for at, row in enumerate(csv.DictReader(file)) if at % 50 == 0]
    degrees = np.array([[float(row["lon"]), float(row["lat"])] for row in rows])
    metres = np.array([[float(row["easting"]), float(row["northing"])] for row in rows])
    assert np.abs(from_degrees(degrees) - metres).max() < 3.0
    assert np.abs(from_degrees(to_degrees(metres)) - metres).max() < 0.01


MAGNITUDES = [
    (point(-0.1, 51.5), None, "longitude and latitude"),
    (point(51.5, -0.1), None, "latitude and longitude"),
    (point(530_000, 180_000), None, "National Grid"),
    (point(530_000, 180_000), "EPSG:4326", "these are no degrees; taken as National Grid"),
]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize(("geometry", "crs", "told"), MAGNITUDES)
def test_a_system_that_is_not_said(tmp_path: Path, geometry: Any, crs: str | None, told: str) -> None:
    """Without a CRS, or with one that cannot be, the magnitude of the coordinates tells, and it is said."""
    path = tmp_path / "p.gpkg"
    geopandas.GeoDataFrame({"name": ["x"]}, geometry=[shapely.geometry.shape(geometry)], crs=crs).to_file(path)
    layer = open_layer(path)
    assert told in str(layer.projection.assumed)
    (feature,) = layer.features()
    x, y = feature.point or (0, 0)
    assert (529_000 < x < 533_000, 179_000 < y < 181_000) == (True, True)


def test_grid_metres_in_geojson(tmp_path: Path, read_file: ReadFile) -> None:
    """GeoJSON of a council in metres without a `crs` member is read as metres, with a warning."""
    path = tmp_path / "assets.geojson"
    path.write_text(collection(point(530_000, 180_000)))
    reading = read_file(path, Hints(organisation_code="E09000007"))
    assert (reading.holdings[0].easting, reading.holdings[0].northing) == (530_000, 180_000)
    assert [issue.severity for issue in reading.issues if issue.rule == "crs-assumed"] == ["warning"]
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    path.write_text(collection(point(530_000, 180_000), crs=named))
    assert open_layer(path).projection.assumed is None


def test_coordinates_of_nowhere(tmp_path: Path) -> None:
    """Coordinates that are neither degrees nor metres here are refused."""
    path = tmp_path / "a.geojson"
    path.write_text(collection(point(5_000_000, 5_000_000)))
    with pytest.raises(BadInput, match="neither National Grid nor degrees"):
        open_layer(path)


BOX = [[[-0.1, 51.5], [-0.1, 51.51], [-0.09, 51.51], [-0.09, 51.5], [-0.1, 51.5]]]
BOWTIE = [[[-0.1, 51.5], [-0.09, 51.51], [-0.09, 51.5], [-0.1, 51.51], [-0.1, 51.5]]]
SHAPES: dict[str, tuple[Any, bool, bool, str]] = {  # geometry, has a point, has an outline, what is told
    "polygon": ({"type": "Polygon", "coordinates": BOX}, True, True, ""),
    "with heights": ({"type": "Polygon", "coordinates": [[[*c, 7.5] for c in BOX[0]]]}, True, True, ""),
    "crossing itself": ({"type": "Polygon", "coordinates": BOWTIE}, True, True, "mended"),
    "one of many": ({"type": "MultiPoint", "coordinates": [[-0.1, 51.5]]}, True, False, ""),
    "points": ({"type": "MultiPoint", "coordinates": [[-0.1, 51.5], [-0.2, 51.5]]}, False, False, "neither a point"),
    "line": ({"type": "LineString", "coordinates": [[-0.1, 51.5], [-0.2, 51.5]]}, False, False, "neither a point"),
    "none": (None, False, False, "none that can be drawn"),
    "empty": ({"type": "Polygon", "coordinates": []}, False, False, "none that can be drawn"),
    "flat": ({"type": "Polygon", "coordinates": [[[-0.1, 51.5], [-0.2, 51.5], [-0.1, 51.5], [-0.1, 51.5]]]}, False,
             False, "neither a point nor an area"),
    "mixed": ({"type": "GeometryCollection",
               "geometries": [point(-0.1, 51.5), {"type": "Polygon", "coordinates": BOX}]}, True, True, ""),
    "open ring": ({"type": "Polygon", "coordinates": [BOX[0][:3]]}, False, False, "none that can be drawn"),
    "of France": (point(2.35, 48.85), False, False, "outside Great Britain"),
    "partly at sea": ({"type": "Polygon", "coordinates": [[*BOX[0][:3], [-20.0, 51.5], BOX[0][0]]]}, False, False,
                      "outside Great Britain"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHAPES)
def test_a_geometry_is_taken_mended_or_told(tmp_path: Path, read_file: ReadFile, kind: str) -> None:
    """Points and areas are taken, areas that cross themselves mended, anything else told; the holding is kept."""
    geometry, has_point, has_outline, told = SHAPES[kind]
    path = tmp_path / "shapes.geojson"
    path.write_text(collection(point(-0.12, 51.52), geometry))
    reading = read_file(path, Hints(organisation_code="E09000007", period="2024"))
    holding = reading.holdings[1]
    assert (holding.easting is not None, holding.outline is not None) == (has_point, has_outline)
    reasons = [issue.reason for issue in reading.issues if issue.line == 2]
    assert [told in reason for reason in reasons] == ([True] if told else [])
    if has_outline:
        shape = shapely.from_wkb(holding.outline)
        assert shape.is_valid
        assert shape.buffer(0.01).contains(shapely.Point(holding.easting, holding.northing))


def test_curves_are_straightened(tmp_path: Path) -> None:
    """An area drawn with arcs becomes one of short straight lines: here half a disc of 50 m beside a point."""
    path = tmp_path / "curved.gpkg"
    geopandas.GeoDataFrame({"name": ["a", "b"]}, geometry=[shapely.Point(530_000, 180_000)] * 2, crs=27700).to_file(
        path
    )
    with sqlite3.connect(path) as database:
        packed = _curve_wkb()
        header = b"GP\x00\x01" + (27700).to_bytes(4, "little")
        database.execute("DROP TRIGGER IF EXISTS rtree_curved_geom_update6")
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE curved SET geom = ? WHERE name = 'b'", (header + packed,))
        database.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'GEOMETRY'")
    plain, curved = features(path)
    assert plain.point == (530_000, 180_000)
    assert outline(curved).area == pytest.approx(np.pi * 50**2 / 2, rel=0.01)


def _curve_wkb() -> bytes:
    """A curve polygon whose ring is an arc over three points and the line back."""

    def head(kind: int, count: int) -> bytes:
        return b"\x01" + kind.to_bytes(4, "little") + count.to_bytes(4, "little")

    def coordinates(*pairs: tuple[float, float]) -> bytes:
        return np.array(pairs, dtype="<f8").tobytes()

    arc = head(8, 3) + coordinates((530_000, 180_000), (530_050, 180_050), (530_100, 180_000))
    line = head(2, 2) + coordinates((530_100, 180_000), (530_000, 180_000))
    return head(10, 1) + head(9, 2) + arc + line


def frame(**columns: Any) -> geopandas.GeoDataFrame:
    """Two points in Camden with these columns."""
    return geopandas.GeoDataFrame(
        columns, geometry=geopandas.points_from_xy([529_000, 529_100], [184_000] * 2), crs=27700
    )


def test_columns_of_an_asset_list(tmp_path: Path, read_file: ReadFile) -> None:
    """Attributes are read under the names of council lists, numbers and text alike; the geometry is the position."""
    path = write(frame(UPRN=[5_000_001, None], property_ref=[101, 102], site_name=["Depot", "Hall"],
                       tenure=["Freehold", "LH"], **{"Site area (ha)": [1.5, 0.2], "Easting": [1.0, 2.0]}),
                 tmp_path / "assets_2023-05.gpkg")  # fmt: skip
    frame_renamed = geopandas.read_file(path).rename(columns={"property_ref": "Property Ref", "site_name": "Site Name"})
    reading = read_file(write(frame_renamed, path), Hints(organisation_code="E09000007"))
    first, second = reading.holdings
    assert (first.code, first.name, first.uprn, first.sector, first.line) == ("101", "Depot", "5000001", "council", 1)
    assert (second.code, second.uprn, second.easting, second.northing) == ("102", None, 529_100, 184_000)
    assert {value.attribute: value.number for value in first.values if value.number is not None} == {"land_ha": 1.5}
    assert (first.position_text, str(reading.period_end)) == ("point (EPSG:27700)", "2023-05-31")


@pytest.mark.parametrize(
    ("columns", "codes", "sector"),
    [
        ({"site_code": ["RRP03", "RRP01"], "site_name": ["a", "b"], "trust_code": ["RRP"] * 2}, "RRP01 RRP03", "NHS"),
        ({"code": ["X1", "X2"], "name": ["a", "b"], "owner": ["Camden Council"] * 2}, "X1 X2", "council"),
        ({"id": ["11", "12"], "label": ["a", "b"], "owner": ["A Company"] * 2}, "11 12", "unknown"),
        ({"ref": ["11", "12"], "name": ["a", "b"], "owner": ["A Company"] * 2, "sector": ["private"] * 2}, "11 12",
         "private"),
    ],
)  # fmt: skip
def test_names_that_features_have(
    tmp_path: Path, read_file: ReadFile, columns: dict[str, Any], codes: str, sector: str
) -> None:
    """Ids and owners under the names of maps are known too, and the sector is never guessed to be a council's."""
    reading = read_file(write(frame(**columns), tmp_path / "f.fgb"), Hints(period="2024"))
    assert sorted(holding.code for holding in reading.holdings) == sorted(codes.split())
    assert {holding.sector for holding in reading.holdings} == {sector}


def test_names_that_a_shapefile_cut(tmp_path: Path, read_file: ReadFile) -> None:
    """A shapefile cuts names at ten characters; those that only one field begins with are known."""
    path = write(frame(asset_refe=["A1", "A2"], building_n=["Hall", "Depot"]), tmp_path / "cut.zip")
    reading = read_file(path, Hints(organisation_code="E09000007", period="2024"))
    assert [(holding.code, holding.name) for holding in reading.holdings] == [("A1", "Hall"), ("A2", "Depot")]


def test_our_own_template_as_features(tmp_path: Path, read_file: ReadFile) -> None:
    """Columns of our template are read by it, with any attribute, and the geometry as position."""
    path = write(frame(organisation_code=["RZ1"] * 2, organisation_name=["Made Up"] * 2, sector=["NHS"] * 2,
                       holding_code=["RZ101", "RZ102"], name=["a", "b"], gia_m2=[100.5, None]),
                 tmp_path / "t.geojson")  # fmt: skip
    reading = read_file(path)
    assert [(h.code, h.sector, h.easting) for h in reading.holdings] == [
        ("RZ101", "NHS", 529_000), ("RZ102", "NHS", 529_100),
    ]  # fmt: skip
    assert [value.number for value in reading.holdings[0].values] == [100.5]


def test_without_an_id(tmp_path: Path, read_file: ReadFile) -> None:
    """A layer without a column for an id is refused with the columns that it has."""
    with pytest.raises(BadInput, match=r"no column of the layer is an id .*its columns are colour"):
        read_file(write(frame(colour=["red", "blue"]), tmp_path / "f.gpkg"), Hints(organisation_code="E09000007"))


def test_several_layers(tmp_path: Path, read_file: ReadFile) -> None:
    """The first layer with features is read; the others are named in a note."""
    path = tmp_path / "layers.gpkg"
    frame(asset_id=["11", "12"])[:0].to_file(path, layer="nothing")
    frame(asset_id=["11", "12"]).to_file(path, layer="assets")
    frame(asset_id=["13", "14"]).to_file(path, layer="more")
    reading = read_file(path, Hints(organisation_code="E09000007", period="2024"))
    assert [holding.code for holding in reading.holdings] == ["11", "12"]
    note = next(issue.reason for issue in reading.issues if issue.rule == "layers-unused")
    assert note == "2 more layers are not read: more, nothing"


@pytest.mark.parametrize("form", ["geojson", "gpkg", "gml", "fgb"])
def test_one_vector_file_in_a_zip(tmp_path: Path, form: str) -> None:
    """A zip of any one vector file is read like the file; litter of another system beside it does not count."""
    inside = write(frame(asset_id=["11", "12"]), tmp_path / f"in.{form}")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(inside, f"deep/down/in.{form}")
        archive.writestr(f"__MACOSX/._in.{form}", b"litter")
    assert len(features(tmp_path / "a.zip")) == 2


def test_geojson_in_its_other_forms(tmp_path: Path) -> None:
    """One feature alone, features line by line, a byte order mark, a top-level id, and members in any order."""
    alone = {"type": "Feature", "id": 7, "properties": {"name": "x"}, "geometry": point(-0.1, 51.5)}
    forms = {
        "alone": json.dumps(alone),
        "lines": json.dumps(alone) + "\n" + json.dumps(alone | {"id": 8}) + "\n",
        "sequence": "\x1e" + json.dumps(alone) + "\n\x1e" + json.dumps(alone) + "\n",
        "mark": "\ufeff" + json.dumps({"features": [alone], "type": "FeatureCollection"}),
        "pretty": json.dumps({"features": [alone], "name": "n", "type": "FeatureCollection"}, indent=4),
    }
    for name, content in forms.items():
        path = tmp_path / f"{name}.geojson"
        path.write_text(content)
        assert open_document(path).kind == "vector"
        found = features(path)
        assert found[0].cells == ("7", "x")
        assert len(found) == (2 if name in {"lines", "sequence"} else 1)


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Ten times as many features take no more memory to read."""

    def peak(count: int) -> int:
        path = tmp_path / f"{count}.geojson"
        path.write_text(collection(*({"type": "Polygon", "coordinates": BOX} for _ in range(count))))
        tracemalloc.start()
        assert sum(1 for _ in open_layer(path).features()) == count
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    assert peak(60_000) < 1.3 * peak(6_000)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, its address, and the paths that were asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 -- the name is the library's

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


GML = """<?xml version="1.0"?>{doctype}<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0"
 xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:xlink="http://www.w3.org/1999/xlink" xsi:schemaLocation="x {url}/schema.xsd"><wfs:member>
<a:P xmlns:a="a" gml:id="a1"><a:geometry><gml:Point srsName="{srs}"><gml:pos>530000 180000</gml:pos></gml:Point>
</a:geometry><a:name>{name}</a:name><a:more xlink:href="{url}/linked.gml#x"/></a:P></wfs:member>
</wfs:FeatureCollection>"""


def test_nothing_is_fetched(tmp_path: Path, listener: tuple[str, list[str]]) -> None:
    """No address that a file names is asked: not for a CRS, a schema, a linked element or a stored pipeline."""
    url, asked = listener
    files = {
        "link.geojson": collection(point(-0.1, 51.5), crs={"type": "link", "properties": {"href": f"{url}/crs"}}),
        "url.geojson": collection(point(-0.1, 51.5), crs={"type": "URL", "properties": {"url": f"{url}/crs"}}),
        "name.geojson": collection(point(-0.1, 51.5), crs={"type": "name", "properties": {"name": f"{url}/crs"}}),
        "pipeline.json": json.dumps({"type": "gdal_streamed_alg", "note": {"type": "FeatureCollection"},
                                     "command_line": f"gdal vector pipeline ! read /vsicurl/{url}/p.geojson"}),
        "a.gml": GML.format(doctype="", url=url, srs=f"{url}/srs", name="x"),
        "b.gml": GML.format(doctype="", url=url, srs="urn:ogc:def:crs:EPSG::27700", name="x"),
        "vrt.gml": f"<!-- http://www.opengis.net/gml FeatureCollection --><OGRVRTDataSource><OGRVRTLayer name='a'>"
                   f"<SrcDataSource>/vsicurl/{url}/v.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        with suppress(BadInput):
            features(tmp_path / name)
    assert asked == []


@pytest.mark.parametrize("name", ["/vsicurl/{url}/a.geojson", "{url}/a.geojson", "/vsizip/etc/a.zip", "GPKG:x:y"])
def test_names_are_only_names(tmp_path: Path, listener: tuple[str, list[str]], read_file: ReadFile, name: str) -> None:
    """What a file is called, and where it lies, makes no difference: neither is a place to read from."""
    url, asked = listener
    path = tmp_path / name.format(url=url).lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(collection(point(-0.1, 51.5)))
    assert len(read_file(path, Hints(organisation_code="E09000007", period="2024")).holdings) == 1
    write(frame(asset_id=["11", "12"]), tmp_path / "x.gpkg").replace(path)
    assert len(read_file(path, Hints(organisation_code="E09000007", period="2024")).holdings) == 2
    assert asked == []


LAUGHS = "<!DOCTYPE x [" + '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    ("doctype", "name"),
    [
        (LAUGHS, "&j;"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd">', "x"),
        ("<!--" + " " * 3_000_000 + "--><!doctype x>", "x"),
    ],
    ids=["a thousand million laughs", "another file", "another schema", "far down"],
)
def test_gml_with_entities(tmp_path: Path, doctype: str, name: str) -> None:
    """GML that declares entities is refused before a parser sees it."""
    path = tmp_path / "a.gml"
    path.write_text(GML.format(doctype=doctype, url="x", srs="urn:ogc:def:crs:EPSG::27700", name=name))
    with pytest.raises(BadInput, match=r"the GML holds <!DOCTYPE|no vector file") as caught:
        open_layer(path)
    assert "root:" not in caught.value.detail


@pytest.mark.parametrize(
    "made",
    [
        "CREATE VIRTUAL TABLE v USING VirtualOGR(''/etc/passwd'')",
        "CREATE/**/VIRTUAL TABLE v USING VirtualOGR(''/etc/passwd'')",
        "-- rtree\nCREATE /* USING rtree( */ VIRTUAL TABLE v USING VirtualOGR(''/etc/passwd'')",
        "CREATE VIRTUAL TABLE \"v USING rtree(\" USING VirtualOGR(''/etc/passwd'')",
        "CREATE VIRTUAL TABLE v USING rtreeless(''/etc/passwd'')",
    ],
)
def test_a_geopackage_with_a_virtual_table(tmp_path: Path, made: str) -> None:
    """A GeoPackage whose table is a view of another file is refused, however that is written."""
    path = write(frame(asset_id=["11", "12"]), tmp_path / "a.gpkg")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema = 1")
        database.execute(f"INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, '{made}')")
    database.close()
    with pytest.raises(BadInput, match=r"virtual table 'v'|cannot be read"):
        open_layer(path)


def test_a_database_that_is_no_geopackage(tmp_path: Path) -> None:
    """Another program's database is refused by what it is."""
    with sqlite3.connect(tmp_path / "b.gpkg") as database:
        database.execute("CREATE TABLE a (b)")
    database.close()
    with pytest.raises(BadInput, match="a database but no GeoPackage"):
        open_document(tmp_path / "b.gpkg")


@pytest.mark.parametrize("name", ["CAST(x'6C80' AS text)", "x'6C80'", "7", "NULL"])
def test_a_geopackage_with_names_that_are_no_text(tmp_path: Path, name: str) -> None:
    """Where damage turned the name of a table into other bytes, a number or nothing, the line says so."""
    path = write(frame(asset_id=["11", "12"]), tmp_path / "a.gpkg")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA writable_schema = 1")
        database.execute(f"UPDATE sqlite_master SET name = {name} WHERE name = 'a'")
    with pytest.raises(BadInput, match=r"damaged|no layer"):
        open_layer(path)


def archive(path: Path, members: dict[str, bytes]) -> Path:
    """A zip archive of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["../../layer.shp", "/etc/layer.shp", "C:\\layer.shp", "a/../../layer.shp"])
def test_path_tricks_in_a_zip(tmp_path: Path, name: str) -> None:
    """A member that names a place outside the archive is refused, and nothing is written anywhere."""
    path = archive(tmp_path / "a.zip", {name: bytes(200)})
    with pytest.raises(BadInput, match="path"):
        open_layer(path)
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"a.shp": bytes(200), "a.dbf": bytes(10)}, "lacks its .shx"),
        ({"a.shp": bytes(200)}, "lacks its .shx and .dbf"),
        ({"a.shp": bytes(200), "a.shx": bytes(99), "a.dbf": bytes(99)}, "cannot be read"),
        ({"a.shp": bytes(100_000_000), "a.shx": b"", "a.dbf": b""}, "bomb"),
        ({"a.gml": b"x", "b.gml": b"x"}, "several vector files"),
        ({"a.gml": b"not xml at all"}, "no vector file"),
    ],
)
def test_a_zip_that_is_no_shapefile(tmp_path: Path, members: dict[str, bytes], reason: str) -> None:
    """What a zip lacks, or hides, is said in one line."""
    with pytest.raises(BadInput, match=reason):
        open_layer(archive(tmp_path / "a.zip", members))


def test_a_zip_in_a_zip(tmp_path: Path) -> None:
    """A zip inside another is not opened."""
    inner = archive(tmp_path / "in.zip", {"a.gml": b"x"}).read_bytes()
    with pytest.raises(BadInput, match="holds another"):
        open_layer(archive(tmp_path / "out.zip", {"a.gml": inner}))


def test_a_part_of_a_shapefile(tmp_path: Path) -> None:
    """A .shp alone is refused with what to hand in instead."""
    frame(asset_id=["11", "12"]).to_file(tmp_path / "a.shp")
    with pytest.raises(BadInput, match=r"one part of a shapefile; hand in a zip"):
        open_document(tmp_path / "a.shp")


def test_parquet_without_geometry(tmp_path: Path) -> None:
    """A plain Parquet table is told from a GeoParquet."""
    geopandas.pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="without geometry"):
        open_layer(tmp_path / "a.parquet")


def test_geojson_nested_too_deep(tmp_path: Path) -> None:
    """A million brackets are no geometry, and no crash."""
    path = tmp_path / "a.geojson"
    path.write_text('{"type":"FeatureCollection","features":[{"type":"Feature","geometry":' + "[" * 1_000_000)
    with pytest.raises(BadInput, match="nested too deep"):
        open_layer(path)


def test_geojson_with_a_number_too_long(tmp_path: Path) -> None:
    """A number of thousands of digits is refused, and no crash."""
    path = tmp_path / "a.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":' + "9" * 5000 + "}}]}"
    )
    with pytest.raises(BadInput, match="thousands of digits"):
        open_layer(path)


def test_the_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file was laid out as is gone when it is read, and also when it is refused."""
    made = tmp_path / "made"
    made.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(made))
    path = write(frame(asset_id=["11", "12"]), tmp_path / "a.zip")
    assert len(features(path)) == 2
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(BadInput):
        open_layer(path)
    assert [*made.iterdir()] == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small file of each format."""
    folder = tmp_path_factory.mktemp("whole")
    made = frame(asset_id=["11", "12"], name=["a", "b"])
    return {form: write(made, folder / f"a.{form}").read_bytes() for form in FORMATS}


@pytest.mark.filterwarnings("default")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FORMATS), st.floats(0, 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_damage_is_a_line_or_nothing(
    whole: dict[str, bytes], tmp_path: Path, form: str, where: float, junk: bytes, cut: bool
) -> None:
    """Bytes changed or cut off anywhere give features or one line that says it, never a traceback."""
    content = whole[form]
    at = int(where * len(content))
    path = tmp_path / "damaged"
    path.write_bytes(content[:at] if cut else content[:at] + junk + content[at + len(junk) :])
    assert "\n" not in refusal(path)


def refusal(path: Path) -> str:
    """Why a file is refused; nothing when it is read."""
    try:
        if open_document(path).kind == "vector":
            features(path)
    except BadInput as error:
        return error.detail
    return ""
