"""Shapes in degrees: by OSTN15, to which stock PROJ is about 1.75 m off in London."""

from typing import Any

import numpy as np
import shapely
from convertbng.cutil import convert_lonlat


def in_degrees(shape: Any) -> Any:
    """A shape in EPSG:27700 metres as CRS84 degrees; one that was valid stays valid."""
    degrees = shapely.transform(shape, _to_degrees)
    return degrees if degrees.is_valid else _mended(degrees)


def _to_degrees(metres: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    return np.column_stack(convert_lonlat(np.ascontiguousarray(metres[:, 0]), np.ascontiguousarray(metres[:, 1])))


def _mended(shape: Any) -> Any:
    """A shape that crosses itself by the last digit of its degrees, put right."""
    valid = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return shapely.MultiPolygon([part for part in shapely.get_parts(valid) if part.geom_type == "Polygon"])
