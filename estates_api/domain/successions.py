"""Holdings that a successor organisation carries on at the same site, so that the two are never added up."""

from collections.abc import Sequence
from datetime import date

from estates_api.domain.organisations import Successors, heirs
from estates_api.domain.sites import Holding

Key = tuple[str, str]


def carried_on(holdings: Sequence[Holding], successors: Successors) -> dict[Key, Key]:
    """Which holdings of one site are carried on by which, because an organisation carries on another.

    The heir's holding begins after the other's last return and not before the merger: one that it had there all along
    is its own. Of several the one that begins first, and then the first by code.
    """
    spans = {holding.key: span for holding in holdings if (span := _span(holding))}
    found: dict[Key, Key] = {}
    for holding in holdings:
        span = spans.get(holding.key)
        if span is None or holding.organisation_code not in successors:
            continue
        since = heirs(holding.organisation_code, successors)
        begun = sorted(
            (first, key) for key, (first, _) in spans.items()
            if key[0] in since and first > span[1] and first >= (since[key[0]] or first)
        )  # fmt: skip
        if begun:
            found[holding.key] = begun[0][1]
    return found


def _span(holding: Holding) -> tuple[date, date] | None:
    """The first and the last day of which a holding states a figure; None when it states none, or of no day."""
    days = [
        claim.as_of for _, stated in holding.returns for claim in stated.values()
        if claim.dated and claim.number is not None
    ]  # fmt: skip
    return (min(days), max(days)) if days else None
