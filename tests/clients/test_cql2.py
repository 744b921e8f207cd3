"""OGC CQL2 (21-065r2), Annex A: the tests of every class that is declared, each by its name, in text and, where it has
a form of its own, in JSON. The standard's own data are not served: its predicates are put to ours, and the result is
compared with the same said in Python."""

import itertools
import json
import operator
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import shapely
from wire import COLLECTIONS, Json, Web

CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/{}"
CLASSES = (
    "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
    "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions", "temporal-functions",
    "property-property", "arithmetic", "basic-spatial-operators",
)  # fmt: skip
VALUES = {"string": "'foo'", "boolean": "true", "number": "3.14", "integer": "1", "date": "DATE('2016-04-14')"}
COMPARISONS = {"=": operator.eq, "<>": operator.ne, ">": operator.gt, "<": operator.lt, ">=": operator.ge,
               "<=": operator.le}  # fmt: skip
WORLD = "BBOX(-180,-90,180,90)"
WORLD_DRAWN = "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))"

each = pytest.mark.parametrize("collection", COLLECTIONS)
drawn = pytest.mark.parametrize("collection", ["sites", "outlines", "boroughs"])


def queryables(web: Web, collection: str, *kinds: str) -> dict[str, str]:
    """What can be asked by, with its kind; only of some kinds when they are given."""
    found = web.json(f"/collections/{collection}/queryables")["properties"]
    named = {name: one.get("format", one["type"]) for name, one in found.items() if "type" in one}
    return {name: kind for name, kind in named.items() if not kinds or kind in kinds}


def one_of_each_kind(web: Web, collection: str) -> dict[str, str]:
    """A queryable of each kind, with its kind, for tests of many questions."""
    by_kind = {kind: name for name, kind in queryables(web, collection).items()}
    return {name: kind for kind, name in by_kind.items()}


def ids(web: Web, collection: str, text: str, **more: Any) -> set[str]:
    """The ids that a filter finds; it must be answered."""
    return web.ids(collection, filter=text, properties="name" if collection != "holdings" else "code", **more)


def refused(web: Web, collection: str, text: str) -> bool:
    """Whether a filter is refused as it should be: 400, and it says that it is the filter."""
    answer = web.ask(f"/collections/{collection}/items", filter=text)
    return answer.status_code == 400 and answer.json()["detail"].startswith("filter: ")


def by(web: Web, collection: str, test: Callable[[Json], Any]) -> set[str]:
    """The ids of the features whose properties pass; what cannot be compared because it is unknown does not."""
    return {one["id"] for one in web.features(collection) if test(one["properties"]) is True}


def test_the_classes_that_are_declared(web: Web) -> None:
    """Every class that is declared is tested here, and no other is declared."""
    said = {one for one in web.json("/conformance")["conformsTo"] if "/spec/cql2/" in one}
    assert said == {CQL2.format(name) for name in CLASSES}


@each
def test_conf_basic_cql2_basic_test(web: Web, collection: str) -> None:
    """/conf/basic-cql2/basic-test: every collection has queryables, each with its type."""
    assert queryables(web, collection)
    assert set(queryables(web, collection).values()) <= set(VALUES)


@each
def test_conf_basic_cql2_comparison(web: Web, collection: str) -> None:
    """/conf/basic-cql2/comparison: all six comparisons with every kind of queryable; opposite ones have nothing in common."""
    for name, kind in one_of_each_kind(web, collection).items():
        found = {sign: ids(web, collection, f'"{name}" {sign} {VALUES[kind]}') for sign in COMPARISONS}
        known = ids(web, collection, f'"{name}" is not null')
        for one, other in (("=", "<>"), (">", "<="), ("<", ">=")):
            assert found[one].isdisjoint(found[other])
            assert found[one] | found[other] == known


@each
def test_conf_basic_cql2_is_null(web: Web, collection: str) -> None:
    """/conf/basic-cql2/is-null: IS NULL and IS NOT NULL share the features out, for every queryable."""
    whole = web.ids(collection)
    for name in queryables(web, collection):
        unknown, known = ids(web, collection, f'"{name}" IS NULL'), ids(web, collection, f"{name} is not null")
        assert unknown.isdisjoint(known)
        assert unknown | known == whole


@each
def test_conf_basic_cql2_boolean(web: Web, collection: str) -> None:
    """/conf/basic-cql2/boolean: `true` finds all, `false` nothing."""
    assert ids(web, collection, "true") == web.ids(collection)
    assert ids(web, collection, "false") == set()


@pytest.mark.parametrize("sign", COMPARISONS)
@pytest.mark.parametrize(("name", "said", "value"), [
    ("borough", "'Enfield'", "Enfield"), ("gia_m2", "1520.5", 1520.5), ("holdings", "1", 1), ("stale", "true", True),
    ("evidence_date", "DATE('2017-03-31')", "2017-03-31"),
])  # fmt: skip
def test_conf_basic_cql2_test_data(web: Web, sign: str, name: str, said: str, value: Any) -> None:
    """/conf/basic-cql2/test-data: comparisons find what Python's own find."""
    test = COMPARISONS[sign]
    assert ids(web, "sites", f"{name}{sign}{said}") == by(
        web, "sites", lambda one: one[name] is not None and test(one[name], value)
    )


PREDICATES: Sequence[tuple[str, Callable[[Json], bool | None]]] = (
    ("sector = 'NHS'", lambda one: None if one["sector"] is None else one["sector"] == "NHS"),
    ("gia_m2 IS NULL", lambda one: one["gia_m2"] is None),
    ("gia_m2 > 2000", lambda one: None if one["gia_m2"] is None else one["gia_m2"] > 2000),
    ("land_ha <= 0.5", lambda one: None if one["land_ha"] is None else one["land_ha"] <= 0.5),
    ("stale = true", lambda one: None if one["stale"] is None else one["stale"]),
    ("evidence_date < DATE('2016-01-01')",
     lambda one: None if one["evidence_date"] is None else one["evidence_date"] < "2016-01-01"),
    ("name LIKE '%Hospital%'", lambda one: "Hospital" in one["name"]),
)  # fmt: skip


def negation(one: bool | None) -> bool | None:
    """NOT, where unknown stays unknown."""
    return None if one is None else not one


def both(*parts: bool | None) -> bool | None:
    """AND, where unknown stays unknown unless another part is false."""
    return False if False in parts else None if None in parts else True


def either(*parts: bool | None) -> bool | None:
    """OR, where unknown stays unknown unless another part is true."""
    return True if True in parts else None if None in parts else False


@pytest.mark.parametrize("chosen", list(itertools.combinations(range(len(PREDICATES)), 4))[::3])
def test_conf_basic_cql2_logical(web: Web, chosen: tuple[int, ...]) -> None:
    """/conf/*/logical: AND, OR and NOT of four predicates, with sub-expressions, also where some are unknown."""
    (one, t1), (two, t2), (three, t3), (four, t4) = (PREDICATES[number] for number in chosen)
    text = f"(NOT ({two}) AND {one}) OR ({three} and {four}) or not ({one} OR {four})"

    def meant(said: Json) -> bool | None:
        p1, p2, p3, p4 = t1(said), t2(said), t3(said), t4(said)
        return either(both(negation(p2), p1), both(p3, p4), negation(either(p1, p4)))

    assert ids(web, "sites", text) == by(web, "sites", meant)


def test_conf_cql2_text_escaping(web: Web) -> None:
    r"""/conf/cql2-text/escaping: `''` and `\'` are one quotation mark in a text."""
    meant = by(web, "sites", lambda one: one["name"] == "St Ann's Hospital")
    assert len(meant) == 1
    assert ids(web, "sites", "name = 'St Ann''s Hospital'") == meant
    assert ids(web, "sites", r"name = 'St Ann\'s Hospital'") == meant
    assert refused(web, "sites", "name = 'St Ann's Hospital'")


JSON_FORMS = [
    ("sector = 'NHS'", {"op": "=", "args": [{"property": "sector"}, "NHS"]}),
    ("NOT (gia_m2 > 1000 AND stale = true)", {"op": "not", "args": [{"op": "and", "args": [
        {"op": ">", "args": [{"property": "gia_m2"}, 1000]}, {"op": "=", "args": [{"property": "stale"}, True]}]}]}),
    ("land_ha IS NULL", {"op": "isNull", "args": [{"property": "land_ha"}]}),
    ("name LIKE '%Hospital%'", {"op": "like", "args": [{"property": "name"}, "%Hospital%"]}),
    ("gia_m2 BETWEEN 1000 AND 5000", {"op": "between", "args": [{"property": "gia_m2"}, 1000, 5000]}),
    ("borough IN ('Camden','Barnet')", {"op": "in", "args": [{"property": "borough"}, ["Camden", "Barnet"]]}),
    ("CASEI(borough) = CASEI('CAMDEN')", {"op": "=", "args": [
        {"op": "casei", "args": [{"property": "borough"}]}, {"op": "casei", "args": ["CAMDEN"]}]}),
    ("evidence_date >= DATE('2016-01-01')", {"op": ">=", "args": [
        {"property": "evidence_date"}, {"date": "2016-01-01"}]}),
    ("S_INTERSECTS(geometry,BBOX(-0.2,51.5,-0.1,51.6))", {"op": "s_intersects", "args": [
        {"property": "geometry"}, {"bbox": [-0.2, 51.5, -0.1, 51.6]}]}),
    ("S_WITHIN(geometry,POLYGON((-0.2 51.5,-0.1 51.5,-0.1 51.6,-0.2 51.5)))", {"op": "s_within", "args": [
        {"property": "geometry"}, {"type": "Polygon", "coordinates": [
            [[-0.2, 51.5], [-0.1, 51.5], [-0.1, 51.6], [-0.2, 51.5]]]}]}),
    ("gia_m2 / holdings > 500 * 2 + 1", {"op": ">", "args": [
        {"op": "/", "args": [{"property": "gia_m2"}, {"property": "holdings"}]},
        {"op": "+", "args": [{"op": "*", "args": [500, 2]}, 1]}]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "form"), JSON_FORMS, ids=[text for text, _ in JSON_FORMS])
def test_conf_cql2_json_validate(web: Web, text: str, form: Json) -> None:
    """/conf/cql2-json/validate: the same filter in JSON finds the same."""
    found = ids(web, "sites", json.dumps(form), filter_lang="cql2-json")
    assert found == ids(web, "sites", text)
    assert 0 < len(found) < 132


@each
def test_conf_advanced_comparison_operators_like(web: Web, collection: str) -> None:
    r"""/conf/advanced-comparison-operators/like: `%` is anything, `_` one character, `\` before them themselves."""
    for name in list(queryables(web, collection, "string"))[:3]:
        found = {pattern: ids(web, collection, f'"{name}" LIKE \'{pattern}\'')
                 for pattern in ("%", "_%", "", "%%", r"\%\_")}  # fmt: skip
        assert found["_%"].isdisjoint(found[""])
        assert found["%"] == found["%%"] == ids(web, collection, f'"{name}" IS NOT NULL')


@each
def test_conf_advanced_comparison_operators_between(web: Web, collection: str) -> None:
    """/conf/advanced-comparison-operators/between: both ends belong to it, and the wrong way round it is empty."""
    for name in queryables(web, collection, "number", "integer"):
        inside = ids(web, collection, f"{name} BETWEEN 0 AND 100")
        assert inside == ids(web, collection, f"{name} >= 0 AND {name} <= 100")
        assert ids(web, collection, f"{name} between 100.0 and 1.0") == set()


@each
def test_conf_advanced_comparison_operators_in(web: Web, collection: str) -> None:
    """/conf/advanced-comparison-operators/in: a list of values of every kind."""
    lists = {"number": "(1, 2, 3)", "integer": "(1, 2, 3)", "string": "('foo', 'bar')", "boolean": "(true)",
             "date": "(DATE('2017-03-31'), DATE('2015-03-31'))"}  # fmt: skip
    for name, kind in one_of_each_kind(web, collection).items():
        inside, outside = (ids(web, collection, f'"{name}" {word} {lists[kind]}') for word in ("IN", "not in"))
        assert inside.isdisjoint(outside)
        assert inside | outside == ids(web, collection, f'"{name}" IS NOT NULL')


@pytest.mark.parametrize(("text", "test"), [
    ("name LIKE 'St_A%'", lambda one: one["name"][:2] == "St" and one["name"][3:4] == "A"),
    ("name NOT LIKE 'St%'", lambda one: not one["name"].startswith("St")),
    ("holdings in (2,3)", lambda one: one["holdings"] in {2, 3}),
    ("borough NOT IN ('Camden','Barnet')", lambda one: one["borough"] not in {None, "Camden", "Barnet"}),
    ("holdings not between 1 and 1", lambda one: not 1 <= one["holdings"] <= 1),
    ("CASEI(borough) IN (casei('CAMDEN'), casei('barnet'))", lambda one: one["borough"] in {"Camden", "Barnet"}),
    ("CASEI(name) LIKE casei('%HOSPITAL%')", lambda one: "hospital" in one["name"].lower()),
])  # fmt: skip
def test_conf_advanced_comparison_operators_test_data(web: Web, text: str, test: Callable[[Json], bool]) -> None:
    """/conf/advanced-comparison-operators/test-data, /conf/case-insensitive-comparison/test-data: as Python finds."""
    assert ids(web, "sites", text) == by(web, "sites", test) != set()


@each
def test_conf_case_insensitive_comparison_casei(web: Web, collection: str) -> None:
    """/conf/case-insensitive-comparison/casei, casei-like: case is nothing on either side."""
    for name in list(queryables(web, collection, "string"))[:3]:
        same = ids(web, collection, f"CASEI(\"{name}\") = casei('foo')")
        assert same.isdisjoint(ids(web, collection, f"CASEI(\"{name}\") <> casei('FOO')"))
        like = [ids(web, collection, f"CASEI(\"{name}\") LIKE casei('{word}')") for word in ("c%", "C%")]
        assert like[0] == like[1]


@each
def test_conf_property_property(web: Web, collection: str) -> None:
    """/conf/property-property/comparison-value-property, comparison-property-property: values and properties may
    stand on either side."""
    mirrored = {"=": "=", "<>": "<>", ">": "<", "<": ">", ">=": "<=", "<=": ">="}
    for name, kind in one_of_each_kind(web, collection).items():
        known = ids(web, collection, f'"{name}" IS NOT NULL')
        for sign, other in mirrored.items():
            found = ids(web, collection, f'{VALUES[kind]} {sign} "{name}"')
            assert found == ids(web, collection, f'"{name}" {other} {VALUES[kind]}')
            assert ids(web, collection, f'"{name}" {sign} "{name}"') == (known if "=" in sign else set())


@pytest.mark.parametrize("value", [*VALUES.values(), "TIMESTAMP('2022-04-14T14:48:46Z')"])
def test_conf_property_property_comparison_value_value(web: Web, value: str) -> None:
    """/conf/property-property/comparison-value-value: values may stand on both sides."""
    whole = web.ids("boroughs")
    assert all(ids(web, "boroughs", f"{value} {sign} {value}") == whole for sign in ("=", ">=", "<="))
    assert all(ids(web, "boroughs", f"{value} {sign} {value}") == set() for sign in ("<>", ">", "<"))


@pytest.mark.parametrize(("text", "value"), [
    ("2+2^1-1*3", 1), ("10/5", 2), ("21 div 10", 2), ("5%2+1", 2), ("(1+1)*(2-1)", 2), ("-1+3", 2), ("2^0", 1),
])  # fmt: skip
@pytest.mark.parametrize("sign", COMPARISONS)
def test_conf_arithmetic_arithmetic(web: Web, sign: str, text: str, value: int) -> None:
    """/conf/arithmetic/arithmetic, test-data: the operators with their precedence, on either side."""
    meant = by(web, "sites", lambda one: COMPARISONS[sign](one["holdings"], value))
    assert ids(web, "sites", f"holdings{sign}{text}") == meant
    assert ids(web, "sites", f"holdings*2 {sign} 2*({text})") == meant


def test_conf_arithmetic_division_by_nothing(web: Web) -> None:
    """/conf/arithmetic: what divides by nothing, or grows beyond all numbers, is unknown or 400, never an error."""
    for text in ("gia_m2/0 > 1", "gia_m2 % 0 = 0", "gia_m2 div 0 = 0", "gia_m2 ^ 400 > 1", "10^400 > gia_m2"):
        answer = web.ask("/collections/sites/items", filter=text)
        assert answer.status_code in {200, 400}, (text, answer.text)


@drawn
def test_conf_basic_spatial_functions_s_intersects(web: Web, collection: str) -> None:
    """/conf/basic-spatial-functions/s_intersects: points and boxes; a position that cannot be is refused."""
    whole = {one["id"] for one in web.features(collection) if one["geometry"]}
    assert ids(web, collection, f"S_INTERSECTS(geometry,{WORLD})") == whole
    assert ids(web, collection, "S_INTERSECTS(geometry,POINT(7.02 49.92))") == set()
    halves = "S_INTERSECTS(geometry,BBOX(-180,-90,-90,90)) AND S_INTERSECTS(geometry,BBOX(90,-90,180,90))"
    assert ids(web, collection, halves) == set()
    assert refused(web, collection, "S_INTERSECTS(geometry,POINT(90 180))")


SHAPES = [
    "POINT(-0.1337 51.5362)", "MULTIPOINT((-0.13 51.53),(-0.1 51.6))", "LINESTRING(-0.3 51.55,0 51.6)",
    "MULTILINESTRING((-0.3 51.55,0 51.6),(-0.1 51.5,-0.1 51.7))",
    "POLYGON((-0.2 51.5,-0.1 51.5,-0.1 51.6,-0.2 51.6,-0.2 51.5),(-0.16 51.54,-0.14 51.54,-0.14 51.56,-0.16 51.54))",
    "MULTIPOLYGON(((-0.2 51.5,-0.1 51.5,-0.1 51.6,-0.2 51.5)),((-0.05 51.6,0 51.6,0 51.7,-0.05 51.6)))",
    "GEOMETRYCOLLECTION(POINT(-0.13 51.53),POLYGON((-0.2 51.5,-0.1 51.5,-0.1 51.6,-0.2 51.5)))",
]  # fmt: skip


@drawn
@pytest.mark.parametrize("shape", SHAPES)
def test_conf_basic_spatial_functions_plus_s_intersects(web: Web, collection: str, shape: str) -> None:
    """/conf/basic-spatial-functions-plus/s_intersects: every kind of geometry; the same as shapely finds, and the
    other way round (/conf/property-property)."""
    geometry = shapely.from_wkt(shape)
    meant = {one["id"] for one in web.features(collection)
             if one["geometry"] and geometry.intersects(shapely.geometry.shape(one["geometry"]))}  # fmt: skip
    assert ids(web, collection, f"S_INTERSECTS(geometry,{shape})") == meant
    assert ids(web, collection, f"S_INTERSECTS({shape},geometry)") == meant


def test_conf_basic_spatial_functions_plus_refused(web: Web) -> None:
    """/conf/basic-spatial-functions-plus/s_intersects: a position among many that cannot be is refused."""
    assert refused(web, "sites", "S_INTERSECTS(geometry,MULTIPOINT(7.02 49.92, 90 180))")


@drawn
@pytest.mark.parametrize(("name", "all_", "test"), [
    ("S_INTERSECTS", True, shapely.intersects), ("S_DISJOINT", False, shapely.disjoint),
    ("S_EQUALS", False, shapely.equals), ("S_TOUCHES", False, shapely.touches), ("S_CROSSES", False, shapely.crosses),
    ("S_WITHIN", True, shapely.within), ("S_CONTAINS", False, shapely.contains),
    ("S_OVERLAPS", False, shapely.overlaps),
])  # fmt: skip
def test_conf_spatial_functions(
    web: Web, collection: str, name: str, all_: bool, test: Callable[[Any, Any], bool]
) -> None:
    """/conf/spatial-functions/s_*: each relation with the whole world, as box and as polygon, and as shapely has it
    with other shapes."""
    shapes = {one["id"]: shapely.geometry.shape(one["geometry"]) for one in web.features(collection) if one["geometry"]}
    for world in (WORLD, WORLD_DRAWN):
        assert ids(web, collection, f"{name}(geometry,{world})") == (set(shapes) if all_ else set())
    for text in (SHAPES[0], SHAPES[2], SHAPES[4]):
        meant = {ref for ref, shape in shapes.items() if test(shape, shapely.from_wkt(text))}
        assert ids(web, collection, f"{name}(geometry,{text})") == meant


@pytest.mark.parametrize(("name", "instant", "interval"), [
    ("T_AFTER", lambda day: day > "2016-03-31", lambda day: day > "2016-12-31"),
    ("T_BEFORE", lambda day: day < "2016-03-31", lambda day: day < "2015-01-01"),
    ("T_DISJOINT", lambda day: day != "2016-03-31", lambda day: not "2015-01-01" <= day <= "2016-12-31"),
    ("T_EQUALS", lambda day: day == "2016-03-31", lambda _day: False),
    ("T_INTERSECTS", lambda day: day == "2016-03-31", lambda day: "2015-01-01" <= day <= "2016-12-31"),
])  # fmt: skip
def test_conf_temporal_functions_1(
    web: Web, name: str, instant: Callable[[str], bool], interval: Callable[[str], bool]
) -> None:
    """/conf/temporal-functions/temporal-functions-1: instants against instants and intervals."""
    for text, test in (("DATE('2016-03-31')", instant), ("INTERVAL('2015-01-01','2016-12-31')", interval)):
        meant = by(web, "sites", lambda one, test=test: one["evidence_date"] and test(one["evidence_date"]))
        assert ids(web, "sites", f"{name}(evidence_date,{text})") == meant


@pytest.mark.parametrize("name", ["AFTER", "BEFORE", "DISJOINT", "EQUALS", "INTERSECTS", "CONTAINS", "DURING",
                                  "FINISHEDBY", "FINISHES", "MEETS", "METBY", "OVERLAPPEDBY", "OVERLAPS", "STARTEDBY",
                                  "STARTS"])  # fmt: skip
def test_conf_temporal_functions_2(web: Web, name: str) -> None:
    """/conf/temporal-functions/temporal-functions-2: every relation with intervals that end with the evidence."""
    mine = "INTERVAL('2014-01-01',evidence_date)"
    for theirs in ("INTERVAL('2014-01-01','2016-12-31')", "INTERVAL('..','2015-03-31')", "INTERVAL('2015-03-31','..')"):
        assert ids(web, "sites", f"T_{name}({mine},{theirs})") <= ids(web, "sites", "evidence_date IS NOT NULL")


@pytest.mark.parametrize("text", [
    "THIS IS NOT A FILTER", "name =", "= 'a'", "name = 'a", "name LIKE 5", "gia_m2 > 'a'", "stale > 5 AND", "()", "",
    "name = 'a' name = 'b'", "pg_sleep(10) = 1", "S_INTERSECTS(geometry,POINT(1))", "holdings = DATE('2016-13-01')",
    "S_INTERSECTS(name,POINT(1 1))", "geometry = 'x'", "NOT name", "name IN ()", '"none" = 1', "1; DROP TABLE site",
    "CASEI(holdings) = 'a'", "name BETWEEN 1 AND 'b'", "T_AFTER(name,DATE('2016-01-01'))", "A_CONTAINS(name,('a'))",
])  # fmt: skip
def test_filters_that_have_no_meaning(web: Web, text: str) -> None:
    """What cannot be read, names what is not there, or compares what cannot be compared is 400 with a reason."""
    assert refused(web, "sites", text)
