"""Reads an .xls in a process of its own, which may die of it: run by its path, with the path of the file.

The library that reads .xls reserves what a damaged file announces and aborts its process when there is not so much;
a service must not die with it. Written are JSON lines: the name of a sheet, then its rows as [line, cell, ...].
"""

import json
import resource
import sys
from datetime import date, datetime, time
from typing import IO

import python_calamine

MAX_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
MAX_CPU_S = 120


def write_rows(path: str, out: IO[str]) -> None:
    """Write every sheet with its rows, those without a value left out."""
    with python_calamine.load_workbook(path) as book:
        for name in book.sheet_names:
            out.write(json.dumps(name) + "\n")
            for line, cells in enumerate(book.get_sheet_by_name(name).iter_rows(), 1):
                if any(cell != "" for cell in cells):
                    out.write(json.dumps([line, *cells], default=_day) + "\n")


def _day(cell: object) -> str:
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def main() -> None:
    """Read the file named on the command line, within limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    write_rows(sys.argv[1], sys.stdout)


if __name__ == "__main__":
    main()
