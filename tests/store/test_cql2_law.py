"""The law of filters: what one finds in PostgreSQL is what it is true of in Python, whatever the filter.

Random filters over all kinds of properties are asked of the plots, as JSON and as text, and evaluated row by row here,
with a logic of three values. Any other text is refused or answered.
"""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import cql2
import pytest
import shapely
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from estates_api.domain.crs import CRS84, CRSS, EPSG27700, Crs
from estates_api.errors import BadInput
from estates_api.store.cql2 import parse_filter

Ask = Callable[..., list[str]]
Plots = list[dict[str, Any]]
Node = Any

SHARED = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def op(name: str, *arguments: Node) -> Node:
    """A node of CQL2 JSON."""
    return {"op": name, "args": list(arguments)}


def ops(names: str, *arguments: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Any of some operators on such arguments."""
    return st.builds(op, st.sampled_from(names.split()), *arguments)


def properties(names: str) -> st.SearchStrategy[Node]:
    """Any of some properties."""
    return st.sampled_from([{"property": name} for name in names.split()])


WORDS = ["", "O'Brien", "Straße", "STRASSE", "élan", "a_b", "a\\b", "Zoo", "nhs", "NHS", "line\nbreak", "☃ 💩", "\t"]
PATTERNS = ["%", "_%", "", "%r%", "str%", "STR%", "a\\_b", "a\\\\b", "%\\%%", "_lan", "z__", "O'%", "%\n%"]
NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 2.5, -3.0, 0.1, 1e6, -0.5, 7.0])
COLUMNS = properties("area score holdings")
POWERS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])

numbers = st.recursive(
    NUMBERS | COLUMNS,
    lambda inner: (
        ops("+ - * / % div", inner, inner)
        | ops("^", inner, POWERS)
        | ops("^", st.sampled_from([2.0, 0.5, -2.0, 0.0]), properties("score holdings"))
    ),
    max_leaves=4,
)
texts = st.sampled_from(WORDS) | properties("name owner id")
folded = ops("casei", texts | ops("casei", texts))
DAYS = st.dates(date(2019, 12, 27), date(2020, 1, 8)).map(date.isoformat) | st.sampled_from(
    ["0000-02-29", "9999-12-31"]
)
instants = (
    st.builds(lambda day: {"date": day}, DAYS)
    | st.builds(lambda day, hour: {"timestamp": f"{day}T{hour:02}:30:00Z"}, DAYS, st.integers(0, 23))
    | properties("start finish")
)  # fmt: skip
ends = DAYS | properties("start finish") | st.just("..")
intervals = st.builds(lambda *ends: {"interval": list(ends)}, ends, ends)

grid = st.integers(-1, 11)
positions = st.builds(lambda x, y: [530_000.0 + 100 * x, 180_000.0 + 100 * y], grid, grid)
boxes = st.builds(lambda a, b: {"bbox": [*map(min, a, b), *map(max, a, b)]}, positions, positions)
shapes = (
    boxes
    | st.builds(lambda at: {"type": "Point", "coordinates": at}, positions)
    | st.builds(lambda a, b: {"type": "LineString", "coordinates": [a, b]}, positions, positions).filter(
        lambda line: line["coordinates"][0] != line["coordinates"][1]
    )
    | boxes.filter(lambda box: box["bbox"][0] < box["bbox"][2] and box["bbox"][1] < box["bbox"][3]).map(
        lambda box: (
            shapely.geometry.mapping(shapely.box(*box["bbox"]))
            | {"coordinates": [[list(at) for at in shapely.box(*box["bbox"]).exterior.coords]]}
        )
    )
)
COMPARED = "= <> < > <= >="
SPATIAL = "s_intersects s_disjoint s_equals s_touches s_crosses s_within s_contains s_overlaps"
OF_INSTANTS = "t_after t_before t_disjoint t_equals t_intersects"
OF_INTERVALS = ("t_contains t_during t_finishedby t_finishes t_meets t_metby t_overlappedby t_overlaps t_startedby "
                "t_starts")  # fmt: skip

predicates = st.one_of(
    ops(COMPARED, numbers, numbers),
    ops(COMPARED, texts | folded, texts | folded),
    ops(COMPARED, instants, instants),
    ops(COMPARED, properties("start finish"), DAYS),
    ops(COMPARED, properties("stale"), st.booleans()),
    ops("between", numbers, numbers, numbers),
    ops("between", instants, instants, instants),
    ops("in", numbers, st.lists(NUMBERS, min_size=1, max_size=4)),
    ops("in", numbers, st.lists(numbers, min_size=1, max_size=3)),
    ops("in", texts, st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)),
    ops("in", folded, st.lists(texts | folded, min_size=1, max_size=3)),
    ops("in", instants, st.lists(instants, min_size=1, max_size=3)),
    ops("like", texts, st.sampled_from(PATTERNS)),
    ops("like", folded, ops("casei", st.sampled_from(PATTERNS))),
    ops("isNull", properties("name area holdings stale start geometry") | numbers | folded),
    ops(OF_INSTANTS, instants | intervals, instants | intervals),
    ops(OF_INTERVALS, intervals, intervals),
    ops(SPATIAL, properties("geometry"), shapes),
    ops(SPATIAL, shapes, properties("geometry")),
    properties("stale"),
    st.booleans(),
)
filters = st.recursive(
    predicates,
    lambda inner: (
        ops("and or", inner, inner)
        | ops("and or", inner, inner, inner)
        | ops("not", inner)
        | ops("isNull", inner)
        | ops("= <>", inner, inner)
    ),
    max_leaves=8,
)  # fmt: skip


def all_of(conditions: list[bool | None]) -> bool | None:
    """AND of true, false and unknown."""
    return False if False in conditions else None if None in conditions else True


def opposite(condition: bool | None) -> bool | None:
    """NOT of true, false and unknown."""
    return None if condition is None else not condition


def any_of(conditions: list[bool | None]) -> bool | None:
    """OR of true, false and unknown."""
    return opposite(all_of([opposite(condition) for condition in conditions]))


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


def compare(name: str, left: Any, right: Any) -> bool | None:
    """A comparison, unknown where either side is."""
    return None if left is None or right is None else COMPARE[name](left, right)


def moment(day: str) -> tuple[int, str]:
    """A day or time as something to sort by: the year 0 and no end included."""
    return {"..start": (-1, ""), "..end": (1, "")}.get(day, (0, day if "T" in day else f"{day}T00:00:00Z"))


CALCULATE: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": math.pow,
    "div": lambda a, b: float(math.trunc(a / b)), "%": lambda a, b: rest(Fraction(f"{a:.15g}"), Fraction(f"{b:.15g}")),
}  # fmt: skip


def rest(whole: Fraction, part: Fraction) -> float:
    """What is left over by division, with the sign of what was divided."""
    return float(whole - part * math.trunc(whole / part))


def calculate(name: str, left: float | None, right: float | None) -> float | None:
    """Arithmetic in double precision; unknown where it has no value."""
    if left is None or right is None:
        return None
    try:
        return CALCULATE[name](left, right)
    except (ZeroDivisionError, ValueError):
        return None


# Of the ends of the first, a and b, and of the second, c and d.
RELATIONS = {
    "t_after": "a>d", "t_before": "b<c", "t_equals": "a=c b=d", "t_intersects": "a<=d b>=c", "t_contains": "a<c b>d",
    "t_during": "a>c b<d", "t_finishedby": "a<c b=d", "t_finishes": "a>c b=d", "t_meets": "b=c", "t_metby": "a=d",
    "t_overlappedby": "a>c a<d b>d", "t_overlaps": "a<c b>c b<d", "t_startedby": "a=c b>d", "t_starts": "a=c b<d",
}  # fmt: skip


def relate(name: str, *ends: Any) -> bool | None:
    """How two instants or intervals lie to each other."""
    if name == "t_disjoint":
        return opposite(relate("t_intersects", *ends))
    by_name = dict(zip("abcd", ends, strict=True))
    return all_of([compare(one[1:-1], by_name[one[0]], by_name[one[-1]]) for one in RELATIONS[name].split()])


def matches(value: str, pattern: str) -> bool:
    """LIKE."""
    parts = re.findall(r"\\.|%|_|.", pattern, re.DOTALL)
    expression = "".join({"%": ".*", "_": "."}.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, value, re.DOTALL) is not None


@dataclass(frozen=True)
class Interval:
    """From one moment to another, either of which may be unknown."""

    start: Any
    end: Any


def value_of(node: Node, row: dict[str, Any]) -> Any:
    """What a node is of a row; None where it is unknown."""
    if isinstance(node, list):
        return [value_of(one, row) for one in node]
    if not isinstance(node, dict):
        return node
    if "op" in node:
        return applied(node["op"], value_of(node["args"], row))
    if "property" in node:
        value = row["shape" if node["property"] == "geometry" else node["property"]]
        return moment(value.isoformat()) if isinstance(value, date) else value
    return literal_of(node, row)


def literal_of(node: Node, row: dict[str, Any]) -> Any:
    """What a literal date, interval, box or geometry is."""
    match node:
        case {"interval": ends}:
            return Interval(
                *(
                    moment(one + side if one == ".." else one) if isinstance(one, str) else value_of(one, row)
                    for one, side in zip(ends, ("start", "end"), strict=True)
                )
            )
        case {"bbox": box}:
            flat = shapely.Point(box[:2]) if box[:2] == box[2:] else shapely.LineString([box[:2], box[2:]])
            return shapely.box(*box) if box[0] < box[2] and box[1] < box[3] else flat
        case {"type": _}:
            return shapely.geometry.shape(node)
    return moment(node.get("date") or node["timestamp"])


def ends_of(value: Any) -> tuple[Any, Any]:
    """The two ends of an interval, or an instant twice."""
    return (value.start, value.end) if isinstance(value, Interval) else (value, value)


def dated(value: Any) -> Any:
    """The moment that a text says, when it says one."""
    return moment(value) if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) else value


APPLIED: dict[str, Callable[..., Any]] = {
    "and": lambda *conditions: all_of([*conditions]),
    "or": lambda *conditions: any_of([*conditions]),
    "not": opposite,
    "isNull": lambda value: value is None,
    "casei": lambda value: value and value.lower().upper(),
    "between": lambda value, low, high: all_of([compare(">=", value, low), compare("<=", value, high)]),
    "in": lambda value, listed: any_of([compare("=", value, one) for one in listed]),
    "like": lambda value, pattern: None if value is None else matches(value, pattern),
}


def applied(name: str, values: list[Any]) -> Any:
    """What an operator makes of values."""
    if name in APPLIED:
        return APPLIED[name](*values)
    if name in COMPARE:
        return compare(name, *map(dated, values))
    if name.startswith("t_"):
        return relate(name, *ends_of(values[0]), *ends_of(values[1]))
    if name.startswith("s_"):
        return None if None in values else bool(getattr(shapely, name[2:])(*values))
    return calculate(name, *values)


def written(node: Node) -> str:
    """A node of CQL2 JSON as CQL2 text."""
    if isinstance(node, bool | float):
        return repr(node)
    if isinstance(node, str):
        return "'" + node.replace("\\", "\\\\").replace("'", "''") + "'"
    if isinstance(node, list):
        return f"({','.join(map(written, node))})"
    if "op" in node:
        return written_operation(node["op"], [written(argument) for argument in node["args"]])
    return written_literal(*node.items())


def written_literal(first: tuple[str, Any], *more: tuple[str, Any]) -> str:
    """A property, or a literal that is neither a number nor a text."""
    key, value = first
    if key == "type":
        return str(shapely.geometry.shape(dict([first, *more])).wkt)
    if key == "property":
        return f'"{value}"'
    return f"{key}{written(value)}" if isinstance(value, list) else f"{key}({written(value)})"


def written_operation(name: str, arguments: list[str]) -> str:
    """An operator or function with arguments that are text already."""
    forms = {"isNull": "({} IS NULL)", "not": "(NOT {})", "between": "({} BETWEEN {} AND {})"}
    if name in forms:
        return forms[name].format(*arguments)
    if re.match(r"[st]_|casei", name):
        return f"{name.upper()}({','.join(arguments)})"
    return f"({f' {name} '.join(arguments)})"


def answer(ask: Ask, wanted: Any, crs: Crs) -> tuple[list[str] | None, str]:
    """What a filter finds, or None and why it is refused; anything else that goes wrong is a failure."""
    try:
        return ask([wanted] if wanted == "" else wanted, crs=crs), ""
    except BadInput as refused:
        return None, refused.detail


@SHARED
@given(wanted=filters)
@example(wanted=op("not", op("=", {"property": "area"}, op("/", 1.0, 0.0))))
def test_a_filter_finds_what_it_is_true_of(wanted: Node, ask: Ask, plots: Plots) -> None:
    """As JSON and as text, a filter finds exactly the rows that it is true of, unknown values and all."""
    check_law(wanted, ask, plots)


@pytest.mark.slow
@settings(SHARED, max_examples=1_500)
@given(wanted=filters)
def test_very_many_filters_find_what_they_are_true_of(wanted: Node, ask: Ask, plots: Plots) -> None:
    """The same of so many filters that the rare ones are among them."""
    check_law(wanted, ask, plots)


def check_law(wanted: Node, ask: Ask, plots: Plots) -> None:
    """A filter finds what it is true of."""
    found, problem = answer(ask, wanted, EPSG27700)
    assume("could leave the range" not in problem)
    assert found == [row["id"] for row in plots if value_of(wanted, row) is True]
    assert ask(written(wanted), crs=EPSG27700) == found


def flat(node: Node) -> Node:
    """A node in which no AND is right within an AND, nor OR within OR, and operators are in small letters."""
    if isinstance(node, list):
        return [flat(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("op") not in {"and", "or"}:
        return {key: value.lower() if key == "op" else flat(value) for key, value in node.items()}
    inner = [flat(one) for one in node["args"]]
    same = [one["args"] if isinstance(one, dict) and one.get("op") == node["op"] else [one] for one in inner]
    return {"op": node["op"], "args": [one for some in same for one in some]}


@SHARED
@given(wanted=filters)
def test_text_is_read_as_another_parser_reads_it(wanted: Node) -> None:
    """Whatever filter is written as text means the same to an independent implementation (but for backslashes)."""
    as_text = written(wanted)
    assume("\\" not in as_text)
    assert flat(parse_filter(as_text, "cql2-text")) == flat(cql2.parse_text(as_text).to_json())


PIECES = """
( ) , = <> < + - * / % ^ ' " '' \\ . .. : area name start geometry geom stale 1 2.5 1e5 .5 'x' '%' 'a\\\\' NULL TRUE
AND OR NOT LIKE BETWEEN IN IS CASEI( CASEI(name) DATE('2020-01-01') INTERVAL( '..' '2020-01-01' BBOX( POINT( POLYGON((
(1 2) BBOX(1,2,3,4) S_INTERSECTS( S_WITHIN(geometry, T_AFTER(start, T_DURING( pg_sleep( -- ; /* é \0 area^2 area/0 1/0
(area) IS_NULL Z M EMPTY
"""
FRAGMENTS = st.lists(st.sampled_from(PIECES.split()), max_size=25).map(" ".join)


@SHARED
@given(wanted=st.text() | FRAGMENTS, crs=st.sampled_from(CRSS))
@example(wanted="name LIKE 'a\\'", crs=CRS84)
@example(wanted="area = 1e999", crs=CRS84)
def test_any_text_is_refused_or_answered(wanted: str, crs: Crs, ask: Ask) -> None:
    """Whatever the text: either it is a BadInput, or PostgreSQL answers it."""
    found, problem = answer(ask, wanted, crs)
    assert found is not None or problem.startswith("filter: ")
    assert len(problem) < 600


EVERY = f"{COMPARED} and or not like between in isNull casei + / ^ % {SPATIAL} {OF_INSTANTS} {OF_INTERVALS}"
KEYS = ["op", "args", "property", "date", "timestamp", "interval", "bbox", "type", "coordinates", "geometries"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | properties("area name start geometry"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | ops(EVERY, inner, inner)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
        | st.builds(lambda kind, at: {"type": kind, "coordinates": at}, st.sampled_from(["Point", "Polygon"]), inner)
        | st.builds(lambda box: {"bbox": box}, st.lists(st.floats(), min_size=4, max_size=4))
    ),
    max_leaves=12,
)


@SHARED
@given(wanted=ANYTHING.filter(lambda node: not isinstance(node, str)), crs=st.sampled_from(CRSS))
def test_any_json_is_refused_or_answered(wanted: Any, crs: Crs, ask: Ask) -> None:
    """Whatever the JSON: either it is a BadInput, or PostgreSQL answers it."""
    found, problem = answer(ask, wanted, crs)
    assert found is not None or problem.startswith("filter: ")
    assert len(problem) < 600


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@SHARED
@given(corners=st.lists(FINITE, min_size=4, max_size=4), crs=st.sampled_from(CRSS))
def test_any_box_is_refused_or_answered(corners: list[float], crs: Crs, ask: Ask) -> None:
    """Boxes of any size, to the largest numbers there are, meet what lies in them or are refused."""
    for function in ("s_intersects", "s_within", "s_touches", "s_contains"):
        found, problem = answer(ask, op(function, {"property": "geometry"}, {"bbox": corners}), crs)
        assert found is not None or re.search("upside down|wrong way round|lies outside", problem)


def test_the_evaluator_knows_three_values() -> None:
    """The truth table of the standard."""
    values = (True, False, None)
    assert [all_of([a, b]) for a in values for b in values] == [
        True,
        False,
        None,
        False,
        False,
        False,
        None,
        False,
        None,
    ]
    assert [any_of([a, b]) for a in values for b in values] == [True, True, True, True, False, None, True, None, None]
