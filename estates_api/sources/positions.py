"""Coordinates as councils publish them, to EPSG:27700: grid or degrees by magnitude, swapped pairs put right."""

from dataclasses import dataclass

from convertbng.cutil import convert_bng

from estates_api.errors import BadInput

_LONDON = (500_000.0, 565_000.0, 150_000.0, 205_000.0)  # eastings, northings of Greater London with its edge
_BRITAIN = (0.0, 700_000.0, 0.0, 1_300_000.0)  # extent of the National Grid
_DEGREES = (-9.0, 2.5, 49.5, 61.0)  # longitudes, latitudes of Great Britain


@dataclass(frozen=True, slots=True)
class Position:
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


def _within(x: float, y: float, box: tuple[float, float, float, float]) -> bool:
    return box[0] <= x <= box[1] and box[2] <= y <= box[3]


def _from_degrees(longitude: float, latitude: float, *, swapped: bool) -> Position:
    eastings, northings = convert_bng([longitude], [latitude])
    easting, northing = float(eastings[0]), float(northings[0])
    if not _within(easting, northing, _BRITAIN):  # the sea around, where OSTN15 gives no answer (NaN)
        raise BadInput(f"{longitude:g}, {latitude:g} is not in Great Britain")
    return Position(round(easting, 3), round(northing, 3), swapped)
