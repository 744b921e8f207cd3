"""Sites as of one day, complete, for assessment: set-based reads, put together by site."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, CursorResult, Row, RowMapping, text

from estates_api.domain.area import Area
from estates_api.domain.claims import Claim, claims_by_day, winning_claims
from estates_api.domain.organisations import successors_on, told_current
from estates_api.domain.sites import Carried, Event, Holding, Interest, Site, Surroundings
from estates_api.domain.successions import carried_on
from estates_api.store.ended import list_ended
from estates_api.store.nearby import list_nearby
from estates_api.store.organisations import list_successions, names_on
from estates_api.store.redactions import EVIDENCE_MASKED, MASKED_EVENTS, UNMASKED_INTEREST, sites_redacted_since

# Where every holding stood at a moment, as was known then. Now it is what the holding itself says.
_STANDING_NOW = "SELECT id AS holding_id, site_ref, match_evidence AS evidence FROM holding WHERE site_ref IS NOT NULL"

_STANDING_THEN = """
SELECT p.holding_id, p.site_ref, p.evidence FROM placement p
WHERE p.at <= :known_at AND NOT EXISTS (
    SELECT FROM placement n WHERE n.holding_id = p.holding_id AND n.id > p.id AND n.at <= :known_at)
"""

_SITES = """
SELECT s.ref, s.name, s.address, s.postcode, s.precision, s.borough_gss, s.inside_area,
       ST_X(ST_PointOnSurface(s.geom)) AS easting, ST_Y(ST_PointOnSurface(s.geom)) AS northing,
       ST_X(ST_PointOnSurface(s.geom_crs84)) AS lon, ST_Y(ST_PointOnSurface(s.geom_crs84)) AS lat
FROM site s
WHERE 'withdrawn' IS DISTINCT FROM (SELECT f.kind FROM fate f WHERE f.ref = s.ref AND f.at <= coalesce(:known_at, f.at)
                                    ORDER BY f.id DESC LIMIT 1)
ORDER BY s.ref
"""

_HOLDINGS = """
SELECT h.id, t.site_ref, h.organisation_code, o.name AS organisation_name, h.sector, h.code, t.evidence,
       j.succeeded_by_organisation, j.succeeded_by_code
FROM ({standing}) t JOIN holding h ON h.id = t.holding_id JOIN organisation o ON o.code = h.organisation_code
LEFT JOIN (
    SELECT DISTINCT ON (organisation_code, holding_code) * FROM judgement WHERE at <= coalesce(:known_at, at)
    ORDER BY organisation_code, holding_code, id DESC
) j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
ORDER BY t.site_ref, h.organisation_code, h.code
"""

# Where a holding is decides where its site is (workflows/match.py), and nothing here.
_CLAIMS = """
SELECT c.holding_id, c.id, c.attribute, c.day AS as_of, c.edition, c.line, c.authority, c.state,
       c.number, c.text, c.implausible, c.as_of IS NOT NULL AS dated
FROM standing_claim c
WHERE c.day <= :as_of AND c.state <> 'not provided' AND c.known <= coalesce(:known_at, c.known)
  AND c.attribute NOT IN ('address', 'postcode', 'uprn', 'position')
"""

_INTERESTS = f"""
SELECT DISTINCT ON (t.site_ref, h.organisation_code)
       t.site_ref, h.organisation_code, o.name AS organisation_name, h.sector, i.kind, i.evidence, i.as_of
FROM interest i JOIN edition e ON e.id = i.edition_id AND e.at <= coalesce(:known_at, e.at)
JOIN ({{standing}}) t ON t.holding_id = i.holding_id
JOIN holding h ON h.id = i.holding_id JOIN organisation o ON o.code = h.organisation_code
WHERE {UNMASKED_INTEREST}
ORDER BY t.site_ref, h.organisation_code, (i.kind = 'unknown'), i.as_of DESC NULLS LAST, i.id DESC
"""  # noqa: S608 -- made of constants

# The same event told by two editions is one event: counted twice, land sold once would be taken off twice.
_EVENTS = f"""
SELECT DISTINCT ON (t.site_ref, e.kind, e.scope, e.date_text, e.area_ha, e.homes)
       t.site_ref, e.id, e.kind, e.organisation_name, e.date_text, e.earliest, e.latest, e.scope,
       e.citation_title || ' <' || e.citation_url || '>' AS citation, e.area_ha, e.homes, e.note, e.receipt_gbp,
       e.counterparty, e.kept_by, o.kind AS organisation_kind, d.at::date AS known
FROM ({MASKED_EVENTS}) e JOIN edition d ON d.id = e.edition_id AND d.at <= coalesce(:known_at, d.at)
JOIN holding h ON h.code = e.holding_code JOIN ({{standing}}) t ON t.holding_id = h.id
LEFT JOIN organisation o ON o.code = e.organisation_code
ORDER BY t.site_ref, e.kind, e.scope, e.date_text, e.area_ha, e.homes, e.id
"""  # noqa: S608 -- made of constants

# 800 m: ten minutes' walk. 400 m: five. A point without LSOA centres around it lies outside what is loaded.
# Only sites that are public count as services nearby: a neighbour's score would tell where a withheld one stands.
_SURROUNDINGS = """
WITH rough AS (  -- what is known to the borough may be anywhere in it
    SELECT n.borough_gss, array_agg(DISTINCT h.sector) AS sectors
    FROM site_public n JOIN ({standing}) there ON there.site_ref = n.ref JOIN holding h ON h.id = there.holding_id
    WHERE n.gone IS NULL AND n.precision IN ('lsoa', 'borough', 'unknown') GROUP BY n.borough_gss
), there AS MATERIALIZED (
    SELECT at.site_ref, array_agg(DISTINCT h.organisation_code) AS codes
    FROM ({standing}) at JOIN holding h ON h.id = at.holding_id GROUP BY at.site_ref
), others AS (  -- in one pass over all pairs: looked up pair by pair, a dense area takes four times as long
    SELECT s.ref, count(*) AS services
    FROM site s JOIN site_public t ON t.ref <> s.ref AND ST_DWithin(t.geom, s.geom, 400)
    JOIN there ON there.site_ref = t.ref LEFT JOIN there own ON own.site_ref = s.ref
    WHERE s.geom IS NOT NULL AND s.inside_area AND NOT coalesce(there.codes <@ own.codes, false)
    GROUP BY s.ref
)
SELECT s.ref, CASE WHEN own.code IS NULL THEN nearest.ptal ELSE own.ptal END AS ptal, near.decile,
       practices.services + coalesce(others.services, 0) AS services,
       s.precision IN ('outline', 'uprn') AS precise, beside.near AS near_sectors,
       array_cat(beside.perhaps, rough.sectors) AS perhaps_sectors
FROM site s
LEFT JOIN lsoa own ON own.code = s.lsoa_code
LEFT JOIN LATERAL (SELECT ptal FROM lsoa WHERE own.code IS NULL ORDER BY lsoa.geom <-> s.geom LIMIT 1) nearest ON true
LEFT JOIN LATERAL (
    SELECT avg(imd_decile)::float8 AS decile FROM lsoa WHERE ST_DWithin(lsoa.geom, s.geom, 800)
) near ON true
LEFT JOIN others ON others.ref = s.ref
LEFT JOIN LATERAL (
    SELECT count(*) AS services FROM organisation o JOIN edition e ON e.id = o.edition_id
    WHERE o.kind = 'GP practice' AND o.status = 'active' AND e.at <= coalesce(:known_at, e.at)
      AND (o.opened IS NULL OR o.opened <= :as_of) AND ST_DWithin(o.geom, s.geom, 400)
) practices ON true
LEFT JOIN rough ON rough.borough_gss = s.borough_gss AND s.precision IN ('outline', 'uprn')
LEFT JOIN LATERAL (
    -- A postcode's middle may be this far from a parcel next door. Each part by itself has an index to go by; all in
    -- one condition have none, and every site would be held against every other (46 s for 5,000, and not 2).
    SELECT array_agg(DISTINCT h.sector) FILTER (WHERE n.sure) AS near,
           array_agg(DISTINCT h.sector) FILTER (WHERE NOT n.sure) AS perhaps
    FROM (
        SELECT ref, true AS sure FROM site_public
        WHERE precision = 'outline' AND gone IS NULL AND outline IS NOT NULL AND ST_DWithin(outline, s.geom, 50)
        UNION ALL
        SELECT ref, true FROM site_public
        WHERE precision = 'uprn' AND gone IS NULL AND ST_DWithin(geom, s.geom, 50)
        UNION ALL
        SELECT ref, false FROM site_public
        WHERE precision = 'postcode' AND gone IS NULL AND ST_DWithin(geom, s.geom, 250)
    ) n JOIN ({standing}) there ON there.site_ref = n.ref JOIN holding h ON h.id = there.holding_id
    WHERE s.precision IN ('outline', 'uprn') AND n.ref <> s.ref
) beside ON true
WHERE s.geom IS NOT NULL AND s.inside_area
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked about: the day the data speak of, and up to when we knew it (None: now)."""

    as_of: date
    known_at: datetime | None = None

    def read(self, connection: Connection, query: str, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        """The rows of a query at this moment: `{standing}` in it is where every holding stood."""
        standing = _STANDING_NOW if self.known_at is None else _STANDING_THEN
        moment = {"as_of": self.as_of, "known_at": self.known_at}
        return connection.execute(text(query.format(standing=standing)), moment | dict(values or {}))


def list_sites(connection: Connection, as_of: date, area: Area, known_at: datetime | None = None) -> list[Site]:
    """Every site that has a holding on that day which has not ended by then, in the order of its reference.

    With `known_at`, from nothing that was handed in, placed or judged later; what is masked today is masked then
    too, and a site's own name and position are always today's. Interests are used as they are known, whatever the day
    they were stated for: ownership changes by a sale, which is an event. Events up to the day count; those that may
    be later are shown apart. Organisations have the names they had on the day.
    """
    moment = Moment(as_of, known_at)
    names = names_on(connection, as_of, known_at)
    holdings, carried = _holdings(connection, moment, names)
    interests = _by_site(moment.read(connection, _INTERESTS), lambda row: _interest(row, names))
    before, later = _events(connection, moment)
    around = _surroundings(connection, moment)
    return [
        _site(row, tuple(holdings[row["ref"]]), area, interests=tuple(interests[row["ref"]]),
              events=tuple(before[row["ref"]]), later_events=tuple(later[row["ref"]]),
              surroundings=around.get(row["ref"], Surroundings()), carried=tuple(carried[row["ref"]]),
              as_of=as_of)
        for row in moment.read(connection, _SITES).mappings()
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


def _holdings(
    connection: Connection, moment: Moment, names: Mapping[str, str]
) -> tuple[dict[str, list[Holding]], dict[str, list[Carried]]]:
    """Holdings with evidence by the day, by site; apart, those that another one there carries on.

    Where all have ended by the day there is no site any more.
    """
    claims: dict[int, list[Claim]] = defaultdict(list)
    for row in moment.read(connection, _CLAIMS).all():  # at once: a row at a time costs three times as much
        claims[row.holding_id].append(Claim(*tuple(row)[1:]))
    rows = [row for row in moment.read(connection, _HOLDINGS) if row.id in claims]
    successors = successors_on(list_successions(connection, known_at=moment.known_at).follows, moment.as_of)
    masked = sites_redacted_since(connection) if moment.known_at else {}
    judged = {(row.organisation_code, row.code): (row.succeeded_by_organisation, row.succeeded_by_code)
              for row in rows if row.succeeded_by_code}  # fmt: skip
    alive = {(row.organisation_code, row.code) for row in rows}
    by_site: dict[str, list[Holding]] = defaultdict(list)
    ended = set(list_ended(connection, moment.as_of, moment.known_at))
    live = {row.site_ref for row in rows if row.id not in ended}
    for row in rows:
        if row.site_ref not in live:
            continue
        stated = claims[row.id]
        by_site[row.site_ref].append(Holding(
            row.organisation_code, names.get(row.organisation_code, row.organisation_name), row.sector, row.code,
            winning_claims(stated), claims_by_day(stated), EVIDENCE_MASKED if row.site_ref in masked else row.evidence,
            told_current(row.organisation_code, successors),
        ))  # fmt: skip
    found: dict[str, list[Holding]] = defaultdict(list)
    carried: dict[str, list[Carried]] = defaultdict(list)
    for ref, holdings in by_site.items():
        by_rule = carried_on(holdings, successors)
        for holding in holdings:
            by = judged.get(holding.key)
            by = by if by in alive else by_rule.get(holding.key)
            if by:
                carried[ref].append(Carried(holding, by))
            else:
                found[ref].append(holding)
    return found, carried


def _interest(row: Row[Any], names: Mapping[str, str]) -> Interest:
    name = names.get(row.organisation_code, row.organisation_name)
    return Interest(row.organisation_code, name, row.sector, row.kind, row.evidence, row.as_of)


def _by_site(rows: Iterable[Row[Any]], make: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.site_ref].append(make(row))
    return found


def _events(connection: Connection, moment: Moment) -> tuple[dict[str, list[Event]], dict[str, list[Event]]]:
    """Events surely up to the day, and the others, by site. An undated one counts from when we knew it."""
    before: dict[str, list[Event]] = defaultdict(list)
    later: dict[str, list[Event]] = defaultdict(list)
    rows = moment.read(connection, _EVENTS).all()
    for row in sorted(rows, key=lambda row: (row.latest or row.known, row.id)):
        event = Event(row.id, row.kind, row.organisation_name, row.date_text, row.earliest, row.latest, row.scope,
                      row.citation, row.area_ha, row.homes, row.note, row.receipt_gbp, row.counterparty, row.kept_by,
                      row.organisation_kind)  # fmt: skip
        when = row.latest or row.known
        (before if when <= moment.as_of else later)[row.site_ref].append(event)
    return before, later


def _surroundings(connection: Connection, moment: Moment) -> dict[str, Surroundings]:
    rows = {row.ref: row for row in moment.read(connection, _SURROUNDINGS)}
    near = list_nearby(connection, moment.as_of)
    found = {ref: Surroundings(**fields) for ref, fields in near.items() if ref not in rows}
    return found | {
        ref: Surroundings(
            row.ptal, row.decile, row.services,
            near_sectors=frozenset(row.near_sectors or ()) if row.precise else None,
            perhaps_sectors=frozenset(row.perhaps_sectors or ()), **near.get(ref, {}),
        ) for ref, row in rows.items()
    }  # fmt: skip
