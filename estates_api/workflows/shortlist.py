"""The quarterly shortlist: drawn up by rule from an assessment, frozen, and published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from estates_api import __version__
from estates_api.domain.area import Area
from estates_api.domain.callers import Circle
from estates_api.domain.method import Method
from estates_api.domain.moments import write_day
from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.domain.shortlist import (
    Beside,
    State,
    canonical_bytes,
    fingerprint,
    make_shortlist,
    mask_sites,
    named,
    seen_by,
    without,
)
from estates_api.domain.values import parse_statement
from estates_api.errors import BadInput, Conflict, KeyNeeded, NotFound
from estates_api.store import assessments, editions, features, shortlists
from estates_api.store.audit import add_audit, data_version, find_act, find_detail
from estates_api.store.layers import Audience
from estates_api.store.redactions import sites_redacted_since
from estates_api.store.shortlists import EVERYTHING, Seeing
from estates_api.workflows.adoption import InForce
from estates_api.workflows.assess import SEED, Run, assess_as_of, compute
from estates_api.workflows.progress import list_particulars
from estates_api.workflows.readiness import check_ready

DRAFT, PUBLISH = "draft shortlist", "publish shortlist"
"""The acts under which the audit trail has them."""

Views = Mapping[Circle, tuple[bytes, str]]

_WITHHELD: Mapping[Audience, frozenset[str]] = {
    "public": frozenset({"partner", "owner"}), "partner": frozenset({"owner"}), "complete": frozenset(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frozen:
    """A shortlist's stored bytes and their fingerprint, as one audience sees it. `status` is draft, published, or
    preview (not stored). `replaces` is the revision that was published before, `because` why it was replaced.

    `on_old_evidence` is why it was published though its evidence is older than the area's bounds allow.

    `masked` names the sites that rest on rows redacted since, and `withheld` is how many are not shown any more:
    `content` is without them, `sha256` that of the record.
    """

    quarter: str
    revision: int
    status: str
    content: bytes
    sha256: str
    masked: tuple[str, ...] = ()
    withheld: int = 0
    by: str = ""
    at: datetime | None = None
    replaces: int | None = None
    because: str | None = None
    assessment_id: int = 0
    on_old_evidence: str = ""

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The entries, in their order."""
        return list(self.document["entries"])

    @property
    def document(self) -> Mapping[str, Any]:
        """The whole content."""
        found: Mapping[str, Any] = json.loads(self.content)
        return found


@dataclass(frozen=True, slots=True)
class Publication:
    """Who publishes, why a published list is replaced, and why one may go out though its evidence is old."""

    by: str
    because: str | None = None
    allow_stale: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a list may rest on: editions and choices known by a moment (None: now), and the code that makes it."""

    until: datetime | None = None
    code_version: str = __version__


@dataclass(frozen=True, slots=True)
class Made:
    """What a run gives: the whole list as canonical bytes, and what each other audience sees of it."""

    document: Mapping[str, Any] = field(repr=False)
    content: bytes = field(repr=False)
    sha256: str
    views: Views = field(repr=False)


def day_of(quarter: Quarter, today: date) -> date:
    """The day a quarter's list speaks of: its last day, or today while it runs; BadInput before it begins."""
    if quarter.start > today:
        why = f"{quarter} begins on {write_day(quarter.start)}, and there is nothing to list yet"
        raise BadInput(f"{why}; write {quarter_of(today)} for the quarter that runs now, or an earlier one")
    return min(quarter.end, today)


def draft(
    connection: Connection, quarter: Quarter, *, area: Area, by: InForce, today: date, actor: str = "command line"
) -> tuple[Frozen, bool]:
    """Draw up and freeze a draft; (the newest revision, whether it is new). Unchanged bytes add no revision."""
    as_of = day_of(quarter, today)
    done = assess_as_of(connection, as_of, area=area, by=by, today=today, actor=actor)
    made = freeze(connection, quarter, done.run, area=area, present=as_of == today)
    last = shortlists.find_shortlist(connection, str(quarter))
    if last and last["sha256"] == made.sha256:
        return frozen(connection, last), False
    values = {"quarter": str(quarter), "revision": last["revision"] + 1 if last else 1, "status": "draft",
              "assessment_id": done.number, "sha256": made.sha256, "actor": actor}  # fmt: skip
    return _add(connection, values, made.content, made.views, action=DRAFT), True


def publish(connection: Connection, quarter: Quarter, asked: Publication, *, area: Area, method: Method) -> Frozen:
    """Publish the newest draft: a new revision with the same bytes, which names what it replaces and why.

    Conflict, with what to do, when there is no draft, when what would be drafted now is something else (what a person
    reviewed is what is published), or when its evidence is not good enough by the bounds of the area. BadInput when a
    name or a reason is missing.
    """
    actor = parse_statement("by", asked.by)
    reason = parse_statement("because", asked.because) if asked.because is not None else None
    editions.lock_catalogue(connection)
    last = shortlists.find_shortlist(connection, str(quarter))
    again = f"estates shortlist draft {quarter}"
    if last is None:
        raise Conflict(f"there is no draft of {quarter} to publish; make one with: {again}")
    if last["status"] == "published":
        raise Conflict(f"revision {last['revision']} of {quarter} is published, and nothing was drafted since; "
                       f"a correction begins with: {again}")  # fmt: skip
    replaces = shortlists.find_published(connection, str(quarter))
    if replaces is not None and reason is None:
        raise BadInput(f"because: revision {replaces} of {quarter} is published; say why it is replaced")
    views = shortlists.list_views(connection, last["id"])
    if not _untouched(connection, last, method):
        made = redraw(connection, quarter, last, area=area, method=method)
        if (made.sha256, made.views) != (last["sha256"], views):
            what = f"it differs in {_differing(last, made)}; draft it again, review it, and publish that: {again}"
            raise Conflict(f"revision {last['revision']} of {quarter} is not what would be drafted now: {what}")
    values = {"quarter": str(quarter), "revision": last["revision"] + 1, "status": "published",
              "assessment_id": last["assessment_id"], "sha256": last["sha256"], "actor": actor, "replaces": replaces,
              "because": reason if replaces is not None else None}  # fmt: skip
    allowed = check_ready(connection, last, area=area, allow_stale=asked.allow_stale)
    more = {"allow_stale": allowed} if allowed else {}
    return _add(connection, values, bytes(last["content"]), views, action=PUBLISH, more=more)


def _untouched(connection: Connection, row: RowMapping, method: Method) -> bool:
    """Whether nothing at all was written since a draft was, so that it would come out the same: every write is an act
    on record."""
    document, subject = json.loads(row["content"]), f"{row['quarter']} revision {row['revision']}"
    same_code = (document["code_version"], document["method"]["sha256"]) == (__version__, method.sha256)
    return same_code and find_act(connection, DRAFT, subject) == data_version(connection)


def redraw(connection: Connection, quarter: Quarter, row: RowMapping, *, area: Area, method: Method) -> Made:
    """What would be drafted now for the day that a revision speaks of."""
    run = compute(connection, area, method, date.fromisoformat(json.loads(row["content"])["as_of"]))
    present = assessments.get_run(connection, row["assessment_id"])["present"]
    return freeze(connection, quarter, run, area=area, present=present)


def _differing(row: RowMapping, made: Made) -> str:
    before = json.loads(row["content"])
    names = sorted(name for name in {*before, *made.document} if before.get(name) != made.document.get(name))
    return ", ".join(names) or "what each audience sees"


def _add(
    connection: Connection, values: Mapping[str, Any], content: bytes, views: Views, *, action: str,
    more: Mapping[str, Any] | None = None,
) -> Frozen:  # fmt: skip
    shortlists.add_shortlist(connection, values, content, views)
    told = {name: values[name] for name in ("sha256", "replaces", "because") if values.get(name) is not None}
    subject = f"{values['quarter']} revision {values['revision']}"
    add_audit(connection, actor=values["actor"], action=action, subject=subject, detail=told | dict(more or {}))
    row = shortlists.find_shortlist(connection, values["quarter"])
    assert row is not None
    return frozen(connection, row)


def freeze(
    connection: Connection, quarter: Quarter, run: Run, *, area: Area, present: bool, known: Known = Known()
) -> Made:
    """The canonical bytes of a quarter's list made from a run; of the present, land next to a site is told too."""
    until = known.until
    known_at = editions.known_at(connection, until)
    state = State(
        tuple(editions.edition_hashes(connection, until)), known_at.astimezone(UTC).isoformat() if known_at else "",
        known.code_version, SEED,
    )  # fmt: skip
    particulars = list_particulars(connection, run.as_of, present=present, known_at=until)
    choices = shortlists.list_choices(connection, str(quarter), until)
    beside = Beside((area.id, area.name), choices, particulars)
    whole = make_shortlist(quarter, run.as_of, run.results, run.method, state, beside)
    views: dict[Circle, tuple[bytes, str]] = {}
    others: tuple[Circle, ...] = ("public", "partner")
    for audience in others:
        hidden = {ref for ref, more in particulars.items() if more.sensitivity in _WITHHELD[audience]}
        content = canonical_bytes(seen_by(whole, str(audience), hidden))
        views[audience] = (content, fingerprint(content))
    content = canonical_bytes(whole)
    return Made(whole, content, fingerprint(content), views)


def preview(
    connection: Connection, quarter: Quarter, *, area: Area, method: Method, as_of: date, audience: Circle
) -> Frozen:
    """A quarter's list as it would have been on another day, for an audience; nothing is stored."""
    made = freeze(connection, quarter, compute(connection, area, method, as_of), area=area, present=False)
    content, sha256 = made.views.get(audience, (made.content, made.sha256))
    return Frozen(str(quarter), 0, "preview", content, sha256)


def get_shortlist(
    connection: Connection, quarter: Quarter, seeing: Seeing = EVERYTHING, revision: int | None = None
) -> Frozen:
    """The newest revision that the reader may see, or a certain one; NotFound says how to make one, KeyNeeded that
    there is one for those who have the key."""
    row = shortlists.find_shortlist(connection, str(quarter), seeing, revision)
    if row is not None:
        return frozen(connection, row, seeing.audience)
    if shortlists.find_shortlist(connection, str(quarter), EVERYTHING, revision):
        raise KeyNeeded("this is no published list; a draft is served only with the key of this installation "
                        "(X-API-Key, or as Basic password)")  # fmt: skip
    if revision is not None:
        raise NotFound(f"there is no revision {revision} of shortlist {quarter}")
    raise NotFound(f"there is no shortlist {quarter}; make a draft with: estates shortlist draft {quarter}")


def list_seen(connection: Connection, seeing: Seeing) -> list[Frozen]:
    """The newest revision of each quarter that the reader may see, newest quarter first."""
    rows = shortlists.list_newest(connection, seeing)
    return [frozen(connection, row, seeing.audience) for row in rows]


def frozen(connection: Connection, row: RowMapping, audience: Circle = "complete") -> Frozen:
    """A stored revision as an audience may see it today: without what was redacted since, or is withheld by now."""
    content = bytes(row["content"])
    document, reasons = json.loads(content), sites_redacted_since(connection, row["at"])
    refs = named(document)
    hidden = refs - set(features.list_refs(connection, audience)) if audience != "complete" else set()
    masked = tuple(sorted((refs & reasons.keys()) - hidden))
    if masked or hidden:
        content = canonical_bytes(mask_sites(without(document, hidden), reasons))
    return Frozen(row["quarter"], row["revision"], row["status"], content, row["sha256"], masked, len(hidden),
                  row["actor"], row["at"], row["replaces"], row["because"], row["assessment_id"],
                  _on_old_evidence(connection, row, audience))  # fmt: skip


def _on_old_evidence(connection: Connection, row: RowMapping, audience: Circle) -> str:
    """The reason, for whom the evidence of what they see is old (workflows/readiness.py)."""
    if row["status"] != "published":
        return ""
    done = find_detail(connection, PUBLISH, f"{row['quarter']} revision {row['revision']}")
    allowed = done.get("allow_stale", {})
    return str(allowed["reason"]) if audience in allowed.get("found", {}) else ""
