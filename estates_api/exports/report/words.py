"""Numbers and days as a report writes them; what is not known is said."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from estates_api.domain.moments import write_day, write_days_in, write_moment

NOT_KNOWN = "not known"


def day(text: str | None) -> str:
    """`2015-03-31` -> `31 March 2015`."""
    if not text:
        return NOT_KNOWN
    return write_day(date.fromisoformat(text[:10]))


def moment(text: str | None) -> str:
    """`2026-11-03T14:05:00+00:00` -> `3 November 2026, 14:05 (UK time)`."""
    return write_moment(datetime.fromisoformat(text)) if text else NOT_KNOWN


def dated(told: Any) -> Any:
    """The same with the days in its texts in words, however it is nested."""
    match told:
        case str():
            return write_days_in(told)
        case Mapping():
            return {name: dated(one) for name, one in told.items()}
        case list() | tuple():
            return [dated(one) for one in told]
        case _:
            return told


def amount(value: float | None, unit: str = "", places: int = 0) -> str:
    """`12,800 m²`, `£1,200`, or that it is not known."""
    if value is None:
        return NOT_KNOWN
    shown = f"{value:,.{places}f}"
    return f"£{shown}" if unit == "£" else f"{shown} {unit}".strip()


def span(low: float | None, high: float | None) -> str:
    """`17 to 101`; one number where both ends are the same."""
    if low is None or high is None:
        return NOT_KNOWN
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"


def cut_offs_told(cut: Mapping[str, float]) -> str:
    """The cut-offs of a list in a sentence."""
    return (f"release from {cut['release']:g} points, reuse from {cut['reuse']:g}; at least {cut['coverage']:.0%} of a "
            "score's weight known")  # fmt: skip


def said(text: Any) -> str:
    """A text, or that it is not known."""
    return str(text) if text else NOT_KNOWN


def several(count: int, one: str, many: str | None = None) -> str:
    """`1 site`, `3 sites`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def known_sum(entries: Iterable[Mapping[str, Any]], name: str) -> float | None:
    """The sum of what is known; None where nothing is."""
    values = [entry[name] for entry in entries if entry[name] is not None]
    return sum(values) if values else None


def left_out(entries: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """Of how many entries a sum leaves a figure out: `land of 2 sites, homes of 3 sites`; blank when of none."""
    missing = {said: sum(entry[name] is None for entry in entries) for name, said in names.items()}
    return ", ".join(f"{said} of {several(count, 'site')}" for said, count in missing.items() if count)
