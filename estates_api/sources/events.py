"""Dated events on sites (sold, permission granted, new facility opened …), each with the page that states it."""

import re
from datetime import date
from itertools import chain
from typing import Literal, get_args

from estates_api.domain.codes import parse_local_code, parse_ods_code
from estates_api.domain.records import EventRecord, Reading
from estates_api.domain.values import parse_day_range
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError, one_of, parse_amount, parse_count, read_rows
from estates_api.sources.document import Document
from estates_api.sources.naming import hinted_period, stem
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Aliases, column_notes, exact, find_table, require_table

KINDS = (
    "declared surplus",
    "marketed",
    "disposal approved",
    "site allocation",
    "planning permission",
    "part sold",
    "sold",
    "retained",
    "reopened",
    "reused for integrated services",
    "new facility opened",
    "other",
)
_OTHER = re.compile(r"other\s*\((.*)\)", re.IGNORECASE)

Scope = Literal["whole", "part", "other"]
_SCOPE_OF: dict[str, Scope] = {"sold": "whole", "part sold": "part"}

_ALIASES = Aliases(
    {
        "site_name": ("site_name", "site"),
        "organisation": ("organisation", "organisation_name"),
        "organisation_code": ("organisation_code",),
        "holding_code": ("holding_code", "site_code"),
        "event": ("event", "event_kind"),
        "event_date": ("event_date", "date"),
        **exact(
            (
                "scope",
                "area_ha",
                "homes",
                "receipt_gbp",
                "counterparty",
                "kept_by",
                "note",
                "source_title",
                "source_url",
            )
        ),
    }
)
MOST_HOMES = 1_000_000
"""More than all of North Central London has."""

_REQUIRED = ("site_name", "event", "event_date", "source_url")


def recognises(document: Document) -> bool:
    """An event and its date in the header."""
    table = find_table(document, _ALIASES, ("event", "event_date"))
    return table is not None and table.has("event") and table.has("event_date") and len(table.places) >= 4


def read(document: Document, hints: Hints) -> Reading:
    """One event a row. A row without a page that states it is an error: an event needs a citation."""
    table = require_table(document, _ALIASES, _REQUIRED, title="a list of events")
    start, end = hinted_period(hints)
    source, label = hints.source or "events", hints.label or hints.period or stem(document)
    return Reading("events", source, label, start, end, chain(column_notes(table), read_rows(table, _read_event)))


def _read_event(cells: Cells) -> EventRecord:
    kind, spoken = _kind(cells)
    earliest, latest = _dates(cells)
    return EventRecord(
        line=cells.line,
        kind=kind,
        site_name=cells.required("site_name", str),
        holding_code=cells.optional("holding_code", parse_local_code),
        organisation_code=cells.optional("organisation_code", parse_ods_code),
        organisation_name=cells.text("organisation") or "",
        date_text=cells.text("event_date") or "",
        earliest=earliest,
        latest=latest,
        scope=_scope(cells, kind),
        citation_title=cells.text("source_title") or "",
        citation_url=cells.required("source_url", _parse_url),
        area_ha=cells.optional("area_ha", _parse_area),
        homes=cells.optional("homes", _parse_homes),
        receipt_gbp=cells.optional("receipt_gbp", parse_amount),
        counterparty=cells.text("counterparty"),
        kept_by=cells.text("kept_by"),
        note="; ".join(part for part in (spoken, cells.text("note")) if part) or None,
    )


def _kind(cells: Cells) -> tuple[str, str | None]:
    """The kind, and the text of `other (text)`, which goes to the note."""
    text = cells.required("event", str)
    found = _OTHER.fullmatch(text)
    if found:
        return "other", found[1].strip() or None
    return cells.required("event", one_of(KINDS, "event")), None


def _dates(cells: Cells) -> tuple[date | None, date | None]:
    try:
        earliest, latest = parse_day_range(cells.text("event_date") or "")
    except BadInput as error:
        raise RowError(cells.table.name("event_date"), error.detail, cells.text("event_date") or "") from None
    if earliest is None:
        cells.doubt("event-undated", "event_date", "the source gives no date")
    return earliest, latest


def _scope(cells: Cells, kind: str) -> Scope:
    """How much of the site the event is about: as stated, else what the kind itself says."""
    stated = cells.optional("scope", one_of(get_args(Scope), "scope"))
    if stated is None:
        return _SCOPE_OF.get(kind, "other")
    return "whole" if stated == "whole" else "part" if stated == "part" else "other"


def _parse_area(text: str) -> float:
    area_ha = parse_amount(text)
    if area_ha == 0:
        raise BadInput("an event on no area is not possible")
    return area_ha


def _parse_homes(text: str) -> int:
    homes = parse_count(text)
    if homes > MOST_HOMES:
        raise BadInput(f"{homes:.3g} homes are not possible")
    return homes


def _parse_url(text: str) -> str:
    if not re.match(r"https?://\S", text):
        raise BadInput("source_url is not a web address: an event needs the page that states it")
    return text


READER = Reader("events", "dated events on sites", recognises, read)
