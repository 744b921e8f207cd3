"""Calendar quarters, written `2026-Q4`."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from estates_api.errors import BadInput


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}-Q{self.number}"

    @property
    def start(self) -> date:
        """The first day of the quarter."""
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def end(self) -> date:
        """The last day of the quarter."""
        first_of_next = date(self.year + self.number // 4, self.number % 4 * 3 + 1, 1)
        return first_of_next - timedelta(days=1)

    @property
    def before(self) -> "Quarter":
        """The quarter before this one."""
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)


def parse_quarter(text: str) -> Quarter:
    """`2026-Q4` -> Quarter; BadInput for anything else."""
    found = re.fullmatch(r"([0-9]{4})-?[Qq]([1-4])", text.strip())
    if not found or not 1948 <= int(found[1]) <= 9998:
        raise BadInput(f"{text[:40]!r} is not a quarter; write the year and one of Q1 to Q4, like 2026-Q4")
    return Quarter(int(found[1]), int(found[2]))


def quarter_of(day: date) -> Quarter:
    """The quarter that a day falls in."""
    return Quarter(day.year, (day.month - 1) // 3 + 1)
