"""Whether the database can do what the service needs of it."""

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from estates_api.errors import Unavailable
from estates_api.store.database import check_schema
from estates_api.store.faults import DISK_FULL, READ_ONLY, find_fault

# More than fits into memory here goes to the database's disk, and away again: 400 kB, and nothing is written for good.
_SPILL = ("SET LOCAL work_mem = '64kB'", "SELECT count(*) FROM generate_series(1, 20000)")


def list_obstacles(connection: Connection) -> list[str]:
    """What keeps the database from its work, in words that anybody may read; empty when nothing does."""
    return [*_of_schema(connection), *_of_writing(connection), *_of_disk(connection)]


def _of_schema(connection: Connection) -> list[str]:
    try:
        check_schema(connection)
    except Unavailable as obstacle:
        return [obstacle.detail]
    return []


def _of_writing(connection: Connection) -> list[str]:
    read_only = connection.execute(text("SELECT current_setting('transaction_read_only')::bool")).scalar_one()
    return [READ_ONLY] if read_only else []


def _of_disk(connection: Connection) -> list[str]:
    try:
        with connection.begin_nested():
            for statement in _SPILL:
                connection.execute(text(statement))
    except DBAPIError as error:
        fault = find_fault(error)
        if fault is None or fault.detail != DISK_FULL:
            raise
        return [fault.detail]
    return []
