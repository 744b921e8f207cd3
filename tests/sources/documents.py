"""Documents made of bytes, and readings read to their end."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from estates_api.domain.records import (
    EventRecord,
    HoldingRecord,
    Issue,
    LayerRecord,
    OrganisationRecord,
    PlaceRecord,
    Reading,
)
from estates_api.sources.document import Document, open_document

_FOLDER = TemporaryDirectory(prefix="estates-test-documents-", ignore_cleanup_errors=True)


def open_bytes(name: str, content: bytes) -> Document:
    """The document of these bytes, as if a file of that name had been handed in."""
    path = Path(_FOLDER.name) / uuid4().hex
    path.write_bytes(content)
    return open_document(path, name)


@dataclass(frozen=True)
class Read:
    """A reading, read to its end: its records by kind, in the order of the file."""

    format: str
    source: str
    label: str
    period_start: date | None
    period_end: date | None
    holdings: tuple[HoldingRecord, ...]
    organisations: tuple[OrganisationRecord, ...]
    places: tuple[PlaceRecord, ...]
    events: tuple[EventRecord, ...]
    layers: tuple[LayerRecord, ...]
    issues: tuple[Issue, ...]

    @property
    def rows(self) -> int:
        """Rows of the file: those taken and those refused."""
        taken = (self.holdings, self.organisations, self.places, self.events, self.layers)
        return sum(map(len, taken)) + sum(issue.rule.startswith("row-") for issue in self.issues)


def read_whole(reading: Reading) -> Read:
    """Everything a reading says."""
    records = list(reading.records)
    kinds = (HoldingRecord, OrganisationRecord, PlaceRecord, EventRecord, LayerRecord, Issue)
    found = [tuple(record for record in records if isinstance(record, kind)) for kind in kinds]
    return Read(reading.format, reading.source, reading.label, reading.period_start, reading.period_end, *found)
