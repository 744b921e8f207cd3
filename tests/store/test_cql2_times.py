"""Dates in filters: instants and intervals, the first and the last year, and days that never were."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import ColumnElement

from estates_api.errors import BadInput
from estates_api.store.cql2_times import RELATIONS

Ask = Callable[..., list[str]]
Compiled = Callable[..., ColumnElement[bool]]
Plots = Any
"""conftest.Plots: rows, with ways to find some of them."""


def day(value: Any) -> str:
    """A date as it is written; the least of all texts when it is unknown."""
    return value.isoformat() if value else ""


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
    expected = plots.found(lambda row: TIMES[wanted](day(row["start"]), day(row["finish"])))
    # An interval of which one end is unknown may still be decided by the other, as in SQL.
    known = plots.found(lambda row: row["start"] and row["finish"]) if "finish" in wanted else expected
    assert [one for one in ask(wanted) if one in known] == [one for one in expected if one in known]
    assert expected


def test_all_temporal_functions_are_tried() -> None:
    """No function is left out of the test before this one."""
    assert {wanted.partition("(")[0].lower() for wanted in TIMES} == set(RELATIONS)


@pytest.mark.parametrize("function", ["T_CONTAINS", "T_DURING", "T_MEETS", "T_STARTS", "T_FINISHEDBY", "T_OVERLAPS"])
def test_functions_of_intervals_take_no_instant(function: str, compiled: Compiled) -> None:
    """ "Using these functions with instants will result in a client error", which says what to use instead."""
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
    assert ask(wanted) == (plots.found(lambda row: row["start"]) if everything else [])


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
