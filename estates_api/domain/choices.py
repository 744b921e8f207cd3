"""Choices: a person puts a site on a quarter's list or takes it off it, with a reason that is printed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from estates_api.domain.assessment import Assessed
from estates_api.errors import BadInput, Conflict

Kind = Literal["pin", "strike", "withdrawn"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PinList = Literal["release", "part release", "reuse"]
PIN_LISTS: tuple[PinList, ...] = get_args(PinList)


OR_PINNED = ", or pinned by a person, with a reason"
"""What is said over a list beside its rule."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for a site of a quarter: `listed` is the list that it is pinned to. `at` is ISO 8601."""

    site: str
    kind: Kind
    listed: str | None
    reason: str
    by: str
    at: str


def parse_list(given: str | None) -> PinList:
    """The list that a site is pinned to; BadInput says which there are."""
    found = next((name for name in PIN_LISTS if name == given), None)
    if found is None:
        raise BadInput(f"list: must be one of {', '.join(PIN_LISTS)}")
    return found


def why_not_pinned(result: Assessed | None, listed: str | None) -> str:
    """Why a site cannot be put on a list, whoever wishes it; blank where it can. A closed gate is never pinned over."""
    if result is None:
        return "nothing is known of it on that day"
    if result.released:
        return f"it is no longer public land: {result.released.told()}"
    if not result.site.is_ours:
        return "it lies outside the area and is of none of its trusts"
    if result.gates and listed != "reuse":
        return f"the gate is closed: {result.gates[0].reason}"
    return ""


def check_pin(result: Assessed | None, listed: str, ref: str) -> None:
    """Conflict, with the reason, when a site cannot be pinned to a list."""
    if why := why_not_pinned(result, listed):
        raise Conflict(f"{ref} cannot be pinned to the {listed} list: {why}")


def describe_choice(choice: Choice, result: Assessed | None, decided: str = "") -> dict[str, Any]:
    """A choice as the list prints it, and whether it could be followed. `decided`: what the owner decided meanwhile."""
    why_not = decided or (why_not_pinned(result, choice.listed) if choice.kind == "pin" else "")
    return {
        "site": choice.site,
        "name": result.site.name if result else choice.site,
        "kind": choice.kind,
        "list": choice.listed or "",
        "reason": choice.reason,
        "by": choice.by,
        "at": choice.at,
        "followed": not why_not,
        "why_not": why_not,
    }


def followed(
    choices: Mapping[str, Choice], results: Mapping[str, Assessed], decided: Collection[str] = ()
) -> dict[str, Choice]:  # fmt: skip
    """The choices that a list follows, by site: of pins, those that are not held back; none of a site whose owner has
    decided."""
    return {
        ref: choice for ref, choice in choices.items()
        if ref not in decided and (choice.kind == "strike" or not why_not_pinned(results.get(ref), choice.listed))
    }  # fmt: skip
