"""What is an organisation's own of what only owners see."""

from sqlalchemy import Connection, text

from estates_api.domain.callers import Audience, Owner

# Every row of a holding has a claim of its name (index claim_row). What names nobody by a code is nobody's own.
_OWN_EDITIONS = """
WITH private AS MATERIALIZED (SELECT id FROM edition WHERE sensitivity = 'owner'), named AS (
    SELECT c.edition_id, h.organisation_code AS code FROM private e
        JOIN claim c ON c.edition_id = e.id AND c.attribute = 'name' JOIN holding h ON h.id = c.holding_id
    UNION ALL SELECT edition_id, code FROM organisation_name
    UNION ALL SELECT edition_id, organisation_code FROM event
    UNION ALL SELECT edition_id, organisation_code FROM judgement
    UNION ALL SELECT o.edition_id, h.organisation_code FROM outline o JOIN holding h ON h.id = o.holding_id
    UNION ALL SELECT edition_id, organisation FROM issue WHERE organisation IS NOT NULL
)
SELECT e.id FROM private e JOIN named n ON n.edition_id = e.id
GROUP BY e.id HAVING bool_and(n.code IS NOT NULL AND n.code = :whose) ORDER BY e.id
"""

NAMED_IN_PRIVATE = """
    SELECT c.edition_id, h.organisation_code FROM claim c JOIN holding h ON h.id = c.holding_id
    WHERE c.attribute = 'name' AND c.edition_id IN (SELECT edition_id FROM claim WHERE sensitivity <> 'public')
    GROUP BY c.edition_id, h.organisation_code HAVING bool_and(c.sensitivity = ANY(:hidden))"""
"""Editions, and the organisations that they name in rows alone that are `:hidden` from whoever asks."""

KNOWN = f"""(NOT e.sensitivity = ANY(:hidden) AND (o.edition_id, o.code) NOT IN ({NAMED_IN_PRIVATE})
    OR o.code = :whose)"""
"""Whether whoever asks may know of an organisation `o`, whose name is from an edition `e`."""


def whose(audience: Audience) -> str | None:
    """The organisation whose view it is, where it is an owner's."""
    return audience.organisation if isinstance(audience, Owner) else None


def list_own_editions(connection: Connection, audience: Audience) -> list[int]:
    """The editions for owners alone that speak of nobody but the owner who asks; none for other audiences, whom the
    sensitivity of an edition tells all."""
    if not isinstance(audience, Owner):
        return []
    return list(connection.execute(text(_OWN_EDITIONS), {"whose": audience.organisation}).scalars())
