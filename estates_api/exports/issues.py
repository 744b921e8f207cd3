"""Issues as CSV (RFC 4180, UTF-8 with CRLF), a line at a time, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from estates_api.exports.table import cell

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"


def write_lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    """The header, then one line per row; unknown is an empty cell."""
    yield _line(columns)
    for row in rows:
        yield _line([cell(row[name]) for name in columns])


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()
