"""Who is asking: the audience whose view they get, and what they may do. Roles say both, in one table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from estates_api.errors import KeyNeeded, NotAllowed


@dataclass(frozen=True, slots=True)
class Owner:
    """The audience of one organisation: what partners see, and what is its own."""

    organisation: str

    def __str__(self) -> str:
        return "owner"


Circle = Literal["public", "partner", "complete"]
Audience = Circle | Owner
"""Whose view is read. Every cache, tag and cursor carries it: the one of an owner with the organisation."""


def circle_of(audience: Audience) -> Circle:
    """The circle of which an audience sees all: an owner sees all that partners see."""
    return "partner" if isinstance(audience, Owner) else audience


class Permission(StrEnum):
    """What can be done with a key, by the name that a key's scopes have."""

    SEE_DRAFTS = "see-drafts"
    HAND_IN = "hand-in"
    NEED = "record-needs"
    DRAFT = "draft-lists"
    CHOOSE = "pin-and-strike"
    DECIDE = "record-decisions"
    ENDORSE = "endorse-lists"
    PUBLISH = "publish-lists"
    ADOPT = "adopt-methods"


@dataclass(frozen=True, slots=True)
class Role:
    """The view of a role, and what it may do. `organisation` and `sector`: whether its keys name one; a key that names
    an organisation has the view of that owner, and acts for it alone."""

    sees: Circle
    may: frozenset[Permission] = frozenset()
    organisation: Literal["never", "may", "must"] = "never"
    sector: Literal["never", "must"] = "never"


_P = Permission

ROLES: Mapping[str, Role] = {
    "public": Role("public"),
    "partner": Role("partner", frozenset({_P.SEE_DRAFTS})),
    "owner": Role("partner", frozenset({_P.SEE_DRAFTS}), organisation="must"),
    "steward": Role("complete", frozenset({_P.SEE_DRAFTS, _P.HAND_IN, _P.NEED, _P.DRAFT}), organisation="may"),
    "approver": Role("complete", frozenset({_P.SEE_DRAFTS, _P.CHOOSE, _P.DECIDE, _P.ENDORSE}),
                     organisation="may", sector="must"),
    "administrator": Role("complete", frozenset(Permission)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` is that of the key, empty without one; `organisation` and `sector` bound what they act for
    (None: whatever it is)."""

    audience: Audience
    organisation: str | None = None
    sector: str | None = None
    name: str = ""
    may: frozenset[Permission] = frozenset()

    @property
    def drafts(self) -> bool:
        """Whether drafts are for them."""
        return Permission.SEE_DRAFTS in self.may

    @property
    def circle(self) -> Circle:
        """Whose version of what is frozen or added up they get: an owner the partners'."""
        return circle_of(self.audience)

    def narrowed(self, scopes: frozenset[Permission]) -> "Caller":
        """The same, who may do no more than this."""
        return replace(self, may=self.may & scopes)

    def with_drafts(self) -> "Caller":
        """The same, who may see drafts."""
        return replace(self, may=self.may | {Permission.SEE_DRAFTS})


PUBLIC = Caller("public")


_TOGETHER = frozenset({Permission.DRAFT, Permission.CHOOSE, Permission.PUBLISH, Permission.ADOPT})
"""What is done for the partnership, and not for one organisation."""


def caller_of(role: str, name: str, *, organisation: str | None = None, sector: str | None = None) -> Caller:
    """Who asks in a role."""
    made = ROLES[role]
    if organisation:
        return Caller(Owner(organisation), organisation, sector, name, made.may - _TOGETHER)
    return Caller(made.sees, None, sector, name, made.may)


ADMINISTRATOR = caller_of("administrator", "administrator")


def check_may(caller: Caller, permission: Permission) -> None:
    """Nothing, or: KeyNeeded for whoever has no key, NotAllowed where the key is not for this."""
    if permission in caller.may:
        return
    if not caller.name:
        raise KeyNeeded(f"this ({permission}) needs the key of this installation, or one that was given out for it, as "
                        "X-API-Key or as Basic password")  # fmt: skip
    raise NotAllowed(f"the key {caller.name!r} is not for this ({permission})")


def check_acts_for(caller: Caller, organisation: str, sector: str | None = None) -> None:
    """NotAllowed where the key is another organisation's, or of another sector."""
    if caller.organisation not in {None, organisation}:
        raise NotAllowed(f"the key {caller.name!r} acts for {caller.organisation} alone")
    if sector and caller.sector not in {None, sector}:
        raise NotAllowed(f"the key {caller.name!r} acts for the sector {caller.sector} alone")
