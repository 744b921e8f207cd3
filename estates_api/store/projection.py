"""The projection: what each audience may see, decided here, once, where rows are written.

One table per audience, each site with its GeoJSON text and its full explanation already rendered. A site is left
out of an audience's table when anything it rests on (holding, claim, interest, event, judgement) is not for it:
a score made with a hidden fact would tell it. Readers choose a table; they never filter on sensitivity.
"""

from sqlalchemy import Connection, text

from estates_api.store.redactions import UNMASKED_INTEREST
from estates_api.store.tables import AUDIENCES
from estates_api.store.touched import open_touched, touch_all

HIDDEN = {"public": ["partner", "owner"], "partner": ["owner"]}
"""The sensitivities that keep a site out of an audience's table; the complete one has them all."""

MANY = 2000
"""Touched sites from which on fresh statistics pay: they take a second, and a plan without them minutes."""

_SHARED = """'ref', ref, 'name', name, 'address', address, 'postcode', postcode, 'borough', borough,
    'borough_gss', borough_gss, 'sector', sector, 'owner', owner, 'organisations', organisations,
    'precision', precision, 'inside_area', inside_area, 'gia_m2', round(gia_m2, 1),
    'land_ha', round(land_ha, 4), 'evidence_date', evidence_date, 'stale', stale"""

PROPERTIES = f"json_build_object({_SHARED}, 'holdings', holdings)"

CANDIDATE = f"""json_build_object({_SHARED}, 'route', route,
    'release_score', round(release_score::numeric, 2), 'release_low', round((release->>'low')::numeric, 2),
    'release_high', round((release->>'high')::numeric, 2),
    'release_coverage', round(release_coverage::numeric, 3),
    'reuse_score', round(reuse_score::numeric, 2), 'reuse_coverage', round(reuse_coverage::numeric, 3),
    'gates', (SELECT string_agg(gate->>'id', '; ') FROM jsonb_array_elements(gates) gate),
    'sentence', sentence, 'method', method)"""  # noqa: S608 -- made of constants of this module

POINT = "CASE WHEN s.precision = 'outline' THEN ST_PointOnSurface(s.{0}) ELSE s.{0} END"
"""A site in the collections: readers expect one type of geometry in each; outlines have one of their own."""

DETAIL = f"json_build_object('site', {PROPERTIES}, 'geometry', geometry, 'holdings', holdings_list)"

# Decimals are rendered as decimals (12.00, not 12): readers guess a column's type from its first values.
# Every key is always there, null when unknown. One date per feature: QGIS sends a filter on any date as `datetime`.
_RENDER = f"""
WITH RECURSIVE latest AS (
    SELECT a.id, m.id AS method FROM assessment a JOIN method m ON m.sha256 = a.method_sha256
    WHERE a.present ORDER BY a.id DESC LIMIT 1
), followed AS (
    SELECT predecessor_code AS code, successor_code AS heir FROM succession
    WHERE coalesce(succeeded_on <= (now() AT TIME ZONE 'UTC')::date, true)
), led AS (
    SELECT code, heir FROM followed
    UNION  -- not ALL: a circle of codes ends where it began
    SELECT l.code, f.heir FROM led l JOIN followed f ON f.code = l.heir
), leads AS (
    SELECT code, string_agg(heir, '; ' ORDER BY heir) AS now FROM led
    WHERE heir <> code AND heir NOT IN (SELECT code FROM followed) GROUP BY code
), held AS (
    SELECT h.site_ref, count(*) AS holdings, string_agg(DISTINCT o.name, '; ' ORDER BY o.name) AS organisations,
           string_agg(DISTINCT h.sector, '; ' ORDER BY h.sector) AS sector,
           jsonb_agg(jsonb_build_object('organisation', o.name, 'organisation_code', h.organisation_code,
               'code', h.code, 'name', h.name, 'sector', h.sector, 'match', h.match_evidence, 'now', leads.now)
               ORDER BY h.organisation_code, h.code) AS list
    FROM touched_site t JOIN holding h ON h.site_ref = t.ref JOIN organisation o ON o.code = h.organisation_code
    LEFT JOIN leads ON leads.code = h.organisation_code
    GROUP BY h.site_ref
), stated AS (  -- the interest of each organisation that counts, as in store/sites.py
    SELECT DISTINCT ON (h.site_ref, h.organisation_code) h.site_ref, o.name, i.kind
    FROM touched_site t JOIN holding h ON h.site_ref = t.ref JOIN interest i ON i.holding_id = h.id
    JOIN organisation o ON o.code = h.organisation_code
    WHERE {UNMASKED_INTEREST}
    ORDER BY h.site_ref, h.organisation_code, (i.kind = 'unknown'), i.as_of DESC NULLS LAST, i.id DESC
), owned AS (
    SELECT site_ref, string_agg(DISTINCT name, '; ' ORDER BY name) AS owner FROM stated
    WHERE kind IN ('freeholder', 'head lessee') GROUP BY site_ref
), shown AS (
    SELECT s.ref, s.name, s.borough_gss, held.sector, r.route, r.release_score, r.reuse_score,
           {POINT.format("geom")} AS geom, {POINT.format("geom_crs84")} AS geom_crs84,
           CASE WHEN s.precision = 'outline' THEN s.geom_crs84 END AS outline_crs84,
           ST_AsGeoJSON(s.geom_crs84, 7)::json AS geometry,
           ST_AsGeoJSON({POINT.format("geom_crs84")}, 7)::json AS point, held.list AS holdings_list, r.explanation AS e,
           x.*, r.release_coverage, r.reuse_coverage, latest.method, s.address, s.postcode,
           b.name AS borough, s.precision, s.inside_area, owned.owner, held.organisations, held.holdings
    FROM touched_site t
    JOIN site s ON s.ref = t.ref
    JOIN held ON held.site_ref = s.ref
    LEFT JOIN owned ON owned.site_ref = s.ref
    LEFT JOIN borough b ON b.gss = s.borough_gss
    LEFT JOIN latest ON true
    LEFT JOIN assessment_site r ON r.assessment_id = latest.id AND r.site_ref = s.ref
    -- Taken apart once: each ->> would read the whole explanation again.
    LEFT JOIN LATERAL jsonb_to_record(r.explanation) AS x(gia_m2 numeric, land_ha numeric, evidence_date text,
        stale boolean, sentence text, release jsonb, gates jsonb) ON true
    WHERE s.ref NOT IN (SELECT ref FROM site_complete)
)
INSERT INTO site_complete (ref, name, borough_gss, sector, route, release_score, reuse_score, geom, geom_crs84,
                     outline_crs84, site_feature, candidate_feature, outline_feature, detail)
SELECT ref, name, borough_gss, sector, route, release_score, reuse_score, geom, geom_crs84, outline_crs84,
    json_build_object('type', 'Feature', 'id', ref, 'geometry', point, 'properties', {PROPERTIES})::text,
    CASE WHEN e IS NOT NULL THEN json_build_object('type', 'Feature', 'id', ref, 'geometry', point,
        'properties', {CANDIDATE})::text END,
    CASE WHEN outline_crs84 IS NOT NULL THEN json_build_object('type', 'Feature', 'id', ref, 'geometry', geometry,
        'properties', {PROPERTIES})::text END,
    CASE WHEN e IS NULL THEN {DETAIL}::text ELSE ({DETAIL}::jsonb || e)::text END
FROM shown
"""  # noqa: S608 -- made of constants of this module

# A site that is no longer one of its own: the answer to its reference is what became of it. A chain of mergers leads
# to its end at once.
_GONE = """
WITH RECURSIVE standing AS (
    SELECT DISTINCT ON (ref) ref, kind, survivor, reason, at FROM fate ORDER BY ref, id DESC
), chain AS (
    SELECT ref, survivor, 1 AS step FROM standing WHERE kind = 'merged'
    UNION ALL
    SELECT c.ref, n.survivor, c.step + 1 FROM chain c JOIN standing n ON n.ref = c.survivor AND n.kind = 'merged'
    WHERE c.step < 100
)
INSERT INTO site_complete (ref, name, sector, gone)
SELECT s.ref, s.name, 'unknown', jsonb_build_object('kind', f.kind, 'reason', f.reason, 'at', f.at, 'survivor',
    (SELECT c.survivor FROM chain c WHERE c.ref = s.ref ORDER BY c.step DESC LIMIT 1))
FROM touched_site t JOIN site s ON s.ref = t.ref JOIN standing f ON f.ref = s.ref AND f.kind <> 'restored'
"""

# Rows that are not public are few: partial indexes find them, and no site is looked at one by one. What became of a
# site is told only to those who may see the site it became part of.
_COPY = """
WITH asked AS (
    SELECT ref FROM touched_site
    UNION SELECT c.gone->>'survivor' FROM site_complete c JOIN touched_site t ON t.ref = c.ref WHERE c.gone IS NOT NULL
), held AS (
    SELECT h.id, h.site_ref, h.organisation_code, h.code, h.sensitivity
    FROM asked a JOIN holding h ON h.site_ref = a.ref
), hidden AS (
    SELECT site_ref FROM held WHERE sensitivity = ANY(:hidden)
    UNION SELECT h.site_ref FROM held h JOIN claim c ON c.holding_id = h.id
        WHERE c.sensitivity <> 'public' AND c.sensitivity = ANY(:hidden)
    UNION SELECT h.site_ref FROM held h JOIN interest i ON i.holding_id = h.id
        WHERE i.sensitivity <> 'public' AND i.sensitivity = ANY(:hidden)
    UNION SELECT h.site_ref FROM held h JOIN outline p ON p.holding_id = h.id
        WHERE p.sensitivity <> 'public' AND p.sensitivity = ANY(:hidden)
    UNION SELECT h.site_ref FROM held h JOIN event e ON e.holding_code = h.code
        WHERE e.sensitivity <> 'public' AND e.sensitivity = ANY(:hidden)
    UNION SELECT h.site_ref FROM held h
        JOIN judgement j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
        JOIN edition d ON d.id = j.edition_id WHERE d.sensitivity = ANY(:hidden)
)
INSERT INTO {table} SELECT c.* FROM site_complete c JOIN touched_site t ON t.ref = c.ref
WHERE coalesce(c.gone->>'survivor', c.ref) NOT IN (SELECT site_ref FROM hidden)
"""

# Whoever merged into a touched site is answered for by it.
_FOLLOWERS = """
WITH RECURSIVE follower AS (
    SELECT ref FROM touched_site
    UNION
    SELECT f.ref FROM fate f JOIN follower g ON f.survivor = g.ref
)
INSERT INTO touched_site SELECT ref FROM follower ON CONFLICT DO NOTHING
"""


def rebuild_projection(connection: Connection) -> None:
    """Write what each audience may see of every site anew, as `refresh_projection`."""
    open_touched(connection)
    touch_all(connection)
    refresh_projection(connection)


def refresh_projection(connection: Connection) -> None:
    """Write what each audience may see of the touched sites anew, in the caller's transaction: readers see the old
    until it commits."""
    connection.execute(text(_FOLLOWERS))
    connection.execute(text("ANALYZE touched_site"))
    if connection.execute(text("SELECT count(*) > :many FROM touched_site"), {"many": MANY}).scalar_one():
        # Statistics of the tables as they are now: what the server last knew of them may be that they are empty.
        connection.execute(text("ANALYZE site, holding, interest, claim, event, judgement"))
    for audience in AUDIENCES:
        table = f"site_{audience}"  # a name from AUDIENCES
        connection.execute(text(f"DELETE FROM {table} WHERE ref IN (SELECT ref FROM touched_site)"))  # noqa: S608
    connection.execute(text(_GONE))
    connection.execute(text(_RENDER))
    for audience, hidden in HIDDEN.items():
        connection.execute(text(_COPY.format(table=f"site_{audience}")), {"hidden": hidden})
