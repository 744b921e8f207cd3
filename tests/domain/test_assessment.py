from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from builders import FEW, FULL, any_site, assessed, claim, event, full, holding, method, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.assessment import Assessed, SiteScore, assess, is_stale
from estates_api.domain.outcome import ROUTES, find_routes, judge
from estates_api.domain.scoring import Scores
from estates_api.domain.sites import Site, Surroundings

CUT = method().cut_offs


def _scores(result: Assessed) -> tuple[SiteScore, SiteScore]:
    return result.release, result.reuse


@FEW
@given(any_site())
def test_contributions_add_up(one: Site) -> None:
    """Whatever a site says, its contributions add up to its scores, within their interval and coverage."""
    for score in _scores(assessed(one)):
        assert sum(part.points for part in score.contributions) == pytest.approx(score.expected, abs=1e-9)
        assert 0 <= score.low <= score.expected <= score.high <= 100
        assert 0 <= score.coverage <= 1
        for part in score.contributions:
            assert part.points == pytest.approx(100 * part.weight * part.value, abs=1e-9)


@FEW
@given(st.lists(any_site(), max_size=4), any_site())
def test_another_site_never_changes_a_score(sites: list[Site], one: Site) -> None:
    """Every criterion belongs to the site alone: adding sites changes no score and no measure."""
    among = assess([*sites, one], method(), date(2020, 1, 1))[-1]
    alone = assessed(one, date(2020, 1, 1))
    assert _scores(among) == _scores(alone)


@FEW
@given(any_site(), st.floats(0.01, 100))
def test_group_weights_are_scale_free(one: Site, factor: float) -> None:
    """Multiplying all group weights by a number changes no score and no route."""
    scaled = replace(method(), group_weights={k: v * factor for k, v in method().group_weights.items()})
    first, second = assessed(one), assessed(one, by=scaled)
    assert first.route == second.route
    for left, right in zip(_scores(first), _scores(second), strict=True):
        assert left.expected == pytest.approx(right.expected, abs=1e-9)


@FEW
@given(any_site())
def test_the_order_of_holdings_does_not_matter(one: Site) -> None:
    """A site's holdings have no order: listed the other way round they score the same."""
    turned = replace(one, holdings=one.holdings[::-1])
    if len({holding.code for holding in one.holdings}) == len(one.holdings):
        for left, right in zip(_scores(assessed(one)), _scores(assessed(turned)), strict=True):
            assert left.expected == pytest.approx(right.expected, abs=1e-6)


@FEW
@given(any_site())
def test_the_route_follows_the_declared_cut_offs(one: Site) -> None:
    """Nothing with a gate or too little coverage is released; what was sold is told as such."""
    result = assessed(one)
    if result.released:
        assert result.route == "released"
    if result.route in {"release", "part release with reuse"}:
        assert not result.gates
        assert result.release.coverage >= CUT.coverage - 1e-9
        assert result.release.expected >= CUT.release - 1e-9
    if result.route in {"reuse", "part release with reuse"}:
        assert result.reuse.expected >= CUT.reuse - 1e-9


def test_a_full_return() -> None:
    """The return that says everything: each criterion's value by hand, and the score that they make."""
    result = assessed(site(full()))
    values = {part.criterion.id: part.value for part in result.release.contributions}
    assert values == pytest.approx({
        "release.vacancy": 12.5 / 27.5, "release.idle_land": 10 / 30, "release.non_clinical": (400 / 9 - 35) / 25,
        "release.open_land": 0.738561, "release.intensity": (150 - 25 / 0.18) / 100,
        "release.backlog": (60 - 0.01) / (87.12 - 0.01),
        "release.running_cost": (220 - 171.46) / (304.61 - 171.46), "release.unsuitable": 0.4,
    }, abs=1e-6)  # fmt: skip
    utilisation = (values["release.vacancy"] + values["release.idle_land"] + values["release.non_clinical"]) / 3
    cost = (values["release.backlog"] + values["release.running_cost"] + values["release.unsuitable"]) / 3
    mean = (utilisation + values["release.open_land"] + values["release.intensity"] + cost) / 4
    assert result.release.expected == pytest.approx(100 * mean)
    assert result.release.coverage == pytest.approx(1)
    assert result.release.low == result.release.expected == result.release.high


def test_unknown_is_expected_and_widens_the_interval() -> None:
    """A missing measure earns what similar sites earn, lowers the coverage, and spans from nothing to all."""
    result = assessed(site(full(empty_pct=None, underused_pct=None)))
    part = result.release.contributions[0]
    assert (part.criterion.id, part.measure.state) == ("release.vacancy", "unknown")
    assert part.value == pytest.approx(0.0731, abs=0.003)
    assert result.release.coverage == pytest.approx(11 / 12)
    assert result.release.high - result.release.low == pytest.approx(100 / 12)


def test_silence_does_not_pay() -> None:
    """A council site that says nothing earns nothing for it; only the place is judged like its area."""
    silent = assessed(site(holding("BAR", sector="council"), interests=(), surroundings=Surroundings()))
    assert silent.release.expected == 0
    assert {part.criterion.id for part in silent.reuse.contributions if part.points} == {"reuse.access", "reuse.need"}
    assert silent.route == "not enough data"


def test_pfi_backlog_leaves_the_mean() -> None:
    """Backlog that is not the trust's is not a score of 0: the other criteria take its weight, nothing is unknown."""
    pfi = full(backlog_high_gbp="not applicable", backlog_significant_gbp="not applicable")
    result = assessed(site(pfi))
    parts = {part.criterion.id: part for part in result.release.contributions}
    assert (parts["release.backlog"].weight, parts["release.backlog"].points) == (0, 0)
    assert parts["release.unsuitable"].weight == pytest.approx(1 / 8)
    assert result.release.coverage == pytest.approx(1)
    none = assessed(site(full(backlog_high_gbp=0.0, backlog_significant_gbp=0.0)))
    assert result.release.expected > none.release.expected


def test_no_sites_at_all() -> None:
    """Assessing nothing gives nothing."""
    assert assess([], method(), date(2020, 1, 1)) == ()


def test_a_site_without_any_holding() -> None:
    """A site of which nothing is returned has no evidence: not enough data, stale, and no error."""
    result = assessed(site(interests=(), surroundings=Surroundings()))
    assert result.route == "not enough data"
    assert result.stale
    assert result.release.coverage == 0


def test_a_method_of_one_score_only() -> None:
    """A method without reuse criteria scores reuse 0 with no coverage, and still routes to release."""
    half = replace(method(), criteria=method().of("release"))
    result = assessed(site(full(land_owned_ha=40.0)), by=half)
    assert (result.reuse.expected, result.reuse.coverage) == (0, 0)
    assert result.route == "release"


def _score(expected: float, coverage: float = 1.0) -> Scores:
    nothing = np.zeros((1, 0))
    return Scores(*(np.array([number]) for number in (expected, expected, expected, coverage)), nothing, nothing)


@pytest.mark.parametrize(
    ("release", "reuse", "can_go", "route"),
    [
        (_score(CUT.release), _score(CUT.reuse - 1), True, "release"),
        (_score(CUT.release), _score(CUT.reuse), True, "part release with reuse"),
        (_score(CUT.release - 1), _score(CUT.reuse), True, "reuse"),
        (_score(CUT.release - 1), _score(CUT.reuse - 1), True, "retain"),
        (_score(99), _score(CUT.reuse), False, "reuse"),
        (_score(99), _score(0), False, "retain"),
        (_score(99, 0.4), _score(0), True, "not enough data"),
        (_score(99, 0.4), _score(99), True, "reuse"),
        (_score(99), _score(99, 0.4), True, "release"),
        (_score(0), _score(0, 0.4), True, "not enough data"),
        (_score(CUT.release - 1e-12, 0.5 - 1e-12), _score(0), True, "release"),
        (_score(CUT.release - 1e-6), _score(0), True, "retain"),
    ],
)
def test_routes(release: Scores, reuse: Scores, can_go: bool, route: str) -> None:
    """Each route by its cut-offs; a sum that misses one only by floating point reaches it."""
    enough, listed = judge({"release": release, "reuse": reuse}, np.array([can_go]), method())
    assert ROUTES[find_routes(listed, enough, np.array([False]))[0]] == route


def test_released_goes_over_every_score() -> None:
    """A site sold as a whole is released, whatever it would score."""
    result = assessed(site(full(land_owned_ha=40.0), events=(event("sold"),)))
    assert result.route == "released"
    assert result.released is not None


@pytest.mark.parametrize(
    ("evidence", "as_of", "stale"),
    [
        (date(2017, 3, 31), date(2020, 3, 31), False),
        (date(2017, 3, 31), date(2020, 4, 1), True),
        (date(2024, 2, 29), date(2027, 2, 28), False),
        (date(2024, 2, 29), date(2027, 3, 1), True),
        (date(2025, 2, 28), date(2028, 2, 28), False),
        (date(2025, 2, 28), date(2028, 2, 29), True),
        (date(2025, 3, 1), date(2028, 2, 29), False),
        (None, date(2020, 1, 1), True),
    ],
)
def test_evidence_is_stale_after_three_years(evidence: date | None, as_of: date, stale: bool) -> None:
    """Older than three years to the day is stale, across leap days too; no evidence is stale."""
    assert is_stale(evidence, as_of, method()) is stale


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_evidence_only_grows_older(evidence: date, as_of: date) -> None:
    """What is stale on one day is stale ever after, and newer evidence is never staler."""
    if is_stale(evidence, as_of, method()):
        assert is_stale(evidence, date(as_of.year + 1, 3, 1), method())
        assert is_stale(date(evidence.year - 1, 3, 1), as_of, method())


def test_equal_input_equal_result() -> None:
    """The same sites give the same results, to the last bit."""
    sites = [site(full(), ref="A"), site(holding(**{**FULL, "gia_m2": 0.0}), ref="B")]
    assert assess(sites, method(), date(2020, 1, 1)) == assess(sites, method(), date(2020, 1, 1))


def test_the_oldest_measure_dates_a_site() -> None:
    """A site is as old as the oldest evidence its known measures rest on: one new figure does not make it fresh."""
    fresh = claim("unsuitable_pct", 5.0, "ERIC 2025-26", as_of=date(2026, 3, 31))
    result = assessed(site(full(claims=(fresh,))), date(2026, 6, 1))
    assert result.evidence == (date(2017, 3, 31), date(2026, 3, 31))
    assert result.stale
    undated = holding("E1", "List", "council", tenure_category="vacant", claims=(
        claim("tenure_category", "vacant", as_of=date(2026, 5, 1), dated=False),))  # fmt: skip
    assert assessed(site(undated), date(2026, 6, 1)).evidence is None
    assert assessed(site(undated), date(2026, 6, 1)).stale
