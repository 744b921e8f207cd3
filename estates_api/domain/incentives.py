"""Incentives: what empty space costs a year, what backlog release would avoid, and receipts with who keeps them.

Nothing here is scored. A receipt is only ever what a source states; who keeps one is a rule of the method with its
citation, or what the source itself says, or not known.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from estates_api.domain.claims import Claim, describe_claim
from estates_api.domain.gates import released_by
from estates_api.domain.keepers import Keeper
from estates_api.domain.measures import running_cost, spare
from estates_api.domain.method import Method
from estates_api.domain.sites import Event, Holding, Site

SEVERE = ("backlog_high_gbp", "backlog_significant_gbp")
BACKLOG = (*SEVERE, "backlog_moderate_gbp", "backlog_low_gbp")

VALUATIONS = {"market_value_gbp": "declared market value", "sale_value_gbp": "sale value as returned"}
"""Claims of the surplus-land collection that are figures of money for a plot."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of pounds with what it rests on; `gbp` is None where it is not known, and `basis` says why."""

    gbp: float | None
    basis: str
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a source says that land fetched (`sold`: a sale by its owner that no other receipt tells already) or is
    worth. `kept_by` is None where nobody says who keeps it."""

    what: str
    gbp: float
    when: str
    citation: str
    sold: bool
    counterparty: str | None = None
    kept_by: str | None = None
    kept_citation: str | None = None


def void_cost(site: Site, method: Method) -> Amount:
    """What empty space costs a year: as a source states it, else spare floor area times this site's running cost."""
    if released_by(site):
        return Amount(None, "no longer public land")
    stated = [claim for h in site.holdings if (claim := h.claims.get("void_cost_gbp")) and claim.number is not None]
    if stated:
        day = min(claim.as_of for claim in stated)
        return Amount(sum(claim.number or 0.0 for claim in stated), f"as a source states it, of {day}", tuple(stated))
    area, cost = spare(site, method), running_cost(site, method)
    if area.number is None or cost.number is None:
        return Amount(None, f"not known: {area.note if area.number is None else cost.note}")
    basis = f"{area.number:,.0f} m² empty or under-used × £{cost.number:,.0f}/m² running cost of the same site"
    return Amount(round(area.number * cost.number, 2), basis, tuple(dict.fromkeys((*area.claims, *cost.claims))))


def backlog(site: Site, names: Sequence[str]) -> Amount:
    """The cost to eradicate backlog of these risks, by the newest return of each holding that states them all, never
    across years; what is not applicable (PFI, a lease) is not the holder's."""
    if released_by(site):
        return Amount(None, "no longer public land")
    found = [h.newest_return(lambda stated: all(name in stated for name in names)) for h in site.holdings]
    claims = tuple(stated[name] for stated in found if stated for name in names if stated[name].number is not None)
    if not claims:
        return Amount(None, "not known: no return states it")
    return Amount(sum(claim.number or 0.0 for claim in claims), "as returned", claims)


def receipts(site: Site, keepers: Sequence[Keeper]) -> tuple[Receipt, ...]:
    """Every figure of money that a source states for land here: sales and other events, and values of surplus plots."""
    events = [_of_event(event, keepers) for event in site.events if event.receipt_gbp]
    told = Counter(round(one.gbp) for one in events if one.sold)
    return (*events, *(_of_plot(h, name, told) for h in site.holdings for name in VALUATIONS if h.number(name)))


def _of_plot(plot: Holding, name: str, told: Counter[int]) -> Receipt:
    """A value of a surplus plot. A sale value that is the price of an event is that sale, which stands for one plot:
    it is taken out of `told`, the prices of events."""
    claim = plot.claims[name]
    gbp, what, sold = claim.number or 0.0, f"{VALUATIONS[name]} of plot {plot.code}", name == "sale_value_gbp"
    if sold and told[round(gbp)]:
        told[round(gbp)] -= 1
        what, sold = f"{what}, the price of a sale already told", False
    return Receipt(what, gbp, claim.as_of.isoformat(), claim.told, sold)


def _of_event(event: Event, keepers: Sequence[Keeper]) -> Receipt:
    # A sale on by somebody else, or one that is not complete, is none of the owner's (scope `other`).
    sold = event.kind in {"sold", "part sold"} and event.scope != "other"
    rule = _keeper(event, keepers) if sold and not event.kept_by else None
    return Receipt(
        event.told(), event.receipt_gbp or 0.0, event.date_text, event.citation, sold, event.counterparty,
        event.kept_by or (rule.who if rule else None),
        event.citation if event.kept_by else rule.citation if rule else None,
    )  # fmt: skip


def _keeper(event: Event, keepers: Sequence[Keeper]) -> Keeper | None:
    """The rule for the kind of organisation that sold, in force by the day; None without an organisation or a day."""
    day = event.earliest
    fits = [one for one in keepers if day and one.kind == event.organisation_kind and one.since <= day]
    return max(fits, key=lambda one: one.since, default=None)


def describe_incentives(site: Site, method: Method) -> dict[str, Any]:
    """The incentives of a site as JSON-ready values."""
    return {
        "void_cost_gbp_per_year": _amount(void_cost(site, method)),
        "backlog_high_significant_gbp": _amount(backlog(site, SEVERE)),
        "backlog_total_gbp": _amount(backlog(site, BACKLOG)),
        "receipts": [_receipt(one) for one in receipts(site, method.keepers)],
    }


def _amount(found: Amount) -> dict[str, Any]:
    return {"gbp": found.gbp, "basis": found.basis, "sources": [describe_claim(claim) for claim in found.claims]}


def _receipt(one: Receipt) -> dict[str, Any]:
    return {
        "what": one.what, "gbp": one.gbp, "when": one.when, "sold": one.sold, "counterparty": one.counterparty,
        "kept_by": one.kept_by, "kept_citation": one.kept_citation, "citation": one.citation,
    }  # fmt: skip
