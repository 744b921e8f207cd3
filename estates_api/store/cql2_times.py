"""Dates in filters: instants, intervals, and how they lie to each other (/req/temporal-functions).

A date is the instant at which its day begins, in UTC, where it meets a timestamp.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Date, DateTime, Text, and_, cast, literal, or_

from estates_api.errors import BadInput
from estates_api.store import cql2_terms
from estates_api.store.cql2_terms import Term, boolean, shown

# RFC 3339, and `1954-08-07T` as GDAL writes a day.
_INSTANT = re.compile(
    r"([0-9]{4})(-[0-9]{2}-[0-9]{2})"
    r"(?:T?|[T ]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?))",
    re.IGNORECASE,
)

_CYCLE = 400
"""The calendar repeats itself after 400 years. Python's ends at the years 1 and 9999."""


@dataclass(frozen=True, slots=True)
class Interval(Term):
    """The time from one instant to another, both included."""

    ends: tuple[Term, Term] | None = None

    def is_null(self) -> ColumnElement[bool]:
        """True where either end is unknown."""
        start, end = _ends(self)
        return or_(start.is_null(), end.is_null())


def instant(text: object, kind: Literal["date", "timestamp"] | None = None) -> Term:
    """`2020-01-31` or `2020-01-31T12:00:00Z`, of one kind if it must be."""
    found = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if not isinstance(text, str) or found is None or kind == ("date" if found[3] else "timestamp"):
        written = {"date": "2020-01-31", "timestamp": "2020-01-31T12:00:00Z"}
        raise BadInput(f"{shown(text)} is not a {kind or 'date'}; write it like {written[kind or 'date']}")
    year, day, time = int(found[1]), found[2], found[3]
    shift = {0: _CYCLE, 1: _CYCLE, 9999: -_CYCLE}.get(year, 0)
    try:
        if time is None:
            return _literal(date.fromisoformat(f"{year + shift:04d}{day}"), shift, text)
        moment = datetime.fromisoformat(f"{year + shift:04d}{day}T{time.upper()}")
        return _literal((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), shift, text)
    except (ValueError, OverflowError):
        raise BadInput(f"there is no day or time {shown(text)}") from None


def _literal(moment: date, shift: int, label: str) -> Term:
    year = moment.year - shift
    text = f"{year if year > 0 else 1 - year:04d}{moment.strftime('-%m-%d')}"
    if isinstance(moment, datetime):
        text += moment.strftime("T%H:%M:%S.%f")
    return _cast(text if year > 0 else f"{text} BC", "timestamp" if isinstance(moment, datetime) else "date", label)


def _cast(text: str, kind: Literal["date", "timestamp"], label: str) -> Term:
    return Term(kind, cast(literal(text, Text()), Date() if kind == "date" else DateTime()), shown(label))


def interval(start: Term, end: Term) -> Interval:
    """From one instant to another; `..` is no end."""
    ends = (_end(start, "-infinity"), _end(end, "infinity"))
    return Interval("interval", ends[0].sql, f"INTERVAL({start.label}, {end.label})", ends=ends)


def _end(term: Term, unbounded: str) -> Term:
    if term.value == "..":
        return _cast(unbounded, "date", "..")
    found = _dated(term)
    if found.kind not in {"date", "timestamp"}:
        raise BadInput(f"INTERVAL takes dates, timestamps or '..', not {term}")
    return found


def _dated(term: Term) -> Term:
    """The same, or the date that a literal text says."""
    return instant(term.value) if term.kind == "string" and isinstance(term.value, str) else term


def _ends(term: Term) -> tuple[Term, Term]:
    ends = term.ends if isinstance(term, Interval) else None
    return ends or (term, term)


Relation = Callable[[Any, Any, Any, Any], ColumnElement[bool]]

_OF_BOTH: Mapping[str, Relation] = {
    "t_after": lambda a, _b, _c, d: a > d,
    "t_before": lambda _a, b, c, _d: b < c,
    "t_disjoint": lambda a, b, c, d: or_(a > d, b < c),
    "t_equals": lambda a, b, c, d: and_(a == c, b == d),
    "t_intersects": lambda a, b, c, d: and_(a <= d, b >= c),
}
_OF_INTERVALS: Mapping[str, Relation] = {
    "t_contains": lambda a, b, c, d: and_(a < c, b > d),
    "t_during": lambda a, b, c, d: and_(a > c, b < d),
    "t_finishedby": lambda a, b, c, d: and_(a < c, b == d),
    "t_finishes": lambda a, b, c, d: and_(a > c, b == d),
    "t_meets": lambda _a, b, c, _d: b == c,
    "t_metby": lambda a, _b, _c, d: a == d,
    "t_overlappedby": lambda a, b, c, d: and_(a > c, a < d, b > d),
    "t_overlaps": lambda a, b, c, d: and_(a < c, b > c, b < d),
    "t_startedby": lambda a, b, c, d: and_(a == c, b > d),
    "t_starts": lambda a, b, c, d: and_(a == c, b < d),
}
RELATIONS = (*_OF_BOTH, *_OF_INTERVALS)


def relate(name: str, left: Term, right: Term) -> Term:
    """How two instants or intervals lie to each other, as the Time Ontology has it."""
    left, right = _dated(left), _dated(right)
    for term in (left, right):
        if term.kind not in {"date", "timestamp", "interval"}:
            raise BadInput(f"{name.upper()} takes dates and intervals, not {term}")
        if name in _OF_INTERVALS and term.kind != "interval":  # "will result in a client error"
            of_both = ", ".join(_OF_BOTH).upper()
            raise BadInput(f"{name.upper()} takes two intervals, not {term}; of an instant ask {of_both}")
    relation = _OF_BOTH.get(name) or _OF_INTERVALS[name]
    return boolean(relation(*(end.sql for end in (*_ends(left), *_ends(right)))), name.upper())


def compare(name: str, left: Term, right: Term) -> Term:
    """Two terms of one kind; a literal text is read as a date where it meets one.

    Both the test suite of CQL2 (`{date} in ('2022-04-14')`) and GDAL write dates so.
    """
    return cql2_terms.compare(name, *_alike(left, right))


def any_of(term: Term, values: list[Term]) -> Term:
    """Whether it is one of some values, each compared with it."""
    return boolean(or_(*(compare("=", term, value).sql for value in values)), "IN")


def _alike(left: Term, right: Term) -> tuple[Term, Term]:
    dates = {"date", "timestamp"}
    return _dated(left) if right.kind in dates else left, _dated(right) if left.kind in dates else right
