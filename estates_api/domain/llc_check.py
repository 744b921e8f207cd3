"""Whether a table is in the schema `llc/1`: its header, and every cell of every row, with what is wanted instead."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import shapely

from estates_api.domain.llc import FIELDS, ID, KEY, Field
from estates_api.domain.london import BOROUGHS, EXTENT, find_mismatch
from estates_api.domain.nearness import POSITION_ERROR_M
from estates_api.domain.values import counted, shorten
from estates_api.errors import BadInput

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")

ROUNDED_M = 1.0
"""How far coordinates may be rounded, beside the precision."""

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
    """The rows of one table while they are looked at. The keys met are held: some 100 bytes a row. `boroughs`: the
    names by codes and the codes by names, as they were met first. `even`: every row
    has as many fields as the header, as in a CSV file; a workbook's end where they are blank."""

    places: Mapping[str, int]
    width: int
    even: bool = True
    rows: int = 0
    failed: int = 0
    seen: set[tuple[str, ...]] = field(default_factory=set)
    boroughs: dict[str, str] = field(default_factory=dict)

    def check(self, line: int, cells: Sequence[str]) -> list[Fault]:
        """What is wrong with a row; nothing where it passes."""
        self.rows += 1
        faults = self._width(line, cells)
        row: dict[str, Any] = {}
        for name, place in self.places.items():
            try:
                row[name] = _parse(FIELDS[name], cells[place] if place < len(cells) else "")
            except BadInput as error:
                faults.append(Fault(line, name, error.detail))
        faults += self._together(line, row)
        self.failed += bool(faults)
        return faults

    def _width(self, line: int, cells: Sequence[str]) -> list[Fault]:
        """A row with more or fewer fields than the header has its values under the wrong names."""
        extra = any(cell.strip() for cell in cells[self.width :])
        missing = self.even and len(cells) < self.width
        if not (extra or missing):
            return []
        why = ("a comma in a text that is not in quotation marks?" if extra
               else "a comma or a quotation mark missing, or a line break in a text?")  # fmt: skip
        return [Fault(line, "", f"the row has {counted(len(cells), 'field')}, the header has {self.width}: {why}")]

    def _together(self, line: int, row: Mapping[str, Any]) -> list[Fault]:
        """What no cell says by itself."""
        key = tuple(str(row[name]) for name in KEY if name in row)
        low, high = row.get("homes_low"), row.get("homes_high")
        wrong = {
            "geometry": _misplaced(row),
            "borough_gss": self._other_borough(row),
            "easting": _outside_london(row),
            KEY[-1]: f"{key[-1]} stands twice in {key[0]}; a site has one row" if key in self.seen else "",
            "homes_low": f"{low} is more than homes_high {high}" if low and high is not None and low > high else "",
            "northing": "easting and northing go together; give both or neither"
            if {"easting", "northing"} <= row.keys() and (row["easting"] is None) != (row["northing"] is None) else "",
        }  # fmt: skip
        if len(key) == len(KEY):
            self.seen.add(key)
        return [Fault(line, name, reason) for name, reason in wrong.items() if reason]

    def _other_borough(self, row: Mapping[str, Any]) -> str:
        """A code that is another borough's; outside London, one that an earlier row has for another, or a borough that
        has another code there."""
        name, code = row.get("borough"), row.get("borough_gss")
        if not (name and code):
            return ""
        if (wrong := find_mismatch(code, name)) is not None:
            return wrong
        there = self.boroughs.get(code, name), self.boroughs.get(name, code)
        if there == (name, code):
            self.boroughs |= {code: name, name: code}
            return ""
        if there[1] != code:
            return f"an earlier row has {there[1]} for {name}"
        return f"an earlier row has it for {there[0]}"


def _outside_london(row: Mapping[str, Any]) -> str:
    """A position outside London beside the code of a London borough: swapped, or in degrees."""
    code, east, north = row.get("borough_gss") or "", row.get("easting"), row.get("northing")
    if code not in BOROUGHS or east is None or north is None:
        return ""
    if EXTENT[0] <= east <= EXTENT[2] and EXTENT[1] <= north <= EXTENT[3]:
        return ""
    return (f"{east:,.10g} with northing {north:,.10g} lies outside London, and {code} is {BOROUGHS[code]}; wanted: "
            "metres of the National Grid, the easting first")  # fmt: skip


def _misplaced(row: Mapping[str, Any]) -> str:
    """Where easting and northing are not those of the geometry, within the precision that the row states."""
    geometry, at = row.get("geometry"), (row.get("easting"), row.get("northing"))
    if geometry is None:
        return ""
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            shape = shapely.from_wkt(geometry)
    except shapely.errors.ShapelyError:
        shape = None
    if shape is None or shape.is_empty or not shape.is_valid:
        return f"is no shape that can be drawn; {_wanted(FIELDS['geometry'])}"
    if None in at or "precision" not in row:
        return ""
    within_m = POSITION_ERROR_M.get(str(row.get("precision")), 0.0) + ROUNDED_M
    away_m = float(shapely.distance(shape, shapely.Point(at)))
    if away_m <= within_m:
        return ""
    return (f"lies {away_m:,.0f} m from easting {at[0]:,.10g} and northing {at[1]:,.10g}; with the precision "
            f"{row.get('precision')} they are at most {within_m:,.0f} m apart")  # fmt: skip


def open_table(header: Sequence[str], *, even: bool = True) -> Checked:
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
    return Checked({name: names.index(name) for name in FIELDS}, len(names), even)


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
    blank = "" if field_.required else ", or blank where it is not known"
    return f"wanted: {field_.like or what}{unit}{low}{high}{blank}"


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
