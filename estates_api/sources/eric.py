"""ERIC site data (Estates Returns Information Collection, NHS England): one row is one trust's return for one site.

Columns are matched by name, never by position: order, names and units move between editions and between versions
of one edition.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from estates_api.domain.codes import AGGREGATE, parse_ods_code, parse_postcode
from estates_api.domain.records import HoldingRecord, Issue, Reading, Sector, Value
from estates_api.domain.values import (
    clean_text,
    financial_year,
    find_financial_year,
    label_of_year,
    parse_day_range,
    shorten,
)
from estates_api.errors import BadInput
from estates_api.sources import eric_columns as columns
from estates_api.sources.claims import read_value, weigh_values
from estates_api.sources.document import Document
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import (
    Record,
    Table,
    cleaned_notes,
    column_notes,
    find_table,
    normalise_header,
    require_table,
)

MOST_NAMED = 40
"""Names of new measures that one note holds."""

_TYPE_NUMBER = re.compile(r"^[0-9]+\.\s*")
_SPLIT_CODE = re.compile(r"^([0-9A-Z]{3}) ([0-9A-Z]{2})$")  # RE9 13, as published to 2014-15, is RE913
_REQUIRED = (columns.ORGANISATION_CODE, columns.SITE_CODE)


def recognises(document: Document) -> bool:
    """A header with three or more of ERIC's measures, and a trust or a site to hang them on."""
    table = find_table(document, columns.ALIASES, _REQUIRED)
    if table is None:
        return False
    measures = sum(field in columns.VALUES for field in table.places)
    return measures >= 3 and any(table.has(field) for field in (*_REQUIRED, columns.SITE_NAME))


def read(document: Document, hints: Hints) -> Reading:
    """Holdings with every mapped attribute, and issues by line and column. BadInput when it is not site data."""
    table = _with_energy_parts(require_table(document, columns.ALIASES, _REQUIRED, title="ERIC site data"))
    label, doubts = _label(document, hints, table)
    start, end = financial_year(label)
    doubts += [*_missing_columns(table), *_new_columns(table), *column_notes(table)]
    source = hints.source or "ERIC"
    return Reading("eric", source, hints.label or label, start, end, chain(doubts, _read_holdings(table)))


def find_edition(document: Document) -> str | None:
    """The financial year that the file's name says, or a header that only one edition has; None when neither does."""
    table = find_table(document, columns.ALIASES, _REQUIRED)
    return find_financial_year(document.name) or (_form(table) if table else None)


def _label(document: Document, hints: Hints, table: Table) -> tuple[str, list[Issue]]:
    """The financial year: as given, else in the file name, else by a header that only one edition has."""
    form = _form(table)
    label = _year_of(hints.period) if hints.period else find_financial_year(document.name) or form
    if label is None:
        raise BadInput(f"{document.name}: nothing says which year this is; give the period, for example 2022-23")
    if form is None or form == label:
        return label, []
    return label, [Issue("edition-doubtful", table.line, None, f"taken as {label}, but the header is that of {form}")]


def _year_of(period: str) -> str:
    """The financial year given, or the one that the given day or month lies in."""
    if label := find_financial_year(period):
        return label
    with suppress(BadInput):
        years = {label_of_year(day) for day in parse_day_range(period) if day}
        if len(years) == 1:
            return years.pop()
    raise BadInput(f"{shorten(period)!r} is not in one financial year; write it like 2016-17")


def _form(table: Table) -> str | None:
    header = {normalise_header(name) for name in table.names}
    count = sum(bool(name) for name in table.names)
    if normalise_header(columns.ORGANISATION_CODE) not in header:
        return None
    return next(
        (
            label
            for label, (width, sign) in columns.FORMS.items()
            if count == width and normalise_header(sign) in header
        ),
        None,
    )


def _missing_columns(table: Table) -> list[Issue]:
    return [
        Issue("column-missing", table.line, None, f"this edition has no column for {what}")
        for what, attributes in columns.EXPECTED.items()
        if not any(table.has(attribute) for attribute in attributes)
    ]


def _with_energy_parts(table: Table) -> Table:
    """The table with a field for each fuel's cost, where no column has the total and the main fuels are there."""
    found = {
        normalise_header(name): place
        for place, name in reversed(list(enumerate(table.names)))
        if "£" in name and columns.IS_ENERGY_PART.fullmatch(normalise_header(name))
    }
    whole = all(any(fuel in name.split() for name in found) for fuel in columns.ESSENTIAL_FUELS)
    if table.has("energy_cost_gbp") or not whole or len(found) < 2:
        return table
    parts = {f"{columns.ENERGY_PART} {number}": place for number, place in enumerate(sorted(found.values()), 1)}
    return replace(table, places={**table.places, **parts})


def _parts(table: Table) -> list[str]:
    return [field for field in table.places if field.startswith(columns.ENERGY_PART)]


def _new_columns(table: Table) -> Iterator[Issue]:
    """Notes on an edition that is not one of the known ones: totals that were added up, and measures left unread."""
    if parts := _parts(table):
        names = ", ".join(shorten(table.name(field), 50) for field in parts)
        yield Issue("total-summed", table.line, None, f"energy_cost_gbp is the sum of {len(parts)} columns: {names}")
    new = [
        name for name in table.unused()
        if columns.HAS_UNIT.search(name) and not normalise_header(name).startswith(columns.LEFT_OUT)
    ]  # fmt: skip
    if new and _form(table) is None:
        named = "; ".join(shorten(name, 80) for name in new[:MOST_NAMED])
        more = f"; and {len(new) - MOST_NAMED} more" if len(new) > MOST_NAMED else ""
        yield Issue("measure-unknown", table.line, None, f"nothing is read from {len(new)} measures: {named}{more}")


def _energy_cost(table: Table, record: Record, parts: Sequence[str]) -> tuple[Value, Issue | None]:
    """The sum over the fuels, when every one is stated: `Not Applicable` is none of it, and a blank is no statement."""
    cells = [record.get(field) for field in parts]
    raw = " + ".join(cell or "blank" for cell in cells)
    found = [read_value("energy_cost_gbp", cell, line=record.line, field=table.name(field))
             for field, cell in zip(parts, cells, strict=True)]  # fmt: skip
    numbers = [value.number for value, _ in found if value and value.number is not None]
    stated = all(value is not None and value.state != "not provided" for value, _ in found)
    issue = next((issue for _, issue in found if issue), None)
    if not stated:
        return Value("energy_cost_gbp", raw, state="not provided"), issue
    if not numbers:
        return Value("energy_cost_gbp", raw, state="not applicable"), issue
    return Value("energy_cost_gbp", raw, number=round(sum(numbers), 2)), issue


def _read_holdings(table: Table) -> Iterator[HoldingRecord | Issue]:
    seen: dict[tuple[str, str], int] = {}
    for record in table.records():
        codes = _codes(record, seen)
        if isinstance(codes, Issue):
            yield codes
            continue
        seen[codes] = record.line
        holding, doubts = _read_holding(table, record, *codes)
        yield holding
        yield from doubts


def _codes(record: Record, seen: dict[tuple[str, str], int]) -> tuple[str, str] | Issue:
    """Trust and site code: together they are the key, for `AGGRE` is every trust's code for its small sites."""
    found = []
    for field in (columns.SITE_CODE, columns.ORGANISATION_CODE):  # a subtotal lacks its site code first of all
        text = record.get(field)
        if not text:
            start = next((clean_text(cell) for cell in record.cells if cell.strip()), "")
            reason = f"the row has no {field.lower()} (a subtotal or a note?); not taken"
            return Issue("row-without-code", record.line, field, reason, shorten(start))
        try:
            found.append(parse_ods_code(_SPLIT_CODE.sub(r"\1\2", text) if field == columns.SITE_CODE else text))
        except BadInput as error:
            return Issue("row-unreadable", record.line, field, f"{error.detail}; the row was not taken", shorten(text))
    site, organisation = found
    if (organisation, site) in seen:
        reason = f"{organisation} {site} was already in row {seen[organisation, site]}; this second row was not taken"
        return Issue("row-repeated", record.line, columns.SITE_CODE, reason, site, organisation)
    return organisation, site


def _read_holding(table: Table, record: Record, organisation: str, site: str) -> tuple[HoldingRecord, list[Issue]]:
    values, issues = _read_values(table, record)
    weighed, doubts = weigh_values(values, line=record.line, organisation=organisation, field=table.name)
    postcode, fault = _postcode(table, record)
    organisation_type = record.get(columns.ORGANISATION_TYPE) or None
    holding = HoldingRecord(
        line=record.line,
        organisation_code=organisation,
        organisation_name=record.get(columns.ORGANISATION_NAME) or organisation,
        sector=_sector(organisation_type),
        code=site,
        name=record.get(columns.SITE_NAME) or site,
        values=weighed,
        organisation_type=organisation_type,
        postcode=postcode,
    )
    cleaned = cleaned_notes(record, (columns.SITE_NAME, columns.POSTCODE), field=table.name)
    return holding, [*issues, *doubts, *fault, *cleaned]


def _read_values(table: Table, record: Record) -> tuple[list[Value], list[Issue]]:
    values: list[Value] = []
    issues: list[Issue] = []
    if kind := record.get(columns.ORGANISATION_TYPE):
        values.append(Value("organisation_type", kind, text=clean_text(kind)))
    for attribute in columns.VALUES:
        if not table.has(attribute):
            continue
        cell = record.get(attribute)
        value, issue = read_value(attribute, cell, line=record.line, field=table.name(attribute))
        if value is not None:
            values.append(_without_number(value) if attribute == "site_type" else value)
        if issue is not None:
            issues.append(issue)
    if parts := _parts(table):
        value, issue = _energy_cost(table, record, parts)
        values.append(value)
        issues += [issue] if issue else []
    return values, issues


def _without_number(value: Value) -> Value:
    """The site type without the number of 2016-17 and 2018-19, and the capitals of 2013-15 as a sentence."""
    if value.text is None:
        return value
    text = _TYPE_NUMBER.sub("", value.text)
    return Value(value.attribute, value.raw, text=text.capitalize() if text.isupper() else text)


def _sector(organisation_type: str | None) -> Sector:
    return "private" if (organisation_type or "").casefold().startswith("independent sector") else "NHS"


def _postcode(table: Table, record: Record) -> tuple[str | None, list[Issue]]:
    text = record.get(columns.POSTCODE)
    if not text or record.get(columns.SITE_CODE).upper() == AGGREGATE:
        return None, []
    try:
        return parse_postcode(text), []
    except BadInput as error:
        field = table.name(columns.POSTCODE)
        return None, [Issue("value-not-taken", record.line, field, f"{error.detail}; not taken", shorten(text))]


READER = Reader("eric", "ERIC site data (NHS England estates returns)", recognises, read)
