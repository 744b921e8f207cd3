"""A score as a chart that adds up: each part begins where the one before ended, and the figures shown sum to it."""

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

PLACES = 2
"""Decimal places of points as people read them."""


def share_out(points: Sequence[float], total: float) -> list[float]:
    """Points to two places that sum to the total as it is shown: what rounding leaves over goes to the parts that lost
    most by it (largest remainder), so that none is 0.01 or more from its own and none without points gets any."""
    unit = 10**PLACES
    exact = [unit * one for one in points]
    whole = [floor(one) for one in exact]
    left = round(unit * float(f"{total:.{PLACES}f}")) - sum(whole)
    largest = sorted(range(len(exact)), key=lambda at: (whole[at] - exact[at], at))
    for at in largest[: max(left, 0)]:
        whole[at] += 1
    return [one / unit for one in whole]


def stack_parts(score: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a described score that count for this site, each with its `start` and `points` on the scale of 100,
    and of an unknown one with what it leaves `open` (start, points): these begin where the known parts end."""
    parts = [part for part in score["contributions"] if part["weight"] > 0]
    shown = share_out([part["points"] for part in parts], score["score"])
    stacked, start, upper = [], 0.0, float(score["score"])
    for part, points in zip(parts, shown, strict=True):
        room = max(part["could_be"][1] - part["points"], 0.0) if part["could_be"] else 0.0
        stacked.append({"criterion": part["criterion"], "title": part["title"], "start": round(start, PLACES),
                        "points": points, "open": (upper, room) if room else None})  # fmt: skip
        start, upper = start + points, upper + room
    return stacked
