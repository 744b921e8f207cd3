"""Whether a table is in the schema `llc/1`: its header, and every cell of every row, with what is wanted instead."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from estates_api.domain.llc import FIELDS, ID, KEY, Field
from estates_api.domain.values import counted, shorten
from estates_api.errors import BadInput

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")

MOST_NAMED = 12
"""Columns that a message names."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell: its line and field, the reason, and what is wanted."""

    line: int
    field: str
    reason: str


@dataclass(slots=True)
class Checked:
    """The rows of one table while they are looked at. The keys met are held: some 100 bytes a row."""

    places: Mapping[str, int]
    width: int
    rows: int = 0
    failed: int = 0
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def check(self, line: int, cells: Sequence[str]) -> list[Fault]:
        """What is wrong with a row; nothing where it passes."""
        self.rows += 1
        faults = [] if len(cells) <= self.width else [_too_wide(line, len(cells), self.width)]
        row: dict[str, Any] = {}
        for name, place in self.places.items():
            try:
                row[name] = _parse(FIELDS[name], cells[place] if place < len(cells) else "")
            except BadInput as error:
                faults.append(Fault(line, name, error.detail))
        faults += self._together(line, row)
        self.failed += bool(faults)
        return faults

    def _together(self, line: int, row: Mapping[str, Any]) -> list[Fault]:
        """What no cell says by itself."""
        key = tuple(str(row[name]) for name in KEY if name in row)
        low, high = row.get("homes_low"), row.get("homes_high")
        wrong = {
            KEY[-1]: f"{key[-1]} stands twice in {key[0]}; a site has one row" if key in self.seen else "",
            "homes_low": f"{low} is more than homes_high {high}" if low and high is not None and low > high else "",
            "northing": "easting and northing go together; give both or neither"
            if {"easting", "northing"} <= row.keys() and (row["easting"] is None) != (row["northing"] is None) else "",
        }  # fmt: skip
        if len(key) == len(KEY):
            self.seen.add(key)
        return [Fault(line, name, reason) for name, reason in wrong.items() if reason]


def _too_wide(line: int, cells: int, width: int) -> Fault:
    return Fault(line, "", f"the row has {cells} cells, the header {width}: is a quote missing?")


def open_table(header: Sequence[str]) -> Checked:
    """A table with this header, in any order; BadInput names what is missing, not known or there twice."""
    names = [name.strip() for name in header]
    while names and not names[-1]:  # spreadsheets leave empty columns at the end
        names.pop()
    faults = [
        f"{what}: {_listed(found)}"
        for what, found in (
            ("missing", [name for name in FIELDS if name not in names]),
            ("not known", [name for name in names if name not in FIELDS]),
            ("there twice", sorted({name for name in names if names.count(name) > 1})),
        )
        if found
    ]
    if faults:
        raise BadInput(f"the header is not that of {ID} ({counted(len(FIELDS), 'column')}); {'; '.join(faults)}")
    return Checked({name: names.index(name) for name in FIELDS}, len(names))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(shorten(name, 40) or "a column without a name" for name in names[:MOST_NAMED])
    return shown + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def _parse(field_: Field, text: str) -> Any:
    """The value of a cell, None for a blank one; BadInput says what is wanted."""
    text = text.strip()
    if not text:
        if field_.required:
            raise BadInput(f"blank; {_wanted(field_)}")
        return None
    value = _TYPES[field_.type](text)
    if value is None or not _fits(field_, text, value):
        raise BadInput(f"{shorten(text, 40)!r} does not fit; {_wanted(field_)}")
    return value


def _fits(field_: Field, text: str, value: Any) -> bool:
    low, high = field_.minimum, field_.maximum
    return (
        (not field_.enum or text in field_.enum)
        and (not field_.pattern or re.fullmatch(field_.pattern, text) is not None)
        and (low is None or value >= low)
        and (high is None or value <= high)
    )


@cache
def _wanted(field_: Field) -> str:
    """What a cell of this field may hold, in words: `wanted: a number of ha, 0 or more`."""
    what = f"one of {', '.join(field_.enum)}" if field_.enum else _WORDS[field_.type]
    unit = f" of {field_.unit}" if field_.unit else ""
    low = "" if field_.minimum is None else f", {field_.minimum:g} or more"
    high = "" if field_.maximum is None else f", {field_.maximum:g} or less"
    shape = f" like {field_.pattern}" if field_.pattern else ""
    blank = "" if field_.required else ", or blank where it is not known"
    return f"wanted: {what}{unit}{low}{high}{shape}{blank}"


def _number(text: str) -> float | None:
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def _integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


_TYPES: Mapping[str, Callable[[str], Any]] = {"string": str, "number": _number, "integer": _integer, "date": _day}
_WORDS = {"string": "text", "number": "a number", "integer": "a whole number", "date": "a day like 2017-03-31"}
