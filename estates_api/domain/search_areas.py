"""Where space is looked for: boroughs, a circle or a polygon, and which sites lie there as far as their positions tell.

A position is as precise as it is: the middle of a postcode may be 100 m off its site (nearness.py), an outline is the
site itself. Near the edge of an area that is the difference between inside and not known, and never a yes or a no.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

FOR, AGAINST, NOT_KNOWN, NOTED, SILENT = range(5)
"""What an aspect says of a site: it speaks for it, against it, is not known, is worth knowing, or says nothing."""

Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Positions:
    """Where n sites are: shapes in EPSG:27700 (None: nowhere), how far off each may be (NaN: no distance can be told),
    and the GSS code of the borough (blank: not known)."""

    shapes: NDArray[np.object_]
    error_m: NDArray[np.float64]
    boroughs: NDArray[np.str_]

    def of(self, place: int) -> "Positions":
        """The position of one site."""
        one = slice(place, place + 1)
        return Positions(self.shapes[one], self.error_m[one], self.boroughs[one])


@dataclass(frozen=True, slots=True)
class Boroughs:
    """Whole boroughs, by GSS code and name. `shape` is all of them together, where it was read."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    shape: Any = field(default=None, compare=False)

    def told(self) -> str:
        """The area in words: `in Camden or Enfield`."""
        return f"in {_either(self.names)}"

    def lies(self, at: Positions) -> Codes:
        """Whether each site lies here, by the borough that its position is in."""
        found = np.where(np.isin(at.boroughs, self.codes), FOR, AGAINST)
        found = np.where(at.boroughs == "", NOT_KNOWN, found)
        return np.where(_near_edge(self.shape, at), NOT_KNOWN, found).astype(np.int8)


@dataclass(frozen=True, slots=True)
class Circle:
    """All within so many metres of a point in EPSG:27700: `postcode` when the point is the middle of one."""

    easting: float
    northing: float
    radius_m: float
    postcode: str | None = None

    def told(self) -> str:
        """The area in words: `within 800 m of the middle of N18 1QX`."""
        centre = f"the middle of {self.postcode}" if self.postcode else f"{self.easting:.0f}, {self.northing:.0f}"
        return f"within {self.radius_m:,.0f} m of {centre}"

    def metres(self, at: Positions) -> NDArray[np.float64]:
        """How far each site is from the centre, by its nearest part; NaN where no distance can be told."""
        centre = shapely.Point(self.easting, self.northing)
        return np.where(np.isnan(at.error_m), np.nan, shapely.distance(at.shapes, centre))

    def lies(self, at: Positions) -> Codes:
        """Whether each site lies here whole, not at all, or as far as is known perhaps."""
        nearest = self.metres(at)
        # Of any shape the farthest point from another point is one of its corners.
        farthest = shapely.hausdorff_distance(at.shapes, shapely.Point(self.easting, self.northing))
        inside, outside = farthest + at.error_m <= self.radius_m, nearest - at.error_m > self.radius_m
        return np.select([inside, outside], [FOR, AGAINST], NOT_KNOWN).astype(np.int8)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An area that was drawn: a valid shapely multipolygon in EPSG:27700."""

    shape: Any

    def told(self) -> str:
        """The area in words, by its size: `in the area that was drawn (2.5 km²)`."""
        return f"in the area that was drawn ({self.shape.area / 1e6:,.3g} km²)"

    def lies(self, at: Positions) -> Codes:
        """Whether each site lies here whole, not at all, or as far as is known perhaps."""
        shapely.prepare(self.shape)
        sure = ~np.isnan(at.error_m) & ~_near_edge(self.shape, at) & ~shapely.is_missing(at.shapes)
        inside, touching = shapely.covers(self.shape, at.shapes), shapely.intersects(self.shape, at.shapes)
        return np.select([sure & inside, sure & ~touching], [FOR, AGAINST], NOT_KNOWN).astype(np.int8)


SearchArea = Boroughs | Circle | Drawn


def _near_edge(shape: Any, at: Positions) -> NDArray[np.bool_]:
    """Which sites may lie on the other side of the edge, because their position is rough."""
    rough = at.error_m > 0  # False for NaN: a borough may be known where no distance is
    near = np.zeros(len(rough), dtype=np.bool_)
    if shape is not None and rough.any():
        edge = shapely.boundary(shape)
        shapely.prepare(edge)
        near[rough] = shapely.dwithin(edge, at.shapes[rough], at.error_m[rough])
    return near


def _either(names: tuple[str, ...]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
