"""Council land and building assets under the Local Government Transparency Code 2015.

No two councils publish the same columns, so every field has many names, and an area profile adds those of its own
councils; area, position and UPRN may all be missing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import chain

from estates_api.domain.codes import parse_local_code, parse_postcode, parse_uprn
from estates_api.domain.records import HoldingRecord, Issue, Reading, Value
from estates_api.domain.values import find_first_day_range, parse_day_text
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError, read_rows
from estates_api.sources.councils import find_council
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition, stem
from estates_api.sources.positions import Position, read_position
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.sizes import read_size, unit_of
from estates_api.sources.table import (
    Aliases,
    Table,
    column_notes,
    find_table,
    normalise_header,
    require_table,
)
from estates_api.sources.transparency_columns import ALIASES, OTHER_LISTS, with_profile

_ASSET = "asset id"
_TEXTS = ("current_use", "holding_purpose", "status_note")
_LEASES = ("lease end", "lease break")
_YES = frozenset({"y", "yes", "true", "1", "x"})
_NO = frozenset({"n", "no", "false", "0"})

# A list that ticks the Code's characteristics in columns of their own: what a tick in each says.
_TICKED = {"vacant": "vacant", "occupied": "occupied by the local authority", "let": "let"}

# The Code's recommendation: gross internal area in square metres for buildings, hectares for land (part 3).
_SIZES = {"building size": ("gia_m2", "m2"), "land size": ("land_ha", "ha")}


def recognises(document: Document) -> bool:
    """An asset's id, and enough of the fields that only such lists have together."""
    return _fits(find_table(document, ALIASES, (_ASSET,)))


def recognises_by_profile(document: Document, hints: Hints) -> bool:
    """The same, under the names that the area profile gives for a council."""
    return any(_fits(find_table(document, with_profile(code, names), (_ASSET,))) for code, names in _profiles(hints))


def _fits(table: Table | None) -> bool:
    if table is None or not table.has(_ASSET) or OTHER_LISTS & {normalise_header(name) for name in table.names}:
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
    return plain or (len(table.places) >= 5 and found >= 2)


def _profiles(hints: Hints) -> list[tuple[str, dict[str, tuple[str, ...]]]]:
    """The councils whose own names may be used: the one given, else every one of the area."""
    own = hints.aliases.get(hints.organisation_code or "")
    found = {hints.organisation_code or "": own} if own else hints.aliases
    return [(code, dict(names)) for code, names in found.items()]


def _aliases(document: Document, hints: Hints) -> Aliases:
    """The general names, with those of the council that find most columns of this file."""
    candidates = [ALIASES, *(with_profile(code, names) for code, names in _profiles(hints))]
    return max(candidates, key=lambda aliases: _found(document, aliases))


def _found(document: Document, aliases: Aliases) -> int:
    table = find_table(document, aliases, (_ASSET,))
    return len(table.places) if table else 0


@dataclass(slots=True)
class _List:
    """One list while it is read: who is said to publish it, and the ids met so far."""

    table: Table
    hints: Hints
    seen: set[tuple[str, str]] = field(default_factory=set)
    councils: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    ticked: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    leases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Which of the columns that few lists have this one has."""
        self.ticked = tuple(name for name in _TICKED if self.table.has(name))
        self.texts = tuple(name for name in _TEXTS if self.table.has(name))
        self.leases = tuple(name for name in _LEASES if self.table.has(name))


def read(document: Document, hints: Hints) -> Reading:
    """One holding per asset. BadInput without an asset id, or when nothing says whose list it is."""
    table = require_table(document, _aliases(document, hints), (_ASSET,), title="a council asset list")
    hinted = hints.organisation_code or hints.organisation_name
    if not (table.has("organisation") or table.has("organisation uri") or hinted):
        raise BadInput(f"{document.name}: no column names the council; give the organisation's code")
    label, (start, end), doubts = dated_edition(document, hints)
    if table.has("evidence date"):
        doubts = []  # the rows carry their own dates
        label = stem(document) if start is None and not hints.label else label
    listing = _List(table, hints)
    doubts += [*_unit_doubts(table), *column_notes(table)]
    source = hints.source or "Transparency Code asset list"
    assets = read_rows(table, lambda cells: _read_asset(listing, cells))
    return Reading("transparency", source, label, start, end, chain(doubts, assets))


def _read_asset(listing: _List, cells: Cells) -> HoldingRecord:
    organisation, name = _organisation(listing, cells)
    cells.organisation = organisation
    code = cells.required(_ASSET, parse_local_code)
    if (organisation, code) in listing.seen:
        raise RowError(cells.table.name(_ASSET), f"{code} was already listed", code, rule="row-repeated")
    listing.seen.add((organisation, code))
    position, published = _position(cells, london=organisation.startswith("E09"))
    address = _address(cells)
    return HoldingRecord(
        line=cells.line,
        organisation_code=organisation,
        organisation_name=name,
        sector="council",
        code=code,
        name=cells.text("name") or address or code,
        values=tuple(_values(listing, cells)),
        address=address,
        postcode=cells.optional("postcode", parse_postcode),
        uprn=_uprn(cells),
        easting=position.easting if position else None,
        northing=position.northing if position else None,
        position_text=published if position else None,
        evidence_date=_evidence_date(cells),
        citation=_citation(cells.record.get("source title"), cells.record.get("source url")),
    )


def _organisation(listing: _List, cells: Cells) -> tuple[str, str]:
    stated = cells.record.get("organisation"), cells.record.get("organisation uri")
    if stated not in listing.councils:
        try:
            listing.councils[stated] = find_council(listing.hints, name=stated[0], uri=stated[1])
        except BadInput as error:
            raise RowError(cells.table.name("organisation"), error.detail) from None
    return listing.councils[stated]


def _address(cells: Cells) -> str | None:
    get = cells.record.get
    number, street = get("number"), get("street")
    door = f"{number} {street}" if number and street else number or street
    return ", ".join(part for part in (get("address"), door, get("town")) if part) or None


def _position(cells: Cells, *, london: bool) -> tuple[Position | None, str]:
    """The position, and how the list prints it."""
    x, y = cells.record.get("x"), cells.record.get("y")
    if x or y or not cells.table.has("point"):
        return read_position(cells, "x", "y", london=london), f"{x}, {y}"
    return read_position(cells, "point", None, london=london), cells.record.get("point")


def _uprn(cells: Cells) -> str | None:
    """The UPRN; one that a spreadsheet turned into a rounded number says nothing."""
    text = cells.text("uprn")
    if text and not text.isdecimal() and re.search(r"[0-9]e\+?[0-9]", text.casefold()):
        reason = "a spreadsheet rounded this UPRN: format the column as text and export it again; not taken"
        cells.doubt("uprn-damaged", "uprn", reason, text)
        return None
    return cells.optional("uprn", lambda stated: parse_uprn(stated.removesuffix(".0")))


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


def _citation(title: str, url: str) -> str | None:
    """`title <url>`; where the row cites several pages, each with its own title when the counts agree."""
    if not (title or url):
        return None
    titles = [part.strip() for part in title.split(" | ") if part.strip()]
    urls = [part.strip() for part in url.split(" | ") if part.strip()]
    if len(titles) == len(urls):
        return " | ".join(f"{name} <{page}>" for name, page in zip(titles, urls, strict=True)) or None
    pages = " ".join(f"<{page}>" for page in urls)
    return " ".join(part for part in (" | ".join(titles), pages) if part)


def _values(listing: _List, cells: Cells) -> Iterator[Value]:
    get = cells.record.get
    ticked = tuple([_TICKED[name] for name in listing.ticked if get(name).casefold() in _YES])
    yield from _tenure_values(get("tenure"), get("tenure_category"), ticked, get("ownership evidence"))
    for column in listing.leases:
        if day := cells.optional(column, parse_day_text):
            yield Value(column.replace(" ", "_"), day, text=day)
    if land := get("land_or_building"):
        yield _land_or_building(land, cells.table.name("land_or_building"))
    for name in listing.texts:
        if text := get(name):
            yield Value(name, text, text=text)
    for column, (attribute, usual) in _SIZES.items():
        yield from read_size(cells, column, attribute, usual=usual)


@lru_cache(maxsize=4096)  # a list has few words for how it holds its assets
def _tenure_values(published: str, stated: str, ticked: tuple[str, ...], evidence: str) -> tuple[Value, ...]:
    """Tenure; the Code's characteristics, as stated and as ticked in columns of their own; and the interest."""
    tenure = _tenure(published)
    values = [Value("tenure", published, text=tenure)] if tenure else []
    if stated or ticked:
        text = "; ".join([*([stated] if stated else []), *ticked])
        values.append(Value("tenure_category", stated or text, text=text))
    return (*values, *_interest(tenure, evidence.casefold()))


def _tenure(text: str) -> str | None:
    """Freehold and leasehold in one spelling; other words as they are."""
    word = text.casefold()
    if word.startswith(("freehold", "fh")) or word == "f":
        return "freehold"
    if word.startswith(("leasehold", "lh")) or word == "l":
        return "leasehold"
    return text or None


def _interest(tenure: str | None, evidence: str) -> Iterator[Value]:
    """What the council holds here: only its tenure says so; a page naming it as owner does not say how it owns."""
    interest = {"freehold": "freeholder", "leasehold": "head lessee"}.get(tenure or "", "unknown")
    stated = evidence or ("stated" if interest != "unknown" else "")
    yield Value("interest", tenure or "", text=interest)
    if stated:
        yield Value("interest_evidence", evidence, text=stated)


@lru_cache(maxsize=1024)
def _land_or_building(text: str, header: str) -> Value:
    """Land only, or land with permanent building, in one spelling; other words as they are."""
    word = text.casefold()
    if "land only" in header.casefold() and word in _YES | _NO:
        word = "land only" if word in _YES else "building"
    said = text
    if word == "land" or word.startswith(("land only", "land without", "land (no", "land (without")):
        said = "land only"
    elif word.startswith(("building", "land with", "land and building", "land & building", "both")):
        said = "land with permanent building"
    return Value("land_or_building", text, text=said)


def _unit_doubts(table: Table) -> list[Issue]:
    return [
        Issue("unit-assumed", table.line, table.name(column), f"the header has no unit: {usual}, the Code's own")
        for column, (_, usual) in _SIZES.items()
        if table.has(column) and unit_of(table.name(column)) is None
    ]


READER = Reader("transparency", "council asset list (Transparency Code 2015)", recognises, read)
