"""The scoring method as data: parsed from TOML, checked, and hashed into every assessment."""

import hashlib
import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from estates_api.domain.peers import ALL, Expected, Peers, Reference
from estates_api.errors import BadInput

ScoreName = Literal["release", "reuse"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: a measure mapped to 0-1 by a piecewise-linear value function, with its reason and citation.

    `points` are (measure, value) pairs, rising in the measure; empty where the peers' median and 90th
    percentile stand for 0 and 1.
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

    def of(self, score: ScoreName) -> tuple[Criterion, ...]:
        """The criteria of one score, in the order of the file."""
        return tuple(criterion for criterion in self.criteria if criterion.score == score)

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
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{name}: {_told(error)}") from None


def _told(error: Exception) -> str:
    return f"the entry {error} is missing" if isinstance(error, KeyError) else str(error)


def _method(table: Mapping[str, Any], sha256: str) -> Method:
    weights = {f"{group['score']}.{group['id']}": float(group["weight"]) for group in table["group"]}
    if any(weight <= 0 for weight in weights.values()):
        raise ValueError("every group weight must be above 0")
    criteria = tuple(_criterion(row) for row in table["criterion"])
    peers = _peers(table["peers"])
    _check(criteria, weights, peers)
    cut = table["cut_offs"]
    return Method(
        id=str(table["id"]),
        title=str(table["title"]),
        sha256=sha256,
        criteria=criteria,
        group_weights=weights,
        cut_offs=CutOffs(float(cut["release"]), float(cut["reuse"]), float(cut["coverage"]), int(cut["stale_years"])),
        gates={gate["id"]: str(gate["reason"]) for gate in table["gate"]},
        peers=peers,
    )


def _criterion(row: Mapping[str, Any]) -> Criterion:
    raw = row["points"]
    points = () if raw == "peers" else tuple(sorted((float(x), float(value)) for x, value in raw))
    score = str(row["id"]).partition(".")[0]
    if score not in {"release", "reuse"}:
        raise ValueError(f"criterion {row['id']!r} must begin with release. or reuse.")
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
    )


def _check(criteria: tuple[Criterion, ...], weights: Mapping[str, float], peers: Peers) -> None:
    """Value functions must be functions, monotone and within 0-1; groups must exist; peers must be there."""
    for criterion in criteria:
        if criterion.group not in weights:
            raise ValueError(f"criterion {criterion.id}: there is no group {criterion.group}")
        if not criterion.points and not any(
            row.criterion == criterion.id and row.site_class == ALL for row in peers.references
        ):
            raise ValueError(f"criterion {criterion.id}: points are the peers', but the file has no peers for it")
        steps = list(itertools.pairwise(criterion.points))
        if len(criterion.points) == 1 or any(left[0] >= right[0] for left, right in steps):
            raise ValueError(f"criterion {criterion.id}: points need two or more different measures")
        slopes = {right[1] > left[1] for left, right in steps if right[1] != left[1]}
        if len(slopes) > 1 or any(not 0 <= value <= 1 for _, value in criterion.points):
            raise ValueError(f"criterion {criterion.id}: values must lie in 0-1 and only rise or only fall")
        if criterion.scale == "log" and any(x <= 0 for x, _ in criterion.points):
            raise ValueError(f"criterion {criterion.id}: a log scale needs measures above 0")
    if len({criterion.id for criterion in criteria}) != len(criteria):
        raise ValueError("a criterion id stands twice")


def _peers(table: Mapping[str, Any]) -> Peers:
    references = tuple(
        Reference(
            str(row["criterion"]), str(row["edition"]), str(row["class"]),
            float(row["median"]), float(row["p90"]), int(row["n"]),
        )
        for row in table.get("reference", [])
    )  # fmt: skip
    if bad := next((row for row in references if row.p90 <= row.median), None):
        raise ValueError(f"peers of {bad.criterion}, {bad.edition}, {bad.site_class}: p90 must be above the median")
    expectations = tuple(
        Expected(str(row["criterion"]), str(row["class"]), float(row["points"]), int(row["n"]))
        for row in table.get("expected", [])
    )
    return Peers(str(table["made"]), references, expectations)
