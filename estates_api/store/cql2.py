"""Filters in OGC CQL2 (21-065r2): parsed, checked against what may be asked, and made one SQL expression.

Every value is bound, every column and operator comes from a list here or from the caller, and what a filter says that
is not on it is a BadInput. Unknown values take part as the standard says: a comparison with one is neither true nor
false, and a feature is only found where the whole is true.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from sqlalchemy import Boolean, ColumnElement, and_, literal, or_

from estates_api.domain.collections import Kind
from estates_api.domain.crs import Crs
from estates_api.errors import BadInput
from estates_api.store import cql2_numbers, cql2_shapes, cql2_terms, cql2_times
from estates_api.store.cql2_terms import Term, boolean, opposite, shown
from estates_api.store.cql2_text import MAX_CHARACTERS, parse_text

MAX_DEPTH = 40
"""Operators within each other; a chain of AND or OR is one."""

MAX_OPERATORS = 2_000
MAX_COMPARED = 500
"""Values in a list of IN that are compared one by one."""

_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
CONFORMANCE: tuple[str, ...] = (
    f"{_CQL2}cql2-text",
    f"{_CQL2}cql2-json",
    f"{_CQL2}basic-cql2",
    f"{_CQL2}advanced-comparison-operators",
    f"{_CQL2}case-insensitive-comparison",
    f"{_CQL2}basic-spatial-functions",
    f"{_CQL2}basic-spatial-functions-plus",
    f"{_CQL2}spatial-functions",
    f"{_CQL2}temporal-functions",
    f"{_CQL2}property-property",
    f"{_CQL2}arithmetic",
    # What the drafts called basic-spatial-functions: QGIS before 3.44 looks for no other name.
    f"{_CQL2}basic-spatial-operators",
)
"""The conformance classes of CQL2 that filters here pass."""

Filter = Any
"""CQL2 JSON, of any shape until it is compiled."""


@dataclass(frozen=True, slots=True)
class Queryable:
    """A property that can be asked by, and its column."""

    column: ColumnElement[Any]
    kind: Kind | Literal["geometry"]


@contextmanager
def _named() -> Iterator[None]:
    """Say of every problem that it is in the filter."""
    try:
        yield
    except BadInput as problem:
        raise BadInput(f"filter: {problem.detail}") from None
    except RecursionError:
        raise BadInput("filter: it is nested too deep") from None


def parse_filter(text: str, lang: Literal["cql2-text", "cql2-json"]) -> Filter:
    """A filter in either encoding -> CQL2 JSON; BadInput that says what cannot be read, and where."""
    with _named():
        return _parse_json(text) if lang == "cql2-json" else parse_text(text)


def _parse_json(text: str) -> Any:
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise BadInput(f"it is not JSON: {shown(str(error))}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise BadInput(f"{name} is not a number in JSON")


def compile_filter(
    expression: Filter, queryables: Mapping[str, Queryable], *, shapes: Mapping[int, ColumnElement[Any]], crs: Crs
) -> ColumnElement[bool]:
    """CQL2 JSON -> one condition with bound values; BadInput for what may not be asked or has no meaning.

    `shapes`: the stored geometry in 4326 and in 27700. `crs`: the system of the filter's own geometries.
    """
    with _named():
        return _Compiler(queryables, shapes, crs).condition(expression, 0)


class _Compiler:
    """Makes terms of the nodes of one filter."""

    def __init__(self, queryables: Mapping[str, Queryable], shapes: Mapping[int, ColumnElement[Any]], crs: Crs) -> None:
        self.queryables = queryables
        self.shapes = shapes
        self.crs = crs
        self.srid = 4326 if crs.srid == 3857 else crs.srid
        self.operators = 0

    def condition(self, node: Any, depth: int) -> ColumnElement[bool]:
        """What is true or false of a feature."""
        term = self.term(node, depth)
        _check_boolean(term)
        return term.sql

    def term(self, node: Any, depth: int) -> Term:
        """What a node of CQL2 JSON stands for."""
        if isinstance(node, bool):
            return boolean(literal(node, Boolean()), shown(node))
        if isinstance(node, str):
            return cql2_terms.string(node)
        if isinstance(node, (int, float)):
            return cql2_numbers.number(node)
        if isinstance(node, Mapping):
            for key, read in _NODES.items():
                if key in node:
                    return read(self, node, depth)
        raise BadInput(f"{shown(node)} is no part of a filter" if node is not None else "ask for null with IS NULL")

    def operation(self, node: Mapping[str, Any], depth: int) -> Term:
        name, arguments = str(node["op"]).lower(), node.get("args")
        if not isinstance(arguments, list):
            raise BadInput(f"{shown(name)} has no args that are a list")
        self.operators += 1
        if depth >= MAX_DEPTH or self.operators > MAX_OPERATORS:
            raise BadInput(f"it has more than {MAX_OPERATORS:,} operators, or more than {MAX_DEPTH} within each other")
        if name in {"and", "or"}:
            return self.chain(name, arguments, depth + 1)
        if name == "in":
            return self.member(arguments, depth + 1)
        count, make = _OPERATORS.get(name, (0, None))
        if make is None:
            known = ", ".join(("and", "or", "in", *_OPERATORS))
            raise BadInput(f"there is no operator or function {shown(name)}; there are {known}")
        if len(arguments) != count:
            raise BadInput(f"{name.upper()} takes {count}, not {len(arguments)}")
        return make(name, *(self.term(argument, depth + 1) for argument in arguments))

    def chain(self, name: str, arguments: list[Any], depth: int) -> Term:
        """AND or OR; one right within another of its kind is part of it, so that a long chain is not deep."""
        conditions, rest = [], arguments[::-1]
        while rest:
            match rest.pop():
                case {"op": inner, "args": [_, *_] as more} if inner == name:
                    rest += more[::-1]
                case node:
                    conditions.append(self.condition(node, depth))
        if not conditions:
            raise BadInput(f"{name.upper()} takes conditions, not none")
        return boolean((and_ if name == "and" else or_)(*conditions), name.upper())

    def member(self, arguments: list[Any], depth: int) -> Term:
        """IN."""
        match arguments:
            case [node, [_, *_] as values]:
                term, kinds = self.term(node, depth), {type(value) for value in values}
            case _:
                raise BadInput("IN takes a value and a list of at least one")
        if term.kind == "string" and kinds == {str}:
            return cql2_terms.one_of(term, values)
        if term.kind == "number" and kinds <= {int, float}:
            return cql2_numbers.one_of(term, values)
        if len(values) > MAX_COMPARED:
            raise BadInput(f"IN compares with at most {MAX_COMPARED:,} values that are not all texts or all numbers")
        return cql2_times.any_of(term, [self.term(value, depth) for value in values])

    def property(self, node: Mapping[str, Any], _depth: int) -> Term:
        name = node["property"]
        # The name that many services give it, and clients expect.
        alias = "geometry" if name == "geom" and name not in self.queryables else name
        found = self.queryables.get(alias) if isinstance(alias, str) else None
        if found is None:
            raise BadInput(f"there is no property {shown(name)}; there are {', '.join(self.queryables)}")
        if found.kind == "geometry":
            return cql2_shapes.Shape("geometry", self.shapes[self.srid], name, srid=self.srid)
        if found.kind in {"integer", "number"}:
            return cql2_numbers.column(name, found.column)
        return Term(found.kind, found.column, name)

    def interval(self, node: Mapping[str, Any], depth: int) -> Term:
        match node["interval"]:
            case [start, end]:
                return cql2_times.interval(self.term(start, depth), self.term(end, depth))
        raise BadInput("INTERVAL takes two dates, timestamps or '..'")

    def bbox(self, node: Mapping[str, Any], _depth: int) -> Term:
        return cql2_shapes.bbox(node["bbox"], self.crs, self.srid)

    def geometry(self, node: Mapping[str, Any], _depth: int) -> Term:
        return cql2_shapes.geometry(node, self.crs, self.srid)


_NODES: Mapping[str, Callable[[_Compiler, Mapping[str, Any], int], Term]] = {
    "op": _Compiler.operation,
    "property": _Compiler.property,
    "date": lambda _compiler, node, _depth: cql2_times.instant(node["date"], "date"),
    "timestamp": lambda _compiler, node, _depth: cql2_times.instant(node["timestamp"], "timestamp"),
    "interval": _Compiler.interval,
    "type": _Compiler.geometry,  # before bbox, which a geometry may have as well
    "bbox": _Compiler.bbox,
}


def _check_boolean(term: Term) -> None:
    if term.kind != "boolean":
        raise BadInput(f"something true or false is expected, not {term}")


def _not(_name: str, term: Term) -> Term:
    _check_boolean(term)
    return opposite(term.sql, "NOT")


def _is_null(_name: str, term: Term) -> Term:
    return boolean(term.is_null(), "IS NULL")


def _between(_name: str, term: Term, low: Term, high: Term) -> Term:
    return boolean(and_(cql2_times.compare(">=", term, low).sql, cql2_times.compare("<=", term, high).sql), "BETWEEN")


_OPERATORS: Mapping[str, tuple[int, Callable[..., Term] | None]] = {
    "not": (1, _not),
    **dict.fromkeys(cql2_terms.COMPARISONS, (2, cql2_times.compare)),
    "between": (3, _between), "like": (2, cql2_terms.like), "isnull": (1, _is_null), "casei": (1, cql2_terms.folded),
    **dict.fromkeys(cql2_numbers.ARITHMETIC, (2, cql2_numbers.arithmetic)),
    **dict.fromkeys(cql2_shapes.FUNCTIONS, (2, cql2_shapes.relate)),
    **dict.fromkeys(cql2_times.RELATIONS, (2, cql2_times.relate)),
}  # fmt: skip
"""How many terms each operator and function takes, and what it makes of them; AND, OR and IN take any number."""
