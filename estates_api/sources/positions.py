"""Coordinates as councils publish them, to EPSG:27700: grid or degrees by magnitude, swapped pairs put right."""

import re
from typing import NamedTuple

from convertbng.cutil import convert_bng

from estates_api.domain.values import parse_number, shorten
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells

_LONDON = (500_000.0, 565_000.0, 150_000.0, 205_000.0)  # eastings, northings of Greater London with its edge
_BRITAIN = (0.0, 700_000.0, 0.0, 1_300_000.0)  # extent of the National Grid
_DEGREES = (-9.0, 2.5, 49.5, 61.0)  # longitudes, latitudes of Great Britain

_NUMBER = r"([-+]?[0-9]{1,12}(?:\.[0-9]{0,20})?(?:[eE][-+]?[0-9]{1,2})?)"
_POINT = re.compile(rf"(?:SRID=[0-9]{{1,6}};)?(?:POINT)?\s*\(?\s*{_NUMBER}[\s,]+{_NUMBER}\s*\)?", re.IGNORECASE)


class Position(NamedTuple):
    """EPSG:27700 metres; `swapped` when the file had the two the other way round."""

    easting: float
    northing: float
    swapped: bool = False


def parse_position(x: float, y: float, *, london: bool = False) -> Position:
    """The position of easting and northing, or longitude and latitude; BadInput outside Great Britain.

    `london` says that the place must lie in Greater London, which is what makes a swapped grid reference visible:
    the mirror image of London is sea off Galloway, inside the grid. Degrees pass through OSTN15.
    """
    for first, second, swapped in ((x, y, False), (y, x, True)):
        if _within(first, second, _DEGREES):
            return _from_degrees(first, second, swapped=swapped)
    box = _LONDON if london and (_within(x, y, _LONDON) or _within(y, x, _LONDON)) else _BRITAIN
    for first, second, swapped in ((x, y, False), (y, x, True)):
        if _within(first, second, box) and max(x, y) > 360:  # below are degrees of elsewhere, and 0, 0
            return Position(first, second, swapped)
    raise BadInput(f"{x:g}, {y:g} is neither a National Grid position nor a longitude and latitude in Great Britain")


def parse_point(text: str) -> tuple[float, float]:
    """The two numbers of `POINT (-0.13 51.52)`, `(51.52, -0.13)` or `532500,196400`; BadInput for anything else."""
    found = _POINT.fullmatch(text)
    if not found:
        raise BadInput(f"{shorten(text)!r} is not a point")
    return float(found[1]), float(found[2])


def read_position(cells: Cells, x: str, y: str | None, *, london: bool) -> Position | None:
    """The position in two columns, or in one that holds a point; None, with a doubt where they hold something else."""
    pair = cells.optional(x, parse_point) if y is None else _pair(cells, x, y)
    if pair is None:
        return None
    try:
        position = parse_position(*pair, london=london)
    except BadInput as error:
        cells.doubt("position-not-taken", x, f"{error.detail}; the position was not taken", f"{pair[0]:g}, {pair[1]:g}")
        return None
    if position.swapped and y is not None:  # in one cell, latitude first is as usual as longitude first
        reason = "easting and northing (or longitude and latitude) are swapped; put right"
        cells.doubt("position-swapped", x, reason, f"{pair[0]:g}, {pair[1]:g}")
    return position


def _pair(cells: Cells, x: str, y: str) -> tuple[float, float] | None:
    first, second = cells.optional(x, _parse_coordinate), cells.optional(y, _parse_coordinate)
    return None if first is None or second is None else (first, second)


def _parse_coordinate(text: str) -> float | None:
    number = parse_number(text)
    return None if isinstance(number, str) else number


def _within(x: float, y: float, box: tuple[float, float, float, float]) -> bool:
    return box[0] <= x <= box[1] and box[2] <= y <= box[3]


def _from_degrees(longitude: float, latitude: float, *, swapped: bool) -> Position:
    eastings, northings = convert_bng([longitude], [latitude])
    easting, northing = float(eastings[0]), float(northings[0])
    if not _within(easting, northing, _BRITAIN):  # the sea around, where OSTN15 gives no answer (NaN)
        raise BadInput(f"{longitude:g}, {latitude:g} is not in Great Britain")
    return Position(round(easting, 3), round(northing, 3), swapped)
