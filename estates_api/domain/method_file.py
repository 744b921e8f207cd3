"""The file of a scoring method: parsed from TOML, checked, and hashed into every assessment.

Whatever is wrong is one line: the file, the line, the entry, and what to do.
"""

import hashlib
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from estates_api.domain.checks import APPLIES
from estates_api.domain.density import parse_density
from estates_api.domain.gates import GATES
from estates_api.domain.intensity import KINDS as INTENSITY_KINDS
from estates_api.domain.keepers import parse_keeper
from estates_api.domain.measures import MEASURES, PTAL_LEVELS
from estates_api.domain.method import (
    SCORES,
    CheckRule,
    Criterion,
    CutOffs,
    GateRule,
    LimitRule,
    ListRule,
    Method,
    Points,
    Priority,
    Trials,
    find_fault_of_points,
)
from estates_api.domain.peers import ALL, Distribution, Peers, Reference
from estates_api.domain.toml_table import LARGEST, Fault, Table, parse_toml, to_number

LIMITS = ("green-belt", "metropolitan-open-land", "flood-zone-3b", "conservation-area", "listed-building", "open-space")
"""The designations that there are rules for."""

LARGEST_WEIGHT = 1000.0
LEAST_NORM = 0.001
_IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class _Entry(Protocol):
    @property
    def id(self) -> str: ...


E = TypeVar("E", bound=_Entry)


def parse_method(content: bytes, name: str) -> Method:
    """A method from the bytes of its TOML file, every criterion, gate, limit and check of which there is a rule for.

    BadInput, one line, names the file, the line and the entry that is wrong, and what to do.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    return parse_toml(content, name, lambda table: _method(table, sha256))


def _method(table: Table, sha256: str) -> Method:
    weights, weight_whys = _groups(table)
    criteria = table.each("criterion", _criterion)
    peers = table.table("peers", _peers)
    _check_criteria(table, criteria, weights)
    _check_peers(table, criteria, peers)
    return Method(
        id=_identifier(table),
        title=table.text("title"),
        sha256=sha256,
        criteria=criteria,
        group_weights=weights,
        cut_offs=table.table("cut_offs", _cut_offs),
        gates=_by_id(table, "gate", table.each("gate", _gate)),
        peers=peers,
        trials=table.table("robustness", _trials),
        limits=_by_id(table, "limit", table.each("limit", _limit)),
        checks=_by_id(table, "check", table.each("check", _check)),
        priorities=tuple(_by_id(table, "priority", table.each("priority", _priority)).values()),
        weight_whys=weight_whys,
        density=table.table("capacity", parse_density) if table.has("capacity") else None,
        keepers=table.each("receipts", parse_keeper),
        rule=table.table("shortlist", _rule) if table.has("shortlist") else None,
    )


def _identifier(table: Table) -> str:
    found = table.text("id")
    if not _IDENTIFIER.fullmatch(found) or len(found) > 60:
        raise table.fault("must be small letters, digits and hyphens, like ncl-1, at most 60", "id")
    return found


def _by_id(table: Table, key: str, entries: Sequence[E]) -> dict[str, E]:
    """The entries of a list by their id; a Fault at one whose id stands before."""
    _check_once(table, key, [entry.id for entry in entries], "id")
    return {entry.id: entry for entry in entries}


def _check_once(table: Table, key: str, names: Sequence[object], at: str) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            shown = ", ".join(name) if isinstance(name, tuple) else name
            raise Fault((*table.path, key, place, at), f"[[{key}]]", f"{shown} stands twice; leave one out")


def _cut_offs(table: Table) -> CutOffs:
    names = ("release", "reuse", "coverage", "stale_years")
    return CutOffs(
        release=table.number("release", 0, 100),
        reuse=table.number("reuse", 0, 100),
        coverage=table.number("coverage", 0, 1),
        stale_years=table.whole("stale_years", 0, 100),
        why={name: table.text(f"{name}_why") for name in names},
    )


def _trials(table: Table) -> Trials:
    names = ("groups", "criteria", "draws", "top")
    return Trials(
        draws=table.whole("draws", 100, 100_000),
        top=table.whole("top", 1, 10**6),
        of_groups=table.number("groups", 1, 1e6),
        of_criteria=table.number("criteria", 1, 1e6),
        why={name: table.text(f"{name}_why") for name in names},
    )


def _rule(table: Table) -> ListRule:
    return ListRule(
        size=table.whole("size", 1, 10**6),
        probability=table.number("probability", 0, 1),
        why={name: table.text(f"{name}_why") for name in ("size", "probability")},
    )


def _groups(table: Table) -> tuple[dict[str, float], dict[str, str]]:
    """The weight of each group (`release.land`), and the argument where it is not 1."""
    rows = table.each("group", _group)
    _check_once(table, "group", [name for name, _, _ in rows], "id")
    return {name: weight for name, weight, _ in rows}, {name: why for name, _, why in rows if why}


def _group(table: Table) -> tuple[str, float, str]:
    score, weight_and_why = table.choice("score", SCORES), _weight(table)
    return f"{score}.{table.text('id')}", *weight_and_why


def _weight(table: Table) -> tuple[float, str]:
    """The weight, 1 where none is given; another one needs the argument for it beside it."""
    table.asked |= {"weight", "weight_why"}
    weight = table.number("weight", 1 / LARGEST_WEIGHT, LARGEST_WEIGHT) if table.has("weight") else 1.0
    if weight != 1 and not table.has("weight_why"):
        raise table.fault("a weight that is not 1 needs the argument for it: add weight_why", "weight")
    return weight, table.find_text("weight_why")


def _criterion(table: Table) -> Criterion:
    id_ = table.choice("id", MEASURES)
    score = SCORES[0] if id_.startswith(SCORES[0]) else SCORES[1]
    log = table.has("scale") and table.choice("scale", ("linear", "log")) == "log"
    weight, weight_why = _weight(table)
    table.asked.add("scale")
    return Criterion(
        id=id_,
        score=score,
        group=f"{score}.{table.text('group')}",
        title=table.text("title"),
        unit=table.text("unit", blank=True),
        scale="log" if log else "linear",
        points=_levels(table, _points(table, log=log)) if id_ == "reuse.access" else _points(table, log=log),
        why=table.text("why"),
        citation=table.text("citation"),
        weight=weight,
        weight_why=weight_why,
        norms=table.table("norms", _norms) if id_ == "release.intensity" else {},
    )


def _norms(table: Table) -> dict[str, float]:
    """What is usual for each kind of organisation."""
    return {kind: table.number(kind, LEAST_NORM, LARGEST_WEIGHT) for kind in INTENSITY_KINDS}


def _points(table: Table, *, log: bool) -> Points:
    """The value function; none where the peers' figures stand for it."""
    raw = table.get("points")
    if raw == "peers" and log:
        reason = "a log scale needs points of its own, as the median of similar sites may be 0; or leave scale out"
        raise table.fault(reason, "points")
    if raw == "peers":
        return ()
    form = 'must be "peers" or a list of points, [[2.5, 0], [30, 1]]: numbers, measure first, then value'
    pairs = raw if isinstance(raw, list) else []
    if not pairs or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise table.fault(form, "points")
    found = [(to_number(x), to_number(value)) for x, value in pairs]
    points = tuple((x, value) for x, value in found if x is not None and value is not None)
    if len(points) < len(found):
        raise table.fault(form, "points")
    if fault := find_fault_of_points(points, log=log):
        raise table.fault(fault, "points")
    return points


def _levels(table: Table, points: Points) -> Points:
    """The value function of transport levels, which are told by their names: there is none beyond the last."""
    most = len(PTAL_LEVELS) - 1
    if not all(0 <= x <= most for x, _ in points):
        reason = f"write levels as numbers from 0 (level {PTAL_LEVELS[0]}) to {most} (level {PTAL_LEVELS[most]})"
        raise table.fault(reason, "points")
    return points


def _gate(table: Table) -> GateRule:
    return GateRule(table.choice("id", GATES), table.text("reason"), table.text("citation"))


def _limit(table: Table) -> LimitRule:
    removed = table.choice("effect", ("removed", "flagged")) == "removed"
    table.asked.add("unless")
    return LimitRule(
        id=table.choice("id", LIMITS),
        title=table.text("title"),
        effect="removed" if removed else "flagged",
        unless=table.find_text("unless"),
        citation=table.text("citation"),
    )


def _check(table: Table) -> CheckRule:
    return CheckRule(
        id=_identifier(table),
        title=table.text("title"),
        step=table.text("step"),
        applies_to=table.choice("applies_to", APPLIES),
        citation=table.text("citation"),
    )


def _priority(table: Table) -> Priority:
    return Priority(_identifier(table), table.text("title"), table.text("why"), table.text("citation"))


def _check_criteria(table: Table, criteria: Sequence[Criterion], weights: Mapping[str, float]) -> None:
    """Every criterion stands once and in a group that is there; both scores and every group have one."""
    _check_once(table, "criterion", [criterion.id for criterion in criteria], "id")
    for place, criterion in enumerate(criteria):
        if criterion.group not in weights:
            reason = f"there is no group {criterion.group}; add [[group]] or name one of: {', '.join(weights)}"
            raise Fault(("criterion", place, "group"), f"[[criterion]] {criterion.id}", reason)
    for place, group in enumerate(weights):
        if all(criterion.group != group for criterion in criteria):
            raise Fault(("group", place, "id"), "[[group]]", f"no criterion is in {group}; add one or leave it out")
    for score in SCORES:
        if all(criterion.score != score for criterion in criteria):
            raise table.fault(f"there is no [[criterion]] of the {score} score; add one")


def _check_peers(table: Table, criteria: Sequence[Criterion], peers: Peers) -> None:
    """Every criterion that is measured against peers has them, over all classes in every edition."""
    there = {row.criterion for row in peers.references}
    # Readiness compares backlog with the peers', whatever points backlog itself has.
    needs = {"reuse.condition": "release.backlog"}
    for place, criterion in enumerate(criteria):
        wanted = criterion.id if not criterion.points else needs.get(criterion.id)
        if wanted and wanted not in there:
            reason = f"measured against peers, but the file has no [[peers.reference]] of {wanted}; add them"
            raise Fault((*table.path, "criterion", place), f"[[criterion]] {criterion.id}", reason)
    whole = {(row.criterion, row.edition) for row in peers.references if row.site_class == ALL}
    for place, row in enumerate(peers.references):
        if (row.criterion, row.edition) not in whole:
            reason = f"there is no row of class {ALL} for this criterion and edition; add it"
            raise Fault(("peers", "reference", place), f"[[reference]] {row.criterion}, {row.edition}", reason)


def _peers(table: Table) -> Peers:
    probabilities = table.numbers("probabilities")
    if probabilities[:1] + probabilities[-1:] != (0.0, 1.0) or not _rises(probabilities):
        raise table.fault("must rise from 0 to 1", "probabilities")
    references = table.each("reference", _reference)
    measures = table.each("measure", lambda row: _distribution(row, len(probabilities)))
    _check_once(table, "reference", [(row.criterion, row.edition, row.site_class) for row in references], "class")
    _check_once(table, "measure", [(row.criterion, row.site_class) for row in measures], "class")
    return Peers(table.text("made"), references, probabilities, measures)


def _reference(table: Table) -> Reference:
    middle, high = table.number("median", -LARGEST, LARGEST), table.number("p90", -LARGEST, LARGEST)
    if find_fault_of_points(((middle, 0.0), (high, 1.0))):
        raise table.fault("must be above the median", "p90")
    criterion = table.choice("criterion", MEASURES)
    edition = table.text("edition", blank=True)
    return Reference(criterion, edition, table.text("class"), middle, high, table.whole("n", 0, 10**9))


def _distribution(table: Table, size: int) -> Distribution:
    at = table.numbers("at")
    if len(at) != size or not _rises(at):
        raise table.fault(f"must be {size} numbers, one for each probability, none smaller than the one before", "at")
    criterion, edition = table.choice("criterion", MEASURES), table.text("edition")
    return Distribution(criterion, edition, table.text("class"), table.whole("n", 0, 10**9), at)


def _rises(numbers: Sequence[float]) -> bool:
    return all(left <= right for left, right in itertools.pairwise(numbers))
