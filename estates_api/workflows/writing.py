"""Writing what a reading says: batch by batch, every record under its edition."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.records import (
    EventRecord,
    HoldingRecord,
    Issue,
    LayerRecord,
    OrganisationRecord,
    PlaceRecord,
    Reading,
    Record,
)
from estates_api.domain.sites import INTEREST_KINDS
from estates_api.store import catalogue, designations, holdings, outlines, touched
from estates_api.store.issues import Filed, add_issues
from estates_api.workflows.ahead import batches_ahead
from estates_api.workflows.doubts import Doubts
from estates_api.workflows.quality import Quality

BATCH = 5000
SHOWN_ISSUES = 200
"""Issues that are kept to be shown at once; all of them are written."""


@dataclass(slots=True)
class Writer:
    """One edition while it is written: what has been counted, named and met so far."""

    connection: Connection
    reading: Reading
    under: holdings.Under
    doubts: Doubts
    quality: Quality
    counts: Counter[str] = field(default_factory=Counter)
    issues: list[Issue] = field(default_factory=list)
    named: set[catalogue.Named] = field(default_factory=set)

    def write_all(self, progress: Callable[[str], None]) -> None:
        """Read the records to their end and write them, a batch at a time."""
        for batch in batches_ahead(self.reading.records, BATCH):
            self.quality.meet(batch)
            by_kind: dict[type[Record], list[Any]] = {kind: [] for kind in _WRITERS}
            for record in batch:
                by_kind[type(record)].append(record)
            for kind, found in by_kind.items():
                if found:
                    _WRITERS[kind](self, found)
            progress(f"{self.counts['rows']:,} rows")
        self.add_issues(list(self.doubts.at_end()))
        self.add_filed(self.quality.at_end())
        touched.touch_edition(self.connection, self.under.edition_id)
        if self.counts["features"]:
            designations.settle_layers(self.connection, self.under.edition_id)

    def add_issues(self, issues: Sequence[Issue]) -> None:
        """Issues as a reader found them; those about the whole file may wait for its end."""
        self.add_filed(self.quality.file(issues))

    def add_filed(self, filed: Sequence[Filed]) -> None:
        """Issues, counted by severity; a refused row is a row of the file as well."""
        add_issues(self.connection, self.under.edition_id, filed)
        issues = [one.issue for one in filed]
        self.counts.update(issue.severity for issue in issues)
        self.counts["rows"] += sum(issue.rule.startswith("row-") for issue in issues)
        if len(self.issues) < SHOWN_ISSUES:
            self.issues.extend(issues[: SHOWN_ISSUES - len(self.issues)])

    def add_holdings(self, records: Sequence[HoldingRecord]) -> None:
        """Holdings with their organisations, claims, interests and doubts."""
        self._put_named(records)
        put = holdings.put_holdings(self.connection, self.under, records)
        self.counts["claims"] += holdings.add_claims(self.connection, self.under, records, put.ids)
        outlines.add_feature_outlines(self.connection, self.under, records, put.ids)
        holdings.settle_holdings(self.connection, put.known)
        touched.touch_holdings(self.connection, put.known)
        holdings.add_interests(self.connection, self._interests(records, put.ids))
        self._count("holdings", records)
        self.add_issues(list(self.doubts.about(self.connection, records)))
        self.add_filed(list(self.quality.about(records, put)))

    def _put_named(self, records: Sequence[HoldingRecord]) -> None:
        """Each organisation once: the first row that names it counts, of those that most may see."""
        met = {one.code for one in self.named}
        first: dict[str, HoldingRecord] = {}
        for record in sorted(records, key=self.under.of, reverse=True):
            first.setdefault(record.organisation_code, record)
        new = [record for code, record in first.items() if code not in met]
        for sensitivity in {self.under.of(record) for record in new}:
            named = [_named(record) for record in new if self.under.of(record) == sensitivity]
            catalogue.put_named(
                self.connection, self.under.edition_id, named, sensitivity=sensitivity, as_of=self.under.period_end
            )
            self.named.update(named)

    def _interests(
        self, records: Sequence[HoldingRecord], ids: Mapping[holdings.HoldingKey, int]
    ) -> Iterator[tuple[Any, ...]]:
        for record in records:
            as_of = record.evidence_date or self.under.period_end
            for kind, evidence in stated_interests(record, f"{self.reading.source} {self.reading.label}"):
                holding_id = ids[record.organisation_code, record.code]
                yield self.under.edition_id, holding_id, record.line, kind, evidence, as_of, self.under.of(record)

    def add_organisations(self, records: Sequence[OrganisationRecord]) -> None:
        """Organisations, with the names they went by and whom they carried on."""
        catalogue.put_organisations(self.connection, self.under.edition_id, records, self.under.period_end)
        self._count("organisations", records)

    def add_places(self, records: Sequence[PlaceRecord]) -> None:
        """A person's judgements where holdings stand."""
        catalogue.add_judgements(self.connection, self.under.edition_id, records)
        self._count("places", records)

    def add_events(self, records: Sequence[EventRecord]) -> None:
        """Events."""
        catalogue.add_events(self.connection, self.under.edition_id, records, self.under.sensitivity)
        self._count("events", records)

    def add_layer(self, records: Sequence[LayerRecord]) -> None:
        """Areas and points of a layer."""
        designations.add_layer_features(self.connection, self.under.edition_id, records)
        self._count("features", records)

    def _count(self, what: str, records: Sequence[Record]) -> None:
        self.counts[what] += len(records)
        self.counts["rows"] += len(records)


def _named(record: HoldingRecord) -> catalogue.Named:
    return catalogue.Named(
        record.organisation_code, record.organisation_name or record.organisation_code,
        record.organisation_sector or record.sector, record.organisation_type or "unknown",
    )  # fmt: skip


# Organisations before the holdings that name them; the rest in any order.
_WRITERS: dict[type[Record], Callable[[Writer, Any], None]] = {
    OrganisationRecord: Writer.add_organisations,
    PlaceRecord: Writer.add_places,
    HoldingRecord: Writer.add_holdings,
    EventRecord: Writer.add_events,
    LayerRecord: Writer.add_layer,
    Issue: Writer.add_issues,
}

COUNTED = ("rows", "holdings", "claims", "organisations", "places", "events", "features", "questions", "error",
           "warning", "note")  # fmt: skip


def make_writer(
    connection: Connection, reading: Reading, edition_id: int, *, sensitivity: Any, today: date,
    organisation: str | None = None,
) -> Writer:  # fmt: skip
    """A writer that has written nothing yet. `organisation`: the code of whose file it is, where that was said."""
    under = holdings.Under(edition_id, reading.period_end, sensitivity)
    quality = Quality(connection, under, reading.source, organisation)
    return Writer(connection, reading, under, Doubts(reading.period_end, today), quality)


def stated_interests(record: HoldingRecord, edition: str) -> Iterator[tuple[str, str]]:
    """(kind, evidence) that the row states, and ownership that a return states by land owned (ERIC from 2016-17)."""
    values = {value.attribute: value for value in record.values}
    stated = values["interest"].text if "interest" in values else None
    if stated and stated.casefold() in INTEREST_KINDS:
        evidence = values["interest_evidence"].raw if "interest_evidence" in values else "stated"
        yield stated.casefold(), f"{evidence} ({record.citation or edition})"
    owned = values.get("land_owned_ha")
    if owned and owned.number and owned.implausible is None and record.sector == "NHS":
        yield "freeholder", f"{edition} row {record.line} returns {owned.number:g} ha of land owned"
