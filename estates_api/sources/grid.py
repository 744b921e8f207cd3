"""Coordinates of any reference system to the National Grid (EPSG:27700), many at a time.

Degrees go through OSTN15, to which stock PROJ is about 1.75 m off in London. Other systems are brought to degrees
first; those on the datum of the National Grid itself straight to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from convertbng.cutil import convert_bng, convert_lonlat

from estates_api.errors import BadInput

Coordinates = np.ndarray[Any, np.dtype[np.float64]]
"""One row a point: x (easting or longitude), y."""

_BRITAIN = (0.0, 0.0, 700_000.0, 1_300_000.0)
_DEGREES = (-9.0, 49.5, 2.5, 61.0)
NATIONAL_GRID = 27700


@dataclass(frozen=True, slots=True)
class Projection:
    """How coordinates become National Grid metres; `assumed` says why when the file does not say what they are.

    What lies outside Great Britain becomes NaN.
    """

    name: str
    project: Callable[[Coordinates], Coordinates]
    assumed: str | None = None


def find_projection(crs: str | None, sample: Coordinates) -> Projection:
    """The projection from the stated CRS; by the magnitude of the first coordinates where none, or another, is stated.

    BadInput when neither tells.
    """
    known = _parse_crs(crs) if crs else None
    if known is not None and not (known.is_geographic and _beyond_degrees(sample)):
        return Projection(_name(known), _projector(known))
    said = f"the file says {_name(known)}, but these are no degrees" if known is not None else "the file names no CRS"
    x, y = (sample[:, 0], sample[:, 1]) if len(sample) else (np.zeros(0), np.zeros(0))
    if _all_within(x, y, _DEGREES):
        return Projection("EPSG:4326", from_degrees, f"{said}; taken as longitude and latitude (EPSG:4326)")
    if _all_within(y, x, _DEGREES):
        return Projection("EPSG:4326", lambda c: from_degrees(c[:, ::-1]),
                          f"{said}; taken as latitude and longitude (EPSG:4326)")  # fmt: skip
    if _all_within(x, y, _BRITAIN) and len(x):
        return Projection("EPSG:27700", _on_grid, f"{said}; taken as National Grid metres (EPSG:27700)")
    raise BadInput(f"{said}, and its coordinates are neither National Grid nor degrees in Great Britain")


def from_degrees(coordinates: Coordinates) -> Coordinates:
    """Longitude and latitude (WGS84, ETRS89) by OSTN15; NaN outside Great Britain."""
    finite = np.where(np.isfinite(coordinates), coordinates, 0.0)
    return np.column_stack(convert_bng(np.ascontiguousarray(finite[:, 0]), np.ascontiguousarray(finite[:, 1])))


def to_degrees(coordinates: Coordinates) -> Coordinates:
    """Longitude and latitude of National Grid metres by OSTN15; NaN outside Great Britain."""
    return np.column_stack(
        convert_lonlat(np.ascontiguousarray(coordinates[:, 0]), np.ascontiguousarray(coordinates[:, 1]))
    )


def _parse_crs(text: str) -> Any:
    import pyproj  # noqa: PLC0415 -- 80 MB that a service without such files does not need

    try:
        return pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError:
        return None


def _name(crs: Any) -> str:
    authority = crs.to_authority(min_confidence=20)
    return ":".join(authority) if authority else crs.name


def _projector(crs: Any) -> Callable[[Coordinates], Coordinates]:
    flat = crs.sub_crs_list[0] if crs.is_compound else crs
    if flat.is_projected and flat.to_epsg(min_confidence=20) == NATIONAL_GRID:
        return _on_grid
    datum = flat.geodetic_crs
    if datum is None:
        raise BadInput(f"its CRS {crs.name!r} is not of this earth")
    if datum.to_epsg(min_confidence=20) == 4277:  # OSGB36, the National Grid's own datum
        return lambda c: _on_grid(_transform(flat, NATIONAL_GRID, c))
    if flat.is_geographic and datum.to_epsg(min_confidence=20) in {4326, 4258, None}:
        return from_degrees
    return lambda c: from_degrees(_transform(flat, 4326, c))


def _transform(crs: Any, target: int, coordinates: Coordinates) -> Coordinates:
    import pyproj  # noqa: PLC0415 -- 80 MB that a service without such files does not need

    transformer = pyproj.Transformer.from_crs(crs, target, always_xy=True)
    return np.column_stack(transformer.transform(coordinates[:, 0], coordinates[:, 1]))


def _on_grid(coordinates: Coordinates) -> Coordinates:
    """Metres of the National Grid as they are; NaN beyond its bounds."""
    west, south, east, north = _BRITAIN
    inside = (
        (coordinates[:, 0] >= west) & (coordinates[:, 0] <= east)
        & (coordinates[:, 1] >= south) & (coordinates[:, 1] <= north)
    )  # fmt: skip
    return np.where(inside[:, None], coordinates, np.nan)


def _beyond_degrees(sample: Coordinates) -> bool:
    return bool(len(sample) and np.nanmax(np.abs(sample)) > 360)


def _all_within(x: Coordinates, y: Coordinates, box: tuple[float, float, float, float]) -> bool:
    return bool(len(x) and np.all((x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])))
