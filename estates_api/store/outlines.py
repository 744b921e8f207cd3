"""Outlines: the parcels on which holdings stand, and the shape that they give to sites.

A site's outline is the union of its holdings' newest outlines, so it survives when holdings are matched anew and when
sites merge. What names the site stands over what was concluded from a position.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import shapely
from sqlalchemy import Connection, text

from estates_api.domain.outlines import BY_POSITION, BY_POSTCODE, REACH_M, Attachment, Named, Near, Overlap, Parcel
from estates_api.domain.records import HoldingRecord
from estates_api.store.copying import copy_rows
from estates_api.store.degrees import in_degrees
from estates_api.store.holdings import HoldingKey, Under

_SRID = 27700

FEATURE = "the feature's own geometry"
"""Evidence of an outline that came with the holding itself."""

# Outlines that are not masked, each holding's of the newest edition that has any.
_STANDING = f"""
SELECT o.id, o.holding_id, o.line, o.title_number, o.geom, h.site_ref,
       o.evidence LIKE '{BY_POSITION}%' OR o.evidence LIKE '{BY_POSTCODE}%' AS concluded
FROM outline o JOIN holding h ON h.id = o.holding_id
WHERE NOT EXISTS (SELECT FROM redaction r WHERE r.edition_id = o.edition_id AND r.line = o.line
                  AND coalesce(r.attribute, 'outline') = 'outline')
  AND NOT EXISTS (SELECT FROM outline n WHERE n.holding_id = o.holding_id AND n.edition_id > o.edition_id
                  AND NOT EXISTS (SELECT FROM redaction r WHERE r.edition_id = n.edition_id AND r.line = n.line
                                  AND coalesce(r.attribute, 'outline') = 'outline'))
"""  # noqa: S608 -- made of constants

_PARCEL = """
CREATE TEMP TABLE parcel (
    line integer, parcel text, title_number text, reference text, code text, organisation text, uprn text,
    geom geometry(MultiPolygon, 27700)
) ON COMMIT DROP
"""
_PARCEL_COLUMNS = ("line", "parcel", "title_number", "reference", "code", "organisation", "uprn", "geom")

_ATTACHED = "CREATE TEMP TABLE attached (line integer, site_ref text, holding_id bigint, evidence text) ON COMMIT DROP"

# The holding that founded a site speaks first, then the others by their codes (as in store/places.py).
_MEMBER = """
SELECT h.site_ref AS ref, h.id, h.easting, h.northing,
       row_number() OVER (PARTITION BY h.site_ref ORDER BY
           replace(right(h.site_ref, length(h.code) + 1), '/', '-') = replace('-' || h.code, '/', '-') DESC,
           h.organisation_code, h.code) AS turn
FROM holding h WHERE h.site_ref IS NOT NULL
"""

# Where each site is without its outline, and how much land its holdings state.
_SITE_POINT = f"""
CREATE TEMP TABLE site_point ON COMMIT DROP AS
WITH member AS ({_MEMBER}), founder AS (
    SELECT ref, (array_agg(id ORDER BY turn))[1] AS holding_id,
           (array_agg(easting ORDER BY turn) FILTER (WHERE easting IS NOT NULL))[1] AS easting,
           (array_agg(northing ORDER BY turn) FILTER (WHERE easting IS NOT NULL))[1] AS northing
    FROM member GROUP BY ref
), land AS (
    SELECT DISTINCT ON (c.holding_id) c.holding_id, c.number FROM standing_claim c
    WHERE c.attribute IN ('land_owned_ha', 'land_ha') AND c.number > 0
      AND c.state = 'reported' AND c.implausible IS NULL
    ORDER BY c.holding_id, c.authority DESC, c.day DESC, c.id DESC
), stated AS (
    SELECT m.ref, array_agg(l.number) AS hectares FROM member m JOIN land l ON l.holding_id = m.id GROUP BY m.ref
), drawn AS (
    SELECT DISTINCT site_ref AS ref FROM ({_STANDING}) o WHERE NOT o.concluded
)
SELECT f.ref, f.holding_id, f.easting IS NOT NULL AS precise, d.ref IS NOT NULL AS drawn, t.hectares,
       ST_SetSRID(ST_MakePoint(coalesce(f.easting, p.easting), coalesce(f.northing, p.northing)), {_SRID}) AS geom
FROM founder f JOIN site s ON s.ref = f.ref LEFT JOIN postcode p ON p.postcode = s.postcode
LEFT JOIN stated t ON t.ref = f.ref LEFT JOIN drawn d ON d.ref = f.ref
"""  # noqa: S608 -- made of constants

# A reference may be of a site that is merged: then its survivor is meant.
_NAMED = f"""
WITH RECURSIVE gone AS (
    SELECT DISTINCT ON (ref) ref, kind, survivor FROM fate ORDER BY ref, id DESC
), led AS (
    SELECT ref, survivor FROM gone WHERE kind = 'merged'
    UNION SELECT l.ref, g.survivor FROM led l JOIN gone g ON g.ref = l.survivor AND g.kind = 'merged'
), word AS (
    SELECT line, reference AS said, organisation FROM parcel WHERE reference IS NOT NULL
    UNION SELECT line, code, organisation FROM parcel WHERE code IS NOT NULL
)
SELECT w.line, 'site reference' AS by, w.said, s.ref, s.holding_id
FROM word w JOIN site_point s ON s.ref IN (SELECT w.said UNION SELECT survivor FROM led WHERE ref = w.said)
UNION
SELECT w.line, 'holding code', w.said, h.site_ref, h.id
FROM word w JOIN holding h ON h.code = w.said AND h.organisation_code = coalesce(w.organisation, h.organisation_code)
WHERE h.site_ref IS NOT NULL
UNION
SELECT p.line, 'title number', p.title_number, o.site_ref, o.holding_id
FROM parcel p JOIN ({_STANDING}) o ON o.title_number = p.title_number WHERE o.site_ref IS NOT NULL
UNION
SELECT p.line, 'title number', p.title_number, s.ref, f.holding_id
FROM parcel p JOIN site s ON s.title_number = p.title_number JOIN site_point f ON f.ref = s.ref
UNION
SELECT p.line, 'UPRN', p.uprn, h.site_ref, h.id
FROM parcel p JOIN holding h ON h.uprn = p.uprn WHERE h.site_ref IS NOT NULL
"""  # noqa: S608 -- made of constants

_NEAR = """
SELECT p.line, s.ref AS site_ref, s.holding_id, s.precise, ST_Distance(p.geom, s.geom) AS metres,
       ST_Area(p.geom) / 10000 AS area_ha, coalesce(s.hectares, '{}') AS stated_ha, s.drawn
FROM site_point s JOIN parcel p ON ST_DWithin(p.geom, s.geom, CASE WHEN s.precise THEN 0 ELSE :reach END)
"""

# Most of a parcel, or of what it overlaps, is the land of another site.
_OVERLAPS = f"""
WITH taken AS (
    SELECT a.line, a.site_ref, a.holding_id, p.geom FROM attached a JOIN parcel p ON p.line = a.line
), other AS (
    SELECT line, site_ref, geom FROM taken
    UNION ALL
    SELECT NULL, o.site_ref, o.geom FROM ({_STANDING}) o
    WHERE o.site_ref IS NOT NULL AND o.holding_id NOT IN (SELECT holding_id FROM attached)
)
SELECT DISTINCT ON (t.line) t.line, o.site_ref, o.line AS other_line
FROM taken t JOIN other o ON o.site_ref <> t.site_ref AND ST_Intersects(o.geom, t.geom)
WHERE ST_Area(ST_Intersection(o.geom, t.geom)) > 0.5 * least(ST_Area(o.geom), ST_Area(t.geom))
ORDER BY t.line, o.site_ref, o.line
"""  # noqa: S608 -- made of constants


def open_parcels(connection: Connection) -> None:
    """Make room for the parcels of one file, until the transaction ends."""
    connection.execute(text(_PARCEL))


def add_parcels(connection: Connection, parcels: Iterable[Parcel]) -> None:
    """Write a batch of parcels of the file."""
    rows = ((p.line, p.parcel, p.title_number, p.reference, p.code, p.organisation, p.uprn, p.outline.hex())
            for p in parcels)  # fmt: skip
    copy_rows(connection, "parcel", _PARCEL_COLUMNS, rows)


def index_parcels(connection: Connection) -> None:
    """Make ready to ask which parcels are whose, when all are written."""
    connection.execute(text("CREATE INDEX ON parcel USING gist (geom)"))
    connection.execute(text("CREATE UNIQUE INDEX ON parcel (line)"))
    connection.execute(text(_SITE_POINT))
    connection.execute(text("CREATE INDEX ON site_point USING gist (geom)"))
    connection.execute(text("CREATE INDEX ON site_point (ref)"))
    for table in ("parcel", "site_point"):
        connection.execute(text(f"ANALYZE {table}"))


def list_named(connection: Connection) -> list[Named]:
    """Every site or holding that a parcel names."""
    return [Named(*row) for row in connection.execute(text(_NAMED))]


def list_unknown(connection: Connection, known: Collection[int]) -> Sequence[tuple[int, str]]:
    """Line and words of the parcels that name a site or holding that is not here."""
    query = text("""
        SELECT line, concat_ws(', ', reference, code) FROM parcel
        WHERE (reference IS NOT NULL OR code IS NOT NULL) AND line <> ALL(:known) ORDER BY line
    """)
    return [(row[0], row[1]) for row in connection.execute(query, {"known": list(known)})]


def list_near(connection: Connection) -> list[Near]:
    """The parcels in which a site's own point lies, and those around the postcode of a site that has none."""
    rows = connection.execute(text(_NEAR), {"reach": REACH_M})
    return [Near(**row | {"stated_ha": tuple(row["stated_ha"])}) for row in map(dict, rows.mappings())]


def attach(connection: Connection, attached: Iterable[Attachment]) -> list[Overlap]:
    """Plan which parcels become outlines; the overlaps with the land of other sites."""
    connection.execute(text(_ATTACHED))
    rows = ((one.line, one.site_ref, one.holding_id, one.evidence) for one in attached)
    copy_rows(connection, "attached", ("line", "site_ref", "holding_id", "evidence"), rows)
    return [Overlap(*row) for row in connection.execute(text(_OVERLAPS))]


def add_outlines(connection: Connection, edition_id: int, lines: Collection[int], sensitivity: str) -> None:
    """Append the planned outlines of these lines, and note their sites as touched."""
    values = {"edition": edition_id, "lines": list(lines), "sensitivity": sensitivity}
    connection.execute(text("""
        INSERT INTO outline (edition_id, holding_id, line, parcel, title_number, geom, evidence, sensitivity)
        SELECT :edition, a.holding_id, a.line, p.parcel, p.title_number, p.geom, a.evidence, :sensitivity
        FROM attached a JOIN parcel p ON p.line = a.line WHERE a.line = ANY(:lines) ORDER BY a.line
    """), values)  # fmt: skip
    connection.execute(text("""
        INSERT INTO touched_site SELECT DISTINCT site_ref FROM attached WHERE line = ANY(:lines) ON CONFLICT DO NOTHING
    """), values)  # fmt: skip


def count_without(connection: Connection) -> int:
    """Sites that stand and have no outline."""
    query = text("""
        SELECT count(*) FROM site s WHERE precision <> 'outline' AND EXISTS (SELECT FROM holding WHERE site_ref = s.ref)
    """)
    found: int = connection.execute(query).scalar_one()
    return found


def list_withheld(connection: Connection) -> frozenset[str]:
    """References of sites that the public may not see."""
    query = text("SELECT ref FROM site_complete c WHERE NOT EXISTS (SELECT FROM site_public p WHERE p.ref = c.ref)")
    return frozenset(connection.execute(query).scalars())


def add_feature_outlines(
    connection: Connection, under: Under, records: Iterable[HoldingRecord], ids: Mapping[HoldingKey, int]
) -> None:
    """Append the outlines that holdings came with."""
    columns = ("edition_id", "holding_id", "line", "geom", "evidence", "sensitivity")
    rows = ((under.edition_id, ids[r.organisation_code, r.code], r.line, r.outline.hex(), FEATURE, under.of(r))
            for r in records if r.outline)  # fmt: skip
    copy_rows(connection, "outline", columns, rows)


# The sites that were touched and have outlines or had; what they should look like.
_SHAPES = f"""
WITH concerned AS (
    SELECT h.site_ref AS ref FROM outline o JOIN holding h ON h.id = o.holding_id
    JOIN touched_site t ON t.ref = h.site_ref
    UNION
    SELECT s.ref FROM touched_site t JOIN site s ON s.ref = t.ref WHERE s.precision = 'outline'
), standing AS (
    SELECT o.*, bool_and(o.concluded) OVER (PARTITION BY o.site_ref) AS none_names
    FROM ({_STANDING}) o JOIN concerned c ON c.ref = o.site_ref
), shape AS (
    SELECT site_ref AS ref, ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_UnaryUnion(ST_Collect(geom ORDER BY id))), 3))
           AS geom
    FROM standing WHERE none_names OR NOT concluded GROUP BY site_ref
)
SELECT c.ref, ST_AsBinary(shape.geom) AS shape FROM concerned c JOIN site s ON s.ref = c.ref
LEFT JOIN shape ON shape.ref = c.ref
WHERE CASE WHEN shape.geom IS NULL THEN s.precision = 'outline'
      ELSE s.precision <> 'outline' OR NOT ST_OrderingEquals(s.geom, shape.geom) END
ORDER BY c.ref
"""  # noqa: S608 -- made of constants

_SHAPED = """
UPDATE site SET precision = 'outline', geom = ST_GeomFromWKB(:shape, 27700), geom_crs84 = ST_GeomFromWKB(:degrees, 4326)
WHERE ref = :ref
"""

# Where a borough was not known, the outline tells it.
_BOROUGH = """
UPDATE site s SET borough_gss = b.gss, inside_area = CASE WHEN CAST(:inside AS text[]) IS NULL THEN s.inside_area
    ELSE b.gss = ANY(:inside) END
FROM borough b WHERE s.ref = ANY(:refs) AND s.borough_gss IS NULL AND ST_Covers(b.geom, ST_PointOnSurface(s.geom))
"""

# The best position that is left: the owner's own point, the postcode, its LSOA (as in store/places.py).
_POINTS = f"""
WITH member AS ({_MEMBER} AND h.site_ref = ANY(:refs)), stated AS (
    SELECT ref, (array_agg(easting ORDER BY turn) FILTER (WHERE easting IS NOT NULL))[1] AS easting,
           (array_agg(northing ORDER BY turn) FILTER (WHERE easting IS NOT NULL))[1] AS northing
    FROM member GROUP BY ref
)
SELECT s.ref, coalesce(o.easting, p.easting, ST_X(l.geom)) AS easting,
       coalesce(o.northing, p.northing, ST_Y(l.geom)) AS northing,
       CASE WHEN o.easting IS NOT NULL THEN 'uprn' WHEN p.easting IS NOT NULL THEN 'postcode'
            WHEN l.geom IS NOT NULL THEN 'lsoa' WHEN s.borough_gss IS NOT NULL THEN 'borough'
            ELSE 'unknown' END AS precision
FROM site s LEFT JOIN stated o ON o.ref = s.ref LEFT JOIN postcode p ON p.postcode = s.postcode
LEFT JOIN lsoa l ON l.code = p.lsoa_code WHERE s.ref = ANY(:refs)
"""  # noqa: S608 -- made of constants

_POINTED = """
UPDATE site SET precision = :precision, geom = ST_SetSRID(ST_MakePoint(:easting, :northing), 27700),
    geom_crs84 = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) WHERE ref = :ref
"""


def refresh_outlines(connection: Connection, inside: Collection[str] | None = None) -> int:
    """Give the touched sites the union of their holdings' newest outlines, or their point again where none is left;
    the number of sites that changed. Nothing else of a site changes, but for a borough that was not known.

    `inside` are the boroughs of the area.
    """
    found = connection.execute(text(_SHAPES)).all()
    drawn = [(row.ref, bytes(row.shape)) for row in found if row.shape is not None]
    if drawn:
        connection.execute(text(_SHAPED), [_both(ref, shape) for ref, shape in drawn])
        values = {"refs": [ref for ref, _ in drawn], "inside": None if inside is None else list(inside)}
        connection.execute(text(_BOROUGH), values)
    _point_again(connection, [row.ref for row in found if row.shape is None])
    return len(found)


def _both(ref: str, shape: bytes) -> dict[str, Any]:
    """A shape in both systems."""
    return {"ref": ref, "shape": shape, "degrees": shapely.to_wkb(in_degrees(shapely.from_wkb(shape)))}


def _point_again(connection: Connection, refs: Collection[str]) -> None:
    if not refs:
        return
    rows = connection.execute(text(_POINTS), {"refs": list(refs)}).mappings()
    connection.execute(text(_POINTED), [dict(row) | _degrees_of(row["easting"], row["northing"]) for row in rows])


def _degrees_of(easting: float | None, northing: float | None) -> dict[str, float | None]:
    if easting is None or northing is None:
        return {"lon": None, "lat": None}
    point = in_degrees(shapely.Point(easting, northing))
    return {"lon": point.x, "lat": point.y}
