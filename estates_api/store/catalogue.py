"""What editions say: organisations, holdings, claims, interests, events and a person's judgements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Connection, func, insert, literal_column, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.records import EventRecord, HoldingRecord, OrganisationRecord, PlaceRecord
from estates_api.store.copying import copy_rows
from estates_api.store.tables import edition, event, holding, interest, judgement, organisation

HoldingKey = tuple[str, str]


def put_organisations(connection: Connection, edition_id: int, records: Iterable[OrganisationRecord]) -> None:
    """Add organisations or bring known ones up to date; a blank never removes what is known."""
    rows = {
        r.code: {
            "code": r.code, "name": r.name, "sector": r.sector, "kind": r.kind, "status": r.status,
            "postcode": r.postcode, "address": r.address, "opened": r.opened, "closed": r.closed,
            "parent_code": r.parent_code, "successor_code": r.successor_code, "succeeded_on": r.succeeded_on,
            "edition_id": edition_id,
        }
        for r in records
    }  # fmt: skip
    if not rows:
        return
    statement = upsert(organisation)
    new = statement.excluded
    kept = ("postcode", "address", "opened", "closed", "parent_code", "successor_code", "succeeded_on")
    changes: dict[str, Any] = {name: new[name] for name in ("name", "sector", "kind", "status", "edition_id")}
    changes |= {name: func.coalesce(new[name], organisation.c[name]) for name in kept}
    connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=changes), list(rows.values()))
    place_organisations(connection)


def place_organisations(connection: Connection) -> None:
    """Put organisations with an address where their postcode is (practices count as services nearby)."""
    connection.execute(
        text("""
        UPDATE organisation o SET geom = ST_SetSRID(ST_MakePoint(p.easting, p.northing), 27700)
        FROM postcode p WHERE p.postcode = o.postcode AND p.easting IS NOT NULL
          AND o.geom IS DISTINCT FROM ST_SetSRID(ST_MakePoint(p.easting, p.northing), 27700)
    """)
    )


def put_holdings(
    connection: Connection, edition_id: int, records: Sequence[HoldingRecord], sensitivity: str
) -> dict[HoldingKey, int]:
    """Add the holdings that are new (and their organisations); the id of each by (organisation, code)."""
    if not records:
        return {}
    _put_named(connection, edition_id, records, sensitivity)
    rows = {
        (r.organisation_code, r.code): {"organisation_code": r.organisation_code, "code": r.code, "name": r.name,
                                        "sector": r.sector, "sensitivity": sensitivity}
        for r in records
    }  # fmt: skip
    statement = upsert(holding)
    # What was once handed in as private stays so: of owner, partner and public the strictest sorts first.
    strictest = func.least(statement.excluded.sensitivity, holding.c.sensitivity)
    change = {"name": statement.excluded.name, "sensitivity": strictest}
    statement = statement.on_conflict_do_update(index_elements=["organisation_code", "code"], set_=change)
    connection.execute(statement, list(rows.values()))
    return holding_ids(connection)


def _put_named(connection: Connection, edition_id: int, records: Sequence[HoldingRecord], sensitivity: str) -> None:
    """Add the organisations that the holdings name; one known from a stricter file alone is named anew."""
    organisations = {
        r.organisation_code: {"code": r.organisation_code, "name": r.organisation_name or r.organisation_code,
                              "sector": r.sector, "kind": r.organisation_type or "unknown", "status": "active",
                              "edition_id": edition_id}
        for r in records
    }  # fmt: skip
    statement = upsert(organisation)
    changes = {name: statement.excluded[name] for name in ("name", "sector", "kind", "edition_id")}
    # Of the row in conflict: as a column of the table, the subquery would read that table anew.
    there = literal_column("organisation.edition_id", BigInteger)
    stated = select(edition.c.sensitivity).where(edition.c.id == there).scalar_subquery()
    # A name out of a private file gives way to one that more may see; of owner, partner and public the strictest
    # sorts first.
    statement = statement.on_conflict_do_update(index_elements=["code"], set_=changes, where=stated < sensitivity)
    connection.execute(statement, list(organisations.values()))


def holding_ids(connection: Connection) -> dict[HoldingKey, int]:
    """The id of every holding by (organisation code, holding code)."""
    found = connection.execute(select(holding.c.organisation_code, holding.c.code, holding.c.id))
    return {(row.organisation_code, row.code): row.id for row in found}


def add_claims(
    connection: Connection, edition_id: int, records: Sequence[HoldingRecord], *,
    ids: Mapping[HoldingKey, int], period_end: date | None, sensitivity: str,
) -> int:  # fmt: skip
    """Append every value of every row as a claim; the number of claims."""
    columns = ("edition_id", "holding_id", "line", "attribute", "as_of", "number", "text", "unit", "raw", "state",
               "implausible", "citation", "sensitivity")  # fmt: skip
    rows = [
        (edition_id, ids[r.organisation_code, r.code], r.line, v.attribute, r.evidence_date or period_end, v.number,
         v.text, ATTRIBUTES[v.attribute].unit, v.raw, v.state, v.implausible, r.citation, sensitivity)
        for r in records
        for v in r.values
    ]  # fmt: skip
    copy_rows(connection, "claim", columns, rows)
    return len(rows)


def add_interests(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append interests: edition_id, holding_id, kind, evidence, as_of, sensitivity."""
    if rows:
        connection.execute(insert(interest), [dict(row) for row in rows])


def add_events(connection: Connection, edition_id: int, records: Iterable[EventRecord], sensitivity: str) -> None:
    """Append events."""
    names = ("line", "holding_code", "site_name", "organisation_code", "organisation_name", "kind", "scope",
             "date_text", "earliest", "latest", "area_ha", "homes", "receipt_gbp", "counterparty", "note",
             "citation_title", "citation_url")  # fmt: skip
    rows = [
        {name: getattr(r, name) for name in names} | {"edition_id": edition_id, "sensitivity": sensitivity}
        for r in records
    ]
    if rows:
        connection.execute(insert(event), rows)


def put_judgements(connection: Connection, edition_id: int, records: Sequence[PlaceRecord]) -> None:
    """Record where a person says that holdings stand, and which code carries on which."""
    if not records:
        return
    rows = [
        {"organisation_code": r.organisation_code, "holding_code": r.holding_code, "place": r.place,
         "place_name": r.place_name, "postcode": r.postcode, "address": r.address, "evidence": r.evidence,
         "succeeded_by_organisation": r.succeeded_by and r.succeeded_by[0],
         "succeeded_by_code": r.succeeded_by and r.succeeded_by[1], "edition_id": edition_id}
        for r in records
    ]  # fmt: skip
    statement = upsert(judgement)
    changes = {c.name: statement.excluded[c.name] for c in judgement.c if not c.primary_key}
    keys = ["organisation_code", "holding_code"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)
