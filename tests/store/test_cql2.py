"""What filters find, on a real PostGIS: what clients write, what the standard promises, and what is refused."""

import itertools
import json
import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import ColumnElement

from estates_api.errors import BadInput
from estates_api.store.cql2 import CONFORMANCE
from estates_api.store.cql2_shapes import FUNCTIONS

Ask = Callable[..., list[str]]
Compiled = Callable[..., ColumnElement[bool]]
Plots = Any
"""conftest.Plots: rows, with ways to find some of them."""

PROPERTIES = ("id", "name", "owner", "area", "score", "holdings", "stale", "start", "finish", "geometry")


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
    expected = plots.found(CLIENTS[wanted])
    assert ask(wanted) == expected
    assert 0 < len(expected) < len(plots)


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
    assert ask("name = ''' OR 1=1 --'") == plots.found(lambda row: row["name"] == "' OR 1=1 --") != []
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
    assert ask(f"name IN ({names},'NHS')") == plots.found(lambda row: row["name"] == "NHS")
    numbers = ",".join(map(str, range(10, 10_010)))
    assert ask(f"NOT area IN ({numbers})") == plots.found(lambda row: row["area"] is not None)
    assert time.process_time() - began < 60


def test_both_encodings_find_the_same(ask: Ask) -> None:
    """CQL2 JSON is read as CQL2 text is."""
    unknown = {"op": "isNull", "args": [{"property": "name"}]}
    node = {"op": "and", "args": [{"op": ">", "args": [AREA, 1]}, {"op": "not", "args": [unknown]}]}
    assert ask(json.dumps(node), lang="cql2-json") == ask("area > 1 AND name IS NOT NULL") != []


def test_literals_and_properties_stand_on_either_side(ask: Ask, plots: Plots) -> None:
    """/req/property-property: literal with literal, literal with property, property with property."""
    everything = plots.found(lambda _: True)
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
    assert ask("INTERVAL(start,finish) IS NULL") == plots.found(lambda row: not (row["start"] and row["finish"]))
    assert ask("(area > 1) IS NULL") == ask("area + 1 IS NULL") == ask("area IS NULL") != []
    assert ask("'x' IS NULL") == ask("POINT(1 2) IS NULL") == ask("BBOX(1,2,3,4) IS NULL") == []


def test_only_what_passes_is_declared() -> None:
    """QGIS asks the server to filter if these are declared (the last by its older name too); functions are not."""
    names = {uri.rpartition("/")[2] for uri in CONFORMANCE}
    assert {"cql2-text", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
            "basic-spatial-functions", "basic-spatial-operators"} <= names  # fmt: skip
    assert not {"functions", "accent-insensitive-comparison", "array-functions"} & names
    assert all(uri.startswith("http://www.opengis.net/spec/cql2/1.0/conf/") for uri in CONFORMANCE)
