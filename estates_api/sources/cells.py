"""Cells of a named column, parsed, with the issue to report when they cannot be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from estates_api.domain.records import Issue
from estates_api.domain.values import parse_number, shorten
from estates_api.errors import BadInput
from estates_api.sources.table import Record, Table

T = TypeVar("T")


class RowError(Exception):
    """A row cannot be taken; `field` is the column to blame. Never leaves a reader: it becomes an issue."""

    def __init__(self, field: str, reason: str, raw: str = "", *, rule: str = "row-unreadable") -> None:
        super().__init__(reason)
        self.field, self.reason, self.raw, self.rule = field, reason, raw, rule


@dataclass(slots=True)
class Cells:
    """One row under a table's names: cells parsed on demand, doubts collected in `issues`."""

    table: Table
    record: Record
    organisation: str | None = None
    issues: list[Issue] = field(default_factory=list)

    @property
    def line(self) -> int:
        """The line the row starts on."""
        return self.record.line

    def text(self, column: str) -> str | None:
        """The cell, or None when blank."""
        return self.record.get(column) or None

    def required(self, column: str, parse: Callable[[str], T]) -> T:
        """The parsed cell; the row is refused when it is blank or wrong."""
        cell = self.record.get(column)
        if not cell:
            raise RowError(self.table.name(column), f"{column} is blank")
        try:
            return parse(cell)
        except BadInput as error:
            raise RowError(self.table.name(column), error.detail, cell) from None

    def optional(self, column: str, parse: Callable[[str], T]) -> T | None:
        """The parsed cell, None when blank; None and a warning when wrong."""
        cell = self.record.get(column)
        if not cell:
            return None
        try:
            return parse(cell)
        except BadInput as error:
            self.doubt("value-not-taken", column, f"{error.detail}; not taken", cell)
            return None

    def doubt(self, rule: str, column: str | None, reason: str, raw: str = "") -> None:
        """Collect an issue about a column, or about the row when it is None."""
        name = self.table.name(column) if column else None
        self.issues.append(Issue(rule, self.line, name, reason, shorten(raw) or None, self.organisation))

    def refusal(self, refused: RowError) -> Issue:
        """The error that says why the row was not taken."""
        reason = f"{refused.reason}; the row was not taken"
        return Issue(refused.rule, self.line, refused.field, reason, shorten(refused.raw) or None, self.organisation)


def read_rows(table: Table, read: Callable[[Cells], T]) -> Iterator[T | Issue]:
    """What `read` makes of every row that it does not refuse, and the issues, in the order of the file."""
    for record in table.records():
        cells = Cells(table, record)
        try:
            yield read(cells)
        except RowError as refused:
            cells.issues.append(cells.refusal(refused))
        yield from cells.issues


def parse_amount(text: str) -> float:
    """A number of at least nought; BadInput for words as well."""
    number = parse_number(text)
    if isinstance(number, str):
        raise BadInput(f"{shorten(text)!r} is not a number")
    if number < 0:
        raise BadInput(f"{number:g} is negative")
    return number


def parse_count(text: str) -> int:
    """A whole number of at least nought."""
    number = parse_amount(text)
    if not number.is_integer():
        raise BadInput(f"{shorten(text)!r} is not a whole number")
    return int(number)


def one_of(vocabulary: tuple[str, ...], what: str) -> Callable[[str], str]:
    """A parser for a closed vocabulary that takes any case and lists the words when it meets another."""
    known = {word.casefold(): word for word in vocabulary}

    def parse(text: str) -> str:
        found = known.get(text.casefold())
        if found is None:
            raise BadInput(f"{what} {shorten(text)!r} is not one of: {', '.join(vocabulary)}")
        return found

    return parse
