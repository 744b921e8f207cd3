"""The quarterly shortlist: chosen by rule, frozen as canonical bytes, known by their SHA-256."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from estates_api.domain.assessment import Assessed
from estates_api.domain.choices import Choice, describe_choice, followed
from estates_api.domain.decisions import Progress, progress_of
from estates_api.domain.entry import LISTS, listed_for, make_entry, scored_by
from estates_api.domain.method import Method
from estates_api.domain.particulars import NOTHING_ELSE, Particulars
from estates_api.domain.quarters import Quarter

SCHEMA = "shortlist/1"
"""The form of the document, told in it; another form gets another number."""

ORDER = ("release", "part release", "reuse", "annex")

NAMING = ("entries", "next", "not_enough_data", "released", "decided", "outside", "choices")
"""The parts of a list that name sites."""

DECIDED = frozenset({"released", "reused", "retained"})
"""The states in which nothing is left to propose: what its owner decided of a site counts before any score."""

_CIRCLES = {"public": 0, "partner": 1, "owner": 2}


@dataclass(frozen=True, slots=True)
class State:
    """What a shortlist was made from: edition hashes and the moment up to which they were known."""

    editions: tuple[tuple[str, str], ...]
    known_at: str
    code_version: str
    seed: int


@dataclass(frozen=True, slots=True)
class Beside:
    """What a list rests on beside the assessment: the area (id, name), what persons chose, and what else is known of
    each site, by its reference."""

    area: tuple[str, str] = ("", "")
    choices: tuple[Choice, ...] = ()
    particulars: Mapping[str, Particulars] = field(default_factory=dict)

    def of(self, result: Assessed) -> Particulars:
        """The particulars of a site."""
        return self.particulars.get(result.site.ref, NOTHING_ELSE)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A site that qualifies: for which list, at which place among those whom everybody who sees it may see."""

    result: Assessed
    listed: str
    place: int
    pin: Choice | None = None


def make_shortlist(
    quarter: Quarter, as_of: date, results: Sequence[Assessed], method: Method, state: State, beside: Beside = Beside()
) -> dict[str, Any]:
    """The whole content of a shortlist, JSON-ready. The same input gives the same content, to the byte.

    What it says of a site does not depend on sites that fewer may see: `seen_by` leaves those out, and no more.
    """
    every = sorted(results, key=lambda result: result.site.ref)
    ours = [result for result in every if not _is_elsewhere(result)]
    by_ref = {result.site.ref: result for result in every}
    chosen = {choice.site: choice for choice in beside.choices}
    progress = {ref: progress_of(more.decisions) for ref, more in beside.particulars.items() if more.decisions}
    decided = {ref: found for ref, found in progress.items() if found.state in DECIDED}
    over = {ref: _told(found) for ref, found in decided.items()}
    open_ = [result for result in ours if result.site.ref not in decided]
    placed = _place(open_, followed(chosen, by_ref, over), beside)
    entries = [_entry(one, method, as_of, beside) for one in placed if not _beyond(one, method)]
    entries.sort(key=lambda entry: (ORDER.index(entry["list"]), -entry["score"], entry["site"]))
    return {
        "schema": SCHEMA,
        "quarter": str(quarter),
        "area": {"id": beside.area[0], "name": beside.area[1]},
        "audience": "complete",
        "as_of": as_of.isoformat(),
        "known_at": state.known_at,
        "method": {"id": method.id, "title": method.title, "sha256": method.sha256},
        "cut_offs": {"release": method.cut_offs.release, "reuse": method.cut_offs.reuse,
                     "coverage": method.cut_offs.coverage},
        "rule": {"size": method.rule.size, "probability": method.rule.probability,
                 "top": method.trials.top} if method.rule else None,
        "seed": state.seed,
        "code_version": state.code_version,
        "editions": [{"edition": name, "sha256": sha256} for name, sha256 in state.editions],
        "entries": entries,
        "next": [_next(one, method) for one in placed if _beyond(one, method)],
        "not_enough_data": sorted((_missing(result) for result in ours if result.route == "not enough data"),
                                  key=lambda row: (row["responsible"], row["site"])),
        "released": [_released(result) for result in ours if result.released],
        "decided": [_decided(result, decided[result.site.ref]) for result in ours if result.site.ref in decided],
        "outside": [_outside(result) for result in every if _is_elsewhere(result) and result.route in LISTS],
        "choices": [describe_choice(chosen[ref], by_ref.get(ref), over.get(ref, "")) for ref in sorted(chosen)],
        "withheld": [],
    }  # fmt: skip


def _place(ours: Sequence[Assessed], chosen: Mapping[str, Choice], beside: Beside) -> list[_Placed]:
    """The sites that qualify by their route, best first within each list, and those that are pinned; none struck.

    Places are counted among the sites that are neither, in circles: whoever sees a site sees all that count before it.
    """
    ranked = [result for result in ours if result.route in LISTS and result.site.is_ours
              and result.site.ref not in chosen]  # fmt: skip
    ranked.sort(key=lambda result: (ORDER.index(_list_of(result)), -_score(result, _list_of(result)), result.site.ref))
    before: Counter[tuple[str, int]] = Counter()
    placed = []
    for result in ranked:
        listed, circle = _list_of(result), _CIRCLES[beside.of(result).sensitivity]
        ahead = sum(before[listed, wider] for wider in range(circle + 1))
        before[listed, circle] += 1
        placed.append(_Placed(result, listed, ahead + 1))
    pinned = (result for result in ours if result.site.ref in chosen and chosen[result.site.ref].kind == "pin")
    return placed + [_pinned(result, chosen[result.site.ref]) for result in pinned]


def _pinned(result: Assessed, pin: Choice) -> _Placed:
    return _Placed(result, (pin.listed or "") if result.site.inside_area else "annex", 0, pin)


def _list_of(result: Assessed) -> str:
    return LISTS[result.route] if result.site.inside_area else "annex"


def _score(result: Assessed, listed: str) -> float:
    scored = scored_by(listed_for(listed, result.route))
    return round((result.reuse if scored == "reuse" else result.release).expected, 4)


def _is_elsewhere(result: Assessed) -> bool:
    """Surely outside the area, and of none of its trusts."""
    return result.site.inside_area is False and not result.site.partner_trust


def _probability(one: _Placed) -> float | None:
    """How likely the site is among the top k by the score of its list; None where no draws were made."""
    tried = one.result.tried
    scored = scored_by(listed_for(one.listed, one.result.route))
    standing = tried and (tried.reuse if scored == "reuse" else tried.release)
    return standing.top if standing else None


def _beyond(one: _Placed, method: Method) -> str:
    """Why a site that qualifies is not on the list, by the method's rule; blank where it is."""
    if one.pin or not method.rule:
        return ""
    if one.place > method.rule.size:
        return f"{one.place - method.rule.size} beyond the first {method.rule.size} of the {one.listed} list"
    found, least = _probability(one), method.rule.probability
    if found is not None and found < least:
        return f"among the first {method.trials.top} in {found:.1%} of the draws; {least:.1%} are needed"
    return ""


def _entry(one: _Placed, method: Method, as_of: date, beside: Beside) -> dict[str, Any]:
    return make_entry(one.result, one.listed, method, as_of=as_of, more=beside.of(one.result), pin=one.pin)


def _next(one: _Placed, method: Method) -> dict[str, Any]:
    site = one.result.site
    return {
        "site": site.ref,
        "name": site.name,
        "list": one.listed,
        "borough": site.borough_name or "",
        "borough_gss": site.borough_gss or "",
        "score": _score(one.result, one.listed),
        "p_top_k": _probability(one),
        "stale": one.result.stale,
        "why": _beyond(one, method),
    }


def _missing(result: Assessed) -> dict[str, Any]:
    site = result.site
    return {
        "site": site.ref,
        "name": site.name,
        "responsible": _responsible(result),
        "borough_gss": site.borough_gss or "",
        "release_coverage": round(result.release.coverage, 4),
        "reuse_coverage": round(result.reuse.coverage, 4),
        "not_known": sorted(
            {p.criterion.id for s in (result.release, result.reuse) for p in s.contributions
             if p.measure.state == "unknown"}
        ),
        "stale": result.stale,
    }  # fmt: skip


def _responsible(result: Assessed) -> str:
    return "; ".join(sorted({holding.organisation_name for holding in result.site.holdings}))


def _released(result: Assessed) -> dict[str, Any]:
    assert result.released is not None
    return {"site": result.site.ref, "name": result.site.name, "event": result.released.told(),
            "citation": result.released.citation}  # fmt: skip


def _told(progress: Progress) -> str:
    return f"{progress.state}: {progress.moved.told()}" if progress.moved else progress.state


def _decided(result: Assessed, progress: Progress) -> dict[str, Any]:
    site = result.site
    return {"site": site.ref, "name": site.name, "borough": site.borough_name or "",
            "borough_gss": site.borough_gss or "", "state": progress.state, "told": _told(progress)}  # fmt: skip


def _outside(result: Assessed) -> dict[str, Any]:
    site = result.site
    return {"site": site.ref, "name": site.name, "borough": site.borough_name or "",
            "borough_gss": site.borough_gss or "", "responsible": _responsible(result),
            "list": LISTS[result.route], "stale": result.stale}  # fmt: skip


NOT_PUBLIC = "not public"
"""What a private edition is called in the whole list, where its hash proves it."""


def seen_by(content: Mapping[str, Any], audience: str, withheld: Collection[str]) -> dict[str, Any]:
    """A list as an audience sees it: without the sites that are withheld from it, of which only is told how many would
    be on a list or next, by borough; and without the files that are not public, whose number would tell."""
    rows = [row for part in ("entries", "next") for row in content[part] if row["site"] in withheld]
    totals = Counter((row["borough_gss"], row["borough"]) for row in rows)
    return {
        **without(content, withheld),
        "audience": audience,
        "editions": [one for one in content["editions"] if one["edition"] != NOT_PUBLIC],
        "withheld": [{"borough_gss": gss, "borough": name, "sites": n} for (gss, name), n in sorted(totals.items())],
    }


def without(content: Mapping[str, Any], refs: Collection[str]) -> dict[str, Any]:
    """A list without some of its sites, wherever it names them."""
    return {**content, **{part: [row for row in content[part] if row["site"] not in refs] for part in parts(content)}}


def parts(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of this list that name sites: one of an earlier form has fewer."""
    return tuple(part for part in NAMING if part in content)


def named(content: Mapping[str, Any]) -> set[str]:
    """The references of all sites that a list names."""
    return {row["site"] for part in parts(content) for row in content[part]}


def by_organisation(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Sites with not enough data, by who could tell us."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["responsible"], []).append(row)
    return found


_KEPT = {"list", "site", "borough", "borough_gss", "score", "score_low", "score_high", "coverage", "release_score",
         "reuse_score", "route", "release_coverage", "reuse_coverage", "stale", "method", "sensitivity", "kind", "at",
         "followed"}  # fmt: skip
"""What is still told of a site whose entry rests on a redacted row: neither a name nor a figure that was returned."""


def mask_sites(content: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    """A list as it is shown when rows under it were redacted after it was frozen: the site stays, by its reference.

    `reasons` says why, by reference. The fingerprint stays that of the frozen bytes.
    """
    masked = {part: [_masked(entry, reasons) for entry in content[part]] for part in parts(content)}
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
