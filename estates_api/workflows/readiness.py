"""Whether a list may go out as it is: the bounds of the area, held against what the list rests on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.readiness import find_gap, find_staleness
from estates_api.domain.values import parse_statement
from estates_api.errors import Conflict
from estates_api.store import assessments

HINT = "hand in newer returns, or say why it may go out all the same with --allow-stale REASON (over HTTP: allow_stale)"


def find_unfit(
    connection: Connection, document: Mapping[str, Any], assessment_id: int, area: Area
) -> tuple[str, str]:  # fmt: skip
    """Why the evidence of a list is too old, and why too little is known; blank where it is not so."""
    if area.bounds is None:
        return "", ""
    routes = assessments.count_routes(connection, assessment_id)
    return find_staleness(document, area.bounds), find_gap(routes, area.bounds)


def check_ready(
    connection: Connection, document: Mapping[str, Any], assessment_id: int, *, area: Area, allow_stale: str | None
) -> dict[str, str]:  # fmt: skip
    """What is recorded of a list that goes out on old evidence: the reason, and what was found; else nothing.

    Conflict when the evidence is too old and nobody says why it may go out, or when too little is known.
    """
    reason = parse_statement("allow_stale", allow_stale) if allow_stale is not None else None
    stale, gap = find_unfit(connection, document, assessment_id, area)
    if stale and reason is None:
        raise Conflict(f"{stale}; {HINT}", "stale")
    if gap:
        raise Conflict(f"{gap}; hand in more returns", "coverage")
    return {"reason": reason, "found": stale} if stale and reason else {}
