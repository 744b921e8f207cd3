"""What the report of a shortlist says: the frozen document as headings, tables, charts and maps, all in words."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from estates_api.domain.choices import OR_PINNED
from estates_api.domain.shortlist import ORDER
from estates_api.exports.attribution import ATTRIBUTION
from estates_api.exports.method_table import rows_of_method
from estates_api.exports.report import maps
from estates_api.exports.report.charts import counts, ranges
from estates_api.exports.report.levels import equity_told, levels_told
from estates_api.exports.report.site_page import site_page
from estates_api.exports.report.words import (
    amount,
    cut_offs_told,
    dated,
    day,
    known_sum,
    left_out,
    moment,
    said,
    several,
    span,
)
from estates_api.exports.styles import LIST_COLOURS

MOST_LABELLED = 60
"""Marks on the map of all that bear their number; more would cover one another."""

Entry = Mapping[str, Any]

_PURPOSE = {
    "release": f"Owners may let these go: a strong case, no gate closed{OR_PINNED}.",
    "part release": f"Part may be let go, part is a good home for integrated services{OR_PINNED}.",
    "reuse": f"Good homes for integrated services{OR_PINNED}.",
    "annex": f"Sites of the area's own trusts that are not surely inside its boroughs{OR_PINNED}.",
}
_SUMMED = ("Land, ha", "Floor, m²", "Homes", "Empty space a year")
_COLUMNS = ("No.", "Site", "Borough", "Owner", "Score", "Rank", "Land, ha", "Floor, m²", "Homes")


def content(document: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the template."""
    entries = [{**entry, "number": number} for number, entry in enumerate(document["entries"], 1)]
    boroughs = maps.borough_shapes(beside["boroughs"])
    marks = [_mark(entry) for entry in entries]
    titles = {row["id"]: row["title"] for row in rows_of_method(beside["method"]) if row["share"] is not None}
    return {
        "title": f"Shortlist {document['quarter']}",
        "subtitle": "NHS and council sites for release and for reuse",
        "foot": f"Shortlist {document['quarter']}, {beside['status']} revision {beside['revision']}",
        "hash": beside["sha256"],
        "cover": _cover(document, beside),
        "colours": LIST_COLOURS,
        "figures": _figures(entries),
        "summary": _summary(entries, "Sector of the owner", _sector),
        "left_out": left_out(entries, {"land_ha": "land", "gia_m2": "floor area", "homes_low": "homes"}),
        "charts": [_by_sector(entries), _homes(entries)],
        "levels": levels_told(beside["levels"]),
        "equity": equity_told(beside["equity"]),
        "map": maps.overview(boroughs, marks),
        "labelled": len(marks) <= MOST_LABELLED,
        "without_boroughs": not boroughs,
        "lists": [_list(name, entries) for name in ORDER],
        "sites": [dated(site_page(entry, maps.close_up(boroughs, mark, marks), titles))
                  for entry, mark in zip(entries, marks, strict=True)],
        "unknown": _unknown(document),
        "released": dated(document["released"]),
        "decided": dated([[one["name"], said(one["borough"]), one["told"]] for one in document.get("decided", ())]),
        "withheld": [f"{one['borough'] or 'somewhere'}: {one['sites']}" for one in document.get("withheld", ())],
        "choices": [_choice(one) for one in document.get("choices", ())],
        "next": [[one["name"], one["list"], f"{one['score']:.1f}", one["why"]] for one in document.get("next", ())],
        "outside": [[one["name"], said(one["borough"]), one["responsible"]] for one in document.get("outside", ())],
        "method": list(rows_of_method(beside["method"])),
        "method_named": f"{document['method']['title']} ({document['method']['id']})",
        "method_sha256": document["method"]["sha256"],
        "sources": [dict(one) for one in document["editions"]],
        "attribution": ATTRIBUTION,
    }  # fmt: skip


def _mark(entry: Entry) -> dict[str, Any]:
    names = ("number", "list", "easting", "northing", "precision")
    return {**{name: entry[name] for name in names}, "outline": entry.get("outline")}


def _cover(document: Mapping[str, Any], beside: Mapping[str, Any]) -> list[list[str]]:
    area, cut = document.get("area"), document["cut_offs"]
    return [
        ["Quarter", document["quarter"]],
        ["Status", f"{beside['status']}, revision {beside['revision']}" + _caution(beside["status"])],
        *([["Published by", beside["published"]]] if beside.get("published") else []),
        *([["Area", area["name"]]] if area else []),
        ["As of", f"{day(document['as_of'])}: what the data say of days up to then"],
        ["Data known at", moment(document["known_at"])],
        ["Endorsed by", beside.get("endorsed") or "nobody: only a published list is endorsed"],
        ["Method", f"{document['method']['title']} ({document['method']['id']})"],
        ["Cut-offs", cut_offs_told(cut)],
        ["SHA-256", beside["sha256"]],
    ]  # fmt: skip


def _caution(status: str) -> str:
    return "" if status == "published" else ": not decided, and not for publication"


def _sector(entry: Entry) -> str:
    return entry["owner_sector"] or "not known"


def _figures(entries: Sequence[Entry]) -> list[list[str]]:
    counts = [[several(_number_on(name, entries), "site"), name] for name in ORDER]
    stale = sum(bool(entry["stale"]) for entry in entries)
    return [*counts, [several(stale, "site"), "on old evidence"]]


def _number_on(name: str, entries: Sequence[Entry]) -> int:
    return sum(entry["list"] == name for entry in entries)


def _summary(entries: Sequence[Entry], by: str, key: Callable[[Entry], str]) -> dict[str, Any]:
    """One row for each value, and one for all."""
    named = {name: list(part) for name, part in groupby(sorted(entries, key=key), key)}
    rows = [[name, *_sums(part)] for name, part in named.items()]
    return {"by": by, "rows": rows, "all": ["All", *_sums(entries)],
            "columns": [by, *map(str.capitalize, ORDER), *_SUMMED]}  # fmt: skip


def _sums(entries: Sequence[Entry]) -> list[str]:
    counts = [str(_number_on(name, entries)) for name in ORDER]
    land, floor, low, high, void = (known_sum(entries, name) for name in (
        "land_ha", "gia_m2", "homes_low", "homes_high", "void_cost_gbp_per_year"))  # fmt: skip
    return [*counts, amount(land, places=1), amount(floor), span(low, high), amount(void, "£")]


def _by_sector(entries: Sequence[Entry]) -> dict[str, Any]:
    named = groupby(sorted(entries, key=_sector), _sector)
    return counts("Sites by sector of the owner", (
        (name, Counter(entry["list"] for entry in part), "") for name, part in named))  # fmt: skip


def _homes(entries: Sequence[Entry]) -> dict[str, Any]:
    """The range of homes on sites that might be let go, a bar for each of which it is known."""
    listed = [entry for entry in entries if entry["list"] in {"release", "part release"}]
    known = [entry for entry in listed if entry["homes_low"] is not None]
    bars = [
        {"label": f"{entry['number']} {entry['name']}", "list": entry["list"],
         "low": entry["homes_low"], "mid": entry["homes_mid"], "high": entry["homes_high"]}
        for entry in known
    ]  # fmt: skip
    none = f"They are not known of any of {several(len(listed), 'site')} on these lists."
    if known or not listed:
        none = "All that is known is 0." if known else "No site is on these lists."
    return ranges("Homes on sites listed for release or part release", bars, none=none)


def _list(name: str, entries: Sequence[Entry]) -> dict[str, Any]:
    return {"name": name, "purpose": _PURPOSE[name], "columns": _COLUMNS,
            "rows": [_row(entry) for entry in entries if entry["list"] == name]}  # fmt: skip


def _row(entry: Entry) -> list[str]:
    return [
        str(entry["number"]), entry["name"] + _marks(entry), said(entry["borough"]),
        said(entry["owner"]), f"{entry['score']:.1f} ({entry['score_low']:.0f} to {entry['score_high']:.0f})",
        "" if entry["rank"] is None else f"{entry['rank']} ({entry['rank_low']} to {entry['rank_high']})",
        amount(entry["land_ha"], places=2), amount(entry["gia_m2"]), span(entry["homes_low"], entry["homes_high"]),
    ]  # fmt: skip


def _marks(entry: Entry) -> str:
    marks = [word for word, name in (("pinned", "pinned"), ("old evidence", "stale")) if entry.get(name)]
    return f" ({', '.join(marks)})" if marks else ""


def _unknown(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sites with not enough data, by who could tell."""
    rows = sorted(document["not_enough_data"], key=lambda one: (one["responsible"], one["name"]))
    return [
        {"who": who or "nobody named", "sites": [
            [one["name"], one["site"], f"{one['release_coverage']:.0%}", f"{one['reuse_coverage']:.0%}"] for one in part
        ]}
        for who, part in groupby(rows, lambda one: one["responsible"])
    ]  # fmt: skip


def _choice(one: Mapping[str, Any]) -> list[str]:
    """What a person chose: pinned or struck, who, why, and whether it could be followed."""
    kind = {"pin": f"pinned to {one['list']}", "strike": "struck off"}.get(one["kind"], one["kind"])
    why = one["reason"] + ("" if one["followed"] else f" (not followed: {one['why_not']})")
    return [one["name"], kind, one["by"], why]
