"""What layers have where sites are: areas in common, counted once, and distances; by what counts on the day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
import shapely
from sqlalchemy import Connection, Engine, text

from estates_api.domain.records import LayerRecord
from estates_api.domain.sites import Overlap, Surroundings
from estates_api.store.database import transaction
from estates_api.store.designations import add_layer_features, list_layers, settle_layers
from estates_api.store.editions import add_edition
from estates_api.store.nearby import list_nearby

EAST, NORTH = 531_800.0, 188_700.0
DAY = date(2026, 1, 1)


def box(east: float, north: float, width: float = 100.0, height: float = 100.0) -> bytes:
    """A rectangle so many metres from the place, as a multipolygon."""
    drawn = shapely.box(EAST + east, NORTH + north, EAST + east + width, NORTH + north + height)
    return bytes(shapely.to_wkb(shapely.MultiPolygon([drawn])))


def point(east: float, north: float) -> bytes:
    """A point so many metres from the place."""
    return bytes(shapely.to_wkb(shapely.Point(EAST + east, NORTH + north)))


def layer(connection: Connection, *records: LayerRecord, source: str = "made", label: str = "1") -> None:
    """Hand a layer in."""
    values = {"source": source, "label": label, "format": "planning-data", "file_name": "made", "bytes": 1,
              "sha256": f"{hash((source, label)) % 16**64:064x}"}  # fmt: skip
    number = add_edition(connection, values)
    add_layer_features(connection, number, records)
    settle_layers(connection, number)


def sites(connection: Connection, **places: tuple[str, bytes, bool]) -> None:
    """Sites with their precision, shape, and whether they lie inside the area."""
    for ref, (precision, shape, inside) in places.items():
        values = {"ref": ref, "precision": precision, "shape": shape, "inside": inside}
        connection.execute(text("""
            INSERT INTO site (ref, name, precision, geom, geom_crs84, inside_area) VALUES (:ref, :ref, :precision,
                ST_GeomFromWKB(:shape, 27700), ST_SetSRID(ST_MakePoint(-0.1, 51.5), 4326), :inside)
        """), values)  # fmt: skip


def area(line: int, kind: str, shape: bytes, name: str = "Made", **more: Any) -> LayerRecord:
    """One area of a layer."""
    return LayerRecord(line, kind, name, shape, **more)


def around(connection: Connection, ref: str = "A", day: date = DAY) -> Surroundings:
    """What layers say of a site."""
    return Surroundings(**list_nearby(connection, day)[ref])


@pytest.fixture
def place(migrated: Engine) -> Any:
    """A transaction on an empty catalogue with an outline of 1 ha, a UPRN's point and a postcode's."""
    with transaction(migrated) as connection:
        sites(connection, A=("outline", box(0, 0), True), U=("uprn", point(10, 10), True),
              P=("postcode", point(10, 10), True), B=("lsoa", point(10, 10), True),
              F=("outline", box(0, 0), False))  # fmt: skip
        yield connection


def test_an_outline_is_cut_by_each_kind(place: Connection) -> None:
    """Area and share of the outline, the names and the edition that say so."""
    layer(place, area(1, "green-belt", box(-50, 0)), area(2, "conservation-area", box(-10, -10, 200, 200)))
    assert around(place).overlaps == (
        Overlap("conservation-area", "Made", 1.0, 1.0, "made 1"),
        Overlap("green-belt", "Made", 0.5, 0.5, "made 1"),
    )


def test_two_areas_of_a_kind_count_once_where_they_overlap(place: Connection) -> None:
    """Published layers repeat areas: a hectare twice is a hectare."""
    layer(place, area(1, "open-space", box(0, 0, 60)), area(2, "open-space", box(40, 0, 60), "Other"))
    layer(place, area(1, "open-space", box(0, 0)), source="another")
    (overlap,) = around(place).overlaps
    assert (overlap.name, overlap.area_ha, overlap.share) == ("Made; Other", 1.0, 1.0)
    assert overlap.source == "another 1; made 1"


def test_an_area_of_many_corners_is_cut_right(place: Connection) -> None:
    """Pieces of a large area add up to the area itself."""
    ring = shapely.Point(EAST, NORTH).buffer(5000, quad_segs=2000)
    hole = shapely.Point(EAST, NORTH).buffer(50, quad_segs=500)
    drawn = shapely.MultiPolygon([shapely.difference(ring, hole)])
    layer(place, area(1, "green-belt", bytes(shapely.to_wkb(drawn))))
    (overlap,) = around(place).overlaps
    assert overlap.area_ha == pytest.approx(1 - hole.area / 40_000, abs=1e-4)


def test_less_than_ten_square_metres_is_no_overlap(place: Connection) -> None:
    """Boundaries that were drawn apart share slivers, and edges."""
    layer(place, area(1, "green-belt", box(-100, 0)), area(2, "open-space", box(99.95, 0)))
    assert around(place).overlaps == ()


def test_a_point_lies_within_or_not(place: Connection) -> None:
    """A UPRN's point has no area; a postcode's, or less, is asked nothing."""
    layer(place, area(1, "green-belt", box(0, 0)))
    assert around(place, "U").overlaps == (Overlap("green-belt", "Made", None, None, "made 1"),)
    assert around(place, "P").overlaps == around(place, "B").overlaps == ()


def test_a_listed_building_may_be_a_point(place: Connection) -> None:
    """It lies in the outline; no other point can lie in a point."""
    layer(place, area(1, "listed-building", point(10, 10), "Made Gate"))
    assert around(place).overlaps == (Overlap("listed-building", "Made Gate", None, None, "made 1"),)
    assert around(place, "U").overlaps == ()


def test_zones_are_named(place: Connection) -> None:
    """Housing Zone and Opportunity Area by their names."""
    layer(place, area(1, "housing-zone", box(0, 0), "Made Zone"), area(2, "opportunity-area", box(0, 0), "Made Area"))
    assert (around(place).housing_zone, around(place).opportunity_area) == ("Made Zone", "Made Area")


def test_areas_count_while_they_stand(place: Connection) -> None:
    """One that ended counts for days before its end, one that began later does not count yet; undated ones always."""
    layer(place, area(1, "open-space", box(0, 0), ends=date(2020, 1, 1)),
          area(2, "green-belt", box(0, 0), starts=date(2021, 1, 1)),
          area(3, "conservation-area", box(0, 0)))  # fmt: skip
    kinds = {
        day: {o.kind for o in around(place, day=day).overlaps} for day in (date(2019, 12, 31), date(2020, 1, 1), DAY)
    }
    assert list(kinds.values()) == [
        {"open-space", "conservation-area"}, {"conservation-area"}, {"green-belt", "conservation-area"}]  # fmt: skip
    assert around(place).layers == {"open-space", "green-belt", "conservation-area"}


def test_a_new_edition_of_a_source_replaces_its_old_one(place: Connection) -> None:
    """For the kinds that it has; another source stands beside it; nothing is lost."""
    layer(place, area(1, "green-belt", box(0, 0), "Old"), area(2, "open-space", box(0, 0), "Kept"))
    layer(place, area(1, "green-belt", box(0, 0, 50), "New"), label="2")
    layer(place, area(1, "green-belt", box(50, 0, 50), "Beside"), source="another")
    assert [(o.kind, o.name, o.area_ha) for o in around(place).overlaps] == [
        ("green-belt", "Beside; New", 1.0), ("open-space", "Kept", 1.0)]  # fmt: skip
    assert [(row["kind"], row["source"], row["label"], row["features"]) for row in list_layers(place)] == [
        ("green-belt", "another", "1", 1), ("green-belt", "made", "2", 1), ("open-space", "made", "1", 1)]  # fmt: skip
    assert place.execute(text("SELECT count(*) FROM layer_feature")).scalar_one() == 4
    assert place.execute(text("SELECT count(*) FROM layer_part p JOIN layer_feature f ON f.id = p.feature_id "
                              "WHERE f.name = 'Old'")).scalar_one() == 0  # fmt: skip


def test_distances_are_from_the_outline_else_from_the_point(place: Connection) -> None:
    """The nearest station, and the nearest centre of each class; a centre may be an area."""
    layer(
        place, area(1, "station", point(200, 50), "Near"), area(2, "station", point(900, 50), "Far"),
        area(3, "town-centre", box(400, 0), "Major", classed="major"),
        area(4, "town-centre", point(0, 300), "Corner", classed="district"),
    )  # fmt: skip
    drawn, rough = around(place), around(place, "P")
    assert (drawn.station, drawn.station_m, drawn.position_error_m) == ("Near", 100.0, 0)
    assert drawn.centres == (("district", "Corner", 200.0), ("major", "Major", 300.0))
    assert (drawn.town_centre, drawn.town_centre_name, drawn.town_centre_m) == ("major", "Major", 300.0)
    assert (rough.station_m, rough.position_error_m) == (pytest.approx(194.2, abs=0.1), 100)
    assert around(place, "B").station is None


def test_outside_the_area_only_what_is_there_is_told(place: Connection) -> None:
    """A layer may end at the border: outside, no distance and no `none` is known, but an overlap is one."""
    layer(place, area(1, "green-belt", box(0, 0)), area(2, "station", point(0, 0)), area(3, "open-space", box(900, 0)))
    there = around(place, "F")
    assert [overlap.kind for overlap in there.overlaps] == ["green-belt"]
    assert (there.layers, there.station) == (frozenset(), None)


def test_a_boroughs_part_of_a_layer_says_nothing_of_others(place: Connection) -> None:
    """What Enfield handed in does not make `none` of what is not known elsewhere; a whole layer does."""
    layer(place, area(2, "housing-zone", box(5000, 5000)), source="Housing Zone layer E09000010")
    assert around(place).layers == frozenset()
    layer(place, area(2, "open-space", box(5000, 5000)), source="made")
    assert around(place).layers == {"open-space"}


def test_without_layers_nothing_is_told(place: Connection) -> None:
    """Of no site."""
    assert list_nearby(place, DAY) == {}


def test_layers_are_records(place: Connection) -> None:
    """What was handed in is never changed."""
    layer(place, area(1, "green-belt", box(0, 0)))
    with pytest.raises(Exception, match="rows are added, never changed"), place.begin_nested():
        place.execute(text("DELETE FROM layer_feature"))


def test_the_collections_show_what_counts(migrated: Engine) -> None:
    """Areas that stand, in both systems with their rings counter-clockwise; centres and stations as points."""
    with transaction(migrated) as connection:
        layer(connection, area(1, "green-belt", box(0, 0)), area(2, "green-belt", box(0, 0), ends=date(2020, 1, 1)),
              area(3, "station", point(0, 0)), area(4, "town-centre", box(0, 0), classed="major"))  # fmt: skip
        counted: Sequence[Any] = [
            connection.execute(text(f"SELECT count(*), min(GeometryType(geom_crs84)), "
                                    f"bool_and(ST_IsPolygonCCW(geom_crs84)) FROM {view}")).one()
            for view in ("designation_now", "station_now", "town_centre_now")
        ]  # fmt: skip
    assert [tuple(row)[:2] for row in counted] == [(1, "MULTIPOLYGON"), (1, "POINT"), (1, "POINT")]
    assert counted[0][2] is True
