"""What a letter to an organisation is made of: who it is, what its newest returns have, and which are its newest."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, RowMapping, text

from estates_api.domain.claims import CORRECTION
from estates_api.store.features import list_refs
from estates_api.store.layers import Audience
from estates_api.store.owned import KNOWN, NAMED_IN_PRIVATE, list_own_editions, whose
from estates_api.store.projection import hidden_from

# What another code carries on is asked of that one.
_ALIVE = """NOT EXISTS (SELECT FROM standing_judgement j WHERE j.organisation_code = h.organisation_code
    AND j.holding_code = h.code AND j.succeeded_by_code IS NOT NULL)"""

# The newest return of each holding: what a person corrected since is no return, and asks nothing.
_CELLS = f"""
WITH newest AS (
    SELECT DISTINCT ON (h.id) h.id, h.site_ref, h.code, h.name, c.edition_id, c.line, c.day
    FROM holding h JOIN standing_claim c ON c.holding_id = h.id
    WHERE h.organisation_code = :organisation AND h.site_ref IS NOT NULL AND c.attribute = ANY(:attributes)
      AND c.authority < :correction AND {_ALIVE}
    ORDER BY h.id, c.day DESC, c.edition_id DESC
)
SELECT n.id, n.day, n.edition_id, n.site_ref, n.code, n.name, c.attribute, c.state, c.raw, c.number, c.implausible,
       c.edition, c.line, c.sensitivity, e.file_name, e.format, e.source
FROM newest n JOIN standing_claim c ON c.holding_id = n.id AND c.edition_id = n.edition_id AND c.line = n.line
JOIN edition e ON e.id = c.edition_id
WHERE c.attribute = ANY(:attributes) ORDER BY n.site_ref, n.code, c.attribute
"""  # noqa: S608 -- made of constants of this module

_NEWEST_EDITIONS = f"""
SELECT DISTINCT ON (e.source) e.id FROM edition e JOIN organisation_name n ON n.edition_id = e.id
WHERE n.code = :organisation AND (NOT e.sensitivity = ANY(:hidden) OR e.id = ANY(:own))
  AND ((n.edition_id, n.code) NOT IN ({NAMED_IN_PRIVATE}) OR n.code = :whose)
ORDER BY e.source, e.period_end DESC NULLS LAST, e.id DESC
"""  # noqa: S608 -- made of constants

_ORGANISATIONS = f"""
SELECT o.code, o.name, o.sector, count(h.id) AS holdings
FROM organisation o JOIN edition e ON e.id = o.edition_id
JOIN holding h ON h.organisation_code = o.code AND (NOT h.sensitivity = ANY(:hidden) OR o.code = :whose)
    AND (h.site_ref IS NULL OR h.site_ref = ANY(:seen))  -- else the difference would count what is withheld
WHERE {KNOWN}
GROUP BY o.code, o.name, o.sector ORDER BY o.name, o.code
"""  # noqa: S608 -- made of constants


def find_organisation(connection: Connection, audience: Audience, code: str) -> RowMapping | None:
    """Code and name of an organisation that the audience may know of; None when there is none."""
    query = f"""SELECT o.code, o.name FROM organisation o JOIN edition e ON e.id = o.edition_id
        WHERE o.code = :code AND {KNOWN}"""  # noqa: S608 -- made of constants
    values = {"code": code, "hidden": hidden_from(audience), "whose": whose(audience)}
    return connection.execute(text(query), values).mappings().one_or_none()


def list_organisations(connection: Connection, audience: Audience) -> Sequence[RowMapping]:
    """The organisations that return something, by name, with the number of their holdings that the audience may see."""
    values = {"hidden": hidden_from(audience), "whose": whose(audience), "seen": list(list_refs(connection, audience))}
    return connection.execute(text(_ORGANISATIONS), values).mappings().all()


def list_cells(connection: Connection, organisation: str, attributes: Collection[str]) -> Sequence[RowMapping]:
    """What the newest return of each holding of the organisation has for these attributes, blanks too."""
    values = {"organisation": organisation, "attributes": list(attributes), "correction": CORRECTION}
    return connection.execute(text(_CELLS), values).mappings().all()


def list_newest_editions(connection: Connection, audience: Audience, organisation: str) -> Sequence[int]:
    """The newest edition of each source that names the organisation, of those that the audience may know of."""
    own = list_own_editions(connection, audience)
    values = {"organisation": organisation, "hidden": hidden_from(audience), "own": own, "whose": whose(audience)}
    return connection.execute(text(_NEWEST_EDITIONS), values).scalars().all()


def list_refs_of(connection: Connection, organisation: str) -> Sequence[str]:
    """The sites at which the organisation holds something."""
    query = f"""SELECT DISTINCT h.site_ref FROM holding h WHERE h.organisation_code = :organisation
        AND h.site_ref IS NOT NULL AND {_ALIVE} ORDER BY h.site_ref"""  # noqa: S608 -- a constant of this module
    return connection.execute(text(query), {"organisation": organisation}).scalars().all()
