"""Decisions: recorded once, read by audience; and the public owners who may take them."""

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, text

from estates_api.domain.decision_rules import Owner
from estates_api.domain.decisions import Body, Decision
from estates_api.domain.gates import OWNERS, PUBLIC
from estates_api.domain.organisations import heirs, successors_on
from estates_api.domain.transitions import State
from estates_api.store.assessments import EVERYBODY, OWNERS_ONLY, PARTNERS, list_circles
from estates_api.store.decided import decision
from estates_api.store.features import reading_as
from estates_api.store.layers import Audience
from estates_api.store.organisations import list_successions
from estates_api.store.owned import whose
from estates_api.store.projection import hidden_from
from estates_api.store.redactions import UNMASKED_INTEREST
from estates_api.store.sites import Moment

_STRICTNESS = {"public": EVERYBODY, "partner": PARTNERS, "owner": OWNERS_ONLY}

# `decision_{audience}`: what the audience may see, at the site that stands today.
_DECISIONS = """
SELECT id, site, step, organisation_code, organisation_name, organisation_sector, organisation_kind, body, decided_on,
       minute_reference, reason, actor, sensitivity, citation, reverses, check_id, outcome, opens_on, closes_on, at,
       site_name, borough
FROM decision_{audience} WHERE CAST(:site AS text) IS NULL OR site = :site ORDER BY id
"""

# The interest of each organisation that counts, as in store/sites.py: whichever day it was stated for.
_OWNERS = f"""
SELECT DISTINCT ON (h.organisation_code) h.organisation_code AS code, o.name, h.sector, o.kind, i.kind AS interest
FROM interest i JOIN edition e ON e.id = i.edition_id AND e.at <= coalesce(:known_at, e.at)
JOIN ({{standing}}) t ON t.holding_id = i.holding_id AND t.site_ref = :site
JOIN holding h ON h.id = i.holding_id JOIN organisation o ON o.code = h.organisation_code
WHERE (NOT (h.sensitivity = ANY(:hidden) OR i.sensitivity = ANY(:hidden)) OR h.organisation_code = :whose)
      AND {UNMASKED_INTEREST}
ORDER BY h.organisation_code, (i.kind = 'unknown'), i.as_of DESC NULLS LAST, i.id DESC
"""  # noqa: S608 -- made of constants


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions on one site that an audience may see, in order, and what it knows the site by."""

    site: str
    site_name: str
    borough: str | None
    decisions: tuple[Decision, ...] = ()


def add_decision(connection: Connection, one: Decision, states: tuple[State, State]) -> int:
    """Record a decision with the states before and after it; its number."""
    values = {
        "site_ref": one.site, "step": one.step, "from_state": states[0], "to_state": states[1],
        "organisation_code": one.by.code, "organisation_name": one.by.name, "organisation_sector": one.by.sector,
        "organisation_kind": one.by.kind, "body": one.body, "decided_on": one.decided_on,
        "minute_reference": one.minute_reference, "reason": one.reason, "actor": one.actor,
        "sensitivity": one.sensitivity, "citation": one.citation, "reverses": one.reverses, "check_id": one.check,
        "outcome": one.outcome, "opens_on": one.opens_on, "closes_on": one.closes_on,
    }  # fmt: skip
    number: int = connection.execute(insert(decision).values(values).returning(decision.c.id)).scalar_one()
    return number


def list_decided(connection: Connection, audience: Audience, site: str | None = None) -> dict[str, Decided]:
    """What the audience may see of the decisions on every site, or on one, by its reference. The decisions on a site
    that became part of another are the other's; those on a withdrawn one are told to nobody."""
    with reading_as(connection, audience):
        rows = connection.execute(text(_DECISIONS.format(audience=audience)), {"site": site}).all()
    found: dict[str, Decided] = {}
    for row in rows:
        so_far = found.get(row.site) or Decided(row.site, row.site_name, row.borough)
        found[row.site] = replace(so_far, decisions=(*so_far.decisions, _decision(row)))
    return found


def list_of_circles(connection: Connection) -> dict[str, tuple[Decision, ...]]:
    """The decisions on every site that everybody who may see the site may see too, by its reference."""
    circles, found = list_circles(connection), defaultdict(list)
    for site, decided in list_decided(connection, "complete").items():
        for one in decided.decisions:
            if _STRICTNESS[one.sensitivity] <= circles[site]:
                found[site].append(one)
    return {site: tuple(decisions) for site, decisions in found.items()}


def list_owners(connection: Connection, audience: Audience, site: str, moment: Moment) -> tuple[Owner, ...]:
    """The public freeholders and head lessees of a site that the audience may know of, as far as they were known at the
    moment, by code; each with the codes of those who carry it on by that day."""
    values = {"site": site, "hidden": hidden_from(audience), "whose": whose(audience)}
    rows = moment.read(connection, _OWNERS, values).all()
    owners = [row for row in rows if row.interest in OWNERS and row.sector in PUBLIC]
    follows = list_successions(connection, known_at=moment.known_at).follows if owners else ()
    followed = successors_on(follows, moment.as_of)
    return tuple(Owner(row.code, row.name, row.sector, row.kind, frozenset({row.code, *heirs(row.code, followed)}))
                 for row in owners)  # fmt: skip


def _decision(row: Row[Any]) -> Decision:
    by = Body(row.organisation_code, row.organisation_name, row.organisation_sector, row.organisation_kind)
    return Decision(
        row.id, row.site, row.step, by, row.body, row.decided_on, row.minute_reference, row.reason, row.actor,
        row.sensitivity, row.citation, row.reverses, row.check_id, row.outcome, row.opens_on, row.closes_on, row.at,
    )  # fmt: skip
