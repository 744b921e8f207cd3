"""Workbooks of the Office Open XML form, read row by row: a sheet of any length in flat memory (ECMA-376 Part 1, 18).

Values only: formulas give what they came to last, links to elsewhere and macros are never looked at. Our own, because
the libraries were tried and fell short: calamine holds a whole sheet (800 MB for 500,000 rows), and openpyxl drops
cells that are out of order and takes hundreds of megabytes for a few kilobytes made to harm.
"""

import posixpath
import re
import zipfile
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from estates_api.errors import BadInput
from estates_api.sources.archives import read_pieces
from estates_api.sources.cell_text import DateStyle, date_style, escaped_text, number_text, serial_text
from estates_api.sources.markup import MAX_DEPTH, Listener, check_head, parse_markup
from estates_api.sources.sheets import Row

MAX_CELLS = 100_000_000
MAX_CELL_CHARACTERS = 131_072
MAX_ROW_CHARACTERS = 1_000_000
MAX_STRING_BYTES = 256 * 1024 * 1024
MAX_STRINGS = 10_000_000
MAX_COLUMNS, MAX_ROWS = 16_384, 1_048_576

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_CELL = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")


def read_sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, Iterator[Row]]]:
    """Name and rows of each worksheet in the workbook's order; rows without a cell are left out."""
    if _WORKBOOK not in archive.namelist():
        raise BadInput("this is a zip archive, not an .xlsx workbook; unpack it and give the file inside")
    for name in archive.namelist():
        if name.casefold().endswith((".xml", ".rels", ".vml")):
            check_head(read_pieces(archive, name))
    book = _read_book(archive)
    for name, part in book.sheets:
        yield name, _read_rows(archive, part, book)


@dataclass(slots=True)
class _Strings:
    """The shared strings, packed: an object for each would take three times their size."""

    packed: bytearray = field(default_factory=bytearray)
    ends: "array[int]" = field(default_factory=lambda: array("Q", [0]))

    def add(self, text: str) -> None:
        self.packed += text.encode()
        self.ends.append(len(self.packed))
        if len(self.packed) > MAX_STRING_BYTES or len(self.ends) > MAX_STRINGS:
            raise BadInput("the spreadsheet holds more different texts than can be kept; save it as CSV")

    def get(self, number: str) -> str:
        place = int(number) if number.isdecimal() and len(number) < 12 else -1
        if not 0 <= place < len(self.ends) - 1:
            raise BadInput("a cell of the spreadsheet points to a text that is not there: damaged?")
        return self.packed[self.ends[place] : self.ends[place + 1]].decode()


@dataclass(slots=True)
class _Book:
    """What all sheets share: texts, the styles that show numbers as days, and the day they are counted from."""

    sheets: list[tuple[str, str]]
    strings: _Strings = field(default_factory=_Strings)
    days: dict[str, DateStyle] = field(default_factory=dict)
    from_1904: bool = False


class _Elements(Listener):
    """Keeps the attributes of the elements that are asked for."""

    def __init__(self, *names: str) -> None:
        self.found: dict[str, list[dict[str, str]]] = {name: [] for name in names}
        self.inside: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        path = f"{self.inside[-1]}/{name}" if self.inside else name
        for wanted in (name, path):
            if wanted in self.found:
                self.found[wanted].append({key.rpartition(":")[2]: value for key, value in attributes.items()})
        if len(self.found.get(path, ())) > MAX_STRINGS // 10:
            raise BadInput("the spreadsheet has parts without end")
        self.inside.append(name)

    def end(self, _: str) -> None:
        self.inside.pop()


def _hear(archive: zipfile.ZipFile, part: str, listener: Listener) -> None:
    for _ in parse_markup(read_pieces(archive, part), listener):
        pass


def _elements(archive: zipfile.ZipFile, part: str | None, *names: str) -> dict[str, list[dict[str, str]]]:
    heard = _Elements(*names)
    if part is not None:
        _hear(archive, part, heard)
    return heard.found


def _read_book(archive: zipfile.ZipFile) -> _Book:
    found = _elements(archive, _WORKBOOK, "workbookPr", "sheets/sheet")
    parts = _parts(archive)
    by_id = {number: part for number, kind, part in parts if kind == "worksheet"}
    listed = [(each.get("name", ""), by_id[each["id"]]) for each in found["sheets/sheet"] if each.get("id") in by_id]
    if len({part for _, part in listed}) < len(listed):
        raise BadInput("two sheets of the spreadsheet are one: damaged?")
    book = _Book(listed, from_1904=any(each.get("date1904") in {"1", "true"} for each in found["workbookPr"]))
    for _, kind, part in parts:
        if kind == "sharedStrings":
            _hear(archive, part, _SharedStrings(book.strings))
        elif kind == "styles":
            book.days = _read_days(archive, part)
    return book


def _parts(archive: zipfile.ZipFile) -> list[tuple[str, str, str]]:
    """(id, kind, member) of every part inside the file that the workbook relates to."""
    names = {name.casefold(): name for name in archive.namelist()}
    listed = []
    relations = names.get(_RELATIONS.casefold())
    for each in _elements(archive, relations, "Relationship")["Relationship"]:
        target = each.get("Target", "")
        member = names.get(posixpath.normpath(target.lstrip("/") if target[:1] == "/" else f"xl/{target}").casefold())
        if member and each.get("TargetMode") != "External":
            listed.append((each.get("Id", ""), each.get("Type", "").rpartition("/")[2], member))
    return listed


def _read_days(archive: zipfile.ZipFile, part: str) -> dict[str, DateStyle]:
    """The styles, by their number, that show a number as a day, a time or a duration."""
    found = _elements(archive, part, "numFmts/numFmt", "cellXfs/xf")
    codes = {each.get("numFmtId", ""): each.get("formatCode", "") for each in found["numFmts/numFmt"]}
    styles = (each.get("numFmtId", "0") for each in found["cellXfs/xf"])
    shown = {str(place): date_style(number, codes.get(number)) for place, number in enumerate(styles)}
    return {place: style for place, style in shown.items() if style}


class _Texts(Listener):
    """Gathers the text of elements `t` and `v`; how Japanese is pronounced (`rPh`) is not part of a text."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0
        self.open = self.phonetic = False

    def text(self, text: str) -> None:
        """A piece of text, kept when it stands in an element that counts."""
        if self.open:
            self.parts.append(text)
            self.size += len(text)
            if self.size > MAX_CELL_CHARACTERS:
                raise BadInput(f"a cell is longer than {MAX_CELL_CHARACTERS:,} characters")

    def take(self) -> str:
        """What was gathered."""
        taken = "".join(self.parts)
        self.parts, self.size = [], 0
        return taken


class _SharedStrings(_Texts):
    """Hears sharedStrings.xml: one text in each `si`, in one piece or in several runs of different looks."""

    def __init__(self, strings: _Strings) -> None:
        super().__init__()
        self.strings = strings

    def start(self, name: str, _: Mapping[str, str]) -> None:
        self.phonetic = self.phonetic or name == "rPh"
        self.open = name == "t" and not self.phonetic

    def end(self, name: str) -> None:
        self.open = False
        if name == "rPh":
            self.phonetic = False
        elif name == "si":
            self.strings.add(escaped_text(self.take()))


class _Cells(_Texts):
    """Hears a worksheet: rows as they end. Sheets have millions of cells, so little is called for each."""

    def __init__(self, book: _Book) -> None:
        super().__init__()
        self.book = book
        self.rows: list[Row] = []
        self.cells: list[str] = []
        self.columns: dict[str, int] = {}
        self.line = self.count = self.length = 0
        self.reference, self.kind, self.style = "", "n", "0"

    def on_start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        if name == "c":
            self.parts, self.size = [], 0
            get = attributes.get
            self.reference, self.kind, self.style = get("r", ""), get("t", "n"), get("s", "0")
        elif name == "v":
            self.open = True
        elif self.depth > MAX_DEPTH or ":" in name:
            self.depth -= 1
            super().on_start(name, attributes)
        else:
            self.start(name, attributes)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "row":
            self._begin_row(attributes)
        elif name == "t":
            self.open = not self.phonetic
        elif name == "rPh":
            self.phonetic = True
        elif name in {"c", "v"}:
            self.depth -= 1
            self.on_start(name, attributes)

    def on_end(self, name: str) -> None:
        self.depth -= 1
        self.open = False
        if name == "c":
            if self.parts:
                self._add("".join(self.parts))
        elif name != "v":
            self.end(name.rpartition(":")[2])

    def end(self, name: str) -> None:
        if name == "row":
            self.rows.append(Row(self.line, tuple(self.cells)))
        elif name == "rPh":
            self.phonetic = False
        elif name == "c" and self.parts:
            self._add("".join(self.parts))

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        number = attributes.get("r", "")
        self.line = int(number) if number.isdecimal() and len(number) < 8 else self.line + 1
        if not 0 < self.line <= MAX_ROWS:
            raise BadInput("the spreadsheet numbers its rows beyond the last: damaged?")
        self.cells, self.length = [], 0

    def _add(self, written: str) -> None:
        """A cell at its place, blank ones before it; cells that say nothing take none."""
        text = self._value(written)
        cells = self.cells
        letters = self.reference.rstrip("0123456789")
        place = self.columns.get(letters, -1) if letters else len(cells)
        if place < 0:
            place = self.columns[letters] = _column(self.reference)
        if place == len(cells):
            cells.append(text)
        else:
            cells.extend([""] * (place + 1 - len(cells)))
            self.count += place
            cells[place] = text
        self.count += 1
        self.length += len(text) + 1
        if self.count > MAX_CELLS or self.length > MAX_ROW_CHARACTERS or len(cells) > MAX_COLUMNS:
            raise BadInput(f"a sheet spans more than {MAX_CELLS:,} cells, or row {self.line} a million characters")

    def _value(self, text: str) -> str:
        kind = self.kind
        if kind == "n":
            style = self.book.days.get(self.style)
            return serial_text(text, style, from_1904=self.book.from_1904) if style else number_text(text)
        if kind == "s":
            return self.book.strings.get(text)
        if kind == "b":
            return "Yes" if text.strip() in {"1", "true"} else "No"
        if kind == "e":
            return ""  # such as #REF!
        return text.removesuffix("T00:00:00") if kind == "d" else escaped_text(text)


def _column(reference: str) -> int:
    found = _CELL.fullmatch(reference)
    number = 0
    for letter in found[1] if found else "":
        number = number * 26 + ord(letter) - 64
    if not 0 < number <= MAX_COLUMNS:
        raise BadInput("a cell of the spreadsheet has a place that there is not: damaged?")
    return number - 1


def _read_rows(archive: zipfile.ZipFile, part: str, book: _Book) -> Iterator[Row]:
    heard = _Cells(book)
    for _ in parse_markup(read_pieces(archive, part), heard):
        yield from heard.rows
        heard.rows.clear()
