"""Needs from files: our own form as CSV, or features whose geometry is the area of search."""

import json
from pathlib import Path

import pytest
import shapely

from estates_api.domain.needs import FIELDS
from estates_api.errors import BadInput
from estates_api.sources.document import open_document
from estates_api.sources.needs import Said, read_needs, template

HEADER = "need,organisation_code,organisation_name,service,floor_area_low_m2"


def read(tmp_path: Path, content: str) -> list[Said]:
    """What a file of this content says."""
    path = tmp_path / "needs"
    path.write_text(content, encoding="utf-8")
    return list(read_needs(open_document(path, "needs.csv")))


def feature(geometry: object, **properties: object) -> dict[str, object]:
    """A need as a GeoJSON feature."""
    said = {"need": "A", "organisation_code": "RZ1", "organisation_name": "Made Up", "service": "Hub",
            "floor_area_low_m2": 200}  # fmt: skip
    return {"type": "Feature", "geometry": geometry, "properties": said | properties}


def collection(*features: object) -> str:
    """A GeoJSON file."""
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_the_template_is_the_form(tmp_path: Path) -> None:
    """The printed header is taken as it is, with every field in its order and the line that a row stands in."""
    assert template().split(",") == [*FIELDS]
    ((line, said, fault),) = read(tmp_path, f"{template()}\nA,RZ1,Made Up,Hub,200{',' * 11}\n")
    assert (line, said["need"], said["floor_area_low_m2"], said["polygon"], fault) == (2, "A", "200", "", None)


def test_columns_that_are_missing_or_not_ours(tmp_path: Path) -> None:
    """A list without a column that every need has, or with one that nobody would read, is refused by name."""
    with pytest.raises(BadInput, match=r"needs\.csv: a list of needs needs a column floor_area_low_m2"):
        read(tmp_path, "need,organisation_code,organisation_name,service\nA,RZ1,Made Up,Hub\n")
    with pytest.raises(BadInput, match="no column 'ptal_least'; see: estates needs template"):
        read(tmp_path, f"{HEADER},ptal_least\nA,RZ1,Made Up,Hub,200,3\n")
    with pytest.raises(BadInput, match="the column 'service' stands twice"):
        read(tmp_path, f"{HEADER},service\nA,RZ1,Made Up,Hub,200,Clinic\n")
    square = shapely.geometry.mapping(shapely.box(-0.1, 51.5, 0, 51.6))
    with pytest.raises(BadInput, match="no column 'colour'"):
        read(tmp_path, collection(feature(square, colour="red")))
    with pytest.raises(BadInput, match="the features of a list of needs have service"):
        read(tmp_path, collection({"type": "Feature", "geometry": square, "properties": {
            "need": "A", "organisation_code": "R1", "organisation_name": "x", "floor_area_low_m2": 1}}))  # fmt: skip


def test_a_feature_is_where_space_is_looked_for(tmp_path: Path) -> None:
    """A polygon is the area, brought to the National Grid; a point is a centre; what a column says goes before."""
    square = shapely.geometry.mapping(shapely.box(-0.1, 51.5, -0.09, 51.51))
    point = {"type": "Point", "coordinates": [-0.1, 51.5]}
    found = read(tmp_path, collection(
        feature(square), feature(point, radius_m=500), feature(point, boroughs="Camden"), feature(None),
    ))  # fmt: skip
    drawn = shapely.from_wkt(found[0][1]["polygon"])
    assert 500_000 < drawn.centroid.x < 560_000
    assert drawn.area == pytest.approx(772_000, rel=0.01)  # 0.01 degrees: 694 m by 1,112 m
    assert (float(found[1][1]["easting"]), found[1][1]["radius_m"]) == (pytest.approx(531_979, abs=300), "500")
    assert "easting" not in found[2][1]
    assert found[3][2] == "polygon: its geometry was not taken: there is none that can be drawn"
    assert [line for line, _, _ in found] == [1, 2, 3, 4]


def test_a_polygon_that_crosses_itself_is_told(tmp_path: Path) -> None:
    """Where others' outlines are mended, an area of search is given back: what was meant is not guessed."""
    bow = {"type": "Polygon", "coordinates": [[[-0.1, 51.5], [0, 51.6], [-0.1, 51.6], [0, 51.5], [-0.1, 51.5]]]}
    ((_, _, fault),) = read(tmp_path, collection(feature(bow)))
    assert fault == "polygon: it crosses or touches itself; what was meant is not guessed: draw it anew"


def test_a_file_that_is_no_map(tmp_path: Path) -> None:
    """A vector file that cannot be read is one line with its name."""
    with pytest.raises(BadInput, match=r"needs\.csv: the vector file has no features"):
        read(tmp_path, collection())
