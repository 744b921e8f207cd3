"""What layers have where sites are: overlaps by PostGIS, distances by a tree in memory, all sites at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, Row, text

from estates_api.domain.nearness import POSITION_ERROR_M, Centre, Shapes, deciding_centre, nearest
from estates_api.domain.sites import Overlap

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


# What a borough hands in as its part of a layer says nothing of the others (sources/layers.py names it).
_PARTS = "SELECT kind, substring(source FROM ' (E[0-9]{8})$') AS part FROM standing_layer"

Fields = dict[str, Any]
"""Fields of Surroundings by name: an object for each of 100,000 sites, made once, where all of them are known."""


def list_nearby(connection: Connection, as_of: date) -> dict[str, Fields]:
    """What layers say of each site, as fields of its Surroundings; sites of which they say nothing are left out.

    Layers are those of today, their areas those that stood on the day, as far as they are dated.
    """
    parts = connection.execute(text(_PARTS)).all()
    kinds = frozenset(row.kind for row in parts)
    if not kinds:
        return {}
    inside = connection.execute(text("SELECT ref, borough_gss FROM site WHERE inside_area")).all()
    of_borough = {gss: frozenset(row.kind for row in parts if row.part in {None, gss}) for _, gss in inside}
    found: dict[str, Fields] = {ref: {"layers": of_borough[gss]} for ref, gss in inside}
    if kinds & {"station", "town-centre"}:
        _add_nearest(connection, as_of, found)
    if kinds - {"station", "town-centre"}:
        for ref, overlaps in _overlaps(connection, as_of).items():
            found.setdefault(ref, {}).update(_zones(overlaps), overlaps=tuple(overlaps))
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


def _zones(overlaps: Iterable[Overlap]) -> Fields:
    named = {overlap.kind: overlap.name for overlap in overlaps}
    return {"housing_zone": named.get("housing-zone"), "opportunity_area": named.get("opportunity-area")}


def _add_nearest(connection: Connection, as_of: date, found: dict[str, Fields]) -> None:
    """The nearest station and the nearest centre of each class, for every site whose position allows a distance."""
    sites = connection.execute(text(_SITES), {"precise": list(POSITION_ERROR_M)}).all()
    if not sites:
        return
    places: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(text(_PLACES), {"as_of": as_of}):
        places[row.classed or row.kind].append(row)
    shapes = _shapes(sites)
    near = {group: _named(shapes, rows) for group, rows in places.items() if group != "town-centre"}
    stations = near.pop("station", None)
    for at, (ref, precision, _) in enumerate(sites):
        fields, error_m = found[ref], POSITION_ERROR_M[precision]
        fields["position_error_m"] = error_m
        if stations:
            fields["station"], fields["station_m"] = stations[0][at], stations[1][at]
        if near:
            fields |= _centres([(group, names[at], metres[at]) for group, (names, metres) in near.items()], error_m)


def _named(sites: Shapes, rows: Sequence[Row[Any]]) -> tuple[list[str], list[float]]:
    """The name of the place that is nearest to each site, and the metres."""
    numbers, metres = nearest(sites, _shapes(rows))
    names = [row.name or "without a name" for row in rows]
    return [names[number] for number in numbers.tolist()], metres.round(1).tolist()


def _centres(centres: list[Centre], error_m: float) -> Fields:
    centres.sort(key=lambda centre: centre[2])
    classed, name, metres = deciding_centre(centres, error_m) or (None, None, None)
    return {"centres": tuple(centres), "town_centre": classed, "town_centre_name": name, "town_centre_m": metres}


def _shapes(rows: Sequence[Row[Any]]) -> Shapes:
    return np.asarray(shapely.from_wkb([row[-1] for row in rows]), dtype=object)
