"""Bulk inserts with COPY, inside the caller's transaction."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, islice
from typing import Any, TypeVar

from psycopg import sql
from sqlalchemy import Connection

T = TypeVar("T")

AT_ONCE = 1000
"""Rows sent at a time: the server takes them in while the next are made."""

# What COPY's text format gives a meaning: its own mark, and what ends a field or a line.
_ESCAPED = str.maketrans({"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"})

# COPY's binary format (PostgreSQL's manual on COPY): each field after its length, which is -1 for NULL.
_SIGNATURE, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), struct.pack(">h", -1)
_FIRST_DAY = date(2000, 1, 1).toordinal()
_length = struct.Struct(">i").pack
_bigint = struct.Struct(">iq").pack
_integer = struct.Struct(">ii").pack
_double = struct.Struct(">id").pack
NULL = _length(-1)


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """Append rows to a table, values in the order of `columns`, None for NULL; the number of rows.

    Values are text, numbers, truth values, days and moments: what PostgreSQL reads as Python writes it.
    """
    lines = ("\t".join(map(_text_field, row)) for row in rows)
    return _copy(connection, _statement(table, columns), lines, lambda batch: "\n".join(batch) + "\n")


def copy_binary(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> int:
    """As `copy_rows`, of rows that are their fields in COPY's binary format: the server reads it in half the time."""
    count = struct.pack(">h", len(columns))
    statement = _statement(table, columns) + sql.SQL(" (FORMAT binary)")
    return _copy(connection, statement, rows, lambda batch: count + count.join(batch), (_SIGNATURE, _TRAILER))


def bigint_field(number: int) -> bytes:
    """A bigint in COPY's binary format."""
    return _bigint(8, number)


def integer_field(number: int) -> bytes:
    """An integer in COPY's binary format."""
    return _integer(4, number)


def double_field(number: float | None) -> bytes:
    """A double in COPY's binary format."""
    return NULL if number is None else _double(8, number)


def date_field(day: date | None) -> bytes:
    """A day in COPY's binary format: days since the first of 2000."""
    return NULL if day is None else _integer(4, day.toordinal() - _FIRST_DAY)


def text_writer(connection: Connection) -> Callable[[str | None], bytes]:
    """What writes text in COPY's binary format, in the encoding of the connection."""
    driver: Any = connection.connection.driver_connection
    encoding = driver.info.encoding

    def text_field(text: str | None) -> bytes:
        if text is None:
            return NULL
        encoded = text.encode(encoding)
        return _length(len(encoded)) + encoded

    return text_field


def _text_field(value: Any) -> str:
    if value is None:
        return r"\N"
    if type(value) is str:
        return value if "\\" not in value and value.isprintable() else value.translate(_ESCAPED)
    return str(value)


def _statement(table: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    )


def _copy(
    connection: Connection, statement: sql.Composed, rows: Iterable[T], block: Callable[[Sequence[T]], str | bytes],
    ends: tuple[bytes, bytes] = (b"", b""),
) -> int:  # fmt: skip
    """Send the rows block by block; nothing is asked of the server when there are none."""
    batches = _batches(rows)
    first = next(batches, None)
    if first is None:
        return 0
    count = 0
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(ends[0])
        for batch in chain((first,), batches):
            copy.write(block(batch))
            count += len(batch)
        copy.write(ends[1])
    return count


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    rows = iter(rows)
    while batch := list(islice(rows, AT_ONCE)):
        yield batch
