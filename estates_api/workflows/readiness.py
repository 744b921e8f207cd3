"""Whether a list may go out as it is: the bounds of the area, held against what the list rests on."""

import json

from sqlalchemy import Connection, RowMapping

from estates_api.domain.area import Area
from estates_api.domain.callers import Circle
from estates_api.domain.readiness import find_gap, find_staleness
from estates_api.domain.values import parse_statement
from estates_api.errors import Conflict
from estates_api.store import assessments, shortlists

HINT = "hand in newer returns, or say why it may go out all the same with --allow-stale REASON (over HTTP: allow_stale)"

Stale = dict[Circle, str]
"""Why the evidence of a list is too old, by the audiences to which that is so of the list as they see it."""


def find_unfit(connection: Connection, row: RowMapping, area: Area) -> tuple[Stale, str]:
    """For whom the evidence of a stored revision is too old, and why too little is known; nothing where it is not so.

    Each audience's view is judged by itself: whoever is told that a list went out on old evidence can see that it is
    so, and nobody learns from it how old is what they do not see.
    """
    if area.bounds is None:
        return {}, ""
    views = shortlists.list_views(connection, row["id"])
    contents: dict[Circle, bytes] = {"complete": row["content"], **{name: view[0] for name, view in views.items()}}
    found = {name: find_staleness(json.loads(content), area.bounds) for name, content in contents.items()}
    routes = assessments.count_routes(connection, row["assessment_id"])
    return {name: why for name, why in found.items() if why}, find_gap(routes, area.bounds)


def tell_stale(stale: Stale) -> str:
    """Why evidence is too old, in a sentence; blank where it is not."""
    if "complete" in stale or not stale:
        return stale.get("complete", "")
    audience, why = next(iter(stale.items()))
    return f"{why} (of the list as {'the public' if audience == 'public' else 'partners'} will see it)"


def check_ready(
    connection: Connection, row: RowMapping, *, area: Area, allow_stale: str | None
) -> dict[str, str | Stale]:  # fmt: skip
    """What is recorded of a list that goes out on old evidence: the reason, and what was found; else nothing.

    Conflict when the evidence is too old and nobody says why it may go out, or when too little is known.
    """
    reason = parse_statement("allow_stale", allow_stale) if allow_stale is not None else None
    stale, gap = find_unfit(connection, row, area)
    if stale and reason is None:
        raise Conflict(f"{tell_stale(stale)}; {HINT}", "stale")
    if gap:
        raise Conflict(f"{gap}; hand in more returns", "coverage")
    return {"reason": reason, "found": stale} if stale and reason else {}
