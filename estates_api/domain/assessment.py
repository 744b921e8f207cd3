"""One run of a method on one state of the data: measures, scores, gates and routes of every site."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from estates_api.domain.gates import Gate, closed_gates, released_by
from estates_api.domain.measured import Kinds, gather, kinds_of
from estates_api.domain.measures import MEASURES, TENURE, Measure
from estates_api.domain.method import SCORES, Criterion, Method, ScoreName
from estates_api.domain.outcome import ROUTES, Case, Outcome, Route, decide, order_of
from estates_api.domain.peers import site_class
from estates_api.domain.sites import Event, Site
from estates_api.domain.standing import Tried, sees, try_sites


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one criterion adds to a score: measure, value 0-1, weight (share of 1) and points (0-100)."""

    criterion: Criterion
    measure: Measure
    value: float
    weight: float
    points: float


@dataclass(frozen=True, slots=True)
class SiteScore:
    """One score of one site: expected, with the interval of what is unknown; coverage 0-1; parts that add up."""

    expected: float
    low: float
    high: float
    coverage: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Assessed:
    """One site's result. `released` is the sale that ended public ownership, when there was one.

    `evidence` holds the oldest and the newest day that the known measures rest on, but for tenure, which does not grow
    old; None when none is dated. `tried` says how its rank holds, where draws were made.
    """

    site: Site
    release: SiteScore
    reuse: SiteScore
    gates: tuple[Gate, ...]
    route: Route
    released: Event | None
    evidence: tuple[date, date] | None
    stale: bool
    tried: Tried | None = None


def assess(
    sites: Sequence[Site], method: Method, as_of: date, *, seed: int | None = None, circles: Sequence[int] = ()
) -> tuple[Assessed, ...]:
    """Every site measured, scored and routed, in the order given. `sites` must already be as of that day.

    With a seed, weights and unknown measures are drawn too, and every site says how its rank holds among those that
    are seen where it is seen (`circles`, see try_sites); nor does a gate tell of a site that is seen by fewer.
    """
    classes = [site_class(site.site_type) for site in sites]
    around = circles or [0] * len(sites)
    acute = _acute(sites, classes, around)
    measures = {name: _measure(sites, method, name) for name in SCORES}
    kinds = kinds_of([(group, "NHS" in site.sectors) for site, group in zip(sites, classes, strict=True)])
    gates = [closed_gates(site, method.gates, acute[circle]) for site, circle in zip(sites, around, strict=True)]
    case = _case(sites, kinds, measures, gates, method)
    outcome = decide(case, method, tuple(method.gates))
    tried = [None] * len(sites) if seed is None else try_sites(case, outcome, method, seed, circles)
    results = []
    for i, site in enumerate(sites):
        scores = [_site_score(outcome, name, i, measures[name][i], method) for name in SCORES]
        evidence, stale = _evidence(scores, as_of, method)
        results.append(Assessed(site, scores[0], scores[1], gates[i], ROUTES[outcome.routes[i]], released_by(site),
                                evidence, stale, tried[i]))  # fmt: skip
    return tuple(results)


def _acute(sites: Sequence[Site], classes: Sequence[str], circles: Sequence[int]) -> dict[int, Counter[str]]:
    """For each circle, how many acute sites of each borough are seen by everybody in it."""
    found: dict[int, Counter[str]] = {circle: Counter() for circle in circles}
    for site, group, circle in zip(sites, classes, circles, strict=True):
        if site.borough_gss and group == "acute" and not released_by(site):
            for outer in (one for one in found if sees(one, circle)):
                found[outer][site.borough_gss] += 1
    return found


def _measure(sites: Sequence[Site], method: Method, name: ScoreName) -> list[list[Measure]]:
    criteria = method.of(name)
    return [[MEASURES[criterion.id](site, method) for criterion in criteria] for site in sites]


def _case(
    sites: Sequence[Site], kinds: Kinds, measures: Mapping[ScoreName, Sequence[Sequence[Measure]]],
    gates: Sequence[Sequence[Gate]], method: Method,
) -> Case:  # fmt: skip
    cells = {name: [[(m.state, m.number, m.basis) for m in row] for row in rows] for name, rows in measures.items()}
    return Case(
        tuple(site.ref for site in sites),
        order_of([site.ref for site in sites]),
        {name: gather(rows, kinds, len(method.of(name))) for name, rows in cells.items()},
        tuple(tuple(gate.id for gate in closed) for closed in gates),
        np.array([released_by(site) is not None for site in sites], dtype=np.bool_),
        np.array([site.is_ours for site in sites], dtype=np.bool_),
    )


def _evidence(
    scores: Sequence[SiteScore], as_of: date, method: Method
) -> tuple[tuple[date, date] | None, bool]:  # fmt: skip
    """The oldest and the newest day that known measures rest on, and whether that is too old."""
    parts = [part for score in scores for part in score.contributions if part.criterion.id not in TENURE]
    claims = [claim for part in parts for claim in part.measure.claims]
    days = [claim.as_of for claim in claims if claim.dated]
    evidence = (min(days), max(days)) if days else None
    return evidence, len(days) < len(claims) or is_stale(evidence[0] if evidence else None, as_of, method)


def is_stale(evidence: date | None, as_of: date, method: Method) -> bool:
    """Whether evidence of a day is older than the method allows; no evidence at all is stale too."""
    if evidence is None:
        return True
    limit = (as_of.year - method.cut_offs.stale_years, as_of.month, as_of.day)
    return (evidence.year, evidence.month, evidence.day) < limit


def _site_score(outcome: Outcome, name: ScoreName, i: int, measures: Sequence[Measure], method: Method) -> SiteScore:
    values, result = outcome.valued[name].values[i].tolist(), outcome.scores[name]
    weights, points = result.weights[i].tolist(), result.contributions[i].tolist()
    parts = tuple(map(Contribution, method.of(name), measures, values, weights, points))
    return SiteScore(
        float(result.expected[i]), float(result.low[i]), float(result.high[i]), float(result.coverage[i]), parts
    )
