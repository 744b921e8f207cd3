"""Spells of time on one axis: where each begins and ends, in per cent, for a drawing as wide as its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

MARGIN_DAYS = 4
"""What is left free before the first day and after the last."""

LABELS = 8
"""The months that are named at most: of a longer axis every second, third… one is."""


@dataclass(frozen=True, slots=True)
class Spell:
    """From one day to another, both of them in it."""

    name: str
    begins: date
    ends: date
    told: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A spell on the axis: `passed` is the part that is over, `left` what is still to come, in per cent."""

    spell: Spell
    at: float
    passed: float
    left: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Bars in the order in which they end, the days on which months begin, and today; places in per cent."""

    bars: tuple[Bar, ...]
    months: tuple[tuple[date, float], ...]
    today: date
    today_at: float


def draw_timeline(spells: Sequence[Spell], today: date) -> Timeline | None:
    """The spells on an axis that has today on it; None where there are none. A day passes when it is over."""
    if not spells:
        return None
    margin = timedelta(MARGIN_DAYS)
    first = min(today, *(one.begins for one in spells)) - margin
    days = (max(today, *(one.ends for one in spells)) + margin - first).days

    def place(day: date) -> float:
        return round(100 * (day - first).days / days, 3)

    def bar(one: Spell) -> Bar:
        end = one.ends + timedelta(1)
        turn = min(max(today, one.begins), end)
        at, middle, last = place(one.begins), place(turn), place(end)
        return Bar(one, at, round(middle - at, 3), round(last - middle, 3))

    ordered = sorted(spells, key=lambda one: (one.ends, one.begins, one.name))
    months = _months(first, first + timedelta(days))
    every = -(-len(months) // LABELS)
    named = tuple((month, place(month)) for month in months[:: every or 1])
    return Timeline(tuple(bar(one) for one in ordered), named, today, place(today))


def _months(first: date, last: date) -> list[date]:
    """The days on which months begin, from one day to another."""
    found = []
    year, month = first.year, first.month
    while (day := date(year, month, 1)) <= last:
        if day >= first:
            found.append(day)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found
