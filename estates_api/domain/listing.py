"""Where a quarter's list has a site: on it, by rule or pinned by a person, next to it, or struck off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from estates_api.domain.entry import listed_for


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a list has a site. `purpose` is the list that it is on or next to: release, part release or reuse; blank
    where it is struck off. `told` says it in words, with who pinned it or struck it off, and why."""

    purpose: str
    told: str
    on: bool = False
    rank: int | None = None
    score: float | None = None
    p_top_k: float | None = None


def list_listed(document: Mapping[str, Any], which: str) -> dict[str, Listed]:
    """Every site that a list has, by its reference. `which` names the list: `2026-Q4 (published, revision 3)`."""
    found = {row["site"]: Listed(row["list"], _next(row, which)) for row in document.get("next", ())}
    found |= {row["site"]: Listed("", _struck(row, which)) for row in document.get("choices", ())
              if row["kind"] == "strike" and row["followed"]}  # fmt: skip
    return found | {row["site"]: _on(row, which) for row in document["entries"]}


def _on(entry: Mapping[str, Any], which: str) -> Listed:
    purpose = listed_for(entry["list"], entry["route"], entry.get("pinned_to") or "")
    place = f"in the annex, for {purpose}," if entry["list"] == "annex" else f"on the {purpose} list"
    pinned = f", pinned by {entry['pinned']}" if entry.get("pinned") else ""
    told = f"{place} of {which}{pinned}"
    return Listed(purpose, told, on=True, rank=entry["rank"], score=entry["score"], p_top_k=entry["p_top_k"])


def _next(row: Mapping[str, Any], which: str) -> str:
    return f"next to the {row['list']} list of {which}" + (f": {row['why']}" if row["why"] else "")


def _struck(row: Mapping[str, Any], which: str) -> str:
    return f"struck off the lists of {which} by {row['by']}: {row['reason']}"
