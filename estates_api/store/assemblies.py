"""Assemblies: parcels of different public owners within reach of one another, for each audience by itself.

A parcel is a site of which an outline or a UPRN point is known, and a public freeholder. Which parcels are near one
another is worked out among those that an audience may see: a withheld one would show through a sum or a shape. With
less precision sites may adjoin, which is told of a site (`read_neighbours`) and never drawn.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, text

from estates_api.domain.assembly import NEAR_M, SMALL_HA, Neighbour
from estates_api.store.layers import AUDIENCES, Audience

PRECISE = ("outline", "uprn")
"""How a position must be known for it to say what is next door."""

_HERE = """
SELECT s.geom FROM touched_site t JOIN site s ON s.ref = t.ref AND s.precision = ANY(:precise)
UNION ALL
SELECT coalesce(o.outline, o.geom) FROM touched_site t JOIN site_complete o ON o.ref = t.ref
WHERE o.precision = ANY(:precise)
"""
"""Where touched sites stand or stood, as precisely as it takes."""

_NEARBY = f"""
INSERT INTO touched_site
SELECT n.ref FROM ({_HERE}) here JOIN site n ON ST_DWithin(n.geom, here.geom, :near) AND n.precision = ANY(:precise)
ON CONFLICT DO NOTHING
"""  # noqa: S608 -- made of constants

# The audience of a site is the table it stands in: 0 public, 1 partner, 2 owner.
_PARCELS = """
DROP TABLE IF EXISTS parcel;
CREATE TEMP TABLE parcel ON COMMIT DROP AS
SELECT ref, name, borough, public_owners, private_to, homes_low, homes_high, outline, outline_crs84,
       coalesce(outline, geom) AS shape,
       CASE WHEN outline IS NULL THEN land_ha ELSE ST_Area(outline) / 10000 END AS area_ha,
       CASE tableoid WHEN 'site_public'::regclass THEN 0 WHEN 'site_partner'::regclass THEN 1 ELSE 2 END AS level
FROM site_complete
WHERE gone IS NULL AND precision = ANY(:precise) AND cardinality(public_owners) > 0
  AND route IS DISTINCT FROM 'released';
CREATE INDEX ON parcel USING gist (shape);
CREATE INDEX ON parcel (ref);
ANALYZE parcel;
"""

_ASSEMBLE = """
DELETE FROM assembly_{audience};
WITH clustered AS (
    SELECT *, ST_ClusterDBSCAN(shape, :near, 2) OVER () AS cluster FROM parcel WHERE level <= :level
), owner AS (
    SELECT cluster, array_agg(DISTINCT one ORDER BY one) AS names
    FROM clustered, unnest(public_owners) one WHERE cluster IS NOT NULL GROUP BY cluster
    HAVING count(DISTINCT one) > 1
), whole AS (
    SELECT cluster, min(ref) AS first, string_agg(name, '; ' ORDER BY ref) AS name,
           array_agg(ref ORDER BY ref) AS refs, count(outline) AS drawn,
           string_agg(DISTINCT borough, '; ' ORDER BY borough) AS borough,
           sum(area_ha) FILTER (WHERE outline IS NULL) AS stated_ha, count(area_ha) AS area_known,
           sum(area_ha) FILTER (WHERE area_ha < :small) AS small_ha,
           sum(homes_low) AS homes_low, sum(homes_high) AS homes_high, count(homes_high) AS homes_known,
           ST_Multi(ST_CollectionExtract(ST_Union(outline), 3)) AS geom,
           ST_Multi(ST_CollectionExtract(ST_Union(outline_crs84), 3)) AS geom_crs84
    FROM clustered JOIN owner USING (cluster) GROUP BY cluster
), measured AS (  -- land under two outlines is one piece
    SELECT *, CASE WHEN area_known > 0 THEN coalesce(ST_Area(geom) / 10000, 0) + coalesce(stated_ha, 0) END AS area_ha
    FROM whole
)
INSERT INTO assembly_{audience}
SELECT 'assembly-' || first, name, array_to_string(names, '; '), cardinality(names), array_to_string(refs, '; '),
       cardinality(refs), drawn, borough, area_ha, area_known,
       CASE WHEN area_ha >= :small THEN coalesce(small_ha, 0) WHEN area_known = cardinality(refs) THEN 0 END,
       homes_low, homes_high, homes_known, refs, geom, geom_crs84
FROM measured JOIN owner USING (cluster)
"""

_SAME = """
DELETE FROM assembly_{audience};
INSERT INTO assembly_{audience} SELECT * FROM assembly_{wider};
"""

# A row is read by its audience and by stricter ones: it tells of neighbours that all of them may see; the row of a
# site that is private to one organisation tells of those that are private to it, and of no other's.
_ADJACENT = r"""
WITH near AS (
    SELECT s.ref, n.area_ha,
           ARRAY(SELECT unnest(n.public_owners) EXCEPT SELECT unnest(s.public_owners)) AS owners
    FROM touched_site t JOIN site_complete s ON s.ref = t.ref
    JOIN parcel n ON ST_DWithin(n.shape, coalesce(s.outline, s.geom), :near) AND n.ref <> s.ref
        AND n.level <= CASE s.tableoid WHEN 'site_public'::regclass THEN 0 WHEN 'site_partner'::regclass THEN 1
            ELSE 2 END
        AND (n.level < 2 OR n.private_to IS NOT DISTINCT FROM s.private_to)
    WHERE s.gone IS NULL AND s.precision = ANY(:precise)
), land AS (
    SELECT ref, sum(area_ha) AS area_ha FROM near WHERE cardinality(owners) > 0 GROUP BY ref
), told AS (
    SELECT ref, land.area_ha, string_agg(DISTINCT one, '; ' ORDER BY one) AS owners
    FROM near JOIN land USING (ref), unnest(near.owners) one GROUP BY ref, land.area_ha
)
UPDATE site_complete s SET adjacent_owners = a.owners, adjacent_ha = round(a.area_ha::numeric, 4),
    candidate_feature = replace(s.candidate_feature, '"adjacent_owners"\:null,"adjacent_ha"\:null',
        '"adjacent_owners":' || to_json(a.owners) || ',"adjacent_ha":'
        || coalesce(round(a.area_ha::numeric, 4)::text, 'null'))
FROM told a WHERE a.ref = s.ref
"""


def touch_nearby(connection: Connection) -> bool:
    """Touch the sites near touched ones, of which what is told of adjacent land may change with them; whether any
    touched site stands or stood where that is known at all, so that assemblies may change."""
    values = {"precise": list(PRECISE), "near": NEAR_M}
    some = connection.execute(text(f"SELECT EXISTS ({_HERE})"), values).scalar_one()
    if some:
        connection.execute(text(_NEARBY), values)
    return bool(some)


def refresh_assemblies(connection: Connection) -> None:
    """Work out anew, for each audience, which parcels lie together, and what touched sites say of adjacent land.

    The projection is written already, in the same transaction.
    """
    values = {"precise": list(PRECISE), "near": NEAR_M, "small": SMALL_HA}
    _execute(connection, _PARCELS, values)
    private = connection.execute(text("SELECT coalesce(max(level), 0) FROM parcel")).scalar_one()
    for level, audience in enumerate(AUDIENCES):
        # Where nothing is withheld, what the next audience may see is the same.
        made = _ASSEMBLE if level <= private else _SAME.replace("{wider}", AUDIENCES[level - 1])
        _execute(connection, made.format(audience=audience), {**values, "level": level})
    connection.execute(text(_ADJACENT), values)


def _execute(connection: Connection, script: str, values: dict[str, object]) -> None:
    """Statements one after the other: the protocol takes bound values with one at a time."""
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(text(statement), values if ":" in statement else {})


_NEIGHBOURS = """
SELECT n.ref, n.name, n.public_owners AS owners,
       CASE WHEN s.precision = ANY(:precise) AND n.precision = ANY(:precise)
           THEN ST_Distance(coalesce(n.outline, n.geom), coalesce(s.outline, s.geom)) END AS distance_m,
       n.postcode IS NOT NULL AND n.postcode = s.postcode AS same_postcode
FROM {table} s JOIN {table} n ON n.ref <> s.ref AND n.gone IS NULL
    AND (ST_DWithin(n.geom, coalesce(s.outline, s.geom), :near)
         OR (n.outline IS NOT NULL AND ST_DWithin(n.outline, coalesce(s.outline, s.geom), :near)))
WHERE s.ref = :ref AND s.gone IS NULL AND s.precision = ANY(:placed) AND n.precision = ANY(:placed)
ORDER BY distance_m NULLS LAST, n.ref
"""


def list_neighbours(connection: Connection, audience: Audience, ref: str) -> Sequence[Neighbour]:
    """The sites that stand, or may stand, next to a site, among those that the audience may see; nearest first."""
    values = {"ref": ref, "near": NEAR_M, "precise": list(PRECISE), "placed": [*PRECISE, "postcode"]}
    query = text(_NEIGHBOURS.format(table=f"site_{audience}"))  # a name from AUDIENCES
    rows = connection.execute(query, values)
    return [
        Neighbour(row.ref, row.name, tuple(row.owners or ()), row.distance_m, same_postcode=row.same_postcode)
        for row in rows
    ]


_AROUND = """
SELECT n.ref, n.name, n.public_owners AS owners, n.route,
       ST_Distance(coalesce(n.outline, n.geom), coalesce(s.outline, s.geom)) AS distance_m,
       'postcode' IN (s.precision, n.precision) AS about
FROM {table} s JOIN {table} n ON n.ref <> s.ref AND n.gone IS NULL AND ST_DWithin(n.geom, s.geom, :within)
WHERE s.ref = :ref AND s.gone IS NULL AND s.precision = ANY(:placed) AND n.precision = ANY(:placed)
ORDER BY distance_m, n.ref LIMIT :most
"""


def list_around(
    connection: Connection, audience: Audience, ref: str, *, within_m: float, most: int
) -> Sequence[RowMapping]:  # fmt: skip
    """The nearest catalogued sites among those that the audience may see, with their owners; `about`: one of the two is
    known by its postcode alone."""
    values = {"ref": ref, "within": within_m, "most": most, "placed": [*PRECISE, "postcode"]}
    return connection.execute(text(_AROUND.format(table=f"site_{audience}")), values).mappings().all()


def find_assembly(connection: Connection, audience: Audience, ref: str) -> str | None:
    """The assembly that a site is part of, as the audience sees it; None when it is part of none."""
    query = text(f"SELECT id FROM assembly_{audience} WHERE :ref = ANY(refs)")  # noqa: S608 -- a name from AUDIENCES
    found: str | None = connection.execute(query, {"ref": ref}).scalar_one_or_none()
    return found
