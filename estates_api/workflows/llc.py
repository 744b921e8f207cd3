"""Holding a file against the schema `llc/1`, row by row: a file may be larger than memory."""

from collections.abc import Iterator
from pathlib import Path

from estates_api.domain.llc_check import Checked, Fault, open_table
from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.exports.table import plain
from estates_api.sources.document import open_document
from estates_api.sources.sheets import Sheet

Told = Iterator[tuple[int, list[Fault]]]


def check_llc(path: Path, name: str | None = None) -> tuple[Checked, Told]:
    """The table of a CSV file or a workbook, and each row's line with its faults, read as they are asked for.

    BadInput when the file cannot be read, or no sheet of it has the columns of the schema.
    """
    document = open_document(path, name)
    refused = []
    for sheet in document.sheets:
        try:
            return _check_sheet(sheet)
        except BadInput as error:
            refused.append(error.detail)
    # A workbook's other sheets lack every column: the one that lacks the fewest says most, in the fewest words.
    raise BadInput(f"{shorten(document.name, 200)}: {min(refused, key=len, default='this is not a table')}")


def _check_sheet(sheet: Sheet) -> tuple[Checked, Told]:
    rows = (row for row in sheet.rows if not row.blank)
    header = next(rows, None)
    table = open_table(header.cells if header else (), even=not sheet.name)  # a CSV file's table has no name
    return table, ((row.line, table.check(row.line, [plain(cell) for cell in row.cells])) for row in rows)
