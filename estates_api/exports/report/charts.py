"""Charts of a report: bars with every number written beside them, and the same in words for who cannot see them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from estates_api.domain.shortlist import ORDER
from estates_api.exports.report.words import NOT_KNOWN, several, span

Chart = dict[str, Any]


def counts(title: str, rows: Iterable[tuple[str, Mapping[str, int], str]]) -> Chart:
    """How many sites of each list, a bar for each (label, number by list, what to add); bars share one scale."""
    bars = [_stack(label, numbers, more) for label, numbers, more in rows]
    most = max((bar["count"] for bar in bars), default=0)
    return _chart(title, "counts", bars if most else [], most, "No site is listed.")


def _stack(label: str, numbers: Mapping[str, int], more: str) -> dict[str, Any]:
    parts = [{"list": one, "count": numbers[one]} for one in ORDER if numbers.get(one)]
    count = sum(numbers.values())
    told = several(count, "site") + (f"; {more}" if more else "")
    named = ", ".join(f"{part['count']} {part['list']}" for part in parts)
    return {"label": label, "parts": parts, "count": count, "told": told,
            "alt": f"{label}: {told}" + (f" ({named})" if named else "")}  # fmt: skip


def ranges(title: str, bars: Sequence[Mapping[str, Any]], *, none: str) -> Chart:
    """From low to high with the middle marked, a bar for each: label, list, low, mid, high (None: not known). `none` is
    said instead where all of them end at 0, or are not known."""
    drawn = [{**bar, "told": span(bar["low"], bar["high"])} for bar in bars]
    most = max((bar["high"] or 0 for bar in bars), default=0)
    return _chart(title, "ranges", drawn if most else [], most, none)


def amounts(title: str, bars: Sequence[Mapping[str, Any]], *, none: str) -> Chart:
    """One amount for each bar: label, list (its colour), value (None: not known) and what is told of it. `none` is said
    instead where all are 0 or not known."""
    most = max((bar["value"] or 0 for bar in bars), default=0)
    return _chart(title, "amounts", list(bars) if most else [], most, none)


def _chart(title: str, kind: str, bars: Sequence[Mapping[str, Any]], most: float, none: str) -> Chart:
    told = "; ".join(bar.get("alt") or f"{bar['label']}: {bar['told']}" for bar in bars)
    return {"title": title, "kind": kind, "bars": list(bars), "most": most or 1, "alt": f"{title}. {told}",
            "none": none, "unknown": NOT_KNOWN}  # fmt: skip
