"""What the serving benchmark asks: made once, for every server alike."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import atan, cos, degrees, floor, log, pi, radians, sinh, sqrt, tan

WEST, SOUTH, EAST, NORTH = -0.30, 51.517, 0.005, 51.689
"""North Central London, in CRS84 degrees: 21 km by 19 km."""

KM2 = 21.0 * 19.0

PROPERTIES = (
    "ref", "name", "address", "postcode", "borough", "borough_gss", "sector", "owner", "organisations", "precision",
    "inside_area", "gia_m2", "land_ha", "evidence_date", "stale", "holdings",
)  # fmt: skip
"""The properties of the `outlines` collection: what every server sends."""

BOROUGHS = ("Barnet", "Camden", "Enfield", "Haringey", "Islington")

FEATURE = """json_build_object('type', 'Feature', 'id', id, 'geometry', ST_AsGeoJSON(geom_crs84, 7)::json, 'properties',
    json_build_object({}))::text""".format(", ".join(f"'{name}', {name}" for name in PROPERTIES))
"""A feature as GeoJSON text, from the columns."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every server; each has its own words for it.

    `second`: the page that the first one's `next` leads to. `again`: with the ETag of a first answer.
    """

    kind: str
    limit: int = 100
    box: tuple[float, float, float, float] | None = None
    areas: tuple[float, float] | None = None
    borough: str | None = None
    id: str | None = None
    tile: tuple[int, int, int] | None = None
    second: bool = False
    again: bool = False


def make_box(chance: random.Random, rows: int, wanted: int) -> tuple[float, float, float, float]:
    """A window of 4 : 3, never asked before, that about `wanted` features or half as many more are in."""
    area = min(KM2 * 0.8, wanted * KM2 / rows) * chance.uniform(1.0, 1.5)
    width = min(EAST - WEST, sqrt(area * 4 / 3) / 69.3)
    height = min(NORTH - SOUTH, sqrt(area * 3 / 4) / 111.2)
    west = chance.uniform(WEST, EAST - width)
    south = chance.uniform(SOUTH, NORTH - height)
    return round(west, 7), round(south, 7), round(west + width, 7), round(south + height, 7)


def make_whole_box(chance: random.Random) -> tuple[float, float, float, float]:
    """A box around everything, a little different each time."""
    return (round(WEST - chance.uniform(0.1, 0.2), 7), SOUTH - 0.1, EAST + 0.2, round(NORTH + chance.uniform(0, 1), 7))


def list_tiles(zoom: int) -> Iterator[tuple[int, int, int]]:
    """Every tile of a zoom that the data lie in: zoom, column, row."""
    west, north = _tile_of(zoom, WEST, NORTH)
    east, south = _tile_of(zoom, EAST, SOUTH)
    for column in range(west, east + 1):
        for row in range(north, south + 1):
            yield zoom, column, row


def _tile_of(zoom: int, longitude: float, latitude: float) -> tuple[int, int]:
    across = 2**zoom
    angle = radians(latitude)
    return (
        floor((longitude + 180) / 360 * across),
        floor((1 - log(tan(angle) + 1 / cos(angle)) / pi) / 2 * across),
    )


def tile_box(tile: tuple[int, int, int]) -> tuple[float, float, float, float]:
    """The edges of a tile in degrees: west, south, east, north."""
    zoom, column, row = tile
    across = 2**zoom
    north, south = (degrees(atan(sinh(pi * (1 - 2 * line / across)))) for line in (row, row + 1))
    return column / across * 360 - 180, south, (column + 1) / across * 360 - 180, north


def features_per_tile(zoom: int, rows: int) -> float:
    """About how many features a tile inside the area has."""
    west, south, east, north = tile_box(next(list_tiles(zoom)))
    return min(1.0, (east - west) * 69.3 * (north - south) * 111.2 / KM2) * rows
