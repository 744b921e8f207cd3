"""Outlines for small maps on pages."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

SCALE = 6200, 10_000
"""Drawing units for a degree east and a degree north: a degree of longitude is 0.62 as long in London."""

# Simplified to about 60 m: five boroughs take 5 kB.
_BOROUGHS = """
SELECT string_agg(ST_AsSVG(ST_Scale(ST_Simplify(geom_crs84, 0.0008), :east, :north), 1, 0), ' ' ORDER BY gss) AS path,
       ST_XMin(ST_Extent(geom_crs84)) AS west, ST_YMin(ST_Extent(geom_crs84)) AS south,
       ST_XMax(ST_Extent(geom_crs84)) AS east, ST_YMax(ST_Extent(geom_crs84)) AS north
FROM borough WHERE geom_crs84 IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An SVG path, and its box in degrees."""

    path: str
    west: float
    south: float
    east: float
    north: float


def find_boroughs_drawn(connection: Connection) -> Drawn | None:
    """The boroughs as one path in drawing units, south down; None where none is loaded."""
    found = connection.execute(text(_BOROUGHS), {"east": SCALE[0], "north": SCALE[1]}).mappings().one()
    return Drawn(**found) if found["path"] else None
