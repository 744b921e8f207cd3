"""The quarterly shortlist: chosen by rule, frozen as canonical bytes, known by their SHA-256."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from estates_api.domain.assessment import Assessed, SiteScore
from estates_api.domain.explanation import describe, sentence
from estates_api.domain.gates import OWNERS
from estates_api.domain.land import site_land
from estates_api.domain.method import Method
from estates_api.domain.quarters import Quarter
from estates_api.domain.sites import Site

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
    quarter: Quarter, as_of: date, results: Sequence[Assessed], method: Method, state: State
) -> dict[str, Any]:
    """The whole content of a shortlist, JSON-ready. The same input gives the same content, to the byte."""
    ours = sorted((result for result in results if not _is_elsewhere(result)), key=lambda result: result.site.ref)
    entries = [_entry(result, method, as_of) for result in ours if result.route in LISTS and result.site.is_ours]
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


def _is_elsewhere(result: Assessed) -> bool:
    """Surely outside the area, and of none of its trusts."""
    return result.site.inside_area is False and not result.site.partner_trust


def _entry(result: Assessed, method: Method, as_of: date) -> dict[str, Any]:
    site = result.site
    score = result.reuse if result.route == "reuse" else result.release
    land = site_land(site)
    described = describe(result, method, as_of)
    return {
        "list": LISTS[result.route] if site.inside_area else "annex",
        "annex_reason": _annex_reason(site),
        "site": site.ref,
        "name": site.name,
        "owner": "; ".join(sorted({i.organisation_name for i in site.interests if i.kind in OWNERS})),
        "occupiers": "; ".join(sorted({holding.organisation_name for holding in site.holdings})),
        "address": site.address or "",
        "postcode": site.postcode or "",
        "borough": site.borough_name or "",
        "borough_gss": site.borough_gss or "",
        "easting": site.easting,
        "northing": site.northing,
        "lon": None if site.lon is None else round(site.lon, 7),
        "lat": None if site.lat is None else round(site.lat, 7),
        "precision": site.precision,
        "land_ha": land.area_ha if land else None,
        "open_land_ha": land.open_ha if land else None,
        "gia_m2": described["gia_m2"],
        "score": round(score.expected, 4),
        "score_low": round(score.low, 4),
        "score_high": round(score.high, 4),
        "coverage": round(score.coverage, 4),
        "release_score": round(result.release.expected, 4),
        "reuse_score": round(result.reuse.expected, 4),
        "route": result.route,
        "gates": "; ".join(f"{gate.id}: {gate.reason}" for gate in result.gates),
        "reasons": sentence(result, method),
        "sources": "; ".join(_sources(result)),
        "evidence_date": described["evidence_date"],
        "stale": result.stale,
        "events": "; ".join(event.told() for event in site.events),
        "later_events": "; ".join(event.told() for event in site.later_events),
        "method": method.id,
    }


def _annex_reason(site: Site) -> str:
    if site.inside_area:
        return ""
    return "outside the area" if site.inside_area is False else "position not known"


def _sources(result: Assessed) -> list[str]:
    """The editions and rows under the known measures, each once."""
    scores: tuple[SiteScore, ...] = (result.release, result.reuse)
    claims = [claim for score in scores for part in score.contributions for claim in part.measure.claims]
    return sorted({f"{claim.edition} row {claim.line}" for claim in claims})


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
