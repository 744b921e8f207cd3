"""Shortlists: revisions of canonical bytes. A correction is a new revision; nothing is ever changed."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from estates_api.store.tables import shortlist


def find_shortlist(connection: Connection, quarter: str) -> RowMapping | None:
    """The newest revision of a quarter's shortlist; None when there is none."""
    query = select(shortlist).where(shortlist.c.quarter == quarter).order_by(shortlist.c.revision.desc()).limit(1)
    return connection.execute(query).mappings().one_or_none()


def add_shortlist(
    connection: Connection, *, quarter: str, revision: int, assessment_id: int, content: bytes, sha256: str
) -> None:
    """Insert a draft revision. The database checks the hash against the bytes."""
    connection.execute(
        insert(shortlist).values(
            quarter=quarter, revision=revision, status="draft", assessment_id=assessment_id, content=content,
            sha256=sha256,
        )
    )  # fmt: skip


def list_shortlists(connection: Connection) -> Sequence[RowMapping]:
    """Every revision without its content, newest quarter first."""
    columns = [column for column in shortlist.c if column.name != "content"]
    query = select(*columns).order_by(shortlist.c.quarter.desc(), shortlist.c.revision.desc())
    return connection.execute(query).mappings().all()


def list_newest(connection: Connection) -> Sequence[RowMapping]:
    """The newest revision of every quarter with its content, newest quarter first."""
    newest = select(shortlist).ext(distinct_on(shortlist.c.quarter))
    query = newest.order_by(shortlist.c.quarter.desc(), shortlist.c.revision.desc())
    return connection.execute(query).mappings().all()
