"""What one return says against another: the same holding in another year, or another holding of the same place."""

import re
from collections.abc import Mapping

from rapidfuzz.distance import DamerauLevenshtein

CHANGE_FACTOR = 1.4
"""How many times larger or smaller a size may be than in the neighbouring return before somebody should look. Chase
Farm (RALC7) went from 64,124 to 42,312 to 28,572 m², by 1.52 and 1.48; St Ann's (RRP03) from 26,116 to 25,314 to
12,572 m², by 1.03 and 2.01. In the part of England that the tests have, 26 of 737 holdings changed their floor area by
more between 2013-14 and 2014-15, and 44 of 622 between then and 2016-17."""

THOUSANDS = 100.0
LEAST_BACKLOG_GBP_M2 = 1.0
"""A trust's backlog in thousands of pounds is a thousandth of what it was, give or take a year's work, and next to
nothing for its floor area: RHU went from £10,250,000 to £40,251 on 139,644 m². No other of England's does so."""

SAME_LAND = 0.01

_WORD = re.compile(r"[a-z0-9]+")


def has_changed(now: float, then: float) -> bool:
    """Whether a size is more than CHANGE_FACTOR times the other. Nought is no size: leased land became 0 in 2016-17."""
    return now > 0 and then > 0 and max(now, then) > CHANGE_FACTOR * min(now, then)


def looks_like_thousands(now_gbp: float, then_gbp: float, gia_m2: float) -> bool:
    """Whether an organisation's whole backlog looks as if typed in thousands of pounds, by what the same holdings said
    in another year."""
    return 0 < now_gbp < LEAST_BACKLOG_GBP_M2 * gia_m2 and now_gbp * THOUSANDS < then_gbp


def same_land(one_ha: float, other_ha: float) -> bool:
    """Whether two areas are the same land, returned twice: equal within SAME_LAND."""
    return min(one_ha, other_ha) > 0 and abs(one_ha - other_ha) <= SAME_LAND * max(one_ha, other_ha)


def words_of(name: str) -> list[str]:
    """The words by which names are compared: case, apostrophes and stops do not count (ST. ANN'S is ST ANNS)."""
    return _WORD.findall(re.sub(r"['’.]", "", name.casefold()))


def is_renamed(now: str, then: str) -> bool:
    """Whether a name differs by more than case, spaces and punctuation."""
    return "".join(words_of(now)) != "".join(words_of(then))


def is_misspelt(one: str, other: str) -> bool:
    """Whether two names differ in a single word, by a letter or two: EDGEWARE and EDGWARE; NORTH and SOUTH do not."""
    words, others = words_of(one), words_of(other)
    pairs = [pair for pair in zip(words, others, strict=False) if pair[0] != pair[1]]
    if len(words) != len(others) or len(pairs) != 1:
        return False
    first, second = pairs[0]
    shorter = min(len(first), len(second))
    if shorter < 5 or not (first + second).isalpha():
        return False
    return DamerauLevenshtein.distance(first, second) <= (2 if shorter >= 8 else 1)


def land_of(values: Mapping[str, float]) -> tuple[str, float] | None:
    """The attribute that says how much land there is and the hectares; None when nothing does."""
    return next(((name, values[name]) for name in ("land_owned_ha", "land_ha") if name in values), None)
