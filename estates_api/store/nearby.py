"""What layers have where sites are: overlaps by PostGIS, distances by a tree in memory, all sites at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, Row, text

from estates_api.domain.nearness import POSITION_ERROR_M, Centre, deciding_centre, nearest
from estates_api.domain.sites import Overlap, Surroundings

LEAST_HA = 0.001
"""Ten square metres: less is two boundaries that were drawn apart."""

# An outline is cut by the pieces of each area, and what pieces of one kind have in common counts once.
_OVERLAPS = """
WITH standing AS (
    SELECT f.id, f.kind, coalesce(f.name, f.reference, 'an area without a name') AS name,
           s.source || ' ' || e.label AS source
    FROM standing_layer s JOIN edition e ON e.id = s.edition_id
    JOIN layer_feature f ON f.edition_id = s.edition_id AND f.kind = s.kind
    WHERE coalesce(f.starts <= :as_of, true) AND coalesce(f.ends > :as_of, true)
), here AS (
    SELECT ref, geom, precision = 'outline' AS drawn FROM site
    WHERE geom IS NOT NULL AND precision IN ('outline', 'uprn')
), found AS (
    SELECT h.ref, h.drawn, p.kind, p.feature_id,
           CASE WHEN h.drawn THEN CASE WHEN ST_CoveredBy(p.geom, h.geom) THEN p.geom
                ELSE ST_CollectionExtract(ST_Intersection(p.geom, h.geom), 3) END END AS shape
    FROM here h JOIN layer_part p ON ST_Intersects(p.geom, h.geom)
    UNION ALL
    SELECT h.ref, h.drawn, f.kind, f.id, NULL
    FROM layer_feature f JOIN standing s ON s.id = f.id JOIN here h ON h.drawn AND ST_Intersects(h.geom, f.geom)
    WHERE f.kind = 'listed-building' AND GeometryType(f.geom) = 'POINT'
)
SELECT f.ref, f.kind, string_agg(DISTINCT s.name, '; ') AS name, string_agg(DISTINCT s.source, '; ') AS source,
       ST_Area(ST_UnaryUnion(ST_Collect(f.shape))) / 10000 AS area_ha,
       CASE WHEN f.drawn THEN (SELECT ST_Area(geom) / 10000 FROM site WHERE ref = f.ref) END AS site_ha
FROM found f JOIN standing s ON s.id = f.feature_id
GROUP BY f.ref, f.drawn, f.kind ORDER BY f.ref, f.kind
"""

_SITES = """
SELECT ref, precision, ST_AsBinary(geom) AS shape FROM site
WHERE geom IS NOT NULL AND inside_area AND precision = ANY(:precise) ORDER BY ref
"""

_PLACES = """
SELECT f.name, f.classed, f.kind, ST_AsBinary(f.geom) AS shape
FROM standing_layer s JOIN layer_feature f ON f.edition_id = s.edition_id AND f.kind = s.kind
WHERE f.kind IN ('station', 'town-centre') AND coalesce(f.starts <= :as_of, true) AND coalesce(f.ends > :as_of, true)
ORDER BY f.id
"""


@dataclass(slots=True)
class _Near:
    """The nearest of each group of places to one site."""

    error_m: float
    station: tuple[str, float] | None = None
    centres: list[Centre] = field(default_factory=list)


def list_nearby(connection: Connection, as_of: date, around: Mapping[str, Surroundings]) -> dict[str, Surroundings]:
    """The surroundings of sites with what the layers say of them. Layers are those of today, their areas those that
    stood on the day, as far as they are dated."""
    kinds = frozenset(connection.execute(text("SELECT DISTINCT kind FROM standing_layer")).scalars())
    overlaps = _overlaps(connection, as_of) if kinds - {"station", "town-centre"} else {}
    near = _nearest(connection, as_of) if kinds & {"station", "town-centre"} else {}
    inside = set(connection.execute(text("SELECT ref FROM site WHERE inside_area")).scalars()) if kinds else set()
    found = dict(around)
    for ref in inside | overlaps.keys():
        said = replace(found.get(ref, Surroundings()), layers=kinds if ref in inside else frozenset(),
                       overlaps=tuple(overlaps.get(ref, ())))  # fmt: skip
        said = _with_zones(said)
        found[ref] = _with_near(said, near[ref]) if ref in near else said
    return found


def _overlaps(connection: Connection, as_of: date) -> dict[str, list[Overlap]]:
    found: dict[str, list[Overlap]] = defaultdict(list)
    for row in connection.execute(text(_OVERLAPS), {"as_of": as_of}):
        if (overlap := _overlap(row)) is not None:
            found[row.ref].append(overlap)
    return found


def _overlap(row: Row[Any]) -> Overlap | None:
    """None where an outline has less than LEAST_HA in common with it. A listed building may be a point in it."""
    if row.area_ha is None:
        return Overlap(row.kind, row.name, None, None, row.source)
    if row.area_ha < LEAST_HA:
        return None
    return Overlap(row.kind, row.name, round(row.area_ha, 4), round(min(1.0, row.area_ha / row.site_ha), 4), row.source)


def _with_zones(said: Surroundings) -> Surroundings:
    named = {overlap.kind: overlap.name for overlap in said.overlaps}
    return replace(said, housing_zone=named.get("housing-zone"), opportunity_area=named.get("opportunity-area"))


def _with_near(said: Surroundings, near: _Near) -> Surroundings:
    centres = tuple(sorted(near.centres, key=lambda centre: centre[2]))
    deciding = deciding_centre(centres, near.error_m)
    station, station_m = near.station or (None, None)
    classed, name, metres = deciding or (None, None, None)
    return replace(said, station=station, station_m=station_m, town_centre=classed, town_centre_name=name,
                   town_centre_m=metres, centres=centres, position_error_m=near.error_m)  # fmt: skip


def _nearest(connection: Connection, as_of: date) -> dict[str, _Near]:
    """The nearest station and the nearest centre of each class, for every site whose position allows a distance."""
    sites = connection.execute(text(_SITES), {"precise": list(POSITION_ERROR_M)}).all()
    places: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(text(_PLACES), {"as_of": as_of}):
        places[row.classed or row.kind].append(row)
    found = {site.ref: _Near(POSITION_ERROR_M[site.precision]) for site in sites}
    shapes = _shapes(sites)
    for group, rows in places.items():
        if group == "town-centre":  # of no class that has a setting
            continue
        numbers, metres = nearest(shapes, _shapes(rows)) if len(sites) else ((), ())
        for site, number, distance in zip(sites, numbers, metres, strict=True):
            _note(found[site.ref], group, rows[number].name or "without a name", round(float(distance), 1))
    return found


def _note(near: _Near, group: str, name: str, metres: float) -> None:
    if group == "station":
        near.station = name, metres
    else:
        near.centres.append((group, name, metres))


def _shapes(rows: Sequence[Row[Any]] | Collection[Row[Any]]) -> "np.ndarray[Any, np.dtype[np.object_]]":
    found: Iterable[bytes] = [bytes(row.shape) for row in rows]
    return np.asarray(shapely.from_wkb(list(found)), dtype=object)
