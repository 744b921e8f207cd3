"""What a filter is made of: parts with a kind and an SQL expression, and how two of them are compared."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ARRAY, ColumnElement, Text, any_, collate, func, literal, not_
from sqlalchemy.sql.elements import Grouping

from estates_api.domain.collections import Kind
from estates_api.errors import BadInput

TermKind = Kind | Literal["timestamp", "interval", "geometry"]

_CODE_POINTS = "C"
_UNICODE = "und-x-icu"

# What PostgreSQL's text cannot hold, and half of a surrogate pair, which is no character at all.
_UNFIT = re.compile(r"[\0\ud800-\udfff]")

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
COMPARISONS = tuple(_COMPARE)


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a filter that has a value. `label` names it in messages.

    `value`: that of a literal. `pattern`: the text of a literal, whether or not its case is folded.
    """

    kind: TermKind
    sql: ColumnElement[Any]
    label: str
    value: Any = None
    pattern: str | None = None

    def __str__(self) -> str:
        return f"{self.label} ({self.kind})"

    def is_null(self) -> ColumnElement[bool]:
        """True where it is unknown, and false elsewhere."""
        return self.sql.is_(None)


def shown(value: object) -> str:
    """A value as messages show it: short, whatever it is."""
    text = repr(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 70 else f"{text[:67]}..."


def _check_fits(text: str) -> None:
    if unfit := _UNFIT.search(text):
        raise BadInput(f"a text has the character {unfit[0]!r}, which no text here can have")


def string(value: str) -> Term:
    """A literal text."""
    _check_fits(value)
    return Term("string", literal(value, Text()), shown(value), value, value)


def boolean(condition: ColumnElement[bool], label: str) -> Term:
    """The answer to a question."""
    return Term("boolean", condition, label)


def opposite(condition: ColumnElement[bool], label: str) -> Term:
    """NOT, in parentheses: SQLAlchemy writes none where `NOT x IS NULL` needs them."""
    return boolean(Grouping(not_(condition)), label)


def folded(_name: str, term: Term) -> Term:
    """CASEI: a text without regard to case (/req/case-insensitive-comparison/casei-function).

    Lower and then upper case by Unicode's full mappings makes one text of all that full case folding makes one of; a
    test goes through every character. It makes one of the dotless i as well, which is not told from i.
    """
    if term.kind != "string":
        raise BadInput(f"CASEI takes a text, not {term}")
    both = func.upper(func.lower(collate(term.sql, _UNICODE)), type_=Text())
    return Term("string", collate(both, _CODE_POINTS), f"CASEI({term.label})", pattern=term.pattern)


def like(_name: str, term: Term, pattern: Term) -> Term:
    """Whether a text matches a literal pattern with % and _ and the escape character \\."""
    if {term.kind, pattern.kind} != {"string"}:
        raise BadInput(f"LIKE compares texts, not {term} and {pattern}")
    if pattern.pattern is None:
        raise BadInput(f"the pattern of LIKE is a text in quotes, or CASEI of one, not {pattern}")
    if (len(pattern.pattern) - len(pattern.pattern.rstrip("\\"))) % 2:
        raise BadInput(f"the pattern {pattern.label} ends with an escape character that escapes nothing")
    return boolean(term.sql.like(pattern.sql), "LIKE")


def compare(name: str, left: Term, right: Term) -> Term:
    """Two terms of one kind; texts are ordered by their characters' code points, whatever the database's locale."""
    if left.kind != right.kind and {left.kind, right.kind} != {"date", "timestamp"}:
        raise BadInput(f"{name} compares two of one kind, not {left} and {right}")
    if left.kind in {"interval", "geometry"}:
        raise BadInput(f"{name} does not compare {left}")
    ordered = left.kind == "string" and name not in {"=", "<>"}
    return boolean(_COMPARE[name](collate(left.sql, _CODE_POINTS) if ordered else left.sql, right.sql), name)


def one_of(term: Term, values: list[str]) -> Term:
    """Whether a text is one of many literal ones: one bound value, however many there are."""
    _check_fits("".join(values))
    return boolean(term.sql == any_(literal(values, ARRAY(Text()))), "IN")
