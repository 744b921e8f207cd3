"""What a spreadsheet's cell shows, as text: numbers without float noise, days as ISO."""

import re
from datetime import date, datetime, time, timedelta
from typing import Literal

Cell = int | float | str | bool | time | date | datetime | timedelta
DateStyle = Literal["date", "duration"]

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|[_*].')  # quoted and escaped characters, padding and filling
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\]]*\]")

# ECMA-376 Part 1, 18.8.30: the formats that need no code.
_DATES = {str(number) for number in (*range(14, 23), 45, 47)}
_DURATION = "46"

_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 -- spreadsheets have no time zone
_BEFORE_1900 = datetime(1899, 12, 30)  # noqa: DTZ001


def cell_text(cell: Cell) -> str:
    """A cell as text: `12`, not `12.0`; the 15 digits a spreadsheet keeps; days as ISO."""
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def number_text(text: str) -> str:
    """A number as the file writes it (`1.2E3`), as text; what is no number stays as it is."""
    if text.isdecimal() and len(text) <= 15 and text[0] != "0":
        return text
    try:
        return cell_text(float(text))
    except ValueError:
        return text


def serial_text(text: str, style: DateStyle, *, from_1904: bool) -> str:
    """A day or time that is kept as days since the end of 1899 (or 1904), with a leap day in 1900 that never was."""
    try:
        days = float(text)
        exact = timedelta(days=days)
        lapse = timedelta(milliseconds=round(exact / timedelta(milliseconds=1)))
        if style == "duration":
            return cell_text(lapse)
        if not days >= 0:
            return number_text(text)
        if lapse < timedelta(days=1):
            return cell_text((_1904 + lapse).time())
        begin = _1904 if from_1904 else _BEFORE_1900 if days >= 60 else _BEFORE_1900 + timedelta(days=1)
        return cell_text(begin + lapse)
    except (ValueError, OverflowError):
        return number_text(text)


def date_style(number: str, code: str | None) -> DateStyle | None:
    """Whether a number format shows a day, a time or how long something takes; None for any other."""
    if code is None:
        return "date" if number in _DATES else "duration" if number == _DURATION else None
    shown = _NOT_SHOWN.sub("", code)
    if _ELAPSED.search(shown):
        return "duration"
    rest = _BRACKETS.sub("", shown).casefold()
    return "date" if rest != "general" and any(letter in rest for letter in "dmyhs") else None


def escaped_text(text: str) -> str:
    """Characters that XML cannot hold are written `_x000D_` (ECMA-376 Part 1, 22.9.2.19)."""
    return _ESCAPED.sub(_unescape, text) if "_x" in text else text


def _unescape(found: "re.Match[str]") -> str:
    code = int(found[1], 16)
    return found[0] if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)
