"""How far a site has come, as JSON-ready values: state, steps, who agrees, the surplus clock, what can follow."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from estates_api.domain.decision_rules import Case, Owner, find_refusal
from estates_api.domain.decisions import (
    Decision,
    Progress,
    comment_standing,
    missing_sectors,
    progress_of,
    states_along,
)
from estates_api.domain.surplus_clock import CONVENTION, BankHolidays, Window, covers, window_of
from estates_api.domain.transitions import ALWAYS, STATES, TRANSITIONS, moves, state_diagram

WHO = {
    "owner": "a public owner of the site (freeholder or head lessee)",
    "other sector": "a partner of the other sector, NHS or council",
    "whoever took it": "whoever took the step, or an owner",
}


def describe_progress(case: Case) -> dict[str, Any]:
    """Where a site stands on the case's day: state, agreement, comment period, surplus clock."""
    progress, day = case.progress, case.today
    return {
        "state": progress.state,
        "since": progress.moved.decided_on.isoformat() if progress.moved else None,
        "endorsed_by": [
            {"organisation": one.by.name, "organisation_code": one.by.code, "sector": one.by.sector, "body": one.body,
             "decided_on": one.decided_on.isoformat(), "minute_reference": one.minute_reference}
            for one in progress.endorsements
        ],
        "endorsement_missing": list(missing_sectors(progress, case.owner_sectors)),
        "comment": _comment(progress, day),
        "window": describe_window(find_window(progress, case.owners, day, case.bank_holidays)),
    }  # fmt: skip


def find_window(
    progress: Progress, owners: Sequence[Owner], day: date, bank_holidays: BankHolidays
) -> Window:  # fmt: skip
    """The surplus clock of a site on a day, by who registered it, else by its owners."""
    entry = progress.registered
    kinds = {(entry.by.sector, entry.by.kind)} if entry else {(owner.sector, owner.kind) for owner in owners}
    same = len({covers(*kind)[0] for kind in kinds}) == 1
    owner = min(kinds) if same else ("", "owners of several kinds" if kinds else "an owner that is not known")
    return window_of(entry.decided_on if entry else None, owner, as_of=day, bank_holidays=bank_holidays)


def describe_window(window: Window) -> dict[str, Any]:
    """The surplus clock, and how it counts."""
    return {
        "standing": window.standing,
        "registered_at": window.registered_at.isoformat() if window.registered_at else None,
        "window_ends_at": window.ends_at.isoformat() if window.ends_at else None,
        "working_days_left": window.working_days_left,
        "covered": window.covered,
        "reason": window.reason,
        "convention": CONVENTION,
    }


def describe_decisions(decisions: Sequence[Decision], *, whole: bool) -> list[dict[str, Any]]:
    """Every step with the states before and after it, by what is told of here alone, and whether it stands.

    Steps are numbered as they are told. `whole`: to those who see all, with the id by which a reversal names it; to
    others, gaps between ids would tell that there is more.
    """
    standing = {one.id for one in progress_of(decisions).standing}
    numbers = {one.id: number for number, one in enumerate(decisions, 1)}
    return [
        {"number": numbers[one.id], "id": one.id if whole else None, **_step(one), "from_state": before,
         "to_state": after, "takes_back": numbers.get(one.reverses) if one.reverses else None,
         "stands": one.id in standing or one.step == "reverse"}
        for one, (before, after) in zip(decisions, states_along(decisions), strict=True)
    ]  # fmt: skip


def describe_next(case: Case) -> list[dict[str, Any]]:
    """Every step: whose it is, what it must say, whether it is possible today, and why not."""
    told = []
    for name, step in TRANSITIONS.items():
        refused = find_refusal(name, case)
        told.append({
            "step": name, "title": step.title, "to_state": step.to_state, "who": WHO[step.who],
            "needs": [*ALWAYS, *step.needs], "possible": refused is None,
            "rule": refused.rule if refused else None, "reason": refused.detail if refused else None,
        })  # fmt: skip
    return told


def describe_states() -> dict[str, Any]:
    """The states and every move between them."""
    return {
        "states": list(STATES),
        "moves": [{"from_state": state, "to_state": to, "step": step} for state, to, step in moves()],
        "steps": [
            {"step": name, "title": step.title, "from_states": list(step.from_states), "to_state": step.to_state,
             "who": WHO[step.who], "needs": [*ALWAYS, *step.needs]}
            for name, step in TRANSITIONS.items()
        ],
        "mermaid": state_diagram(),
    }  # fmt: skip


def overlay_checks(
    checks: Sequence[Mapping[str, Any]], recorded: Mapping[str, tuple[str, str]]
) -> list[dict[str, Any]]:  # fmt: skip
    """Checks as an assessment described them, those on which a decision is recorded as it says."""
    kept = ("state", "reason")
    return [{**one, **dict(zip(kept, recorded.get(one["id"], (one["state"], one["reason"])), strict=True))}
            for one in checks]  # fmt: skip


def _comment(progress: Progress, day: date) -> dict[str, Any] | None:
    one = progress.comment
    if one is None or one.opens_on is None or one.closes_on is None:
        return None
    return {"opens_on": one.opens_on.isoformat(), "closes_on": one.closes_on.isoformat(),
            "standing": comment_standing(one.opens_on, one.closes_on, day)}  # fmt: skip


def _step(one: Decision) -> dict[str, Any]:
    return {
        "step": one.step, "title": TRANSITIONS[one.step].title, "organisation": one.by.name,
        "organisation_code": one.by.code, "sector": one.by.sector, "body": one.body,
        "decided_on": one.decided_on.isoformat(), "minute_reference": one.minute_reference, "reason": one.reason,
        "citation": one.citation, "sensitivity": one.sensitivity, "check": one.check,
        "outcome": one.outcome, "opens_on": one.opens_on.isoformat() if one.opens_on else None,
        "closes_on": one.closes_on.isoformat() if one.closes_on else None, "recorded_by": one.actor,
        "recorded_at": one.at.isoformat() if one.at else None,
    }  # fmt: skip
