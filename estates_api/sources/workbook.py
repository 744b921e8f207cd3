"""Spreadsheets: .xls and .xlsx, recognised by their first bytes, every sheet as text without float noise."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO

import python_calamine

from estates_api.errors import BadInput
from estates_api.sources.sheets import Row, Sheet

MAX_UNPACKED_BYTES = 500 * 1024 * 1024
MAX_CELLS = 20_000_000

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_REFERENCE = re.compile(rb'\sr="([A-Z]{0,3})([0-9]{1,7})"')

Cell = int | float | str | bool | time | date | datetime | timedelta


def is_workbook(start: bytes) -> bool:
    """True for the two containers spreadsheets come in, whatever is inside."""
    return start.startswith((_ZIP, _OLE))


def open_workbook(path: Path) -> tuple[Sheet, ...]:
    """All sheets that have rows. BadInput when it cannot be opened, or would unpack to more than a table can be."""
    with path.open("rb") as file:
        if file.read(4) == _ZIP:
            _check_archive(path)
    with _opened(path) as book:
        tables = {name: _rows(book, name) for name in book.sheet_names}
    sheets = tuple(_sheet(name, rows) for name, rows in tables.items() if rows)
    if not sheets:
        raise BadInput("the spreadsheet has no rows")
    return sheets


def _sheet(name: str, rows: tuple[Row, ...]) -> Sheet:
    return Sheet(name, lambda: iter(rows))


@contextmanager
def _opened(path: Path) -> Iterator[python_calamine.CalamineWorkbook]:
    try:
        with python_calamine.load_workbook(path) as book:
            yield book
    except BaseException as error:
        # calamine's Rust panics arrive as a BaseException of a class that cannot be imported.
        if isinstance(error, BadInput | GeneratorExit | KeyboardInterrupt | SystemExit):
            raise
        raise BadInput("the spreadsheet cannot be opened: damaged, truncated or protected by a password?") from None


def _rows(book: python_calamine.CalamineWorkbook, name: str) -> tuple[Row, ...]:
    table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    rows = [Row(line, tuple(cell_text(cell) for cell in cells)) for line, cells in enumerate(table, 1)]
    while rows and rows[-1].blank:  # which spreadsheets leave behind
        rows.pop()
    return tuple(rows)


def cell_text(cell: Cell) -> str:
    """A cell as text: `12`, not `12.0`; the 15 digits a spreadsheet keeps; days as ISO."""
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _check_archive(path: Path) -> None:
    """Refuse zip bombs before anything is unpacked for good: by declared size, then by checksum, then by extent."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive)
    except BadInput:
        raise
    except Exception:  # zipfile raises a dozen classes for damaged archives
        raise BadInput("the spreadsheet cannot be opened: its zip archive is damaged or truncated") from None


def _check_members(archive: zipfile.ZipFile) -> None:
    if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
        raise BadInput(f"the spreadsheet unpacks to more than {MAX_UNPACKED_BYTES // 1024 // 1024} MB")
    if "xl/workbook.xml" not in archive.namelist():
        raise BadInput("this is a zip archive, not an .xlsx workbook; unpack it and give the file inside")
    if archive.testzip() is not None:  # a member longer than it declares fails its checksum
        raise BadInput("the spreadsheet cannot be opened: its zip archive is damaged")
    for member in archive.namelist():
        if member.startswith("xl/worksheets/") and member.endswith(".xml"):
            with archive.open(member) as stream:
                _check_extent(stream)


def _check_extent(stream: IO[bytes]) -> None:
    """A lone cell at XFD1048576 would make a dense table of 17 thousand million cells."""
    rows = columns = 1
    kept = b""
    while chunk := stream.read(1 << 20):
        for letters, digits in _REFERENCE.findall(kept + chunk):
            columns, rows = max(columns, _column(letters)), max(rows, int(digits))
        kept = chunk[-16:]
    if rows * columns > MAX_CELLS:
        raise BadInput(f"a sheet spans {rows} rows and {columns} columns, most of them surely blank; delete those")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
