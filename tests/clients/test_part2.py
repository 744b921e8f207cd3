"""OGC API - Features Part 2 (18-058r1), Annex A: its abstract tests, each by its name, against an independent PROJ."""

import re
from functools import lru_cache

import pytest
import shapely
from pyproj import Transformer
from wire import COLLECTIONS, CRS84, EPSG, Json, Web

SYSTEMS = (CRS84, EPSG.format(27700), EPSG.format(3857), EPSG.format(4326))
APART_M = 3.0
"""Without the OSTN15 grid PROJ is up to 2 m off in London, so that is how near it can be expected to come."""

each = pytest.mark.parametrize("collection", COLLECTIONS)
every_system = pytest.mark.parametrize("system", SYSTEMS)


@lru_cache
def to_degrees(system: str) -> Transformer:
    """From a system, in the axis order of its authority, to longitude and latitude."""
    code = "OGC:CRS84" if system == CRS84 else f"EPSG:{system.rpartition('/')[2]}"
    return Transformer.from_crs(code, "OGC:CRS84", always_xy=False)


def distances_m(here: Json | None, there: Json | None, system: str) -> list[float]:
    """How far each position of one geometry is from that of another in CRS84, as London's degrees are long."""
    if here is None or there is None:
        assert here is there is None
        return []
    moved = shapely.get_coordinates(shapely.geometry.shape(here))
    lon, lat = to_degrees(system).transform(moved[:, 0], moved[:, 1])
    meant = shapely.get_coordinates(shapely.geometry.shape(there))
    return [float(((x - a) * 69_300) ** 2 + ((y - b) * 111_300) ** 2) ** 0.5
            for x, y, (a, b) in zip(lon, lat, meant, strict=True)]  # fmt: skip


def test_conf_crs_crs_uri(web: Web) -> None:
    """/conf/crs/crs-uri: every system is named by an OGC http URI."""
    document = web.json("/collections")
    said = {*document["crs"], *(one["storageCrs"] for one in document["collections"])}
    said |= {uri for one in document["collections"] for uri in one["crs"]}
    assert said == set(SYSTEMS)
    assert all(re.fullmatch(r"http://www\.opengis\.net/def/crs/(OGC|EPSG)/[\d.]+/\w+", uri) for uri in said)


@each
def test_conf_crs_default_crs(web: Web, collection: str) -> None:
    """/conf/crs/default-crs: the default system is among those that a collection has, and is the first."""
    assert web.json(f"/collections/{collection}")["crs"][0] == CRS84


@each
def test_conf_crs_storage_crs(web: Web, collection: str) -> None:
    """/conf/crs/storageCrs: the system of storage is one that can be asked for, and is the British National Grid."""
    document = web.json(f"/collections/{collection}")
    assert document["storageCrs"] in document["crs"]
    assert document["storageCrs"] == EPSG.format(27700)


@each
@every_system
def test_conf_crs_crs_parameter(web: Web, collection: str, system: str) -> None:
    """/conf/crs/crs-parameter: pages and features come in every system that is listed, and say so."""
    page = web.ask(f"/collections/{collection}/items", crs=system, limit=3)
    assert (page.status_code, page.headers["content-crs"]) == (200, f"<{system}>")
    for feature in page.json()["features"][:1]:
        answer = web.ask(f"/collections/{collection}/items/{feature['id']}", crs=system)
        assert (answer.status_code, answer.headers["content-crs"]) == (200, f"<{system}>")
        assert answer.json()["geometry"] == feature["geometry"]


@pytest.mark.parametrize("value", ["EPSG:999999", "http://www.opengis.net/def/crs/EPSG/0/2154", "", "27700", "' --"])
def test_conf_crs_crs_parameter_invalid(web: Web, value: str) -> None:
    """/conf/crs/crs-parameter-invalid: a system that is not listed is 400."""
    one = web.items("sites", limit=1)["features"][0]["id"]
    for path in ("/collections/sites/items", f"/collections/sites/items/{one}"):
        assert web.ask(path, crs=value).status_code == 400


@each
def test_conf_crs_crs_parameter_default(web: Web, collection: str) -> None:
    """/conf/crs/crs-parameter-default: without the parameter it is CRS84."""
    answer = web.ask(f"/collections/{collection}/items", limit=3)
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    assert answer.json()["features"] == web.items(collection, crs=CRS84, limit=3)["features"]


@each
@every_system
def test_conf_crs_crs_parameter_transform(web: Web, collection: str, system: str) -> None:
    """/conf/crs/crs-parameter-transform: turned back by another program, every position is where it was."""
    whole = {one["id"]: one["geometry"] for one in web.features(collection)}
    moved = web.features(collection, crs=system)
    assert [one["id"] for one in moved] == list(whole)
    far = [far for one in moved for far in distances_m(one["geometry"], whole[one["id"]], system)]
    assert max(far, default=0.0) < APART_M


@each
@every_system
def test_conf_crs_bbox_crs_parameter(web: Web, collection: str, system: str) -> None:
    """/conf/crs/bbox-crs-parameter: the same box in another system, in its authority's order, finds the same."""
    west, south, east, north = -0.16, 51.53, -0.08, 51.6
    corners = Transformer.from_crs("OGC:CRS84", to_degrees(system).source_crs, always_xy=False)
    left, bottom, right, top = corners.transform_bounds(west, south, east, north)
    if system == SYSTEMS[3]:
        left, bottom, right, top = south, west, north, east
    named = {one["id"]: one["geometry"] for one in web.features(collection)}
    found = web.ids(collection, bbox=f"{left},{bottom},{right},{top}", bbox_crs=system)
    plain = web.ids(collection, bbox=f"{west},{south},{east},{north}")
    box = shapely.box(west, south, east, north)
    # The edge of a box bends when it is turned into another system: what stands on it may go either way.
    doubtful = {ref for ref, one in named.items()
                if one and box.exterior.distance(shapely.geometry.shape(one)) < 0.005}  # fmt: skip
    assert found - doubtful == plain - doubtful
    assert plain or collection == "shortlist-entries"


@pytest.mark.parametrize("value", ["EPSG:999999", "http://www.opengis.net/def/crs/EPSG/0/2154", "", "27700"])
def test_conf_crs_bbox_crs_parameter_invalid(web: Web, value: str) -> None:
    """/conf/crs/bbox-crs-parameter-invalid: a system that is not listed is 400."""
    answer = web.ask("/collections/sites/items", bbox="0,0,1,1", bbox_crs=value)
    assert answer.status_code == 400
    assert "bbox-crs" in answer.json()["detail"]


def test_conf_crs_bbox_crs_parameter_default(web: Web) -> None:
    """/conf/crs/bbox-crs-parameter-default: without the parameter the box is in CRS84, whatever the answer is in."""
    box = "-0.2,51.5,-0.1,51.6"
    assert web.ids("sites", bbox=box, crs=EPSG.format(27700)) == web.ids("sites", bbox=box, bbox_crs=CRS84)


@every_system
def test_next_keeps_the_system(web: Web, system: str) -> None:
    """Every page of a walk is in the system that the first was asked in."""
    walked = [one for page in web.pages("outlines", crs=system, limit=7) for one in page["features"]]
    assert walked == web.features("outlines", crs=system)
