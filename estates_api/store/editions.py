"""Editions and their issues: what was handed in, when, and what was wrong with it."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, RowMapping, Select, Subquery, case, func, insert, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError

from estates_api.domain.claims import CORRECTION
from estates_api.domain.records import ID_CHARACTERS
from estates_api.domain.shortlist import NOT_PUBLIC
from estates_api.errors import NotFound, Unavailable
from estates_api.store.issues import seen_by
from estates_api.store.layers import Audience
from estates_api.store.owned import list_own_editions, whose
from estates_api.store.projection import hidden_from
from estates_api.store.tables import edition, issue, source, tally

AUTHORITY = {"correction": CORRECTION, **dict.fromkeys(
    ("ERIC", "ODS epraccur", "ODS etr", "ODS ets", "ODS ebranchs", "ODS ORD"), 20)}  # fmt: skip
"""Which source wins when claims differ: a person's correction, then an official return, then a list."""

ANY_LIST = 10

NAME = func.left(edition.c.sha256, ID_CHARACTERS)
_ID = re.compile(f"[0-9a-f]{{{ID_CHARACTERS},64}}")


def lock_catalogue(connection: Connection, *, wait_s: float | None = None) -> None:
    """Wait until no other transaction changes the catalogue; released at commit. Unavailable after `wait_s`, if given:
    then the transaction can only be rolled back."""
    if wait_s is not None:
        connection.execute(text("SELECT set_config('lock_timeout', :ms, true)"), {"ms": str(round(wait_s * 1000))})
    try:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('estates catalogue'))"))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise Unavailable("another file is being taken in just now; try again in a moment") from None
        raise
    if wait_s is not None:
        connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def find_edition(connection: Connection, sha256: str) -> RowMapping | None:
    """The edition with these bytes and its counts, or None."""
    query = _with_counts().where(edition.c.sha256 == sha256)
    return connection.execute(query).mappings().one_or_none()


def list_cited(connection: Connection, sha256s: Sequence[str], audience: Audience) -> list[dict[str, Any]]:
    """Title, SHA-256, publisher, licence, attribution and url of the editions with these bytes that are for an
    audience, by title."""
    title = (edition.c.source + " " + edition.c.label).label("title")
    columns = (edition.c.sha256, edition.c.publisher, edition.c.licence, edition.c.attribution, edition.c.url)
    query = select(title, *columns).where(edition.c.sha256.in_(sha256s))
    query = query.where(edition.c.sensitivity.not_in(hidden_from(audience))).order_by(title, edition.c.sha256)
    return [dict(row) for row in connection.execute(query).mappings()]


def _with_counts() -> Select[Any]:
    return select(edition, tally.c.counts).join(tally, tally.c.edition_id == edition.c.id)


def find_numbers(connection: Connection, wanted: Sequence[str]) -> list[tuple[int, str]]:
    """(number, title) of the editions asked for by id or title, oldest first; of all when none is. NotFound names one
    that is not there."""
    title = edition.c.source + " " + edition.c.label
    columns = edition.c.id, NAME.label("name"), title.label("title")
    rows = connection.execute(select(*columns).order_by(edition.c.id)).all()
    for name in wanted:
        if not any(name in {row.name, row.title} for row in rows):
            raise NotFound(f"there is no edition {name!r}; `estates totals` lists them all")
    return [(row.id, row.title) for row in rows if not wanted or {row.name, row.title} & set(wanted)]


def add_edition(connection: Connection, values: Mapping[str, Any]) -> int:
    """Insert an edition (and its source when new); its id."""
    name = values["source"]
    authority = AUTHORITY.get(name, ANY_LIST)
    connection.execute(upsert(source).values(name=name, authority=authority).on_conflict_do_nothing())
    number: int = connection.execute(insert(edition).values(**values).returning(edition.c.id)).scalar_one()
    return number


def add_tally(connection: Connection, edition_id: int, counts: Mapping[str, int]) -> None:
    """Write what an edition came to, when all of it is in."""
    connection.execute(insert(tally).values(edition_id=edition_id, counts=dict(counts)))


def list_editions(connection: Connection, audience: Audience) -> Sequence[RowMapping]:
    """Every edition that the audience may see, newest first, with its number of issues by severity."""
    return connection.execute(_seen(connection, audience).order_by(edition.c.id.desc())).mappings().all()


def get_edition(connection: Connection, audience: Audience, number: int) -> RowMapping:
    """One edition that the audience may see, as in the list."""
    return connection.execute(_seen(connection, audience).where(edition.c.id == number)).mappings().one()


def find_number(connection: Connection, audience: Audience, name: str) -> int:
    """The number that the records have for the edition of an id; NotFound when the audience may see no such edition."""
    found: int | None = None
    if _ID.fullmatch(name):
        own = list_own_editions(connection, audience)
        shown = or_(edition.c.sensitivity.not_in(hidden_from(audience)), edition.c.id.in_(own))
        wanted = select(edition.c.id).where(edition.c.sha256.startswith(name), shown)
        found = connection.execute(wanted).scalars().first()
    if found is None:
        raise NotFound(f"there is no edition {name[:100]!r}; /editions lists them with their ids")
    return found


# Of a file of which some rows are for fewer, its size and what it came to would count them.
_IN_PART = """edition.sensitivity = 'public' AND edition.id IN (
    SELECT c.edition_id FROM claim c JOIN holding h ON h.id = c.holding_id
    WHERE c.sensitivity <> 'public' AND c.sensitivity = ANY(:hidden) AND h.organisation_code IS DISTINCT FROM :whose
    UNION SELECT edition_id FROM issue
    WHERE sensitivity <> 'public' AND sensitivity = ANY(:hidden) AND organisation IS DISTINCT FROM :whose)"""

_OF_ALL = ("attached", "sites", "without", "questions", "error", "warning", "note")
"""What a file came to with sites and issues that are withheld counted in: for whoever sees all of them."""


def _seen(connection: Connection, audience: Audience) -> Select[Any]:
    own, hidden = list_own_editions(connection, audience), hidden_from(audience)
    counts = _issue_counts(audience, own)
    in_part = text(_IN_PART).bindparams(hidden=hidden, whose=whose(audience))
    columns = [one for one in edition.c if one.name not in {"id", "bytes"}]
    of_the_file = tally.c.counts.op("-", return_type=JSONB)(array(_OF_ALL)) if hidden else tally.c.counts
    came_to = case((in_part, None), else_=of_the_file)
    return (
        select(NAME.label("id"), *columns, case((in_part, None), else_=edition.c.bytes).label("bytes"),
               came_to.label("counts"),
               func.coalesce(counts.c.issues, text("'{}'::jsonb")).label("issues"))
        .join(tally, tally.c.edition_id == edition.c.id)
        .outerjoin(counts, counts.c.edition_id == edition.c.id)
        .where(or_(edition.c.sensitivity.not_in(hidden), edition.c.id.in_(own)))
    )  # fmt: skip


def _issue_counts(audience: Audience, own: Collection[int]) -> Subquery:
    by_severity = (
        select(issue.c.edition_id, issue.c.severity, func.count().label("n"))
        .where(seen_by(audience, own))
        .group_by(issue.c.edition_id, issue.c.severity)
        .subquery()
    )
    return (
        select(by_severity.c.edition_id, func.jsonb_object_agg(by_severity.c.severity, by_severity.c.n).label("issues"))
        .group_by(by_severity.c.edition_id)
        .subquery()
    )


def edition_hashes(connection: Connection, until: datetime | None = None) -> list[tuple[str, str]]:
    """(name, SHA-256) of every edition (known by a moment) in the order of its hash: what the data state is made of.

    A private edition is proved by its hash and not named.
    """
    public = edition.c.sensitivity == "public"
    name = case((public, func.concat(edition.c.source, " ", edition.c.label)), else_=NOT_PUBLIC)
    query = select(name, edition.c.sha256).order_by(edition.c.sha256)
    rows = connection.execute(query if until is None else query.where(edition.c.at <= until))
    return [(row[0], row[1]) for row in rows]


def known_at(connection: Connection, until: datetime | None = None) -> datetime | None:
    """The moment the newest edition became known (by a moment); None in an empty catalogue."""
    query = select(func.max(edition.c.at))
    newest: datetime | None = connection.execute(
        query if until is None else query.where(edition.c.at <= until)
    ).scalar_one()
    return newest


_ORGANISATIONS_IN = """
SELECT DISTINCT h.organisation_code FROM claim c JOIN holding h ON h.id = c.holding_id WHERE c.edition_id = :edition
UNION SELECT h.organisation_code FROM interest i JOIN holding h ON h.id = i.holding_id WHERE i.edition_id = :edition
UNION SELECT coalesce(e.organisation_code, 'an organisation without a code') FROM event e WHERE e.edition_id = :edition
UNION SELECT organisation_code FROM judgement WHERE edition_id = :edition
UNION SELECT predecessor_code FROM succession WHERE edition_id = :edition
UNION SELECT code FROM organisation_name WHERE edition_id = :edition
UNION SELECT 'everybody' FROM layer_feature WHERE edition_id = :edition
UNION SELECT coalesce(organisation, 'an organisation without a code') FROM issue
      WHERE edition_id = :edition AND organisation IS NOT NULL
ORDER BY 1
"""


def list_organisations_in(connection: Connection, edition_id: int) -> Sequence[str]:
    """Whom an edition says anything of."""
    return connection.execute(text(_ORGANISATIONS_IN), {"edition": edition_id}).scalars().all()
