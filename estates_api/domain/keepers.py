"""Who keeps the receipt of a sale: rules of the method, each for a kind of organisation from a day on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Keeper:
    """A rule on who keeps a receipt: of which kind of organisation, from which day on."""

    kind: str
    since: date
    who: str
    citation: str


def parse_keeper(row: Mapping[str, Any]) -> Keeper:
    """One `[[receipts]]` of a method file."""
    if not isinstance(row["since"], date):
        raise ValueError(f"receipts {row['kind']!r}: since must be a day, 2017-11-16 without quotes")
    return Keeper(str(row["kind"]), row["since"], str(row["who"]), str(row["citation"]))
