"""Decisions: replay, reversal, who may take a step, and when it can be taken."""

import json
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

import pytest
from builders import assessed, full, method, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.decision_rules import ADMINISTRATOR, Actor, Case, Owner, check_decision, find_refusal
from estates_api.domain.decisions import (
    Body,
    Decision,
    comment_standing,
    known_by,
    missing_sectors,
    progress_of,
    states_along,
)
from estates_api.domain.entry import make_entry
from estates_api.domain.particulars import NOTHING_ELSE, Particulars
from estates_api.domain.progress_words import describe_decisions, describe_next, describe_progress, find_window
from estates_api.domain.sites import Interest
from estates_api.domain.transitions import FIRST, STATES, TRANSITIONS, moves, state_diagram
from estates_api.errors import Conflict

TRUST = Body("RAL", "Royal Free", "NHS", "NHS trust")
HEIR = Body("RAN", "Its Heir", "NHS", "NHS trust")
COUNCIL = Body("E09000003", "Barnet", "council", "London borough")
MINISTRY = Body("MOD", "Ministry", "other public", "government department")
STRANGER = Body("RKE", "Whittington", "NHS", "NHS trust")
CLERK = Actor("A Clerk", roles=frozenset({ADMINISTRATOR}))
DAY = date(2024, 2, 1)
CHECKS = ("best-consideration", "offer-back")


def owner(body: Body, *heirs: str) -> Owner:
    """A body as an owner."""
    return Owner(body.code, body.name, body.sector, body.kind, frozenset({body.code, *heirs}))


def case(*decisions: Decision, owners: tuple[Owner, ...] = (owner(TRUST, "RAN"),), today: date = DAY) -> Case:
    """A site of a trust, with decisions."""
    return Case("NCL-A", decisions, owners, CHECKS, today)


def one(step: str, by: Body = TRUST, *, id_: int = 0, on: date = DAY, **parts: object) -> Decision:
    """A decision in one line, with what its step needs."""
    usual: dict[str, object] = {}
    if step == "consult":
        usual = {"opens_on": on, "closes_on": on}
    if step == "check":
        usual = {"check": CHECKS[0], "outcome": "done"}
    return Decision(id_, "NCL-A", step, by, "Board", on, "12/3", "because", "A Clerk", **{**usual, **parts})


def path(*steps: str, by: Body = TRUST, on: date = DAY - timedelta(days=200)) -> tuple[Decision, ...]:
    """Decisions of one body, a day after one another."""
    return tuple(one(step, by, id_=number, on=on + timedelta(days=number)) for number, step in enumerate(steps, 1))


def refused(decision: Decision, of: Case, actor: Actor = CLERK) -> tuple[str | None, str]:
    """The rule by which a decision is refused, and the reason."""
    with pytest.raises(Conflict) as found:
        check_decision(decision, of, actor)
    return found.value.rule, found.value.detail


def test_a_site_goes_from_identified_to_released() -> None:
    """The steps of a disposal, each accepted in turn, lead to `released`; the state after each is told."""
    steps = ("propose", "declare", "register", "market", "release")
    done = path(*steps)
    done = (*done[:3], *(replace(late, decided_on=DAY) for late in done[3:]))
    for number, step in enumerate(done):
        check_decision(step, case(*done[:number]), CLERK)
    assert [after for _, after in states_along(done)] == [
        "proposed surplus", "declared surplus", "registered", "in disposal", "released",
    ]  # fmt: skip


def test_a_reversal_is_a_new_step_that_returns_to_the_state_before() -> None:
    """What is taken back stays told, does not stand, and is not taken back twice."""
    before = path("propose", "declare")
    back = one("reverse", id_=3, reverses=2)
    check_decision(back, case(*before), CLERK)
    after = (*before, back)
    assert progress_of(after).state == "proposed surplus"
    assert [step["stands"] for step in describe_decisions(after, whole=True)] == [True, False, True]
    assert refused(one("reverse", id_=4, reverses=2), case(*after)) == (
        "reversal", "NCL-A has no step 2 that stands")  # fmt: skip
    assert refused(one("reverse", reverses=3), case(*after))[0] == "reversal"


def test_a_step_that_others_rest_on_is_not_taken_back() -> None:
    """Of the steps that move a site, only the last one can be taken back; one that moves nothing always can."""
    before = (*path("propose", "declare"), one("check", id_=3, on=DAY - timedelta(days=1)))
    assert refused(one("reverse", reverses=1), case(*before)) == (
        "reversal", "step 2 (declare) rests on step 1: take that back first")  # fmt: skip
    check_decision(one("reverse", reverses=3), case(*before), CLERK)


def test_a_reversal_is_as_widely_known_as_its_step() -> None:
    """A step that partners alone may see is not taken back in public, which would tell of it."""
    hidden = one("propose", id_=1, sensitivity="partner")
    assert refused(one("reverse", reverses=1), case(hidden))[0] == "reversal"
    check_decision(one("reverse", reverses=1, sensitivity="partner"), case(hidden), CLERK)


def test_only_an_owner_moves_a_site() -> None:
    """Another body, also of the same sector, is refused with the owner's name; who carries an owner on may decide."""
    rule, reason = refused(one("propose", STRANGER), case())
    assert (rule, "the decision is with Royal Free" in reason) == ("owner", True)
    assert refused(one("propose"), case(owners=())) == (
        "owner", "no public owner of NCL-A is known: somebody must state who owns it first")  # fmt: skip
    check_decision(one("propose", HEIR), case(), CLERK)


def test_who_records() -> None:
    """An administrator records what any body decided, anybody else what their own organisation did."""
    check_decision(one("propose"), case(), Actor("One of RAL", "RAL"))
    assert refused(one("propose"), case(), Actor("Another", "RKE"))[0] == "behalf"
    assert refused(one("propose"), case(), Actor("Nobody"))[0] == "behalf"


def test_the_other_sector_endorses() -> None:
    """A council endorses a trust's site and the other way round; the own sector and the owner do not; nor twice."""
    check_decision(one("endorse", COUNCIL), case(), CLERK)
    check_decision(one("endorse", STRANGER), case(owners=(owner(COUNCIL),)), CLERK)
    for by in (TRUST, STRANGER, MINISTRY):
        rule, reason = refused(one("endorse", by), case())
        assert (rule, "other sector (council)" in reason) == ("other-sector", True)
    given_ = one("endorse", COUNCIL, id_=1)
    assert refused(one("endorse", COUNCIL), case(given_))[0] == "once"


@pytest.mark.parametrize(
    ("owners", "decisions", "missing"),
    [
        ({"NHS"}, (), ["council"]),
        ({"council"}, (), ["NHS"]),
        ({"NHS", "council"}, (), ["NHS", "council"]),
        ({"other public"}, (), ["NHS", "council"]),
        (set(), (), ["NHS", "council"]),
        ({"NHS", "private"}, (), ["council"]),
        ({"NHS", "council"}, path("propose"), ["council"]),
        ({"NHS", "council"}, path("propose", by=COUNCIL), ["NHS"]),
        ({"NHS"}, (one("endorse", COUNCIL, id_=1),), []),
    ],
)
def test_whose_agreement_is_missing(owners: set[str], decisions: tuple[Decision, ...], missing: list[str]) -> None:
    """It is the agreement of the sector that has not decided itself: neither sector counts for more."""
    assert list(missing_sectors(progress_of(decisions), owners)) == missing


def test_missing_agreement_is_no_veto() -> None:
    """An owner moves a site to its end without any agreement of the other sector; that it is missing stays told."""
    done = (*path("propose", "declare", "market", "release"),)
    for number, step in enumerate(done):
        check_decision(step, case(*done[:number]), CLERK)
    assert describe_progress(case(*done))["endorsement_missing"] == ["council"]


def test_nothing_is_declared_while_the_public_may_comment() -> None:
    """Before the period begins and until its last day a declaration is refused with the dates; the day after it is
    possible."""
    consult = one("consult", id_=2, on=DAY - timedelta(days=30), opens_on=DAY - timedelta(days=20),
                  closes_on=DAY - timedelta(days=1))  # fmt: skip
    before = (*path("propose"), consult)
    for early, standing in ((25, "not yet open"), (20, "open"), (1, "open")):
        rule, reason = refused(one("declare", on=DAY - timedelta(days=early)), case(*before))
        assert (rule, f"is {standing} on" in reason) == ("comment", True)
    check_decision(one("declare"), case(*before), CLERK)
    told = describe_progress(case(*before, today=consult.closes_on))["comment"]
    assert told == {"opens_on": "2024-01-12", "closes_on": "2024-01-31", "standing": "open"}


def test_a_comment_period_is_public_and_has_an_end() -> None:
    """One for partners alone, on a proposal for partners alone, or that closes before it opens, is refused; a new
    proposal begins without one."""
    before, hidden = path("propose"), one("propose", id_=1, sensitivity="partner")
    assert refused(one("consult"), case(hidden))[0] == "comment-days"
    assert refused(one("consult", sensitivity="partner"), case(*before))[0] == "comment-days"
    assert refused(one("consult", closes_on=DAY - timedelta(days=1)), case(*before))[0] == "comment-days"
    early = refused(one("consult", opens_on=before[0].decided_on - timedelta(days=1)), case(before[0]))
    assert (early[0], "before it was proposed on" in early[1]) == ("comment-days", True)
    again = (*path("propose", "consult", "retain"), one("propose", id_=4))
    assert progress_of(again).comment is None
    assert comment_standing(DAY, DAY, DAY) == "open"


def test_the_register_and_its_window() -> None:
    """Councils are not on the register; what is on it waits for 40 working days; central government registers first."""
    declared = path("declare", by=COUNCIL)
    assert refused(one("register", COUNCIL), case(*declared, owners=(owner(COUNCIL),)))[0] == "register"
    check_decision(one("market", COUNCIL), case(*declared, owners=(owner(COUNCIL),)), CLERK)
    registered = (*path("declare"), one("register", id_=2, on=date(2023, 12, 1)))
    rule, reason = refused(one("market", on=date(2024, 1, 26)), case(*registered))
    assert (rule, "until 2024-01-26" in reason) == ("window", True)  # 40 days from Monday 4 December, no holidays given
    check_decision(one("market", on=date(2024, 1, 29)), case(*registered), CLERK)
    ministry = case(*path("declare", by=MINISTRY), owners=(owner(MINISTRY),))
    assert refused(one("market", MINISTRY), ministry)[0] == "window"


def test_the_clock_of_a_site() -> None:
    """It runs by the entry on the register, whoever owns it; a site that is kept after all has none."""
    registered = (*path("declare"), one("register", id_=2, on=date(2023, 12, 1)))
    found = find_window(progress_of(registered), (), DAY, frozenset)
    assert (found.standing, found.covered, found.ends_at) == ("open market", "may", date(2024, 1, 26))
    kept = (*registered, one("retain", id_=3))
    assert progress_of(kept).registered is None
    assert find_window(progress_of(kept), (owner(TRUST),), DAY, frozenset).standing == "not registered"
    assert find_window(progress_of(()), (owner(COUNCIL),), DAY, frozenset).standing == "does not apply"
    assert find_window(progress_of(()), (owner(COUNCIL), owner(TRUST)), DAY, frozenset).covered == "not known"
    assert "an owner that is not known" in find_window(progress_of(()), (), DAY, frozenset).reason


def test_days_are_in_order() -> None:
    """A decision of tomorrow, or older than the one it follows, is refused."""
    assert refused(one("propose", on=DAY + timedelta(days=1)), case())[0] == "day"
    late = one("propose", id_=1, on=DAY)
    assert refused(one("declare", on=DAY - timedelta(days=1)), case(late))[0] == "day"
    assert refused(one("reverse", reverses=1, on=DAY - timedelta(days=1)), case(late))[0] == "day"


def test_checks_are_steps() -> None:
    """A check of the method is recorded as done or as not applying, with who says so; another one is refused."""
    steps = (one("check", id_=1), one("check", id_=2, check="offer-back", outcome="does not apply"))
    for step in steps:
        check_decision(step, case(), CLERK)
    assert progress_of(steps).checks == {
        "best-consideration": ("done", "Board of Royal Free, 2024-02-01, minute 12/3"),
        "offer-back": ("does not apply", "Board of Royal Free, 2024-02-01, minute 12/3"),
    }
    assert progress_of((*steps, one("reverse", id_=3, reverses=1))).checks.keys() == {"offer-back"}
    assert refused(one("check", check="other"), case())[0] == "named"


def test_a_step_from_another_state_is_refused() -> None:
    """The reason names the state and from which ones the step can be taken."""
    assert refused(one("release"), case()) == (
        "state", "NCL-A is identified; release is possible when it is in disposal")  # fmt: skip


def test_another_audience_sees_the_replay_of_what_it_may_see() -> None:
    """Where a step is hidden, neither the state it leads to nor the one it came from is told."""
    steps = (*path("propose"), one("declare", id_=2, sensitivity="partner"), one("market", id_=3, sensitivity="owner"))
    public = tuple(step for step in steps if step.sensitivity == "public")
    assert (progress_of(steps).state, progress_of(public).state) == ("in disposal", "proposed surplus")
    told = str(describe_decisions(public, whole=False)) + str(describe_progress(case(*public)))
    assert "declared surplus" not in told


def test_what_was_known_by_a_day() -> None:
    """As of an earlier day, only what was decided by then counts; known at a moment, what was recorded by then."""
    steps = path("propose", "declare")
    assert progress_of(known_by(steps, steps[0].decided_on)).state == "proposed surplus"
    assert known_by(steps, steps[0].decided_on - timedelta(days=1)) == ()


def test_what_can_follow_says_why_not() -> None:
    """Every step says whether it is possible today; where it is not, by which rule and why."""
    told = {step["step"]: step for step in describe_next(case(*path("propose")))}
    assert set(told) == set(TRANSITIONS)
    assert (told["declare"]["possible"], told["declare"]["needs"][0]) == (True, "organisation")
    assert (told["release"]["possible"], told["release"]["rule"]) == (False, "state")
    assert told["reverse"]["possible"]
    assert {step["rule"] for step in describe_next(case(owners=())) if step["to_state"]} == {"owner", "state"}
    assert describe_next(case())[-1]["rule"] == "reversal"
    both = (*path("propose"), one("retain", COUNCIL, id_=2))
    assert find_refusal("endorse", case(*both, owners=(owner(TRUST), owner(COUNCIL)))).rule == "other-sector"


BODIES = st.sampled_from([TRUST, COUNCIL, STRANGER])


TRIED = st.tuples(st.sampled_from([*TRANSITIONS]), BODIES, st.integers(1, 9), st.integers(0, 400))


@given(st.lists(TRIED, max_size=14))
def test_whatever_is_accepted_replays(tried: list[tuple[str, Body, int, int]]) -> None:
    """Any accepted sequence replays to a state by the moves alone; a reversal returns to the state before its step."""
    owners, numbers = (owner(TRUST), owner(COUNCIL)), count(1)
    accepted: tuple[Decision, ...] = ()
    for step, by, reverses, days in tried:
        before = progress_of(accepted).state
        late = one(step, by, on=DAY + timedelta(days=days), reverses=reverses if step == "reverse" else None)
        try:
            check_decision(late, case(*accepted, owners=owners, today=DAY + timedelta(days=400)), CLERK)
        except Conflict:
            continue
        accepted = (*accepted, replace(late, id=next(numbers)))
        after = progress_of(accepted).state
        assert after in STATES
        if step == "reverse":
            taken = next(other for other in accepted if other.id == reverses)
            came_from = states_along(accepted)[accepted.index(taken)][0]
            assert after == (came_from if TRANSITIONS[taken.step].to_state else before)
        else:
            assert (before, after, step) in set(moves()) or (after == before and not TRANSITIONS[step].to_state)


def test_every_state_can_be_reached_and_the_ends_are_ends() -> None:
    """From `identified` the moves lead to every state; only `released` and `reused` lead no further."""
    reached = {FIRST}
    for _ in STATES:
        reached |= {to for state, to, _ in moves() if state in reached}
    assert reached == set(STATES)
    assert set(STATES) - {state for state, _, _ in moves()} == {"released", "reused"}


def test_the_diagram_has_every_move() -> None:
    """One line for every move, by the step's name."""
    lines = state_diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert "    declared_surplus --> registered: register" in lines
    assert len(lines) == 2 + len(list(moves())) + 2


def test_an_entry_tells_how_far_the_site_has_come() -> None:
    """State, who of the other sector agrees, whose agreement is missing, the surplus clock and recorded checks, by the
    decisions that are given; without any the site is identified."""
    result, said = assessed(site(full())), {"as_of": DAY}
    names = ("state", "endorsed_by", "endorsement_missing", "surplus_registered_at", "surplus_window_ends_at",
             "surplus_window")  # fmt: skip
    plain = make_entry(result, "release", method(), more=NOTHING_ELSE, **said)
    assert [plain[name] for name in names] == ["identified", [], ["council"], None, None, "not registered"]
    of_council = assessed(site(full(), interests=(Interest("E09000003", "Barnet", "council", "freeholder", "stated"),)))
    plain = make_entry(of_council, "release", method(), more=NOTHING_ELSE, **said)
    assert [plain[name] for name in names[2:]] == [["NHS"], None, None, "does not apply"]
    steps = (*path("declare"), one("register", id_=2, on=date(2023, 12, 1)), one("endorse", COUNCIL, id_=3),
             one("check", id_=4, check="offer-back"))  # fmt: skip
    window = find_window(progress_of(steps), (), DAY, frozenset)
    told = make_entry(result, "release", method(), more=Particulars(decisions=steps, window=window), **said)
    assert [told[name] for name in names] == [
        "registered", [{"organisation": "Barnet", "sector": "council", "decided_on": "2024-02-01"}], [], "2023-12-01",
        "2024-01-26", "open market",
    ]  # fmt: skip
    assert {check["id"]: check["state"] for check in told["checks"]}["offer-back"] == "done"
    json.dumps(told, allow_nan=False)


def test_a_comment_period_goes_with_its_proposal() -> None:
    """When the proposal is taken back, its comment period holds nobody up."""
    soon = {"opens_on": DAY, "closes_on": DAY + timedelta(days=90)}
    before = (*path("propose"), one("consult", id_=2, on=DAY - timedelta(days=100), **soon))
    assert progress_of(before).comment == before[1]
    assert refused(one("declare"), case(*before))[0] == "comment"
    after = (*before, one("reverse", id_=3, reverses=1))
    assert progress_of(after).comment is None
    check_decision(one("declare"), case(*after), CLERK)


def test_no_step_is_older_than_what_it_rests_on() -> None:
    """A comment period is not of a day before its proposal, nor a step before one that was taken back ahead of it: on a
    day between, both would stand."""
    proposed = path("propose")
    early = proposed[0].decided_on - timedelta(days=1)
    assert refused(one("consult", on=early), case(*proposed))[0] == "day"
    back = (*proposed, one("reverse", id_=2, reverses=1, on=DAY - timedelta(days=50)))
    assert refused(one("retain", on=DAY - timedelta(days=51)), case(*back))[0] == "day"
    check_decision(one("retain", on=DAY - timedelta(days=50)), case(*back), CLERK)
    checked = (one("check", id_=1, on=early), one("reverse", id_=2, reverses=1, on=DAY))
    check_decision(one("retain", on=early), case(*checked), CLERK)


def test_nothing_is_registered_before_bank_holidays_are_known() -> None:
    """A window that cannot be counted is not begun."""
    before = path("declare", on=date(1998, 1, 1))
    assert refused(one("register", on=date(1999, 6, 1)), case(*before))[0] == "register"
