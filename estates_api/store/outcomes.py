"""Dated events that no site bears: what an outcome cannot be told from."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from estates_api.store.layers import Audience
from estates_api.store.redactions import MASKED_EVENTS

_UNPLACED = f"""
SELECT DISTINCT v.site_name AS name, e.organisation_name AS organisation, e.kind, e.date_text AS date,
       e.citation_title || ' <' || e.citation_url || '>' AS citation
FROM ({MASKED_EVENTS.format()}) e JOIN event v ON v.id = e.id JOIN edition d ON d.id = e.edition_id
WHERE e.kind = ANY(:kinds) AND e.earliest > :day
  AND (:audience = 'complete' OR (v.sensitivity = 'public' AND d.sensitivity = 'public'))
  AND NOT EXISTS (SELECT FROM holding h WHERE h.code = e.holding_code AND h.site_ref IS NOT NULL)
ORDER BY 1, 4
"""  # noqa: S608 -- made of constants


def list_unplaced(
    connection: Connection, kinds: frozenset[str], *, day: date, audience: Audience
) -> list[dict[str, Any]]:  # fmt: skip
    """Events of these kinds that surely came after a day and name a place that is no site of the catalogue."""
    values = {"kinds": sorted(kinds), "day": day, "audience": audience}
    return [dict(row) for row in connection.execute(text(_UNPLACED), values).mappings()]
