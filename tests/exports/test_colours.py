"""Colours that tell apart for everybody: classes of a style differ to the eyes of those who see fewer colours, or their
marks differ."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.method import CutOffs
from estates_api.exports.styles import SCALE, Rule, Style, list_styles

Floats = NDArray[np.float64]

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SEEN: dict[str, Floats] = {
    "all": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                 [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
JUST_TOLD_APART = 10.0
"""Difference in CIELAB (1976); 2.3 is the least that can be seen side by side."""


def lab(colour: str, eyes: str) -> Floats:
    """A colour (#rrggbb or #rrggbbaa, over white) in CIELAB as these eyes see it."""
    parts = np.array([int(colour[at : at + 2], 16) for at in range(1, len(colour), 2)]) / 255
    shown = parts[:3] * parts[3] + 1 - parts[3] if len(parts) == 4 else parts
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    ratio = _XYZ @ np.clip(SEEN[eyes] @ linear, 0, 1) / (_XYZ @ np.ones(3))
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one: str, other: str, eyes: str) -> float:
    """How far two colours are from one another."""
    return float(np.linalg.norm(lab(one, eyes) - lab(other, eyes)))


def drawn() -> Iterator[Style]:
    """Every style of every collection."""
    for collection in COLLECTIONS.values():
        yield from list_styles(collection, CutOffs(47, 55, 0.5, 3))


def alike(one: Rule, other: Rule, style: Style) -> bool:
    """Whether only colours tell two classes apart."""
    return style.shape != "Point" or one.mark == other.mark


@pytest.mark.parametrize("eyes", SEEN)
def test_classes_tell_apart(eyes: str) -> None:
    """Two classes of one style with the same mark differ in fill or in line, and so does each step of the scale; what
    is not known of a criterion is drawn smaller besides."""
    near = [(style.name, one.label, other.label) for style in drawn() for one, other in combinations(style.rules, 2)
            if alike(one, other, style) and max(apart(one.fill, other.fill, eyes), apart(one.line, other.line, eyes))
            < JUST_TOLD_APART]  # fmt: skip
    assert near == []
    steps = [apart(one, other, eyes) for one, other in combinations(SCALE, 2)]
    assert min(steps) > JUST_TOLD_APART


def test_lightness_alone_tells_scores() -> None:
    """In print without colours, the darker is the higher."""
    lightness = [lab(colour, "all")[0] for colour in SCALE]
    assert lightness == sorted(lightness)
    assert min(np.diff(lightness)) > JUST_TOLD_APART


def test_routes_have_marks_of_their_own() -> None:
    """No two routes share a mark, but for hollow and filled circles: what is not known, and what stays."""
    route = next(style for style in drawn() if style.name == "Route")
    marks = [(rule.mark, rule.fill.endswith("00")) for rule in route.rules]
    assert len(set(marks)) == len(marks)


def test_a_confusable_pair_is_seen() -> None:
    """The measure works: a red and a green that deuteranopes take for one are near to them, and far to others."""
    assert apart("#a86a00", "#7a8000", "all") > 2 * apart("#a86a00", "#7a8000", "deuteranopia")
