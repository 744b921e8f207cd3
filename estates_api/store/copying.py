"""Bulk inserts with COPY, inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from psycopg import sql
from sqlalchemy import Connection


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """Append rows to a table, values in the order of `columns`, None for NULL; the number of rows."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    )
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return 0
    count = 0
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in chain((first,), rows):
            copy.write_row(row)
            count += 1
    return count
