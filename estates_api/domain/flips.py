"""Flips: for each site the smallest single change that puts it on a list or takes it off.

Three kinds, told apart because their sizes cannot be compared: another measure, another weight of one group (the others
keep their proportions), or a gate that opens. Whether the other list changes too is not said: empty space, say, speaks
for both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from estates_api.domain.measures import ENTWINED, FREEHOLD_YEARS, TENURE
from estates_api.domain.method import SCORES, Criterion, Method, ScoreName
from estates_api.domain.outcome import ROUNDING, Case, Outcome, cut_off_of
from estates_api.domain.scoring import KNOWN, NOT_APPLICABLE, UNKNOWN, Floats, measure_at

Kind = Literal["measure", "group", "gate"]
Places = NDArray[np.intp]

_BEYOND = 1e-6
"""How far past a threshold its effect is looked at: nearer, the parts of a sum are not exact enough to tell."""


@dataclass(frozen=True, slots=True)
class Flip:
    """One change: by what (a criterion, a group or a gate), how far that is (0-1: of the criterion's own value or of
    the whole weight; 1 for a gate), from where, and to what it must come. `joins` its list, or leaves it.

    `now` and `to` are values 0-1 of a criterion or shares of the weight of a group; `now` of an unknown measure is what
    is expected of it. `measure` is what the criterion measures at `to`; `rises`: more of it is worth more.
    """

    list: ScoreName
    joins: bool
    kind: Kind
    by: str
    size: float
    now: float
    to: float
    known: bool = True
    measure: float | None = None
    rises: bool = True


@dataclass(frozen=True, slots=True)
class _Nearest:
    """The nearest threshold of each site: its size (infinite where there is none), of what, from where, to where."""

    size: Floats
    by: Places
    now: Floats
    to: Floats


def find_flips(case: Case, outcome: Outcome, method: Method) -> list[tuple[Flip, ...]]:
    """For each site, the smallest change of each kind for each list that there is."""
    found: list[list[Flip]] = [[] for _ in case.refs]
    for name in SCORES:
        criteria, groups = method.of(name), sorted({criterion.group for criterion in method.of(name)})
        if not criteria or not case.refs:
            continue
        open_ = ~case.sold
        if name == "release":
            shut = np.array([len(closed) for closed in case.gates])
            for row, gate in _gates(case, outcome, method, open_ & (shut == 1)):
                found[row].append(Flip(name, joins=True, kind="gate", by=gate, size=1.0, now=0.0, to=1.0))
            open_ &= shut == 0
        listed = outcome.listed[name]
        nearest = _by_measure(case, outcome, method, name)
        for row in _rows(open_ & np.isfinite(nearest.size)):
            found[row].append(_measure_flip(case, nearest, row, criteria[nearest.by[row]], method,
                                            joins=not listed[row]))  # fmt: skip
        nearest = _by_group(outcome, method, name)
        for row in _rows(open_ & np.isfinite(nearest.size)):
            found[row].append(Flip(
                name, not listed[row], "group", groups[nearest.by[row]], float(nearest.size[row]),
                float(nearest.now[row]), float(nearest.to[row]),
            ))  # fmt: skip
    return [tuple(flips) for flips in found]


def _measure_flip(
    case: Case, nearest: _Nearest, row: int, criterion: Criterion, method: Method, *, joins: bool
) -> Flip:  # fmt: skip
    measured, column = case.measured[criterion.score], int(nearest.by[row])
    edition = measured.editions[measured.basis[row, column]]
    points = method.value_points(criterion, edition, measured.kinds.names[measured.kinds.of[row]][0])
    to = float(nearest.to[row])
    return Flip(
        criterion.score, joins, "measure", criterion.id, float(nearest.size[row]), float(nearest.now[row]), to,
        known=bool(measured.state[row, column] == KNOWN), measure=measure_at(to, points, log=criterion.scale == "log"),
        rises=points[-1][1] > points[0][1],
    )  # fmt: skip


def _gates(case: Case, outcome: Outcome, method: Method, alone: NDArray[np.bool_]) -> Iterator[tuple[int, str]]:
    """Sites that one gate alone keeps off the list."""
    scores = outcome.scores["release"]
    enough = scores.coverage >= method.cut_offs.coverage - ROUNDING
    over = scores.expected >= method.cut_offs.release - ROUNDING
    for row in _rows(alone & enough & over):
        yield row, case.gates[row][0]


def _rows(flags: NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.flatnonzero(flags).tolist()
    return found


def _by_measure(case: Case, outcome: Outcome, method: Method, name: ScoreName) -> _Nearest:
    """The smallest change of one measure. One that is unknown adds its weight to the coverage when it is known."""
    scores, valued = outcome.scores[name], outcome.valued[name]
    weights, values, state = scores.weights, valued.values, valued.state
    lacking = (cut_off_of(method, name) - scores.expected) / 100
    to = values + np.divide(lacking[:, np.newaxis], weights, out=np.full_like(weights, np.inf), where=weights > 0)
    covered = scores.coverage[:, np.newaxis] + np.where(state == UNKNOWN, weights, 0.0)
    listed = outcome.listed[name][:, np.newaxis]
    joins = ~listed & (to <= 1) & (covered >= method.cut_offs.coverage - ROUNDING)
    possible = (state != NOT_APPLICABLE) & (joins | (listed & (to > _BEYOND))) & ~_fixed(case, method, name)
    # Where only evidence is lacking, a measure need not be other than expected: it must be known.
    size = np.where(possible, np.where(listed, values - to, np.maximum(to - values, 0.0)), np.inf)
    to = np.maximum(to, 0.0)
    by = size.argmin(axis=1)
    rows = np.arange(len(by))
    return _Nearest(size[rows, by], by, values[rows, by], to[rows, by])


def _fixed(case: Case, method: Method, name: ScoreName) -> NDArray[np.bool_]:
    """Measures that do not change alone: those that one figure moves together, where all are known, and a freehold."""
    measured, ids = case.measured[name], [criterion.id for criterion in method.of(name)]
    entwined = np.array([id_ in ENTWINED for id_ in ids], dtype=np.bool_)
    whole = (measured.state[:, entwined] == KNOWN).all(axis=1) & (entwined.sum() == len(ENTWINED))
    freehold = np.array([id_ in TENURE for id_ in ids], dtype=np.bool_) & (measured.numbers == FREEHOLD_YEARS)
    fixed: NDArray[np.bool_] = (whole[:, np.newaxis] & entwined) | freehold
    return fixed


def _by_group(outcome: Outcome, method: Method, name: ScoreName) -> _Nearest:
    """The smallest change of one group's share of the weight."""
    scores, valued, adopted = outcome.scores[name], outcome.valued[name], method.weights(name)
    count, size = len(adopted.of_groups), len(scores.expected)
    best = _Nearest(np.full(size, np.inf), np.zeros(size, dtype=np.intp), np.zeros(size), np.zeros(size))
    known = np.where(valued.state == KNOWN, scores.weights, 0.0)
    wanted = (cut_off_of(method, name) / 100, method.cut_offs.coverage)
    for group in range(count):
        members = np.array([g == group for g in adopted.groups])
        share = scores.weights[:, members].sum(axis=1)
        inside = [(scores.contributions / 100)[:, members].sum(axis=1), known[:, members].sum(axis=1)]
        whole = [scores.expected / 100, scores.coverage]
        lines = [_line(part, total, share) for part, total in zip(inside, whole, strict=True)]
        for (start, slope), cut in zip(lines, wanted, strict=True):
            to = np.divide(cut - start, slope, out=np.full(size, -1.0), where=np.abs(slope) > ROUNDING)
            beyond = to + np.sign(to - share) * _BEYOND
            reached = [a + b * beyond >= c - ROUNDING for (a, b), c in zip(lines, wanted, strict=True)]
            possible = (share > 0) & (share < 1) & (beyond >= 0) & (beyond <= 1)
            flips = possible & ((reached[0] & reached[1]) != outcome.listed[name])
            nearer = flips & (np.abs(to - share) < best.size)
            best = _Nearest(
                np.where(nearer, np.abs(to - share), best.size), np.where(nearer, group, best.by),
                np.where(nearer, share, best.now), np.where(nearer, to, best.to),
            )  # fmt: skip
    return best


def _line(part: Floats, total: Floats, share: Floats) -> tuple[Floats, Floats]:
    """A sum as a line over the share of one group: where it starts and how it rises."""
    inside = np.divide(part, share, out=np.zeros_like(part), where=share > 0)
    rest = np.divide(total - part, 1 - share, out=np.zeros_like(part), where=share < 1)
    return rest, inside - rest
