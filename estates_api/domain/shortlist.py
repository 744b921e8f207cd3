"""The quarterly shortlist: chosen by rule, frozen as canonical bytes, known by their SHA-256."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from estates_api.domain.assessment import Assessed
from estates_api.domain.entry import make_entry
from estates_api.domain.method import Method
from estates_api.domain.particulars import NOTHING_ELSE, Particulars
from estates_api.domain.quarters import Quarter

LISTS = {"release": "release", "part release with reuse": "part release", "reuse": "reuse"}
"""The list that a route puts a site on; sites of the area's own trusts that are not surely inside go to the annex."""

ORDER = ("release", "part release", "reuse", "annex")

NAMING = ("entries", "not_enough_data", "released")
"""The parts of a list that name sites."""


@dataclass(frozen=True, slots=True)
class State:
    """What a shortlist was made from: edition hashes and the moment up to which they were known."""

    editions: tuple[tuple[str, str], ...]
    known_at: str
    code_version: str
    seed: int


def make_shortlist(
    quarter: Quarter, as_of: date, results: Sequence[Assessed], method: Method, state: State,
    particulars: Mapping[str, Particulars] = MappingProxyType({}),
) -> dict[str, Any]:  # fmt: skip
    """The whole content of a shortlist, JSON-ready. The same input gives the same content, to the byte."""
    ours = sorted((result for result in results if not _is_elsewhere(result)), key=lambda result: result.site.ref)
    entries = [
        make_entry(one, _list_of(one), method, as_of=as_of, more=particulars.get(one.site.ref, NOTHING_ELSE))
        for one in ours if one.route in LISTS and one.site.is_ours
    ]  # fmt: skip
    entries.sort(key=lambda entry: (ORDER.index(entry["list"]), -entry["score"], entry["site"]))
    return {
        "quarter": str(quarter),
        "as_of": as_of.isoformat(),
        "known_at": state.known_at,
        "method": {"id": method.id, "title": method.title, "sha256": method.sha256},
        "cut_offs": {"release": method.cut_offs.release, "reuse": method.cut_offs.reuse,
                     "coverage": method.cut_offs.coverage},
        "seed": state.seed,
        "code_version": state.code_version,
        "editions": [{"edition": name, "sha256": sha256} for name, sha256 in state.editions],
        "entries": entries,
        "not_enough_data": [_missing(result) for result in ours if result.route == "not enough data"],
        "released": [_released(result) for result in ours if result.released],
    }  # fmt: skip


def _list_of(result: Assessed) -> str:
    return LISTS[result.route] if result.site.inside_area else "annex"


def _is_elsewhere(result: Assessed) -> bool:
    """Surely outside the area, and of none of its trusts."""
    return result.site.inside_area is False and not result.site.partner_trust


def _missing(result: Assessed) -> dict[str, Any]:
    site = result.site
    return {
        "site": site.ref,
        "name": site.name,
        "responsible": "; ".join(sorted({holding.organisation_name for holding in site.holdings})),
        "borough_gss": site.borough_gss or "",
        "release_coverage": round(result.release.coverage, 4),
        "reuse_coverage": round(result.reuse.coverage, 4),
        "not_known": sorted(
            {p.criterion.id for s in (result.release, result.reuse) for p in s.contributions
             if p.measure.state == "unknown"}
        ),
    }  # fmt: skip


def _released(result: Assessed) -> dict[str, Any]:
    assert result.released is not None
    return {"site": result.site.ref, "name": result.site.name, "event": result.released.told(),
            "citation": result.released.citation}  # fmt: skip


_KEPT = {"list", "site", "borough", "borough_gss", "score", "score_low", "score_high", "coverage", "release_score",
         "reuse_score", "route", "release_coverage", "reuse_coverage", "stale", "method"}  # fmt: skip
"""What is still told of a site whose entry rests on a redacted row: neither a name nor a figure that was returned."""


def mask_sites(content: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    """A list as it is shown when rows under it were redacted after it was frozen: the site stays, by its reference.

    `reasons` says why, by reference. The fingerprint stays that of the frozen bytes.
    """
    masked = {part: [_masked(entry, reasons) for entry in content[part]] for part in NAMING}
    return {**content, **masked}


def _masked(entry: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    if entry["site"] not in reasons:
        return dict(entry)
    blank = {name: value if name in _KEPT else _blank(value) for name, value in entry.items()}
    why = f"Not shown: it rests on a row that was redacted since ({reasons[entry['site']]})."
    return blank | {"name": entry["site"], "reasons" if "reasons" in entry else "redacted": why}


def _blank(value: Any) -> Any:
    return "" if isinstance(value, str) else [] if isinstance(value, list) else None


def canonical_bytes(content: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces. Numbers are as Python prints them (5.0, not RFC 8785's 5)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def fingerprint(content: bytes) -> str:
    """SHA-256 of canonical bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
