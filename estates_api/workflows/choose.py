"""Choosing: a person pins a site to a quarter's list or strikes it off, with a reason; the next draft follows."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.choices import Kind, check_pin, parse_list
from estates_api.domain.method import Method
from estates_api.domain.quarters import Quarter
from estates_api.domain.values import parse_statement
from estates_api.errors import BadInput, Conflict
from estates_api.store import editions, features, shortlists
from estates_api.store.audit import add_audit
from estates_api.workflows.assess import compute
from estates_api.workflows.shortlist import day_of


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants done with a site: `withdrawn` takes back a pin or a strike."""

    ref: str
    kind: Kind
    by: str
    reason: str
    listed: str | None = None


def what_follows(connection: Connection, quarter: Quarter) -> str:
    """What becomes of a choice: the next draft follows it, and a list that is published stays until it is corrected."""
    drafts = f"the next draft follows it: estates shortlist draft {quarter}"
    published = shortlists.find_published(connection, str(quarter))
    if published is None:
        return drafts
    return (f"revision {published} of {quarter} is published and stays as it is until a correction is published. "
            f"{drafts[0].upper()}{drafts[1:]}; then publish that: "
            f"estates shortlist publish {quarter} --by WHO --because WHY")  # fmt: skip


def choose(
    connection: Connection, quarter: Quarter, asked: Asked, *, area: Area, method: Method, today: date
) -> None:  # fmt: skip
    """Record it, with its audit event in the same transaction. Nothing that is frozen changes: the next draft follows.

    NotFound, BadInput or Conflict, with the reason, when it cannot be; a closed gate is not pinned over.
    """
    parse_statement("site", asked.ref)
    by, reason = parse_statement("by", asked.by), parse_statement("because", asked.reason)
    listed = parse_list(asked.listed) if asked.kind == "pin" else None
    if asked.kind != "pin" and asked.listed:
        raise BadInput("list: only a pin names a list")
    editions.lock_catalogue(connection)
    features.get_detail(connection, "complete", asked.ref)  # NotFound when there is no such site
    standing = {one.site: one for one in shortlists.list_choices(connection, str(quarter))}.get(asked.ref)
    if asked.kind == "withdrawn" and standing is None:
        raise Conflict(f"{asked.ref} is neither pinned nor struck in {quarter}; there is nothing to take back")
    if standing and (standing.kind, standing.listed) == (asked.kind, listed):
        raise Conflict(f"{asked.ref} has this choice in {quarter} already, by {standing.by}: {standing.reason}")
    if listed:
        run = compute(connection, area, method, day_of(quarter, today))
        check_pin(next((one for one in run.results if one.site.ref == asked.ref), None), listed, asked.ref)
    shortlists.add_choice(connection, {"quarter": str(quarter), "site_ref": asked.ref, "kind": asked.kind,
                                       "list": listed, "reason": reason, "actor": by})  # fmt: skip
    detail = {"site": asked.ref, "list": listed, "reason": reason}
    add_audit(connection, actor=by, action=f"shortlist {asked.kind}", subject=str(quarter), detail=detail)
