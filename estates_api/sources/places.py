"""Places in our own form: which holdings stand on one site, as judged and cited by a person."""

import re
from itertools import chain

from estates_api.domain.codes import parse_local_code, parse_ods_code, parse_postcode
from estates_api.domain.records import PlaceRecord, Reading
from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError, read_rows
from estates_api.sources.document import Document
from estates_api.sources.naming import hinted_period, stem
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, column_notes, exact, find_table, require_table

COLUMNS = ("place", "place_name", "postcode", "address", "organisation_code", "holding_code")
SUCCESSION = ("succeeded_by_organisation", "succeeded_by_code")
_ALIASES = Aliases({**exact((*COLUMNS, *SUCCESSION, "evidence")), "holding_code": ("holding_code", "site_code")})
_PLACE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,39}")
_REQUIRED = ("place", "place_name", "organisation_code", "holding_code", "evidence")


def recognises(document: Document) -> bool:
    """All five required columns."""
    table = find_table(document, _ALIASES, _REQUIRED)
    return table is not None and all(table.has(column) for column in _REQUIRED)


def read(document: Document, hints: Hints) -> Reading:
    """One holding of a place a row; a holding stands at one place, and every row says how that is known."""
    table = require_table(document, _ALIASES, _REQUIRED, title="a list of places")
    seen: dict[tuple[str, str], str] = {}
    start, end = hinted_period(hints)
    source, label = hints.source or "places", hints.label or hints.period or stem(document)
    rows = read_rows(table, lambda cells: _read_place(cells, seen))
    return Reading("places", source, label, start, end, chain(column_notes(table), rows))


def _read_place(cells: Cells, seen: dict[tuple[str, str], str]) -> PlaceRecord:
    organisation = cells.required("organisation_code", parse_ods_code)
    cells.organisation = organisation
    holding = cells.required("holding_code", parse_local_code)
    place = cells.required("place", _parse_place)
    if (organisation, holding) in seen:
        reason = f"{organisation} {holding} already stands at {seen[organisation, holding]}"
        raise RowError(cells.table.name("holding_code"), reason, holding, rule="row-repeated")
    record = PlaceRecord(
        line=cells.line,
        place=place,
        place_name=cells.required("place_name", str),
        organisation_code=organisation,
        holding_code=holding,
        evidence=cells.required("evidence", str),
        postcode=cells.optional("postcode", parse_postcode),
        address=cells.text("address"),
        succeeded_by=_succeeded_by(cells),
    )
    seen[organisation, holding] = place
    return record


def _parse_place(text: str) -> str:
    """The end of a site's reference, which stands in addresses and file names."""
    if not _PLACE.fullmatch(text):
        raise BadInput(f"place {shorten(text)!r} is part of an address: up to 40 letters, digits, hyphens, dots and _")
    return text


def _succeeded_by(cells: Cells) -> tuple[str, str] | None:
    organisation = cells.optional("succeeded_by_organisation", parse_ods_code)
    code = cells.optional("succeeded_by_code", parse_ods_code)
    if organisation and code:
        return organisation, code
    if organisation or code:
        reason = "a successor needs both its organisation and its code; not taken"
        cells.doubt("value-not-taken", "succeeded_by_code", reason)
    return None


READER = Reader("places", "places in our own form", recognises, read)
