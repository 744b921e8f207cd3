"""A shortlist as CSV (RFC 4180, UTF-8 with CRLF), safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from estates_api.exports.columns import COLUMNS, rows_of
from estates_api.exports.writer import Writer

# OWASP, CSV Injection: these and their full-width forms; also after quotes, so that what was quoted is known from what
# began with a quote of its own.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def write(content: Mapping[str, Any]) -> bytes:
    """One row per entry, the header first; unknown is an empty cell."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for row in rows_of(content):
        rows.writerow([cell(row[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8")


def cell(value: object) -> str:
    """The value as text. Text that a spreadsheet would run as a formula gets a quote before it (OWASP)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and _FORMULA.match(text) else text


def plain(text: str) -> str:
    """The text of a cell without the quote that `cell` put before it."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


WRITER = Writer("csv", "text/csv; charset=utf-8; header=present", write)
