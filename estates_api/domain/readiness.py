"""Whether the evidence is good enough for a quarter's list to go out without a person: bounds of the area profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from estates_api.errors import BadInput


@dataclass(frozen=True, slots=True)
class Bounds:
    """The share of entries that may rest on stale evidence, and of sites of which enough must be known; and why."""

    stale_at_most: float
    enough_data_at_least: float
    why: Mapping[str, str]


def parse_bounds(row: Mapping[str, Any]) -> Bounds:
    """The [quarter] table of an area profile: shares from 0 to 1, each with its reason. BadInput names the entry."""
    names = ("stale_at_most", "enough_data_at_least")
    if unknown := sorted({*row} - {part for name in names for part in (name, f"{name}_why")}):
        raise BadInput(f"[quarter]: the key {unknown[0]!r} is not known here")
    for name in names:
        share, why = row[name], row[f"{name}_why"]
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise BadInput(f"[quarter], {name}: must be a number from 0 to 1")
        if not isinstance(why, str) or not why.strip():
            raise BadInput(f"[quarter], {name}_why: must be a text in quotation marks, not empty")
    return Bounds(float(row[names[0]]), float(row[names[1]]), {name: row[f"{name}_why"] for name in names})


def find_staleness(document: Mapping[str, Any], bounds: Bounds) -> str:
    """Why the evidence of a list is too old; blank where it is not."""
    entries = document["entries"]
    stale = sum(entry["stale"] for entry in entries)
    share = stale / max(1, len(entries))
    if share <= bounds.stale_at_most:
        return ""
    return (f"the evidence is too old: {stale} of {len(entries)} entries ({share:.0%}) rest on what is older than the "
            f"method allows; {bounds.stale_at_most:.0%} may")  # fmt: skip


def find_gap(routes: Mapping[str, int], bounds: Bounds) -> str:
    """Why too little is known; blank where enough is. `routes`: how many sites went which way."""
    sites = sum(routes.values())
    known = sites - routes.get("not enough data", 0)
    share = known / max(1, sites)
    if share >= bounds.enough_data_at_least:
        return ""
    return (f"too little is known: {known} of {sites} sites ({share:.0%}) have enough data to be scored; "
            f"{bounds.enough_data_at_least:.0%} must")  # fmt: skip
