"""Maps of a report: metres of British National Grid as millimetres of a page, north up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

OVERVIEW_MM = (174.0, 190.0)
SMALL_MM = (52.0, 48.0)
_AROUND_M = 1_500.0
_LEAST_M = 250.0
_REACH_M = 10_000.0
"""How far beyond the boroughs a site may lie and still be on the map of all."""

_BARS_M = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)

PRECISIONS = {
    "outline": "The outline is known, and drawn.",
    "uprn": "The position is that of its property reference (UPRN); no outline is known.",
    "postcode": "The position is the middle of its postcode: the site may lie some 100 m off (circle).",
    "lsoa": "The position is the middle of its neighbourhood: the site may lie some hundred metres off.",
    "borough": "Only the borough is known: no map.",
    "unknown": "No position is known: no map.",
}
"""What a map shows of a position that is known so precisely."""

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """A window of metres on a paper of millimetres; the window has the shape of the paper."""

    west: float
    north: float
    m_per_mm: float
    paper: Pair

    def at(self, easting: float, northing: float) -> list[float]:
        """Where a point is on the paper: millimetres from its upper left corner."""
        return [round((easting - self.west) / self.m_per_mm, 2), round((self.north - northing) / self.m_per_mm, 2)]

    @property
    def window(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        width, height = (side * self.m_per_mm for side in self.paper)
        return self.west, self.north - height, self.west + width, self.north

    def lines(self, shape: Any) -> list[list[list[float]]]:
        """The lines of a shape as far as the window shows them."""
        seen = shapely.clip_by_rect(shape, *self.window)
        parts = [part for part in shapely.get_parts(seen) if part.geom_type == "LineString" and not part.is_empty]
        return [[self.at(*point) for point in part.coords] for part in parts]

    def rings(self, shape: Any) -> list[list[list[float]]]:
        """The outer rings of an area, whole."""
        return [[self.at(*point) for point in part.exterior.coords] for part in shapely.get_parts(shape)]

    def bar(self) -> dict[str, Any]:
        """A scale bar of a round length, at most a quarter of the width."""
        fitting = [one for one in _BARS_M if one / self.m_per_mm <= self.paper[0] / 4] or [_BARS_M[0]]
        length = fitting[-1]
        told = f"{length:,} m" if length < 1000 else f"{length // 1000} km"
        return {"mm": round(length / self.m_per_mm, 2), "told": told}


def frame(bounds: Sequence[float], paper: Pair, *, margin: float = 0.04) -> Frame:
    """The window that shows these bounds with a margin, in the middle of the paper."""
    west, south, east, north = bounds
    m_per_mm = max((east - west) / paper[0], (north - south) / paper[1], 1.0) * (1 + 2 * margin)
    width, height = paper[0] * m_per_mm, paper[1] * m_per_mm
    return Frame((west + east - width) / 2, (south + north + height) / 2, m_per_mm, paper)


def borough_shapes(boroughs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The boroughs' areas by name."""
    return {one["name"]: shapely.MultiPolygon([shapely.Polygon(ring) for ring in one["rings"]]) for one in boroughs}


def overview(boroughs: Mapping[str, Any], marks: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The map of all: boroughs, and each mark (number, list, easting, northing, outline) near them; None of nothing."""
    placed = [mark for mark in marks if mark["easting"] is not None]
    points = [shapely.Point(mark["easting"], mark["northing"]) for mark in placed]
    if not points and not boroughs:
        return None
    area = shapely.union_all(list(boroughs.values())) if boroughs else shapely.union_all(points)
    near = [mark for mark, point in zip(placed, points, strict=True) if point.distance(area) <= _REACH_M]
    seen = shapely.union_all([area, *(shapely.Point(mark["easting"], mark["northing"]) for mark in near)])
    view = frame(seen.bounds, OVERVIEW_MM)
    return {
        "paper": OVERVIEW_MM, "bar": view.bar(), "beyond": len(marks) - len(near),
        "areas": [{"name": name, "rings": view.rings(shape), "at": view.at(*_middle(shape))}
                  for name, shape in boroughs.items()],
        "lines": [], "ring": None, "marks": [_mark(view, mark) for mark in near],
    }  # fmt: skip


def close_up(boroughs: Mapping[str, Any], mark: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Any:
    """The map of one mark with its surroundings; None where no position is known."""
    if mark["easting"] is None:
        return None
    view = frame(_bounds(mark), SMALL_MM)
    west, south, east, north = view.window
    near = [one for one in others if one is not mark and one["easting"] is not None
            and west <= one["easting"] <= east and south <= one["northing"] <= north]  # fmt: skip
    off_m = 100 if mark["precision"] == "postcode" else 0
    return {
        "paper": SMALL_MM, "bar": view.bar(), "beyond": 0, "areas": [],
        "lines": [line for shape in boroughs.values() for line in view.lines(shape.boundary)],
        "ring": {"at": view.at(mark["easting"], mark["northing"]), "mm": off_m / view.m_per_mm} if off_m else None,
        "marks": [*({**_mark(view, one), "faint": True} for one in near), _mark(view, mark)],
    }  # fmt: skip


def _bounds(mark: Mapping[str, Any]) -> tuple[float, float, float, float]:
    if not mark["outline"]:
        easting, northing = mark["easting"], mark["northing"]
        return easting - _AROUND_M, northing - _AROUND_M, easting + _AROUND_M, northing + _AROUND_M
    west, south, east, north = shapely.from_wkt(mark["outline"]).bounds
    spare = max(_LEAST_M, east - west, north - south) / 2
    return west - spare, south - spare, east + spare, north + spare


def _mark(view: Frame, mark: Mapping[str, Any]) -> dict[str, Any]:
    outline = view.rings(shapely.from_wkt(mark["outline"])) if mark["outline"] else []
    return {"at": view.at(mark["easting"], mark["northing"]), "list": mark["list"], "number": mark["number"],
            "outline": outline, "faint": False}  # fmt: skip


def _middle(shape: Any) -> Pair:
    point = shape.representative_point()
    return point.x, point.y
