"""Rows of cells as text, each with the line it starts on: what every format of table becomes first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple

HEAD = 200
"""Rows that a format is recognised by."""


class Row(NamedTuple):
    """One record: the line (or spreadsheet row) it starts on, counted from 1, and its cells as published."""

    line: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """True when no cell says anything."""
        return not any(map(str.strip, self.cells))


@dataclass(frozen=True)
class Sheet:
    """One table: a CSV file is one sheet, a workbook has several. `open` reads it from the start, row by row."""

    name: str
    open: Callable[[], Iterator[Row]]

    @property
    def rows(self) -> Iterator[Row]:
        """Every row, read anew: a table may be larger than memory."""
        return self.open()

    @cached_property
    def head(self) -> tuple[Row, ...]:
        """The first rows."""
        return tuple(islice(self.open(), HEAD))
