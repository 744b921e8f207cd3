"""Faults of the database that pass by themselves: what is told of them, and what only the operator reads."""

from collections.abc import Mapping

import psycopg
from sqlalchemy.exc import DBAPIError

from estates_api.errors import Unavailable

NO_ANSWER = "the database does not answer"
NO_CONNECTION = "the database has no connection free"
DISK_FULL = "the disk of the database is full"
READ_ONLY = "the database takes no changes just now"
OTHER_SCHEMA = "the database schema is not the one of this version; run `estates setup`"

_BY_STATE: Mapping[str, str] = {
    "08": NO_ANSWER,
    "57P": NO_ANSWER,  # stopped, crashed, starting, dropped
    "53100": DISK_FULL,
    "53300": NO_CONNECTION,
    "53": "the database is out of memory or of another resource",
    "58": "the database cannot use its disk",
    "25006": READ_ONLY,
    "25P03": NO_ANSWER,  # it waited too long for us, and hung up
    "40": "another change came in between; nothing of this one was written",
    "55P03": "another change is under way",
    "57014": "this takes too long",
    "42P01": OTHER_SCHEMA,  # a table, or a column, is not there: the schema changed after it was looked at
    "42703": OTHER_SCHEMA,
}
"""By the beginning of an SQLSTATE (PostgreSQL, Appendix A); the longest that fits counts."""

_REFUSED = ("too many clients", "connection slots", "too many connections")
"""What a server says when it is full: a connection that was refused carries no SQLSTATE."""


def find_fault(error: DBAPIError | psycopg.Error) -> Unavailable | None:
    """What the fault is, when it is one that passes; None for an error of ours."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state, said = getattr(cause, "sqlstate", None), first_line(error)
    if state is None:
        if not isinstance(cause, psycopg.OperationalError):
            return None
        return Unavailable(NO_CONNECTION if any(words in said for words in _REFUSED) else NO_ANSWER, said)
    fitting = [begin for begin in _BY_STATE if state.startswith(begin)]
    return Unavailable(_BY_STATE[max(fitting, key=len)], said) if fitting else None


def went_away(error: DBAPIError | psycopg.Error) -> bool:
    """True when the connection broke or the server was stopped."""
    fault = find_fault(error)
    return fault is not None and fault.detail == NO_ANSWER


def first_line(error: DBAPIError | psycopg.Error) -> str:
    """What the server said, without the traceback and the statement."""
    return (str(getattr(error, "orig", error)).strip().splitlines() or ["nothing"])[0]
