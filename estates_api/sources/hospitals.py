"""The NHS website's list of hospitals (`Hospital.csv`): cells apart by `¬`, cp1252, one hospital a row.

A hospital is a holding of its parent organisation. `Sector` is wrong for several NHS sites (Barnet and Chase Farm are
"Independent Sector" in the list of January 2018), so the parent's code decides, and a contradiction is noted. Nothing
says where the coordinates come from; most are the postcode's centroid. So they are kept as `rough_position`, which
never places a site more precisely than its postcode does.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from estates_api.domain.codes import parse_ods_code, parse_postcode
from estates_api.domain.records import HoldingRecord, Issue, Reading, Record, Sector, Value
from estates_api.sources.cells import Cells, RowError, read_rows
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition
from estates_api.sources.ods import is_trust
from estates_api.sources.positions import read_position
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, Table, find_table, require_table

_ADDRESS = ("Address1", "Address2", "Address3", "City", "County")
_REQUIRED = ("OrganisationCode", "OrganisationName", "ParentODSCode")
_TELLING = (*_REQUIRED, "Sector", "Latitude", "Longitude")
_ALIASES = Aliases({name: (name,) for name in (*_TELLING, *_ADDRESS, "SubType", "Postcode", "ParentName")})
_STRAY = "Â"  # UTF-8 ¬ read as cp1252 is Â¬: the first half stays at the end of each cell


def recognises(document: Document) -> bool:
    """Code, name and parent of an organisation beside the list's own Sector, Latitude and Longitude."""
    table = _find_table(document)
    return table is not None and all(table.has(name) for name in _TELLING)


def read(document: Document, hints: Hints) -> Reading:
    """One holding a row."""
    table = require_table(document, _ALIASES, _REQUIRED, title="the list of hospitals")
    label, (start, end), doubts = dated_edition(document, hints)
    source = hints.source or "NHS website hospitals"
    return Reading("hospitals", source, label, start, end, chain(doubts, _read_all(table)))


def _find_table(document: Document) -> Table | None:
    return find_table(document, _ALIASES, _REQUIRED)


@dataclass(slots=True)
class _List:
    """The list while it is read: codes met, and sectors that contradict the codes."""

    seen: set[str] = field(default_factory=set)
    contradictions: Counter[str] = field(default_factory=Counter)


def _read_all(table: Table) -> Iterator[Record]:
    listing = _List()
    yield from read_rows(table, lambda cells: _read_hospital(listing, cells))
    for stated, count in sorted(listing.contradictions.items()):
        reason = f"Sector is {stated!r} in {count} rows whose parent's code says otherwise; the code counts"
        yield Issue("sector-doubtful", None, "Sector", reason)


def _read_hospital(listing: _List, cells: Cells) -> HoldingRecord:
    code = _required(cells, "OrganisationCode")
    parent = _required(cells, "ParentODSCode")
    cells.organisation = parent
    if code in listing.seen:
        raise RowError("OrganisationCode", f"{code} was already listed", code, rule="row-repeated")
    listing.seen.add(code)
    sector = _sector(parent)
    stated = _text(cells, "Sector")
    if stated and (sector == "NHS") != stated.casefold().startswith("nhs"):
        listing.contradictions[stated] += 1
    return HoldingRecord(
        line=cells.line,
        organisation_code=parent,
        organisation_name=_text(cells, "ParentName") or "",
        sector=sector,
        code=code,
        name=_text(cells, "OrganisationName") or code,
        values=tuple(_rough_position(cells)),
        organisation_type="NHS trust" if sector == "NHS" else None,
        address=", ".join(_parts(cells)) or None,
        postcode=cells.optional("Postcode", lambda text: parse_postcode(text.rstrip(_STRAY))),
    )


def _sector(parent: str) -> Sector:
    """By the parent's code: trusts are R or T and two more; independent providers begin with N, A or 8."""
    if is_trust(parent):
        return "NHS"
    return "private" if parent[0] in "NA8" else "unknown"


def _required(cells: Cells, column: str) -> str:
    return cells.required(column, lambda text: parse_ods_code(text.rstrip(_STRAY)))


def _text(cells: Cells, column: str) -> str | None:
    return cells.record.get(column).rstrip(_STRAY).rstrip() or None


def _parts(cells: Cells) -> list[str]:
    """The parts of the address; the name of the hospital often stands again as the first line."""
    parts = [_text(cells, column) for column in _ADDRESS]
    return [part for part in dict.fromkeys(parts) if part and part != _text(cells, "OrganisationName")]


def _rough_position(cells: Cells) -> Iterator[Value]:
    """Where the list puts it, longitudes near nought in powers of ten (`-7.37E-2`) included."""
    position = read_position(cells, "Longitude", "Latitude", london=False)
    if position:
        published = f"{cells.text('Longitude')}, {cells.text('Latitude')}"
        yield Value("rough_position", published, text=f"{position.easting:.12g} {position.northing:.12g}")


READER = Reader("hospitals", "NHS website list of hospitals", recognises, read)
