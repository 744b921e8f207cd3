"""Weighing: every claim on a site held against the others of its kind, so that a reader sees which one counts."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from estates_api.domain.claims import Claim, choose_claim, why_not
from estates_api.store.claims import Stated, list_claims
from estates_api.store.sites import Moment


@dataclass(frozen=True, slots=True)
class Weighed:
    """One claim, whether it is the one that counts, and why not."""

    stated: Stated
    wins: bool
    why_not: str | None


def list_weighed(
    connection: Connection, ref: str, moment: Moment | None, *, today: date, attribute: str | None = None
) -> list[Weighed]:
    """The claims of a site, by holding and attribute, the winner first. The caller has seen to who may read them."""
    stated = list_claims(connection, ref, moment, attribute)
    return [one for _, group in groupby(stated, key=_kind) for one in weigh(list(group), today)]


def _kind(one: Stated) -> tuple[str, str, str]:
    return *one.holding, one.claim.attribute


def weigh(group: list[Stated], today: date) -> list[Weighed]:
    """The claims on one attribute of one holding, the winner first. What speaks of a day to come does not count yet."""
    winner = choose_claim(one.claim for one in group if one.claim.as_of <= today)
    found = [Weighed(one, one.claim == winner, _why_not(one.claim, winner, today)) for one in group]
    return sorted(found, key=lambda one: (not one.wins, -one.stated.claim.as_of.toordinal(), -one.stated.claim.id))


def _why_not(claim: Claim, winner: Claim | None, today: date) -> str | None:
    if claim.as_of > today and claim.redacted is None:
        return f"it speaks of a day to come, {claim.as_of}"
    return why_not(claim, winner)
