"""Sites as places: which holdings stand there, where they are, and what became of them."""

from collections.abc import Iterable

from convertbng.cutil import convert_lonlat
from sqlalchemy import Connection, text

from estates_api.domain.area import Area
from estates_api.store.copying import copy_rows
from estates_api.store.reference import borough_of_points
from estates_api.store.touched import open_touched

STEP = 20_000
"""Sites written at a time: what bounds the memory."""

_TABLES = (
    """CREATE TEMP TABLE IF NOT EXISTS moving (
        holding_id bigint PRIMARY KEY, ref text, evidence text NOT NULL, founder_id bigint,
        alone boolean NOT NULL DEFAULT false) ON COMMIT DROP""",
    "CREATE TEMP TABLE IF NOT EXISTS leaving (ref text, survivor text, holdings bigint) ON COMMIT DROP",
    "CREATE TEMP TABLE IF NOT EXISTS target (ref text) ON COMMIT DROP",
    "CREATE TEMP TABLE IF NOT EXISTS written (ref text) ON COMMIT DROP",
    """CREATE TEMP TABLE IF NOT EXISTS drawn (
        ref text, name text, address text, postcode text, uprn text, easting float8, northing float8,
        precision text, borough_gss text, lsoa_code text) ON COMMIT DROP""",
    "CREATE TEMP TABLE IF NOT EXISTS spot (ref text, lon float8, lat float8, gss text) ON COMMIT DROP",
)

_JUDGED = """
INSERT INTO moving (holding_id, ref, evidence)
SELECT h.id, :prefix || '-' || j.place, 'judgement'
FROM standing_judgement j JOIN holding h ON h.organisation_code = j.organisation_code AND h.code = j.holding_code
WHERE h.code <> 'AGGRE' AND h.site_ref IS DISTINCT FROM :prefix || '-' || j.place
"""

# A plot that is returned as part of a site, by the site's own organisation: only where the plot has no place yet or one
# of its own, so that neither a likeness nor a judgement is undone. Returns of plots are few and small.
_STATED = """
INSERT INTO moving (holding_id, ref, evidence)
SELECT DISTINCT ON (h.id) h.id, whole.site_ref, 'stated: part of ' || whole.code
FROM edition e JOIN standing_claim c ON c.edition_id = e.id AND c.attribute = 'site_code'
JOIN holding h ON h.id = c.holding_id
JOIN holding whole ON whole.organisation_code = h.organisation_code AND whole.code = c.text
WHERE e.format = 'surplus' AND whole.site_ref IS NOT NULL
  AND (h.site_ref IS NULL OR (h.site_ref <> whole.site_ref AND h.match_evidence = :own))
ORDER BY h.id, c.id DESC
"""

# A code that nobody else has, here or at a site, becomes the reference at once; the others are for _FOUNDED to settle.
_OWN = """
WITH founder AS MATERIALIZED (
    SELECT c.id, :prefix || '-' || replace(c.code, '/', '-') AS bare FROM chunk c
    WHERE NOT EXISTS (SELECT FROM moving m WHERE m.holding_id = c.id)
), shared AS (
    SELECT bare FROM founder GROUP BY bare HAVING count(*) > 1
)
INSERT INTO moving (holding_id, ref, evidence, alone)
SELECT id, CASE WHEN bare NOT IN (SELECT bare FROM shared) AND NOT EXISTS (SELECT FROM site WHERE ref = bare) THEN bare
           END, :evidence, id NOT IN (SELECT founder_id FROM moving WHERE founder_id IS NOT NULL)
FROM founder
"""

# A site's reference comes from the code that founded it; with the organisation's where the code is taken, and with a
# number where that is taken too. It stands in addresses and file names: a slash in a code becomes a hyphen.
_FOUNDED = """
WITH founder AS (
    SELECT h.id, h.organisation_code, h.code, :prefix || '-' || replace(h.code, '/', '-') AS bare,
           :prefix || '-' || replace(h.organisation_code || '-' || h.code, '/', '-') AS whole
    FROM moving m JOIN holding h ON h.id = m.holding_id WHERE m.ref IS NULL AND m.founder_id IS NULL
), first AS (
    SELECT *, row_number() OVER (PARTITION BY bare ORDER BY organisation_code, code) = 1
              AND NOT EXISTS (SELECT FROM site WHERE ref = bare) AS has_bare
    FROM founder
), second AS (
    SELECT *, row_number() OVER (PARTITION BY has_bare, whole ORDER BY organisation_code, code) = 1 AS may_have_whole
    FROM first
)
UPDATE moving m SET ref = CASE
    WHEN f.has_bare THEN f.bare
    WHEN f.may_have_whole AND NOT EXISTS (SELECT FROM site WHERE ref = f.whole)
         AND NOT EXISTS (SELECT FROM founder o WHERE o.bare = f.whole)
         AND NOT EXISTS (SELECT FROM moving o WHERE o.ref = f.whole) THEN f.whole
    ELSE f.whole || '-' || f.id END
FROM second f WHERE f.id = m.holding_id
"""
_JOINED = "UPDATE moving m SET ref = f.ref FROM moving f WHERE f.holding_id = m.founder_id AND m.ref IS NULL"

_LEAVING = """
INSERT INTO leaving SELECT h.site_ref, m.ref, count(*) FROM moving m JOIN holding h ON h.id = m.holding_id
WHERE h.site_ref <> m.ref GROUP BY 1, 2
"""

# What is judged comes first, then what the holding that founded the place says, then the others by their codes.
_DRAWN = """
WITH member AS (
    SELECT m.ref, m.holding_id AS id FROM moving m JOIN target USING (ref) WHERE NOT m.alone
    UNION ALL
    SELECT h.site_ref, h.id FROM target t JOIN holding h ON h.site_ref = t.ref
    WHERE t.ref NOT IN (SELECT ref FROM moving WHERE alone)
      AND NOT EXISTS (SELECT FROM moving m WHERE m.holding_id = h.id)
), said AS (
    SELECT m.ref, h.organisation_code, h.name, j.place_name, coalesce(j.postcode, h.postcode) AS postcode,
           coalesce(j.address, h.address) AS address, h.uprn, h.easting, h.northing,
           row_number() OVER (PARTITION BY m.ref ORDER BY
               replace(m.ref, '/', '-') = :prefix || '-' || replace(h.code, '/', '-') DESC,
               h.organisation_code, h.code) AS turn
    FROM member m JOIN holding h ON h.id = m.id
    LEFT JOIN standing_judgement j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
), settled AS (
    SELECT ref,
           coalesce((array_agg(place_name ORDER BY turn) FILTER (WHERE place_name IS NOT NULL))[1],
                    (array_agg(name ORDER BY turn))[1]) AS name,
           (array_agg(address ORDER BY turn) FILTER (WHERE address IS NOT NULL))[1] AS address,
           (array_agg(postcode ORDER BY turn) FILTER (WHERE postcode IS NOT NULL))[1] AS postcode,
           (array_agg(uprn ORDER BY turn) FILTER (WHERE uprn IS NOT NULL))[1] AS uprn,
           (array_agg(easting ORDER BY turn) FILTER (WHERE easting IS NOT NULL))[1] AS easting,
           (array_agg(northing ORDER BY turn) FILTER (WHERE easting IS NOT NULL))[1] AS northing,
           (array_agg(organisation_code ORDER BY turn) FILTER (WHERE organisation_code = ANY(:boroughs)))[1] AS council
    FROM said GROUP BY ref
)
INSERT INTO drawn SELECT s.ref, s.name, s.address, s.postcode, s.uprn, {position} FROM settled s {reference}
"""

# Most holdings of a list are the only one at their place: nothing to choose between.
_DRAWN_ALONE = """
WITH settled AS (
    SELECT m.ref, coalesce(j.place_name, h.name) AS name, coalesce(j.address, h.address) AS address,
           coalesce(j.postcode, h.postcode) AS postcode, h.uprn, h.easting, h.northing,
           CASE WHEN h.organisation_code = ANY(:boroughs) THEN h.organisation_code END AS council
    FROM moving m JOIN holding h ON h.id = m.holding_id
    LEFT JOIN standing_judgement j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
    WHERE m.alone
)
INSERT INTO drawn SELECT s.ref, s.name, s.address, s.postcode, s.uprn, {position} FROM settled s {reference}
"""

# The best position known: the owner's own point, the postcode, its LSOA, the council's borough, none.
_PARTS = {
    "position": """
       coalesce(s.easting, p.easting, ST_X(l.geom)), coalesce(s.northing, p.northing, ST_Y(l.geom)),
       CASE WHEN s.easting IS NOT NULL THEN 'uprn' WHEN p.easting IS NOT NULL THEN 'postcode'
            WHEN l.geom IS NOT NULL THEN 'lsoa'
            WHEN CASE WHEN p.postcode IS NULL THEN s.council ELSE p.borough_gss END IS NULL THEN 'unknown'
            ELSE 'borough' END,
       CASE WHEN s.easting IS NOT NULL THEN NULL WHEN p.postcode IS NULL THEN s.council ELSE p.borough_gss END,
       p.lsoa_code""",
    "reference": "LEFT JOIN postcode p ON p.postcode = s.postcode LEFT JOIN lsoa l ON l.code = p.lsoa_code",
}

# Where a list says roughly and nothing better is known: no better than a postcode.
_DRAWN_ROUGHLY = r"""
WITH lost AS MATERIALIZED (
    SELECT d.ref FROM drawn d
    WHERE d.easting IS NULL AND NOT EXISTS (SELECT FROM postcode p WHERE p.postcode = d.postcode)
), member AS MATERIALIZED (
    SELECT m.ref, m.holding_id FROM lost JOIN moving m USING (ref)
    UNION ALL
    SELECT l.ref, h.id FROM lost l JOIN holding h ON h.site_ref = l.ref
    WHERE NOT EXISTS (SELECT FROM moving m WHERE m.holding_id = h.id)
), rough AS (
    SELECT DISTINCT ON (m.ref) m.ref, string_to_array(c.text, ' ')::float8[] AS place
    FROM member m CROSS JOIN LATERAL (
        SELECT text, authority, day, id FROM standing_claim
        WHERE holding_id = m.holding_id AND attribute = 'rough_position'
          AND text ~ '^[0-9]{1,6}(\.[0-9]+)? [0-9]{1,7}(\.[0-9]+)?$'
        ORDER BY authority DESC, day DESC, id DESC LIMIT 1) c
    ORDER BY m.ref, c.authority DESC, c.day DESC, c.id DESC
)
UPDATE drawn d SET easting = r.place[1], northing = r.place[2], precision = 'postcode' FROM rough r
WHERE r.ref = d.ref AND r.place[1] <= 700000 AND r.place[2] <= 1300000
"""

# An outline is never replaced by a point: its place and what follows from that stay. A point outside every borough
# that is loaded is outside the area, unless its postcode says otherwise.
_WRITTEN = """
INSERT INTO site AS s (ref, name, address, postcode, uprn, precision, geom, geom_crs84, borough_gss, lsoa_code,
                       inside_area)
SELECT d.ref, d.name, d.address, d.postcode, d.uprn, d.precision, p.geom,
       ST_SetSRID(ST_MakePoint(spot.lon, spot.lat), 4326), coalesce(spot.gss, d.borough_gss), d.lsoa_code,
       coalesce(coalesce(spot.gss, d.borough_gss) = ANY(:boroughs), CASE WHEN d.easting IS NOT NULL THEN false END)
FROM drawn d LEFT JOIN spot USING (ref)
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(d.easting, d.northing), 27700) AS geom) p
ON CONFLICT (ref) DO UPDATE SET name = excluded.name, address = excluded.address, postcode = excluded.postcode,
    uprn = excluded.uprn,
    precision = CASE WHEN s.precision = 'outline' THEN s.precision ELSE excluded.precision END,
    geom = CASE WHEN s.precision = 'outline' THEN s.geom ELSE excluded.geom END,
    geom_crs84 = CASE WHEN s.precision = 'outline' THEN s.geom_crs84 ELSE excluded.geom_crs84 END,
    borough_gss = CASE WHEN s.precision = 'outline' THEN s.borough_gss ELSE excluded.borough_gss END,
    lsoa_code = CASE WHEN s.precision = 'outline' THEN s.lsoa_code ELSE excluded.lsoa_code END,
    inside_area = CASE WHEN s.precision = 'outline' THEN s.inside_area ELSE excluded.inside_area END
WHERE (s.name, s.address, s.postcode, s.uprn, s.borough_gss, s.lsoa_code, s.inside_area, s.precision)
      IS DISTINCT FROM (excluded.name, excluded.address, excluded.postcode, excluded.uprn, excluded.borough_gss,
                        excluded.lsoa_code, excluded.inside_area, excluded.precision)
   OR s.geom IS DISTINCT FROM excluded.geom
"""

_PLACED = """
WITH placed AS (
    UPDATE holding h SET site_ref = m.ref, match_evidence = m.evidence FROM moving m WHERE m.holding_id = h.id
    RETURNING h.id, h.site_ref, h.match_evidence
)
INSERT INTO placement (holding_id, site_ref, evidence) SELECT id, site_ref, match_evidence FROM placed ORDER BY id
"""

_MERGED = """
INSERT INTO fate (ref, kind, survivor, reason, actor)
SELECT DISTINCT ON (l.ref) l.ref, 'merged', l.survivor, :reason, :actor FROM leaving l
WHERE NOT EXISTS (SELECT FROM holding h WHERE h.site_ref = l.ref)
ORDER BY l.ref, l.holdings DESC, l.survivor
"""

_RESTORED = """
INSERT INTO fate (ref, kind, reason, actor)
SELECT f.ref, 'restored', :reason, :actor
FROM (SELECT DISTINCT ON (ref) ref, kind FROM fate WHERE ref IN (SELECT ref FROM moving) ORDER BY ref, id DESC) f
WHERE f.kind = 'merged'
"""


def open_moves(connection: Connection) -> None:
    """Begin to move holdings: what is planned in `moving` takes place with `settle`. Safe to call again."""
    open_touched(connection)
    for statement in _TABLES:
        connection.execute(text(statement))
    connection.execute(text("TRUNCATE moving, written"))


def move_judged(connection: Connection, prefix: str) -> None:
    """Plan to move every holding that does not stand where a person says it does."""
    connection.execute(text(_JUDGED), {"prefix": prefix})


def move_stated(connection: Connection, own: str) -> None:
    """Plan to move every plot that stands alone, though its return says which site it is part of."""
    connection.execute(text(_STATED), {"own": own})


def move_chunk(
    connection: Connection, joined: Iterable[tuple[int, str | None, str, int | None]], *, own: str, prefix: str
) -> None:
    """Plan the places of the holdings in `chunk`: those that join another, and a place of its own for each other one.

    Joined: holding id, site or None, evidence, and the id of the holding that founds the place where there is no site.
    """
    move_joined(connection, joined)
    connection.execute(text(_OWN), {"evidence": own, "prefix": prefix})


def move_joined(connection: Connection, joined: Iterable[tuple[int, str | None, str, int | None]]) -> None:
    """Plan the places of holdings that join another, as `move_chunk`; the others of `chunk` stay where they are."""
    copy_rows(connection, "moving", ("holding_id", "ref", "evidence", "founder_id"), joined)


def move_holdings(connection: Connection, ids: Iterable[int], ref: str | None, evidence: str) -> None:
    """Plan to move holdings to a site; to a place of their own, which the first of them founds, when there is none."""
    numbers = list(ids)
    founders = [None] + numbers[:1] * (len(numbers) - 1) if ref is None else [None] * len(numbers)
    rows = [(number, ref, evidence, founder) for number, founder in zip(numbers, founders, strict=True)]
    copy_rows(connection, "moving", ("holding_id", "ref", "evidence", "founder_id"), rows)


def settle(connection: Connection, area: Area, *, reason: str, actor: str) -> int:
    """Move the holdings as planned, with their sites written before and noted as touched; the number moved.

    A site that loses its last holding is merged into where most of them went; one that is gone and gets holdings
    again is restored.
    """
    why = {"reason": reason, "actor": actor}
    connection.execute(text(_FOUNDED), {"prefix": area.prefix})
    connection.execute(text(_JOINED))
    connection.execute(text("TRUNCATE leaving, target"))
    connection.execute(text(_LEAVING))
    connection.execute(text("INSERT INTO target SELECT ref FROM moving UNION SELECT ref FROM leaving"))
    _write_targets(connection, area)
    connection.execute(text("INSERT INTO touched_site SELECT ref FROM target ON CONFLICT DO NOTHING"))
    moved: int = connection.execute(text(_PLACED)).rowcount
    connection.execute(text(_MERGED), why)
    connection.execute(text(_RESTORED), why)
    connection.execute(text("TRUNCATE moving"))
    return moved


def write_touched(connection: Connection, area: Area) -> None:
    """Bring the sites up to date that were touched in this transaction and not written since."""
    while True:
        connection.execute(text("TRUNCATE target"))
        query = """INSERT INTO target SELECT ref FROM touched_site EXCEPT SELECT ref FROM written
                   ORDER BY ref LIMIT :step"""
        if not connection.execute(text(query), {"step": STEP}).rowcount:
            return
        _write_targets(connection, area)


def _write_targets(connection: Connection, area: Area) -> None:
    """Write the sites of `target` from what their holdings say.

    The CRS84 position is computed here, once, with the OSTN15 grid (stock PROJ is about 1.75 m off in London).
    """
    values = {"prefix": area.prefix, "boroughs": list(area.boroughs)}
    for table in ("moving", "target"):
        connection.execute(text(f"ANALYZE {table}"))
    connection.execute(text("TRUNCATE drawn, spot"))
    connection.execute(text(_DRAWN.format(**_PARTS)), values)
    connection.execute(text(_DRAWN_ALONE.format(**_PARTS)), values)
    connection.execute(text(_DRAWN_ROUGHLY))
    rows = connection.execute(text("SELECT ref, easting, northing FROM drawn WHERE easting IS NOT NULL")).all()
    if rows:
        eastings, northings = [row[1] for row in rows], [row[2] for row in rows]
        lons, lats = (map(float, axis) for axis in convert_lonlat(eastings, northings))
        boroughs = borough_of_points(connection, eastings, northings)
        refs = (row[0] for row in rows)
        copy_rows(connection, "spot", ("ref", "lon", "lat", "gss"), zip(refs, lons, lats, boroughs, strict=True))
    connection.execute(text(_WRITTEN), values)
    connection.execute(text("INSERT INTO written SELECT ref FROM target"))
