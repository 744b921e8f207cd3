"""Arithmetic in filters, such that PostgreSQL never meets a number that it cannot hold.

PostgreSQL refuses the whole query when one row divides by zero, or leaves the range of its numbers either way. So what
has no value (x / 0, the root of a negative number) is unknown, and every result carries between which powers of ten it
can lie: what could leave the range is refused before anything is asked.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Double, Numeric, and_, any_, case, cast, func, literal, literal_column, or_

from estates_api.errors import BadInput
from estates_api.store.cql2_terms import Term, boolean, shown

Sql = ColumnElement[Any]

MOST_DECADES = 300.0
"""The largest number is 1.8e308, the smallest with all its digits 2.2e-308."""

COLUMN_DECADES = 30.0
"""Arithmetic takes what a property holds outside 1e-30 to 1e30 as unknown; no measure is that large or small."""

POWER_DECADES = 100.0
"""And a power whose exponent is a property, where it would lie outside 1e-100 to 1e100."""

_DIGITS = 16.0
"""A difference has at least this share of the smaller number: 53 binary digits."""

_ZERO: Sql = literal_column("0")
_LEAST: Sql = literal_column(f"float8 '1e-{COLUMN_DECADES:.0f}'", Double())
_MOST: Sql = literal_column(f"float8 '1e{COLUMN_DECADES:.0f}'", Double())

MOST_PARTS = 200


@dataclass(frozen=True, slots=True)
class Number(Term):
    """A number: without its sign it is 0, unknown, or between 10^low and 10^high.

    `parts`: of how many it is put together, counting those that are written more than once. `is_column`: a property,
    which holds whatever was put into it.
    """

    low: float = 0.0
    high: float = 0.0
    parts: int = 1
    is_column: bool = False

    @property
    def operand(self) -> Sql:
        """What arithmetic takes of it: a double precision number between its bounds."""
        if not self.is_column:
            return self.sql
        real: Sql = cast(self.sql, Double())
        usual = or_(func.abs(real).between(_LEAST, _MOST), real == _ZERO)
        return case((usual, real))


def _finite(value: float) -> float:
    try:
        held = float(value)
    except OverflowError:
        held = math.inf
    if not math.isfinite(held):
        raise BadInput("a number is beyond the range of numbers (1.8e308)")
    return held


def number(value: float) -> Number:
    """A literal number."""
    held = _finite(value)
    decades = math.log10(abs(held)) if held else 0.0
    return Number("number", literal(held, Double()), shown(value), held, low=decades, high=decades)


def column(name: str, sql: Sql) -> Number:
    """A property that is a number."""
    return Number("number", sql, name, low=-COLUMN_DECADES, high=COLUMN_DECADES, parts=3, is_column=True)


def one_of(term: Term, values: list[float]) -> Term:
    """Whether a number is one of many literal ones: one bound value, however many there are."""
    return boolean(term.sql == any_(literal([_finite(value) for value in values], ARRAY(Double()))), "IN")


def arithmetic(name: str, left: Term, right: Term) -> Number:
    """`left` and `right` with one of + - * / % div ^ between them."""
    if not isinstance(left, Number) or not isinstance(right, Number):
        raise BadInput(f"{name.upper()} takes two numbers, not {left} and {right}")
    if left.value is not None and right.value is not None:
        return _constant(name, left, right)
    result = _OPERATORS[name](left, right)
    if result.high > MOST_DECADES or result.low < -MOST_DECADES:
        raise BadInput(f"the result of {name.upper()} could leave the range of numbers (1e-300 to 1e300)")
    if result.parts > MOST_PARTS:
        raise BadInput(f"the arithmetic with {name.upper()} has too many parts")
    return result


ARITHMETIC = ("+", "-", "*", "/", "%", "div", "^")


def _rest(dividend: float, divisor: float) -> float:
    """What is left over by division, in the decimals that PostgreSQL makes of double precision."""
    whole, part = Fraction(f"{dividend:.15g}"), Fraction(f"{divisor:.15g}")
    return float(whole - part * math.trunc(whole / part))


_ON_VALUES: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "%": _rest, "div": lambda a, b: float(math.trunc(a / b)), "^": math.pow,
}  # fmt: skip


def _constant(name: str, left: Number, right: Number) -> Number:
    try:
        return number(_ON_VALUES[name](left.value, right.value))
    except (ZeroDivisionError, ValueError):  # of no value, as x / 0 is
        return Number("number", cast(literal_column("NULL"), Double()), f"the result of {name.upper()}")
    except OverflowError:
        return number(math.inf)


def _result(name: str, sql: Sql, decades: tuple[float, float], parts: int) -> Number:
    return Number("number", sql, f"the result of {name.upper()}", low=decades[0], high=decades[1], parts=parts)


def _sum(left: Number, right: Number) -> tuple[float, float]:
    return min(left.low, right.low) - _DIGITS, max(left.high, right.high) + 1


def _plus(left: Number, right: Number) -> Number:
    return _result("+", left.operand + right.operand, _sum(left, right), left.parts + right.parts)


def _minus(left: Number, right: Number) -> Number:
    return _result("-", left.operand - right.operand, _sum(left, right), left.parts + right.parts)


def _times(left: Number, right: Number) -> Number:
    decades = (left.low + right.low, left.high + right.high)
    return _result("*", left.operand * right.operand, decades, left.parts + right.parts)


def _over(left: Number, right: Number) -> Number:
    decades = (left.low - right.high, left.high - right.low)
    return _result("/", left.operand / _but_zero(right.operand), decades, left.parts + right.parts)


def _but_zero(sql: Sql) -> Sql:
    return func.nullif(sql, _ZERO, type_=sql.type)


def _whole_over(left: Number, right: Number) -> Number:
    """Division without what is behind the point, towards zero."""
    quotient = arithmetic("/", left, right)
    return _result("div", func.trunc(quotient.sql, type_=Double()), (0.0, max(quotient.high, 0.0)), quotient.parts)


def _remainder(left: Number, right: Number) -> Number:
    """What is left over by division, with the sign of what was divided; exact in decimals."""
    divisor = _but_zero(cast(right.operand, Numeric()))
    rest = func.mod(cast(left.operand, Numeric()), divisor, type_=Numeric())
    decades = (min(left.low, right.low) - _DIGITS, min(left.high, right.high))
    return _result("%", cast(rest, Double()), decades, left.parts + right.parts)


def _power(base: Number, exponent: Number) -> Number:
    if exponent.value is None:
        return _varying_power(base, exponent)
    times: float = exponent.value
    sql, parts = base.operand, base.parts + 1
    if times < 0:
        sql = _but_zero(sql)
    if not times.is_integer():
        sql, parts = case((base.operand >= _ZERO, sql)), 2 * base.parts + 1
    low, high = sorted((base.low * times, base.high * times))
    return _result("^", func.power(sql, exponent.sql, type_=Double()), (low, high), parts)


def _varying_power(base: Number, exponent: Number) -> Number:
    """A power whose exponent is only known in the row: unknown where it would have no value, or none that fits."""
    a, b = base.operand, exponent.operand
    has_value = or_(a > _ZERO, and_(a == _ZERO, b >= _ZERO), and_(a < _ZERO, b == func.trunc(b)))
    fits = func.abs(b) <= literal(POWER_DECADES / max(abs(base.low), abs(base.high), 1.0), Double())
    sql = case((and_(fits, has_value), func.power(a, b, type_=Double())))
    return _result("^", sql, (-POWER_DECADES, POWER_DECADES), 4 * base.parts + 5 * exponent.parts)


_OPERATORS: Mapping[str, Callable[[Number, Number], Number]] = {
    "+": _plus, "-": _minus, "*": _times, "/": _over, "%": _remainder, "div": _whole_over, "^": _power,
}  # fmt: skip
