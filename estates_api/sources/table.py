"""A sheet with named columns: the header row found, names normalised, cells fetched by any of a column's names."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from estates_api.domain.records import Issue
from estates_api.domain.values import clean_text, shorten
from estates_api.errors import BadInput
from estates_api.sources.document import Document
from estates_api.sources.sheets import Sheet

HEADER_WITHIN = 40
"""A header stands in the first rows that are not blank: below section titles, provisional notes, a title page."""

_MOJIBAKE = str.maketrans("", "", "ÂÃ‚£\ufeff\u200b")
_LOST_SQUARE = re.compile(r"\(m[?\ufffd]\)")  # m² after a conversion that could not write ²
_WORD = re.compile(r"[a-z0-9]+")


def normalise_header(text: str) -> str:
    """The name as it is compared: `Cost (£)` and `Cost (Â£)` are `cost`, `mÂ²` is `m2`, `%` is a word of its own.

    Case, spaces, NBSP and punctuation do not count; units do, so a column that changes unit changes name.
    """
    known = _LOST_SQUARE.sub("(m2)", text.translate(_MOJIBAKE))
    plain = unicodedata.normalize("NFKC", known).casefold().replace("%", " pct ").replace("&", " and ")
    return " ".join(_WORD.findall(plain))


@dataclass(slots=True)
class Record:
    """One data row seen through the table's columns; its cells are clean (see `clean_text`), `raw` are as published."""

    line: int
    cells: tuple[str, ...]
    places: Mapping[str, int]
    raw: Sequence[str] = ()

    def get(self, column: str) -> str:
        """The cell of a field, or blank when the table has no such column or the row ends before it."""
        place = self.places.get(column)
        return "" if place is None or place >= len(self.cells) else self.cells[place]

    def cleaned(self, column: str) -> str | None:
        """The cell as published, where cleaning took spaces out of it; None where it stands as it was."""
        place = self.places.get(column)
        published = "" if place is None or place >= len(self.raw) else self.raw[place]
        return published if published.strip() and published != self.get(column) else None


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows under it. `names` are the header cells as published, cleaned; `places` finds a field's
    column through its aliases, the first one where a name occurs twice (ERIC 2014-15 repeats ten names for PFI)."""

    line: int
    names: tuple[str, ...]
    places: Mapping[str, int]
    source: Sheet

    def records(self) -> Iterator[Record]:
        """The rows under the header that are not blank, read anew."""
        for line, raw in self.source.rows:
            if line > self.line:
                cells = tuple([" ".join(cell.split()) for cell in raw])  # clean_text, in the hottest loop
                if any(cells):
                    yield Record(line, cells, self.places, raw)

    def has(self, field: str) -> bool:
        """True when one of the field's names is in the header."""
        return field in self.places

    def name(self, field: str) -> str:
        """The field's header as published; the field itself when there is no such column."""
        return self.names[self.places[field]] if field in self.places else field

    def repeated(self) -> list[str]:
        """Published names that stand twice or more and that a field was found in: the first occurrence counts."""
        count = Counter(normalise_header(name) for name in self.names)
        return [self.names[place] for place in sorted(self.places.values())
                if count[normalise_header(self.names[place])] > 1]  # fmt: skip

    def unused(self) -> list[str]:
        """Published names of the columns that no field was found in, without repeats of those that were."""
        used = {normalise_header(self.names[place]) for place in self.places.values()}
        return [name for name in self.names if name and normalise_header(name) not in used]


class Aliases:
    """Fields of a format, each with the column names it has been published under, best first."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {field: tuple(normalise_header(name) for name in names) for field, names in fields.items()}
        self.known = frozenset(name for names in self.fields.values() for name in names)

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """Column of every field that the header has; the first occurrence of a repeated name counts."""
        first: dict[str, int] = {}
        for place, cell in enumerate(header):
            first.setdefault(normalise_header(cell), place)
        found = {}
        for field, names in self.fields.items():
            present = [first[name] for name in names if name in first]
            if present:
                found[field] = present[0]
        return found


def find_table(document: Document, aliases: Aliases, wanted: Collection[str] = ()) -> Table | None:
    """The sheet and header row with most of the format's fields, those with all `wanted` ones before any other."""
    tables = (table for sheet in document.sheets for table in _candidates(sheet, aliases))
    return max(tables, key=lambda table: (_share(table, wanted), len(table.places)), default=None)


def _share(table: Table, wanted: Collection[str]) -> int:
    return sum(table.has(field) for field in wanted)


def _candidates(sheet: Sheet, aliases: Aliases) -> Iterator[Table]:
    for row in [row for row in sheet.head if not row.blank][:HEADER_WITHIN]:
        found = aliases.places(row.cells)
        if found:
            yield Table(row.line, tuple(clean_text(cell) for cell in row.cells), found, sheet)


def require_table(document: Document, aliases: Aliases, required: Sequence[str], *, title: str) -> Table:
    """The format's table; BadInput names the columns it lacks, and what else they may be called."""
    table = find_table(document, aliases, required)
    missing = [field for field in required if table is None or not table.has(field)]
    if table is None or missing:
        wanted = ", ".join(_described(field, aliases) for field in missing)
        raise BadInput(f"{document.name}: {title} needs {'columns' if len(missing) > 1 else 'a column'} {wanted}")
    if not any(True for _ in table.records()):
        raise BadInput(f"{document.name}: there is a header in row {table.line} but no row under it")
    return table


def _described(field: str, aliases: Aliases) -> str:
    names = [name for name in aliases.fields[field] if name != normalise_header(field)]
    return f"{field} (or {', '.join(names[:3])})" if names else field


def column_notes(table: Table) -> list[Issue]:
    """What is to be said of the columns as a whole: those that stand twice, and those that nobody read."""
    return [*repeated_note(table), *_unused_note(table)]


def _unused_note(table: Table) -> list[Issue]:
    """One note that counts the columns nobody read and names the first few; none when all were read."""
    names = table.unused()
    if not names:
        return []
    some = ", ".join(shorten(name, 50) for name in names[:5])
    more = ", …" if len(names) > 5 else ""
    reason = f"{len(names)} {'columns are' if len(names) > 1 else 'column is'} not used: {some}{more}"
    return [Issue("columns-unused", table.line, None, reason)]


def repeated_note(table: Table) -> list[Issue]:
    """One note that names the columns that stand twice; none when no column does."""
    names = table.repeated()
    if not names:
        return []
    reason = f"these columns stand twice, and the first of each counts: {', '.join(shorten(n, 50) for n in names)}"
    return [Issue("column-repeated", table.line, None, reason)]


def cleaned_notes(record: Record, columns: Iterable[str], *, field: Callable[[str], str]) -> Iterator[Issue]:
    """A note on each of these cells out of which spaces were taken. `field` names columns."""
    for column in columns:
        if (raw := record.cleaned(column)) is not None:
            reason = f"spaces before, after or doubled were taken out: {shorten(record.get(column))!r}"
            yield Issue("text-cleaned", record.line, field(column), reason, ascii(raw)[1:-1][:60])


def exact(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Fields whose only column name is their own."""
    return {name: (name,) for name in names}
