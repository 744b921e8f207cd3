"""Geometries in filters: every system, every function, every literal, and what has no meaning as one."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from sqlalchemy import ColumnElement, Engine, func, select, text

from estates_api.domain.crs import CRS84, EPSG3857, EPSG4326, EPSG27700, Crs
from estates_api.errors import BadInput
from estates_api.store.cql2_shapes import FUNCTIONS
from estates_api.store.database import transaction

Ask = Callable[..., list[str]]
Compiled = Callable[..., ColumnElement[bool]]
Plots = Any
"""conftest.Plots: rows, with ways to find some of them."""


@pytest.mark.parametrize("name", ["geometry", "geom"])
def test_the_geometry_has_two_names(name: str, ask: Ask, plots: Plots) -> None:
    """QGIS takes the geometry's name from the queryables; people write what other services call it."""
    box = shapely.box(530_000, 180_000, 530_300, 180_250)
    assert ask(f'S_INTERSECTS("{name}",BBOX(530000,180000,530300,180250))', crs=EPSG27700) == plots.shaped(
        box.intersects
    )
    assert ask(f"{name} IS NULL") == plots.found(lambda row: row["shape"] is None)


BOX_27700 = (530_150.0, 180_150.0, 530_450.0, 180_550.0)


def moved(box: tuple[float, ...], engine: Engine, crs: Crs) -> list[float]:
    """A box around another one, in another system, in that one's order of axes."""
    around = func.ST_Transform(func.ST_MakeEnvelope(*box, 27700), crs.srid)
    with transaction(engine) as connection:
        west, south, east, north = connection.execute(
            select(*(getattr(func, f"ST_{side}")(around) for side in ("XMin", "YMin", "XMax", "YMax")))
        ).one()
    return [south, west, north, east] if crs.swapped else [west, south, east, north]


@pytest.mark.parametrize("crs", [CRS84, EPSG4326, EPSG27700, EPSG3857], ids=lambda crs: crs.uri[-5:])
@pytest.mark.parametrize("form", ["bbox", "heights", "polygon"])
def test_every_system_finds_the_same_places(crs: Crs, form: str, ask: Ask, plots: Plots, plots_engine: Engine) -> None:
    """A box finds the same rows in every system, in its own order of axes, as a box or as the polygon of its sides."""
    a, b, c, d = moved(BOX_27700, plots_engine, crs)
    literal = {
        "bbox": f"BBOX({a},{b},{c},{d})",
        "heights": f"BBOX({a},{b},-10,{c},{d},99)",
        "polygon": f"POLYGON(({a} {b},{c} {b},{c} {d},{a} {d},{a} {b}))",
    }[form]
    # No boundary lies on the grid, nor within the few metres that a box in degrees is larger.
    expected = plots.shaped(shapely.box(*BOX_27700).intersects)
    assert ask(f"S_INTERSECTS(geometry,{literal})", crs=crs) == expected
    assert ask(f"NOT S_DISJOINT({literal},geometry)", crs=crs) == expected
    assert 0 < len(expected) < len(plots)


LITERALS = {
    "POINT(530200 180300)": "Point",
    "LINESTRING(530000 180000,530400 180400)": "LineString",
    "POLYGON((530100 180100,530500 180100,530500 180500,530100 180500,530100 180100),"
    "(530200 180200,530300 180200,530300 180300,530200 180300,530200 180200))": "Polygon",
    "MULTIPOINT((530200 180300),(530100 180100))": "MultiPoint",
    "MULTILINESTRING((530000 180000,530400 180400),(530100 180500,530500 180100))": "MultiLineString",
    "MULTIPOLYGON(((530100 180100,530300 180100,530300 180300,530100 180100)))": "MultiPolygon",
    "GEOMETRYCOLLECTION(POINT(530200 180300),LINESTRING(530000 180000,530100 180400))": "GeometryCollection",
    "BBOX(530100,180100,530500,180500)": "BBox",
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("wkt", LITERALS, ids=LITERALS.values())
def test_every_spatial_function_takes_every_geometry(function: str, wkt: str, ask: Ask, plots: Plots) -> None:
    """/req/spatial-functions: eight functions, every literal, either way round, as GEOS has them."""
    literal = shapely.box(530_100, 180_100, 530_500, 180_500) if wkt.startswith("BBOX") else shapely.from_wkt(wkt)
    relation = getattr(shapely, function.removeprefix("s_"))
    assert ask(f"{function.upper()}(geometry,{wkt})", crs=EPSG27700) == plots.shaped(
        lambda shape: relation(shape, literal)
    )
    assert ask(f"{function}({wkt},geometry)", crs=EPSG27700) == plots.shaped(lambda shape: relation(literal, shape))


def test_a_box_across_the_antimeridian_is_two(ask: Ask, plots: Plots) -> None:
    """Where west is larger than east the box goes round the other side of the earth."""
    everywhere = plots.shaped(lambda _: True)
    assert ask("S_INTERSECTS(geometry,BBOX(-1,-90,1,90))") == everywhere
    assert ask("S_INTERSECTS(geometry,BBOX(1,-90,-1,90))") == []
    assert ask("S_INTERSECTS(geometry,BBOX(170,-90,1,90))") == everywhere
    assert ask("S_WITHIN(geometry,BBOX(170,-90,1,90))") == everywhere
    assert ask("S_INTERSECTS(geometry,BBOX(20000000,6000000,0,7000000))", crs=EPSG3857) == everywhere


@pytest.mark.parametrize(
    "box", ["-270,-100,270,100", "-1e308,-1e308,1e308,1e308", "-180,-90,180,90", "-1e30,51,1e30,52"]
)
@pytest.mark.parametrize("crs", [CRS84, EPSG3857, EPSG27700], ids=lambda crs: crs.uri[-5:])
def test_a_box_may_be_larger_than_the_world(box: str, crs: Crs, ask: Ask, plots: Plots) -> None:
    """QGIS asks with the extent of its window, which may be larger than the earth."""
    expected = plots.shaped(lambda _: crs is CRS84 or "e308" in box)
    assert ask(f"S_INTERSECTS(geometry,BBOX({box}))", crs=crs) == expected


def test_a_box_without_an_inside_is_a_line_or_a_point(ask: Ask, plots: Plots) -> None:
    """A box of no width or height still meets what lies on it."""
    line, point = shapely.LineString([(530_200, 180_000), (530_200, 180_900)]), shapely.Point(530_200, 180_300)
    assert ask("S_INTERSECTS(geometry,BBOX(530200,180000,530200,180900))", crs=EPSG27700) == plots.shaped(
        line.intersects
    )
    assert ask("S_INTERSECTS(BBOX(530200,180300,530200,180300),geometry)", crs=EPSG27700) == plots.shaped(
        point.intersects
    )


def test_a_box_is_exact_to_the_last_digit(ask: Ask, plots: Plots) -> None:
    """The index thinks in single precision, 3 cm here; what is a hundredth of a millimetre outside is not found."""
    west = 530_200.00001
    inside = plots.shaped(shapely.box(west, 180_000, 531_000, 181_000).intersects)
    assert ask(f"S_INTERSECTS(geometry,BBOX({west},180000,531000,181000))", crs=EPSG27700) == inside
    assert inside != ask("S_INTERSECTS(geometry,BBOX(530200,180000,531000,181000))", crs=EPSG27700)
    thin = shapely.box(530_200.001, 180_000, 530_200.002, 181_000)
    assert ask("S_INTERSECTS(geometry,BBOX(530200.001,180000,530200.002,181000))", crs=EPSG27700) == plots.shaped(
        thin.intersects
    )


@pytest.mark.parametrize(
    ("literal", "problem"),
    [
        ("POINT(90 180)", "a position of the geometry lies outside .*CRS84"),
        ("MULTIPOINT(7.02 49.92, 90 180)", "a position of the geometry lies outside"),
        ("LINESTRING(0 0, 181 0)", "a position of the geometry lies outside"),
        ("POINT(1e308 1e308)", "a position of the geometry lies outside"),
        ("POINT(1e400 1)", "cannot be read"),
        ("POLYGON((0 0,1 1,1 0,0 1,0 0))", r"the Polygon is not valid: Self-intersection\[0.5 0.5\]"),
        ("POLYGON((0 0,1 1,1 0))", "cannot be read: .*closed"),
        ("POLYGON((0 0,1 0,0 0))", "the Polygon"),
        ("LINESTRING(0 0)", "cannot be read"),
        ("LINESTRING(1 1,1 1)", "the LineString is not valid"),
        ("POLYGON(0 0,1 0,1 1,0 0)", "cannot be read"),
        ("BBOX(1,2,3)", "four numbers"),
        ("BBOX(1,2,3,4,5)", "four numbers"),
        ("BBOX(1,2,3,start)", "four numbers"),
        ("BBOX(1e400,2,3,4)", "four numbers"),
        ("BBOX(1,4,3,2)", "upside down: 4 lies above 2"),
        ("name", r"S_INTERSECTS takes two geometries, not geometry \(geometry\) and name \(string\)"),
        ("'POINT(1 2)'", "takes two geometries"),
    ],
)  # fmt: skip
def test_geometries_without_meaning_are_refused(literal: str, problem: str, compiled: Compiled) -> None:
    """Off the earth, crossing itself, not closed: refused with where, before anything is asked."""
    with pytest.raises(BadInput, match=problem) as refused:
        compiled(f"S_INTERSECTS(geometry,{literal})")
    assert len(refused.value.detail) < 250


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": []}, {"type": "MultiPoint", "coordinates": []}, {"type": "Point"},
        {"type": "Polygon", "coordinates": []}, {"type": "GeometryCollection", "geometries": []},
        {"type": "GeometryCollection", "geometries": [{"type": "MultiPoint", "coordinates": []}]},
        {"type": "Feature", "geometry": None}, {"type": "Point", "coordinates": ["1", 2]}, {"type": 3},
        {"type": "Point", "coordinates": [1, math.nan]}, {"type": "Point", "coordinates": [1, 2, 3, 4]},
        {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]], []]}, {"bbox": "1,2,3,4"},
        {"type": "Polygon", "coordinates": {"a": [[[[[[[]]]]]]]}}, {"bbox": [1, 2, True, 4]}, {"bbox": None},
        {"bbox": [1, 2, 3, math.nan]}, {"bbox": [1, 2, 3, 10**400]}, {"type": "Point", "coordinates": [10**400, 2]},
    ],
    ids=str,
)  # fmt: skip
def test_json_that_is_no_geometry_is_refused(geometry: Any, compiled: Compiled) -> None:
    """Empty geometries, features, texts for numbers and numbers that are none are a BadInput."""
    with pytest.raises(BadInput):
        compiled({"op": "s_intersects", "args": [{"property": "geometry"}, geometry]})


def test_a_box_the_wrong_way_round_is_refused_in_a_plane(compiled: Compiled) -> None:
    """British National Grid has no antimeridian to cross."""
    with pytest.raises(BadInput, match="the wrong way round: 3 lies east of 1"):
        compiled("S_INTERSECTS(geometry,BBOX(3,1,1,4))", crs=EPSG27700)


@pytest.mark.parametrize(
    ("wanted", "crs", "index"),
    [
        ("S_INTERSECTS(geometry,BBOX(530100,180100,530150,180150))", EPSG27700, "plot_geom"),
        ("S_INTERSECTS(geometry,BBOX(-0.1,51.5,-0.09,51.51))", CRS84, "plot_geom_crs84"),
        ("S_INTERSECTS(geometry,BBOX(51.5,-0.1,51.51,-0.09))", EPSG4326, "plot_geom_crs84"),
        ("S_INTERSECTS(geometry,BBOX(-11000,6700000,-10000,6710000))", EPSG3857, "plot_geom_crs84"),
        ("S_WITHIN(geometry,POLYGON((530000 180000,530100 180000,530100 180100,530000 180000)))", EPSG27700,
         "plot_geom"),
        ("S_CONTAINS(geometry,POINT(-11000 6700000)) AND area > 1", EPSG3857, "plot_geom_crs84"),
    ],
)  # fmt: skip
def test_the_index_serves_every_system(
    wanted: str, crs: Crs, index: str, compiled: Compiled, plots_engine: Engine
) -> None:
    """The literal is moved to the stored geometry, never the other way, so the spatial index is used."""
    query = select(text("id")).where(compiled(wanted, crs=crs))
    with transaction(plots_engine) as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        sql = query.compile(plots_engine)
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {sql}", sql.params).scalars())
    assert re.search(rf"on {index}\b|using {index}\b", plan)


def test_a_large_outline_is_asked_with(ask: Ask, plots: Plots) -> None:
    """A polygon of 10,000 positions is a question like any other."""
    ring = shapely.Point(530_400, 180_400).buffer(333.3, quad_segs=2_500)
    assert ask(f"S_INTERSECTS(geometry,{ring.wkt})", crs=EPSG27700) == plots.shaped(ring.intersects)
