"""The time machine as a report for people: PDF, tagged, set with typst."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from estates_api.exports.attribution import ATTRIBUTION
from estates_api.exports.report.typesetting import typeset
from estates_api.exports.report.words import dated, day
from estates_api.exports.styles import LIST_COLOURS


def write(found: Mapping[str, Any], _beside: Mapping[str, Any], path: Path) -> None:
    """A part for each day: what was listed and became of it, what was missed."""
    typeset("time_machine.typ", content(found), path, made_at=datetime.fromisoformat(found["known_at"]))


def content(found: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the template."""
    editions = "; ".join(label for one in found["days"] for label in one["editions"])
    return {
        "title": "Time machine", "subtitle": "What lists of earlier years would have said, beside what then happened",
        "foot": f"Time machine, looked at on {day(found['looked_at'])}", "colours": LIST_COLOURS,
        "cover": [
            ["Area", found["area"]["name"]], ["Looked at on", day(found["looked_at"])], ["Editions", editions],
            ["Method", f"{found['method']['title']} ({found['method']['id']})"],
            ["Method's SHA-256", found["method"]["sha256"]],
            ["Shown to", "everybody" if found["audience"] == "public" else "those who have the key"],
        ],
        "known_today": found["known_today"],
        "outcomes": [[name, meaning] for name, meaning in found["outcomes"].items()],
        "days": [dated(_day(one)) for one in found["days"]],
        "cases": dated([[test["edition"], *_case(case)] for test in found["dated_cases"] for case in test["cases"]]),
        "attribution": ATTRIBUTION,
    }  # fmt: skip


def _day(one: Mapping[str, Any]) -> dict[str, Any]:
    counts = one["counts"]
    return {
        "title": f"As of {day(one['as_of'])}", "quarter": one["quarter"], "editions": "; ".join(one["editions"]),
        "told": one["told"], "chart": _chart(counts),
        "listed": [_listed(row) for row in one["listed"]],
        "missed": [_missed(row) for row in one["missed"]],
        "steps": [[row["name"], _route(row), _told(row["after"])] for row in one["steps_elsewhere"]],
        "unplaced": [[row["name"], row["kind"], row["date"], row["citation"]] for row in one["unplaced"]],
        "sha256": one["sha256"],
    }  # fmt: skip


def _listed(row: Mapping[str, Any]) -> list[str]:
    return [row["list"], row["name"], f"{row['score']:.0f}", row["outcome"], _after(row), row["reasons"]]


def _missed(row: Mapping[str, Any]) -> list[str]:
    score = "" if row["score"] is None else f"{row['score']:.0f}"
    return [row["name"], _route(row), score, _told(row["after"]), row["because"]]


def _route(row: Mapping[str, Any]) -> str:
    return row["route"] or "not known then"


def _chart(counts: Mapping[str, Any]) -> dict[str, Any]:
    """What became of what was listed, a bar for each outcome."""
    found = counts["outcomes"]
    bars = [
        {"label": name, "parts": [{"list": wanted, "count": found[wanted][name]} for wanted in ("release", "reuse")
                                  if found[wanted][name]],
         "told": str(found["release"][name] + found["reuse"][name])}
        for name in found["release"]
    ]  # fmt: skip
    title, told = "What became of the listed sites", "; ".join(f"{bar['label']}: {bar['told']}" for bar in bars)
    return {"title": title, "kind": "counts", "bars": bars,
            "most": max(1, counts["listed"]), "alt": f"{title}. {told}", "none": ""}  # fmt: skip


def _after(row: Mapping[str, Any]) -> str:
    around = f" Perhaps before that day: {_told(row['perhaps_before'])}." if row["perhaps_before"] else ""
    return (_told(row["after"]) or "nothing dated since") + around


def _told(events: list[Mapping[str, Any]]) -> str:
    return "; ".join(event["told"] for event in events)


def _case(case: Mapping[str, Any]) -> list[str]:
    """A dated case of the back-test: the place, score and rank, and what then happened."""
    said = "; ".join(f"{one['score']:.0f}, rank {one['rank']} of {one['among']}" for one in case["returns"])
    after = "; ".join(f"{event['kind']} {event['date']}" for event in case["after"]) or "nothing dated since"
    return [case["name"], said, after]
