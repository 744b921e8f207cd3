"""Outline: parcels become outlines of the sites that are surely theirs, and nothing else changes."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from convertbng.cutil import convert_lonlat
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.errors import BadInput, Conflict
from estates_api.sources.reader import Hints
from estates_api.store.database import transaction
from estates_api.store.outlines import refresh_outlines
from estates_api.store.projection import rebuild_projection
from estates_api.store.sites import list_sites
from estates_api.store.touched import open_touched, touch_all
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.origin import Origin
from estates_api.workflows.outline import outline

HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]
Outline = Callable[..., Ingested]
Count = Callable[[Engine], dict[str, int]]

EAST, NORTH = 531_800.0, 188_700.0
"""A place in Haringey."""


def ask(engine: Engine, query: str, **values: Any) -> list[Any]:
    """The rows of a query, as tuples; as values when there is one column."""
    with transaction(engine) as connection:
        rows = connection.execute(text(query), values).all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def square(east: float = 0.0, north: float = 0.0, side: float = 100.0) -> shapely.Polygon:
    """A square whose south-western corner is so many metres from the place."""
    return shapely.box(EAST + east, NORTH + north, EAST + east + side, NORTH + north + side)


@pytest.fixture
def attach(area: Area, tmp_path: Path) -> Outline:
    """Hand in parcels: rows with a geometry each, as a GeoPackage, or a file that is there."""

    def run(
        engine: Engine, parcels: Path | list[dict[str, Any]], name: str = "parcels.gpkg", **origin: Any
    ) -> Ingested:
        path = parcels if isinstance(parcels, Path) else tmp_path / name
        if not isinstance(parcels, Path):
            path.unlink(missing_ok=True)
            geopandas.GeoDataFrame(parcels, crs=27700).to_file(path)
        hints = Hints(**{key: origin.pop(key) for key in ("period", "label", "source") if key in origin})
        with transaction(engine) as connection:
            return outline(connection, path, area=area, origin=Origin(hints=hints, **origin))

    return run


@pytest.fixture
def placed(reference: Engine, hand_in: HandIn, template: Template) -> Engine:
    """Sites: RZ101 and RZ102 with points of their own, 300 m apart; RZ103 by its postcode, with 2 ha of land."""
    hand_in(reference, "t.csv", template(
        {"holding_code": "RZ101", "easting": EAST + 50, "northing": NORTH + 50, "uprn": "100021", "gia_m2": 900},
        {"holding_code": "RZ102", "easting": EAST + 350, "northing": NORTH + 50, "postcode": "N15 3TH"},
        {"holding_code": "RZ103", "postcode": middle(reference)[0], "land_owned_ha": 2},
    ), period="2020")  # fmt: skip
    return reference


def middle(engine: Engine) -> tuple[str, float, float]:
    """A postcode of Enfield, far from the place, and where its middle is."""
    query = "SELECT postcode, easting, northing FROM postcode WHERE borough_gss = 'E09000010' AND easting IS NOT NULL"
    found: tuple[str, float, float] = ask(engine, f"{query} ORDER BY postcode LIMIT 1")[0]
    return found


def shapes(engine: Engine) -> dict[str, tuple[str, str, float]]:
    """Precision, kind of geometry and area in m² of every site with a position."""
    query = "SELECT ref, precision, GeometryType(geom), ST_Area(geom) FROM site WHERE geom IS NOT NULL"
    return {row[0]: (row[1], row[2], round(row[3], 3)) for row in ask(engine, query)}


def rules(done: Ingested) -> list[str]:
    """The rules of the issues that speak of parcels and sites."""
    return [issue.rule for issue in done.issues if issue.rule.startswith("outline")]


NAMED = [
    ({"site_ref": "NCL-RZ101"}, "site reference NCL-RZ101 in the file"),
    ({"holding_code": "rz101"}, "holding code RZ101 in the file"),
    ({"holding_code": "RZ101", "organisation_code": "RZ1"}, "holding code RZ101 in the file"),
    ({"UPRN": 100021}, "UPRN 100021 in the file"),
]


@pytest.mark.parametrize(("words", "evidence"), NAMED)
def test_a_parcel_that_names_its_site(placed: Engine, attach: Outline, words: dict[str, Any], evidence: str) -> None:
    """Named by reference, code or UPRN, a parcel is the site's outline wherever it lies, and the evidence says so."""
    done = attach(placed, [{**words, "geometry": square(2000, 0, 60)}])
    assert (done.new, done.counts["parcels"], done.counts["attached"], done.counts["sites"]) == (True, 1, 1, 1)
    assert shapes(placed)["NCL-RZ101"] == ("outline", "MULTIPOLYGON", 3600)
    assert ask(placed, "SELECT evidence, line FROM outline") == [(evidence, 1)]


def test_a_title_number_known_from_before(placed: Engine, attach: Outline) -> None:
    """A title number that came with a site's outline names the site in later files."""
    attach(placed, [{"site_ref": "NCL-RZ101", "title_no": "ngl 123456", "geometry": square()}])
    done = attach(placed, [{"TITLE_NO": "NGL123456", "geometry": square(0, 0, 120)}], "later.gpkg")
    assert done.counts["attached"] == 1
    assert shapes(placed)["NCL-RZ101"][2] == 14_400
    newest = ask(placed, "SELECT evidence, title_number FROM outline ORDER BY id DESC LIMIT 1")
    assert newest == [("title number NGL123456 in the file", "NGL123456")]


def test_nothing_else_changes(loaded: Engine, attach: Outline, area: Area) -> None:
    """Precision and place rise; every other column of the site, every other table, and every input of the scores but
    what is measured from the place stay as they are."""
    others = "SELECT to_jsonb(s) - '{geom,geom_crs84,precision}'::text[] FROM site s ORDER BY ref"
    tables = ("claim", "holding", "placement", "interest", "event", "judgement", "question", "fate", "organisation")
    queries = [others, *(f"SELECT to_jsonb(t) FROM {name} t ORDER BY 1" for name in tables)]
    before = [ask(loaded, query) for query in queries]
    ref = "NCL-RRP03"
    with transaction(loaded) as connection:
        was = {site.ref: site for site in list_sites(connection, date(2024, 1, 1), area)}
    east, north = ask(loaded, "SELECT ST_X(geom), ST_Y(geom) FROM site WHERE ref = :ref", ref=ref)[0]
    attach(loaded, [{"site_ref": ref, "geometry": shapely.box(east - 100, north - 100, east + 110, north + 100)}])
    assert [ask(loaded, query) for query in queries] == before
    with transaction(loaded) as connection:
        now = {site.ref: site for site in list_sites(connection, date(2024, 1, 1), area)}
    then, anew = was.pop(ref), now.pop(ref)
    placed = {name: getattr(then, name) for name in ("precision", "easting", "northing", "lon", "lat", "surroundings")}
    assert replace(anew, **placed) == then
    assert anew.precision == "outline" != then.precision
    assert now == was


def test_both_systems_by_ostn15(placed: Engine, attach: Outline, area: Area) -> None:
    """The degrees of an outline are those of OSTN15, to a millimetre."""
    attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square()}])
    degrees, metres = (
        shapely.from_wkb(bytes(ask(placed, f"SELECT ST_AsBinary({name}) FROM site WHERE ref = 'NCL-RZ101'")[0]))
        for name in ("geom_crs84", "geom")
    )
    corners = shapely.get_coordinates(metres)
    expected = np.column_stack(convert_lonlat(corners[:, 0].copy(), corners[:, 1].copy()))
    assert np.abs(shapely.get_coordinates(degrees) - expected).max() < 1e-9


INSPIRE = """<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
  xmlns:LR="www.landregistry.gov.uk" timeStamp="2024-01-01T00:00:00Z">{members}</wfs:FeatureCollection>"""
MEMBER = """<wfs:member><LR:PREDEFINED gml:id="PREDEFINED.{id}"><LR:GEOMETRY>
<gml:Polygon gml:id="p{id}" srsName="urn:ogc:def:crs:EPSG::27700"><gml:exterior><gml:LinearRing>
<gml:posList srsDimension="2">{ring}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></LR:GEOMETRY>
<LR:INSPIREID>{id}</LR:INSPIREID><LR:LABEL>{id}</LR:LABEL>
<LR:NATIONALCADASTRALREFERENCE>{id}</LR:NATIONALCADASTRALREFERENCE>
<LR:VALIDFROM>2011-03-02T00:00:00.000Z</LR:VALIDFROM>
<LR:BEGINLIFESPANVERSION>2011-03-02T00:00:00.000Z</LR:BEGINLIFESPANVERSION></LR:PREDEFINED></wfs:member>"""


def inspire(path: Path, *parcels: shapely.Polygon) -> Path:
    """A file in the form of the INSPIRE index polygons, made here."""
    rings = (" ".join(f"{x} {y}" for x, y in parcel.exterior.coords) for parcel in parcels)
    members = "".join(MEMBER.format(id=50_000_000 + at, ring=ring) for at, ring in enumerate(rings))
    path.write_text(INSPIRE.format(members=members))
    return path


def test_inspire_index_polygons(placed: Engine, attach: Outline, tmp_path: Path) -> None:
    """A site's own point in one parcel alone makes that its outline, with the parcel's id; the others are left."""
    path = inspire(tmp_path / "Land_Registry_Cadastral_Parcels.gml", square(), square(100), square(200), square(900))
    done = attach(placed, path)
    assert done.edition == "HM Land Registry INSPIRE index polygons Land_Registry_Cadastral_Parcels"
    assert (done.counts["parcels"], done.counts["sites"], done.counts["without"]) == (4, 1, 2)
    assert ask(placed, "SELECT parcel, line, evidence FROM outline") == [
        ("50000000", 1, "position: the site's own point lies in this parcel and in no other")
    ]
    assert shapes(placed)["NCL-RZ101"] == ("outline", "MULTIPOLYGON", 10_000)
    assert shapes(placed)["NCL-RZ102"][0] == "uprn"


def test_a_parcel_of_two_sites(placed: Engine, attach: Outline) -> None:
    """A parcel in which two sites' points lie is attached to neither, and both are named."""
    done = attach(placed, [{"geometry": square(0, 0, 500)}])
    assert (done.counts["attached"], rules(done)) == (0, ["outline-disputed"])
    assert "the points of NCL-RZ101, NCL-RZ102 lie in this parcel" in done.issues[-1].reason
    assert {kind for kind, _, _ in shapes(placed).values()} == {"uprn", "postcode"}


def test_a_point_in_two_parcels(placed: Engine, attach: Outline) -> None:
    """Of overlapping parcels none is chosen."""
    done = attach(placed, [{"geometry": square()}, {"geometry": square(0, 0, 120)}])
    assert (done.counts["attached"], rules(done)) == (0, ["outline-disputed"])


def test_a_parcel_that_names_another_site(placed: Engine, attach: Outline) -> None:
    """Where a site's point lies in a parcel that names another, the name counts and it is told."""
    done = attach(placed, [{"site_ref": "NCL-RZ102", "geometry": square()}])
    assert shapes(placed)["NCL-RZ102"] == ("outline", "MULTIPOLYGON", 10_000)
    assert shapes(placed)["NCL-RZ101"][0] == "uprn"
    assert [issue.reason for issue in done.issues if issue.rule == "outline-disputed"] == [
        "the point of NCL-RZ101 lies in a parcel that names another site; it was attached to none"
    ]


def around(engine: Engine, hectares: float, east: float = 0.0) -> shapely.Polygon:
    """A square of so many hectares around the middle of the postcode, so far to the east."""
    _, x, y = middle(engine)
    half = (hectares * 10_000) ** 0.5 / 2
    return shapely.box(x + east - half, y - half, x + east + half, y + half)


def test_a_postcode_with_land_that_agrees(placed: Engine, attach: Outline) -> None:
    """By postcode a site gets the one parcel in reach that is as large as its land, and the evidence gives both."""
    done = attach(placed, [{"geometry": around(placed, 1.9)}, {"geometry": around(placed, 0.3, 160)}])
    assert done.counts["attached"] == 1
    assert shapes(placed)["NCL-RZ103"] == ("outline", "MULTIPOLYGON", 19_000)
    evidence = ask(placed, "SELECT evidence FROM outline")[0]
    assert evidence.startswith("postcode: its 1.90 ha agree with the 2.00 ha stated, within 10%")


@pytest.mark.parametrize(
    "sizes",
    [[1.7], [2.3], [5.0], [2.0, 2.0], [2.1, 1.9]],
    ids=["too small", "too large", "much too large", "two alike", "two that agree"],
)
def test_a_postcode_is_not_enough(placed: Engine, attach: Outline, sizes: list[float]) -> None:
    """By postcode alone nothing is attached; a note counts the sites that lie in a parcel so."""
    done = attach(placed, [{"geometry": around(placed, size, 150 * at)} for at, size in enumerate(sizes)])
    assert (done.counts["attached"], rules(done)) == (0, ["outline-unsure"])
    assert done.issues[-1].reason == ("1 site lies in a parcel by postcode only, which is not sure enough: NCL-RZ103")


def test_several_parcels_are_one_outline(placed: Engine, attach: Outline) -> None:
    """All parcels with one site's reference are united; what they share counts once."""
    parcels = [square(0, 0), square(50, 0), square(500, 500, 10)]
    done = attach(placed, [{"site_ref": "NCL-RZ101", "geometry": parcel} for parcel in parcels])
    assert (done.counts["attached"], done.counts["sites"]) == (3, 1)
    assert shapes(placed)["NCL-RZ101"] == ("outline", "MULTIPOLYGON", 15_100)


def test_one_piece_of_land_for_two_sites(placed: Engine, attach: Outline) -> None:
    """The same land under two references is attached to neither; nor is land that is another site's already."""
    twice = [{"site_ref": ref, "geometry": square()} for ref in ("NCL-RZ101", "NCL-RZ103")]
    done = attach(placed, twice)
    assert (done.counts["attached"], rules(done)) == (0, ["outline-disputed"] * 2)
    attach(placed, twice[:1], "first.gpkg")
    later = attach(placed, twice[1:], "second.gpkg")
    assert later.counts["attached"] == 0
    assert "land of NCL-RZ101 as well, by an outline that is here" in later.issues[-1].reason


def test_a_name_that_is_not_here(placed: Engine, attach: Outline) -> None:
    """A parcel of an unknown site is told with its words, and is not used by its position either."""
    done = attach(placed, [{"site_ref": "NCL-NOWHERE", "geometry": square()}])
    issue = next(issue for issue in done.issues if issue.rule == "outline-unknown")
    assert (issue.line, issue.raw, done.counts["attached"]) == (1, "NCL-NOWHERE", 0)


def test_the_same_file_twice(placed: Engine, attach: Outline, count_rows: Count, tmp_path: Path) -> None:
    """The same bytes again change nothing and say which edition they are; as something else they are refused."""
    path = inspire(tmp_path / "a.gml", square())
    attach(placed, path)
    before = count_rows(placed)
    again = attach(placed, path)
    assert (again.new, again.edition, again.counts["sites"]) == (
        False, "HM Land Registry INSPIRE index polygons a", 1,
    )  # fmt: skip
    assert count_rows(placed) == before


def test_a_file_that_is_here_as_another_format(placed: Engine, attach: Outline, samples: Path, hand_in: HandIn) -> None:
    """Bytes that are here as a list cannot be parcels."""
    hand_in(placed, "t.csv", samples / "template_made.csv")
    with pytest.raises(Conflict, match="is here in the format template, not outline"):
        attach(placed, samples / "template_made.csv")


def test_parcels_are_no_list(placed: Engine, attach: Outline, hand_in: HandIn, tmp_path: Path) -> None:
    """Bytes that are here as parcels cannot be handed in as a list of holdings."""
    path = inspire(tmp_path / "a.gml", square())
    attach(placed, path)
    with pytest.raises(Conflict, match="is here in the format outline, which has to be insisted on"):
        hand_in(placed, "a.gml", path, period="2024")


def test_a_newer_outline(placed: Engine, attach: Outline) -> None:
    """The newest file that draws a holding counts whole; a position never takes the place of a name."""
    attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square()}], "one.gpkg")
    attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square(0, 0, 80)}], "two.gpkg")
    attach(placed, [{"geometry": square(0, 0, 90)}], "three.gpkg")
    assert shapes(placed)["NCL-RZ101"] == ("outline", "MULTIPOLYGON", 6400)


def test_outlines_survive_what_comes_after(
    placed: Engine, attach: Outline, hand_in: HandIn, template: Template
) -> None:
    """A later list with other positions leaves outlines alone, and a new name of the site still arrives."""
    attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square()}])
    later = template(
        {"holding_code": "RZ101", "name": "Renamed", "easting": EAST + 999, "northing": NORTH, "gia_m2": 900}
    )
    hand_in(placed, "later.csv", later, period="2022")
    assert shapes(placed)["NCL-RZ101"] == ("outline", "MULTIPOLYGON", 10_000)
    assert ask(placed, "SELECT name FROM site WHERE ref = 'NCL-RZ101'") == ["Renamed"]


def test_merged_sites_keep_their_land(placed: Engine, attach: Outline, hand_in: HandIn) -> None:
    """Where a person puts two sites' holdings at one place, its outline is the union of theirs; the old references
    still name it."""
    attach(placed, [{"site_ref": f"NCL-RZ10{n}", "geometry": square(300 * n)} for n in (1, 2)])
    header = "place,place_name,organisation_code,holding_code,evidence\n"
    rows = "".join(f"JOINT,Joint place,RZ1,RZ10{n},made for the tests\n" for n in (1, 2))
    hand_in(placed, "places.csv", header + rows)
    assert shapes(placed)["NCL-JOINT"] == ("outline", "MULTIPOLYGON", 20_000)
    attach(placed, [{"site_ref": "NCL-RZ102", "geometry": square(0, 900, 10)}], "later.gpkg")
    assert ask(placed, "SELECT DISTINCT site_ref FROM outline JOIN holding h ON h.id = holding_id") == ["NCL-JOINT"]


def test_a_redacted_outline(placed: Engine, attach: Outline) -> None:
    """When the row that drew it is masked, the site has its point again."""
    done = attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square()}])
    with transaction(placed) as connection:
        connection.execute(text("INSERT INTO redaction (edition_id, line, reason, actor) VALUES (:id, 1, 'r', 'a')"),
                           {"id": done.edition_id})  # fmt: skip
        open_touched(connection)
        touch_all(connection)
        assert refresh_outlines(connection) == 1
        assert refresh_outlines(connection) == 0
    assert ask(placed, "SELECT precision, ST_X(geom), ST_Y(geom) FROM site WHERE ref = 'NCL-RZ101'") == [
        ("uprn", EAST + 50, NORTH + 50)
    ]


def test_parcels_for_partners(placed: Engine, attach: Outline, make_api: Callable[..., TestClient]) -> None:
    """What rests on private parcels is withheld from the public."""
    attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square()}], sensitivity="partner")
    assert ask(placed, "SELECT ref FROM site_public WHERE ref = 'NCL-RZ101'") == []
    assert ask(placed, "SELECT ref FROM site_partner WHERE ref = 'NCL-RZ101'") == ["NCL-RZ101"]
    assert make_api(placed).get("/collections/sites/items/NCL-RZ101").status_code == 404


def test_how_many_sites_parcels_met_is_told_to_whoever_sees_all(
    placed: Engine, attach: Outline, make_api: Callable[..., TestClient]
) -> None:
    """How many sites got an outline by a file and how many have none still, and its issues, count what is withheld:
    others are told only what the file itself holds."""
    attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square()}])
    path = f"/editions/{ask(placed, 'SELECT left(sha256, 12) FROM edition ORDER BY id DESC')[0]}"
    public, whole = (make_api(placed, key=key).get(path).json()["counts"] for key in (None, "the-key-of-the-tests"))
    assert (whole.pop("without"), whole.pop("attached"), whole.pop("sites")) == (2, 1, 1)
    assert [whole.pop(name) for name in ("error", "warning", "note")] == [0, 0, 1]
    assert public == whole


def test_an_outline_is_served(placed: Engine, attach: Outline, make_api: Callable[..., TestClient]) -> None:
    """`sites` and `candidates` are points whatever is known, which is what map readers expect of a layer; `outlines`
    has the polygons, of today and of a moment; a site's own page has the whole shape."""
    attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square()}])
    api = make_api(placed)
    items = api.get("/collections/sites/items").json()["features"]
    assert {feature["geometry"]["type"] for feature in items if feature["geometry"]} == {"Point"}
    precise = next(feature for feature in items if feature["id"] == "NCL-RZ101")
    assert precise["properties"]["precision"] == "outline"
    for query in ("", "?as-of=2025-12-31"):
        outlines = api.get(f"/collections/outlines/items{query}").json()
        assert [(one["id"], one["geometry"]["type"]) for one in outlines["features"]] == [("NCL-RZ101", "MultiPolygon")]
        assert outlines["features"][0]["properties"].keys() == precise["properties"].keys()
        lon, lat = precise["geometry"]["coordinates"]
        inside = f"{lon - 1e-5},{lat - 1e-5},{lon + 1e-5},{lat + 1e-5}"
        for collection in ("sites", "outlines"):
            answer = api.get(f"/collections/{collection}/items{query}", params={"bbox": inside})
            if query == "":
                assert [one["id"] for one in answer.json()["features"]] == ["NCL-RZ101"], collection
    assert api.get("/collections/outlines/items/NCL-RZ101").json()["geometry"]["type"] == "MultiPolygon"
    assert api.get("/collections/outlines/items/NCL-RZ102").status_code == 404
    assert api.get("/collections/outlines/items/NCL-RZ102?as-of=2025-12-31").status_code == 404
    assert api.get("/sites/NCL-RZ101").json()["geometry"]["type"] == "MultiPolygon"


BAD = {
    "table": ("a.csv", b"a,b\n1,2\n", "comes from a vector file"),
    "points": ("a.geojson", json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [-0.1, 51.58]}}]}).encode(),
        "no feature is an area.*a point has no outline"),
    "truncated": ("a.gml", INSPIRE.format(members=MEMBER)[:700].encode(), "cannot be read|no features|no geometry"),
    "database": ("a.gpkg", b"SQLite format 3\0" + bytes(4000), "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_writes_nothing(
    placed: Engine, attach: Outline, count_rows: Count, tmp_path: Path, kind: str
) -> None:
    """What is no file of parcels is refused in one line, and no table gains or loses a row."""
    name, content, reason = BAD[kind]
    (tmp_path / name).write_bytes(content)
    before = count_rows(placed)
    with pytest.raises(BadInput, match=reason) as caught:
        attach(placed, tmp_path / name)
    assert caught.value.detail.startswith(name)
    assert "\n" not in caught.value.detail
    assert count_rows(placed) == before


def test_features_with_polygons(reference: Engine, hand_in: HandIn, tmp_path: Path, attach: Outline) -> None:
    """Holdings from a vector file keep their shape: an outline row each, and the site is drawn with it."""
    path = tmp_path / "assets.gpkg"
    rows = [{"asset_id": "A1", "name": "Hall", "geometry": square()},
            {"asset_id": "A2", "name": "Lamp", "geometry": shapely.Point(EAST + 700, NORTH)}]  # fmt: skip
    geopandas.GeoDataFrame(rows, crs=27700).to_file(path)
    done = hand_in(reference, "assets.gpkg", path, organisation_code="E09000014", period="2024")
    assert done.counts["holdings"] == 2
    assert ask(reference, "SELECT evidence, line FROM outline") == [("the feature's own geometry", 1)]
    assert shapes(reference) == {"NCL-A1": ("outline", "MULTIPOLYGON", 10_000), "NCL-A2": ("uprn", "POINT", 0)}
    assert ask(reference, "SELECT borough_gss, inside_area FROM site ORDER BY ref") == [("E09000014", True)] * 2
    position = ask(reference, "SELECT text, raw FROM claim WHERE attribute = 'position' ORDER BY line")
    assert position[0][1] == "point on the outline (EPSG:27700)"
    assert attach(reference, [{"geometry": square(0, 0, 101)}]).counts["attached"] == 0


def test_a_borough_that_was_not_known(reference: Engine, hand_in: HandIn, template: Template, attach: Outline) -> None:
    """The outline of a site that nobody could place tells its borough; one that was known stays."""
    hand_in(reference, "t.csv", template({"holding_code": "RZ101", "gia_m2": 900}), period="2020")
    assert ask(reference, "SELECT precision, borough_gss, inside_area FROM site") == [("unknown", None, None)]
    attach(reference, [{"site_ref": "NCL-RZ101", "geometry": square()}])
    assert ask(reference, "SELECT precision, borough_gss, inside_area FROM site") == [("outline", "E09000014", True)]


def test_the_projection_as_a_whole_is_the_same(placed: Engine, attach: Outline) -> None:
    """What was rendered for the touched sites is what a rebuild of everything renders."""
    attach(placed, [{"site_ref": "NCL-RZ101", "geometry": square()}])
    query = "SELECT * FROM site_public ORDER BY ref"
    before = ask(placed, query)
    with transaction(placed) as connection:
        rebuild_projection(connection)
    assert ask(placed, query) == before


@pytest.mark.slow
def test_a_boroughs_parcels(placed: Engine, attach: Outline, tmp_path: Path) -> None:
    """100,000 parcels go in within a minute."""
    path = inspire(tmp_path / "b.gml", *(square(12 * (n % 400), 12 * (n // 400), 11) for n in range(100_000)))
    started = time.monotonic()
    done = attach(placed, path)
    assert done.counts["parcels"] == 100_000
    assert done.counts["sites"] == 2
    assert time.monotonic() - started < 60
