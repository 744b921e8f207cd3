"""Decide: record what a public body decided on a site, if the rules allow it."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.decision_form import Stated
from estates_api.domain.decision_rules import Actor, Case, check_decision
from estates_api.domain.decisions import Body, Decision, progress_of
from estates_api.domain.method import Method
from estates_api.domain.transitions import State
from estates_api.domain.values import shorten
from estates_api.errors import BadInput, Conflict, Gone, NotFound
from estates_api.sources.bank_holidays import list_bank_holidays
from estates_api.store import decisions as stored
from estates_api.store.audit import add_audit
from estates_api.store.editions import lock_catalogue
from estates_api.store.features import find_fate, find_known_since, find_ref_of_holding
from estates_api.store.layers import Audience
from estates_api.store.organisations import list_organisations

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
    connection: Connection, ref: str, stated: Stated, *, actor: Actor, terms: Terms
) -> Recorded:  # fmt: skip
    """Record a decision on a site, with its audit event in the same transaction.

    BadInput when the organisation is not known; Conflict names the rule that it would break. One is recorded at a time:
    of two people who decide at once, the second is held against what the first did.
    """
    lock_catalogue(connection)
    site = get_site(connection, ref, terms.area)
    by = find_body(connection, stated.organisation, terms.area, stated.decided_on)
    case = read_case(connection, "complete", site, method=terms.method, today=terms.today)
    before = case.progress.state
    if stated.expected_state not in {None, before}:
        raise Conflict(f"{site} is {before} by now, not {stated.expected_state}: look again", "expected-state")
    one = _decision(site, stated, by, case)
    check_decision(one, case, actor)
    after = progress_of((*case.decisions, replace(one, id=-1))).state
    number = stored.add_decision(connection, one, (before, after))
    detail = {"decision": number, "step": one.step, "organisation": by.code, "body": one.body,
              "decided_on": one.decided_on.isoformat(), "minute_reference": one.minute_reference, "reason": one.reason,
              "from": before, "to": after}  # fmt: skip
    add_audit(connection, actor=one.actor, action="decide", subject=site, detail=detail)
    return Recorded(replace(one, id=number), before, after)


def get_site(connection: Connection, ref: str, area: Area) -> str:
    """The reference of a site that stands, given by it or by a holding code. NotFound when there is none, Conflict
    where it became part of another, Gone where it was withdrawn."""
    ours = ref.startswith(f"{area.prefix}-")
    site = ref if ours else find_ref_of_holding(connection, "complete", ref)
    if site is None or find_known_since(connection, site) is None:
        raise NotFound(f"there is no site {shorten(ref)}")
    fate = find_fate(connection, "complete", site)
    if fate and fate.survivor:
        raise Conflict(f"{site} became part of {fate.survivor}; record it there", "merged")
    if fate:
        raise Gone(f"{site} was withdrawn on {fate.at[:10]}: {fate.reason}")
    return site


def find_body(connection: Connection, code: str, area: Area, day: date) -> Body:
    """Who decided: an organisation of the register, or a commissioner that spoke for the area on the day."""
    wanted = code.upper()
    for row in list_organisations(connection, "complete", code=wanted):
        return Body(row["code"], row["name"], row["sector"], row["kind"])
    for body in area.bodies:
        if wanted in body.codes and body.kind.startswith(COMMISSIONERS):
            if body.spoke_on(day):
                return Body(wanted, body.name, "NHS", body.kind)
            raise BadInput(f"organisation: {body.name} did not speak for the area on {day}")
    raise BadInput(f"organisation: {wanted!r} is not in the register; /organisations lists those that are")


def read_case(
    connection: Connection, audience: Audience, site: str, *, method: Method, today: date
) -> Case:  # fmt: skip
    """What an audience may know of a site for a decision on it."""
    decided = stored.list_decided(connection, audience, site).get(site)
    owners = stored.list_owners(connection, site, today)
    return Case(site, decided.decisions if decided else (), owners, tuple(method.checks), today, list_bank_holidays)


def _decision(site: str, stated: Stated, by: Body, case: Case) -> Decision:
    taken = next((one for one in case.decisions if one.id == stated.reverses), None)
    sensitivity = stated.sensitivity or (taken.sensitivity if taken else "public")
    return Decision(
        0, site, stated.step, by, stated.body, stated.decided_on, stated.minute_reference, stated.reason, stated.by,
        sensitivity, stated.citation, stated.reverses, stated.check, stated.outcome, stated.opens_on, stated.closes_on,
    )  # fmt: skip
