"""Land and floor area of a site: added up over holdings, nothing counted twice, later sales taken off.

Facts behind the rules (all seen in the returns): Edgware's 6.2 ha stand under two trusts; `Site land area` became
`Land area owned` in 2016-17, so leased land dropped to 0; an ERIC return is an occupier's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from estates_api.domain.claims import Claim
from estates_api.domain.sites import Event, Holding, Site

SAME_LAND = 0.01
"""Two holdings whose land differs by less than this share report the same land."""


@dataclass(frozen=True, slots=True)
class Land:
    """The land of a site that is known: hectares, the part not under buildings, and what it rests on."""

    area_ha: float
    open_ha: float
    claims: tuple[Claim, ...]
    note: str


def newest(holding: Holding, *attributes: str) -> Claim | None:
    """The newest reported number among alternative attributes that say the same thing in different editions."""
    claims = (holding.claims.get(name) for name in attributes)
    reported = [claim for claim in claims if claim and claim.number is not None]
    return max(reported, key=lambda claim: (claim.as_of, claim.id), default=None)


def land_claim(holding: Holding) -> Claim | None:
    """The claim that says how much land this holding has; None when it is unknown or owns none."""
    claim = newest(holding, "land_owned_ha", "land_ha")
    return claim if claim and claim.number else None


def site_land(site: Site) -> Land | None:
    """The land of the site, each piece once, less what was sold since; None when no holding states any."""
    claims, notes = _each_once([(h, c) for h in site.holdings if (c := land_claim(h))])
    if not claims:
        return None
    area = sum(claim.number or 0.0 for _, claim in claims)
    built = sum(_built_ha(holding, claim) for holding, claim in claims)
    sold = _sold_since(site.events, max(claim.as_of for _, claim in claims))
    if sold:
        notes.append(f"{sum(e.area_ha or 0 for e in sold):g} ha taken off: {'; '.join(e.told() for e in sold)}")
        kept = max(0.0, 1.0 - sum(event.area_ha or 0.0 for event in sold) / area)
        area, built = area * kept, built * kept
    used = tuple(claim for _, claim in claims) + tuple(_footprints(claims))
    return Land(round(area, 6), round(max(0.0, area - built), 6), used, "; ".join(notes))


def _each_once(stated: list[tuple[Holding, Claim]]) -> tuple[list[tuple[Holding, Claim]], list[str]]:
    """Leave out land that another holding of the place states too (equal within SAME_LAND)."""
    kept: list[tuple[Holding, Claim]] = []
    notes = []
    for holding, claim in sorted(stated, key=lambda pair: (-pair[1].as_of.toordinal(), pair[0].code)):
        twin = next((h for h, c in kept if _same_land(c, claim)), None)
        if twin:
            notes.append(f"{claim.number:g} ha under {holding.code} is the land already counted under {twin.code}")
        else:
            kept.append((holding, claim))
    return kept, notes


def _same_land(one: Claim, other: Claim) -> bool:
    first, second = one.number or 0.0, other.number or 0.0
    return abs(first - second) <= SAME_LAND * max(first, second)


def _built_ha(holding: Holding, land: Claim) -> float:
    """Hectares under buildings: the footprint of the same return, else the plot ratio as an upper bound.

    A floor area spread over several storeys covers less ground than this, so open land is never overstated.
    """
    footprint = holding.claims.get("footprint_m2")
    if footprint and footprint.number and footprint.as_of == land.as_of:
        return min(footprint.number / 10_000, land.number or 0.0)
    return min((holding.number("gia_m2") or 0.0) / 10_000, land.number or 0.0)


def _footprints(stated: Iterable[tuple[Holding, Claim]]) -> Iterable[Claim]:
    for holding, land in stated:
        footprint, gia = holding.claims.get("footprint_m2"), holding.claims.get("gia_m2")
        if footprint and footprint.number and footprint.as_of == land.as_of:
            yield footprint
        elif gia:
            yield gia


def _sold_since(events: Iterable[Event], day: date) -> list[Event]:
    """Dated part sales with an area, surely after the day that the land claim speaks of."""
    return [e for e in events if e.kind == "part sold" and e.area_ha and e.earliest and e.earliest > day]


def vacant_share(holding: Holding) -> tuple[float, tuple[Claim, ...]] | None:
    """The empty and under-used share of a holding's floor area in per cent, and the claims it rests on.

    ERIC to 2014-15 gives one figure; 2016-17 gives two, which are added unless they are the same number typed
    twice (29 rows in England); from 2024-25 square metres. A council asset recorded vacant is 100 %.
    """
    if (holding.text("tenure_category") or "").lower().startswith("vacant"):
        return 100.0, (holding.claims["tenure_category"],)
    claim = newest(holding, "unutilised_pct", "empty_pct", "empty_m2", "unoccupied_m2")
    if claim is None:
        return None
    if claim.attribute.endswith("_m2"):
        gia = holding.claims.get("gia_m2")
        return (100 * (claim.number or 0) / gia.number, (claim, gia)) if gia and gia.number else None
    underused = holding.claims.get("underused_pct")
    if claim.attribute == "unutilised_pct" or underused is None or underused.number is None:
        return claim.number or 0.0, (claim,)
    same = claim.number == underused.number
    return (claim.number or 0.0) + (0.0 if same else underused.number), (claim, underused)
