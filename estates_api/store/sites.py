"""Sites as of one day, complete, for assessment: set-based reads, put together by site."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, text

from estates_api.domain.area import Area
from estates_api.domain.claims import Claim, claims_by_day, winning_claims
from estates_api.domain.sites import Event, Holding, Interest, Site, Surroundings

_SITES = """
SELECT s.ref, s.name, s.address, s.postcode, s.precision, s.borough_gss, s.inside_area,
       ST_X(ST_PointOnSurface(s.geom)) AS easting, ST_Y(ST_PointOnSurface(s.geom)) AS northing,
       ST_X(ST_PointOnSurface(s.geom_crs84)) AS lon, ST_Y(ST_PointOnSurface(s.geom_crs84)) AS lat
FROM site s
WHERE EXISTS (SELECT FROM holding h WHERE h.site_ref = s.ref)
  AND 'withdrawn' IS DISTINCT FROM (SELECT f.kind FROM fate f WHERE f.ref = s.ref ORDER BY f.id DESC LIMIT 1)
ORDER BY s.ref
"""

_HOLDINGS = """
SELECT h.id, h.site_ref, h.organisation_code, o.name AS organisation_name, h.sector, h.code,
       j.succeeded_by_organisation, j.succeeded_by_code
FROM holding h JOIN organisation o ON o.code = h.organisation_code
LEFT JOIN standing_judgement j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
WHERE h.site_ref IS NOT NULL ORDER BY h.site_ref, h.organisation_code, h.code
"""

_CLAIMS = """
SELECT c.holding_id, c.id, c.attribute, c.day AS as_of, c.edition, c.line, c.authority, c.state,
       c.number, c.text, c.implausible, c.as_of IS NOT NULL AS dated
FROM standing_claim c WHERE c.day <= :as_of AND c.state <> 'not provided'
"""

_INTERESTS = """
SELECT DISTINCT ON (h.site_ref, h.organisation_code)
       h.site_ref, h.organisation_code, o.name AS organisation_name, h.sector, i.kind, i.evidence, i.as_of
FROM interest i JOIN holding h ON h.id = i.holding_id JOIN organisation o ON o.code = h.organisation_code
WHERE h.site_ref IS NOT NULL
ORDER BY h.site_ref, h.organisation_code, (i.kind = 'unknown'), i.as_of DESC NULLS LAST, i.id DESC
"""

# The same event told by two editions is one event: counted twice, land sold once would be taken off twice.
_EVENTS = """
SELECT DISTINCT ON (h.site_ref, e.kind, e.scope, e.date_text, e.area_ha, e.homes)
       h.site_ref, e.id, e.kind, e.organisation_name, e.date_text, e.earliest, e.latest, e.scope,
       e.citation_title || ' <' || e.citation_url || '>' AS citation, e.area_ha, e.homes, e.note, d.at::date AS known
FROM event e JOIN holding h ON h.code = e.holding_code JOIN edition d ON d.id = e.edition_id
WHERE h.site_ref IS NOT NULL ORDER BY h.site_ref, e.kind, e.scope, e.date_text, e.area_ha, e.homes, e.id
"""

# 800 m: ten minutes' walk. 400 m: five. A point without LSOA centres around it lies outside what is loaded.
# Only sites that are public count as services nearby: a neighbour's score would tell where a withheld one stands.
_SURROUNDINGS = """
SELECT s.ref, l.ptal, near.decile, around.services
FROM site s
LEFT JOIN LATERAL (
    SELECT ptal FROM lsoa ORDER BY (lsoa.code = s.lsoa_code) DESC NULLS LAST, lsoa.geom <-> s.geom LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT avg(imd_decile)::float8 AS decile FROM lsoa WHERE ST_DWithin(lsoa.geom, s.geom, 800)
) near ON true
LEFT JOIN LATERAL (
    SELECT (SELECT count(*) FROM organisation o WHERE o.kind = 'GP practice' AND o.status = 'active'
              AND (o.opened IS NULL OR o.opened <= :as_of) AND ST_DWithin(o.geom, s.geom, 400))
         + (SELECT count(*) FROM site_public t WHERE t.ref <> s.ref AND ST_DWithin(t.geom, s.geom, 400)
              AND EXISTS (SELECT FROM holding h WHERE h.site_ref = t.ref AND h.organisation_code NOT IN
                          (SELECT organisation_code FROM holding WHERE site_ref = s.ref))) AS services
) around ON true
WHERE s.geom IS NOT NULL AND s.inside_area
"""


def list_sites(connection: Connection, as_of: date, area: Area) -> list[Site]:
    """Every site that has a holding on that day, in the order of its reference.

    Interests are used as they are known, whatever the day they were stated for: ownership changes by a sale,
    which is an event. Events up to the day count; those that may be later are shown apart.
    """
    holdings = _holdings(connection, as_of)
    interests = _by_site(connection.execute(text(_INTERESTS)), _interest)
    before, later = _events(connection, as_of)
    around = _surroundings(connection, as_of)
    return [
        _site(row, tuple(holdings[row["ref"]]), area, interests=tuple(interests[row["ref"]]),
              events=tuple(before[row["ref"]]), later_events=tuple(later[row["ref"]]),
              surroundings=around.get(row["ref"], Surroundings()))
        for row in connection.execute(text(_SITES)).mappings()
        if holdings[row["ref"]]
    ]  # fmt: skip


def _site(row: RowMapping, holdings: tuple[Holding, ...], area: Area, **parts: Any) -> Site:
    return Site(
        ref=row["ref"],
        name=row["name"],
        precision=row["precision"],
        borough_gss=row["borough_gss"],
        borough_name=area.boroughs.get(row["borough_gss"]) or area.neighbours.get(row["borough_gss"]),
        inside_area=row["inside_area"],
        partner_trust=any(holding.organisation_code in area.trusts for holding in holdings),
        holdings=holdings,
        address=row["address"],
        postcode=row["postcode"],
        easting=row["easting"],
        northing=row["northing"],
        lon=row["lon"],
        lat=row["lat"],
        **parts,
    )


def _holdings(connection: Connection, as_of: date) -> dict[str, list[Holding]]:
    """Holdings with evidence by the day, by site; one that another code already carries on is left out."""
    claims: dict[int, list[Claim]] = defaultdict(list)
    for row in connection.execute(text(_CLAIMS), {"as_of": as_of}):
        claims[row.holding_id].append(Claim(*row[1:]))
    rows = connection.execute(text(_HOLDINGS)).all()
    alive = {(row.organisation_code, row.code) for row in rows if row.id in claims}
    found: dict[str, list[Holding]] = defaultdict(list)
    for row in rows:
        if row.id not in claims or (row.succeeded_by_organisation, row.succeeded_by_code) in alive:
            continue
        stated = claims[row.id]
        holding = Holding(row.organisation_code, row.organisation_name, row.sector, row.code,
                          winning_claims(stated), claims_by_day(stated))  # fmt: skip
        found[row.site_ref].append(holding)
    return found


def _interest(row: Row[Any]) -> Interest:
    return Interest(row.organisation_code, row.organisation_name, row.sector, row.kind, row.evidence, row.as_of)


def _by_site(rows: Iterable[Row[Any]], make: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.site_ref].append(make(row))
    return found


def _events(connection: Connection, as_of: date) -> tuple[dict[str, list[Event]], dict[str, list[Event]]]:
    """Events surely up to the day, and the others, by site. An undated one counts from when we knew it."""
    before: dict[str, list[Event]] = defaultdict(list)
    later: dict[str, list[Event]] = defaultdict(list)
    rows = connection.execute(text(_EVENTS)).all()
    for row in sorted(rows, key=lambda row: (row.latest or row.known, row.id)):
        event = Event(row.id, row.kind, row.organisation_name, row.date_text, row.earliest, row.latest, row.scope,
                      row.citation, row.area_ha, row.homes, row.note)  # fmt: skip
        when = row.latest or row.known
        (before if when <= as_of else later)[row.site_ref].append(event)
    return before, later


def _surroundings(connection: Connection, as_of: date) -> dict[str, Surroundings]:
    rows = connection.execute(text(_SURROUNDINGS), {"as_of": as_of})
    return {row.ref: Surroundings(row.ptal, row.decile, row.services) for row in rows}
