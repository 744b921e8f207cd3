"""How closely a site is built, beside what its kind of NHS organisation is used to.

Acute trusts build in storeys; mental health, community and care trusts build low, in grounds that are part of care.
Floor area over land therefore says little by itself: 0.3 is thin for an acute trust and usual for the others.
"""

from collections.abc import Iterable, Mapping

from estates_api.domain.claims import Claim
from estates_api.domain.land import land_claim, land_pieces, site_land
from estates_api.domain.sites import Holding, Site

ACUTE, OTHER = "acute", "other"
KINDS = (ACUTE, OTHER)
"""The kinds of organisation that the norms of the method file are given for."""

_ACUTE_SITES = ("general acute", "specialist hospital (acute")


def trust_kind(holdings: Iterable[Holding]) -> tuple[str, tuple[Claim, ...]]:
    """`acute` or `other`, and the claim it rests on: the organisation's own type, else the type of site.

    Where neither is known `other`, the lower norm: silence does not pay.
    """
    held = list(holdings)
    for attribute, starts in (("organisation_type", ("acute",)), ("site_type", _ACUTE_SITES)):
        if claim := _of_largest(held, attribute):
            acute = (claim.text or "").casefold().startswith(starts)
            return ACUTE if acute else OTHER, (claim,)
    return OTHER, ()


def _of_largest(holdings: Iterable[Holding], attribute: str) -> Claim | None:
    """What the NHS holding with most floor area states."""
    stated = [h for h in holdings if h.sector == "NHS" and h.text(attribute)]
    largest = max(stated, key=lambda holding: (holding.number("gia_m2") or 0.0, holding.code), default=None)
    return largest.claims[attribute] if largest else None


LEAST_HA = 0.0001
"""A square metre: less is no land that anything stands on, whatever a return says."""


def plot_ratio(site: Site) -> tuple[float, tuple[Claim, ...]] | None:
    """Floor area over land, each piece of land once, as returned: before later sales, which took buildings too. None
    when either is unknown.

    A floor area is taken from the return that states the land, where it does. Two holdings that state one building
    twice make a site look closer built than it is, never thinner.
    """
    if site_land(site) is None:
        return None
    land = [piece[0][1] for piece in land_pieces(site)]
    area_ha = sum(claim.number or 0.0 for claim in land)
    floors = [gia for holding in site.holdings if (gia := _floor_area(holding))]
    if not floors or area_ha < LEAST_HA:
        return None
    return sum(gia.number or 0.0 for gia in floors) / (area_ha * 10_000), (*floors, *land)


def _floor_area(holding: Holding) -> Claim | None:
    land = land_claim(holding)
    same = next((stated for day, stated in holding.returns if land and day == land.as_of), {})
    gia = same.get("gia_m2") or holding.claims.get("gia_m2")
    return gia if gia and gia.number is not None else None


def share_of_norm(site: Site, norms: Mapping[str, float]) -> tuple[float, tuple[Claim, ...], str] | None:
    """The plot ratio in per cent of what is usual, the claims under it, and a note; None when unknown.

    Each piece of land is held against its own kind: a hospital on land that is mostly another trust's is not thin.
    """
    ratio = plot_ratio(site)
    if ratio is None:
        return None
    pieces = [(piece[0][1].number or 0.0, *trust_kind(holding for holding, _ in piece)) for piece in land_pieces(site)]
    usual = sum(area * norms[kind] for area, kind, _ in pieces) / sum(area for area, _, _ in pieces)
    kinds = sorted({kind for _, kind, _ in pieces})
    note = f"floor area is {ratio[0]:.2f} of the land; usual for {' and '.join(_TOLD[k] for k in kinds)}: {usual:.2f}"
    typed = [claim for _, _, claims in pieces for claim in claims]
    return 100 * ratio[0] / usual, (*ratio[1], *typed), note


_TOLD = {ACUTE: "an acute trust", OTHER: "a trust that is not acute"}
