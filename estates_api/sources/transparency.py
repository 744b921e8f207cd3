"""Council land and building assets under the Local Government Transparency Code 2015.

No two councils publish the same columns, so every field has many names; area, position and UPRN may all be missing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from estates_api.domain.codes import parse_ods_code, parse_postcode, parse_uprn
from estates_api.domain.records import HoldingRecord, Issue, Reading, Value
from estates_api.domain.values import find_first_day_range, parse_number, shorten
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError, read_rows
from estates_api.sources.claims import read_value
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition, stem
from estates_api.sources.positions import Position, parse_position
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.table import Table, find_table, require_table, unused_note
from estates_api.sources.transparency_columns import ALIASES, LONDON_BOROUGHS, SQUARE_METRES, UNIT_WORDS

_ASSET = "asset id"
_TEXTS = {  # field of the list -> attribute of the holding
    "tenure_category": "tenure_category",
    "land_or_building": "land_or_building",
    "current_use": "current_use",
    "holding_purpose": "holding_purpose",
    "status_note": "status_note",
}


def recognises(document: Document) -> bool:
    """An asset's id, and enough of the fields that only such lists have together."""
    table = find_table(document, ALIASES, (_ASSET,))
    if table is None:
        return False
    telling = (
        "tenure",
        "tenure_category",
        "land_or_building",
        "uprn",
        "building size",
        "land size",
        "organisation uri",
    )
    # A list that a council typed itself may have no more than what each asset is, where, and how it is held.
    plain = table.has("name") and table.has("tenure") and (table.has("address") or table.has("street"))
    found = sum(table.has(name) for name in telling)
    return table.has(_ASSET) and (plain or (len(table.places) >= 5 and found >= 2))


@dataclass(slots=True)
class _List:
    """One list while it is read: who is said to publish it, and the ids met so far."""

    table: Table
    hints: Hints
    seen: set[tuple[str, str]] = field(default_factory=set)


def read(document: Document, hints: Hints) -> Reading:
    """One holding per asset. BadInput without an asset id, or when nothing says whose list it is."""
    table = require_table(document, ALIASES, (_ASSET,), title="a council asset list")
    hinted = hints.organisation_code or hints.organisation_name
    if not (table.has("organisation") or table.has("organisation uri") or hinted):
        raise BadInput(f"{document.name}: no column names the council; give the organisation's code")
    label, (start, end), doubts = dated_edition(document, hints)
    if table.has("evidence date"):
        doubts = []  # the rows carry their own dates
        label = stem(document) if start is None and not hints.label else label
    listing = _List(table, hints)
    doubts += [*_unit_doubts(table), *unused_note(table)]
    source = hints.source or "Transparency Code asset list"
    assets = read_rows(table, lambda cells: _read_asset(listing, cells))
    return Reading("transparency", source, label, start, end, chain(doubts, assets))


def _read_asset(listing: _List, cells: Cells) -> HoldingRecord:
    organisation, name = _organisation(listing, cells)
    cells.organisation = organisation
    code = cells.required(_ASSET, parse_ods_code)
    if (organisation, code) in listing.seen:
        raise RowError(cells.table.name(_ASSET), f"{code} was already listed", code, rule="row-repeated")
    listing.seen.add((organisation, code))
    position = _position(cells, london=organisation.startswith("E09"))
    return HoldingRecord(
        line=cells.line,
        organisation_code=organisation,
        organisation_name=name,
        sector="council",
        code=code,
        name=cells.text("name") or _address(cells) or code,
        values=tuple(_values(cells)),
        address=_address(cells),
        postcode=cells.optional("postcode", parse_postcode),
        uprn=cells.optional("uprn", parse_uprn),
        easting=position.easting if position else None,
        northing=position.northing if position else None,
        position_text=f"{cells.text('x')}, {cells.text('y')}" if position else None,
        evidence_date=_evidence_date(cells),
        citation=_citation(cells.text("source title"), cells.text("source url")),
    )


def _organisation(listing: _List, cells: Cells) -> tuple[str, str]:
    """The council's GSS code where we know it, else the code given, else one made from its name."""
    name = cells.text("organisation") or listing.hints.organisation_name or ""
    uri = cells.text("organisation uri") or ""
    slug = uri.rstrip("/").rsplit("/", 1)[-1]
    for text in (slug, name):
        known = LONDON_BOROUGHS.get(_plain_council(text)) or (text if re.fullmatch(r"E0[6-9][0-9]{6}", text) else None)
        if known:
            return known, name or slug
    code = listing.hints.organisation_code or _made_code(slug, name, uri.partition("://")[2])
    if not code:
        stated = name or uri
        reason = (
            f"{shorten(stated)!r} is too short to name a council" if stated else "the row does not name its council"
        )
        raise RowError(cells.table.name("organisation"), reason)
    return parse_ods_code(code), name or slug


def _made_code(*texts: str) -> str | None:
    """A code from the first of the texts that is long enough for one; a URI may end in a single letter."""
    codes = (re.sub(r"[^0-9A-Z]+", "-", text.upper()).strip("-")[:40] for text in texts)
    return next((code for code in codes if len(code) >= 2), None)


def _plain_council(name: str) -> str:
    """`London Borough of Camden`, `Camden Council` and `camden` are the same council."""
    words = re.findall(r"[a-z]+", name.casefold())
    return " ".join(word for word in words if word not in {"london", "borough", "of", "council", "lb", "the"})


def _address(cells: Cells) -> str | None:
    street = " ".join(part for part in (cells.text("number"), cells.text("street")) if part)
    whole = cells.text("address")
    return ", ".join(part for part in (whole, street, cells.text("town")) if part) or None


def _position(cells: Cells, *, london: bool) -> Position | None:
    x, y = (cells.optional(axis, _parse_coordinate) for axis in ("x", "y"))
    if x is None or y is None:
        return None
    try:
        position = parse_position(x, y, london=london)
    except BadInput as error:
        cells.doubt("position-not-taken", "x", f"{error.detail}; the position was not taken", f"{x:g}, {y:g}")
        return None
    if position.swapped:
        reason = "easting and northing (or longitude and latitude) are swapped; put right"
        cells.doubt("position-swapped", "x", reason, f"{x:g}, {y:g}")
    return position


def _parse_coordinate(text: str) -> float | None:
    number = parse_number(text)
    return None if isinstance(number, str) else number


def _evidence_date(cells: Cells) -> date | None:
    """The last day of the first date in the text: a source of 2016 speaks of 2016 at the latest."""
    text = cells.text("evidence date")
    if not text:
        return None
    found = find_first_day_range(text)
    if found is None:
        reason = "no date can be read from this; the row is undated"
        cells.doubt("date-unreadable", "evidence date", reason, text)
        return None
    return found[1]


def _citation(title: str | None, url: str | None) -> str | None:
    """`title <url>`; where the row cites several pages, each with its own title when the counts agree."""
    titles = [part.strip() for part in (title or "").split(" | ") if part.strip()]
    urls = [part.strip() for part in (url or "").split(" | ") if part.strip()]
    if len(titles) == len(urls):
        return " | ".join(f"{name} <{page}>" for name, page in zip(titles, urls, strict=True)) or None
    pages = " ".join(f"<{page}>" for page in urls)
    return " ".join(part for part in (" | ".join(titles), pages) if part)


def _values(cells: Cells) -> list[Value]:
    tenure = _tenure(cells.text("tenure"))
    values = [Value("tenure", cells.text("tenure") or "", text=tenure)] if tenure else []
    values += [
        Value(attribute, text, text=text) for column, attribute in _TEXTS.items() if (text := cells.text(column))
    ]
    values += _interest(cells, tenure)
    values += _size(cells, "building size", "gia_m2", lambda m2: m2)
    values += _size(cells, "land size", "land_ha", lambda m2: m2 / 10_000)
    return values


def _tenure(text: str | None) -> str | None:
    """Freehold and leasehold in one spelling; other words as they are."""
    word = (text or "").casefold()
    if word.startswith(("freehold", "fh")) or word == "f":
        return "freehold"
    if word.startswith(("leasehold", "lh")) or word == "l":
        return "leasehold"
    return text


def _interest(cells: Cells, tenure: str | None) -> list[Value]:
    """What the council holds here: only its tenure says so; a page naming it as owner does not say how it owns."""
    evidence = (cells.text("ownership evidence") or "").casefold()
    interest = {"freehold": "freeholder", "leasehold": "head lessee"}.get(tenure or "", "unknown")
    stated = evidence or ("stated" if interest != "unknown" else "")
    values = [Value("interest", tenure or "", text=interest)]
    return [*values, Value("interest_evidence", evidence, text=stated)] if stated else values


def _size(cells: Cells, column: str, attribute: str, convert: Callable[[float], float]) -> list[Value]:
    """An area in the attribute's unit, from the unit in the cell, else in the header, else the Code's own."""
    text = cells.text(column)
    if not text:
        return []
    digits, unit = _split_unit(text)
    header = cells.table.name(column)
    value, issue = read_value(attribute, digits, line=cells.line, field=header)
    if value is not None and value.number is not None:
        square_metres = SQUARE_METRES[unit or _unit_of(header) or _CODE_UNITS[column]]
        number = round(convert(float(value.number) * square_metres), 6)
        value, issue = read_value(attribute, repr(number), line=cells.line, field=header)
    if issue is not None:
        cells.issues.append(issue)
    return [Value(attribute, text, value.number, None, value.state)] if value is not None else []


# The Code's recommendation: gross internal area in square metres for buildings, hectares for land (part 3).
_CODE_UNITS = {"building size": "m2", "land size": "ha"}


def _unit_of(text: str) -> str | None:
    """The unit a header or cell names; None when it names none."""
    words = re.findall(r"[a-z]+2?", text.casefold().replace("²", "2").replace("square ", "sq").replace("sq ", "sq"))
    return next((UNIT_WORDS[word] for word in words if word in UNIT_WORDS), None)


def _split_unit(text: str) -> tuple[str, str | None]:
    found = re.fullmatch(r"([0-9.,]+)\s*([^0-9.,\s].*)", text)
    unit = _unit_of(found[2]) if found else None
    return (found[1], unit) if found and unit else (text, None)


def _unit_doubts(table: Table) -> list[Issue]:
    return [
        Issue("unit-assumed", table.line, table.name(column), f"the header has no unit: {unit}, the Code's own")
        for column, unit in _CODE_UNITS.items()
        if table.has(column) and _unit_of(table.name(column)) is None
    ]


READER = Reader("transparency", "council asset list (Transparency Code 2015)", recognises, read)
