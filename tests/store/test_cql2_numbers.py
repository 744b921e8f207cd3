"""Arithmetic in filters is right where it has a value, and never an error."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Double, Engine, cast, literal, select

from estates_api.domain.crs import CRS84
from estates_api.errors import BadInput
from estates_api.store.cql2 import Queryable, compile_filter, parse_filter
from estates_api.store.database import transaction

Ask = Callable[..., list[str]]
Compiled = Callable[..., ColumnElement[bool]]
Plots = Any
"""conftest.Plots: rows, with ways to find some of them."""

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

    expected = plots.found(matches)
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
