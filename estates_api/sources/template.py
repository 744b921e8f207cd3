"""Our own template: any attribute of any holding, for what no published format carries.

A blank cell claims nothing; `not applicable` and `not provided` are claims. One file is one edition: `source`,
`label` and the period are the same in every row.
"""

from collections.abc import Mapping
from datetime import date
from itertools import chain

from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.codes import parse_local_code, parse_ods_code, parse_postcode, parse_uprn
from estates_api.domain.records import HoldingRecord, Issue, Reading, Value
from estates_api.domain.sites import INTEREST_KINDS
from estates_api.domain.values import parse_day, parse_day_range, parse_day_text, parse_state
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError, parse_amount, read_rows
from estates_api.sources.claims import read_value, weigh_values
from estates_api.sources.document import Document
from estates_api.sources.naming import hinted_period, stem
from estates_api.sources.organisations import parse_sector
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, Table, exact, find_table, repeated_note, require_table

REQUIRED = ("organisation_code", "organisation_name", "sector", "holding_code", "name")
OPTIONAL = ("address", "postcode", "uprn", "easting", "northing", "evidence_date", "citation")
EDITION = ("period_start", "period_end", "source", "label")

_LEASE_DAYS = frozenset({"lease_end", "lease_break"})
_ALIASES = Aliases(exact((*REQUIRED, *OPTIONAL, *EDITION, *ATTRIBUTES)))


def template_header() -> list[str]:
    """Every column the template may have, in the order to print them; the first five are required."""
    return [*REQUIRED, *OPTIONAL, *EDITION, *ATTRIBUTES]


def recognises(document: Document) -> bool:
    """Organisation and holding codes under our own names, with an attribute under its own name."""
    table = find_table(document, _ALIASES, REQUIRED)
    if table is None or not (table.has("organisation_code") and table.has("holding_code")):
        return False
    own = {"holding_code", "organisation_code"} <= {name.casefold() for name in table.names}
    return own and any(attribute in table.places for attribute in ATTRIBUTES)


def read(document: Document, hints: Hints) -> Reading:
    """One holding a row, with the attributes whose cells say something."""
    table = require_table(document, _ALIASES, REQUIRED, title="the template")
    constants = _constants(document, table)
    start, end = _period(document, constants, hints)
    source = hints.source or constants.get("source") or "template"
    label = hints.label or constants.get("label") or hints.period or stem(document)
    seen: set[tuple[str, str]] = set()
    reason = "the template has no such column; not read"
    unknown = [Issue("columns-unused", table.line, name, reason) for name in table.unused()]
    unknown += repeated_note(table)
    rows = read_rows(table, lambda cells: _read_holding(cells, seen))
    return Reading("template", source, label, start, end, chain(unknown, rows))


def _constants(document: Document, table: Table) -> dict[str, str]:
    """The one value of each column that speaks of the whole edition; a blank or absent one is left out."""
    columns = [column for column in EDITION if table.has(column)]
    found: dict[str, tuple[str, int]] = {}
    for record in table.records() if columns else ():
        for column in columns:
            text = record.get(column)
            first, line = found.setdefault(column, (text, record.line)) if text else (text, 0)
            if text != first:
                reason = f"{column} differs between rows {line} and {record.line}; one file is one edition"
                raise BadInput(f"{document.name}: {reason}")
    return {column: text for column, (text, _) in found.items()}


def _period(document: Document, constants: Mapping[str, str], hints: Hints) -> tuple[date | None, date | None]:
    if hints.period:
        return hinted_period(hints)
    start, _ = _days(document, constants, "period_start")
    _, end = _days(document, constants, "period_end")
    if start and end and start > end:
        raise BadInput(f"{document.name}: period_start {start} is after period_end {end}")
    return start, end


def _days(document: Document, constants: Mapping[str, str], column: str) -> tuple[date | None, date | None]:
    try:
        return parse_day_range(constants.get(column, ""))
    except BadInput as error:
        raise BadInput(f"{document.name}: {column} {error.detail}") from None


def _read_holding(cells: Cells, seen: set[tuple[str, str]]) -> HoldingRecord:
    organisation = cells.required("organisation_code", parse_ods_code)
    cells.organisation = organisation
    code = cells.required("holding_code", parse_local_code)
    if (organisation, code) in seen:
        reason = f"{organisation} {code} was already listed"
        raise RowError(cells.table.name("holding_code"), reason, code, rule="row-repeated")
    easting, northing = _position(cells)
    holding = HoldingRecord(
        line=cells.line,
        organisation_code=organisation,
        organisation_name=cells.required("organisation_name", str),
        sector=cells.required("sector", parse_sector),
        code=code,
        name=cells.required("name", str),
        values=_values(cells, organisation),
        address=cells.text("address"),
        postcode=cells.optional("postcode", parse_postcode),
        uprn=cells.optional("uprn", parse_uprn),
        easting=easting,
        northing=northing,
        evidence_date=cells.optional("evidence_date", parse_day),
        citation=cells.text("citation"),
    )
    seen.add((organisation, code))
    return holding


def _position(cells: Cells) -> tuple[float | None, float | None]:
    """National Grid metres, both or neither."""
    easting = cells.optional("easting", parse_amount)
    northing = cells.optional("northing", parse_amount)
    if easting is None and northing is None:
        return None, None
    if easting is None or northing is None or not (0 < easting <= 700_000 and 0 < northing <= 1_300_000):
        raw = f"{cells.text('easting')}, {cells.text('northing')}"
        reason = "not a National Grid position in metres (EPSG:27700); not taken"
        cells.doubt("position-not-taken", "easting", reason, raw)
        return None, None
    return easting, northing


def _values(cells: Cells, organisation: str) -> tuple[Value, ...]:
    values = []
    for attribute in ATTRIBUTES:
        cell = cells.text(attribute)
        if cell is None or (attribute in _LEASE_DAYS and cells.optional(attribute, _lease_day) is None):
            continue
        value, issue = read_value(attribute, cell, line=cells.line, field=cells.table.name(attribute))
        if value is not None:
            values.append(value)
        if issue is not None:
            cells.issues.append(issue)
    _check_interest(cells)
    weighed, doubts = weigh_values(values, line=cells.line, organisation=organisation, field=cells.table.name)
    cells.issues.extend(doubts)
    return weighed


def _lease_day(text: str) -> str:
    return text if parse_state(text) else parse_day_text(text)


def _check_interest(cells: Cells) -> None:
    """A warning where the interest is not one of the words we have for it: it decides nothing."""
    text = cells.text("interest")
    if text and text.casefold() not in INTEREST_KINDS:
        reason = f"not one of {', '.join(INTEREST_KINDS)}; no interest was recorded"
        cells.doubt("interest-unknown", "interest", reason, text)


READER = Reader("template", "our own CSV template", recognises, read)
