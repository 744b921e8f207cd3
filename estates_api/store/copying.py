"""Bulk inserts with COPY, inside the caller's transaction."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from psycopg import sql
from sqlalchemy import Connection

NULL = r"\N"

LINES = 1000
"""Lines sent at a time: the server takes them in while the next are made."""

# What COPY's text format gives a meaning: its own mark, and what ends a field or a line.
_ESCAPED = str.maketrans({"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"})


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """Append rows to a table, values in the order of `columns`, None for NULL; the number of rows.

    Values are text, numbers, truth values, days and moments: what PostgreSQL reads as Python writes it.
    """
    return copy_lines(connection, table, columns, ("\t".join(map(field_text, row)) for row in rows))


def copy_lines(connection: Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> int:
    """As `copy_rows`, of lines whose fields are written by `field_text` and parted by tabs."""
    batches = _batches(lines)
    batch = next(batches, None)
    if batch is None:
        return 0
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    )
    count = 0
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        while batch:
            copy.write("\n".join(batch) + "\n")
            count += len(batch)
            batch = next(batches, None)
    return count


def field_text(value: Any) -> str:
    """A value as a field of COPY's text format."""
    if value is None:
        return NULL
    if type(value) is str:
        return value if "\\" not in value and value.isprintable() else value.translate(_ESCAPED)
    return str(value)


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    lines = iter(lines)
    while batch := list(islice(lines, LINES)):
        yield batch
