"""The scoring method as data: what is judged and why, by which value functions and weights, and what stands apart.

It is read from a versioned TOML file (method_file.py), whose SHA-256 every assessment carries.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from estates_api.domain.density import Density
from estates_api.domain.keepers import Keeper
from estates_api.domain.peers import Peers

ScoreName = Literal["release", "reuse"]
SCORES: tuple[ScoreName, ...] = ("release", "reuse")

Points = tuple[tuple[float, float], ...]
"""A value function: (measure, value 0-1) pairs, rising in the measure."""

SMALLEST_STEP = 1e-6
"""Two measures of a value function are at least this far apart: measures are kept to six decimal places."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: a measure mapped to 0-1 by a piecewise-linear value function, with its reason and citation.

    `points` are empty where the peers' median and 90th percentile stand for 0 and 1. `weight` is its share within
    its group, 1 like all others unless `weight_why` says why not. `norms` are what is usual for each kind of
    organisation, where the measure is a share of that.
    """

    id: str
    score: ScoreName
    group: str
    title: str
    unit: str
    scale: Literal["linear", "log"]
    points: Points
    why: str
    citation: str
    weight: float = 1.0
    weight_why: str = ""
    norms: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The short name: `vacancy` of `release.vacancy`."""
        return self.id.partition(".")[2]


@dataclass(frozen=True, slots=True)
class CutOffs:
    """Declared cut-offs of the routes (scores 0-100, coverage 0-1) and the age at which evidence is stale.

    `why` says for each of them why it is what it is.
    """

    release: float
    reuse: float
    coverage: float
    stale_years: int
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateRule:
    """A reason why a route cannot be release, whatever the score."""

    id: str
    reason: str
    citation: str


@dataclass(frozen=True, slots=True)
class LimitRule:
    """A designation that leaves less land to build on: `removed` takes the land out, `flagged` only says so."""

    id: str
    title: str
    effect: Literal["removed", "flagged"]
    unless: str
    citation: str


@dataclass(frozen=True, slots=True)
class CheckRule:
    """A named step before disposal. `applies_to` names the rule that says to which sites (checks.py)."""

    id: str
    title: str
    step: str
    applies_to: str
    citation: str


@dataclass(frozen=True, slots=True)
class Priority:
    """A column shown beside the score and never hidden in it, in the order of the file."""

    id: str
    title: str
    why: str
    citation: str


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
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListRule:
    """How long a shortlist is: at most `size` sites of each list, each among the top k (Trials) with this probability
    at least. Whoever else qualifies stands apart, as next."""

    size: int
    probability: float
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """A scoring method. `sha256` is that of the file's bytes; `weight_whys` says why a group's weight is not 1."""

    id: str
    title: str
    sha256: str
    criteria: tuple[Criterion, ...]
    group_weights: dict[str, float]
    cut_offs: CutOffs
    gates: Mapping[str, GateRule]
    peers: Peers
    trials: Trials
    limits: Mapping[str, LimitRule] = field(default_factory=dict)
    checks: Mapping[str, CheckRule] = field(default_factory=dict)
    priorities: tuple[Priority, ...] = ()
    weight_whys: Mapping[str, str] = field(default_factory=dict)
    density: Density | None = None
    keepers: tuple[Keeper, ...] = ()
    rule: ListRule | None = None

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

    def value_points(self, criterion: Criterion, edition: str | None, group: str) -> Points:
        """The value function for a site of class `group` whose measure comes from `edition`."""
        if criterion.points:
            return criterion.points
        middle, high = self.peers.reference(criterion.id, edition or "", group)
        return ((middle, 0.0), (high, 1.0))


def find_fault_of_points(points: Points, *, log: bool = False) -> str | None:
    """What is wrong with a value function, and what to write; None when nothing is."""
    steps = list(itertools.pairwise(points))
    if not all(math.isfinite(x) for x, _ in points):
        return "measures must be finite numbers"
    if not steps or any(right[0] - left[0] < SMALLEST_STEP for left, right in steps):
        return "give two or more points, each with a larger measure than the one before"
    slopes = {right[1] > left[1] for left, right in steps if right[1] != left[1]}
    if len(slopes) != 1 or any(not 0 <= value <= 1 for _, value in points):
        return "values must lie in 0-1, and only rise or only fall from point to point"
    if log and (points[0][0] <= 0 or any(right[0] / left[0] < 1 + SMALLEST_STEP for left, right in steps)):
        return "a log scale needs measures above 0, each clearly larger than the one before"
    return None
