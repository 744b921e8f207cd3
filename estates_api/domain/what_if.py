"""What-if: the adopted method with some of its numbers changed, and what that does to ranks and routes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from estates_api.domain.method import SCORES, CutOffs, Method, Points, ScoreName, find_fault_of_points
from estates_api.domain.outcome import ROUTES, Case, Outcome, decide
from estates_api.errors import BadInput

FIELDS = {
    "groups": "weights of groups by name, such as release.land: any positive numbers, only their ratios count",
    "criteria": "weights of criteria within their group, by id, such as release.vacancy",
    "points": "value functions by id of the criterion: [[measure, value 0-1], …]",
    "gates_off": "gates that do not count, by id",
    "cut_offs": "release and reuse (0-100), coverage (0-1)",
    "top": "the k of the top k",
}
"""What can be asked, all of it optional."""

LARGEST_WEIGHT = 1000.0
LARGEST_MEASURE = 1e12
MOST_POINTS = 100


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Another method, the gates that count in it, the k of its top k, and the scores that have another value function.
    Nothing of it is stored."""

    method: Method
    gates: tuple[str, ...]
    top: int
    anew: frozenset[ScoreName]


def parse_what_if(raw: Any, method: Method) -> WhatIf:
    """The method with what is asked changed; BadInput names the field that cannot be."""
    asked = _table(raw, "the question", FIELDS)
    groups = _weights(asked, "groups", method.group_weights)
    known = {one.id: one for one in method.criteria}
    weights = _weights(asked, "criteria", known)
    points = {
        id_: _points(given, f"points.{id_}", log=known[id_].scale == "log")
        for id_, given in _table(asked.get("points", {}), "points", known).items()
    }
    criteria = tuple(
        replace(one, weight=weights.get(one.id, one.weight), points=points.get(one.id, one.points))
        for one in method.criteria
    )
    changed = replace(
        method, criteria=criteria, group_weights={**method.group_weights, **groups},
        cut_offs=_cut_offs(asked.get("cut_offs", {}), method.cut_offs),
    )  # fmt: skip
    off = _gates(asked.get("gates_off", []), method.gates)
    return WhatIf(changed, tuple(gate for gate in method.gates if gate not in off), _top(asked, method.trials.top),
                  frozenset(known[id_].score for id_ in points))  # fmt: skip


def _table(given: Any, where: str, known: Collection[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BadInput(f"{where}: must be a table of names and values, such as {{{', '.join(sorted(known)[:2])}}}")
    for name in given:
        if name not in known:
            raise BadInput(f"{where}: there is no {str(name)[:60]!r}; there are {', '.join(known)}")
    return given


def _weights(asked: Mapping[str, Any], field: str, known: Collection[str]) -> dict[str, float]:
    given = _table(asked.get(field, {}), field, known)
    return {name: _number(weight, f"{field}.{name}", 0.001, LARGEST_WEIGHT) for name, weight in given.items()}


def _number(given: Any, where: str, low: float, high: float) -> float:
    # Compared first: a whole number may be too large for a float, and a number that is none compares False.
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise BadInput(f"{where}: must be a number from {low:g} to {high:g}")
    return float(given)


def _points(given: Any, where: str, *, log: bool) -> Points:
    form = f"{where}: must be a list of points, [[2.5, 0], [30, 1]]: measure first, then value"
    if not isinstance(given, Sequence) or isinstance(given, str) or not 2 <= len(given) <= MOST_POINTS:
        raise BadInput(f"{form}; from 2 to {MOST_POINTS} of them")
    if not all(isinstance(point, Sequence) and not isinstance(point, str) and len(point) == 2 for point in given):
        raise BadInput(form)
    points = tuple(
        (_number(x, where, -LARGEST_MEASURE, LARGEST_MEASURE), _number(y, where, 0, 1)) for x, y in given
    )  # fmt: skip
    if fault := find_fault_of_points(points, log=log):
        raise BadInput(f"{where}: {fault}")
    return points


def _cut_offs(given: Any, adopted: CutOffs) -> CutOffs:
    highest = {"release": 100.0, "reuse": 100.0, "coverage": 1.0}
    asked = _table(given, "cut_offs", highest)
    found = {name: _number(one, f"cut_offs.{name}", 0, highest[name]) for name, one in asked.items()}
    return replace(
        adopted, release=found.get("release", adopted.release), reuse=found.get("reuse", adopted.reuse),
        coverage=found.get("coverage", adopted.coverage),
    )  # fmt: skip


def _gates(given: Any, known: Collection[str]) -> set[str]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not all(isinstance(gate, str) for gate in given):
        raise BadInput(f"gates_off: must be a list of gates, by id: {', '.join(known)}")
    for gate in given:
        if gate not in known:
            raise BadInput(f"gates_off: there is no gate {gate[:60]!r}; there are {', '.join(known)}")
    return set(given)


def _top(asked: Mapping[str, Any], adopted: int) -> int:
    given = asked.get("top", adopted)
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= 10**6:
        raise BadInput("top: must be a whole number from 1 to 1000000")
    return given


def compare(
    case: Case, names: Sequence[str], before: Outcome, question: WhatIf
) -> tuple[Outcome, list[dict[str, Any]]]:  # fmt: skip
    """The outcome, and what it is for each site beside that of the adopted method: ranked for release first, then the
    others by reference."""
    after, columns = compare_columns(case, names, before, question)
    return after, [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def compare_columns(
    case: Case, names: Sequence[str], before: Outcome, question: WhatIf
) -> tuple[Outcome, dict[str, list[Any]]]:  # fmt: skip
    """The same as columns by name, in the same order."""
    same = {name: before.valued[name] for name in SCORES if name not in question.anew}
    after = decide(case, question.method, question.gates, same)
    columns: dict[str, Sequence[Any]] = {
        "site": case.refs,
        "name": names,
        "route": [ROUTES[route] for route in after.routes.tolist()],
        "route_before": [ROUTES[route] for route in before.routes.tolist()],
    }
    for name in SCORES:
        columns.update(_moved(name, before, after, question.top))
    ranks = after.ranks["release"]
    order = np.lexsort((_inverse(case.order), np.where(ranks > 0, ranks, len(ranks) + 1))).tolist()
    return after, {name: [column[place] for place in order] for name, column in columns.items()}


def _inverse(order: np.ndarray[Any, np.dtype[np.intp]]) -> np.ndarray[Any, np.dtype[np.intp]]:
    places = np.empty(len(order), dtype=np.intp)
    places[order] = np.arange(len(order))
    return places


def _moved(name: ScoreName, before: Outcome, after: Outcome, top: int) -> Iterator[tuple[str, Sequence[Any]]]:
    ranks = [one.ranks[name].tolist() for one in (after, before)]
    scores = [np.round(one.scores[name].expected, 4).tolist() for one in (after, before)]
    yield f"{name}_score", scores[0]
    yield f"{name}_score_before", scores[1]
    yield f"{name}_rank", [rank or None for rank in ranks[0]]
    yield f"{name}_rank_before", [rank or None for rank in ranks[1]]
    yield f"{name}_top", [_told(0 < now <= top, 0 < then <= top) for now, then in zip(*ranks, strict=True)]


def _told(now: bool, then: bool) -> str | None:
    if now:
        return "stays" if then else "enters"
    return "leaves" if then else None
