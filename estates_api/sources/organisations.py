"""Organisations in our own form: trusts, councils, bodies that own estate, with their mergers."""

from itertools import chain
from typing import Literal, get_args

from estates_api.domain.codes import parse_ods_code, parse_postcode
from estates_api.domain.records import OrganisationRecord, Reading, Sector, Succession
from estates_api.domain.values import parse_day
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError, read_rows
from estates_api.sources.document import Document
from estates_api.sources.naming import hinted_period, stem
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, column_notes, exact, find_table, require_table

Status = Literal["active", "closed", "dormant", "proposed"]
SECTORS: tuple[Sector, ...] = get_args(Sector)
STATUSES: tuple[Status, ...] = get_args(Status)

COLUMNS = ("code", "name", "sector", "kind", "status", "postcode", "address", "opened", "closed", "parent_code")
SUCCESSION = ("successor_code", "succeeded_on")
_ALIASES = Aliases(exact((*COLUMNS, *SUCCESSION)))
_REQUIRED = ("code", "name", "sector", "kind", "status")


def recognises(document: Document) -> bool:
    """All five required columns."""
    table = find_table(document, _ALIASES, _REQUIRED)
    return table is not None and all(table.has(column) for column in _REQUIRED)


def read(document: Document, hints: Hints) -> Reading:
    """One organisation a row; a code stands once."""
    table = require_table(document, _ALIASES, _REQUIRED, title="a list of organisations")
    seen: set[str] = set()
    start, end = hinted_period(hints)
    source, label = hints.source or "organisations", hints.label or hints.period or stem(document)
    rows = read_rows(table, lambda cells: _read_organisation(cells, seen))
    return Reading("organisations", source, label, start, end, chain(column_notes(table), rows))


def _read_organisation(cells: Cells, seen: set[str]) -> OrganisationRecord:
    code = cells.required("code", parse_ods_code)
    cells.organisation = code
    if code in seen:
        raise RowError(cells.table.name("code"), f"{code} was already listed", code, rule="row-repeated")
    record = OrganisationRecord(
        line=cells.line,
        code=code,
        name=cells.required("name", str),
        sector=cells.required("sector", parse_sector),
        kind=cells.required("kind", str),
        status=cells.required("status", _parse_status),
        postcode=cells.optional("postcode", parse_postcode),
        address=cells.text("address"),
        opened=cells.optional("opened", parse_day),
        closed=cells.optional("closed", parse_day),
        parent_code=cells.optional("parent_code", parse_ods_code),
        successions=_successions(cells, code),
    )
    seen.add(code)
    return record


def _successions(cells: Cells, code: str) -> tuple[Succession, ...]:
    successor = cells.optional("successor_code", parse_ods_code)
    day = cells.optional("succeeded_on", parse_day)
    if successor == code:
        cells.doubt("value-not-taken", "successor_code", "an organisation does not succeed itself; not taken", code)
    return (Succession(code, successor, day),) if successor and successor != code else ()


def parse_sector(text: str) -> Sector:
    """NHS, council, other public, private or unknown, in any case."""
    found = next((sector for sector in SECTORS if sector.casefold() == text.casefold()), None)
    if found is None:
        raise BadInput(f"sector {text!r} is not one of: {', '.join(SECTORS)}")
    return found


def _parse_status(text: str) -> Status:
    found = next((status for status in STATUSES if status == text.casefold()), None)
    if found is None:
        raise BadInput(f"status {text!r} is not one of: {', '.join(STATUSES)}")
    return found


READER = Reader("organisations", "organisations in our own form", recognises, read)
