"""Reading many rows at once: what a query finds, as blocks of CSV that nothing in this process has to take apart."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Select, func

BLOCK_BYTES = 1024 * 1024


@contextmanager
def copying(connection: Connection, wanted: Select[Any]) -> Iterator[Iterator[bytes]]:
    """The rows as CSV, in blocks of about a megabyte and of whole rows, in the caller's transaction and role.

    `wanted` has the columns `id`, one per property, and `geometry`, in this order and under any name of its own
    table (`select(t.c.ref.label("id"), …, t.c.geom.label("geometry"))`). NULL is nothing, an empty text is `""`, a
    day is in ISO 8601 whatever the server's style, a geometry is WKB in hexadecimal digits.
    """
    *values, geometry = wanted.selected_columns
    columns = [*map(_plain, values), func.encode(func.ST_AsBinary(geometry), "hex")]
    rows = wanted.with_only_columns(*columns, maintain_column_froms=True)
    compiled = rows.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    # COPY takes no parameters on the server: the driver quotes the bound values by their types, in a statement that
    # has any; the nameless one is there so that each has.
    statement, bound = f"COPY ({compiled}) TO STDOUT (FORMAT csv)", {**compiled.params, "": None}
    with driver.cursor() as cursor, cursor.copy(statement, bound) as copy:
        yield _blocks(copy)
        for _ in copy:  # what nobody took: the server sends it before it listens again
            pass


def _plain(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.to_char(value, "YYYY-MM-DD") if isinstance(value.type, Date) else value


def _blocks(rows: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    held: list[bytes | memoryview] = []
    size = 0
    for row in rows:
        held.append(row)
        size += len(row)
        if size >= BLOCK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
