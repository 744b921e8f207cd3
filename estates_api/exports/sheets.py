"""Workbooks that open as people expect: heads that stay, filters, number formats, and text that is never a formula."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from estates_api.domain.collections import Property

LONGEST = 32_767
"""Characters of a cell (Excel specifications and limits)."""

_CUT = " … (cut: a cell holds no more)"
_WIDEST, _NARROWEST = 60, 9


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook that is being written, and its formats by what they are for."""

    workbook: Workbook
    formats: dict[str, Format]

    def format(self, pattern: str) -> Format:
        """The format of numbers or days; the same object for the same pattern."""
        if pattern not in self.formats:
            self.formats[pattern] = self.workbook.add_format({"num_format": pattern, "valign": "top"})
        return self.formats[pattern]


@contextmanager
def open_book(path: Path, *, title: str, made_at: datetime, streamed: bool = False) -> Iterator[Book]:
    """A workbook, written to the path at the end. The same content and moment are the same bytes. `streamed`: a row is
    written as it comes, which takes longer, and no memory."""
    options = {"constant_memory": streamed, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "default_date_format": "d mmm yyyy"}  # fmt: skip
    workbook = xlsxwriter.Workbook(str(path), options)
    workbook.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
    formats = {
        "head": workbook.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "top"}),
        "label": workbook.add_format({"bold": True, "valign": "top"}),
        "text": workbook.add_format({"valign": "top"}),
        "wrapped": workbook.add_format({"valign": "top", "text_wrap": True}),
    }
    yield Book(workbook, formats)
    workbook.close()


def add_notes(book: Book, name: str, notes: Iterable[tuple[str, str]]) -> None:
    """A sheet to read: what, and what is said of it."""
    sheet = book.workbook.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
    for row, (label, text) in enumerate(notes):
        _text(sheet, row, 0, label, book.formats["label"])
        _text(sheet, row, 1, text, book.formats["wrapped"])


def add_table(
    book: Book, name: str, columns: Sequence[Property], rows: Iterable[Mapping[str, Any]], *, kept: int = 1
) -> int:  # fmt: skip
    """A sheet of rows under a head that stays, with a filter over all; how many rows it has. The first columns, as
    many as are `kept`, stay as well."""
    sheet = book.workbook.add_worksheet(name)
    sheet.freeze_panes(1, kept)
    cells = [(one.name, _writer(book, sheet, one)) for one in columns]
    widths = [len(one.name) + 3 for one in columns]
    for place, one in enumerate(columns):
        _text(sheet, 0, place, one.name, book.formats["head"])
    count = 0
    for count, row in enumerate(rows, 1):
        for place, (column, write) in enumerate(cells):
            value = row[column]
            if value is not None and value != "":
                widths[place] = max(widths[place], write(count, place, value))
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(max(width, _NARROWEST), _WIDEST))
    sheet.autofilter(0, 0, count, len(columns) - 1)
    return count


def pattern(one: Property) -> str:
    """The number format of a property: `#,##0.0`, `£#,##0`, `0.0%` for shares."""
    if one.title.startswith("Share of"):
        return "0.0%"
    places = f".{'0' * one.places}" if one.places else ""
    return f"{'£' if one.unit == 'GBP' else ''}#,##0{places}"


def _writer(book: Book, sheet: Worksheet, one: Property) -> Callable[[int, int, Any], int]:
    """What writes the values of a property, and says how many characters wide each looks."""
    number, day, text = book.format(pattern(one)), book.format("d mmm yyyy"), book.formats["text"]

    def write(row: int, place: int, value: Any) -> int:
        match value:
            case str():
                return _text(sheet, row, place, value, text)
            case bool():
                return _text(sheet, row, place, "yes" if value else "no", text)
            case int() | float():
                sheet.write_number(row, place, value, number)
                return len(f"{value:,.{one.places}f}") + 1
            case date():
                sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 -- a day
                return 12
            case _:
                return _text(sheet, row, place, str(value), text)

    return write


def _text(sheet: Worksheet, row: int, place: int, text: str, style: Format) -> int:
    """Write a text as text, whatever it begins with."""
    shown = text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT
    sheet.write_string(row, place, shown, style)
    return len(shown) + 1
