"""CQL2 text -> CQL2 JSON, by the grammar of OGC 21-065r2, in time that grows with the length of the text alone.

The package `cql2` reads the same (a test compares the two), but cannot be given what anybody may write: thirty open
parentheses take it hours, some thousand end the process, and it leaves the escapes in a text as they are.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from estates_api.errors import BadInput
from estates_api.store.cql2_tokens import Token, Tokens, fail

MAX_CHARACTERS = 500_000
MAX_OPERANDS = 30_000
MAX_NESTING = 200
"""Parentheses, calls and prefixes within each other: QGIS writes one pair for every `OR` of a chain."""

# Requirement /req/cql2-text/escaping; a backslash before anything else stands for itself, as LIKE needs it.
_ESCAPED = re.compile(r"''|\\(['\\abtnvfr])")
_CONTROLS = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}

_COMPARISON, _PREFIX = 4, 8
_POWERS = {
    "OR": 1, "AND": 2,
    **dict.fromkeys(("=", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "BETWEEN", "IN", "IS", "NOT"), _COMPARISON),
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "DIV": 6, "^": 7,
}  # fmt: skip
"""How tightly what stands between two operands binds; NOT before LIKE, BETWEEN and IN as they do."""

_MISPLACED = {"AND", "OR", "LIKE", "BETWEEN", "IN", "IS", "DIV"}
"""Keywords that no operand starts with; a property of such a name is written in double quotes."""

GEOMETRIES = {
    kind.upper(): kind
    for kind in ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
                 "GeometryCollection")
}  # fmt: skip


def parse_text(text: str) -> Any:
    """A filter in CQL2 text -> the same in CQL2 JSON; BadInput with the place of what cannot be read."""
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    parser = _Parser(text)
    whole = parser.expression(0)
    if parser.token.kind != "end":
        parser.fail("AND, OR or the end is expected")
    return whole


class _Parser(Tokens):
    """Reads tokens from the first to the last, each once (operator precedence)."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nesting = self.operands = 0

    def expression(self, floor: int) -> Any:
        """What binds more tightly than `floor`."""
        left = self.operand()
        ceiling = _PREFIX
        while floor < (power := _POWERS.get(self.token.upper, 0)) < ceiling:
            if power == _COMPARISON:
                left = self.comparison(left)
                ceiling = _COMPARISON  # a < b < c has no meaning
            else:
                operator = self.take().upper.lower()
                left = _joined(operator, left, self.expression(power))
        return left

    def operand(self) -> Any:
        self.nesting += 1
        self.operands += 1
        if self.nesting > MAX_NESTING or self.operands > MAX_OPERANDS:
            self.fail(f"it has more than {MAX_OPERANDS:,} values, or is nested more than {MAX_NESTING} deep")
        read: _Read | None = _OPERANDS.get(self.token.upper) or _LITERALS.get(self.token.kind)
        if read is None or self.token.upper in _MISPLACED:
            self.fail("a property, a value or ( is expected")
        value = read(self, self.take())
        self.nesting -= 1
        return value

    def comparison(self, left: Any) -> Any:
        negated = self.skip("NOT")
        if negated and self.token.upper not in {"LIKE", "BETWEEN", "IN"}:
            self.fail("LIKE, BETWEEN or IN is expected")
        operator = self.take().upper
        negated = negated or (operator == "IS" and self.skip("NOT"))
        read: _ReadInfix = _COMPARISONS.get(operator) or _compare
        found = read(self, operator, left)
        return _not_(found) if negated else found

    def listed(self) -> list[Any]:
        """Expressions in parentheses, with commas between them."""
        self.expect("(")
        found = [self.expression(0)]
        while self.skip(","):
            found.append(self.expression(0))
        self.expect(")")
        return found

    def number(self) -> float:
        sign = -1.0 if self.skip("-") else 1.0
        self.skip("+")
        if self.token.kind != "number":
            self.fail("a number is expected")
        return sign * float(self.take().raw)

    def geometry(self, kind: str) -> dict[str, Any]:
        """Well-known text after its first word -> GeoJSON."""
        if self.token.upper in {"Z", "M", "ZM"}:
            self.take()
        if kind == "GeometryCollection":
            return {"type": kind, "geometries": self.geometries()}
        coordinates = self.coordinates(3)
        if kind == "Point" and len(coordinates) == 1:
            coordinates = coordinates[0]
        elif kind == "MultiPoint":  # (1 2, 3 4) and ((1 2), (3 4)) are both written
            coordinates = [point[0] if isinstance(point[0], list) else point for point in coordinates]
        return {"type": kind, "coordinates": coordinates}

    def geometries(self) -> list[dict[str, Any]]:
        self.expect("(")
        found: list[dict[str, Any]] = []
        while not found or self.skip(","):
            kind = GEOMETRIES.get(self.token.upper)
            if kind is None or kind == "GeometryCollection":
                self.fail("a geometry is expected")
            self.take()
            found.append(self.geometry(kind))
        self.expect(")")
        return found

    def coordinates(self, depth: int) -> list[Any]:
        self.expect("(")
        nested = depth > 1 and self.token.upper == "("
        found: list[Any] = [self.coordinates(depth - 1) if nested else self.position()]
        while self.skip(","):
            found.append(self.coordinates(depth - 1) if nested else self.position())
        self.expect(")")
        return found

    def position(self) -> list[float]:
        found = [self.number(), self.number()]
        while self.token.upper not in {",", ")"}:
            found.append(self.number())
        return found


def _joined(operator: str, left: Any, right: Any) -> dict[str, Any]:
    """Both with an operator between them; a chain of AND or OR stays flat."""
    if operator in {"and", "or"} and isinstance(left, dict) and left.get("op") == operator:
        left["args"].append(right)
        return left
    return {"op": operator, "args": [left, right]}


def _not_(condition: Any) -> dict[str, Any]:
    return {"op": "not", "args": [condition]}


def _compare(parser: _Parser, operator: str, left: Any) -> dict[str, Any]:
    right = parser.expression(_COMPARISON)
    return {"op": "<>" if operator == "!=" else operator.lower(), "args": [left, right]}


def _between(parser: _Parser, _operator: str, left: Any) -> dict[str, Any]:
    low = parser.expression(_COMPARISON)
    parser.expect("AND")
    return {"op": "between", "args": [left, low, parser.expression(_COMPARISON)]}


def _in(parser: _Parser, _operator: str, left: Any) -> dict[str, Any]:
    return {"op": "in", "args": [left, parser.listed()]}


def _is(parser: _Parser, _operator: str, left: Any) -> dict[str, Any]:
    unknown = {"op": "isNull", "args": [left]}
    if parser.skip("NULL"):
        return unknown
    # Not CQL2: QGIS writes IS and IS NOT with a value, and means that nothing is unknown about the answer.
    if parser.token.kind not in {"text", "number"} and parser.token.upper not in {"TRUE", "FALSE", "-"}:
        parser.fail("NULL is expected")
    return {"op": "and", "args": [_not_(unknown), {"op": "=", "args": [left, parser.expression(_COMPARISON)]}]}


_ReadInfix = Callable[[_Parser, str, Any], dict[str, Any]]

_COMPARISONS: Mapping[str, _ReadInfix] = {"BETWEEN": _between, "IN": _in, "IS": _is}


_Read = Callable[[_Parser, Token], Any]


def _number(_parser: _Parser, token: Token) -> float:
    return float(token.raw)


def _text(_parser: _Parser, token: Token) -> str:
    return _ESCAPED.sub(lambda found: _CONTROLS.get(found[1], found[1] or "'"), token.raw[1:-1])


def _name(_parser: _Parser, token: Token) -> dict[str, str]:
    return {"property": token.raw[1:-1].replace('""', '"')}


def _word(parser: _Parser, token: Token) -> Any:
    if parser.token.upper == "(" or (token.upper in GEOMETRIES and parser.token.upper in {"Z", "M", "ZM"}):
        return _call(parser, token)
    return {"property": token.raw}


def _call(parser: _Parser, token: Token) -> Any:
    if token.upper in GEOMETRIES:
        return parser.geometry(GEOMETRIES[token.upper])
    arguments = parser.listed()
    match token.upper, arguments:
        case "DATE" | "TIMESTAMP", [str() as instant]:
            return {token.raw.lower(): instant}
        case "DATE" | "TIMESTAMP", _:
            fail(parser.text, token.at, f"{token.upper} takes one text")
        case "INTERVAL" | "BBOX", _:
            return {token.raw.lower(): arguments}
    return {"op": token.raw.lower(), "args": arguments}


def _parenthesis(parser: _Parser, _token: Token) -> Any:
    inner = parser.expression(0)
    parser.expect(")")
    return inner


def _not(parser: _Parser, _token: Token) -> dict[str, Any]:
    return _not_(parser.expression(_COMPARISON - 1))


def _minus(parser: _Parser, _token: Token) -> Any:
    value = parser.expression(_PREFIX)
    return -value if isinstance(value, float) else {"op": "*", "args": [-1.0, value]}


def _plus(parser: _Parser, _token: Token) -> float:
    if parser.token.kind != "number":
        parser.fail("a number is expected")
    return float(parser.take().raw)


def _null(parser: _Parser, token: Token) -> NoReturn:
    fail(parser.text, token.at, "nothing is equal to NULL; ask with IS NULL")


_OPERANDS: Mapping[str, _Read] = {
    "(": _parenthesis, "-": _minus, "+": _plus, "NOT": _not, "NULL": _null,
    "TRUE": lambda _parser, _token: True, "FALSE": lambda _parser, _token: False,
}  # fmt: skip
_LITERALS: Mapping[str, _Read] = {"number": _number, "text": _text, "name": _name, "word": _word}
