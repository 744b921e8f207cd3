"""COPY: what goes in comes out, whatever it is made of, in either of PostgreSQL's formats."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

from estates_api.store.copying import (
    AT_ONCE,
    bigint_field,
    copy_binary,
    copy_rows,
    date_field,
    double_field,
    integer_field,
    text_writer,
)
from estates_api.store.database import transaction

WORDS = (
    "plain",
    "",
    None,
    "\\N",
    "\\.",
    "a\tb",
    "a\nb\r\nc",
    "back\\slash",
    "\b\f\v\x01\x7f",
    " \u00a0 ",
    "£ m² 病院 🏥",
)
ROWS = [
    (number, said, float(number) / 3 if number % 2 else None, date(1999, 12, 31) if number % 3 else None)
    for number, said in enumerate(WORDS)
]
COLUMNS = ("a", "b", "c", "d")


def binary(rows: Sequence[tuple[Any, ...]], connection: Any) -> list[bytes]:
    """The rows as `copy_binary` takes them."""
    write = text_writer(connection)
    return [bigint_field(a) + write(b) + double_field(c) + date_field(d) for a, b, c, d in rows]


@pytest.mark.parametrize("form", ["text", "binary"])
@pytest.mark.parametrize("rows", [[], ROWS, [(number, "x", 0.1, None) for number in range(2 * AT_ONCE + 1)]])
def test_what_goes_in_comes_out(reference: Engine, form: str, rows: list[tuple[Any, ...]]) -> None:
    """Marks of the format itself, controls, blanks, other scripts, numbers, days and NULL: each as it was, and counted,
    however many blocks it takes."""
    with transaction(reference) as connection:
        connection.execute(text("CREATE TEMP TABLE here (a bigint, b text, c float8, d date) ON COMMIT DROP"))
        if form == "text":
            count = copy_rows(connection, "here", COLUMNS, rows)
        else:
            count = copy_binary(connection, "here", COLUMNS, binary(rows, connection))
        assert count == len(rows)
        assert [tuple(row) for row in connection.execute(text("SELECT * FROM here ORDER BY a"))] == rows


def test_days_and_integers_of_any_size(reference: Engine) -> None:
    """Days before and after 2000, and numbers at the ends of what their columns hold."""
    rows = [(-(2**31), date(1, 1, 1)), (2**31 - 1, date(9999, 12, 31)), (0, date(2000, 1, 1))]
    with transaction(reference) as connection:
        connection.execute(text("CREATE TEMP TABLE here (a integer, b date) ON COMMIT DROP"))
        copy_binary(connection, "here", ("a", "b"), [integer_field(a) + date_field(b) for a, b in rows])
        assert {tuple(row) for row in connection.execute(text("SELECT * FROM here"))} == set(rows)
