"""What sources state of a site's standing: surplus, on offer, permitted. What nobody states is None, never guessed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from estates_api.domain.gates import KEPT
from estates_api.domain.land import site_land
from estates_api.domain.sites import Event, Holding, Site

SURPLUS = ("surplus", "surplus in part", "potentially surplus", "not surplus")
AVAILABILITY = ("on the market", "disposal approved", "not available")
PERMISSION = ("permissioned", "pending decision", "not permissioned", "allocated")

_SURPLUS_BY = dict.fromkeys(("declared surplus", "marketed", "disposal approved"), "surplus") | dict.fromkeys(
    KEPT, "not surplus"
)
_AVAILABLE_BY = {"marketed": "on the market", "disposal approved": "disposal approved"} | dict.fromkeys(
    KEPT, "not available"
)
_PLOT = {"surplus": "surplus in part", "potentially surplus": "potentially surplus"}
"""A plot of the surplus-land collection is part of its site; that another plot is no longer surplus says nothing."""

_SALES = {"sold", "part sold"}

ALMOST_ALL = 0.95
"""Land of an event that is less than this share of the site's is a part of it."""


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: what it says, of which day, and in whose words."""

    value: str
    day: date
    told: str


@dataclass(frozen=True, slots=True)
class Stated:
    """The newest statement of each kind; None where there is none."""

    surplus: Said | None
    availability: Said | None
    permission: Said | None

    @property
    def basis(self) -> str:
        """What the three rest on, in words; blank where nothing is stated."""
        named = (("surplus", self.surplus), ("availability", self.availability), ("planning", self.permission))
        return "; ".join(f"{name}: {said.told}" for name, said in named if said)


def stated_of(site: Site) -> Stated:
    """What is stated of a site as of its day. A statement about a part is none about the whole."""
    return Stated(_surplus(site), _availability(site), _permission(site))


def _surplus(site: Site) -> Said | None:
    events = filter(None, (_surplus_by(event, site) for event in site.events if event.kind in _SURPLUS_BY))
    plots = (_plot(h) for h in site.holdings if h.text("disposal_status") in _PLOT and not h.text("ended_on"))
    return _since_sold(_newest((*events, *plots)), site)


def _surplus_by(event: Event, site: Site) -> Said | None:
    """That a part is kept says nothing of the rest."""
    value = _SURPLUS_BY[event.kind]
    if not _in_part(event, site):
        return _of(event, value)
    return _of(event, "surplus in part") if value == "surplus" else None


def _in_part(event: Event, site: Site) -> bool:
    land = site_land(site)
    return event.scope == "part" or bool(event.area_ha and land and event.area_ha < ALMOST_ALL * land.area_ha)


def _plot(holding: Holding) -> Said:
    claim = holding.claims["disposal_status"]
    return Said(_PLOT[claim.text or ""], claim.as_of, f"plot {holding.code} returned as {claim.text} ({claim.told})")


def _availability(site: Site) -> Said | None:
    said = (
        _of(event, _AVAILABLE_BY[event.kind])
        for event in site.events
        if event.kind in _AVAILABLE_BY and not _in_part(event, site)
    )
    return _since_sold(_newest(said), site)


def _since_sold(said: Said | None, site: Site) -> Said | None:
    """Land was sold since it was said: whether any is left that it is true of, nobody states."""
    sold = [event.latest for event in site.events if event.kind in _SALES and event.scope != "other" and event.latest]
    return None if said and any(day >= said.day for day in sold) else said


def _permission(site: Site) -> Said | None:
    """Permission of the whole, else an allocation. Once a part was sold nobody knows which side a permission is for."""
    whole = () if any(event.kind == "part sold" for event in site.events) else site.events
    granted = [_of(e, "permissioned") for e in whole if e.kind == "planning permission" and not _in_part(e, site)]
    entries = (_entry(h) for h in site.holdings if not h.text("ended_on"))
    known = _newest((*granted, *(said for said in entries if said)))
    return known or _newest(_of(event, "allocated") for event in site.events if event.kind == "site allocation")


def _entry(holding: Holding) -> Said | None:
    """What an entry of a brownfield register says, in the register's words."""
    word = (holding.text("planning_status") or "").strip().casefold()
    claim = holding.claims.get("planning_status")
    return Said(word, claim.as_of, f"{word} ({claim.told})") if claim and word in PERMISSION[:3] else None


def _of(event: Event, value: str) -> Said:
    return Said(value, event.latest or date.min, event.told())


def _newest(said: Iterable[Said]) -> Said | None:
    return max(said, key=lambda one: one.day, default=None)
