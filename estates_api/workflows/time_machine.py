"""The time machine: the list of each earlier edition of the returns, as of its day, beside what then happened."""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.callers import Circle
from estates_api.domain.method import Method
from estates_api.domain.quarters import quarter_of
from estates_api.domain.shortlist import named, without
from estates_api.domain.sites import Site
from estates_api.domain.time_machine import KNOWN_TODAY, LEFT, OUTCOMES, review
from estates_api.errors import NotFound
from estates_api.store import editions, features
from estates_api.store.layers import Audience
from estates_api.store.outcomes import list_unplaced
from estates_api.store.sites import list_sites
from estates_api.workflows.assess import compute
from estates_api.workflows.backtest import result_of
from estates_api.workflows.shortlist import freeze

RETURNS = "ERIC"

LONG_AGO = timedelta(days=365)
"""How long an edition's period must be over before much can have followed."""

MOST_DAYS = 8
"""Editions that are looked at, the newest of them."""


@dataclass(frozen=True, slots=True)
class _Looking:
    """Who looks back by what: the references of the sites that they may see, and these sites as they are known now."""

    area: Area
    method: Method
    audience: Circle
    visible: Set[str]
    now: Sequence[Site]


def time_machine(
    connection: Connection, *, area: Area, method: Method, today: date, audience: Circle,
    backtest: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The report, JSON-ready, of what an audience may see. NotFound where no edition of the returns is old enough.

    The days are the ends of the periods that editions of the returns speak of: on no other day is so much known.
    """
    told = _editions(connection, today, audience)
    if not told:
        raise NotFound("no edition of the returns (ERIC) is old enough to look back on; hand one in: estates ingest")
    visible = set(features.list_refs(connection, audience))
    now = [site for site in list_sites(connection, today, area) if site.ref in visible]
    by = _Looking(area, method, audience, visible, now)
    days = [_day(connection, day, labels, by) for day, labels in told]
    known_at = editions.known_at(connection)
    return {
        "title": "Time machine",
        "area": {"id": area.id, "name": area.name},
        "audience": audience,
        "looked_at": today.isoformat(),
        "known_at": known_at.astimezone(UTC).isoformat() if known_at else "",
        "method": {"id": method.id, "title": method.title, "sha256": method.sha256},
        "outcomes": dict(OUTCOMES),
        "known_today": list(KNOWN_TODAY),
        "days": days,
        "dated_cases": _cases(method, backtest),
    }  # fmt: skip


def _editions(connection: Connection, today: date, audience: Audience) -> list[tuple[date, list[str]]]:
    """The days that editions of the returns speak of, oldest first, with what they are called."""
    found: dict[date, list[str]] = {}
    for row in editions.list_editions(connection, audience):
        if row["source"] == RETURNS and row["period_end"] and row["period_end"] + LONG_AGO <= today:
            found.setdefault(row["period_end"], []).append(f"{row['source']} {row['label']}")
    return [(day, sorted(found[day])) for day in sorted(found)[-MOST_DAYS:]]


def _day(connection: Connection, day: date, labels: Sequence[str], by: _Looking) -> dict[str, Any]:
    run = compute(connection, by.area, by.method, day)
    made = freeze(connection, quarter_of(day), run, area=by.area, present=False)
    content, sha256 = made.views.get(by.audience, (made.content, made.sha256))
    document = json.loads(content)
    document = without(document, named(document) - by.visible)
    then = [result for result in run.results if result.site.ref in by.visible]
    found = review(document, then, by.now, by.method)
    unplaced = list_unplaced(connection, LEFT, day=day, audience=by.audience)
    return {"editions": list(labels), "sha256": sha256, **found, "unplaced": unplaced}


def _cases(method: Method, backtest: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What the score by returns alone said of every place with a dated event, of all sites of England's returns."""
    tests = (result_of(method, backtest) or {}).get("comparisons", ())
    return [{"edition": f"ERIC {test['earlier']['label']}", "cases": test["cases"]} for test in tests]
