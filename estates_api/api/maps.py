"""A small map for a page: points over the outlines of the boroughs, as drawing in the page itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from estates_api.store.drawing import SCALE, Drawn, find_boroughs_drawn

_MARGIN = 0.02
"""Degrees north around everything that is drawn."""


@dataclass(frozen=True, slots=True)
class Map:
    """Borough outlines, the part of the drawing that is seen (left, top, width, height), and points: x, y."""

    path: str
    box: tuple[int, int, int, int]
    points: tuple[tuple[int, int], ...]


def find_map(database: Connection, geometries: Iterable[Mapping[str, Any] | None]) -> Map | None:
    """A map of GeoJSON geometries in degrees, each as one point; None where there is nothing to draw."""
    places = [_middle(one) for one in geometries if one is not None]
    drawn = find_boroughs_drawn(database) if places else None
    return _map(drawn, places) if drawn else None


def _map(drawn: Drawn, places: list[tuple[float, float]]) -> Map:
    easts = [drawn.west, drawn.east, *(east for east, _ in places)]
    norths = [drawn.south, drawn.north, *(north for _, north in places)]
    left, top = _drawn_at(min(easts) - _MARGIN, max(norths) + _MARGIN)
    right, bottom = _drawn_at(max(easts) + _MARGIN, min(norths) - _MARGIN)
    return Map(drawn.path, (left, top, right - left, bottom - top), tuple(_drawn_at(*place) for place in places))


def _drawn_at(east: float, north: float) -> tuple[int, int]:
    return round(east * SCALE[0]), round(-north * SCALE[1])


def _middle(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """The middle of the box of a geometry: of a point, the point."""
    corners = list(_corners(geometry["coordinates"]))
    easts, norths = [east for east, _ in corners], [north for _, north in corners]
    return (min(easts) + max(easts)) / 2, (min(norths) + max(norths)) / 2


def _corners(coordinates: Any) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates[0], int | float):
        yield coordinates[0], coordinates[1]
        return
    for inner in coordinates:
        yield from _corners(inner)
