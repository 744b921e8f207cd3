"""What a reading says that a person should look at, and what the catalogue cannot hold: each becomes an issue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import get_args

from sqlalchemy import Connection

from estates_api.domain.records import EventRecord, HoldingRecord, Issue, Reading
from estates_api.domain.sites import InterestKind
from estates_api.domain.values import shorten
from estates_api.store.reference import position_of_postcodes

INTEREST_KINDS = frozenset(get_args(InterestKind))
LARGEST_COUNT = 2**31 - 1
"""What an integer column of PostgreSQL holds."""


def with_doubts(connection: Connection, reading: Reading, today: date) -> Reading:
    """The reading without what cannot be held, and with an issue for everything doubtful as of today."""
    events, doubts = _sound_events(reading.events)
    doubts += [*_undated(reading), *_to_come(reading, today)]
    doubts += [*_unplaced(connection, reading), *_unknown_interests(reading)]
    return replace(reading, events=events, issues=(*reading.issues, *doubts))


def _undated(reading: Reading) -> Iterator[Issue]:
    """A warning when rows speak of no day."""
    undated = [record for record in reading.holdings if not (record.evidence_date or reading.period_end)]
    if undated:
        reason = (
            f"{len(undated)} rows have no date, the first on line {undated[0].line}: they count from today and are "
            "marked stale; fill evidence_date, or give --period"
        )
        yield Issue(None, "evidence_date", "warning", reason)


def _to_come(reading: Reading, today: date) -> Iterator[Issue]:
    """A warning when the file, or any of its rows, speaks of a day after today: a slip, or a figure that can wait."""
    if reading.period_end and reading.period_end > today:
        reason = f"the period ends on {reading.period_end}, after today; what rests on it counts from then"
        yield Issue(None, "period_end", "warning", reason)
    later = [(row.evidence_date, row.line) for row in reading.holdings if row.evidence_date]
    later = [(day, line) for day, line in later if day > today]
    if later:
        day, line = later[0]
        reason = (
            f"{len(later)} rows speak of a day after today, the first, on line {line}, of {day}; they count from then"
        )
        yield Issue(None, "evidence_date", "warning", reason)


def _unplaced(connection: Connection, reading: Reading) -> list[Issue]:
    """A note on each row whose postcode is in no table: its site will have no position."""
    given = {record.postcode for record in reading.holdings if record.postcode and record.easting is None}
    unknown = given - set(position_of_postcodes(connection, given))
    return [
        Issue(record.line, "postcode", "note", "this postcode is in no table here, so the site has no position",
              record.postcode, record.organisation_code)
        for record in reading.holdings
        if record.postcode in unknown and record.easting is None
    ]  # fmt: skip


def stated_interest(record: HoldingRecord) -> str | None:
    """The kind of interest the row states, in our word for it; None when it states none or another word."""
    stated = _interest_text(record)
    return stated.casefold() if stated and stated.casefold() in INTEREST_KINDS else None


def _interest_text(record: HoldingRecord) -> str | None:
    return next((value.text for value in record.values if value.attribute == "interest"), None)


def _unknown_interests(reading: Reading) -> Iterator[Issue]:
    """A warning on each row whose interest is not one of the words we have for it: it decides nothing."""
    for record in reading.holdings:
        text = _interest_text(record)
        if text and stated_interest(record) is None:
            reason = f"not one of {', '.join(sorted(INTEREST_KINDS))}; no interest was recorded"
            yield Issue(record.line, "interest", "warning", reason, shorten(text), record.organisation_code)


def _sound_events(records: tuple[EventRecord, ...]) -> tuple[tuple[EventRecord, ...], list[Issue]]:
    """The events without areas of nought and counts that no column holds, with a warning for each."""
    sound, issues = [], []
    for record in records:
        if record.area_ha == 0:
            issues.append(_not_taken(record, "area_ha", "0"))
        if (record.homes or 0) > LARGEST_COUNT:
            issues.append(_not_taken(record, "homes", str(record.homes)))
        homes = record.homes if (record.homes or 0) <= LARGEST_COUNT else None
        sound.append(replace(record, area_ha=record.area_ha or None, homes=homes))
    return tuple(sound), issues


def _not_taken(record: EventRecord, field: str, raw: str) -> Issue:
    return Issue(record.line, field, "warning", f"{shorten(raw)} is not possible; not taken", shorten(raw))
