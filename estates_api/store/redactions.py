"""Redactions: what one row of an edition says (one attribute of it, or all) is masked from here on, by every route."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, text

from estates_api.store.tables import redaction

ACTION = "redact"
"""The act under which the audit trail says which sites a redaction touched."""

# An interest is read from the row that states it: masked with the row, and with any attribute that it came from.
UNMASKED_INTEREST = """NOT EXISTS (
    SELECT FROM redaction r WHERE r.edition_id = i.edition_id AND r.line = i.line
    AND (r.attribute IS NULL OR r.attribute IN ('interest', 'interest_evidence', 'land_owned_ha')))"""

# A masked event is as if it had not been told; of one that is masked in part, the rest stands.
MASKED_EVENTS = """
SELECT e.id, e.edition_id, e.holding_code, e.kind, e.organisation_name, e.date_text, e.earliest, e.latest, e.scope,
       CASE WHEN 'area_ha' <> ALL(m.fields) THEN e.area_ha END AS area_ha,
       CASE WHEN 'homes' <> ALL(m.fields) THEN e.homes END AS homes,
       CASE WHEN 'note' <> ALL(m.fields) THEN e.note END AS note,
       CASE WHEN 'receipt_gbp' <> ALL(m.fields) THEN e.receipt_gbp END AS receipt_gbp,
       CASE WHEN 'counterparty' <> ALL(m.fields) THEN e.counterparty END AS counterparty,
       CASE WHEN 'counterparty' <> ALL(m.fields) THEN e.kept_by END AS kept_by, e.organisation_code,
       CASE WHEN 'citation' <> ALL(m.fields) THEN e.citation_title ELSE 'redacted' END AS citation_title,
       CASE WHEN 'citation' <> ALL(m.fields) THEN e.citation_url ELSE 'redacted' END AS citation_url
FROM event e LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(coalesce(r.attribute, '*')), '{{}}') AS fields
    FROM redaction r WHERE r.edition_id = e.edition_id AND r.line = e.line
) m ON true WHERE '*' <> ALL(m.fields)
"""

EVENT_FIELDS = ("area_ha", "homes", "note", "citation", "receipt_gbp", "counterparty")
"""What of an event can be masked alone."""

_ROW = """
SELECT 'claim' AS kind, holding_id, NULL AS holding_code, attribute, ARRAY[raw, text, number::text] AS said
FROM claim WHERE edition_id = :edition AND line = :line
UNION ALL
SELECT 'interest', holding_id, NULL, 'interest', ARRAY[evidence] FROM interest
WHERE edition_id = :edition AND line = :line
UNION ALL
SELECT 'outline', holding_id, NULL, 'outline', ARRAY[title_number, parcel] FROM outline
WHERE edition_id = :edition AND line = :line
UNION ALL
SELECT 'event', NULL, holding_code, NULL, ARRAY[note, counterparty, citation_title, citation_url]
FROM event WHERE edition_id = :edition AND line = :line
UNION ALL
SELECT 'issue', NULL, NULL, NULL, ARRAY[raw] FROM issue WHERE edition_id = :edition AND line = :line
"""

_PLACES = """
SELECT DISTINCT coalesce(p.site_ref, h.site_ref) FROM holding h LEFT JOIN placement p ON p.holding_id = h.id
WHERE (h.id = ANY(:ids) OR h.code = ANY(:codes)) AND coalesce(p.site_ref, h.site_ref) IS NOT NULL
"""

# A name or place that no claim says any more is no longer known.
_FORGET = """
WITH lost AS (
    SELECT c.holding_id, array_agg(DISTINCT c.attribute) AS names FROM claim c
    WHERE c.holding_id = ANY(:ids) AND c.attribute IN ('name', 'address', 'postcode', 'uprn', 'position')
      AND NOT EXISTS (SELECT FROM standing_claim s WHERE s.holding_id = c.holding_id AND s.attribute = c.attribute
                      AND s.state = 'reported' AND s.implausible IS NULL)
    GROUP BY c.holding_id
)
UPDATE holding h SET name = CASE WHEN 'name' = ANY(l.names) THEN 'name redacted (' || h.code || ')' ELSE h.name END,
    address = CASE WHEN 'address' <> ALL(l.names) THEN h.address END,
    postcode = CASE WHEN 'postcode' <> ALL(l.names) THEN h.postcode END,
    uprn = CASE WHEN 'uprn' <> ALL(l.names) THEN h.uprn END,
    easting = CASE WHEN 'position' <> ALL(l.names) THEN h.easting END,
    northing = CASE WHEN 'position' <> ALL(l.names) THEN h.northing END
FROM lost l WHERE l.holding_id = h.id
"""

# The evidence of a match may quote a name or an address.
_FORGET_EVIDENCE = """
UPDATE holding SET match_evidence = :evidence WHERE site_ref = ANY(:refs) AND match_evidence IS NOT NULL
"""

EVIDENCE_MASKED = "not shown: it rests on a row that was redacted"


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of an edition became: its holdings and their codes, its attributes, and every text it said."""

    holding_ids: frozenset[int]
    holding_codes: frozenset[str]
    attributes: frozenset[str]
    said: frozenset[str]


def find_row(connection: Connection, edition_id: int, line: int) -> Row | None:
    """What a row became; None when the edition has no such row, or nothing of it was taken."""
    rows = connection.execute(text(_ROW), {"edition": edition_id, "line": line}).all()
    if not rows:
        return None
    fields = EVENT_FIELDS if any(row.kind == "event" for row in rows) else ()
    return Row(
        frozenset(row.holding_id for row in rows if row.holding_id),
        frozenset(row.holding_code for row in rows if row.holding_code),
        frozenset(row.attribute for row in rows if row.attribute) | frozenset(fields),
        frozenset(said for row in rows for said in row.said if said),
    )


def find_redaction(connection: Connection, edition_id: int, line: int, attribute: str | None) -> str | None:
    """The reason for which this was masked already; None when it stands."""
    query = text("SELECT reason FROM redaction WHERE edition_id = :edition AND line = :line "
                 "AND (attribute IS NULL OR attribute = :attribute) ORDER BY id LIMIT 1")  # fmt: skip
    values = {"edition": edition_id, "line": line, "attribute": attribute}
    found: str | None = connection.execute(query, values).scalar_one_or_none()
    return found


def add_redaction(connection: Connection, values: Mapping[str, Any]) -> None:
    """Append a redaction: edition_id, line, attribute (None: the whole row), reason, actor."""
    connection.execute(insert(redaction).values(**values))


def list_places(connection: Connection, row: Row) -> list[str]:
    """Every site at which the holdings of a row stand or once stood."""
    values = {"ids": list(row.holding_ids), "codes": list(row.holding_codes)}
    return sorted(connection.execute(text(_PLACES), values).scalars())


def forget_masked(connection: Connection, ids: Collection[int], refs: Collection[str]) -> None:
    """Take out of holdings what no standing claim says any more, and the evidence of matches at these sites."""
    connection.execute(text(_FORGET), {"ids": list(ids)})
    connection.execute(text(_FORGET_EVIDENCE), {"refs": list(refs), "evidence": EVIDENCE_MASKED})


def sites_redacted_since(connection: Connection, at: datetime | None = None) -> dict[str, str]:
    """The sites that a redaction touched after a moment (ever, if left out), with the newest reason."""
    query = text("""
        SELECT ref, detail->>'reason' AS reason FROM audit, jsonb_array_elements_text(detail->'sites') AS ref
        WHERE action = :action AND at > coalesce(CAST(:at AS timestamptz), '-infinity') ORDER BY id
    """)
    return {row.ref: row.reason for row in connection.execute(query, {"action": ACTION, "at": at})}


def list_fingerprints(connection: Connection) -> list[str]:
    """Every redaction as edition hash, line and attribute: what it takes from the state of the data."""
    query = text("SELECT e.sha256 || ' ' || r.line || ' ' || coalesce(r.attribute, '*') FROM redaction r "
                 "JOIN edition e ON e.id = r.edition_id ORDER BY r.id")  # fmt: skip
    return list(connection.execute(query).scalars())
