"""A shortlist as a workbook. All lists stand on one sheet with a filter: an owner's or a borough's sites are then one
click away, whichever list they are on, and nothing has to be put together again."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from estates_api.domain.choices import OR_PINNED
from estates_api.domain.collections import Property
from estates_api.domain.moments import write_day, write_moment
from estates_api.exports.attribution import ATTRIBUTION
from estates_api.exports.columns import ENTRIES, made_at, rows_of
from estates_api.exports.method_table import COLUMNS as METHOD
from estates_api.exports.method_table import rows_of_method
from estates_api.exports.report.words import cut_offs_told
from estates_api.exports.sheets import Book, add_notes, add_table, open_book

_FIRST = ("site", "name")
_SITES = tuple(sorted(ENTRIES.properties, key=lambda one: one.name not in _FIRST))
"""What says which site a row is of stays in sight."""

_CONTRIBUTIONS = (
    Property("site", "string", "Reference of the site"),
    Property("criterion", "string", "Criterion of the method, after the name of its score"),
    Property("state", "string", "Known, not known, or not applicable"),
    Property("measure", "number", "Measure", 2),
    Property("unit", "string", "Unit of the measure"),
    Property("weight", "number", "Share of the score", 4),
    Property("points", "number", "Points", 4),
    Property("note", "string", "Note"),
    Property("sources", "string", "Editions and rows"),
)
_MISSING = (
    Property("responsible", "string", "Who could tell"),
    Property("site", "string", "Reference of the site"),
    Property("name", "string", "Name"),
    Property("borough_gss", "string", "Borough (GSS code)"),
    Property("release_coverage", "number", "Share of the release score's weight that is known", 3),
    Property("reuse_coverage", "number", "Share of the reuse score's weight that is known", 3),
    Property("not_known", "string", "Measures that nobody states"),
)
_APART = tuple(Property(name, "string", title) for name, title in (
    ("what", "Pinned, struck off, decided by its owner, next in order, outside the area, or not public"),
    ("site", "Reference of the site"),
    ("name", "Name"), ("list", "List"), ("borough", "Borough"), ("by", "Who"), ("why", "Why"),
))  # fmt: skip
_RELEASED = tuple(Property(name, "string", title) for name, title in (
    ("site", "Reference of the site"), ("name", "Name"), ("event", "What happened"), ("citation", "Source"),
))  # fmt: skip
_SOURCES = tuple(Property(name, "string", title) for name, title in (
    ("edition", "Edition"), ("sha256", "SHA-256 of the file"),
))  # fmt: skip


def write(document: Mapping[str, Any], beside: Mapping[str, Any], path: Path) -> None:
    """The sheets in the order in which they are read."""
    with open_book(path, title=f"Shortlist {document['quarter']}", made_at=made_at(document)) as book:
        add_notes(book, "readme", _readme(document, beside))
        add_table(book, "sites", _SITES, map(_dated, rows_of(document)), kept=len(_FIRST))
        add_table(book, "contributions", _CONTRIBUTIONS, _contributions(document))
        add_table(book, "not enough data", _MISSING, _missing(document))
        add_table(book, "apart", _APART, _apart(document))
        add_table(book, "released", _RELEASED, document["released"])
        add_table(book, "method", METHOD, rows_of_method(beside["method"]))
        add_table(book, "sources", _SOURCES, document["editions"])
        _add_columns(book)


def _readme(document: Mapping[str, Any], beside: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "What this is", (f"A shortlist of NHS and council sites as it was frozen: drawn up by rule{OR_PINNED}; every "
                           "site with its reasons.")  # fmt: skip
    yield "Quarter", document["quarter"]
    yield "As of", f"{write_day(date.fromisoformat(document['as_of']))}: what the data say of days up to then"
    if document["known_at"]:
        yield "Known at", write_moment(datetime.fromisoformat(document["known_at"]))
    yield "Status", f"{beside['status']}, revision {beside['revision']}"
    if beside.get("published"):
        yield "Published by", beside["published"]
        yield "Endorsed by", beside["endorsed"]
    yield "SHA-256", f"{beside['sha256']} of the frozen bytes (JSON), of which this is a copy"
    yield "Method", f"{document['method']['id']}, SHA-256 {document['method']['sha256']}"
    yield "Cut-offs", cut_offs_told(document["cut_offs"])
    yield "Sheets", ("sites: every entry, filter `list` for release, part release, reuse or annex. contributions: what "
                     "each measure adds; the points of a score add up to it. not enough data: by who could tell. "
                     "apart: pinned, struck, decided, next in order, outside, not public. "
                     "released: no longer public land. method, sources, columns: what all this rests on.")  # fmt: skip
    yield "Reading it", ("An empty cell is not known, and not nothing. A score of part known is what similar sites "
                         "report for the rest; score_low and score_high are what it could be. Scores of different "
                         "lists answer different questions and are not compared.")  # fmt: skip
    yield "Outlines", "The GeoPackage and the GeoParquet of this list have the outlines that are known."
    yield "Licence", ATTRIBUTION


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    """Days as days, which a spreadsheet sorts and filters by month."""
    days = {one.name for one in ENTRIES.properties if one.kind == "date"}
    return {name: date.fromisoformat(value[:10]) if name in days and value else value for name, value in row.items()}


def _contributions(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return ({**part, "site": entry["site"]} for entry in document["entries"] for part in entry["contributions"])


def _missing(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [{**one, "not_known": ", ".join(one["not_known"])} for one in document["not_enough_data"]]
    return sorted(rows, key=lambda row: (row["responsible"], row["site"]))


def _apart(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What stands apart from the lists: what persons chose, what comes next, what lies elsewhere, what is withheld, and
    of what its owner has decided."""
    blank = dict.fromkeys(one.name for one in _APART)
    for one in document.get("choices", ()):
        why = one["reason"] + ("" if one["followed"] else f" (not followed: {one['why_not']})")
        yield {**blank, "what": one["kind"], "site": one["site"], "name": one["name"], "list": one["list"],
               "by": one["by"], "why": why}  # fmt: skip
    for one in document.get("decided", ()):
        yield {**blank, "what": "decided", "site": one["site"], "name": one["name"], "borough": one["borough"],
               "why": one["told"]}  # fmt: skip
    for what in ("next", "outside"):
        for one in document.get(what, ()):
            yield {
                **blank,
                "what": what,
                **{name: one.get(name) for name in ("site", "name", "list", "borough", "why")},
            }
    for one in document.get("withheld", ()):
        yield {**blank, "what": "not public", "borough": one["borough"], "why": f"sites: {one['sites']}"}


def _add_columns(book: Book) -> None:
    said = tuple(Property(name, "string", name) for name in ("column", "means", "unit", "one of"))
    rows = [{"column": one.name, "means": one.title, "unit": one.unit, "one of": ", ".join(one.values)}
            for one in ENTRIES.properties]  # fmt: skip
    add_table(book, "columns", said, rows)
