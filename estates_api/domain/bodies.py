"""The bodies that speak, or spoke, for an area: named and dated in its profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from estates_api.domain.values import parse_day_range


@dataclass(frozen=True, slots=True)
class Body:
    """A body that speaks or spoke for the area. Its days bound it as precisely as is confirmed; None: not known, or
    not ended."""

    name: str
    kind: str
    citation: str
    codes: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    confirmed: bool = False
    note: str | None = None

    def spoke_on(self, day: date) -> bool:
        """Whether it spoke for the area on a day, as far as its days are known."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


def parse_body(row: Mapping[str, object]) -> Body:
    """A body from a table of a profile; `from` and `to` may be a day, a month or a year, and are left out where they
    are not known. KeyError names what is missing, BadInput a day that is none, TypeError codes that are no list."""
    codes = row.get("codes", [])
    if not isinstance(codes, list):
        raise TypeError
    return Body(
        name=str(row["name"]),
        kind=str(row["kind"]),
        citation=str(row["citation"]),
        codes=tuple(str(code) for code in codes),
        start=parse_day_range(str(row.get("from", "")))[0],
        end=parse_day_range(str(row.get("to", "")))[1],
        confirmed=row.get("confirmed") is True,
        note=str(row["note"]) if "note" in row else None,
    )
