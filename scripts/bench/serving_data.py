"""The made data of the serving benchmark: one table of polygons, and the same features as our service keeps them."""

from serving_questions import PROPERTIES
from sqlalchemy import Connection, text

from estates_api.store.projection import _feature
from estates_api.store.summaries import put_summaries

# Star-shaped outlines of 6 to 20 corners and 10 to 70 m, one in twenty of two parts. A sixth of the rest is unknown.
_MAKE = """
CREATE TABLE bench.outlines AS
WITH middle AS (
    SELECT i, 518000 + random() * 21000 AS x, 181500 + random() * 19000 AS y, 10 + 60 * random() ^ 3 AS radius
    FROM generate_series(1, :rows) i
), ring AS (
    SELECT i, array_agg(ST_MakePoint(round((x + r * cos(a))::numeric, 2), round((y + r * sin(a))::numeric, 2))
                        ORDER BY a) AS corners
    FROM middle, LATERAL (SELECT radius * (0.5 + 0.5 * random()) AS r, 2 * pi() * k / (6 + i % 15) AS a
                          FROM generate_series(1, 6 + i % 15) k) corner
    GROUP BY i
), part AS (
    SELECT i, ST_SetSRID(ST_MakePolygon(ST_MakeLine(corners || corners[1])), 27700) AS geom FROM ring
), shape AS (
    SELECT i, CASE WHEN i % 20 = 0 THEN ST_Collect(geom, ST_Translate(geom, 150, 0)) ELSE ST_Multi(geom) END AS geom
    FROM part
), made AS (
    SELECT i, 'NCL-' || lpad(i::text, 7, '0') AS id, geom, ST_Transform(geom, 4326) AS geom_crs84,
           1 + i / 7 % 5 AS b, random() AS chance
    FROM shape
)
SELECT id, id AS ref, (ARRAY['Library','Health Centre','Depot','Clinic','Car Park','Hall','School'])[1 + i % 7]
           || ' ' || i AS name,
    (i % 300) || ' ' || (ARRAY['Ash','Oak','Elm','Green','Hill'])[1 + i % 5] || 'ford Road, London' AS address,
    'N' || (1 + i % 22) || ' ' || (i % 9) || 'AB' AS postcode,
    (ARRAY['Barnet','Camden','Enfield','Haringey','Islington'])[b] AS borough,
    (ARRAY['E09000003','E09000007','E09000010','E09000014','E09000019'])[b] AS borough_gss,
    (ARRAY['NHS','council','NHS; council'])[1 + i % 3] AS sector,
    CASE WHEN i % 6 > 0 THEN 'London Borough of ' || (ARRAY['Barnet','Camden','Enfield','Haringey','Islington'])[b]
        END AS owner,
    (ARRAY['freehold','leasehold'])[1 + i % 3] AS tenure,
    'Organisation ' || i % 97 || '; Another Organisation ' || i % 89 AS organisations,
    'outline' AS precision, true AS inside_area,
    CASE WHEN i % 6 > 1 THEN round((50 + chance * 20000)::numeric, 1)::float8 END AS gia_m2,
    round((ST_Area(geom) / 10000)::numeric, 4)::float8 AS land_ha,
    CASE WHEN i % 6 > 2 THEN date '2015-03-31' + (i % 4000) END AS evidence_date,
    i % 3 = 0 AS stale, 1 + i % 4 AS holdings,
    geom::geometry(MultiPolygon, 27700) AS geom, geom_crs84::geometry(MultiPolygon, 4326) AS geom_crs84
FROM made ORDER BY i
"""


def make_table(connection: Connection, rows: int) -> None:
    """The table that every other server reads: the same indexes as ours, nothing rendered beforehand."""
    connection.execute(text("DROP SCHEMA IF EXISTS bench CASCADE"))
    connection.execute(text("CREATE SCHEMA bench"))
    # One process makes the rows in order, so that the same number of rows is always the same data.
    connection.execute(text("SET max_parallel_workers_per_gather = 0"))
    connection.execute(text("SELECT setseed(0.5)"))
    connection.execute(text(_MAKE), {"rows": rows})
    connection.execute(text("ALTER TABLE bench.outlines ADD PRIMARY KEY (id)"))
    connection.execute(text("CREATE INDEX ON bench.outlines USING gist (geom)"))
    connection.execute(text("CREATE INDEX ON bench.outlines USING gist (geom_crs84)"))
    connection.execute(text("CREATE INDEX ON bench.outlines (borough)"))
    connection.execute(text("RESET max_parallel_workers_per_gather"))


_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = 'site_public'::regclass AND NOT i.indisprimary
"""


def fill_ours(connection: Connection) -> None:
    """The same features as the rows behind our `outlines`: all that knows how this service stores them."""
    kept = ", ".join(PROPERTIES)
    query = f"""
        INSERT INTO site_public
            ({kept}, turn, geom, geom_crs84, outline, outline_crs84, held, site_feature, outline_feature)
        SELECT {kept}, hashtext(ref), point, point_crs84, geom, geom_crs84, '[]', {_feature("sites", "spot")},
               {_feature("outlines", "drawn")}
        FROM (SELECT *, ST_PointOnSurface(geom) AS point, ST_PointOnSurface(geom_crs84) AS point_crs84,
                     ST_AsGeoJSON(ST_PointOnSurface(geom_crs84), 7) AS spot, ST_AsGeoJSON(geom_crs84, 7) AS drawn
              FROM bench.outlines ORDER BY id) made"""  # noqa: S608 -- made of constants
    connection.execute(text("TRUNCATE site_complete"))  # and what inherits from it
    indexes = connection.execute(text(_INDEXES)).all()
    for name, _ in indexes:
        connection.execute(text(f"DROP INDEX {name}"))
    connection.execute(text(query))
    for _, definition in indexes:  # made when the rows are there, as those of the other table are
        connection.execute(text(definition))
    put_summaries(connection)
