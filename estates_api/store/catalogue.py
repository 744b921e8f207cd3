"""What editions say other than of holdings: organisations, events and a person's judgements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, case, func, insert, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from estates_api.domain.records import EventRecord, OrganisationRecord, PlaceRecord, Succession
from estates_api.store.copying import copy_rows
from estates_api.store.owned import NAMED_IN_PRIVATE
from estates_api.store.projection import hidden_from
from estates_api.store.tables import edition, event, organisation


@dataclass(frozen=True, slots=True)
class Named:
    """An organisation as holdings name it."""

    code: str
    name: str
    sector: str
    kind: str


def put_organisations(
    connection: Connection, edition_id: int, records: Sequence[OrganisationRecord], as_of: date | None
) -> None:
    """Add organisations or bring known ones up to date; a blank never removes what is known."""
    if not records:
        return
    columns = ("code", "name", "sector", "kind", "status", "postcode", "address", "opened", "closed", "parent_code")
    rows = {r.code: {name: getattr(r, name) for name in columns} | {"edition_id": edition_id} for r in records}
    statement = upsert(organisation)
    new = statement.excluded
    kept = ("postcode", "address", "opened", "closed", "parent_code")
    changes: dict[str, Any] = {name: new[name] for name in ("name", "sector", "kind", "status", "edition_id")}
    changes |= {name: func.coalesce(new[name], organisation.c[name]) for name in kept}
    connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=changes), list(rows.values()))
    _add_names(connection, edition_id, {r.code: r.name for r in records}, as_of)
    _add_successions(connection, edition_id, [found for r in records for found in r.successions])
    place_organisations(connection)


def put_named(
    connection: Connection, edition_id: int, named: Collection[Named], *, sensitivity: str, as_of: date | None
) -> None:
    """Add the organisations that holdings name; one known from stricter files or rows alone is named anew."""
    if not named:
        return
    rows = {one.code: asdict(one) | {"status": "active", "edition_id": edition_id} for one in named}
    statement = upsert(organisation)
    changes = {name: statement.excluded[name] for name in ("name", "sector", "kind", "edition_id")}
    # Of the row in conflict: as a column of the table, the subquery would read that table anew.
    there = literal_column("organisation.edition_id", BigInteger)
    file = select(edition.c.sensitivity).where(edition.c.id == there).scalar_subquery()
    secret = text(f"(organisation.edition_id, organisation.code) IN ({NAMED_IN_PRIVATE})")
    stated = case((secret.bindparams(hidden=hidden_from("public")), "owner"), else_=file)
    # A name out of a private file gives way to one that more may see; of owner, partner and public the strictest
    # sorts first. And a code that stood in for a name, in a file without names, gives way to any name.
    nameless = and_(organisation.c.name == organisation.c.code, stated <= sensitivity)
    better = or_(stated < sensitivity, nameless)
    statement = statement.on_conflict_do_update(index_elements=["code"], set_=changes, where=better)
    connection.execute(statement, list(rows.values()))
    _add_names(connection, edition_id, {one.code: one.name for one in named}, as_of)


def _add_names(connection: Connection, edition_id: int, names: Mapping[str, str], as_of: date | None) -> None:
    columns = ("code", "name", "as_of", "edition_id")
    rows = [(code, name, as_of, edition_id) for code, name in names.items() if name != code]
    copy_rows(connection, "organisation_name", columns, rows)


def _add_successions(connection: Connection, edition_id: int, found: Collection[Succession]) -> None:
    rows = [(one.predecessor_code, one.successor_code, one.succeeded_on, edition_id) for one in found]
    copy_rows(connection, "succession", ("predecessor_code", "successor_code", "succeeded_on", "edition_id"), rows)


def place_organisations(connection: Connection) -> None:
    """Put organisations with an address where their postcode is (practices count as services nearby)."""
    connection.execute(
        text("""
        UPDATE organisation o SET geom = ST_SetSRID(ST_MakePoint(p.easting, p.northing), 27700)
        FROM postcode p WHERE p.postcode = o.postcode AND p.easting IS NOT NULL
          AND o.geom IS DISTINCT FROM ST_SetSRID(ST_MakePoint(p.easting, p.northing), 27700)
    """)
    )


def add_events(connection: Connection, edition_id: int, records: Iterable[EventRecord], sensitivity: str) -> None:
    """Append events."""
    names = ("line", "holding_code", "site_name", "organisation_code", "organisation_name", "kind", "scope",
             "date_text", "earliest", "latest", "area_ha", "homes", "receipt_gbp", "counterparty", "kept_by", "note",
             "citation_title", "citation_url")  # fmt: skip
    rows = [
        {name: getattr(r, name) for name in names} | {"edition_id": edition_id, "sensitivity": sensitivity}
        for r in records
    ]
    if rows:
        connection.execute(insert(event), rows)


def add_judgements(connection: Connection, edition_id: int, records: Sequence[PlaceRecord]) -> None:
    """Record where a person says that holdings stand, and which code carries on which. The newest counts."""
    columns = ("organisation_code", "holding_code", "place", "place_name", "postcode", "address", "evidence",
               "succeeded_by_organisation", "succeeded_by_code", "edition_id")  # fmt: skip
    rows = [
        (r.organisation_code, r.holding_code, r.place, r.place_name, r.postcode, r.address, r.evidence,
         *(r.succeeded_by or (None, None)), edition_id)
        for r in records
    ]  # fmt: skip
    copy_rows(connection, "judgement", columns, rows)
