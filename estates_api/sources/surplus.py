"""NHS surplus land: plots that trusts return as surplus, sold or kept, one plot a row.

The headers of the collection are not public, so columns are known by what they may be called. A plot is a holding
of its trust under its own code; the site it is part of is a claim (`site_code`), and its area is `surplus_ha`, never
land of its own: the site's return has that land already.

A plot is shown to nobody but its owner when the return says that it is sensitive, and also when the flag is blank,
in an unknown word, or in no column at all. A plot declared surplus or sold on a stated day or in a stated year is an
event, if whoever hands the file in says which page it is from: an event needs one to cite.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain

from estates_api.domain.codes import parse_ods_code, parse_postcode
from estates_api.domain.records import EventRecord, HoldingRecord, Issue, Reading, Record, Value
from estates_api.domain.values import financial_year, find_financial_year, parse_day_range
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells, RowError
from estates_api.sources.claims import read_value
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition
from estates_api.sources.positions import read_position
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.sizes import read_size
from estates_api.sources.table import Aliases, Table, column_notes, find_table, require_table

_TEXTS = {
    "disposal_status": ("Status", "Plot status", "Status of plot", "Surplus status", "Disposal status", "Land status"),
    "proposed_use": ("Proposed use", "Proposed future use", "Future use", "Planned use", "Proposed land use"),
    "disposal_year": (
        "Disposal year", "Expected disposal year", "Year of disposal", "Expected year of disposal",
        "Financial year of disposal", "Anticipated disposal year", "Year of sale",
    ),
    "tenure": ("Tenure",),
    "status_note": ("Comments", "Notes"),
}  # fmt: skip
_NUMBERS = {
    "market_value_gbp": (
        "Market value", "Declared market value", "Market value (£)", "Estimated market value", "Current market value",
    ),
    "sale_value_gbp": ("Sale value", "Sale price", "Sale receipt", "Sale proceeds", "Value of sale", "Receipt"),
    "plot_homes": (
        "Homes", "Number of homes", "Housing units", "Number of housing units", "Homes planned", "Potential homes",
        "Number of dwellings", "Total homes",
    ),
    "plot_staff_homes": (
        "Staff homes", "Homes for staff", "NHS staff homes", "Homes for NHS staff", "Staff housing units",
        "Number of staff homes",
    ),
}  # fmt: skip
_PLACES = {
    "trust": ("Trust code", "Organisation code", "Provider code", "ODS code"),
    "trust name": ("Trust name", "Organisation name", "Provider name", "Trust"),
    "site code": ("Site code", "ERIC site code", "ODS site code"),
    "site name": ("Site name", "Site", "Name of site"),
    "plot": (
        "Plot reference", "Plot ref", "Plot ID", "Plot code", "Plot number", "Plot no", "Plot", "Land plot reference",
        "Unique plot reference", "Unique plot ID",
    ),
    "plot name": ("Plot name", "Plot description", "Name of plot", "Description of plot"),
    "address": ("Address", "Site address", "Plot address"),
    "postcode": ("Postcode", "Post code", "Site postcode"),
    "x": ("Easting", "Eastings", "Longitude", "X"),
    "y": ("Northing", "Northings", "Latitude", "Y"),
    "area": (
        "Area (ha)", "Plot area (ha)", "Area (hectares)", "Plot area (hectares)", "Land area (hectares)", "Area",
        "Plot area", "Size (ha)", "Size of plot (hectares)", "Hectares", "Land area (ha)", "Area of plot (hectares)",
    ),
    "sensitive": (
        "Sensitive", "Sensitivity", "Sensitivity flag", "Sensitive flag", "Is the plot sensitive", "Sensitive plot",
        "Commercially sensitive", "Sensitive (Y/N)", "Sensitive (Yes/No)",
    ),
    "declared": ("Date declared surplus", "Declared surplus", "Declared surplus date", "Surplus date"),
    "sold": ("Date sold", "Sale date", "Date of sale", "Disposal date", "Sold date"),
}  # fmt: skip
_ALIASES = Aliases({**_PLACES, **_TEXTS, **_NUMBERS})
_REQUIRED = ("trust", "plot", "area")

_OPEN = frozenset({"no", "n", "false", "0", "not sensitive", "non-sensitive", "non sensitive", "none"})
_STATUSES = {
    "surplus": "surplus",
    "declared surplus": "surplus",
    "potentially surplus": "potentially surplus",
    "potential surplus": "potentially surplus",
    "sold": "sold",
    "disposed": "sold",
    "retained and developed for housing": "retained and developed for housing",
    "no longer surplus": "no longer surplus",
}
_KINDS = {"declared": "declared surplus", "sold": "sold"}


def recognises(document: Document) -> bool:
    """Trust, plot and area, beside a status, a value or a sensitivity."""
    table = find_table(document, _ALIASES, _REQUIRED)
    if table is None or not all(table.has(name) for name in _REQUIRED):
        return False
    return any(table.has(name) for name in ("disposal_status", "market_value_gbp", "sale_value_gbp", "sensitive"))


def read(document: Document, hints: Hints) -> Reading:
    """One holding for each plot, and its events."""
    table = require_table(document, _ALIASES, _REQUIRED, title="a return of surplus land")
    label, (start, end), doubts = dated_edition(document, hints)
    year = find_financial_year(document.name) if start is None and not hints.period else None
    if year:
        (start, end), doubts, label = financial_year(year), [], hints.label or year
    if not table.has("sensitive"):
        reason = "no column says which plots are sensitive: all are kept from everybody but their owners"
        doubts.append(Issue("sensitivity-assumed", table.line, None, reason))
    doubts += [*column_notes(table)]
    source = hints.source or "NHS surplus land"
    plots = _read_all(_Plots(table, hints, f"{source} {label}"))
    return Reading("surplus", source, label, start, end, chain(doubts, plots))


@dataclass(slots=True)
class _Plots:
    """The return while it is read: plots met, and dates that no event was made of."""

    table: Table
    hints: Hints
    title: str
    seen: set[tuple[str, str]] = field(default_factory=set)
    uncited: list[int] = field(default_factory=list)


def _read_all(plots: _Plots) -> Iterator[Record]:
    for record in plots.table.records():
        cells = Cells(plots.table, record)
        try:
            plot = _read_plot(plots, cells)
            yield plot
            yield from _events(plots, cells, plot)
        except RowError as refused:
            cells.issues = [_refusal(cells, refused)]
        yield from cells.issues
    if lines := plots.uncited:
        reason = (
            f"dates that could be events: {len(lines)} rows, the first on line {lines[0]}; give the page they are from"
        )
        yield Issue("event-uncited", lines[0], None, reason)


def _refusal(cells: Cells, refused: RowError) -> Issue:
    """Why a row was not taken: of one that may be sensitive it is for its owner alone, as the plot would be."""
    return replace(cells.refusal(refused), sensitivity=None if _is_open(cells) else "owner")


def _read_plot(plots: _Plots, cells: Cells) -> HoldingRecord:
    trust = cells.required("trust", parse_ods_code)
    cells.organisation = trust
    site = cells.optional("site code", parse_ods_code)
    code = cells.required("plot", lambda text: _parse_plot(text, site))
    if (trust, code) in plots.seen:
        raise RowError(cells.table.name("plot"), f"{code} was already listed", code, rule="row-repeated")
    plots.seen.add((trust, code))
    position = read_position(cells, "x", "y", london=False)
    place, plot = cells.text("site name"), cells.text("plot name")
    return HoldingRecord(
        line=cells.line, organisation_code=trust, organisation_name=cells.text("trust name") or "", sector="NHS",
        code=code, name=", ".join(part for part in (place, plot) if part) or code,
        values=tuple(_values(cells, site)), address=cells.text("address"),
        postcode=cells.optional("postcode", parse_postcode),
        easting=position.easting if position else None, northing=position.northing if position else None,
        position_text=f"{cells.text('x')}, {cells.text('y')}" if position else None,
        sensitivity=None if _is_open(cells) else "owner",
    )  # fmt: skip


def _parse_plot(text: str, site: str | None) -> str:
    """`RAL01-1`: the plot under its site's code, so that no plot has the code of a site; `PLOT-1` without one."""
    plot = re.sub(r"[^0-9A-Z_.-]+", "-", text.upper()).strip("-")
    inside = site is not None and plot.startswith(site) and plot != site
    return parse_ods_code(plot if inside else f"{site}-{plot}" if site else f"PLOT-{plot}")


def _is_open(cells: Cells) -> bool:
    """The return says that this plot is not sensitive; anything but a plain no keeps it private."""
    text = cells.record.get("sensitive").casefold()
    if text in _OPEN:
        return True
    if cells.table.has("sensitive") and text not in {"yes", "y", "true", "1", "sensitive"}:
        what = "blank" if not text else "in a word that is not known here"
        reason = f"the flag is {what}: the plot is kept from everybody but its owner"
        cells.doubt("sensitivity-assumed", "sensitive", reason, text)
    return False


def _values(cells: Cells, site: str | None) -> Iterator[Value]:
    if site:
        yield Value("site_code", cells.record.get("site code"), text=site)
    yield from read_size(cells, "area", "surplus_ha", usual="ha")
    for attribute in (*_TEXTS, *_NUMBERS):
        text = cells.text(attribute)
        if not text:
            continue
        value, issue = read_value(attribute, text, line=cells.line, field=cells.table.name(attribute))
        cells.issues.extend([issue] if issue else [])
        if value:
            yield _with_status(cells, value) if attribute == "disposal_status" else value


def _with_status(cells: Cells, value: Value) -> Value:
    word = (value.text or "").casefold().replace("&", "and").strip()
    known = _STATUSES.get(word)
    if known is None and value.text:
        words = ", ".join(dict.fromkeys(_STATUSES.values()))
        cells.doubt("value-not-taken", "disposal_status", f"none of {words}; kept as it stands", value.text)
    return Value(value.attribute, value.raw, text=known or value.text, state=value.state)


def _events(plots: _Plots, cells: Cells, plot: HoldingRecord) -> Iterator[EventRecord]:
    """What happened on a stated day. A sensitive plot has none: an event is as public as its file."""
    for column, kind in _KINDS.items():
        found = column if kind != "sold" or cells.text("sold") or not _is_sold(plot) else "disposal_year"
        days = _days(cells, found)
        if days is None or plot.sensitivity:
            continue
        if not (plots.hints.url or "").startswith(("http://", "https://")):
            plots.uncited.append(cells.line)
            continue
        yield EventRecord(
            line=cells.line, kind="part sold" if kind == "sold" else kind, site_name=plot.name,
            holding_code=plot.code, organisation_code=plot.organisation_code,
            organisation_name=plot.organisation_name, date_text=cells.record.get(found), earliest=days[0],
            latest=days[1], scope="part", citation_title=plots.title, citation_url=plots.hints.url or "",
            area_ha=next((v.number for v in plot.values if v.attribute == "surplus_ha" and v.number), None),
        )  # fmt: skip


def _is_sold(plot: HoldingRecord) -> bool:
    return any(value.attribute == "disposal_status" and value.text == "sold" for value in plot.values)


def _days(cells: Cells, column: str) -> tuple[date, date] | None:
    text = cells.text(column)
    if not text:
        return None
    if year := find_financial_year(text):
        return financial_year(year)
    try:
        first, last = parse_day_range(text)
    except BadInput as error:
        cells.doubt("date-unreadable", column, f"{error.detail}; no event", text)
        return None
    return (first, last) if first and last else None


READER = Reader("surplus", "NHS surplus land (plots)", recognises, read)
