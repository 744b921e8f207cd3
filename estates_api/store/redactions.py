"""Redactions: what one row of an edition says (one attribute of it, or all) is masked from here on, by every route."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, text

from estates_api.store.tables import redaction

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
       CASE WHEN 'citation' <> ALL(m.fields) THEN e.citation_title ELSE 'redacted' END AS citation_title,
       CASE WHEN 'citation' <> ALL(m.fields) THEN e.citation_url ELSE 'redacted' END AS citation_url
FROM event e LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(coalesce(r.attribute, '*')), '{{}}') AS fields
    FROM redaction r WHERE r.edition_id = e.edition_id AND r.line = e.line
) m ON true WHERE '*' <> ALL(m.fields)
"""
