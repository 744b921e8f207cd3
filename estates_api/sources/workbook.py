"""Spreadsheets: .xls and .xlsx, recognised by their first bytes, every sheet as text without float noise."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import python_calamine

from estates_api.errors import BadInput
from estates_api.sources.archives import open_archive
from estates_api.sources.biff import check_extents
from estates_api.sources.cell_text import cell_text
from estates_api.sources.sheets import Row, Sheet
from estates_api.sources.spool import Spool
from estates_api.sources.xlsx import read_sheets

__all__ = ["cell_text", "is_workbook", "open_workbook"]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def is_workbook(start: bytes) -> bool:
    """True for the two containers spreadsheets come in, whatever is inside."""
    return start.startswith((_ZIP, _OLE))


def open_workbook(path: Path) -> tuple[Sheet, ...]:
    """All sheets that have rows. BadInput when it cannot be opened, or would unpack to more than a table can be.

    It is read to its end once, so that nothing is taken from one that is damaged further on; its rows are kept on
    disk and not in memory.
    """
    with path.open("rb") as file:
        zipped = file.read(4) == _ZIP
    try:
        sheets = tuple(_new_sheets(path) if zipped else _old_sheets(path))
    except BadInput as error:
        said = error.detail
        raise BadInput(f"the spreadsheet cannot be opened: {said}" if said.startswith("its ") else said) from None
    if not sheets:
        raise BadInput("the spreadsheet has no rows")
    return sheets


def _new_sheets(path: Path) -> Iterator[Sheet]:
    spool = Spool()
    with open_archive(path) as archive:
        for name, rows in read_sheets(archive):
            if found := spool.add(rows):
                yield Sheet(name, found)


def _old_sheets(path: Path) -> Iterator[Sheet]:
    check_extents(path)
    spool = Spool()
    with _opened(path) as book:
        for name in book.sheet_names:
            if found := spool.add(_rows(book.get_sheet_by_name(name))):
                yield Sheet(name, found)


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


def _rows(sheet: python_calamine.CalamineSheet) -> Iterator[Row]:
    for line, cells in enumerate(sheet.iter_rows(), 1):
        yield Row(line, tuple(cell_text(cell) for cell in cells))
