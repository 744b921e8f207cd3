"""Layers of the place: the platform's entities, any vector file whose kind is said, NaPTAN, and our own form."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from documents import Read

from estates_api.domain.records import LayerRecord
from estates_api.errors import BadInput
from estates_api.sources.grid import from_degrees
from estates_api.sources.reader import Hints

SAMPLES = Path(__file__).parents[1] / "samples"
ReadFile = Callable[..., Read]
ReadText = Callable[..., Read]


def by_line(found: Read) -> dict[int, LayerRecord]:
    """The records by the row that they are of."""
    return {record.line: record for record in found.layers}


def rules(found: Read, line: int | None) -> list[str]:
    """The rules of the issues about one row."""
    return [issue.rule for issue in found.issues if issue.line == line]


def shape(record: LayerRecord) -> Any:
    """Where it is, EPSG:27700."""
    return shapely.from_wkb(record.shape)


@pytest.fixture(scope="module")
def planning(read_file: ReadFile) -> Read:
    """The made entities, as GeoJSON."""
    return read_file(SAMPLES / "layer_planning_made.geojson")


def test_entities_say_what_they_are_of(planning: Read) -> None:
    """The kind comes from the data set, flood zones from their level, dates and references as published."""
    found = by_line(planning)
    assert (planning.format, planning.source) == ("planning-data", "planning.data.gov.uk")
    assert [found[n].kind for n in (1, 2, 4, 5, 6)] == [
        "green-belt", "conservation-area", "flood-zone-3", "flood-zone-2", "listed-building"]  # fmt: skip
    assert (found[2].name, found[2].reference, str(found[2].starts)) == ("Made Area", "REF2", "1972-05-01")
    assert str(found[3].ends) == "2015-06-30"
    assert found[4].name is None


def test_geometry_is_brought_to_the_grid_whole(planning: Read) -> None:
    """An area is a valid multipolygon in metres; a listed building may be a point."""
    found = by_line(planning)
    assert shape(found[1]).geom_type == "MultiPolygon"
    corner = from_degrees(shapely.get_coordinates([shapely.Point(-0.12, 51.58)]))
    assert shape(found[1]).distance(shapely.Point(corner[0])) < 0.01
    assert len(shape(found[2]).geoms) == 2
    assert shape(found[6]).geom_type == "Point"
    assert all(shape(record).is_valid and not shape(record).has_z for record in planning.layers)


@pytest.mark.parametrize(
    ("line", "taken", "rule"),
    [
        (7, True, "geometry-mended"), (8, True, None), (9, False, "geometry-not-taken"),
        (10, False, "geometry-not-taken"), (11, True, "position-swapped"), (12, False, "geometry-not-taken"),
        (14, True, "date-unreadable"),
    ],
)  # fmt: skip
def test_a_fault_is_an_issue_of_its_row(planning: Read, line: int, taken: bool, rule: str | None) -> None:
    """What crosses itself is mended, latitude before longitude put right, heights are dropped, and what is nowhere is
    not taken; each row says so."""
    assert (line in by_line(planning)) is taken
    assert rules(planning, line) == ([rule] if rule else [])


def test_what_is_not_read_and_what_ended_is_counted(planning: Read) -> None:
    """Entries of other data sets are left out, and an end date is told."""
    told = [issue.reason for issue in planning.issues if issue.line is None]
    assert "1 entry left out: article-4-direction-area is not read" in told
    assert any(reason.startswith("1 entry with an end date") for reason in told)


def test_entities_as_csv_are_the_same(read_file: ReadFile) -> None:
    """Well-known text in `geometry`, else in `point`; rows without a place, or with half of one, are issues."""
    found = read_file(SAMPLES / "layer_planning_made.csv")
    assert [(record.line, record.kind, record.reference) for record in found.layers] == [
        (2, "conservation-area", "CA1"), (3, "conservation-area", "CA2"), (4, "listed-building", "LB1")]  # fmt: skip
    assert rules(found, 5) == rules(found, 6) == ["geometry-not-taken"]
    area, _, gate = found.layers
    assert shape(area).covers(shape(gate))


def test_any_vector_file_is_what_it_is_said_to_be(read_file: ReadFile, tmp_path: Path) -> None:
    """`--as housing-zone` takes every area of a GeoPackage, with its own name; ungeographical columns are no matter."""
    frame = geopandas.GeoDataFrame({"SITENAME": ["Made Zone"], "status": ["x"]},
                                   geometry=[shapely.box(531_000, 188_000, 532_000, 189_000)], crs=27700)  # fmt: skip
    frame.to_file(tmp_path / "zones 2015-06.gpkg")
    found = read_file(tmp_path / "zones 2015-06.gpkg", insisted="housing-zone")
    (zone,) = found.layers
    assert (zone.kind, zone.name, found.source) == ("housing-zone", "Made Zone", "Housing Zone layer")
    assert shape(zone).area == pytest.approx(1_000_000)
    assert str(found.period_end) == "2015-06-30"


def test_part_of_a_layer_is_its_organisations(read_file: ReadFile) -> None:
    """With the code of an organisation the source is its own, so that one borough's part replaces no other's."""
    found = read_file(SAMPLES / "layer_planning_made.csv", Hints(organisation_code="E09000014"))
    assert found.source == "planning.data.gov.uk E09000014"


def test_a_reference_system_that_is_not_the_stated_one_is_told(read_text: ReadText) -> None:
    """Metres in a GeoJSON that should hold degrees are taken as metres, with one issue about the file."""
    ring = [[531_000, 188_000], [532_000, 188_000], [532_000, 189_000], [531_000, 188_000]]
    feature = {"type": "Feature", "properties": {"name": "x"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    found = read_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]}), "x.geojson", insisted="open-space"
    )
    assert shape(found.layers[0]).area == pytest.approx(500_000)
    assert "crs-assumed" in rules(found, None)


def test_town_centres_have_a_class_or_are_left_out(read_text: ReadText) -> None:
    """`Major Town Centre` is major; local centres have no setting and are counted."""
    features = [
        {"type": "Feature", "properties": {"NAME": name, "TYPE": kind},
         "geometry": {"type": "Point", "coordinates": [-0.12, 51.58]}}
        for name, kind in (("Made", "Major Town Centre"), ("Corner", "Local Centre"), ("Nothing", None))
    ]  # fmt: skip
    found = read_text(json.dumps({"type": "FeatureCollection", "features": features}), "c.geojson",
                      insisted="town-centre")  # fmt: skip
    assert [(record.name, record.classed) for record in found.layers] == [("Made", "major")]
    assert sum(issue.rule == "layer-rows-left-out" for issue in found.issues) == 2


@pytest.mark.parametrize(
    ("text", "insisted", "reason"),
    [
        ("name,geometry\nx,nowhere\n", "open-space", "no row has a geometry"),
        ("name,place\nx,y\n", "open-space", "a layer is a vector file"),
        ("name,geometry\nx,POINT (-0.1 51.5)\n", "planning-data", "say with the format what it is a layer of"),
    ],
)
def test_a_file_that_is_no_layer_is_refused(read_text: ReadText, text: str, insisted: str, reason: str) -> None:
    """One line says what is missing."""
    with pytest.raises(BadInput, match=reason):
        read_text(text, insisted=insisted)


def test_stations_of_naptan(read_file: ReadFile) -> None:
    """Stations in use, by grid or by degrees; entrances and stops are counted, rows without a place refused."""
    found = read_file(SAMPLES / "naptan_made.csv")
    assert [(record.name, record.reference) for record in found.layers] == [
        ("Made Rail Station", "910GMADE"), ("Made Underground Station", "940GZZLUMAD")]  # fmt: skip
    assert shape(found.layers[0]).equals(shapely.Point(531_800, 188_700))
    assert shape(found.layers[0]).distance(shape(found.layers[1])) < 400
    told = {issue.reason for issue in found.issues if issue.rule == "layer-rows-left-out"}
    assert told == {"1 stop left out: not in use", "1 stop left out: of type BCT", "1 stop left out: of type RSE"}
    assert [rules(found, line) for line in (7, 8, 9)] == [["row-unreadable"]] * 3


def test_our_own_form_says_where_each_point_is_from(read_file: ReadFile) -> None:
    """A row without a publisher, and a centre without a known class, are refused."""
    found = read_file(SAMPLES / "landmarks_made.csv")
    assert [(record.kind, record.name, record.classed) for record in found.layers] == [
        ("town-centre", "Made Centre", "major"), ("station", "Made Station", None)]  # fmt: skip
    assert [rules(found, line) for line in (4, 5, 6, 7)] == [["row-unreadable"]] * 4
