"""The time machine: what a list of an earlier day said of each site, beside what is known to have happened since.

Every count is of what the list and the dated events say; nothing is chosen because it fits.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from estates_api.domain.assessment import Assessed
from estates_api.domain.cases import OF_RELEASE
from estates_api.domain.explanation import sentence
from estates_api.domain.method import Method
from estates_api.domain.sites import Event, Site
from estates_api.domain.values import counted

LEFT = frozenset({"sold", "part sold"})
"""Sold, all of it or in part; the buyer may be another public body."""

OF_REUSE = frozenset({"reused for integrated services", "new facility opened", "reopened"})

Outcome = Literal["as listed", "on the way", "otherwise", "nothing dated"]

OUTCOMES: Mapping[Outcome, str] = {
    "as listed": "it happened: sold in whole or in part where release was listed, used anew where reuse was",
    "on the way": "steps towards a release that was listed: declared surplus, marketed, approved, permitted",
    "otherwise": "something else happened, or was decided, than what it was listed for",
    "nothing dated": "nothing is known to have happened since on a day that is known",
}
"""What became of a listed site, and what is meant."""

KNOWN_TODAY = (
    "Who owns what is used as it is known today: a return first stated it for 2016-17.",
    "Transport access is of 2015, deprivation of 2019, services and sites nearby as they are listed today.",
    "Names and positions of sites are today's, and which returns are one place was judged today.",
    "The method was written later, with these returns in sight: its back-test stands on the method's page.",
    "The dated events are those that somebody published and this project found: a site without one may have changed.",
)
"""What the list of an earlier day could not have known: told with every one of them."""


def review(
    document: Mapping[str, Any], then: Sequence[Assessed], now: Iterable[Site], method: Method
) -> dict[str, Any]:  # fmt: skip
    """A list of an earlier day beside what then happened. `then` are the sites as they were assessed, `now` the sites
    as they are known today; both of who may be told of them."""
    day = date.fromisoformat(document["as_of"])
    today = {site.ref: site for site in now}
    listed = [_listed(entry, today.get(entry["site"]), day) for entry in document["entries"]]
    on_lists = {row["site"] for row in listed if row["wanted"] == "release"}
    missed = _missed({one.site.ref: one for one in then}, today, on_lists, day, method)
    counts = _counts(listed, missed, document)
    return {
        "as_of": document["as_of"],
        "quarter": document["quarter"],
        "counts": counts,
        "told": headline(counts),
        "listed": listed,
        "missed": [row for row in missed if row["left"]],
        "steps_elsewhere": [row for row in missed if not row["left"]],
    }


def _listed(entry: Mapping[str, Any], site: Site | None, day: date) -> dict[str, Any]:
    after, around = later_events(site, day) if site else ([], [])
    wanted = "reuse" if entry["route"] == "reuse" else "release"
    names = ("list", "site", "name", "borough", "owner", "score", "score_low", "score_high", "stale", "reasons")
    return {
        **{name: entry[name] for name in names}, "wanted": wanted, "outcome": outcome(after, wanted),
        "after": [describe_event(event) for event in after],
        "perhaps_before": [describe_event(event) for event in around],
    }  # fmt: skip


def later_events(site: Site, day: date) -> tuple[list[Event], list[Event]]:
    """The dated events of a site that surely came after a day, and those of which the date leaves that open."""
    dated = [event for event in (*site.events, *site.later_events) if event.earliest and event.latest]
    dated.sort(key=lambda event: (event.latest or date.max, event.id))
    after = [event for event in dated if event.earliest and event.earliest > day]
    around = [event for event in dated if event.earliest and event.latest and event.earliest <= day < event.latest]
    return after, around


def outcome(after: Sequence[Event], wanted: str) -> Outcome:
    """What became of a site that was listed for release or reuse, by what surely happened after."""
    kinds = {event.kind for event in after}
    if kinds & (LEFT if wanted == "release" else OF_REUSE):
        return "as listed"
    if wanted == "release" and kinds & OF_RELEASE:
        return "on the way"
    return "otherwise" if kinds else "nothing dated"


def _missed(
    then: Mapping[str, Assessed], now: Mapping[str, Site], on_lists: set[str], day: date, method: Method
) -> list[dict[str, Any]]:  # fmt: skip
    """Sites that were released since, or on the way to it, and were not listed for release; those that left first."""
    rows = []
    for ref in sorted(now.keys() - on_lists):
        after, _ = later_events(now[ref], day)
        kinds = {event.kind for event in after}
        if kinds & OF_RELEASE:
            told = [describe_event(event) for event in after if event.kind in OF_RELEASE]
            rows.append({"site": ref, "name": now[ref].name, "borough": now[ref].borough_name or "",
                         "left": bool(kinds & LEFT), "after": told, **_said(then.get(ref), method)})  # fmt: skip
    return rows


def _said(result: Assessed | None, method: Method) -> dict[str, Any]:
    """What the assessment of the day said of a site that was not listed."""
    if result is None:
        return {"route": "", "score": None, "coverage": None, "because": "No file spoke of it by then."}
    return {"route": result.route, "score": round(result.release.expected, 1),
            "coverage": round(result.release.coverage, 3), "because": sentence(result, method)}  # fmt: skip


def _counts(
    listed: Sequence[Mapping[str, Any]], missed: Sequence[Mapping[str, Any]], document: Mapping[str, Any]
) -> dict[str, Any]:
    found = {wanted: Counter(row["outcome"] for row in listed if row["wanted"] == wanted)
             for wanted in ("release", "reuse")}  # fmt: skip
    gone = Counter(row["route"] or "not known then" for row in missed if row["left"])
    left = gone.total()
    right = found["release"]["as listed"]
    return {
        "listed": len(listed),
        "outcomes": {wanted: {one: counts[one] for one in OUTCOMES} for wanted, counts in found.items()},
        "left_since": left + right,
        "left_and_listed": right,
        "left_and_missed": left,
        "missed_because": dict(sorted(gone.items())),
        "not_enough_data": len(document["not_enough_data"]),
    }


def headline(counts: Mapping[str, Any]) -> str:
    """What the counts say, in two sentences."""
    release = counts["outcomes"]["release"]
    return (
        f"Of {counted(counts['left_since'], 'site')} known to have been sold since, in whole or in part, "
        f"{counts['left_and_listed']} stood on the lists for release and {counts['left_and_missed']} did not. "
        f"Of {counted(sum(release.values()), 'site')} listed for release, {release['as listed']} went in whole or in "
        f"part, {release['on the way']} took steps towards it, {release['otherwise']} went another way, and of "
        f"{release['nothing dated']} nothing dated is known."
    )


def describe_event(event: Event) -> dict[str, Any]:
    """An event, JSON-ready: what, when, and who says so."""
    return {"told": event.told(), "kind": event.kind, "date": event.date_text, "scope": event.scope,
            "citation": event.citation}  # fmt: skip
