"""What a shortlist adds up to by borough, sub-region and London, and beside whom it lies: tables and charts."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from estates_api.domain.entry import LISTS
from estates_api.domain.levels import ROUTES
from estates_api.exports.report.charts import amounts, counts, ranges
from estates_api.exports.report.words import NOT_KNOWN, amount, several, span

Row = Mapping[str, Any]

_BY_LIST = {LISTS[route]: column for column, route in ROUTES.items() if route in LISTS}
"""List -> the column of a level that counts its sites."""

_SITES = ("", "Release", "Part release", "Reuse", "Not enough data", "Evidence")
_SUMS = ("", "Land, ha", "For release, ha", "Floor, m²", "Homes", "Backlog avoided", "Empty space a year")
_DECILES = ("Decile", "Neighbourhoods", "Release", "Part release", "Reuse", "For release, ha", "Homes")
_NO_RELEASE = "No site is listed for release or part release."
_FOR_RELEASE = "of sites for release or part release, by borough"


def levels_told(found: Mapping[str, Any]) -> dict[str, Any]:
    """The levels of a list (domain/levels.py) as two tables, charts of its boroughs, and what they cover."""
    rows = [row for row in found["levels"] if row["sites"] or row["level"] != "elsewhere"]
    boroughs = [row for row in rows if row["level"] == "borough"]
    return {
        "covers": found["covers"],
        "sites": {"columns": _SITES, "rows": [_sites(row) for row in rows]},
        "sums": {"columns": _SUMS, "rows": [_sums(row) for row in rows]},
        "charts": [
            counts("Listed sites by borough", [(row["name"], _by_list(row), "") for row in boroughs]),
            _amounts(f"Land {_FOR_RELEASE}", boroughs, "release_land_ha", "release_land_known_of"),
            _homes(f"Homes {_FOR_RELEASE}", [(row["name"], row) for row in boroughs]),
            _amounts(f"Backlog {_FOR_RELEASE}", boroughs, "backlog_avoided_gbp", "backlog_known_of"),
            _amounts("Cost of empty space a year, of listed sites by borough", boroughs, "void_cost_gbp_per_year",
                     "void_cost_known_of"),
        ],
        "notes": found["notes"],
    }  # fmt: skip


def equity_told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Release and reuse by decile of deprivation: a chart, a table of all boroughs, and one of each."""
    rows = [row for row in found["rows"] if row["gss"] is None]
    boroughs = {name: list(part) for name, part in groupby(found["rows"], lambda row: row["borough"])}
    return {
        "decile": found["decile"],
        "charts": [
            counts("Listed sites by decile of deprivation, all boroughs", [
                (_decile(row), _by_list(row), _neighbourhoods(row)) for row in rows]),
            _homes("Homes of sites for release or part release, by decile of deprivation",
                   [(_decile(row), row) for row in rows]),
        ],
        "table": {"columns": _DECILES, "rows": [_of_decile(row) for row in rows]},
        "boroughs": {"columns": ("Decile", *(name.capitalize() if name == "all" else name for name in boroughs)),
                     "rows": [_across(part) for part in zip(*boroughs.values(), strict=True)]},
        "notes": found["notes"],
    }  # fmt: skip


def _by_list(row: Row) -> dict[str, int]:
    return {name: row[column] for name, column in _BY_LIST.items()}


def _sites(row: Row) -> list[str]:
    known = row["evidence_share"]
    return [row["name"], *(str(row[column]) for column in _BY_LIST.values()), str(row["not_enough_data"]),
            "–" if known is None else f"{known:.0%}"]  # fmt: skip


def _sums(row: Row) -> list[str]:
    listed, release = _listed(row), _for_release(row)
    return [
        row["name"],
        _known_of(amount(row["land_ha"], places=1), row["land_known_of"], listed),
        _known_of(amount(row["release_land_ha"], places=1), row["release_land_known_of"], release),
        _known_of(amount(row["gia_m2"]), row["gia_known_of"], listed),
        _known_of(span(row["homes_low"], row["homes_high"]), row["homes_known_of"], release),
        _known_of(amount(row["backlog_avoided_gbp"], "£"), row["backlog_known_of"], release),
        _known_of(amount(row["void_cost_gbp_per_year"], "£"), row["void_cost_known_of"], listed),
    ]  # fmt: skip


def _listed(row: Row) -> int:
    return sum(_by_list(row).values())


def _for_release(row: Row) -> int:
    return int(row["release"] + row["part_release"])


def _known_of(told: str, known: int, sites: int) -> str:
    """A sum, and of how many of its sites it is where not of all; a dash where there are none."""
    if not sites:
        return "–"
    return f"{told} ({known} of {sites})" if 0 < known < sites else told


def _amounts(title: str, rows: Sequence[Row], name: str, known_of: str) -> dict[str, Any]:
    """A bar for each row that has sites of the kind that the amount is of."""
    release = name != "void_cost_gbp_per_year"
    counted = _for_release if release else _listed
    there = [row for row in rows if counted(row)]
    bars = [
        {"label": row["name"], "value": row[name], "list": "release" if release else "reuse",
         "told": _known_of(_told(row, name), row[known_of], counted(row))}
        for row in there
    ]  # fmt: skip
    none = _none(sum(map(counted, there)), release=release, nought=any(row[known_of] for row in there))
    return amounts(title, bars, none=none)


def _told(row: Row, name: str) -> str:
    return amount(row[name], "ha", 1) if name.endswith("_ha") else amount(row[name], "£")


def _homes(title: str, rows: Sequence[tuple[str, Row]]) -> dict[str, Any]:
    bars = [{"label": label, "list": "release", "low": row["homes_low"], "mid": None, "high": row["homes_high"]}
            for label, row in rows if _for_release(row)]  # fmt: skip
    sites = sum(_for_release(row) for _, row in rows)
    return ranges(title, bars, none=_none(sites, release=True, nought=any(row["homes_known_of"] for _, row in rows)))


def _none(sites: int, *, release: bool, nought: bool) -> str:
    """Why there is nothing to draw."""
    if not sites:
        return _NO_RELEASE if release else "No site is listed."
    return "All that is known is 0." if nought else f"It is not known of any of {several(sites, 'site')}."


def _decile(row: Row) -> str:
    ends = {1: "1, most deprived", 10: "10, least deprived", None: NOT_KNOWN}
    return ends.get(row["decile"], str(row["decile"]))


def _neighbourhoods(row: Row) -> str:
    return "" if row["decile"] is None else several(row["neighbourhoods"], "neighbourhood")


def _of_decile(row: Row) -> list[str]:
    release = _for_release(row)
    return [
        _decile(row), "–" if row["decile"] is None else str(row["neighbourhoods"]),
        *(str(row[column]) for column in _BY_LIST.values()),
        _known_of(amount(row["release_land_ha"], places=1), row["release_land_known_of"], release),
        _known_of(span(row["homes_low"], row["homes_high"]), row["homes_known_of"], release),
    ]  # fmt: skip


def _across(rows: Sequence[Row]) -> list[str]:
    """One decile: in each borough how many sites for release, in whole or in part, and how many for reuse."""
    return [_decile(rows[0]), *(f"{_for_release(row)} / {row['reuse']}" if _listed(row) else "" for row in rows)]
