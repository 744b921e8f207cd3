import re
from dataclasses import replace

import numpy as np
from builders import FEW, any_site, full, method, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.assessment import Assessed, assess
from estates_api.domain.compact import pack, unpack
from estates_api.domain.flips import Flip, find_flips
from estates_api.domain.measured import Measured
from estates_api.domain.method import Method
from estates_api.domain.outcome import Case, Outcome, decide
from estates_api.domain.scoring import KNOWN
from estates_api.domain.sites import Interest, Site
from estates_api.domain.steadiness import _flip, describe_tried

NEAR = 1e-3
CLOSE = replace(method(), cut_offs=replace(method().cut_offs, release=25.0, reuse=35.0, coverage=0.3))
"""Cut-offs that made-up sites come close to."""


def _case(one: Site, by: Method = CLOSE) -> tuple[Assessed, Case, Outcome]:
    result = assess([one], by, one.events[0].latest if one.events else full().returns[0][0])[0]
    case = unpack([one.ref], [pack(result)], by)
    return result, case, decide(case, by, tuple(by.gates))


def _listed(case: Case, flip: Flip, by: Method = CLOSE, gates: tuple[str, ...] = tuple(CLOSE.gates)) -> bool:
    return bool(decide(case, by, gates).listed[flip.list][0])


def _with_value(case: Case, flip: Flip, value: float) -> Case:
    """The case with a criterion known to be worth so much; its points are replaced by the value itself."""
    measured = case.measured[flip.list]
    column = [one.id for one in CLOSE.of(flip.list)].index(flip.by)
    numbers, state = measured.numbers.copy(), measured.state.copy()
    numbers[0, column], state[0, column] = value, KNOWN
    changed: Measured = replace(measured, numbers=numbers, state=state)
    return replace(case, measured={**case.measured, flip.list: changed})


def _plain(flip: Flip) -> Method:
    criteria = tuple(replace(one, points=((0.0, 0.0), (1.0, 1.0)), scale="linear") if one.id == flip.by else one
                     for one in CLOSE.criteria)  # fmt: skip
    return replace(CLOSE, criteria=criteria)


def _with_share(case: Case, flip: Flip, share: float) -> Method:
    """The method in which a group has a share of what applies to the site, the others in proportion."""
    state = case.measured[flip.list].state[0]
    there = {one.group for one, s in zip(CLOSE.of(flip.list), state, strict=True) if s != 2}
    rest = sum(CLOSE.group_weights[group] for group in there - {flip.by})
    return replace(CLOSE, group_weights={**CLOSE.group_weights, flip.by: rest * share / (1 - share)})


@FEW
@given(st.lists(any_site(), min_size=1, max_size=8))
def test_every_flip_flips(sites: list[Site]) -> None:
    """What is told to change a list changes it just beyond the threshold, and not before; a gate when it opens."""
    for one in sites:
        _, case, outcome = _case(one)
        for flip in find_flips(case, outcome, CLOSE)[0]:
            before = bool(outcome.listed[flip.list][0])
            assert flip.joins != before
            if flip.kind == "gate":
                assert _listed(case, flip, gates=tuple(gate for gate in CLOSE.gates if gate != flip.by))
            elif flip.kind == "measure":
                beyond = flip.to + (1e-6 if flip.joins else -1e-6)
                assert _listed(_with_value(case, flip, min(1.0, beyond)), flip, _plain(flip)) != before
                short = flip.now + (1 - NEAR) * (flip.to - flip.now)
                if flip.size > NEAR:
                    assert _listed(_with_value(case, flip, short), flip, _plain(flip)) == before
            elif flip.to < 1 - 1e-5:
                beyond = flip.to + np.sign(flip.to - flip.now) * 2e-6
                assert _listed(case, flip, _with_share(case, flip, max(beyond, 0.0) or 1e-12)) != before
                short = flip.now + (1 - NEAR) * (flip.to - flip.now)
                if flip.size > NEAR:
                    assert _listed(case, flip, _with_share(case, flip, short)) == before


@FEW
@given(any_site())
def test_the_compact_form_decides_the_same(one: Site) -> None:
    """What is kept of a site gives the same scores, to the last bit, and the same route."""
    result, _, outcome = _case(one)
    assert outcome.scores["release"].expected[0] == result.release.expected
    assert outcome.scores["reuse"].expected[0] == result.reuse.expected
    assert outcome.scores["reuse"].coverage[0] == result.reuse.coverage


def _told(one: Site, by: Method = CLOSE) -> list[str]:
    result = assess([one], by, full().returns[0][0], seed=0)[0]
    described = describe_tried(result.tried, by)
    assert described is not None
    return [flip["told"] for flip in described["flips"]]


def test_flips_in_words() -> None:
    """A listed site is told what would take it off, in the criterion's unit, rounded so that it is true."""
    told = _told(site(full(land_owned_ha=40.0)), method())
    assert any(line.startswith("leaves the release list if ") for line in told)
    assert any(" the reuse list if " in line for line in told)


def test_what_land_moves_together_is_not_told_to_change_alone() -> None:
    """With less land, less of it lies open and more is built on the rest: where both are known, neither is named."""
    told = " ".join(_told(site(full(land_owned_ha=40.0)), method()))
    assert "land not under buildings" not in told
    assert "floor area on its land" not in told
    alone = replace(method(), criteria=tuple(one for one in method().criteria if one.id != "release.intensity"))
    assert any("land not under buildings fell below" in line and " ha" in line
               for line in _told(site(full(land_owned_ha=40.0)), alone))  # fmt: skip


def test_a_freehold_does_not_run_out() -> None:
    """No flip says that a public freehold might have fewer years left, as none does of a sentence."""
    score = _case(site(full()))[0].reuse.expected
    listed = replace(method(), cut_offs=replace(method().cut_offs, reuse=score - 5, coverage=0.3))
    told = _told(site(full()), listed)
    assert any("leaves the reuse list" in line for line in told)
    assert not any("security of tenure" in line for line in told)


@FEW
@given(st.lists(any_site(), min_size=1, max_size=8))
def test_what_is_told_of_a_weight_is_enough(sites: list[Site]) -> None:
    """The share that is told of a group, in per cent with one place, is far enough to change the list."""
    for one in sites:
        _, case, outcome = _case(one)
        for flip in find_flips(case, outcome, CLOSE)[0]:
            told = re.search(r"(rose|fell) from .* to ([0-9.]+)%", _flip(flip, CLOSE)["told"])
            if told and 0 < (share := float(told[2]) / 100) < 1:
                assert _listed(case, flip, _with_share(case, flip, share)) != bool(outcome.listed[flip.list][0])


@FEW
@given(any_site())
def test_a_what_if_is_what_adopting_would_be(one: Site) -> None:
    """What is kept of a site, decided by a method with other points, is what that method makes of the site itself."""
    points = {"reuse.security": ((2.0, 0.0), (50.0, 1.0)), "release.vacancy": ((0.0, 0.0), (10.0, 1.0))}
    other = replace(CLOSE, criteria=tuple(replace(c, points=points.get(c.id, c.points)) for c in CLOSE.criteria))
    _, case, _ = _case(one)
    asked, adopted = decide(case, other, tuple(other.gates)), _case(one, other)[2]
    for name in ("release", "reuse"):
        assert asked.scores[name].expected[0] == adopted.scores[name].expected[0]


def test_a_closed_gate_is_told() -> None:
    """A site that one gate alone keeps off is told which; with two closed no single change is enough."""
    lessee = (Interest("CHP", "Community Health Partnerships", "NHS", "head lessee", "stated"),)
    told = _told(site(full(land_owned_ha=40.0), interests=lessee))
    assert any("if the gate opened" in line for line in told)
    both = _told(site(full(land_owned_ha=40.0, private_finance="LIFT"), interests=lessee))
    assert not any("release list" in line for line in both)


def test_what_need_only_be_known() -> None:
    """A site with the score but too little evidence joins when one more measure is known, and not too far below."""
    strict = replace(method(), cut_offs=replace(method().cut_offs, coverage=0.95))
    told = _told(site(full(land_owned_ha=40.0, empty_pct=None, underused_pct=None)), strict)
    assert any("empty or under-used space were known" in line for line in told)
