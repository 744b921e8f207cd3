"""Housing capacity: how many homes released land might take, always a range, with every assumption.

A consent counts first, then an allocation, then an entry on a brownfield register, and only then the density matrix
of the London Plan 2011-2016 on the land that might be built on. What is not known is named. Setting, transport level
and how much a limit takes widen the range; a limit of which nobody knows whether it applies takes nothing off.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from estates_api.domain.claims import Claim, describe_claim
from estates_api.domain.density import BAND_OF, BANDS, SETTINGS, Band, Density, Range, Setting, homes_on
from estates_api.domain.gates import released_by
from estates_api.domain.land import idle_land, site_land, sold_since
from estates_api.domain.limits import Limit
from estates_api.domain.sites import Event, Site

Basis = Literal["consent", "allocation", "brownfield register", "density matrix"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """Homes that a site might take. All three are None where nothing says so; `high` alone where only a least
    number is stated. `matrix` is what the density matrix says by itself, `land_ha` the land that it rests on."""

    low: int | None
    mid: int | None
    high: int | None
    basis: Basis | None
    told: str
    assumptions: tuple[str, ...] = ()
    land_ha: Range | None = None
    settings: tuple[Setting, ...] = ()
    bands: tuple[Band, ...] = ()
    matrix: tuple[int, int, int] | None = None
    claims: tuple[Claim, ...] = ()
    citation: str | None = None


def site_capacity(site: Site, density: Density | None, limits: Sequence[Limit] = ()) -> Capacity:
    """The capacity of a site as of its day, by what counts first."""
    matrix = _by_matrix(site, density, limits) if density else _none("The method has no density matrix.")
    if sale := released_by(site):
        gone = _none(f"No longer public land: {sale.told()}.")
        return replace(gone, settings=matrix.settings, bands=matrix.bands)
    stated = _consent(site) or _allocation(site) or _register(site)
    if stated:
        return _over(stated, matrix, site)
    return replace(matrix, assumptions=(*matrix.assumptions, *_aside(site, None)))


def _none(why: str) -> Capacity:
    return Capacity(None, None, None, None, why)


@dataclass(frozen=True, slots=True)
class _Stated:
    """A figure that somebody published for this site."""

    basis: Basis
    low: int | None
    high: int | None
    told: str
    claims: tuple[Claim, ...] = ()
    citation: str | None = None


def _over(stated: _Stated, matrix: Capacity, site: Site) -> Capacity:
    """What is published overrides the matrix, and says so; the matrix stands beside it."""
    beside = matrix.matrix
    said = f" It overrides the density matrix ({beside[0]}–{beside[2]} homes)." if beside else ""
    mid = None if stated.low is None or stated.high is None else round((stated.low + stated.high) / 2)
    return replace(matrix, low=stated.low, mid=mid, high=stated.high, basis=stated.basis, told=stated.told + said,
                   assumptions=_aside(site, stated.citation), claims=stated.claims,
                   citation=stated.citation)  # fmt: skip


def _aside(site: Site, used: str | None) -> tuple[str, ...]:
    """Events that speak of homes and are not what the figure rests on, in words."""
    others = [event for event in site.events if event.homes and event.citation != used]
    return tuple(
        f"not counted{', of a part of the site' if event.scope == 'part' else ''}: {event.told()} ({event.citation})"
        for event in others
    )


def _sold_in_part(site: Site) -> Event | None:
    return next((event for event in site.events if event.kind == "part sold"), None)


def _consent(site: Site) -> _Stated | None:
    """The newest planning permission that says how many homes and is not of a part, where no part was sold.

    Once a part is sold nobody here knows on which side of the line the homes of a consent are: St Ann's consent of
    2022 is for the land that was sold in 2018.
    """
    return None if _sold_in_part(site) else _newest(site, "consent", lambda event: event.kind == "planning permission")


def _allocation(site: Site) -> _Stated | None:
    """The newest allocation in a local plan that says how many homes and is not of a part, where no part was sold."""
    return None if _sold_in_part(site) else _newest(site, "allocation", _allocates)


def _allocates(event: Event) -> bool:
    """Allocated, by its kind or in the words of a list that has no kind for it."""
    return event.kind == "site allocation" or (
        event.kind == "other" and (event.note or "").casefold().startswith("site allocation")
    )


def _newest(site: Site, basis: Basis, fits: Any) -> _Stated | None:
    found = [event for event in site.events if event.homes and event.scope != "part" and fits(event)]
    if not found:
        return None
    event = max(found, key=lambda one: (one.latest or date.min, one.id))
    return _Stated(basis, event.homes, event.homes, f"{event.told()}.", citation=event.citation)


def _register(site: Site) -> _Stated | None:
    """What entries of a brownfield register say together; those that are off it are left out."""
    entries = [h for h in site.holdings if h.number("homes_low") is not None or h.number("homes_high") is not None]
    entries = [h for h in entries if not h.text("ended_on")]
    if not entries:
        return None
    claims = tuple(h.claims[name] for h in entries for name in ("homes_low", "homes_high") if name in h.claims)
    lows = [number for h in entries if (number := h.number("homes_low")) is not None]
    highs = [number for h in entries if (number := h.number("homes_high")) is not None]
    low = int(sum(lows)) if len(lows) == len(entries) else None
    high = int(sum(highs)) if len(highs) == len(entries) else None
    edition = max(claims, key=lambda claim: claim.as_of).edition
    unsaid = "" if high is not None and low is not None else " Its other end is not stated."
    return _Stated("brownfield register", low, high, f"{edition} has it with that range.{unsaid}", claims)


def _by_matrix(site: Site, density: Density, limits: Sequence[Limit]) -> Capacity:
    """Land that might be built on, times homes per hectare."""
    settings, why_setting = possible_settings(site, density)
    bands, why_band = possible_bands(site)
    found = _developable(site, density, limits)
    if found is None:
        unknown = _none("Not known: no idle land is known of, nor how much land is open.")
        return replace(unknown, settings=settings, bands=bands)
    land_ha, assumptions, claims = found
    homes = homes_on(land_ha, density.homes_per_ha(settings, bands))
    told = (
        f"{land_ha[0]:.2f} to {land_ha[2]:.2f} ha that might be built on, {_or(settings)}, PTAL {_or(bands)}: "
        f"{homes[0]} to {homes[2]} homes by the density matrix of the London Plan 2011–2016."
    )
    notes = (*assumptions, why_setting, why_band, "homes of any size: all three rows of habitable rooms per home",
             density.caution, density.superseded)  # fmt: skip
    return Capacity(*homes, "density matrix", told, notes, land_ha, settings, bands, homes, claims, density.citation)


def _or(words: Sequence[str]) -> str:
    return " or ".join(words)


def possible_settings(site: Site, density: Density) -> tuple[tuple[Setting, ...], str]:
    """Central, urban or suburban by the town centres around; every one of them that is not ruled out, and why.

    A position that is only a postcode's may leave open on which side of the line the site is. Whether it is on a main
    road, which makes it urban too, nobody knows here.
    """
    around = site.surroundings
    if not around.centres:
        return SETTINGS, "setting not known (no town centre is loaded or the position is not known): all three"
    surely, perhaps = density.near_m - around.position_error_m, density.near_m + around.position_error_m
    central = min((metres for classed, _, metres in around.centres if classed in density.central_classes), default=None)
    district = min((metres for classed, _, metres in around.centres if classed in density.urban_classes), default=None)
    told = "; ".join(f"{name} ({classed}) at {metres:,.0f} m" for classed, name, metres in around.centres)
    if central is not None and central <= surely:
        return ("central",), f"central: {told}"
    is_urban = district is not None and district <= surely
    others: tuple[Setting, ...] = ("urban",) if is_urban else ("suburban", "urban")
    road = "" if is_urban else " (urban if on a main road, which is not known)"
    if central is not None and central <= perhaps:
        every: tuple[Setting, ...] = (*others, "central")
        return every, f"{_or(every)}, the position is good to {around.position_error_m:,.0f} m{road}: {told}"
    return others, f"{_or(others)}{road}: {told}"


def possible_bands(site: Site) -> tuple[tuple[Band, ...], str]:
    """The matrix's band of the transport level around the site; all where that is not known."""
    band = BAND_OF.get(site.surroundings.ptal or "")
    if band is None:
        return BANDS, "transport level not known: all bands"
    return (band,), f"PTAL {site.surroundings.ptal} (mean of the neighbourhood, TfL 2015): band {band}"


def _developable(
    site: Site, density: Density, limits: Sequence[Limit]
) -> tuple[Range, tuple[str, ...], tuple[Claim, ...]] | None:
    """Hectares that might be built on: idle land where declared, else a share of open land, less limits."""
    land = site_land(site)
    idle = _declared_idle(site)
    if idle and idle[0] > 0:
        hectares, why, claims = (idle[0], idle[0], idle[0]), idle[1], idle[2]
    elif land and land.open_ha is not None:
        shares = density.share
        least = 0.0 if idle else shares[0] * land.open_ha
        hectares = (least, shares[1] * land.open_ha, shares[2] * land.open_ha)
        nothing = f"; {idle[1]}, so the least is 0" if idle else ""
        why = f"{shares[0]:.0%}, {shares[1]:.0%} and {shares[2]:.0%} of {land.open_ha:g} ha open land{nothing}. "
        why += density.share_why
        claims = tuple(dict.fromkeys((*land.claims, *(idle[2] if idle else ()))))
    else:
        return None
    less, told = _less_limits(hectares, land.area_ha if land else None, limits)
    return less, (why, *told), claims


def _declared_idle(site: Site) -> tuple[float, str, tuple[Claim, ...]] | None:
    """Idle land that its owner declares, less what was sold since: a return, a surplus plot, or an event."""
    owned = idle_land(site)
    found = (owned[0], owned[2]) if owned and owned[1] else None
    if found is None:
        plots = [h.claims["surplus_ha"] for h in site.holdings if h.number("surplus_ha")]
        found = (sum(claim.number or 0.0 for claim in plots), tuple(plots)) if plots else None
    if found is not None:
        day = max(claim.as_of for claim in found[1])
        sold = sum(event.area_ha or 0.0 for event in sold_since(site.events, day))
        taken = f", less {sold:g} ha sold since, taken to be of it" if sold and found[0] else ""
        return max(0.0, found[0] - sold), f"{found[0]:g} ha declared idle ({found[1][0].told}){taken}", found[1]
    events = [event for event in site.events if event.kind == "declared surplus" and event.area_ha]
    if not events:
        return None
    event = events[-1]
    return event.area_ha or 0.0, f"{event.told()} ({event.citation})", ()


def _less_limits(hectares: Range, land_ha: float | None, limits: Sequence[Limit]) -> tuple[Range, tuple[str, ...]]:
    """What limits leave. At worst they lie side by side on the land that might be built on, and one of which nobody
    knows how much it takes lies on all of that; at best one upon the other, and on the rest first; in the middle,
    spread over all the land.

    What they take is of the outline, which may be larger than the stated land, where a part was sold. Of stated land
    that the outline leaves out nothing is taken.
    """
    applying = [limit for limit in limits if limit.state == "applies"]
    told = [_told_limit(limit) for limit in applying]
    unknown = [limit.title for limit in limits if limit.state == "unknown"]
    if unknown:
        told.append(f"not known, nothing taken off: {', '.join(unknown)}")
    low, mid, high = hectares
    if any(_takes_unknown(limit) for limit in applying):
        low = 0.0
    areas = [(limit.area_ha, limit.share or 0.0) for limit in applying if limit.area_ha is not None]
    if not areas:
        return (low, mid, high), tuple(told)
    told.append("limits lie at worst on the land that might be built on, at best on the rest, in the middle evenly")
    largest, share = max(areas)
    whole = max(land_ha or 0.0, high, largest / share if share else 0.0)
    spread = max(0.0, 1 - largest / whole) if whole else 0.0
    least = max(0.0, low - sum(area for area, _ in areas))
    most = min(high, max(0.0, whole - largest))
    return (least, min(max(least, mid * spread), most), most), tuple(told)


def _told_limit(limit: Limit) -> str:
    takes = "" if limit.area_ha is None else f"; takes {limit.area_ha:.2f} ha of the outline"
    if _takes_unknown(limit):
        takes = "; so the least is 0, and nothing is taken off the middle and the most"
    return f"{limit.title}: {limit.reason}{takes}"


def _takes_unknown(limit: Limit) -> bool:
    """Takes land, and nobody knows how much: a UPRN's point lies in it."""
    return limit.effect == "removed" and limit.area_ha is None


def describe_capacity(found: Capacity) -> dict[str, Any]:
    """The capacity as JSON-ready values."""
    return {
        "low": found.low, "mid": found.mid, "high": found.high, "basis": found.basis, "told": found.told,
        "developable_ha": None if found.land_ha is None else [round(number, 4) for number in found.land_ha],
        "settings": list(found.settings), "ptal_bands": list(found.bands),
        "matrix": None if found.matrix is None else list(found.matrix),
        "assumptions": list(found.assumptions), "citation": found.citation,
        "sources": [describe_claim(claim) for claim in found.claims],
    }  # fmt: skip
