"""The projection: what each audience may see, decided here, once, where rows are written.

One table per audience (store/layers.py), each site in one of them with its GeoJSON text already rendered. A site is
left out of an audience's table when anything it rests on (holding, claim, interest, event, judgement) is not for it:
a score made with a hidden fact would tell it. Readers choose a table; they never filter on sensitivity.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from estates_api.domain.callers import Audience, Circle, circle_of
from estates_api.domain.collections import COLLECTIONS
from estates_api.store.assemblies import refresh_assemblies, touch_nearby
from estates_api.store.layers import POINT, projections
from estates_api.store.redactions import UNMASKED_INTEREST
from estates_api.store.summaries import put_summaries
from estates_api.store.touched import open_touched, touch_all

TABLES = {"public": "site_public", "partner": "site_partner", "owner": "site_complete"}
"""The table of a site by the strictest sensitivity of what it rests on."""

_HIDDEN: Mapping[Circle, list[str]] = {"public": ["partner", "owner"], "partner": ["owner"], "complete": []}


def hidden_from(audience: Audience) -> list[str]:
    """The sensitivities of which an audience sees nothing, or only what is its own."""
    return _HIDDEN[circle_of(audience)]


_JOINED = """site (ref), holding (id, site_ref, organisation_code, code, sensitivity),
    interest (holding_id, sensitivity), claim (holding_id, sensitivity), event, judgement"""
"""What the statements below join by: statistics of whole rows would take ten times as long."""

MANY = 2000
"""Touched sites from which on fresh statistics pay: they take a second, and a plan without them minutes."""

# Rows that are not public are few: partial indexes find them, and no site is looked at one by one. What became of a
# site is told only to those who may see the site it became part of; a chain of mergers leads to its end at once.
_TOLD = """
CREATE TEMP TABLE told ON COMMIT DROP AS
WITH RECURSIVE standing AS (
    SELECT DISTINCT ON (ref) ref, kind, survivor, reason, at FROM fate ORDER BY ref, id DESC
), chain AS (
    SELECT ref, survivor, 1 AS step FROM standing WHERE kind = 'merged'
    UNION ALL
    SELECT c.ref, n.survivor, c.step + 1 FROM chain c JOIN standing n ON n.ref = c.survivor AND n.kind = 'merged'
    WHERE c.step < 100
), gone AS (
    SELECT f.ref, f.kind, f.reason, f.at,
           (SELECT c.survivor FROM chain c WHERE c.ref = f.ref ORDER BY c.step DESC LIMIT 1) AS survivor
    FROM touched_site t JOIN standing f ON f.ref = t.ref AND f.kind <> 'restored'
), asked AS (
    SELECT ref AS asked, ref FROM touched_site
    UNION ALL SELECT ref, survivor FROM gone WHERE survivor IS NOT NULL
), held AS (
    SELECT a.asked, h.id, h.organisation_code, h.code, h.sensitivity
    FROM asked a JOIN holding h ON h.site_ref = a.ref
), private (asked, sensitivity, whose) AS (
    SELECT asked, sensitivity, organisation_code FROM held WHERE sensitivity <> 'public'
    UNION SELECT h.asked, c.sensitivity, h.organisation_code FROM held h
        JOIN claim c ON c.holding_id = h.id AND c.sensitivity <> 'public'
    UNION SELECT h.asked, i.sensitivity, h.organisation_code FROM held h
        JOIN interest i ON i.holding_id = h.id AND i.sensitivity <> 'public'
    UNION SELECT h.asked, p.sensitivity, h.organisation_code FROM held h
        JOIN outline p ON p.holding_id = h.id AND p.sensitivity <> 'public'
    UNION SELECT h.asked, e.sensitivity, h.organisation_code FROM held h JOIN event e ON e.holding_code = h.code
        AND e.sensitivity <> 'public'
    UNION SELECT h.asked, d.sensitivity, h.organisation_code FROM held h
        JOIN judgement j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
        JOIN edition d ON d.id = j.edition_id AND d.sensitivity <> 'public'
), strictest AS (
    SELECT asked, min(sensitivity) AS sensitivity,  -- owner comes before partner
           array_agg(DISTINCT whose) FILTER (WHERE secret) AS whose FROM (
        SELECT *, sensitivity = 'owner' AS secret FROM private
        UNION ALL  -- a secret decision withholds no site, but a score that rests on one is for its owner alone
        SELECT a.asked, NULL, d.organisation_code, true FROM asked a JOIN decision d ON d.site_ref = a.ref
        WHERE d.sensitivity = 'owner'
    ) everything GROUP BY asked
)
SELECT t.ref, coalesce(s.sensitivity, 'public') AS sensitivity,
       CASE WHEN s.sensitivity = 'owner' AND cardinality(s.whose) = 1 THEN s.whose[1] END AS private_to,
       CASE WHEN g.ref IS NOT NULL THEN
       jsonb_build_object('kind', g.kind, 'reason', g.reason, 'at', g.at, 'survivor', g.survivor) END AS gone
FROM touched_site t LEFT JOIN strictest s ON s.asked = t.ref LEFT JOIN gone g ON g.ref = t.ref
"""

_GONE = """
SELECT s.ref, s.name, t.gone, t.private_to FROM told t JOIN site s ON s.ref = t.ref
WHERE t.gone IS NOT NULL AND t.sensitivity = :sensitivity
"""

_OUTLINE = "CASE WHEN s.precision = 'outline' THEN ST_ForcePolygonCCW(s.{0}) END"
"""Rings as RFC 7946 (3.1.6) has them."""

_NUMBERS = {
    one.name: one.places
    for name in ("sites", "candidates")
    for one in COLLECTIONS[name].properties
    if one.kind == "number"
}


def _rounded(name: str, value: str) -> str:
    """Decimals as decimals (12.00, not 12): readers guess a column's type from its first values."""
    return f"round(({value})::numeric, {_NUMBERS[name]}) AS {name}"


def _standing(score: str) -> str:
    """The columns that say how a site stands on one score."""
    told = f"x.robustness->'{score}'->>"
    return ", ".join((
        *(f"({told}'{name}')::integer AS {score}_{name}" for name in ("rank", "rank_low", "rank_high")),
        _rounded(f"{score}_top_k", f"{told}'top_k'"), f"({told}'pareto')::boolean AS {score}_pareto",
    ))  # fmt: skip


def _feature(collection: str, shape: str) -> str:
    """The text of a feature in CRS84. Every key is always there, null when unknown."""
    said = f"(SELECT row_to_json(p) FROM (SELECT {', '.join(COLLECTIONS[collection].names)}) p)"  # noqa: S608
    return f"""'{{"type":"Feature","id":' || to_json(ref) || ',"geometry":' || coalesce({shape}, 'null')
        || ',"properties":' || {said} || '}}'"""


_PLACE_TEXTS = ("limits", "station", "town_centre", "housing_zone", "opportunity_area")

_COLUMNS = [column.name for column in projections["complete"].c if column.name != "gone"]

_RENDERED = {
    "site_feature": _feature("sites", "point"),
    "candidate_feature": f"CASE WHEN explanation IS NOT NULL THEN {_feature('candidates', 'point')} END",
    "turn": "hashtext(ref)",
    "outline_feature": f"CASE WHEN outline IS NOT NULL THEN {_feature('outlines', 'drawn')} END",
}

# One date per feature: QGIS sends a filter on any date as `datetime`.
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
), wanted AS (
    SELECT ref, private_to FROM told WHERE gone IS NULL AND sensitivity = :sensitivity
), held AS (
    SELECT h.site_ref, count(*) AS holdings, string_agg(DISTINCT o.name, '; ' ORDER BY o.name) AS organisations,
           string_agg(DISTINCT h.sector, '; ' ORDER BY h.sector) AS sector,
           jsonb_agg(jsonb_build_object('organisation', o.name, 'organisation_code', h.organisation_code,
               'code', h.code, 'name', h.name, 'sector', h.sector, 'match', h.match_evidence, 'now', leads.now)
               ORDER BY h.organisation_code, h.code) AS list
    FROM wanted t JOIN holding h ON h.site_ref = t.ref JOIN organisation o ON o.code = h.organisation_code
    LEFT JOIN leads ON leads.code = h.organisation_code
    GROUP BY h.site_ref
), stated AS (  -- the interest of each organisation that counts, as in store/sites.py
    SELECT DISTINCT ON (h.site_ref, h.organisation_code) h.site_ref, h.organisation_code AS code, h.sector, o.name,
           i.kind
    FROM wanted t JOIN holding h ON h.site_ref = t.ref JOIN interest i ON i.holding_id = h.id
    JOIN organisation o ON o.code = h.organisation_code
    WHERE {UNMASKED_INTEREST}
    ORDER BY h.site_ref, h.organisation_code, (i.kind = 'unknown'), i.as_of DESC NULLS LAST, i.id DESC
), owned AS (
    SELECT site_ref, string_agg(DISTINCT name, '; ' ORDER BY name) AS owner,
           CASE min(kind) FILTER (WHERE sector IN ('NHS', 'council', 'other public'))  -- freeholder comes before
           WHEN 'freeholder' THEN 'freehold' WHEN 'head lessee' THEN 'leasehold' END AS tenure
    FROM stated WHERE kind IN ('freeholder', 'head lessee') GROUP BY site_ref
), freehold AS (  -- by the name of today: two trusts that became one are one owner
    SELECT DISTINCT s.site_ref, coalesce(heir.name, s.name) AS name
    FROM stated s LEFT JOIN led ON led.code = s.code AND led.heir <> s.code
        AND led.heir NOT IN (SELECT code FROM followed)
    LEFT JOIN organisation heir ON heir.code = led.heir
    WHERE s.kind = 'freeholder' AND s.sector IN ('NHS', 'council', 'other public')
), freeheld AS (
    SELECT site_ref, array_agg(name ORDER BY name) AS names FROM freehold GROUP BY site_ref
), shown AS (
    SELECT s.ref, s.name, s.address, s.postcode, b.name AS borough, s.borough_gss, held.sector, owned.owner,
           owned.tenure, held.organisations, s.precision, s.inside_area, {_rounded("gia_m2", "x.gia_m2")},
           {_rounded("land_ha", "x.land_ha")}, x.evidence_date, x.stale, held.holdings, r.route,
           {_rounded("release_score", "r.release_score")}, {_rounded("release_low", "x.release->>'low'")},
           {_rounded("release_high", "x.release->>'high'")}, {_rounded("release_coverage", "r.release_coverage")},
           {_rounded("reuse_score", "r.reuse_score")}, {_rounded("reuse_coverage", "r.reuse_coverage")},
           {_standing("release")}, {_standing("reuse")},
           {_rounded("route_differs", "x.robustness->>'route_differs'")},
           (SELECT string_agg(gate->>'id', '; ') FROM jsonb_array_elements(x.gates) gate) AS gates,
           {", ".join(f"x.place->>'{name}' AS {name}" for name in _PLACE_TEXTS)},
           {", ".join(_rounded(name, f"x.place->>'{name}'") for name in ("station_m", "town_centre_m"))},
           x.sentence, CASE WHEN r.route IS NOT NULL THEN latest.method END AS method,
           (x.capacity->>'low')::integer AS homes_low, (x.capacity->>'high')::integer AS homes_high,
           x.capacity->>'basis' AS homes_basis, NULL::text AS adjacent_owners, NULL::numeric AS adjacent_ha,
           freeheld.names AS public_owners,
           {POINT.format("geom")} AS geom, {POINT.format("geom_crs84")} AS geom_crs84,
           {_OUTLINE.format("geom")} AS outline,
           {_OUTLINE.format("geom_crs84")} AS outline_crs84,
           ST_AsGeoJSON({POINT.format("geom_crs84")}, 7) AS point,
           ST_AsGeoJSON({_OUTLINE.format("geom_crs84")}, 7) AS drawn,
           held.list AS held, r.explanation, r.measured, t.private_to
    FROM wanted t
    JOIN site s ON s.ref = t.ref
    JOIN held ON held.site_ref = s.ref
    LEFT JOIN owned ON owned.site_ref = s.ref
    LEFT JOIN freeheld ON freeheld.site_ref = s.ref
    LEFT JOIN borough b ON b.gss = s.borough_gss
    LEFT JOIN latest ON true
    LEFT JOIN assessment_site r ON r.assessment_id = latest.id AND r.site_ref = s.ref
    -- Taken apart once: each ->> would read the whole explanation again.
    LEFT JOIN LATERAL jsonb_to_record(r.explanation) AS x(gia_m2 numeric, land_ha numeric, evidence_date date,
        stale boolean, sentence text, release jsonb, robustness jsonb, gates jsonb, place jsonb, capacity jsonb) ON true
)
SELECT {", ".join(_RENDERED.get(name, name) for name in _COLUMNS)} FROM shown
"""  # noqa: S608 -- made of constants of this module

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
    placed = touch_nearby(connection)
    connection.execute(text(_FOLLOWERS))
    connection.execute(text("ANALYZE touched_site"))
    if connection.execute(text("SELECT count(*) > :many FROM touched_site"), {"many": MANY}).scalar_one():
        # Statistics of the tables as they are now: what the server last knew of them may be that they are empty.
        connection.execute(text(f"ANALYZE {_JOINED}"))
    connection.execute(text("DELETE FROM site_complete WHERE ref IN (SELECT ref FROM touched_site)"))  # and its heirs
    connection.execute(text("DROP TABLE IF EXISTS told"))
    connection.execute(text(_TOLD))
    connection.execute(text("ANALYZE told"))
    for (sensitivity,) in connection.execute(text("SELECT DISTINCT sensitivity FROM told")).all():
        table, values = TABLES[sensitivity], {"sensitivity": sensitivity}
        connection.execute(text(f"INSERT INTO {table} (ref, name, gone, private_to) {_GONE}"), values)
        connection.execute(text(f"INSERT INTO {table} ({', '.join(_COLUMNS)}) {_RENDER}"), values)
    if placed:
        refresh_assemblies(connection)
    put_summaries(connection)
