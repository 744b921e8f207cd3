"""Organisations: names with the edition that used them, predecessors and successors, and where they hold something."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, text

from estates_api.domain.organisations import Follows, Naming, name_on
from estates_api.store.layers import Audience, projections
from estates_api.store.owned import KNOWN, NAMED_IN_PRIVATE, whose
from estates_api.store.projection import hidden_from
from estates_api.store.tables import holding

_SUCCESSIONS = """
SELECT s.predecessor_code AS predecessor, s.successor_code AS successor, s.succeeded_on AS on,
       e.source || ' ' || e.label AS edition, e.url
FROM succession s JOIN edition e ON e.id = s.edition_id
WHERE e.sensitivity <> ALL(CAST(:hidden AS text[])) AND e.at <= coalesce(:known_at, e.at)
ORDER BY s.predecessor_code, s.succeeded_on, s.successor_code, s.id
"""

# An organisation that private files or rows alone name is for those who may see these.
_ORGANISATIONS = f"""
SELECT o.code, o.name, o.sector, o.kind, o.status, o.postcode, o.address, o.opened, o.closed, o.parent_code,
       e.source || ' ' || e.label AS edition, coalesce(e.period_end, (e.at AT TIME ZONE 'UTC')::date) AS since
FROM organisation o JOIN edition e ON e.id = o.edition_id
WHERE {KNOWN}
  AND (CAST(:code AS text) IS NULL OR o.code = :code)
  AND o.code > :after ORDER BY o.code LIMIT :limit
"""  # noqa: S608 -- made of constants

_NAMINGS = f"""
SELECT n.code, n.name, n.as_of, n.edition_id, e.source || ' ' || e.label AS edition
FROM organisation_name n JOIN edition e ON e.id = n.edition_id
WHERE n.code = ANY(:codes) AND e.sensitivity <> ALL(CAST(:hidden AS text[]))
  AND (n.edition_id, n.code) NOT IN ({NAMED_IN_PRIVATE})
ORDER BY n.as_of NULLS LAST, n.id
"""  # noqa: S608 -- made of constants

# The current name counts from the day its own list speaks of, if that list was known then; the name in a private file
# or row gives way.
_NAMED = f"""
SELECT o.code, o.name, CASE WHEN e.at <= coalesce(:known_at, e.at)
           THEN coalesce(e.period_end, (e.at AT TIME ZONE 'UTC')::date) END AS since,
       n.name AS used, n.as_of, n.edition_id
FROM organisation o JOIN edition e ON e.id = o.edition_id
LEFT JOIN (organisation_name n JOIN edition d ON d.id = n.edition_id AND d.sensitivity = 'public'
           AND (n.edition_id, n.code) NOT IN ({NAMED_IN_PRIVATE})
           AND d.at <= coalesce(:known_at, d.at)) ON n.code = o.code AND n.as_of IS NOT NULL
WHERE EXISTS (SELECT FROM holding h WHERE h.organisation_code = o.code)
"""  # noqa: S608 -- made of constants


@dataclass(frozen=True, slots=True)
class Successions:
    """Who follows whom, and the edition that says so, by (predecessor, successor)."""

    follows: tuple[Follows, ...]
    sources: Mapping[tuple[str, str], str]


def list_successions(
    connection: Connection, audience: Audience = "complete", known_at: datetime | None = None
) -> Successions:
    """Every succession that the audience may know of and that was known at a moment (now if left out)."""
    values = {"hidden": hidden_from(audience), "known_at": known_at}
    rows = connection.execute(text(_SUCCESSIONS), values).all()
    sources = {(row.predecessor, row.successor): row.edition for row in rows}
    return Successions(tuple(Follows(row.predecessor, row.successor, row.on) for row in rows), sources)


def names_on(connection: Connection, day: date, known_at: datetime | None = None) -> dict[str, str]:
    """What every organisation that holds something was called on a day, as was known at a moment."""
    current: dict[str, tuple[str, date | None]] = {}
    namings: dict[str, list[Naming]] = defaultdict(list)
    for row in connection.execute(text(_NAMED), {"known_at": known_at, "hidden": hidden_from("public")}):
        current[row.code] = row.name, row.since
        if row.used:
            namings[row.code].append(Naming(row.used, row.as_of, row.edition_id))
    return {code: name_on(name, since, namings[code], day) for code, (name, since) in current.items()}


def list_organisations(
    connection: Connection, audience: Audience, *, code: str | None = None, after: str = "", limit: int | None = None
) -> Sequence[RowMapping]:
    """Organisations by code, those the audience may see; `since` is the day their own list speaks of."""
    values = {"hidden": hidden_from(audience), "whose": whose(audience), "code": code, "after": after, "limit": limit}
    return connection.execute(text(_ORGANISATIONS), values).mappings().all()


def list_namings(
    connection: Connection, audience: Audience, codes: Collection[str]
) -> dict[str, list[tuple[Naming, str]]]:
    """The names that editions used for each code, oldest first, each with the edition."""
    found: dict[str, list[tuple[Naming, str]]] = defaultdict(list)
    for row in connection.execute(text(_NAMINGS), {"codes": list(codes), "hidden": hidden_from(audience)}):
        found[row.code].append((Naming(row.name, row.as_of, row.edition_id), row.edition))
    return found


def list_holdings_of(connection: Connection, audience: Audience, codes: Collection[str]) -> list[dict[str, Any]]:
    """The holdings of organisations at sites that the audience may see, by code: organisation, holding, site."""
    seen = projections[str(audience)]
    query = (
        select(holding.c.organisation_code, holding.c.code, holding.c.name, holding.c.site_ref,
               seen.c.name.label("site_name"))
        .join(seen, seen.c.ref == holding.c.site_ref)
        .where(holding.c.organisation_code.in_(codes))
        .order_by(holding.c.organisation_code, holding.c.code)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]
