"""What one edition changed, told in the transaction that added it: claims and placements of before are still there."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, text

# The winner among claims, by the order of domain/claims.py (choose_claim), with this edition and without it. What a
# new holding says is no change; what it is, is.
_FIGURES = """
WITH told AS (
    SELECT DISTINCT c.holding_id, c.attribute FROM claim c JOIN holding h ON h.id = c.holding_id
    WHERE c.edition_id = :edition AND h.at < :since
), said AS (
    SELECT s.* FROM told JOIN standing_claim s USING (holding_id, attribute)
    WHERE s.state <> 'not provided' AND s.implausible IS NULL
), after AS (
    SELECT DISTINCT ON (holding_id, attribute) * FROM said
    ORDER BY holding_id, attribute, authority DESC, day DESC, id DESC
), before AS (
    SELECT DISTINCT ON (holding_id, attribute) * FROM said WHERE edition_id <> :edition
    ORDER BY holding_id, attribute, authority DESC, day DESC, id DESC
)
SELECT h.site_ref AS site, h.organisation_code, h.code, h.name, a.attribute, a.unit, a.line,
       coalesce(to_jsonb(b.number), to_jsonb(b.text), to_jsonb(nullif(b.state, 'reported'))) AS old,
       b.edition AS old_edition,
       coalesce(to_jsonb(a.number), to_jsonb(a.text), to_jsonb(nullif(a.state, 'reported'))) AS new
FROM after a LEFT JOIN before b USING (holding_id, attribute) JOIN holding h ON h.id = a.holding_id
WHERE (a.number, a.text, a.state) IS DISTINCT FROM (b.number, b.text, b.state)
ORDER BY h.site_ref, h.organisation_code, h.code, a.attribute
"""

_CHANGED = f"CREATE TEMP TABLE preview_figure ON COMMIT DROP AS {_FIGURES}"

_KINDS = {
    "sites_new": """
        SELECT s.ref AS site, s.name, s.postcode, s.precision FROM site s WHERE s.at >= :since ORDER BY s.ref""",
    "sites_gone": """
        SELECT ref AS site, kind, survivor, reason FROM fate WHERE at >= :since ORDER BY id""",
    "holdings_new": """
        SELECT organisation_code, code, name, site_ref AS site FROM holding WHERE at >= :since
        ORDER BY organisation_code, code""",
    "holdings_moved": """
        SELECT h.organisation_code, h.code, h.name, b.site_ref AS old, h.site_ref AS new, h.match_evidence AS evidence
        FROM holding h JOIN LATERAL (
            SELECT p.site_ref FROM placement p WHERE p.holding_id = h.id AND p.at < :since ORDER BY p.id DESC LIMIT 1
        ) b ON true
        WHERE h.id IN (SELECT holding_id FROM placement WHERE at >= :since) AND b.site_ref <> h.site_ref
        ORDER BY h.organisation_code, h.code""",
    "questions": """
        SELECT o.organisation_code, o.code, p.organisation_code AS other_organisation_code, p.code AS other_code,
               q.evidence
        FROM question q JOIN holding o ON o.id = q.holding_id JOIN holding p ON p.id = q.other_holding_id
        WHERE q.at >= :since ORDER BY q.id""",
    "figures_changed": "SELECT * FROM preview_figure ORDER BY site, organisation_code, code, attribute",
    "outlines_new": """
        SELECT h.site_ref AS site, s.name, CASE WHEN b.known THEN 'another outline' ELSE 'no outline' END AS old,
               round((sum(ST_Area(o.geom)) / 10000)::numeric, 2) || ' ha' AS new
        FROM outline o JOIN holding h ON h.id = o.holding_id JOIN site s ON s.ref = h.site_ref
        CROSS JOIN LATERAL (SELECT EXISTS (
            SELECT FROM outline e JOIN holding i ON i.id = e.holding_id
            WHERE i.site_ref = s.ref AND e.edition_id <> :edition) AS known) b
        WHERE o.edition_id = :edition GROUP BY h.site_ref, s.name, b.known ORDER BY h.site_ref""",
}


# What a key of one organisation is told: what becomes of its own holdings, at sites that it saw before. Of every other
# site nothing, as little of a new one as of one that is withheld: whoever tries rows at many places finds nobody there.
_SEEN = """(SELECT s.ref FROM site s WHERE s.at < :since AND (EXISTS (SELECT FROM site_partner p WHERE p.ref = s.ref)
    OR EXISTS (SELECT FROM site_complete c WHERE c.ref = s.ref AND c.private_to = :own)))"""
_OWN: Mapping[str, str] = {
    "sites_new": "SELECT * FROM ({query}) q WHERE false",
    "sites_gone": """SELECT * FROM ({query}) q WHERE (q.survivor IS NULL OR q.survivor IN {seen}) AND EXISTS (
        SELECT FROM placement p JOIN holding h ON h.id = p.holding_id
        WHERE p.site_ref = q.site AND p.at < :since AND h.organisation_code = :own)""",
    "holdings_new": """SELECT q.organisation_code, q.code, q.name, CASE WHEN q.site IN {seen} THEN q.site END AS site
        FROM ({query}) q WHERE q.organisation_code = :own ORDER BY q.code""",
    "holdings_moved": """SELECT * FROM ({query}) q
        WHERE q.organisation_code = :own AND q.old IN {seen} AND q.new IN {seen}""",
    "questions": "SELECT * FROM ({query}) q WHERE q.organisation_code = :own AND q.other_organisation_code = :own",
    "figures_changed": """SELECT CASE WHEN q.site IN {seen} THEN q.site END AS site, q.organisation_code, q.code,
        q.name, q.attribute, q.unit, q.line, q.old, q.old_edition, q.new
        FROM ({query}) q WHERE q.organisation_code = :own ORDER BY q.code, q.attribute""",
    "outlines_new": "SELECT * FROM ({query}) q WHERE q.site IN {seen}",
}

_SUMMED = "SELECT count(*) AS counted, string_agg(r::text, E'\\n' ORDER BY r::text) AS rows FROM ({}) r"


def list_changes(
    connection: Connection, edition_id: int | None, limit: int, *, own: str | None = None
) -> dict[str, Any]:  # fmt: skip
    """For each kind of change, all counted and the first listed; `sha256` is of all of them. Without an edition nothing
    changed. `own`: only what becomes of the holdings of one organisation, at sites that it sees."""
    if edition_id is None:
        counts = {**dict.fromkeys(_KINDS, 0), "sites_changed": 0}
        return {"counts": counts, "sha256": _digest({}), **{kind: [] for kind in _KINDS}}
    since = connection.execute(text("SELECT at FROM edition WHERE id = :id"), {"id": edition_id}).scalar_one()
    values = {"edition": edition_id, "since": since, "own": own, "limit": limit}
    connection.execute(text(_CHANGED), values)
    summed, listed = {}, {}
    for kind, query in _KINDS.items():
        wanted = _OWN[kind].format(query=query, seen=_SEEN) if own else query
        summed[kind] = connection.execute(text(_SUMMED.format(wanted)), values).mappings().one()
        listed[kind] = [dict(row) for row in connection.execute(text(f"{wanted} LIMIT :limit"), values).mappings()]
    changed = (
        "SELECT count(DISTINCT site) FROM preview_figure WHERE CAST(:own AS text) IS NULL OR organisation_code = :own"
    )
    counts = {kind: row["counted"] for kind, row in summed.items()}
    counts["sites_changed"] = connection.execute(text(changed), values).scalar_one()
    return {"counts": counts, "sha256": _digest(summed), **listed}


def _digest(summed: Mapping[str, RowMapping]) -> str:
    return hashlib.sha256("\0".join(row["rows"] or "" for row in summed.values()).encode()).hexdigest()
