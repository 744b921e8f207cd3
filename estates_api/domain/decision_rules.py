"""The rules that a decision must keep. Who may take a step (PERMISSIONS) is asked apart from when it can be taken
(POLICIES). A rule is a function that refuses with its reason; its name is told with it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from estates_api.domain.decisions import (
    Body,
    Decision,
    Progress,
    comment_standing,
    partner_sectors,
    progress_of,
)
from estates_api.domain.surplus_clock import BankHolidays, covers, window_end
from estates_api.domain.transitions import TRANSITIONS
from estates_api.errors import Conflict

ADMINISTRATOR = "administrator"


FIRST_HOLIDAYS = date(2000, 1, 1)
"""From when on bank holidays are known (sources/bank_holidays.py)."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who records a decision: a person, the code of their organisation where they act for one alone, and their roles.
    An administrator records what any organisation decided."""

    name: str
    organisation: str | None = None
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Owner:
    """A public freeholder or head lessee of the site. `codes` are its own and those of whoever carries it on."""

    code: str
    name: str
    sector: str
    kind: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a site when a decision is recorded: all decisions in order, its public owners, the checks of
    the method in force, the day, and England's bank holidays."""

    site: str
    decisions: tuple[Decision, ...]
    owners: tuple[Owner, ...]
    checks: Collection[str]
    today: date
    bank_holidays: BankHolidays = frozenset

    @property
    def progress(self) -> Progress:
        """Where the site stands."""
        return progress_of(self.decisions)

    def owns(self, code: str) -> bool:
        """Whether an organisation is an owner, or carries one on."""
        return any(code in owner.codes for owner in self.owners)

    @property
    def owner_sectors(self) -> frozenset[str]:
        """The sectors of its owners."""
        return frozenset(owner.sector for owner in self.owners)


Rule = Callable[[Decision, Case], None]


def check_owner(one: Decision, case: Case) -> None:
    """A site is moved by a public body that owns it (freeholder or head lessee), or that carries such a body on."""
    if TRANSITIONS[one.step].who != "owner" or case.owns(one.by.code):
        return
    if not case.owners:
        raise Conflict(f"no public owner of {case.site} is known: somebody must state who owns it first", "owner")
    names = "; ".join(owner.name for owner in case.owners)
    raise Conflict(f"{one.by.name} is not known as an owner of {case.site}; the decision is with {names}", "owner")


def check_other_sector(one: Decision, case: Case) -> None:
    """The partnership's list is endorsed by a body of the sector, NHS or council, that has not decided itself."""
    if TRANSITIONS[one.step].who != "other sector":
        return
    wanted = partner_sectors(case.progress, case.owner_sectors)
    if case.owns(one.by.code) or one.by.sector not in wanted:
        who = f"a partner of the other sector ({' or '.join(wanted)})" if wanted else "nobody: both sectors decided"
        raise Conflict(f"{one.by.name} ({one.by.sector}) cannot endorse {case.site}: that is for {who}", "other-sector")


def check_taker(one: Decision, case: Case) -> None:
    """A step is taken back by the body that took it, or by an owner."""
    taken = _reversed(one, case)
    if taken and one.by.code != taken.by.code and not case.owns(one.by.code):
        raise Conflict(f"step {taken.id} is {taken.by.name}'s, who alone can take it back", "taker")


PERMISSIONS: Mapping[str, Rule] = {"owner": check_owner, "other-sector": check_other_sector, "taker": check_taker}


def check_state(one: Decision, case: Case) -> None:
    """A step can be taken from certain states alone."""
    state, allowed = case.progress.state, TRANSITIONS[one.step].from_states
    if state not in allowed:
        raise Conflict(f"{case.site} is {state}; {one.step} is possible when it is {' or '.join(allowed)}", "state")


def check_day(one: Decision, case: Case) -> None:
    """A decision is not of the future, nor older than the step that it follows, or than a step that was taken back
    before it: looked back on, that one would stand again beside it."""
    if one.decided_on > case.today:
        raise Conflict(f"{one.decided_on} has not come yet; record what was decided, once it is", "day")
    before = _reversed(one, case) or (_last(case) if TRANSITIONS[one.step].to_state or one.step == "consult" else None)
    if before and one.decided_on < before.decided_on:
        raise Conflict(f"{before.step} was decided on {before.decided_on}; what follows it cannot be of "
                       f"{one.decided_on}", "day")  # fmt: skip


def _last(case: Case) -> Decision | None:
    """The latest of the step that led to the state and of those by which one like it was taken back."""
    movers = {one.id for one in case.decisions if TRANSITIONS[one.step].to_state}
    steps = [one for one in case.decisions if one.reverses in movers or one == case.progress.moved]
    return max(steps, key=lambda one: (one.decided_on, one.id), default=None)


def check_comment(one: Decision, case: Case) -> None:
    """While the public may comment, or is still to, nothing is declared surplus."""
    comment = case.progress.comment
    if one.step != "declare" or comment is None or comment.opens_on is None or comment.closes_on is None:
        return
    if (standing := comment_standing(comment.opens_on, comment.closes_on, one.decided_on)) != "closed":
        raise Conflict(f"the comment period is {standing} on {one.decided_on}: it is from {comment.opens_on} to "
                       f"{comment.closes_on}", "comment")  # fmt: skip


def check_comment_days(one: Decision, case: Case) -> None:
    """A comment period is public, as is the proposal that it is about, begins no earlier than that was made, and ends
    after it begins."""
    if one.step != "consult":
        return
    moved = case.progress.moved
    if one.sensitivity != "public" or (moved and moved.sensitivity != "public"):
        raise Conflict("the public comments on a public proposal: neither may be for others alone", "comment-days")
    if one.opens_on and one.closes_on and one.closes_on < one.opens_on:
        raise Conflict(f"it would close on {one.closes_on}, before it opens on {one.opens_on}", "comment-days")
    if one.opens_on and moved and one.opens_on < moved.decided_on:
        raise Conflict(f"it would open on {one.opens_on}, before it was proposed on {moved.decided_on}", "comment-days")


def check_register(one: Decision, _: Case) -> None:
    """Only an owner whom the register of surplus public sector land covers enters a site on it, on a day from which on
    its 40 working days can be counted."""
    if one.step == "register" and one.decided_on < FIRST_HOLIDAYS:
        raise Conflict(f"bank holidays are known here from {FIRST_HOLIDAYS} on; 40 working days from "
                       f"{one.decided_on} cannot be counted", "register")  # fmt: skip
    covered, why = covers(one.by.sector, one.by.kind)
    if one.step == "register" and covered == "no":
        raise Conflict(f"{one.by.name}: {why}", "register")


def check_window(one: Decision, case: Case) -> None:
    """What is registered goes to the market after its 40 working days; central government registers first."""
    if one.step != "market":
        return
    entry = case.progress.registered
    if entry and one.decided_on <= (end := window_end(entry.decided_on, case.bank_holidays())):
        raise Conflict(f"registered on {entry.decided_on}: other public bodies may claim it until {end}", "window")
    covered, why = covers(one.by.sector, one.by.kind)
    if entry is None and covered == "must":
        raise Conflict(f"{why}: register it first", "window")


def check_named(one: Decision, case: Case) -> None:
    """A check is one of the method in force."""
    if one.step == "check" and one.check not in case.checks:
        raise Conflict(f"the method has no check {one.check!r}; there are {', '.join(case.checks)}", "named")


def check_once(one: Decision, case: Case) -> None:
    """An organisation endorses a site once."""
    earlier = next((other for other in case.progress.endorsements if other.by.code == one.by.code), None)
    if one.step == "endorse" and earlier:
        raise Conflict(f"{one.by.name} endorsed it on {earlier.decided_on} already (step {earlier.id})", "once")


def check_reversal(one: Decision, case: Case) -> None:
    """A reversal names a step of this site that stands, and of those that moved it the last."""
    if one.step != "reverse":
        return
    taken = _reversed(one, case)
    if taken is None:
        raise Conflict(f"{case.site} has no step {one.reverses} that stands", "reversal")
    moved = case.progress.moved
    if TRANSITIONS[taken.step].to_state and moved and taken.id != moved.id:
        raise Conflict(f"step {moved.id} ({moved.step}) rests on step {taken.id}: take that back first", "reversal")
    if one.sensitivity != taken.sensitivity:
        raise Conflict(f"step {taken.id} is for {taken.sensitivity} eyes, and so is what takes it back", "reversal")


POLICIES: Mapping[str, Rule] = {
    "state": check_state, "reversal": check_reversal, "day": check_day, "comment": check_comment,
    "comment-days": check_comment_days, "register": check_register, "window": check_window, "named": check_named,
    "once": check_once,
}  # fmt: skip


def check_decision(one: Decision, case: Case, actor: Actor) -> None:
    """Refuse a decision that breaks a rule: Conflict with the rule's name and the reason."""
    if ADMINISTRATOR not in actor.roles and actor.organisation != one.by.code:
        raise Conflict(f"{actor.name} may not record what {one.by.name} decided", "behalf")
    for rule in (*PERMISSIONS.values(), *POLICIES.values()):
        rule(one, case)


def find_refusal(step: str, case: Case) -> Conflict | None:
    """Why a step cannot be taken today by the first owner, whoever may; None when it can."""
    if step == "reverse":
        return None if case.progress.standing else Conflict("there is no step to take back", "reversal")
    owners = (Body(owner.code, owner.name, owner.sector, owner.kind) for owner in case.owners)
    by = next(owners, Body("", "an owner", "unknown"))
    trial = Decision(0, case.site, step, by, "", case.today, "", "", "", check=next(iter(case.checks), None))
    rules = [POLICIES[name] for name in ("state", "comment", "register", "window", "named")]
    rules += [check_owner] if TRANSITIONS[step].who == "owner" else []
    try:
        for rule in rules:
            rule(trial, case)
    except Conflict as refused:
        return refused
    if TRANSITIONS[step].who == "other sector" and not partner_sectors(case.progress, case.owner_sectors):
        return Conflict("both sectors have decided themselves", "other-sector")
    return None


def _reversed(one: Decision, case: Case) -> Decision | None:
    return next((other for other in case.progress.standing if other.id == one.reverses), None)
