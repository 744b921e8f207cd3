"""The page of one listed site: the sentence, facts, how its scores add up, and what stands in the way."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from estates_api.domain.entry import listed_for, scored_by
from estates_api.domain.explanation import measured
from estates_api.exports.columns import endorsed_told
from estates_api.exports.report.maps import PRECISIONS
from estates_api.exports.report.words import NOT_KNOWN, amount, day, said

Entry = Mapping[str, Any]
Block = tuple[str, list[str]]
"""A heading and the lines under it."""

_CHARACTERS, _HEAD_LINES = 80, 3
"""About how many characters a line of a column has, and how much room a heading takes, in lines."""


def site_page(entry: Entry, close_up: Any, titles: Mapping[str, str]) -> dict[str, Any]:
    """The values of one page."""
    return {
        "number": entry["number"], "name": entry["name"], "ref": entry["site"], "list": entry["list"],
        "annex_reason": entry["annex_reason"], "stale": entry["stale"], "sentence": entry["reasons"],
        "facts": _facts(entry), "map": close_up,
        "precision": PRECISIONS.get(entry["precision"], ""),
        "scores": _scores(entry, titles),
        "blocks": _columns(entry),
    }  # fmt: skip


def _facts(entry: Entry) -> list[list[str]]:
    place = ", ".join(part for part in (entry["address"], entry["postcode"], entry["borough"]) if part)
    near = " ".join(part for part in (_near(entry, "station"), _near(entry, "town_centre")) if part)
    facts = [
        ("Owner", said(entry["owner"])), ("Occupiers", said(entry["occupiers"])), ("Tenure", said(entry["tenure"])),
        ("Where", said(place)), ("UPRN", entry["uprn"]), ("Title", entry["title_number"]),
        ("Existing use", said(entry["existing_use"])),
        ("Land", f"{amount(entry['land_ha'], 'ha', 2)}; not under buildings {amount(entry['open_land_ha'], 'ha', 2)}"),
        ("Floor area", amount(entry["gia_m2"], "m²")),
        ("Public transport", f"level {entry['ptal']}" if entry["ptal"] else NOT_KNOWN), ("Near", near),
        ("Next door", entry["adjacent_owners"] or ""),
        ("Empty space", f"{amount(entry['void_cost_gbp_per_year'], '£')} a year"
         if entry["void_cost_gbp_per_year"] is not None else ""),
        ("Backlog", f"{amount(entry['backlog_avoided_gbp'], '£')} of high and significant risk"
         if entry["backlog_avoided_gbp"] is not None else ""),
        ("Evidence", f"oldest of {day(entry['evidence_date'])}" + (": old" if entry["stale"] else "")),
        ("Rank", _rank(entry)),
    ]  # fmt: skip
    return [[label, text] for label, text in facts if text]


def _near(entry: Entry, what: str) -> str:
    return f"{entry[what]}, {entry[f'{what}_m']:,.0f} m." if entry[what] and entry[f"{what}_m"] is not None else ""


def _rank(entry: Entry) -> str:
    if entry["rank"] is None:
        return ""
    top = "" if entry["p_top_k"] is None else f"; among the first in {entry['p_top_k']:.0%} of the draws"
    return f"{entry['rank']}, in nine draws of ten {entry['rank_low']} to {entry['rank_high']}{top}"


def _scores(entry: Entry, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Both scores, that of its list first: each part's points, which add up to it."""
    own = scored_by(listed_for(entry["list"], entry["route"], entry.get("pinned_to", "")))
    order = ("reuse", "release") if own == "reuse" else ("release", "reuse")
    return [_score(entry, name, titles, own=name == own) for name in order]


def _score(entry: Entry, name: str, titles: Mapping[str, str], *, own: bool) -> dict[str, Any]:
    parts = [part for part in entry["contributions"] if part["criterion"].startswith(f"{name}.")]
    interval = f", could be {entry['score_low']:.1f} to {entry['score_high']:.1f}" if own else ""
    return {
        "title": f"{name.capitalize()} score {entry[f'{name}_score']:.1f} of 100{interval}",
        "rows": [_part(part, titles) for part in parts],
        "total": f"{sum(part['points'] for part in parts):.1f}",
        "alt": f"Points of the {name} score by measure; they add up to {entry[f'{name}_score']:.1f}.",
    }  # fmt: skip


def _part(part: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    title = titles.get(part["criterion"], part["criterion"])
    return {
        "title": title[:1].upper() + title[1:], "measured": measured(part), "note": part["note"],
        "sources": part["sources"], "known": part["state"] == "known",
        "points": f"{part['points']:.1f}", "of": f"{part['weight'] * 100:.1f}",
        "got": round(part["points"], 2), "could": round(part["weight"] * 100, 2),
    }  # fmt: skip


def _columns(entry: Entry) -> tuple[list[Block], list[Block]]:
    """What stands under the scores, in two columns of about the same length, so that it stays on the page."""
    homes = [entry["homes_told"]] if entry["homes_told"] else []
    columns: tuple[list[Block], list[Block]] = ([], [])
    for block in (
        ("Homes", [*homes, *(entry["homes_assumptions"] or ())]),
        ("Gates", [entry["gates"] or "none is closed"]),
        ("Limits on the land", _grouped(entry["limits"])),
        ("Checks before a disposal", _grouped(entry["checks"])),
        ("What would put it elsewhere", list(entry["flips"] or ())),
        ("What happened", _listed(entry["events"])),
        ("What happened after that day", _listed(entry["later_events"])),
        ("Decision", _decision(entry)),
        ("Sources of the measures", _listed(entry["sources"])),
    ):
        if block[1]:
            min(columns, key=_length).append(block)
    return columns


def _length(column: Sequence[Block]) -> int:
    """About how many lines a column takes."""
    return sum(_HEAD_LINES + sum(-(-len(line) // _CHARACTERS) for line in lines) for _, lines in column)


def _decision(entry: Entry) -> list[str]:
    """How far decisions are, in lines; nothing of what nobody has said."""
    endorsed = "; ".join(map(endorsed_told, entry.get("endorsed_by") or ()))
    ends, window = entry.get("surplus_window_ends_at"), entry.get("surplus_window") or ""
    found = [
        f"Pinned to the {entry.get('pinned_to') or entry['list']} list by {entry['pinned']}"
        if entry.get("pinned")
        else "",
        f"State: {entry['state']}" if entry.get("state") else "",
        f"Endorsed by {endorsed}" if endorsed else "",
        f"Not yet endorsed by: {', '.join(entry['endorsement_missing'])}" if entry.get("endorsement_missing") else "",
        f"Window for public bodies: {window}" + (f", ends {day(ends)}" if ends else "") if window else "",
    ]
    return [line for line in found if line]


def _listed(text: str) -> list[str]:
    return [part for part in (text or "").split("; ") if part]


def _grouped(rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rules that stand the same for the same reason together: `not known: green belt, open space (…)`."""
    alike = itemgetter("state", "reason")
    found = []
    for (state, reason), part in groupby(sorted(rules or (), key=alike), alike):
        titles = ", ".join(rule["title"] for rule in part)
        found.append(f"{state.replace('unknown', NOT_KNOWN)}: {titles}" + (f" ({reason})" if reason else ""))
    return found
