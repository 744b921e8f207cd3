"""Every quarter by itself: drafted, checked, published and told, by whichever machine comes first."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.quarters import Quarter
from estates_api.exports.webhook import parse_webhook, post_webhook
from estates_api.store import shortlists
from estates_api.store.audit import add_audit, is_recorded, lock_job
from estates_api.store.shortlists import Seeing
from estates_api.workflows import shortlist as lists
from estates_api.workflows.adoption import InForce
from estates_api.workflows.prove import verify
from estates_api.workflows.readiness import HINT, find_unfit, tell_stale
from estates_api.workflows.shortlist import Frozen, Publication

JOB = "estates quarter"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody who starts the job wants: to publish, in whose name and why; why stale evidence may go out."""

    publish: bool = False
    by: str = "command line"
    because: str | None = None
    allow_stale: str | None = None


@dataclass(slots=True)
class Outcome:
    """What the job did, and every reason why it did not go on."""

    frozen: Frozen
    did: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def run_quarter(
    connection: Connection, quarter: Quarter, wishes: Wishes, *, area: Area, by: InForce, today: date
) -> Outcome:  # fmt: skip
    """Draft, check and publish in one transaction. What is done already is passed over; where it must not go on the
    draft stays, for a person to look at."""
    lock_job(connection, JOB)
    frozen, new = lists.draft(connection, quarter, area=area, by=by, today=today)
    outcome = Outcome(frozen, [f"drafted revision {frozen.revision}"] if new else [])
    outcome.refused += [check.title + ": " + check.found
                        for check in verify(connection, shortlists.get_shortlist(connection, str(quarter)))
                        if not check.passed]  # fmt: skip
    outcome.refused += _unfit(connection, outcome, wishes, area)
    if wishes.publish and not outcome.refused and frozen.status == "draft":
        _publish(connection, quarter, outcome, wishes, area=area, by=by)
    return outcome


def _unfit(connection: Connection, outcome: Outcome, wishes: Wishes, area: Area) -> list[str]:
    """Why the evidence is not good enough, by the bounds of the area; an old one may be let through with a reason."""
    row = shortlists.find_shortlist(connection, outcome.frozen.quarter)
    assert row is not None
    stale, gap = find_unfit(connection, row, area)
    if stale and wishes.allow_stale:
        _record(connection, outcome, "allow stale evidence", wishes.by, {"reason": wishes.allow_stale, "found": stale})
        stale = {}
    return [reason for reason in (f"{tell_stale(stale)}; {HINT}" if stale else "", gap) if reason]


def _record(connection: Connection, outcome: Outcome, action: str, actor: str, detail: dict[str, Any]) -> None:
    """Once for each list, whatever number of times the job runs."""
    subject = f"{outcome.frozen.quarter}, SHA-256 {outcome.frozen.sha256}"
    if not is_recorded(connection, action, subject, detail):
        add_audit(connection, actor=actor, action=action, subject=subject, detail=detail)
        outcome.did.append(f"recorded: {action}")


def _publish(
    connection: Connection, quarter: Quarter, outcome: Outcome, wishes: Wishes, *, area: Area, by: InForce
) -> None:  # fmt: skip
    published = shortlists.find_published(connection, str(quarter))
    if published is not None and wishes.because is None:
        outcome.refused.append(f"revision {published} is published and the list is another one by now; look at it, and "
                               f"say why it is replaced with --because")  # fmt: skip
        return
    asked = Publication(wishes.by, wishes.because, wishes.allow_stale)
    done = lists.publish(connection, quarter, asked, area=area, method=by.method)
    outcome.frozen = done
    outcome.did.append(f"published revision {done.revision}")


def describe_quarter(connection: Connection, quarter: Quarter) -> dict[str, Any]:
    """What a webhook is told of a quarter's newest list: what the public sees of it, in numbers."""
    frozen = lists.get_shortlist(connection, quarter, Seeing("public"))
    document = frozen.document
    counts = Counter(entry["list"] for entry in document["entries"])
    others = ("next", "not_enough_data", "released", "outside")
    return {
        "quarter": frozen.quarter,
        "revision": frozen.revision,
        "status": frozen.status,
        "as_of": document["as_of"],
        "sha256": frozen.sha256,
        "audience": "public",
        "counts": dict(sorted(counts.items())) | {name: len(document[name]) for name in others},
    }


def tell(connection: Connection, quarter: Quarter, url: str) -> bool:
    """Post a quarter's list to a webhook, once for each list and address; whether it was posted now. Unavailable when
    it was not taken: running the job again tries again."""
    lock_job(connection, JOB)
    told = describe_quarter(connection, quarter)
    subject = f"{told['quarter']} revision {told['revision']}"
    detail = {"host": parse_webhook(url), "address_sha256": hashlib.sha256(url.encode()).hexdigest(),
              "sha256": told["sha256"]}  # fmt: skip
    if is_recorded(connection, "webhook", subject, detail):
        return False
    post_webhook(url, told)
    add_audit(connection, actor="command line", action="webhook", subject=subject, detail=detail)
    return True
