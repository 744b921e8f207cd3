"""Spreadsheets: .xls and .xlsx, recognised by their first bytes, every sheet as text without float noise."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from estates_api.errors import BadInput
from estates_api.sources.archives import open_archive
from estates_api.sources.biff import check_extents
from estates_api.sources.cell_text import cell_text
from estates_api.sources.sheets import Row, Sheet
from estates_api.sources.spool import Spool
from estates_api.sources.xlsx import read_sheets

__all__ = ["cell_text", "is_workbook", "open_workbook"]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

XLS_PROCESS = Path(__file__).with_name("xls_process.py")


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
    """Through a process of its own: what some damaged files do to whoever reads them must not end the service."""
    check_extents(path)
    spool = Spool()
    command = [sys.executable, "-P", str(XLS_PROCESS), str(path.absolute())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 -- our own program
        assert process.stdout is not None
        try:
            for name, rows in _tables(process.stdout):
                if found := spool.add(rows):
                    yield Sheet(name, found)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise BadInput("the spreadsheet cannot be opened: damaged, truncated or protected by a password?")


def _tables(lines: IO[bytes]) -> Iterator[tuple[str, Iterator[Row]]]:
    """Name and rows of each sheet; the rows must be read before the next sheet is asked for."""
    # A last line without its end is what a process left that died.
    said = (json.loads(line) for line in lines if line.endswith(b"\n"))
    name = next(said, None)
    while name is not None:
        following: list[str] = []
        yield name, _rows(said, following)
        name = following[0] if following else None


def _rows(said: Iterator[Any], following: list[str]) -> Iterator[Row]:
    for line in said:
        if isinstance(line, str):
            following.append(line)
            return
        number, *cells = line
        yield Row(number, tuple(cell_text(cell) for cell in cells))
