"""The scoring method as data: parsed from TOML, checked, and hashed into every assessment."""

import hashlib
import itertools
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from estates_api.domain.peers import ALL, Distribution, Peers, Reference
from estates_api.errors import BadInput

ScoreName = Literal["release", "reuse"]
SCORES: tuple[ScoreName, ...] = ("release", "reuse")

Points = tuple[tuple[float, float], ...]
"""A value function: (measure, value 0-1) pairs, rising in the measure."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: a measure mapped to 0-1 by a piecewise-linear value function, with its reason and citation.

    `points` are (measure, value) pairs, rising in the measure; empty where the peers' median and 90th
    percentile stand for 0 and 1. `weight` is its share of its group's, against the others there.
    """

    id: str
    score: ScoreName
    group: str
    title: str
    unit: str
    scale: Literal["linear", "log"]
    points: tuple[tuple[float, float], ...]
    why: str
    citation: str
    weight: float = 1.0

    @property
    def name(self) -> str:
        """The short name: `vacancy` of `release.vacancy`."""
        return self.id.partition(".")[2]


@dataclass(frozen=True, slots=True)
class CutOffs:
    """Declared cut-offs of the routes (scores 0-100, coverage 0-1) and the age at which evidence is stale."""

    release: float
    reuse: float
    coverage: float
    stale_years: int


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of m criteria in groups, scale-free. `groups` gives each criterion's index into `of_groups`."""

    groups: tuple[int, ...]
    of_groups: tuple[float, ...]
    of_criteria: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trials:
    """How robustness is tried: how many draws, the k of the top k, and how close the weights drawn stay to the adopted
    ones (concentrations of Dirichlet distributions, of groups and of criteria within a group)."""

    draws: int
    top: int
    of_groups: float
    of_criteria: float


@dataclass(frozen=True, slots=True)
class Method:
    """A scoring method. `sha256` is that of the file's bytes."""

    id: str
    title: str
    sha256: str
    criteria: tuple[Criterion, ...]
    group_weights: dict[str, float]
    cut_offs: CutOffs
    gates: dict[str, str]
    peers: Peers
    trials: Trials

    def of(self, score: ScoreName) -> tuple[Criterion, ...]:
        """The criteria of one score, in the order of the file."""
        return tuple(criterion for criterion in self.criteria if criterion.score == score)

    def weights(self, score: ScoreName) -> Weights:
        """The weights of one score's criteria, in the same order; its groups in the order of their names."""
        criteria = self.of(score)
        groups = sorted({criterion.group for criterion in criteria})
        return Weights(
            tuple(groups.index(criterion.group) for criterion in criteria),
            tuple(self.group_weights[group] for group in groups),
            tuple(criterion.weight for criterion in criteria),
        )

    def value_points(self, criterion: Criterion, edition: str | None, group: str) -> tuple[tuple[float, float], ...]:
        """The value function for a site of class `group` whose measure comes from `edition`."""
        if criterion.points:
            return criterion.points
        middle, high = self.peers.reference(criterion.id, edition or "", group)
        return ((middle, 0.0), (high, 1.0))


def parse_method(content: bytes, name: str) -> Method:
    """A method from the bytes of its TOML file; BadInput names the file and the entry that is wrong."""
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{name}: not readable as TOML: {error}") from None
    try:
        return _method(table, hashlib.sha256(content).hexdigest())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{name}: {_told(error)}") from None


def _told(error: Exception) -> str:
    return f"the entry {error} is missing" if isinstance(error, KeyError) else str(error)


Row = Mapping[str, Any]
T = TypeVar("T")


def _each(table: Row, key: str, parse: Callable[[Row], T]) -> tuple[T, ...]:
    """Every [[key]] of a table, parsed; ValueError names the one that is wrong by its number and its id."""
    rows = table[key]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{key} must be written as [[{key}]]")
    parsed = []
    for number, row in enumerate(rows, start=1):
        entry = f"{key} {row.get('id', row.get('criterion', ''))!r} (number {number})"
        try:
            parsed.append(parse(row))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{entry}: {_told(error)}") from None
    return tuple(parsed)


def _method(table: Row, sha256: str) -> Method:
    groups = _each(table, "group", _group)
    weights = dict(groups)
    if len(weights) != len(groups):
        raise ValueError("a group id stands twice")
    criteria = _each(table, "criterion", _criterion)
    peers = _peers(table["peers"])
    _check(criteria, weights, peers)
    return Method(
        id=str(table["id"]),
        title=str(table["title"]),
        sha256=sha256,
        criteria=criteria,
        group_weights=weights,
        cut_offs=_cut_offs(table["cut_offs"]),
        gates=dict(_each(table, "gate", lambda gate: (str(gate["id"]), str(gate["reason"])))),
        peers=peers,
        trials=_trials(table["robustness"]),
    )


def _cut_offs(row: Row) -> CutOffs:
    cut = CutOffs(float(row["release"]), float(row["reuse"]), float(row["coverage"]), int(row["stale_years"]))
    if not (0 <= cut.release <= 100 and 0 <= cut.reuse <= 100 and 0 <= cut.coverage <= 1 and cut.stale_years >= 0):
        raise ValueError("cut_offs: release and reuse lie in 0-100, coverage in 0-1, stale_years at 0 or above")
    return cut


def _trials(row: Row) -> Trials:
    trials = Trials(int(row["draws"]), int(row["top"]), float(row["groups"]), float(row["criteria"]))
    fewest = min(trials.of_groups, trials.of_criteria)
    if not (100 <= trials.draws <= 100_000 and trials.top >= 1 and 1 <= fewest < math.inf):
        raise ValueError("robustness: draws lie in 100-100000, top at 1 or above, groups and criteria at 1 or above")
    return trials


def _group(row: Row) -> tuple[str, float]:
    return f"{row['score']}.{row['id']}", _weight(row["weight"])


def _weight(raw: Any) -> float:
    weight = float(raw)
    if not 0 < weight < math.inf:
        raise ValueError("the weight must be a number above 0")
    return weight


def _criterion(row: Row) -> Criterion:
    raw = row["points"]
    points = () if raw == "peers" else tuple(sorted((float(x), float(value)) for x, value in raw))
    score = str(row["id"]).partition(".")[0]
    if score not in {"release", "reuse"}:
        raise ValueError("the id must begin with release. or reuse.")
    if row.get("scale", "linear") not in {"linear", "log"}:
        raise ValueError("scale must be linear or log")
    return Criterion(
        id=str(row["id"]),
        score="release" if score == "release" else "reuse",
        group=f"{score}.{row['group']}",
        title=str(row["title"]),
        unit=str(row["unit"]),
        scale="log" if row.get("scale") == "log" else "linear",
        points=points,
        why=str(row["why"]),
        citation=str(row["citation"]),
        weight=_weight(row.get("weight", 1)),
    )


def _check(criteria: tuple[Criterion, ...], weights: Mapping[str, float], peers: Peers) -> None:
    """Value functions must be functions, monotone and within 0-1; groups must exist; peers must be there."""
    for criterion in criteria:
        if criterion.group not in weights:
            raise ValueError(f"criterion {criterion.id}: there is no group {criterion.group}")
        fault = criterion.points and find_fault_of_points(criterion.points, log=criterion.scale == "log")
        if fault:
            raise ValueError(f"criterion {criterion.id}: {fault}")
    if len({criterion.id for criterion in criteria}) != len(criteria):
        raise ValueError("a criterion id stands twice")
    needed = {criterion.id: criterion.id for criterion in criteria if not criterion.points}
    # Readiness compares backlog with the peers', whatever points backlog itself has.
    needed |= {criterion.id: "release.backlog" for criterion in criteria if criterion.id == "reuse.condition"}
    for id_, reference in needed.items():
        if not any(row.criterion == reference for row in peers.references):
            raise ValueError(f"criterion {id_}: measured against peers, but the file has no peers of {reference}")
    _check_every_edition(peers)


def find_fault_of_points(points: Points, *, log: bool = False) -> str | None:
    """What is wrong with a value function, and what to write; None when nothing is."""
    steps = list(itertools.pairwise(points))
    if not all(math.isfinite(x) for x, _ in points):
        return "measures must be finite numbers"
    if not steps or any(left[0] >= right[0] for left, right in steps):
        return "points need two or more different measures"
    slopes = {right[1] > left[1] for left, right in steps if right[1] != left[1]}
    if len(slopes) != 1 or any(not 0 <= value <= 1 for _, value in points):
        return "values must lie in 0-1 and only rise or only fall"
    if log and points[0][0] <= 0:
        return "a log scale needs measures above 0"
    return None


def _check_every_edition(peers: Peers) -> None:
    """Every edition has its figures over all classes, which stand for classes with too few sites."""
    editions = {(row.criterion, row.edition) for row in peers.references}
    whole = {(row.criterion, row.edition) for row in peers.references if row.site_class == ALL}
    if missing := min(editions - whole, default=None):
        raise ValueError(f"peers of {missing[0]}, {missing[1]}: there is no row of class {ALL}")


def _peers(table: Row) -> Peers:
    listed = {"reference": [], "measure": [], **table}
    probabilities = tuple(float(one) for one in table["probabilities"])
    if probabilities[:1] + probabilities[-1:] != (0.0, 1.0) or not _rises(probabilities):
        raise ValueError("peers: probabilities rise from 0 to 1")
    return Peers(
        str(table["made"]), _each(listed, "reference", _reference), probabilities,
        _each(listed, "measure", lambda row: _distribution(row, len(probabilities))),
    )  # fmt: skip


def _reference(row: Row) -> Reference:
    middle, high = float(row["median"]), float(row["p90"])
    if not (math.isfinite(middle) and middle < high < math.inf):
        raise ValueError(f"{row['edition']}, {row['class']}: p90 must be above the median")
    return Reference(str(row["criterion"]), str(row["edition"]), str(row["class"]), middle, high, int(row["n"]))


def _distribution(row: Row, size: int) -> Distribution:
    at = tuple(float(one) for one in row["at"])
    if len(at) != size or not all(math.isfinite(one) for one in at) or not _rises(at):
        raise ValueError(f"class {row['class']}: `at` must be {size} numbers that rise, one for each probability")
    return Distribution(str(row["criterion"]), str(row["edition"]), str(row["class"]), int(row["n"]), at)


def _rises(numbers: tuple[float, ...]) -> bool:
    return all(left <= right for left, right in itertools.pairwise(numbers))
