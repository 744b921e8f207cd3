"""Ingest: one file becomes one edition, in one transaction, or nothing is written."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.records import HoldingRecord, Issue, Reading
from estates_api.errors import BadInput
from estates_api.sources import find_reader
from estates_api.sources.document import read_document
from estates_api.store import catalogue, editions
from estates_api.store.audit import add_audit
from estates_api.store.places import put_addresses
from estates_api.store.projection import rebuild_projection
from estates_api.workflows.doubts import stated_interest, with_doubts
from estates_api.workflows.match import match_places
from estates_api.workflows.origin import Origin, check_same

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a file. `new` is False when the same bytes were handed in before; then nothing changed."""

    edition: str
    new: bool
    counts: Mapping[str, int]
    issues: tuple[Issue, ...] = ()


def ingest(  # noqa: PLR0913 -- who, what, where from and where to tell are all needed
    connection: Connection, name: str, content: bytes, *,
    area: Area, origin: Origin | None = None, actor: str = "command line", progress: Progress = lambda _: None,
) -> Ingested:  # fmt: skip
    """Read a file, and add its edition, claims, places and issues in the caller's transaction.

    BadInput, and nothing written, when the file cannot be read at all; Conflict when its bytes are here as something
    else. Rows that cannot be read become issues.
    """
    origin = origin or Origin()
    editions.lock_catalogue(connection)
    sha256 = hashlib.sha256(content).hexdigest()
    if known := editions.find_edition(connection, sha256):
        check_same(known, name, content, origin)
        return Ingested(f"{known['source']} {known['label']}", new=False, counts=known["counts"])
    sensitivity = origin.sensitivity or "public"
    progress(f"reading {name}")
    document = read_document(name, content)
    reading = find_reader(document, origin.insisted).read(document, origin.hints)
    reading = with_doubts(connection, reading, datetime.now(UTC).date())
    if reading.organisations and sensitivity != "public":
        raise BadInput(f"{name}: a list of organisations is public; hand it in without a sensitivity")
    counts = _counts(reading)
    if not any(counts[what] for what in ("holdings", "organisations", "places", "events")):
        raise BadInput(f"{name}: no row could be taken ({_first_reason(reading.issues)})")
    edition_id = editions.add_edition(connection, _edition(name, content, reading, origin, counts))
    progress(f"writing {reading.source} {reading.label}")
    add_reading(connection, edition_id, reading, sensitivity)
    progress("placing sites")
    match_places(connection, area)
    rebuild_projection(connection)
    title = f"{reading.source} {reading.label}"
    add_audit(connection, actor=actor, action="ingest", subject=title, detail={"sha256": sha256, "counts": counts})
    return Ingested(title, new=True, counts=counts, issues=reading.issues)


def add_reading(connection: Connection, edition_id: int, reading: Reading, sensitivity: str) -> None:
    """Write everything a reading says under its edition."""
    editions.add_issues(connection, edition_id, reading.issues)
    catalogue.put_organisations(connection, edition_id, reading.organisations)
    ids = catalogue.put_holdings(connection, edition_id, reading.holdings, sensitivity)
    if reading.holdings:
        catalogue.add_claims(
            connection, edition_id, reading.holdings, ids=ids, period_end=reading.period_end, sensitivity=sensitivity
        )
        shared = {"edition_id": edition_id, "sensitivity": sensitivity}
        interests = [row | shared | {"holding_id": ids[key]} for key, row in _interests(reading)]
        catalogue.add_interests(connection, interests)
        put_addresses(connection, [_address(record, ids) for record in reading.holdings])
    catalogue.put_judgements(connection, edition_id, reading.places)
    catalogue.add_events(connection, edition_id, reading.events, sensitivity)


def _counts(reading: Reading) -> dict[str, int]:
    severities = Counter(issue.severity for issue in reading.issues)
    return {
        "rows": reading.rows,
        "holdings": len(reading.holdings),
        "claims": sum(len(record.values) for record in reading.holdings),
        "organisations": len(reading.organisations),
        "places": len(reading.places),
        "events": len(reading.events),
        **{severity: severities[severity] for severity in ("error", "warning", "note")},
    }


def _first_reason(issues: Iterable[Issue]) -> str:
    first = next(iter(issues), None)
    return f"line {first.line}: {first.reason}" if first else "it has a header and nothing else"


def _edition(name: str, content: bytes, reading: Reading, origin: Origin, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "source": reading.source,
        "label": reading.label,
        "format": reading.format,
        "file_name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "period_start": reading.period_start,
        "period_end": reading.period_end,
        "publisher": origin.publisher,
        "licence": origin.licence,
        "attribution": origin.attribution,
        "url": origin.url,
        "counts": dict(counts),
        "sensitivity": origin.sensitivity or "public",
    }


def _interests(reading: Reading) -> list[tuple[tuple[str, str], dict[str, Any]]]:
    """Interests that rows state, and ownership that a return states by land owned (ERIC from 2016-17)."""
    found = []
    for record in reading.holdings:
        values = {value.attribute: value for value in record.values}
        key = (record.organisation_code, record.code)
        as_of = record.evidence_date or reading.period_end
        if kind := stated_interest(record):
            evidence = values["interest_evidence"].raw if "interest_evidence" in values else "stated"
            cited = f"{evidence} ({record.citation or reading.source + ' ' + reading.label})"
            found.append((key, {"kind": kind, "evidence": cited, "as_of": as_of}))
        owned = values.get("land_owned_ha")
        if owned and owned.number and owned.implausible is None and record.sector == "NHS":
            evidence = f"{reading.source} {reading.label} row {record.line} returns {owned.number:g} ha of land owned"
            found.append((key, {"kind": "freeholder", "evidence": evidence, "as_of": as_of}))
    return found


def _address(record: HoldingRecord, ids: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    return {
        "holding_id": ids[record.organisation_code, record.code],
        "address": record.address,
        "postcode": record.postcode,
        "uprn": record.uprn,
        "easting": record.easting,
        "northing": record.northing,
    }
