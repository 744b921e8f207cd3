"""Gates: reasons why a route cannot be release, whatever the score. Each is a fact with its source, or a task."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from estates_api.domain.peers import site_class
from estates_api.domain.sites import Event, Holding, Interest, InterestKind, Site

OWNERS = {"freeholder", "head lessee"}
PUBLIC = frozenset({"NHS", "council", "other public"})
"""The sectors whose bodies are public owners."""

KEPT = frozenset({"retained", "reused for integrated services", "reopened"})
GIVEN_UP = frozenset({"declared surplus", "marketed", "disposal approved"})
"""Events by which an owner says that a site stays, or that it goes."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A closed gate: its id in the method file, and why it is closed for this site."""

    id: str
    reason: str


def public_interests(site: Site, kind: InterestKind) -> list[Interest]:
    """The public bodies that hold a site in this way, by name."""
    held = (i for i in site.interests if i.kind == kind and i.sector in PUBLIC)
    return sorted(held, key=lambda interest: interest.organisation_name)


def public_tenure(interests: Iterable[Interest]) -> str | None:
    """What a public owner could dispose of: the freehold where one is known, else a lease; None where no public body is
    stated as owner."""
    kinds = {one.kind for one in interests if one.kind in OWNERS and one.sector in PUBLIC}
    return "freehold" if "freeholder" in kinds else "leasehold" if kinds else None


def _owner(site: Site, _: Mapping[str, int]) -> str | None:
    """Nobody public is stated as freeholder or head lessee, or only without the tenure."""
    if public_interests(site, "freeholder") or public_interests(site, "head lessee"):
        return None
    stated = sorted(
        i.organisation_name for i in site.interests if i.kind == "unknown" and i.evidence.startswith("stated")
    )
    if stated:
        return f"{stated[0]} is stated as owner, but not by what tenure: somebody must state it"
    return "no public owner is known: somebody must state who owns it"


_NONE = frozenset({"", "-", "0", "false", "n", "n/a", "nil", "no", "none", "not applicable"})


def _said(holding: Holding, attribute: str) -> str | None:
    """What an entry says; None where it says that there is none."""
    text = holding.text(attribute)
    return None if text is None or text.strip().rstrip(".").casefold() in _NONE else text


def _lease(site: Site, _: Mapping[str, int]) -> str | None:
    """A public body has a lease, nobody public the freehold, and no break is known: it can be left, not disposed of."""
    lessees = public_interests(site, "head lessee")
    if not lessees or public_interests(site, "freeholder") or any(_said(h, "lease_break") for h in site.holdings):
        return None
    ends = sorted({end for holding in site.holdings if (end := holding.text("lease_end"))})
    until = f" until {', '.join(ends)}" if ends else ""
    return f"{lessees[0].organisation_name} holds a lease{until}; no break is known, and no public freeholder"


def _acute(site: Site, acute_sites: Mapping[str, int]) -> str | None:
    """No other site of the borough is returned as a general acute hospital."""
    acute = site_class(site.site_type) == "acute"
    if acute and site.borough_gss and acute_sites.get(site.borough_gss, 0) <= 1:
        return "it is the only general acute hospital site of its borough in the returns"
    return None


def _private_finance(site: Site, _: Mapping[str, int]) -> str | None:
    """A return states a yearly unitary charge, or an entry says that a term is running."""
    for holding in site.holdings:
        if stated := _said(holding, "private_finance"):
            return f"{stated} term running, by {holding.organisation_name}'s entry"
        # A unitary charge of a few pounds is a filler (RYX23 returns 1), not a charge.
        if (charge := holding.number("pfi_unitary_charge_gbp") or 0) > 1000:
            return f"PFI unitary charge of £{charge:,.0f} a year ({holding.claims['pfi_unitary_charge_gbp'].edition})"
    return None


def _kept(site: Site, _: Mapping[str, int]) -> str | None:
    """The last event that says whether it stays or goes says that it stays: figures do not undo a decision."""
    spoken = [event for event in site.events if event.kind in KEPT | GIVEN_UP]
    last = max(spoken, key=lambda event: (event.latest or date.min, event.id), default=None)
    return f"{last.organisation}: {last.told()}" if last and last.kind in KEPT else None


GATES: dict[str, Callable[[Site, Mapping[str, int]], str | None]] = {
    "owner": _owner,
    "lease": _lease,
    "sole-acute": _acute,
    "private-finance": _private_finance,
    "kept": _kept,
}


def closed_gates(site: Site, gates: Iterable[str], acute_sites: Mapping[str, int]) -> tuple[Gate, ...]:
    """The gates of the method that are closed for a site. `acute_sites` counts acute sites per borough (GSS)."""
    reasons = ((name, GATES[name](site, acute_sites)) for name in gates)
    return tuple(Gate(name, reason) for name, reason in reasons if reason)


def released_by(site: Site) -> Event | None:
    """The event by which the whole site left its public owner, up to the as-of day; None while it is held."""
    sales = [e for e in site.events if e.kind == "sold" and e.scope == "whole"]
    return max(sales, key=lambda event: (event.latest or date.min, event.id), default=None)
