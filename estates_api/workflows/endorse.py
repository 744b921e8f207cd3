"""Endorse: an NHS body or a council agrees to a whole published list, on an equal footing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from sqlalchemy import Connection, RowMapping

from estates_api.domain.decision_form import parse_one_day
from estates_api.domain.decisions import PARTNERS
from estates_api.domain.quarters import Quarter
from estates_api.domain.values import parse_statement
from estates_api.errors import BadInput, Conflict
from estates_api.store import endorsements, shortlists
from estates_api.store.audit import add_audit
from estates_api.store.editions import lock_catalogue
from estates_api.workflows.decide import Terms, find_body
from estates_api.workflows.shortlist import Frozen, get_shortlist

FIELDS = {
    "organisation": "Code of the NHS body or council that agrees, such as RAL or E09000003",
    "body": "Which of its bodies agreed: board, cabinet, committee",
    "decided_on": "The day, 2026-11-03",
    "minute_reference": "Where the minutes have it",
    "by": "Who records it; shown to everybody",
}
"""What an endorsement says. All are texts."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What an organisation states: which of its bodies agreed, on which day, under which minute, and who records it."""

    organisation: str
    body: str
    decided_on: date
    minute_reference: str
    by: str


def parse_agreement(asked: Mapping[str, str]) -> Agreement:
    """An agreement from its fields; BadInput names one that is missing or cannot be."""
    if missing := [name for name in FIELDS if name not in asked]:
        raise BadInput(f"{missing[0]}: an endorsement needs {', '.join(FIELDS)}")
    said = {name: parse_statement(name, asked[name]) for name in FIELDS if name != "decided_on"}
    return Agreement(**said, decided_on=parse_one_day("decided_on", asked["decided_on"]))


def endorse_list(connection: Connection, quarter: Quarter, stated: Agreement, terms: Terms) -> dict[str, Any]:
    """Record that an organisation agrees to the revision of a quarter's list that was published last, with its audit
    event in the same transaction; how the list stands by then. Conflict names the rule that it would break."""
    lock_catalogue(connection)
    revision = shortlists.find_published(connection, str(quarter))
    if revision is None:
        status = get_shortlist(connection, quarter).status
        raise Conflict(f"the shortlist {quarter} is a {status}; only a published list is endorsed", "published")
    by = find_body(connection, stated.organisation, terms.area, stated.decided_on)
    if by.sector not in PARTNERS:
        raise BadInput(f"organisation: {by.name} is neither of the NHS nor a council")
    if stated.decided_on > terms.today:
        raise Conflict(f"{stated.decided_on} has not come yet; record what was decided, once it is", "day")
    published = get_shortlist(connection, quarter, revision=revision)
    assert published.at is not None
    day = published.at.astimezone(UTC).date()  # whoever met on that day may have had it before them
    if stated.decided_on < day:
        raise Conflict(f"revision {revision} of {quarter} was published on {day}, and nobody can have agreed to it on "
                       f"{stated.decided_on}; state the meeting that had it before it", "day")  # fmt: skip
    given = endorsements.list_endorsements(connection, str(quarter), revision)
    if any(one["organisation_code"] == by.code for one in given):
        raise Conflict(f"{by.name} endorsed {quarter} revision {revision} already", "once")
    number = endorsements.add_endorsement(connection, {
        "quarter": str(quarter), "revision": revision, "organisation_code": by.code,
        "organisation_name": by.name, "sector": by.sector, "body": stated.body, "decided_on": stated.decided_on,
        "minute_reference": stated.minute_reference, "actor": stated.by,
    })  # fmt: skip
    add_audit(connection, actor=stated.by, action="endorse shortlist", subject=f"{quarter} revision {revision}",
              detail={"endorsement": number, "organisation": by.code, "body": stated.body,
                      "decided_on": stated.decided_on.isoformat(),
                      "minute_reference": stated.minute_reference})  # fmt: skip
    return list_agreement(connection, get_shortlist(connection, quarter, revision=revision))


def list_agreement(connection: Connection, seen: Frozen) -> dict[str, Any]:
    """Which sectors endorsed a revision of a list, and which have not yet."""
    given = endorsements.list_endorsements(connection, seen.quarter, seen.revision)
    agreed = {one["sector"] for one in given}
    return {
        "quarter": seen.quarter, "revision": seen.revision, "status": seen.status, "sha256": seen.sha256,
        "endorsed": agreed >= set(PARTNERS), "missing": [sector for sector in PARTNERS if sector not in agreed],
        "endorsements": [_told(one) for one in given],
    }  # fmt: skip


def _told(one: RowMapping) -> dict[str, Any]:
    names = ("organisation_code", "organisation_name", "sector", "body", "minute_reference")
    return {**{name: one[name] for name in names}, "decided_on": one["decided_on"].isoformat(),
            "recorded_by": one["actor"], "recorded_at": one["at"].isoformat()}  # fmt: skip
