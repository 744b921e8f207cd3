"""What a reading says that a person should look at and only the catalogue or the calendar can tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from estates_api.domain.records import HoldingRecord, Issue
from estates_api.store.reference import position_of_postcodes


@dataclass(slots=True)
class _Seen:
    """How many rows of one kind, and the first of them."""

    count: int = 0
    line: int = 0
    day: date | None = None

    def add(self, record: HoldingRecord) -> None:
        if not self.count:
            self.line, self.day = record.line, record.evidence_date
        self.count += 1


@dataclass(slots=True)
class Doubts:
    """The doubts about one edition, batch by batch, and at its end."""

    period_end: date | None
    today: date
    undated: _Seen = field(default_factory=_Seen)
    to_come: _Seen = field(default_factory=_Seen)

    def about(self, connection: Connection, records: Sequence[HoldingRecord]) -> Iterator[Issue]:
        """A note on each row whose postcode is in no table, and that gives no place of its own, not even roughly."""
        for record in records:
            self._look(record)
        lost = [record for record in records if record.postcode and not _has_place(record)]
        given = {record.postcode for record in lost if record.postcode}
        unknown = given - set(position_of_postcodes(connection, given)) if given else set()
        reason = "this postcode is in no table here, so the site has no position"
        for record in lost:
            if record.postcode in unknown:
                yield Issue("postcode-unknown", record.line, "postcode", reason, record.postcode,
                            record.organisation_code)  # fmt: skip

    def _look(self, record: HoldingRecord) -> None:
        if not (record.evidence_date or self.period_end):
            self.undated.add(record)
        elif record.evidence_date and record.evidence_date > self.today:
            self.to_come.add(record)

    def at_end(self) -> Iterator[Issue]:
        """A warning when rows speak of no day, or the file or its rows of a day after today."""
        if self.undated.count:
            reason = (
                f"{self.undated.count} rows have no date, the first on line {self.undated.line}: they count from "
                "today and are marked stale; fill evidence_date, or give --period"
            )
            yield Issue("rows-undated", None, "evidence_date", reason)
        if self.period_end and self.period_end > self.today:
            reason = f"the period ends on {self.period_end}, after today; what rests on it counts from then"
            yield Issue("date-to-come", None, "period_end", reason)
        if self.to_come.count:
            reason = (
                f"{self.to_come.count} rows speak of a day after today, the first, on line {self.to_come.line}, of "
                f"{self.to_come.day}; they count from then"
            )
            yield Issue("date-to-come", None, "evidence_date", reason)


def _has_place(record: HoldingRecord) -> bool:
    return record.easting is not None or any(value.attribute == "rough_position" for value in record.values)
