"""Rows of cells as text, each with the line it starts on: what every format of table becomes first."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the line (or spreadsheet row) it starts on, counted from 1, and its cells as published."""

    line: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """True when no cell says anything."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: a CSV file is one sheet, a workbook has several."""

    name: str
    rows: tuple[Row, ...]


def drop_trailing_blanks(rows: list[Row]) -> tuple[Row, ...]:
    """The rows without the blank ones at the end, which spreadsheets leave behind."""
    end = len(rows)
    while end and rows[end - 1].blank:
        end -= 1
    return tuple(rows[:end])
