"""A method for a reader who is not a programmer: every part of it in words, as JSON-ready values."""

import itertools
from collections.abc import Collection
from typing import Any

from estates_api.domain.checks import APPLIES
from estates_api.domain.density import BANDS, SETTINGS, Density
from estates_api.domain.gates import GATES
from estates_api.domain.measures import MEASURES, PTAL_LEVELS
from estates_api.domain.method import SCORES, Criterion, LimitRule, ListRule, Method, ScoreName, Trials
from estates_api.domain.quantities import quantity

PEERS_LABELS = ("median of similar sites", "their 90th percentile")
PEERS_POINTS = (
    "the median of similar sites in the same edition or less: no points; their 90th percentile or more: all points"
)


def describe_method(method: Method) -> dict[str, Any]:
    """All that a method says, for the page, the command and programs. Shares are of a site to which all applies."""
    return {
        "id": method.id,
        "title": method.title,
        "sha256": method.sha256,
        "scores": [_score(name, method) for name in SCORES],
        "cut_offs": [_cut_off(name, method) for name in ("release", "reuse", "coverage", "stale_years")],
        "gates": [{"id": rule.id, "reason": rule.reason, "rule": first_sentence(GATES[rule.id]),
                   "citation": rule.citation} for rule in method.gates.values()],
        "limits": [{"id": rule.id, "title": rule.title, "effect": rule.effect, "unless": rule.unless or None,
                    "effect_in_words": _effect(rule), "citation": rule.citation} for rule in method.limits.values()],
        "checks": [{"id": rule.id, "title": rule.title, "step": rule.step, "applies_to": rule.applies_to,
                    "rule": first_sentence(APPLIES[rule.applies_to]), "citation": rule.citation}
                   for rule in method.checks.values()],
        "priority": [{"id": rule.id, "title": rule.title, "why": rule.why, "citation": rule.citation}
                     for rule in method.priorities],
        "capacity": _density(method.density) if method.density else None,
        "receipts": [{"kind": one.kind, "since": one.since.isoformat(), "who": one.who, "citation": one.citation}
                     for one in method.keepers],
        "shortlist": _rule(method.rule, method.trials) if method.rule else [],
        "robustness": _trials(method.trials),
        "peers": method.peers.made,
    }  # fmt: skip


def _density(density: Density) -> dict[str, Any]:
    """The density matrix, row by row as it was published, when each setting is meant, and both statements about it."""
    rows = [
        {"setting": setting, "rooms": rooms,
         **{f"ptal_{band}": list(density.cells[setting, band, rooms]) for band in BANDS}}
        for setting in SETTINGS for rooms in density.rooms
    ]  # fmt: skip
    return {
        "citation": density.citation, "caution": density.caution, "superseded": density.superseded,
        "settings": {"central": _near(density, density.central_classes),
                     "urban": f"{_near(density, density.urban_classes)}, or on a main road (where that is known)",
                     "suburban": "anywhere else"},
        "homes_per_ha": rows, "share_of_open_land": list(density.share), "share_why": density.share_why,
    }  # fmt: skip


def _near(density: Density, classes: Collection[str]) -> str:
    return f"within {density.near_m:g} m of a town centre of class {' or '.join(sorted(classes)) or 'none'}"


def first_sentence(rule: Any) -> str:
    """The public description of a rule: the first line of its docstring."""
    return str(rule.__doc__).partition("\n")[0]


def _score(name: ScoreName, method: Method) -> dict[str, Any]:
    groups = [group for group in method.group_weights if group.startswith(f"{name}.")]
    return {
        "name": name,
        "question": {"release": "How strong is the case for letting this go?",
                     "reuse": "How good a home for integrated services is it?"}[name],
        "groups": [_group(group, method) for group in groups],
    }  # fmt: skip


def _group(group: str, method: Method) -> dict[str, Any]:
    score, _, name = group.partition(".")
    whole = sum(weight for other, weight in method.group_weights.items() if other.startswith(f"{score}."))
    share = method.group_weights[group] / whole
    members = [criterion for criterion in method.criteria if criterion.group == group]
    within = sum(criterion.weight for criterion in members)
    return {
        "id": name,
        "weight": method.group_weights[group],
        "weight_why": method.weight_whys.get(group),
        "share": share,
        "criteria": [_criterion(one, share * one.weight / within, method) for one in members],
    }


def _criterion(criterion: Criterion, share: float, method: Method) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "title": criterion.title,
        "measured": first_sentence(MEASURES[criterion.id]),
        "unit": criterion.unit,
        "scale": criterion.scale,
        "points": [list(point) for point in criterion.points] or "peers",
        "point_labels": [measure_in_words(criterion, x) for x, _ in criterion.points] or list(PEERS_LABELS),
        "points_in_words": points_in_words(criterion),
        "norms": dict(criterion.norms) or None,
        "weight": criterion.weight,
        "weight_why": criterion.weight_why or None,
        "share": share,
        "unknown": unknown_in_words(criterion, method),
        "why": criterion.why,
        "citation": criterion.citation,
    }


def points_in_words(criterion: Criterion) -> str:
    """A value function in a sentence: `2.5% or less: no points; 30% or more: all points; in proportion between`."""
    between = "each tenfold step between counts the same" if criterion.scale == "log" else "in proportion between"
    if not criterion.points:
        return f"{PEERS_POINTS}; {between}"
    said = [f"{measure_in_words(criterion, x)}{end}: {_value(value)}"
            for (x, value), end in zip(criterion.points, _ends(criterion), strict=True)]  # fmt: skip
    return "; ".join(said) if criterion.name == "partners" else f"{'; '.join(said)}; {between}"


def _ends(criterion: Criterion) -> list[str]:
    """That the function is flat beyond its ends; a yes or no has none."""
    if criterion.name == "partners":
        return [""] * len(criterion.points)
    return [" or less", *itertools.repeat("", len(criterion.points) - 2), " or more"]


def measure_in_words(criterion: Criterion, number: float) -> str:
    """A measure on the scale of a criterion, as planners say it."""
    match criterion.name:
        case "access" if number in range(len(PTAL_LEVELS)):
            return f"level {PTAL_LEVELS[int(number)]}"
        case "partners" if number in {0, 1}:
            return "yes" if number else "no"
        case "need":
            return f"decile {quantity(number, '')}"
        case _:
            return quantity(number, criterion.unit)


def _value(value: float) -> str:
    return {0.0: "no points", 1.0: "all points"}.get(value, f"{value:.0%} of the points")


def unknown_in_words(criterion: Criterion, method: Method) -> str:
    """What stands in the place of a measure that is not known."""
    classes = {row.site_class for row in method.peers.distributions if row.criterion == criterion.id}
    if "place" in classes:
        return "what the area’s neighbourhoods earn on average"
    if classes:
        return "what similar NHS sites earn on average; a council’s site earns nothing"
    return "nothing: no figures of similar sites are published"


def _trials(trials: Trials) -> list[dict[str, Any]]:
    """How it is tried whether a rank holds, as cut-offs are told."""
    said = {
        "draws": (trials.draws, f"Every site is ranked {trials.draws:,} times, by weights drawn around the adopted"),
        "top": (trials.top, f"It is told how often it is among the first {trials.top}"),
        "groups": (trials.of_groups, f"Weights of groups are drawn with a concentration of {trials.of_groups:g}"),
        "criteria": (trials.of_criteria, f"Weights within a group, with one of {trials.of_criteria:g}"),
    }
    return [{"id": name, "value": value, "in_words": words, "why": trials.why.get(name)}
            for name, (value, words) in said.items()]  # fmt: skip


def _rule(rule: ListRule, trials: Trials) -> list[dict[str, Any]]:
    """How long a quarter's lists are, as cut-offs are told."""
    least = f"Each is among the first {trials.top} in {rule.probability:.0%} of the draws or more; else it stands apart"
    said = {"size": (rule.size, f"At most {rule.size:,} sites on each list; those after them stand apart, as next"),
            "probability": (rule.probability, least)}  # fmt: skip
    return [{"id": name, "value": value, "in_words": words, "why": rule.why.get(name)}
            for name, (value, words) in said.items()]  # fmt: skip


def _effect(rule: LimitRule) -> str:
    said = {"removed": "its land is taken out of what can be built on", "flagged": "it is said, no land is taken out"}
    return f"{said[rule.effect]}, unless {rule.unless}" if rule.unless else said[rule.effect]


def _cut_off(name: str, method: Method) -> dict[str, Any]:
    cut = method.cut_offs
    said = {
        "release": (cut.release, f"A release score of {cut.release:g} or more, with no gate closed: release"),
        "reuse": (cut.reuse, f"A reuse score of {cut.reuse:g} or more: reuse; with release, part release with reuse"),
        "coverage": (cut.coverage, f"Less than {cut.coverage:.0%} of a score resting on evidence: not enough data"),
        "stale_years": (cut.stale_years, f"Evidence older than {cut.stale_years} years is marked as old"),
    }
    value, words = said[name]
    return {"id": name, "value": value, "in_words": words, "why": cut.why.get(name)}
