"""Geometries in filters: literals are moved to the system of a stored column, never the column, so its index serves.

A geometry that crosses itself, has no points or lies off the earth is refused: what it meets would be a guess.
"""

import json
import math
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Boolean, ColumnElement, Function, LargeBinary, and_, literal, or_

from estates_api.domain.crs import Crs
from estates_api.errors import BadInput
from estates_api.store.cql2_terms import Term, boolean, opposite, shown

Box = tuple[float, float, float, float]

_RADIUS_M = 6_378_137.0
"""Of the sphere that EPSG:3857 is drawn from."""

_LIMITS = {4326: (180.0, 90.0), 3857: (20_048_967.0, 20_048_967.0), 27700: (10_000_000.0, 10_000_000.0)}
"""How far from zero a position can lie, in the literal's own system."""

_FAR = 1e9
"""Further from zero than any feature, in metres or degrees: where a box is cut off that is larger."""

FUNCTIONS = {
    "s_intersects": "ST_Intersects", "s_disjoint": "ST_Disjoint", "s_equals": "ST_Equals", "s_touches": "ST_Touches",
    "s_crosses": "ST_Crosses", "s_within": "ST_Within", "s_contains": "ST_Contains", "s_overlaps": "ST_Overlaps",
}  # fmt: skip

_TYPES = {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"}


@dataclass(frozen=True, slots=True)
class Shape(Term):
    """A geometry: a stored one, or a literal in the same system; `boxes` when that is a bounding box."""

    srid: int = 4326
    boxes: tuple[Box, ...] = ()


def geometry(node: Mapping[str, Any], crs: Crs, srid: int) -> Shape:
    """A GeoJSON geometry in `crs`."""
    if not isinstance(node["type"], str) or node["type"] not in _TYPES:
        raise BadInput(f"{shown(node['type'])} is not a type of geometry")
    try:
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(node)))
    except (shapely.GEOSException, RecursionError, TypeError, ValueError) as error:
        raise BadInput(f"the {node['type']} cannot be read: {_reason(error)}") from None
    if shape.is_empty or any(part.is_empty for part in shapely.get_parts(shape)):
        raise BadInput(f"the {node['type']} has no positions")
    moved = shapely.transform(shape, lambda positions: _moved(positions, crs, srid))
    if not shapely.is_valid(moved):
        raise BadInput(f"the {node['type']} is not valid: {shapely.is_valid_reason(moved)}")
    return _literal(moved, srid, node["type"])


def _reason(error: Exception) -> str:
    return str(error).strip().split("\n")[0].removeprefix("ParseException: ")[:120]


def _literal(shape: shapely.Geometry, srid: int, label: str, boxes: tuple[Box, ...] = ()) -> Shape:
    content: bytes = shapely.to_wkb(shapely.set_srid(shape, srid), include_srid=True)
    return Shape("geometry", _bound(content), f"the {label}", srid=srid, boxes=boxes)


def _bound(content: bytes) -> ColumnElement[Any]:
    # Not `func`: GeoAlchemy's functions take several times as long to make.
    return Function("ST_GeomFromEWKB", literal(content, LargeBinary()))


def _moved(positions: NDArray[np.float64], crs: Crs, srid: int) -> NDArray[np.float64]:
    """Positions in a literal's system -> in a stored geometry's."""
    ordered = positions[:, ::-1] if crs.swapped else positions
    if not (np.abs(ordered) <= _LIMITS[crs.srid]).all():  # also where it is no number
        raise BadInput(f"a position of the geometry lies outside {crs.uri}")
    return _to_stored(ordered, crs, srid)


def _to_stored(positions: NDArray[np.float64], crs: Crs, srid: int) -> NDArray[np.float64]:
    return _degrees(positions) if crs.srid == 3857 and srid != 3857 else positions


def _degrees(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """EPSG:3857 -> degrees, on the sphere as it is defined."""
    x, y = positions.T / _RADIUS_M
    return np.asarray(np.degrees(np.column_stack([x, np.arctan(np.sinh(y))])))


def bbox(numbers: object, crs: Crs, srid: int) -> Shape:
    """A bounding box in `crs`: four numbers, or six whose heights are of no account."""
    if not isinstance(numbers, list) or len(numbers) not in {4, 6} or not all(_is_number(one) for one in numbers):
        raise BadInput("BBOX takes four numbers, or six with heights")
    west, south, east, north = (float(one) for one in (*numbers[:2], *numbers[len(numbers) // 2 :][:2]))
    if crs.swapped:
        west, south, east, north = south, west, north, east
    x, y = _LIMITS[crs.srid]
    if min(west, east) > x or max(west, east) < -x or south > y or north < -y:  # wide boxes of maps are fine
        raise BadInput(f"BBOX lies outside {crs.uri}")
    boxes = tuple(_moved_box(box, crs, srid) for box in _split((west, south, east, north), crs))
    if len(boxes) == 1 and not _is_flat(boxes[0]):
        return Shape("geometry", _rectangle(boxes[0], srid), "BBOX", srid=srid, boxes=boxes)
    return _literal(shapely.union_all([_span(box) for box in boxes]), srid, "BBOX", boxes)


def _moved_box(box: Box, crs: Crs, srid: int) -> Box:
    west, south, east, north = _to_stored(np.array(box).reshape(2, 2), crs, srid).ravel().tolist()
    return west, south, east, north


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _split(box: Box, crs: Crs) -> tuple[Box, ...]:
    """A box, or the two that it is when it crosses the antimeridian, cut off far from any place."""
    west, south, east, north = (min(max(one, -_FAR), _FAR) for one in box)
    if south > north:
        raise BadInput(f"BBOX is upside down: {south:g} lies above {north:g}")
    if west <= east:
        return ((west, south, east, north),)
    if crs.srid == 27700:
        raise BadInput(f"BBOX is the wrong way round: {west:g} lies east of {east:g}")
    return ((west, south, _FAR, north), (-_FAR, south, east, north))


def _span(box: Box) -> shapely.Geometry:
    """The rectangle, line or point that a box is."""
    if not _is_flat(box):
        return shapely.box(*box)
    return shapely.Point(box[:2]) if box[:2] == box[2:] else shapely.LineString([box[:2], box[2:]])


def meets(shape: ColumnElement[Any], boxes: Sequence[Box], srid: int) -> ColumnElement[bool]:
    """Whether a stored geometry meets any of some boxes in the same system."""
    return or_(*(_meets(shape, box, srid) for box in boxes))


def _meets(shape: ColumnElement[Any], box: Box, srid: int) -> ColumnElement[bool]:
    if _is_flat(box):
        return _predicate("ST_Intersects", shape, _literal(_span(box), srid, "BBOX").sql)
    whole, inner = _rectangle(box, srid), _inside(box)
    near = _predicate("ST_Intersects", shape, whole)
    if not _is_flat(inner):
        near = or_(shape.op("@", is_comparison=True)(_rectangle(inner, srid)), near)
    return and_(shape.op("&&", is_comparison=True)(whole), near)


def _is_flat(box: Box) -> bool:
    west, south, east, north = box
    return west >= east or south >= north


def _rectangle(box: Box, srid: int) -> ColumnElement[Any]:
    """A box as a polygon of one ring of five positions, in extended well-known binary."""
    west, south, east, north = box
    corners = (west, south, west, north, east, north, east, south, west, south)
    return _bound(struct.pack("<bIIII10d", 1, 0x20000003, srid, 1, 5, *corners))


def _predicate(name: str, *shapes: ColumnElement[Any]) -> ColumnElement[bool]:
    return Function(name, *shapes, type_=Boolean())


def _inside(box: Box) -> Box:
    """The largest box inside that single precision can hold.

    What lies within another's bounds is decided in single precision and without reading the geometry (`@`), which saves
    half the time of a large box; for a geometry within this one, that is exact.
    """
    west, south, east, north = box
    return (_rounded(west, math.inf), _rounded(south, math.inf), _rounded(east, -math.inf), _rounded(north, -math.inf))


def _rounded(value: float, towards: float) -> float:
    single = np.float32(value)
    outside = float(single) < value if towards > 0 else float(single) > value
    return float(np.nextafter(single, np.float32(towards)) if outside else single)


def relate(name: str, left: Term, right: Term) -> Term:
    """How two geometries lie to each other."""
    if not isinstance(left, Shape) or not isinstance(right, Shape):
        raise BadInput(f"{name.upper()} takes two geometries, not {left} and {right}")
    if name not in {"s_intersects", "s_disjoint"}:
        return boolean(_predicate(FUNCTIONS[name], left.sql, right.sql), name.upper())
    condition = _intersects(left, right)
    # ST_Disjoint reads every geometry; the bounds of most tell that they do not meet.
    return (opposite if name == "s_disjoint" else boolean)(condition, name.upper())


def _intersects(left: Shape, right: Shape) -> ColumnElement[bool]:
    if left.boxes or right.boxes:
        one, box = (left, right) if right.boxes else (right, left)
        return meets(one.sql, box.boxes, box.srid)
    return _predicate("ST_Intersects", left.sql, right.sql)
