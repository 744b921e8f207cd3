"""Decide: record what a public body decided on a site, if the rules allow it."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping

from estates_api.domain.area import Area
from estates_api.domain.decision_form import Stated
from estates_api.domain.decision_rules import Actor, Case, check_decision
from estates_api.domain.decisions import Body, Decision, progress_of
from estates_api.domain.method import Method
from estates_api.domain.moments import write_day
from estates_api.domain.organisations import current_codes, successors_on, told_current
from estates_api.domain.transitions import State
from estates_api.domain.values import shorten
from estates_api.errors import BadInput, Conflict, Gone, NotFound
from estates_api.sources.bank_holidays import list_bank_holidays
from estates_api.store import decisions as stored
from estates_api.store.audit import add_audit
from estates_api.store.editions import lock_catalogue
from estates_api.store.features import find_fate, find_ref_of_holding, list_refs
from estates_api.store.layers import Audience
from estates_api.store.organisations import list_organisations, list_successions
from estates_api.store.sites import Moment

COMMISSIONERS = ("clinical commissioning group", "integrated care board")
"""Kinds of bodies of the area that are of the NHS, and that no list of organisations names."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What decisions are held against: the area with its bodies, the method in force with its checks, and the day."""

    area: Area
    method: Method
    today: date


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it is recorded, and the states before and after it."""

    decision: Decision
    before: State
    after: State


def record_decision(
    connection: Connection, ref: str, stated: Stated, *, actor: Actor, terms: Terms, audience: Audience = "complete"
) -> Recorded:  # fmt: skip
    """Record a decision on a site, with its audit event in the same transaction; what is told of it, and of why not,
    is what the audience knows.

    BadInput when the organisation is not known; Conflict names the rule that it would break. One is recorded at a time:
    of two people who decide at once, the second is held against what the first did.
    """
    lock_catalogue(connection)
    site = get_site(connection, ref, terms.area, audience)
    by = find_body(connection, stated.organisation, terms.area, stated.decided_on)
    case = _read(connection, "complete", site, terms)
    shown = case if audience == "complete" else _read(connection, audience, site, terms)
    told = shown.progress.state
    if stated.expected_state not in {None, told}:
        raise Conflict(f"{site} is {told} by now, not {stated.expected_state}: look again", "expected-state")
    one = _decision(site, stated, by, shown)
    check_decision(one, shown, actor)
    _check_whole(one, case, actor)
    before, after = case.progress.state, _after(one, case)
    number = stored.add_decision(connection, one, (before, after))
    detail = {"decision": number, "step": one.step, "organisation": by.code, "body": one.body,
              "decided_on": one.decided_on.isoformat(), "minute_reference": one.minute_reference, "reason": one.reason,
              "from": before, "to": after}  # fmt: skip
    add_audit(connection, actor=one.actor, action="decide", subject=site, detail=detail)
    return Recorded(replace(one, id=number), told, _after(one, shown))


def _read(connection: Connection, audience: Audience, site: str, terms: Terms) -> Case:
    return read_case(connection, audience, site, method=terms.method, today=terms.today)


def _after(one: Decision, case: Case) -> State:
    """The state that a decision leads to."""
    return progress_of((*case.decisions, replace(one, id=-1))).state


def _check_whole(one: Decision, case: Case, actor: Actor) -> None:
    """Conflict where a step breaks a rule by what its taker may not know of: which one, and what, is not told."""
    try:
        check_decision(one, case, actor)
    except Conflict:
        raise Conflict(f"{one.step} on {one.site} cannot be recorded with this key at present; whoever has the key of "
                       "this installation can", "withheld") from None  # fmt: skip


def get_site(connection: Connection, ref: str, area: Area, audience: Audience = "complete") -> str:
    """The reference of a site that stands, given by it or by a holding code. NotFound when there is none that the
    audience may see, Conflict where it became part of another, Gone where it was withdrawn."""
    ours = ref.startswith(f"{area.prefix}-")
    site = ref if ours else find_ref_of_holding(connection, audience, ref)
    if site is None or site not in list_refs(connection, audience):
        raise NotFound(f"there is no site {shorten(ref)}")
    fate = find_fate(connection, audience, site)
    if fate and fate.survivor:
        raise Conflict(f"{site} became part of {fate.survivor}; record it there", "merged")
    if fate:
        raise Gone(f"{site} was withdrawn on {fate.at[:10]}: {fate.reason}")
    return site


def find_body(connection: Connection, code: str, area: Area, day: date) -> Body:
    """Who decided: an organisation of the register, or a commissioner that spoke for the area; BadInput where it was
    not there on the day."""
    wanted = code.upper()
    for row in list_organisations(connection, "complete", code=wanted):
        _check_there(connection, row, day)
        return Body(row["code"], row["name"], row["sector"], row["kind"])
    for body in area.bodies:
        if wanted in body.codes and body.kind.startswith(COMMISSIONERS):
            if body.spoke_on(day):
                return Body(wanted, body.name, "NHS", body.kind)
            raise BadInput(f"organisation: {body.name} did not speak for the area on {day}")
    raise BadInput(f"organisation: {wanted!r} is not in the register; /organisations lists those that are")


def list_bodies(connection: Connection, audience: Audience, area: Area, day: date) -> list[Body]:
    """Who decides in an area on a day, by name: its boroughs, its trusts or who carries them on, its commissioner."""
    successors = successors_on(list_successions(connection, audience).follows, day)
    codes = {heir for code in (*area.trusts, *area.boroughs) for heir in current_codes(code, successors)}
    found = [Body(row["code"], row["name"], row["sector"], row["kind"])
             for row in list_organisations(connection, audience)
             if row["code"] in codes and not _is_early(row, day) and not _is_over(row, day)]  # fmt: skip
    found += [Body(code, body.name, "NHS", body.kind) for body in area.bodies for code in body.codes
              if body.kind.startswith(COMMISSIONERS) and body.spoke_on(day)]  # fmt: skip
    return sorted(found, key=lambda one: one.name)


def _is_early(row: RowMapping, day: date) -> bool:
    return row["opened"] is not None and day < row["opened"]


def _is_over(row: RowMapping, day: date) -> bool:
    return row["closed"] is not None and day >= row["closed"]


def _check_there(connection: Connection, row: RowMapping, day: date) -> None:
    """By its own dates: of an organisation without any it is not known since when it is there, or was."""
    if _is_early(row, day):
        raise BadInput(f"organisation: {row['name']} opened on {write_day(row['opened'])}, after {write_day(day)}")
    if _is_over(row, day):
        heirs = told_current(row["code"], successors_on(list_successions(connection).follows, day))
        after = f"; it is carried on by {heirs}" if heirs else ""
        raise BadInput(f"organisation: {row['name']} closed on {write_day(row['closed'])}{after}")


def read_case(
    connection: Connection, audience: Audience, site: str, *, method: Method, today: date,
    known_at: datetime | None = None,
) -> Case:  # fmt: skip
    """What an audience may know of a site for a decision on it: owners as known at a moment (None: now)."""
    decided = stored.list_decided(connection, audience, site).get(site)
    owners = stored.list_owners(connection, audience, site, Moment(today, known_at))
    return Case(site, decided.decisions if decided else (), owners, tuple(method.checks), today, list_bank_holidays)


def _decision(site: str, stated: Stated, by: Body, case: Case) -> Decision:
    taken = next((one for one in case.decisions if one.id == stated.reverses), None)
    sensitivity = stated.sensitivity or (taken.sensitivity if taken else "public")
    return Decision(
        0, site, stated.step, by, stated.body, stated.decided_on, stated.minute_reference, stated.reason, stated.by,
        sensitivity, stated.citation, stated.reverses, stated.check, stated.outcome, stated.opens_on, stated.closes_on,
    )  # fmt: skip
