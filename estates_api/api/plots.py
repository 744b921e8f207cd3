"""Small plots of value functions: where the line, the ticks and their labels lie in a picture, for the page to draw."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 240, 34, 226, 10, 66
"""The picture is 240 wide; the line lies between these edges."""

MARGIN = 0.18
"""Share of the width on either side where the function is flat."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A value function as a line, and (x, y, label) for each of its points."""

    line: str
    points: tuple[tuple[float, float, str], ...]


def draw_plot(criterion: Mapping[str, Any]) -> Plot:
    """The plot of a criterion as `describe_method` has it; of one that is measured against peers, its shape."""
    pairs: Sequence[Sequence[float]] = criterion["points"]
    labels = criterion["point_labels"]
    if criterion["points"] == "peers":
        pairs = [(0, 0), (1, 1)]
    places = _places([x for x, _ in pairs], log=criterion["scale"] == "log")
    dots = [(place, _height(value)) for place, (_, value) in zip(places, pairs, strict=True)]
    ends = [(float(LEFT), dots[0][1]), *dots, (float(RIGHT), dots[-1][1])]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
    return Plot(line, tuple((round(x, 1), round(y, 1), label) for (x, y), label in zip(dots, labels, strict=True)))


def _places(measures: Sequence[float], *, log: bool) -> list[float]:
    """Where measures lie from left to right, the first and the last one margin away from the edges."""
    scaled = [math.log10(measure) if log else measure for measure in measures]
    first, room = LEFT + MARGIN * (RIGHT - LEFT), (1 - 2 * MARGIN) * (RIGHT - LEFT)
    return [first + room * (one - scaled[0]) / (scaled[-1] - scaled[0]) for one in scaled]


def _height(value: float) -> float:
    return BOTTOM - value * (BOTTOM - TOP)
