"""What filters find, on a real PostGIS: what clients write, what the standard promises, and what is refused."""

import itertools
import json
import math
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from sqlalchemy import ARRAY, ColumnElement, Double, Engine, Text, cast, func, literal, select, text

from estates_api.domain.crs import CRS84, EPSG3857, EPSG4326, EPSG27700, Crs
from estates_api.errors import BadInput
from estates_api.store.cql2 import CONFORMANCE, Queryable, compile_filter, parse_filter
from estates_api.store.cql2_shapes import FUNCTIONS
from estates_api.store.cql2_terms import Term, folded
from estates_api.store.cql2_times import RELATIONS
from estates_api.store.database import transaction

Ask = Callable[..., list[str]]
Compiled = Callable[..., ColumnElement[bool]]
Plots = list[dict[str, Any]]

PROPERTIES = ("id", "name", "owner", "area", "score", "holdings", "stale", "start", "finish", "geometry")


def found(plots: Plots, matches: Callable[[dict[str, Any]], object]) -> list[str]:
    """The plots that a Python condition is true of."""
    return [row["id"] for row in plots if matches(row)]


def shaped(plots: Plots, matches: Callable[[shapely.Geometry], object]) -> list[str]:
    """The plots whose geometry a Python condition is true of."""
    return found(plots, lambda row: row["shape"] is not None and matches(row["shape"]))


def day(value: Any) -> str:
    """A date as it is written; the least of all texts when it is unknown."""
    return value.isoformat() if value else ""


# What QGIS 3.22 to 3.44 writes, and GDAL.
CLIENTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "(\"owner\" = 'NHS')": lambda p: p["owner"] == "NHS",
    "(name = 'O''Brien')": lambda p: p["name"] == "O'Brien",
    r"(name = 'a\\b')": lambda p: p["name"] == "a\\b",
    "(name IS NULL)": lambda p: p["name"] is None,
    "(name IS NOT NULL)": lambda p: p["name"] is not None,
    "(name IS 'NHS')": lambda p: p["name"] == "NHS",
    "(name IS NOT 'NHS')": lambda p: p["name"] != "NHS",
    "(NOT (name = 'NHS'))": lambda p: p["name"] not in {None, "NHS"},
    "(name <> 'NHS')": lambda p: p["name"] not in {None, "NHS"},
    "(name LIKE '%tr%')": lambda p: "tr" in (p["name"] or ""),
    "(name NOT LIKE '%tr%')": lambda p: p["name"] is not None and "tr" not in p["name"],
    r"(name LIKE '50\\%%')": lambda p: (p["name"] or "").startswith("50%"),
    r"(name LIKE 'a\_b')": lambda p: p["name"] == "a_b",
    r"(name LIKE 'a\\\\b')": lambda p: p["name"] == "a\\b",
    "(CASEI(name) LIKE CASEI('NHS'))": lambda p: (p["name"] or "").upper() == "NHS",
    "(CASEI(name) NOT LIKE CASEI('nh%'))": lambda p: p["name"] is not None and p["name"][:2].upper() != "NH",
    "area BETWEEN 1 AND 2.5": lambda p: p["area"] is not None and 1 <= p["area"] <= 2.5,
    "(area BETWEEN 1 AND 2.5 AND (score > 1))": lambda p: (p["area"] or 0) in {1, 2.5} and (p["score"] or 0) > 1,
    "area NOT BETWEEN 1 AND 2.5": lambda p: p["area"] is not None and not 1 <= p["area"] <= 2.5,
    "name IN ('NHS','Zoo')": lambda p: p["name"] in {"NHS", "Zoo"},
    "name NOT IN ('NHS','Zoo')": lambda p: p["name"] not in {None, "NHS", "Zoo"},
    "holdings IN (1,2)": lambda p: p["holdings"] in {1, 2},
    "(start >= DATE('2019-12-31'))": lambda p: day(p["start"]) >= "2019-12-31",
    "(start = TIMESTAMP('2020-01-01T00:00:00.000Z'))": lambda p: day(p["start"]) == "2020-01-01",
    "(start < TIMESTAMP('2020-01-01T12:00:00Z'))": lambda p: "" < day(p["start"]) <= "2020-01-01",
    "start >= '2020-01-01T'": lambda p: day(p["start"]) >= "2020-01-01",
    "start in ('2020-01-01','2020-01-02')": lambda p: day(p["start"]) in {"2020-01-01", "2020-01-02"},
    "((area + 1) * 2 > 6)": lambda p: p["area"] is not None and (p["area"] + 1) * 2 > 6,
    "(( - (area)) = 3)": lambda p: p["area"] == -3,
    "(area = 1e+06)": lambda p: p["area"] == 1e6,
    "(stale = TRUE)": lambda p: p["stale"],
    "(NOT (stale))": lambda p: p["stale"] is False,
    "((area > score) AND (score > 0))": lambda p: (p["score"] or 0) > 0 and (p["area"] or 0) > p["score"],
    "(area = score) OR (name = owner)": lambda p: (
        (p["area"] == p["score"] is not None) or (p["name"] == p["owner"] is not None)
    ),
}  # fmt: skip


@pytest.mark.parametrize("wanted", CLIENTS)
def test_what_clients_write_finds_what_they_mean(wanted: str, ask: Ask, plots: Plots) -> None:
    """Every form that QGIS or GDAL writes finds the rows that it is true of."""
    expected = found(plots, CLIENTS[wanted])
    assert ask(wanted) == expected
    assert 0 < len(expected) < len(plots)


@pytest.mark.parametrize("name", ["geometry", "geom"])
def test_the_geometry_has_two_names(name: str, ask: Ask, plots: Plots) -> None:
    """QGIS takes the geometry's name from the queryables; people write what other services call it."""
    box = shapely.box(530_000, 180_000, 530_300, 180_250)
    assert ask(f'S_INTERSECTS("{name}",BBOX(530000,180000,530300,180250))', crs=EPSG27700) == shaped(
        plots, box.intersects
    )
    assert ask(f"{name} IS NULL") == found(plots, lambda row: row["shape"] is None)


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
    expected = shaped(plots, shapely.box(*BOX_27700).intersects)
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
    assert ask(f"{function.upper()}(geometry,{wkt})", crs=EPSG27700) == shaped(
        plots, lambda shape: relation(shape, literal)
    )
    assert ask(f"{function}({wkt},geometry)", crs=EPSG27700) == shaped(plots, lambda shape: relation(literal, shape))


def test_a_box_across_the_antimeridian_is_two(ask: Ask, plots: Plots) -> None:
    """Where west is larger than east the box goes round the other side of the earth (7.5.1)."""
    everywhere = shaped(plots, lambda _: True)
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
    expected = shaped(plots, lambda _: crs is CRS84 or "e308" in box)
    assert ask(f"S_INTERSECTS(geometry,BBOX({box}))", crs=crs) == expected


def test_a_box_without_an_inside_is_a_line_or_a_point(ask: Ask, plots: Plots) -> None:
    """A box of no width or height still meets what lies on it."""
    line, point = shapely.LineString([(530_200, 180_000), (530_200, 180_900)]), shapely.Point(530_200, 180_300)
    assert ask("S_INTERSECTS(geometry,BBOX(530200,180000,530200,180900))", crs=EPSG27700) == shaped(
        plots, line.intersects
    )
    assert ask("S_INTERSECTS(BBOX(530200,180300,530200,180300),geometry)", crs=EPSG27700) == shaped(
        plots, point.intersects
    )


def test_a_box_is_exact_to_the_last_digit(ask: Ask, plots: Plots) -> None:
    """The index thinks in single precision, 3 cm here; what is a hundredth of a millimetre outside is not found."""
    west = 530_200.00001
    inside = shaped(plots, shapely.box(west, 180_000, 531_000, 181_000).intersects)
    assert ask(f"S_INTERSECTS(geometry,BBOX({west},180000,531000,181000))", crs=EPSG27700) == inside
    assert inside != ask("S_INTERSECTS(geometry,BBOX(530200,180000,531000,181000))", crs=EPSG27700)
    thin = shapely.box(530_200.001, 180_000, 530_200.002, 181_000)
    assert ask("S_INTERSECTS(geometry,BBOX(530200.001,180000,530200.002,181000))", crs=EPSG27700) == shaped(
        plots, thin.intersects
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


TIMES: dict[str, Callable[[str, str], object]] = {
    "T_AFTER(start, DATE('2019-12-31'))": lambda s, _: s > "2019-12-31",
    "T_BEFORE(start, DATE('2019-12-31'))": lambda s, _: "" < s < "2019-12-31",
    "T_EQUALS(start, DATE('2019-12-31'))": lambda s, _: s == "2019-12-31",
    "T_DISJOINT(start, INTERVAL('2019-12-31','2020-01-01'))": lambda s, _: s and not "2019-12-31" <= s <= "2020-01-01",
    "T_INTERSECTS(start, INTERVAL('2019-12-31','2020-01-01'))": lambda s, _: "2019-12-31" <= s <= "2020-01-01",
    "T_INTERSECTS(INTERVAL('2020-01-01','..'), start)": lambda s, _: s >= "2020-01-01",
    "T_INTERSECTS(start, INTERVAL('..',finish))": lambda s, f: s and f and s <= f,
    "T_AFTER(start, '2020-01-01')": lambda s, _: s > "2020-01-01",
    "T_AFTER(start, TIMESTAMP('2020-01-01T12:00:00Z'))": lambda s, _: s > "2020-01-01",
    "T_EQUALS(INTERVAL(start,finish), INTERVAL('2020-01-01','2020-01-03'))": lambda s, f: (
        (s, f) == ("2020-01-01", "2020-01-03")
    ),
    "T_CONTAINS(INTERVAL(start,finish), INTERVAL('2020-01-01','2020-01-02'))": lambda s, f: (
        "" < s < "2020-01-01" and f > "2020-01-02"
    ),
    "T_DURING(INTERVAL(start,finish), INTERVAL('2019-12-31T00:00:00Z','2020-01-05T00:00:00Z'))": lambda s, f: (
        s > "2019-12-31" and "" < f < "2020-01-05"
    ),
    "T_FINISHES(INTERVAL(start,finish), INTERVAL('2019-12-30','2020-01-03'))": lambda s, f: (
        s > "2019-12-30" and f == "2020-01-03"
    ),
    "T_FINISHEDBY(INTERVAL(start,finish), INTERVAL('2020-01-01','2020-01-03'))": lambda s, f: (
        "" < s < "2020-01-01" and f == "2020-01-03"
    ),
    "T_MEETS(INTERVAL(start,finish), INTERVAL('2020-01-03','..'))": lambda s, f: s and f == "2020-01-03",
    "T_METBY(INTERVAL(start,finish), INTERVAL('..','2020-01-01'))": lambda s, _: s == "2020-01-01",
    "T_OVERLAPS(INTERVAL(start,finish), INTERVAL('2020-01-01','2020-01-05'))": lambda s, f: (
        "" < s < "2020-01-01" < f < "2020-01-05"
    ),
    "T_OVERLAPPEDBY(INTERVAL(start,finish), INTERVAL('2019-12-30','2020-01-02'))": lambda s, f: (
        "2019-12-30" < s < "2020-01-02" < f
    ),
    "T_STARTS(INTERVAL(start,finish), INTERVAL('2020-01-01','2020-01-05'))": lambda s, f: (
        s == "2020-01-01" and "" < f < "2020-01-05"
    ),
    "T_STARTEDBY(INTERVAL(start,finish), INTERVAL('2020-01-01','2020-01-02'))": lambda s, f: (
        s == "2020-01-01" and f > "2020-01-02"
    ),
}  # fmt: skip


@pytest.mark.parametrize("wanted", TIMES)
def test_every_temporal_function_is_as_the_time_ontology_has_it(wanted: str, ask: Ask, plots: Plots) -> None:
    """/req/temporal-functions, with instants and intervals of dates, timestamps, properties and no end."""
    expected = found(plots, lambda row: TIMES[wanted](day(row["start"]), day(row["finish"])))
    # An interval of which one end is unknown may still be decided by the other, as in SQL.
    known = found(plots, lambda row: row["start"] and row["finish"]) if "finish" in wanted else expected
    assert [one for one in ask(wanted) if one in known] == [one for one in expected if one in known]
    assert expected


def test_all_temporal_functions_are_tried() -> None:
    """No function is left out of the test before this one."""
    assert {wanted.partition("(")[0].lower() for wanted in TIMES} == set(RELATIONS)


@pytest.mark.parametrize("function", ["T_CONTAINS", "T_DURING", "T_MEETS", "T_STARTS", "T_FINISHEDBY", "T_OVERLAPS"])
def test_functions_of_intervals_take_no_instant(function: str, compiled: Compiled) -> None:
    """ "Using these functions with instants will result in a client error" (7.8), which says what to use instead."""
    with pytest.raises(BadInput, match=rf"{function} takes two intervals, not start \(date\).*T_INTERSECTS"):
        compiled(f"{function}(start, INTERVAL('2020-01-01','2020-01-02'))")


@pytest.mark.parametrize(
    ("wanted", "everything"),
    [
        ("start >= DATE('0000-01-01')", True), ("start < DATE('0000-12-31')", False),
        ("start <= DATE('9999-12-31')", True), ("start > TIMESTAMP('0000-02-29T23:59:59.999Z')", True),
        ("start < TIMESTAMP('9999-12-31T23:59:59-01:00')", True),
        ("start > TIMESTAMP('0001-01-01T00:00:00+14:00')", True),
        ("DATE('0000-02-29') < DATE('0000-03-01') AND start IS NOT NULL", True),
        ("DATE('0000-12-31') < DATE('0001-01-01') AND start IS NOT NULL", True),
        ("TIMESTAMP('0000-01-01T00:00:00+01:00') < TIMESTAMP('0000-01-01T00:00:00Z') AND start IS NOT NULL", True),
        ("T_INTERSECTS(start, INTERVAL('..','..'))", True), ("start >= TIMESTAMP('2019-12-28T00:00:00')", True),
    ],
)  # fmt: skip
def test_the_first_and_the_last_year_are_dates(wanted: str, everything: bool, ask: Ask, plots: Plots) -> None:
    """Clients write the years 0000 and 9999 for no end."""
    assert ask(wanted) == (found(plots, lambda row: row["start"]) if everything else [])


@pytest.mark.parametrize(
    "instant",
    ["DATE('2020-02-30')", "DATE('x')", "DATE('2020-01-01T00:00:00Z')", "TIMESTAMP('2020-01-01')", "'now'", "'..'",
     "DATE('10000-01-01')", "TIMESTAMP('2020-01-01T25:00:00Z')", "'yesterday'", "'infinity'", "DATE('')",
     "DATE('٢٠٢٠-٠١-٠١')", "DATE('2020-01-01\n')", "TIMESTAMP('2020-01-01T00:00:00+99:00')"],
)  # fmt: skip
def test_days_that_never_were_are_refused(instant: str, compiled: Compiled) -> None:
    """A date that cannot be read, or is none, is refused; PostgreSQL's own words for dates are not taken."""
    with pytest.raises(BadInput, match=r"is not a|there is no day or time"):
        compiled(f"start = {instant}")


def test_json_dates_of_other_shapes_are_refused(compiled: Compiled) -> None:
    """A date in JSON is a text, an interval has two ends."""
    for node in ({"date": 3}, {"timestamp": None}, {"interval": ["2020-01-01"]}, {"interval": "x"}, {"date": ["x"]},
                 {"interval": [1, 2]}, {"interval": [{"property": "name"}, ".."]}):  # fmt: skip
        with pytest.raises(BadInput):
            compiled({"op": "t_after", "args": [{"property": "start"}, node]})


def test_case_is_folded_as_unicode_folds_it(plots_engine: Engine) -> None:
    """/req/case-insensitive-comparison: of every character and its full case folding CASEI makes the same.

    The one other pair that it makes the same is the dotless i and the i.
    """
    every = (chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000)
    changing = [one for one in every if len({one, one.casefold(), one.lower(), one.upper()}) > 1]
    lists = (literal(texts, ARRAY(Text())) for texts in (changing, [one.casefold() for one in changing]))
    rows = func.unnest(*lists).table_valued("one", "plain").render_derived()
    one, plain = (folded("casei", Term("string", column, "")).sql for column in (rows.c.one, rows.c.plain))
    with transaction(plots_engine) as connection:
        made = connection.execute(select(rows.c.one, one, plain)).all()
    assert [one for one, same, plain in made if same != plain] == []
    kinds: dict[str, set[str]] = {}
    for one, same, _ in made:
        kinds.setdefault(same, set()).add(one.casefold())
    assert [kind for kind in kinds.values() if len(kind) > 1] == [{"i", "ı"}]


def test_case_is_folded_on_both_sides(ask: Ask, plots: Plots) -> None:
    """CASEI of property and literal, in comparisons, lists and patterns, nested or not."""
    expected = found(plots, lambda row: (row["name"] or "").casefold() == "strasse")
    assert ask("CASEI(name) = CASEI('STRASSE')") == ask("CASEI('straße') = CASEI(CASEI(name))") == expected
    assert ask("CASEI(name) IN (CASEI('strasse'), 'x')") == ask("CASEI(name) LIKE CASEI('STRAS_E')") == expected
    assert {row["name"] for row in plots if row["id"] in expected} == {"Straße", "STRASSE", "strasse"}


def test_texts_are_ordered_by_code_point(ask: Ask, plots: Plots) -> None:
    """The order of texts does not hang on the locale of the database."""
    orders: dict[str, Callable[[str, str], bool]] = {
        "<": str.__lt__, "<=": str.__le__, ">": str.__gt__, ">=": str.__ge__,
    }  # fmt: skip
    for operator, holds in orders.items():
        expected = [row["id"] for row in plots if row["name"] is not None and holds(row["name"], "Zoo")]
        assert ask(f"name {operator} 'Zoo'") == expected
        assert expected


ARITHMETIC: dict[str, Callable[[float, float], bool]] = {
    "area / score > 1": lambda a, s: s != 0 and a / s > 1,
    "NOT (area / score > 1)": lambda a, s: s != 0 and not a / s > 1,
    "area % 2 = 0.5": lambda a, _: math.fmod(a, 2) == 0.5,
    "area % score = 0": lambda a, s: s != 0 and math.fmod(a, s) == 0,
    "area div 2 = 1": lambda a, _: math.trunc(a / 2) == 1,
    "area div score = -1": lambda a, s: s != 0 and math.trunc(a / s) == -1,
    "area ^ 2 > 6": lambda a, _: a**2 > 6,
    "area ^ 0.5 > 1": lambda a, _: a >= 0 and a**0.5 > 1,
    "area ^ -1 > 0": lambda a, _: a > 0,
    "area ^ -0.5 > 0": lambda a, _: a > 0,
    "2 ^ score >= 2": lambda _, s: s >= 1,
    "score ^ score > 0": lambda _, s: s in {0, 1, 2.5},  # 7 ^ 7: see POWER_DECADES
    "0 ^ score = 0": lambda _, s: s > 0,
    "(-2) ^ score < 0": lambda _, s: s in {1, 7},
    "area + 1.5 = 4": lambda a, _: a == 2.5,
    "area * 2 - score < 0": lambda a, s: a * 2 - s < 0,
    "area > 1 / 2": lambda a, _: a > 0.5,
    "area * area * area * area > 30": lambda a, _: a**4 > 30,
}


@pytest.mark.parametrize("wanted", ARITHMETIC)
def test_arithmetic_is_never_an_error(wanted: str, ask: Ask, plots: Plots) -> None:
    """/req/arithmetic; what has no value, as x / 0, is unknown, and never stops the question."""

    def matches(row: dict[str, Any]) -> bool:
        needs = [row[name] for name in ("area", "score") if name in wanted]
        return None not in needs and ARITHMETIC[wanted](row["area"] or 0, row["score"] or 0)

    expected = found(plots, matches)
    assert ask(wanted) == expected
    assert expected


@pytest.mark.parametrize(
    "wanted",
    ["1 / 0 = 1", "NOT 1 / 0 = 1", "0 ^ -1 = 1", "(-1) ^ 0.5 = 1", "5 % 0 = 1", "area / 0 > 1", "1 / 0 > area"],
)
def test_what_has_no_value_is_unknown(wanted: str, ask: Ask) -> None:
    """A number that there is none of is not found, and neither is its opposite."""
    assert ask(wanted) == []


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ("area * 1e308 > 1", r"the result of \* could leave the range"),
        ("area * 1e-308 > 1", r"the result of \* could leave the range"),
        ("area ^ 11 > 1", r"the result of \^ could leave the range"),
        ("area / 1e-290 > 1", "the result of / could leave the range"),
        ("area div 1e-290 > 1", "could leave the range"),
        ("1e308 * 10 > area", "beyond the range of numbers"),
        ("10 ^ 400 > area", "beyond the range of numbers"),
        ("1e308 / 1e-308 > area", "beyond the range of numbers"),
        ("1e308 div 1e-308 > area", "beyond the range of numbers"),
        ("area > 1e400", "beyond the range of numbers"),
        (" + ".join(["area"] * 60) + " > 1", "could leave the range|within each other"),
        ("((2 ^ area) ^ score) ^ area > 1", "too many parts"),
        ("area + name > 1", r"\+ takes two numbers, not area \(number\) and name \(string\)"),
        ("area + '1' > 1", r"\+ takes two numbers, not .*'1' \(string\)"),
        ("-name = 1", r"\* takes two numbers, not -1.0 \(number\) and name"),
        ("stale + 1 > 1", r"\+ takes two numbers, not stale \(boolean\)"),
    ],
    ids=lambda value: value[:40],
)
def test_arithmetic_that_could_overflow_is_refused(wanted: str, problem: str, compiled: Compiled) -> None:
    """What could leave the range of PostgreSQL's numbers on some row is refused before it is asked."""
    with pytest.raises(BadInput, match=problem):
        compiled(wanted)


@pytest.mark.parametrize("value", [1e-300, 5e-324, 1e300, -1.7e308, 0.0, 3.0, math.nan, math.inf])
def test_no_stored_number_stops_arithmetic(value: float, plots_engine: Engine) -> None:
    """Whatever a column holds, arithmetic with it is answered; compared, it is itself."""
    column = select(cast(literal(value), Double()).label("n")).subquery().c.n
    wanted = ("n*n*n*n = 1", "n^10 = 1", "n^-9 = 1", "1/n = 2", "n/n = 2", "n % n = 1", "n div n = 2", "2^n = 3",
              "n^n = 4", "n^0.1 = 4", "n + n - n = 1", "n % 5 = 4", "n > 1e307")  # fmt: skip
    with transaction(plots_engine) as connection:
        for one in wanted:
            condition = compile_filter(
                parse_filter(one, "cql2-text"), {"n": Queryable(column, "number")}, shapes={}, crs=CRS84
            )
            larger = one == "n > 1e307" and not value < 1e307  # PostgreSQL orders NaN last
            assert connection.execute(select(condition)).scalar_one() in ({True} if larger else {None, False})


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ("owner_type = 'NHS'", f"there is no property 'owner_type'; there are {', '.join(PROPERTIES)}"),
        ("Name = 'NHS'", "there is no property 'Name'"),
        ('"name; DROP TABLE plot" = 1', "there is no property 'name; DROP TABLE plot'"),
        ("pg_sleep(10) = 1", "there is no operator or function 'pg_sleep'; there are and, or, in"),
        ("upper(name) = 'NHS'", "there is no operator or function 'upper'"),
        ("ACCENTI(name) = ACCENTI('x')", "there is no operator or function 'accenti'"),
        ("A_CONTAINS(name, name)", "there is no operator or function 'a_contains'"),
        ("name = 1", r"= compares two of one kind, not name \(string\) and 1.0 \(number\)"),
        ("area > '1'", r"> compares two of one kind, not area \(number\) and '1' \(string\)"),
        ("area = start", "compares two of one kind"),
        ("stale = 'true'", "compares two of one kind"),
        ("area IN (1, 'x')", "compares two of one kind"),
        ("name IN (1, 2)", "compares two of one kind"),
        ("area BETWEEN 'a' AND 'b'", "compares two of one kind"),
        ("geometry = geometry", "= does not compare geometry"),
        ("INTERVAL(start,finish) = INTERVAL(start,finish)", "= does not compare INTERVAL"),
        ("area LIKE '1%'", r"LIKE compares texts, not area \(number\)"),
        ("start LIKE '2020%'", "LIKE compares texts, not start"),
        ("name LIKE owner", "the pattern of LIKE is a text in quotes, or CASEI of one, not owner"),
        (r"name LIKE 'a\\'", "ends with an escape character that escapes nothing"),
        (r"CASEI(name) LIKE CASEI('a\\\\\\')", "ends with an escape character that escapes nothing"),
        ("CASEI(area) = '1'", r"CASEI takes a text, not area \(number\)"),
        ("CASEI(name, owner) = 'x'", "CASEI takes 1, not 2"),
        ("S_INTERSECTS(geometry) = true", "S_INTERSECTS takes 2, not 1"),
        ("area", r"something true or false is expected, not area \(number\)"),
        ("'true'", r"something true or false is expected, not 'true' \(string\)"),
        ("area AND stale", "something true or false is expected, not area"),
        ("NOT area", "something true or false is expected, not area"),
        ("T_AFTER(start, 1)", r"T_AFTER takes dates and intervals, not 1.0 \(number\)"),
        ("T_AFTER(name, start)", "T_AFTER takes dates and intervals, not name"),
        ("name = 'a\0b'", r"has the character '\\x00'"),
        ("name = '\udc80'", r"has the character '\\udc80'"),
        ("name IN ('a', 'b\0')", r"has the character '\\x00'"),
        ("name LIKE '\0'", r"has the character '\\x00'"),
        ("start IN (" + ",".join(["'2020-01-01'"] * 501) + ")", "IN compares with at most 500 values"),
        (" OR ".join(["area = 1"] * 2_100), "more than 2,000 operators"),
        ("NOT " * 45 + "stale", "more than 40 within each other"),
        ("'" + "x" * 10_000 + "' = 1", "compares two of one kind"),
    ],
    ids=lambda value: value[:40],
)
def test_what_may_not_be_asked_is_refused(wanted: str, problem: str, compiled: Compiled) -> None:
    """Names that are not known, kinds that do not fit, patterns and characters that PostgreSQL refuses: a short 400."""
    with pytest.raises(BadInput, match=problem) as refused:
        compiled(wanted)
    assert refused.value.detail.startswith("filter: ")
    assert len(refused.value.detail) < 600


AREA = {"property": "area"}


@pytest.mark.parametrize(
    "node",
    [
        None, 1, "x", [], {}, [True], {"op": "="}, {"op": "=", "args": None}, {"op": "=", "args": {}},
        {"op": 3, "args": []}, {"op": "=", "args": []}, {"op": "=", "args": [1, 2, 3]}, {"op": "and", "args": []},
        {"op": "not", "args": []}, {"op": "in", "args": [AREA, []]}, {"op": "in", "args": [AREA, 1]},
        {"op": "in", "args": [AREA]}, {"op": "between", "args": [AREA, [1, 2]]}, {"op": "=", "args": [AREA, None]},
        {"op": "=", "args": [{"property": ["area"]}, 1]}, {"op": "=", "args": [{"property": {"a": 1}}, 1]},
        {"op": "=", "args": [AREA, [1]]}, {"op": "=", "args": [AREA, 10**400]}, {"op": "=", "args": [AREA, math.nan]},
        {"op": "in", "args": [AREA, [1, math.inf]]}, {"op": "isNull", "args": [{"unknown": 1}]},
        {"op": "like", "args": ["x", "x\\"]}, {"function": {"name": "avg", "args": []}},
        {"op": ["and"], "args": [True]},
    ],
    ids=lambda node: str(node)[:60],
)  # fmt: skip
def test_json_that_is_no_filter_is_refused(node: Any, compiled: Compiled) -> None:
    """Any JSON that is not CQL2 is a BadInput that says so shortly."""
    with pytest.raises(BadInput, match=r"^filter: ") as refused:
        compiled([node] if isinstance(node, str) else node)
    assert len(refused.value.detail) < 500


def test_depth_is_refused_in_json(compiled: Compiled) -> None:
    """Operators within each other in JSON, or anything else, are refused before the stack ends."""
    node: Any = True
    interval: Any = ".."
    for _ in range(3_000):
        node = {"op": "not", "args": [node]}
        interval = {"interval": [interval, ".."]}
    for deep in (node, {"op": "t_after", "args": [interval, interval]}, {"op": "=", "args": [[node], 1]}):
        with pytest.raises(BadInput, match=r"^filter: it "):
            compiled(deep)


def test_the_deepest_filter_is_answered(ask: Ask) -> None:
    """What is not refused as too deep is not too deep for SQLAlchemy or PostgreSQL either."""
    wanted = "area > 1"
    for number in range(12):
        wanted = f"NOT ({wanted} OR score = {number}) AND (area + 1 > 0 OR name LIKE 'x%')"
    assert ask(wanted) is not None


def test_names_and_values_stay_out_of_the_statement(compiled: Compiled, ask: Ask, plots: Plots) -> None:
    """Whatever a value says it is only ever compared, because it is bound; nothing of it is in the SQL."""
    assert ask("name = ''' OR 1=1 --'") == found(plots, lambda row: row["name"] == "' OR 1=1 --") != []
    sql = str(compiled("name = ''' OR 1=1 --' OR name LIKE '%(x)s:y%' OR start > '2020-01-01' OR area > 17"))
    assert not [value for value in ("1=1", "2020", "17", ":y") if value in sql]
    assert ask("name LIKE '%(x)s:y%%' OR name IN ('%s', ':a', '%(b)s', '{', '\"')") == []


def test_filters_of_one_shape_are_one_statement(compiled: Compiled) -> None:
    """SQLAlchemy compiles a shape once: other values, and lists of other lengths, are found in its cache."""
    shapes = [
        ("name = 'a' AND area > 1 AND S_INTERSECTS(geometry,BBOX(0,50,1,51))",
         "name = 'b' AND area > 2.5 AND S_INTERSECTS(geometry,BBOX(-1,51,1,53.5))"),
        ("name IN ('a')", "name IN ('b','c','d')"),
        ("holdings IN (1)", "holdings IN (2,3)"),
        ("start > DATE('2020-01-01')", "start > DATE('0000-01-01')"),
        ("CASEI(name) LIKE CASEI('a%')", "CASEI(name) LIKE CASEI('b_')"),
        ("S_WITHIN(geometry,POLYGON((0 0,1 0,1 1,0 0)))", "S_WITHIN(geometry,LINESTRING(5 5,6 6))"),
        ("area * 2 > 1", "area * 3.5 > 9"),
        ("true", "false"),
    ]  # fmt: skip
    keys = [[compiled(wanted)._generate_cache_key() for wanted in pair] for pair in shapes]
    assert all(first is not None and first == second for first, second in keys)
    functions = [compiled(f"{name}(geometry,POINT(1 2))")._generate_cache_key() for name in FUNCTIONS]
    assert not any(one == other for one, other in itertools.combinations(functions, 2))


def test_ten_thousand_values_are_one_list(ask: Ask, plots: Plots) -> None:
    """A list of 10,000 is quickly read, and one bound value for the database."""
    began = time.process_time()
    names = ",".join(f"'name {number}'" for number in range(10_000))
    assert ask(f"name IN ({names},'NHS')") == found(plots, lambda row: row["name"] == "NHS")
    numbers = ",".join(map(str, range(10, 10_010)))
    assert ask(f"NOT area IN ({numbers})") == found(plots, lambda row: row["area"] is not None)
    assert time.process_time() - began < 5


def test_a_large_outline_is_asked_with(ask: Ask, plots: Plots) -> None:
    """A polygon of 10,000 positions is a question like any other."""
    ring = shapely.Point(530_400, 180_400).buffer(333.3, quad_segs=2_500)
    assert ask(f"S_INTERSECTS(geometry,{ring.wkt})", crs=EPSG27700) == shaped(plots, ring.intersects)


def test_both_encodings_find_the_same(ask: Ask) -> None:
    """CQL2 JSON is read as CQL2 text is."""
    unknown = {"op": "isNull", "args": [{"property": "name"}]}
    node = {"op": "and", "args": [{"op": ">", "args": [AREA, 1]}, {"op": "not", "args": [unknown]}]}
    assert ask(json.dumps(node), lang="cql2-json") == ask("area > 1 AND name IS NOT NULL") != []


def test_literals_and_properties_stand_on_either_side(ask: Ask, plots: Plots) -> None:
    """/req/property-property: literal with literal, literal with property, property with property."""
    everything = found(plots, lambda _: True)
    for value in ("'foo'", "true", "3.14", "1", "TIMESTAMP('2022-04-14T14:48:46Z')", "DATE('2022-04-14')"):
        for operator in ("=", ">=", "<="):
            assert ask(f"{value} {operator} {value}") == everything
        for operator in ("<>", "<", ">"):
            assert ask(f"{value} {operator} {value}") == []
    assert ask("'København' LIKE 'K_benhavn'") == everything
    for name in PROPERTIES[:-1]:
        assert ask(f"{name} = {name}") == ask(f"{name} >= {name}") == ask(f"{name} IS NOT NULL")
        assert ask(f"{name} <> {name}") == ask(f"{name} < {name}") == []
    assert ask("2 > area") == ask("area < 2") != []


def test_anything_can_be_asked_for_null(ask: Ask, plots: Plots) -> None:
    """/req/basic-cql2/null-predicate: properties, literals, intervals, geometries, conditions and arithmetic."""
    assert ask("INTERVAL(start,finish) IS NULL") == found(plots, lambda row: not (row["start"] and row["finish"]))
    assert ask("(area > 1) IS NULL") == ask("area + 1 IS NULL") == ask("area IS NULL") != []
    assert ask("'x' IS NULL") == ask("POINT(1 2) IS NULL") == ask("BBOX(1,2,3,4) IS NULL") == []


def test_only_what_passes_is_declared() -> None:
    """QGIS asks the server to filter if these are declared (the last by its older name too); functions are not."""
    names = {uri.rpartition("/")[2] for uri in CONFORMANCE}
    assert {"cql2-text", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
            "basic-spatial-functions", "basic-spatial-operators"} <= names  # fmt: skip
    assert not {"functions", "accent-insensitive-comparison", "array-functions"} & names
    assert all(uri.startswith("http://www.opengis.net/spec/cql2/1.0/conf/") for uri in CONFORMANCE)
