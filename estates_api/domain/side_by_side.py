"""Sites side by side: every measure of each, as the explanations have them."""

from collections.abc import Mapping, Sequence
from typing import Any

from estates_api.domain.explanation import measured

MOST = 4
"""Sites that stand beside one another: more do not fit a page."""

Described = Mapping[str, Any]
"""A site as its own address describes it."""


def set_side_by_side(sites: Sequence[Described]) -> list[dict[str, Any]]:
    """Tables of rows, each with one value for every site: a number or text, None where it is not known."""
    tables: list[dict[str, Any]] = [
        {"title": "What it is", "rows": [_row(title, unit, sites, path) for title, unit, path in _FACTS]},
        {"title": "Scores and ranks", "rows": [_row(title, unit, sites, path) for title, unit, path in _STANDING]},
        *({"title": f"{score.capitalize()} score, part by part", "rows": _parts(sites, score)}
          for score in ("release", "reuse")),
        {"title": "Land, homes and cost", "rows": [_row(title, unit, sites, path) for title, unit, path in _WORTH]},
        {"title": "What stands against it", "rows": [*_gates(sites), *_limits(sites)]},
    ]  # fmt: skip
    for row in (row for table in tables for row in table["rows"]):
        row["differs"] = any(value != row["values"][0] for value in row["values"])
    return tables


_FACTS = (
    ("Owner", None, ("site", "owner")), ("Organisations", None, ("site", "organisations")),
    ("Sector", None, ("site", "sector")), ("Borough", None, ("site", "borough")),
    ("Position known by", None, ("site", "precision")), ("Oldest evidence", "day", ("evidence_date",)),
    ("State", None, ("progress", "state")),
)  # fmt: skip
_STANDING = (
    ("Route", None, ("route",)), ("Release score", "of 100", ("release", "score")),
    ("Release score, low", "of 100", ("release", "low")), ("Release score, high", "of 100", ("release", "high")),
    ("Release score known", "share", ("release", "coverage")), ("Reuse score", "of 100", ("reuse", "score")),
    ("Reuse score, low", "of 100", ("reuse", "low")), ("Reuse score, high", "of 100", ("reuse", "high")),
    ("Reuse score known", "share", ("reuse", "coverage")),
    ("Rank for release", "rank", ("robustness", "release", "rank")),
    ("In the top for release", "share", ("robustness", "release", "top_k")),
    ("Rank for reuse", "rank", ("robustness", "reuse", "rank")),
    ("In the top for reuse", "share", ("robustness", "reuse", "top_k")),
)  # fmt: skip
_WORTH = (
    ("Land", "ha", ("site", "land_ha")), ("Floor area", "m²", ("site", "gia_m2")),
    ("Homes, low", None, ("capacity", "low")), ("Homes, high", None, ("capacity", "high")),
    ("Homes, middle", None, ("capacity", "mid")), ("Homes rest on", None, ("capacity", "basis")),
    ("Cost of empty space a year", "£", ("incentives", "void_cost_gbp_per_year", "gbp")),
    ("Backlog maintenance", "£", ("incentives", "backlog_total_gbp", "gbp")),
    ("Nearest station", None, ("place", "station")), ("Station, straight line", "m", ("place", "station_m")),
    ("Town centre", None, ("place", "town_centre")), ("Housing Zone", None, ("place", "housing_zone")),
    ("Opportunity Area", None, ("place", "opportunity_area")),
)  # fmt: skip


def _row(title: str, unit: str | None, sites: Sequence[Described], path: tuple[str, ...]) -> dict[str, Any]:
    values = [_find(site, path) for site in sites]
    if unit == "rank":  # no measure that could be known: a gate is closed, or too little is known
        return {"title": title, "unit": None, "values": ["not ranked" if one is None else one for one in values]}
    return {"title": title, "unit": unit, "values": values}


def _find(site: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        site = site.get(name) if isinstance(site, Mapping) else None
    return site


def _gates(sites: Sequence[Described]) -> list[dict[str, Any]]:
    """What closes release of each, in words; None of a site that was not assessed."""
    said = [None if site.get("gates") is None else "; ".join(gate["reason"] for gate in site["gates"]) or "none"
            for site in sites]  # fmt: skip
    return [{"title": "Gates that close release", "unit": None, "values": said}]


def _limits(sites: Sequence[Described]) -> list[dict[str, Any]]:
    """A row for each limit on land: whether it applies, and how much it takes."""
    limits = [{one["id"]: one for one in site.get("limits") or ()} for site in sites]
    titles = {id_: one["title"] for found in limits for id_, one in found.items()}
    return [
        {"title": title[:1].upper() + title[1:], "unit": None, "values": [_limit(one.get(id_)) for one in limits]}
        for id_, title in titles.items()
    ]


def _limit(one: Described | None) -> str | None:
    if one is None or one["state"] == "unknown":
        return None
    taken = "" if one["area_ha"] is None else f", takes {one['area_ha']:.2f} ha"
    return f"{one['state']}{taken}"


def _parts(sites: Sequence[Described], score: str) -> list[dict[str, Any]]:
    """A row for each criterion: points, and what was measured in words; by today's method they all have the same."""
    parted = [{part["criterion"]: part for part in (site.get(score) or {}).get("contributions", ())} for site in sites]
    titles = {id_: part["title"] for parts in parted for id_, part in parts.items()}
    return [
        {"title": title, "unit": "points", "criterion": id_,
         "values": [round(parts[id_]["points"], 2) if _is_known(parts.get(id_)) else None for parts in parted],
         "measured": [measured(parts[id_]) if _is_known(parts.get(id_)) else None for parts in parted]}
        for id_, title in titles.items()
    ]  # fmt: skip


def _is_known(part: Described | None) -> bool:
    return part is not None and part["state"] == "known"
