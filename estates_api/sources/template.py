"""Our own template: any attribute of any holding, for what no published format carries.

A blank cell claims nothing; `not applicable` and `not provided` are claims. One file is one edition: `source`,
`label` and the period are the same in every row.
"""

from datetime import date

from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.codes import parse_ods_code, parse_postcode, parse_uprn
from estates_api.domain.records import HoldingRecord, Issue, Reading, Value
from estates_api.domain.values import parse_day, parse_day_range, shorten
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError, parse_amount, read_rows
from estates_api.sources.claims import read_value, weigh_values
from estates_api.sources.document import Document
from estates_api.sources.naming import hinted_period, stem
from estates_api.sources.organisations import parse_sector
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, Table, exact, find_table, require_table

REQUIRED = ("organisation_code", "organisation_name", "sector", "holding_code", "name")
OPTIONAL = ("address", "postcode", "uprn", "easting", "northing", "evidence_date", "citation")
EDITION = ("period_start", "period_end", "source", "label")

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
    start, end = _period(document, table, hints)
    source = hints.source or _constant(document, table, "source") or "template"
    label = hints.label or _constant(document, table, "label") or hints.period or stem(document)
    seen: set[tuple[str, str]] = set()
    holdings, issues, rows = read_rows(table, lambda cells: _read_holding(cells, seen))
    unknown = [Issue(table.line, name, "note", "the template has no such column; not read") for name in table.unused()]
    return Reading("template", source, label, start, end, holdings, issues=(*unknown, *issues), rows=rows)


def _constant(document: Document, table: Table, column: str) -> str | None:
    """The one value of a column that speaks of the whole edition; None when it is blank or absent."""
    found: dict[str, int] = {}
    for record in table.records():
        text = record.get(column)
        if text:
            found.setdefault(text, record.line)
    if len(found) > 1:
        first, second = list(found.values())[:2]
        raise BadInput(f"{document.name}: {column} differs between rows {first} and {second}; one file is one edition")
    return next(iter(found), None)


def _period(document: Document, table: Table, hints: Hints) -> tuple[date | None, date | None]:
    if hints.period:
        return hinted_period(hints)
    start, _ = _days(document, table, "period_start")
    _, end = _days(document, table, "period_end")
    if start and end and start > end:
        raise BadInput(f"{document.name}: period_start {start} is after period_end {end}")
    return start, end


def _days(document: Document, table: Table, column: str) -> tuple[date | None, date | None]:
    text = _constant(document, table, column) or ""
    try:
        return parse_day_range(text)
    except BadInput as error:
        raise BadInput(f"{document.name}: {column} {error.detail}") from None


def _read_holding(cells: Cells, seen: set[tuple[str, str]]) -> HoldingRecord:
    organisation = cells.required("organisation_code", parse_ods_code)
    cells.organisation = organisation
    code = cells.required("holding_code", parse_ods_code)
    if (organisation, code) in seen:
        raise RowError(cells.table.name("holding_code"), f"{organisation} {code} was already listed", code)
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
        cells.warn("easting", "not a National Grid position in metres (EPSG:27700); not taken", shorten(raw))
        return None, None
    return easting, northing


def _values(cells: Cells, organisation: str) -> tuple[Value, ...]:
    values = []
    for attribute in ATTRIBUTES:
        cell = cells.text(attribute)
        if cell is None:
            continue
        value, issue = read_value(attribute, cell, line=cells.line, field=cells.table.name(attribute))
        if value is not None:
            values.append(value)
        if issue is not None:
            cells.issues.append(issue)
    weighed, doubts = weigh_values(values, line=cells.line, organisation=organisation, field=cells.table.name)
    cells.issues.extend(doubts)
    return weighed


READER = Reader("template", "our own CSV template", recognises, read)
