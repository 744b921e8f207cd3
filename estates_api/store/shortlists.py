"""Shortlists: revisions of canonical bytes. A correction is a new revision; nothing is ever changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from estates_api.domain.callers import Circle
from estates_api.domain.choices import Choice
from estates_api.errors import NotFound
from estates_api.store.listed import choice, shortlist, shortlist_view
from estates_api.store.tables import fate


@dataclass(frozen=True, slots=True)
class Seeing:
    """Who reads: whose view of a list, and whether drafts are for them."""

    audience: Circle = "complete"
    drafts: bool = True


EVERYTHING = Seeing()


def find_shortlist(
    connection: Connection, quarter: str, seeing: Seeing = EVERYTHING, revision: int | None = None
) -> RowMapping | None:
    """The newest revision of a quarter's shortlist, or a certain one, as the reader sees it; None when there is none
    for them."""
    query = _seen(seeing).where(shortlist.c.quarter == quarter).order_by(shortlist.c.revision.desc()).limit(1)
    if revision is not None:
        query = query.where(shortlist.c.revision == revision)
    return connection.execute(query).mappings().one_or_none()


def get_shortlist(connection: Connection, quarter: str, revision: int | None = None) -> RowMapping:
    """The newest revision, whole, or a certain one; NotFound when there is none."""
    found = find_shortlist(connection, quarter, EVERYTHING, revision)
    if found is None:
        which = f"revision {revision} of shortlist {quarter}" if revision else f"shortlist {quarter}"
        raise NotFound(f"there is no {which}; make a draft with: estates shortlist draft {quarter}")
    return found


def _seen(seeing: Seeing) -> Select[Any]:
    """The revisions that a reader may see, with the content and the hash of their own view."""
    if seeing.audience == "complete":
        query = select(shortlist)
    else:
        plain = [column for column in shortlist.c if column.name not in {"content", "sha256"}]
        own = and_(shortlist_view.c.shortlist_id == shortlist.c.id, shortlist_view.c.audience == seeing.audience)
        query = select(*plain, shortlist_view.c.content, shortlist_view.c.sha256).join(shortlist_view, own)
    return query if seeing.drafts else query.where(shortlist.c.status == "published")


def find_published(connection: Connection, quarter: str) -> int | None:
    """The revision that was published last; None when none was."""
    query = select(func.max(shortlist.c.revision)).where(
        shortlist.c.quarter == quarter, shortlist.c.status == "published"
    )
    found: int | None = connection.execute(query).scalar_one()
    return found


def add_shortlist(
    connection: Connection, values: Mapping[str, Any], content: bytes, views: Mapping[Circle, tuple[bytes, str]]
) -> None:
    """Insert a revision with what each audience sees of it: (bytes, SHA-256), which the database checks.

    `values`: quarter, revision, status, assessment_id, sha256, actor, and of what replaces another, replaces and
    because. The database refuses to publish what was never a draft.
    """
    number = connection.execute(insert(shortlist).values(**values, content=content).returning(shortlist.c.id))
    of = number.scalar_one()
    rows = [{"shortlist_id": of, "audience": audience, "content": bytes_, "sha256": sha256}
            for audience, (bytes_, sha256) in views.items()]  # fmt: skip
    connection.execute(insert(shortlist_view), rows)


def list_views(connection: Connection, shortlist_id: int) -> dict[Circle, tuple[bytes, str]]:
    """What each audience but the complete one sees of a revision: (bytes, SHA-256)."""
    query = select(shortlist_view).where(shortlist_view.c.shortlist_id == shortlist_id)
    rows = connection.execute(query.order_by(shortlist_view.c.audience)).mappings()
    return {row["audience"]: (bytes(row["content"]), row["sha256"]) for row in rows}


def list_shortlists(connection: Connection, seeing: Seeing = EVERYTHING) -> Sequence[RowMapping]:
    """Every revision that the reader may see without its content, newest quarter first."""
    seen = _seen(seeing).subquery()
    query = select(*(column for column in seen.c if column.name != "content"))
    return connection.execute(query.order_by(seen.c.quarter.desc(), seen.c.revision.desc())).mappings().all()


def find_newest(connection: Connection, seeing: Seeing) -> RowMapping | None:
    """The newest revision of the newest quarter that the reader may see; None where there is none."""
    newest = _seen(seeing).order_by(shortlist.c.quarter.desc(), shortlist.c.revision.desc()).limit(1)
    return connection.execute(newest).mappings().one_or_none()


def list_newest(connection: Connection, seeing: Seeing) -> Sequence[RowMapping]:
    """The newest revision of every quarter that the reader may see, newest quarter first."""
    newest = _seen(seeing).ext(distinct_on(shortlist.c.quarter))
    query = newest.order_by(shortlist.c.quarter.desc(), shortlist.c.revision.desc())
    return connection.execute(query).mappings().all()


def add_choice(connection: Connection, values: Mapping[str, Any]) -> None:
    """Record what a person chose: quarter, site_ref, kind, list, reason, actor."""
    connection.execute(insert(choice).values(**values))


def list_choices(connection: Connection, quarter: str, until: datetime | None = None) -> tuple[Choice, ...]:
    """What was chosen for a quarter and stands (at a moment), by the reference of the site."""
    columns = (choice.c.site_ref, choice.c.kind, choice.c.list, choice.c.reason, choice.c.actor, choice.c.at)
    query = select(*columns).where(choice.c.quarter == quarter).ext(distinct_on(choice.c.site_ref))
    if until is not None:
        query = query.where(choice.c.at <= until)
    rows = connection.execute(query.order_by(choice.c.site_ref, choice.c.id.desc()))
    return tuple(Choice(*row[:5], row.at.astimezone(UTC).isoformat()) for row in rows if row.kind != "withdrawn")


def find_survivors(connection: Connection, refs: Sequence[str]) -> dict[str, str]:
    """Of these sites, those that became part of another one, and which."""
    newest = select(fate.c.ref, fate.c.kind, fate.c.survivor).ext(distinct_on(fate.c.ref))
    rows = connection.execute(newest.where(fate.c.ref.in_(refs)).order_by(fate.c.ref, fate.c.id.desc()))
    return {row.ref: row.survivor for row in rows if row.kind == "merged"}
