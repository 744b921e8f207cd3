"""One run of a method on one state of the data: measures, scores, gates and routes of every site."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from estates_api.domain import scoring
from estates_api.domain.gates import Gate, closed_gates, released_by
from estates_api.domain.measures import MEASURES, TENURE, Measure
from estates_api.domain.method import Criterion, Method, ScoreName
from estates_api.domain.peers import site_class
from estates_api.domain.sites import Event, Site

Route = Literal["release", "part release with reuse", "reuse", "retain", "not enough data", "released"]

ROUNDING = 1e-9
"""How far a sum of floating-point parts may miss a cut-off that it reaches on paper."""

_STATES = {"known": scoring.KNOWN, "unknown": scoring.UNKNOWN, "not applicable": scoring.NOT_APPLICABLE}


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
    old; None when none is dated.
    """

    site: Site
    release: SiteScore
    reuse: SiteScore
    gates: tuple[Gate, ...]
    route: Route
    released: Event | None
    evidence: tuple[date, date] | None
    stale: bool


def assess(sites: Sequence[Site], method: Method, as_of: date) -> tuple[Assessed, ...]:
    """Every site measured, scored and routed, in the order given. `sites` must already be as of that day."""
    acute = Counter(
        site.borough_gss
        for site in sites
        if site.borough_gss and site_class(site.site_type) == "acute" and not released_by(site)
    )
    release, reuse = (_score(sites, method, name) for name in ("release", "reuse"))
    return tuple(
        _assessed(site, release[i], reuse[i], closed_gates(site, method.gates, acute), method, as_of)
        for i, site in enumerate(sites)
    )


def _assessed(
    site: Site, release: SiteScore, reuse: SiteScore, gates: tuple[Gate, ...], method: Method, as_of: date
) -> Assessed:
    sale = released_by(site)
    route: Route = "released" if sale else find_route(release, reuse, gates, method)
    parts = [part for score in (release, reuse) for part in score.contributions if part.criterion.id not in TENURE]
    claims = [claim for part in parts for claim in part.measure.claims]
    days = [claim.as_of for claim in claims if claim.dated]
    evidence = (min(days), max(days)) if days else None
    stale = len(days) < len(claims) or is_stale(evidence[0] if evidence else None, as_of, method)
    return Assessed(site, release, reuse, gates, route, sale, evidence, stale)


def is_stale(evidence: date | None, as_of: date, method: Method) -> bool:
    """Whether evidence of a day is older than the method allows; no evidence at all is stale too."""
    if evidence is None:
        return True
    limit = (as_of.year - method.cut_offs.stale_years, as_of.month, as_of.day)
    return (evidence.year, evidence.month, evidence.day) < limit


def reaches(number: float, cut_off: float) -> bool:
    """Whether a score or a coverage is at or above its cut-off."""
    return number >= cut_off - ROUNDING


def find_route(release: SiteScore, reuse: SiteScore, gates: tuple[Gate, ...], method: Method) -> Route:
    """The route by the declared cut-offs. A score with too little coverage decides nothing."""
    cut = method.cut_offs
    enough = (reaches(release.coverage, cut.coverage), reaches(reuse.coverage, cut.coverage))
    to_release = enough[0] and reaches(release.expected, cut.release) and not gates
    to_reuse = enough[1] and reaches(reuse.expected, cut.reuse)
    if to_release:
        return "part release with reuse" if to_reuse else "release"
    if to_reuse:
        return "reuse"
    return "retain" if all(enough) else "not enough data"


def _score(sites: Sequence[Site], method: Method, name: ScoreName) -> list[SiteScore]:
    """Measure all sites on one score's criteria, then one pass of the engine over the arrays."""
    criteria = method.of(name)
    groups = sorted({criterion.group for criterion in criteria})
    measures = [[MEASURES[criterion.id](site, method) for criterion in criteria] for site in sites]
    values = np.array([[_value(site, method, c, m) for c, m in zip(criteria, row, strict=True)]
                       for site, row in zip(sites, measures, strict=True)], dtype=np.float64)  # fmt: skip
    state = np.array([[_STATES[m.state] for m in row] for row in measures], dtype=np.int8)
    shape = (len(sites), len(criteria))
    result = scoring.score(
        values.reshape(shape),
        state.reshape(shape),
        [groups.index(criterion.group) for criterion in criteria],
        [method.group_weights[group] for group in groups],
        [criterion.weight for criterion in criteria],
    )
    return [_site_score(result, i, criteria, measures[i], values[i]) for i in range(len(sites))]


def _value(site: Site, method: Method, criterion: Criterion, measure: Measure) -> float:
    """The value of a measure, 0-1; for an unknown one what similar sites earn; 0 when it does not apply."""
    group = site_class(site.site_type)
    if measure.state == "known" and measure.number is not None:
        points = method.value_points(criterion, measure.basis, group)
        return float(scoring.value_of(np.array([measure.number]), points, log=criterion.scale == "log")[0])
    if measure.state == "unknown":
        return method.peers.expected(criterion.id, group, nhs="NHS" in site.sectors)
    return 0.0


def _site_score(
    result: scoring.Scores, i: int, criteria: Sequence[Criterion], measures: Sequence[Measure], values: scoring.Floats
) -> SiteScore:
    parts = tuple(
        Contribution(c, m, float(values[j]), float(result.weights[i, j]), float(result.contributions[i, j]))
        for j, (c, m) in enumerate(zip(criteria, measures, strict=True))
    )
    return SiteScore(
        float(result.expected[i]), float(result.low[i]), float(result.high[i]), float(result.coverage[i]), parts
    )
