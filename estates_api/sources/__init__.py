"""Published formats, one small reader each, and the choice of the one that fits a file."""

from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources import (
    brownfield,
    ebranchs,
    epraccur,
    eric,
    ets,
    events,
    features,
    hospitals,
    landmarks,
    layers,
    ord,  # noqa: A004 -- the publisher's own name for it
    organisations,
    outlines,
    places,
    surplus,
    template,
    transparency,
)
from estates_api.sources.document import Document
from estates_api.sources.reader import Hints, Reader

# In the order they are asked: our own forms have the strictest headers, the councils' the loosest.
READERS: dict[str, Reader] = {
    reader.format: reader
    for reader in (
        places.READER,
        organisations.READER,
        template.READER,
        events.READER,
        landmarks.READER,
        landmarks.NAPTAN,
        eric.READER,
        epraccur.READER,
        ebranchs.READER,
        ets.SITES,
        ets.TRUSTS,
        ord.READER,
        hospitals.READER,
        brownfield.READER,
        surplus.READER,
        layers.READER,
        transparency.READER,
        features.READER,
        *layers.BY_KIND,
    )
}

FORMATS = {**{reader.format: reader.title for reader in READERS.values()},
           outlines.FORMAT: "parcels of land, which become outlines of sites: any vector file"}  # fmt: skip
"""What each format is that can be insisted on. Parcels are not read like the others, and never recognised."""


def find_reader(document: Document, insisted: str | None = None, hints: Hints | None = None) -> Reader:
    """The reader insisted on, else the first that recognises the file; BadInput lists what there is to choose from.

    With `hints`, a council's list is also known by the headers that the area profile gives for it.
    """
    known = ", ".join(sorted(FORMATS))
    if insisted is not None:
        if insisted not in READERS:
            raise BadInput(f"there is no format {shorten(insisted)!r}; the formats are {known}")
        return READERS[insisted]
    for reader in READERS.values():
        if reader.recognises(document):
            return reader
    if hints and transparency.recognises_by_profile(document, hints):
        return transparency.READER
    raise BadInput(f"{document.name}: no format fits {_beginning(document)}; the formats are {known}")


def _beginning(document: Document) -> str:
    rows = (row for sheet in document.sheets for row in sheet.head if not row.blank)
    first = next(rows, None)
    if first is None:
        return f"this {document.kind} file"
    cells = ", ".join(shorten(cell, 30) for cell in first.cells[:5] if cell.strip())
    return f"a file that begins {cells!r}"


__all__ = ["FORMATS", "READERS", "find_reader"]
