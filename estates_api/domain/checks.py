"""Checks: named steps before a public body disposes of a site. They are apart from scores and close nothing.

For each site a step is done, not done, does not apply, or is not known to apply; the reason says from what.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from estates_api.domain.gates import OWNERS, PUBLIC, public_interests, released_by
from estates_api.domain.method import CheckRule, Method
from estates_api.domain.sites import Site

CheckState = Literal["done", "not done", "does not apply", "not known"]
Found = tuple[CheckState, str]

_GUARDED_USES = re.compile(r"\b(school|academy|playing field|park|open space|recreation|allotment)s?\b", re.IGNORECASE)
_PARKED = re.compile(r"\b(car|lorry|coach|business|retail|science|industrial) park\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Check:
    """One step before disposal at one site, and why it stands as it does."""

    rule: CheckRule
    state: CheckState
    reason: str


def _council(site: Site) -> Found:
    """Land that a council owns or holds on a lease."""
    holders = [interest for interest in site.interests if interest.kind in OWNERS]
    councils = sorted(interest.organisation_name for interest in holders if interest.sector == "council")
    if councils:
        return "not done", f"{councils[0]} would dispose of it; nothing says that this is done"
    if public_interests(site, "freeholder"):
        return "does not apply", f"{public_interests(site, 'freeholder')[0].organisation_name} owns it, and no council"
    return "not known", "who owns it is not known"


def _public(site: Site) -> Found:
    """Land that a public body owns, where it once took it by compulsion or under the threat of it."""
    owners = public_interests(site, "freeholder")
    if owners:
        return "not known", f"how {owners[0].organisation_name} came by the land is not known: its title says"
    private = [
        interest for interest in site.interests if interest.kind == "freeholder" and interest.sector not in PUBLIC
    ]
    if private:
        return "does not apply", f"{private[0].organisation_name} owns it, which is no public body"
    return "not known", "who owns it is not known"


def _any(_: Site) -> Found:
    """Any land: only the council's list of assets of community value says whether it stands there."""
    return "not known", "no list of assets of community value is loaded: ask the borough"


def _guarded(site: Site) -> Found:
    """Land of a school, or open space."""
    said = [use for holding in site.holdings for name in ("current_use", "holding_purpose")
            if (use := holding.text(name))]  # fmt: skip
    if guarded := next((use for use in said if _GUARDED_USES.search(_PARKED.sub("", use))), None):
        return "not done", f"its stated use is “{guarded}”; nothing says that this is done"
    uses = f"its stated use is “{said[0]}”" if said else "no list states its use"
    return "not known", f"{uses}; whether it was a school’s land, or is open space in part, is not known"


def _services(site: Site) -> Found:
    """A site at which NHS services run."""
    returned = [holding for holding in site.holdings if holding.sector == "NHS"]
    if not returned:
        return "does not apply", "no NHS organisation returns or lists anything here"
    running = max(returned, key=lambda holding: (holding.number("occupied_m2") or 0.0, holding.code))
    occupied = running.number("occupied_m2")
    if occupied:
        return (
            "not done",
            f"{running.organisation_name} occupies {occupied:,.0f} m² here; nothing says that this is done",
        )
    return "not known", "whether NHS services run here is not known"


APPLIES: dict[str, Callable[[Site], Found]] = {
    "council land": _council,
    "public land": _public,
    "any land": _any,
    "school or open space": _guarded,
    "NHS services": _services,
}
"""The rules by which a step applies to a site, as the method file names them."""


def checks_of(site: Site, method: Method, recorded: Mapping[str, Found] | None = None) -> tuple[Check, ...]:
    """Every check of the method at a site. `recorded` says of the steps on which a decision is recorded how they stand,
    and how that is known."""
    sale = released_by(site)
    return tuple(
        Check(rule, *recorded[rule.id]) if recorded and rule.id in recorded
        else Check(rule, "does not apply", f"it has left public ownership: {sale.told()}") if sale
        else Check(rule, *APPLIES[rule.applies_to](site))
        for rule in method.checks.values()
    )  # fmt: skip
