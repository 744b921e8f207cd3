"""One measure per criterion: what a site's claims say, in the criterion's unit, or why they say nothing.

The first line of each function is the public description of its measure. The traps of the real returns are
handled where they are named; `MEASURES` is the whole list.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from estates_api.domain.claims import Claim
from estates_api.domain.gates import public_interests
from estates_api.domain.intensity import share_of_norm
from estates_api.domain.land import idle_share, land_claim, site_land, vacant_share
from estates_api.domain.method import Method
from estates_api.domain.peers import site_class
from estates_api.domain.sites import Holding, Site
from estates_api.domain.values import parse_day_range
from estates_api.errors import BadInput

State = Literal["known", "unknown", "not applicable"]

PTAL_LEVELS = ("0", "1a", "1b", "2", "3", "4", "5", "6a", "6b")
"""Transport for London's public transport accessibility levels, worst first; the measure is the position here."""

TOTAL_COSTS = ("hard_fm_cost_gbp", "soft_fm_cost_gbp", "energy_cost_gbp", "water_cost_gbp", "waste_cost_gbp")
"""ERIC 2014-15: two totals and the utilities. Cleaning, food, laundry and portering are inside the soft total."""

ITEM_COSTS = (
    "maintenance_cost_gbp", "grounds_cost_gbp", "other_hard_fm_cost_gbp", "other_soft_fm_cost_gbp",
    "energy_cost_gbp", "water_cost_gbp", "sewage_cost_gbp", "landfill_cost_gbp", "incineration_cost_gbp",
    "recycling_cost_gbp", "other_recovery_cost_gbp", "cleaning_cost_gbp", "food_cost_gbp", "laundry_cost_gbp",
    "portering_cost_gbp",
)  # fmt: skip
"""ERIC from 2016-17: items. Finance costs are not running costs; medical equipment is not the estate's."""

ENTWINED = frozenset({"release.open_land", "release.intensity"})
"""Measures that one figure, land, moves together: where both are known, neither can be told to change alone."""

TENURE = frozenset({"reuse.security"})
"""Measures whose evidence does not grow old: who owns a place changes by a sale, which is an event."""

_TELLS_TENURE = ("tenure", "interest", "land_owned_ha")
"""What an owner's own entry says of how it holds a site, the plainest first: ERIC asks for land owned alone."""

DAYS_A_YEAR = 365.25
FREEHOLD_YEARS = 999.0
"""What a freehold counts as: the longest lease that is granted, longer than any value function asks for."""

MEASURE_PLACES = 6
"""Decimal places of every measure: sums of floating-point parts are the same number on every machine."""

MAIN_TOTALS = ("hard_fm_cost_gbp", "soft_fm_cost_gbp", "energy_cost_gbp")
MAIN_ITEMS = ("maintenance_cost_gbp", "other_hard_fm_cost_gbp", "other_soft_fm_cost_gbp", "energy_cost_gbp",
              "cleaning_cost_gbp")  # fmt: skip
"""Lines without which a return's running cost is not complete; one of them may be `not applicable`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is known for one criterion: a number in the criterion's unit, the claims under it, and a note.

    `basis` is the edition whose peers the number is compared with.
    """

    state: State
    number: float | None = None
    claims: tuple[Claim, ...] = ()
    note: str = ""
    basis: str | None = None


def _unknown(note: str) -> Measure:
    return Measure("unknown", note=note)


def _not_applicable(note: str) -> Measure:
    return Measure("not applicable", note=note)


def _known(number: float, claims: Iterable[Claim], note: str = "", *, basis: Sequence[Claim] = ()) -> Measure:
    """A known number. `basis`: the claims whose edition the peers are taken from, where not all claims are."""
    used = tuple(dict.fromkeys(claims))
    newest = max(basis or used, key=lambda claim: (claim.as_of, claim.id), default=None)
    return Measure("known", round(number, MEASURE_PLACES), used, note, newest.edition if newest else None)


def _of_nhs(site: Site) -> list[Holding]:
    return [holding for holding in site.holdings if holding.sector == "NHS"]


def _weighted_mean(parts: Sequence[tuple[float, float | None, tuple[Claim, ...]]]) -> Measure:
    """The weighted mean of (value, weight, claims) parts; the plain mean when no part has a weight."""
    weighed = [(value, weight, claims) for value, weight, claims in parts if weight]
    note = "" if weighed else "floor area not known" + (", plain mean of the holdings" if len(parts) > 1 else "")
    weighed = weighed or [(value, 1.0, claims) for value, _, claims in parts]
    total = sum(weight for _, weight, _ in weighed)
    claims = tuple(claim for _, _, group in weighed for claim in group)
    return _known(sum(value * weight for value, weight, _ in weighed) / total, claims, note)


def vacancy(site: Site, _: Method) -> Measure:
    """Empty and under-used floor area, per cent of gross internal area."""
    parts = [(share[0], h.number("gia_m2"), share[1]) for h in site.holdings if (share := vacant_share(h))]
    return _weighted_mean(parts) if parts else _unknown("no return or list says how much space is empty")


def idle_land(site: Site, _: Method) -> Measure:
    """Land not delivering services, per cent of land owned; vacant land without a building counts as all idle."""
    share = idle_share(site)
    if share is None:
        return _unknown("no return says how much land delivers no services (asked since ERIC 2016-17, of owners)")
    return _known(*share)


def non_clinical(site: Site, _: Method) -> Measure:
    """Non-clinical share of clinical and non-clinical area, per cent; NHS provider sites only."""
    if not _of_nhs(site):
        return _not_applicable("asked of NHS providers only")
    pairs = [pair for h in _of_nhs(site) if (pair := h.together("non_clinical_m2", "clinical_m2"))]
    other, clinical = (sum(pair[side].number or 0.0 for pair in pairs) for side in (0, 1))
    if other + clinical == 0:
        return _unknown("no return splits the floor area into clinical and non-clinical")
    return _known(100 * other / (other + clinical), [claim for pair in pairs for claim in pair])


def open_land(site: Site, _: Method) -> Measure:
    """Land not under buildings, hectares, each piece once and later sales taken off."""
    land = site_land(site)
    if land is None:
        stated = any(land_claim(holding) for holding in site.holdings)
        none = "no return or list states land that its organisation has here"
        return _unknown("more land was sold than anybody stated: what is left is not known" if stated else none)
    if land.open_ha is None:
        return _unknown("buildings stand on the land, and nothing says how much of it they cover")
    return _known(land.open_ha, land.claims, land.note)


def intensity(site: Site, method: Method) -> Measure:
    """Floor area for its land, per cent of what is usual for the kind of NHS organisation; NHS sites only."""
    if not _of_nhs(site):
        return _not_applicable("only NHS organisations return what could be usual")
    norms = next(criterion.norms for criterion in method.criteria if criterion.id == "release.intensity")
    found = share_of_norm(site, norms)
    return _known(*found) if found else _unknown("floor area or land is not known")


def backlog(site: Site, _: Method) -> Measure:
    """High and significant risk backlog, pounds per square metre of gross internal area, within one return."""
    names = ("backlog_high_gbp", "backlog_significant_gbp")
    stated = [h for h in site.holdings if all(name in h.claims for name in names)]
    not_theirs = [h for h in stated if any(h.claims[name].state == "not applicable" for name in names)]
    usable = [found for h in stated if h not in not_theirs and (found := h.together("gia_m2", *names))]
    if any(gia.number for gia, *_ in usable):
        return _per_floor_area([(gia, costs) for gia, *costs in usable])
    if stated and not_theirs == stated:
        return _not_applicable("backlog is not the returning organisation's (PFI or leased)")
    return _unknown("no return states high and significant risk backlog with a floor area")


def _per_floor_area(parts: Sequence[tuple[Claim, Sequence[Claim]]]) -> Measure:
    """Pounds per square metre over (floor area, cost lines) parts, each of one return."""
    costs = [claim for _, lines in parts for claim in lines if claim.number is not None]
    area = sum(gia.number or 0.0 for gia, _ in parts)
    every = [claim for gia, lines in parts for claim in (*lines, gia) if claim.number is not None]
    return _known(sum(claim.number or 0.0 for claim in costs) / area, every, basis=costs)


def _cost_lines(holding: Holding) -> tuple[Claim, list[Claim]] | None:
    """Floor area and cost lines of the newest return that has all main lines; None when no return has (2013-14).

    A return with some of the lines, or with one refused as negative, would make a dear building look cheap.
    """
    stated = holding.newest_return(lambda claims: _cost_form(claims) is not None)
    names = _cost_form(stated) if stated else None
    if stated is None or names is None:
        return None
    return stated["gia_m2"], [stated[name] for name in names if name in stated]


def _cost_form(claims: Mapping[str, Claim]) -> tuple[str, ...] | None:
    """The lines that add up to the running cost in this return; None when it is not complete."""
    gia = claims.get("gia_m2")
    if gia is None or not gia.number:
        return None
    for main, names in ((MAIN_ITEMS, ITEM_COSTS), (MAIN_TOTALS, TOTAL_COSTS)):
        if all(name in claims for name in main) and any(claims[name].number is not None for name in main):
            return names
    return None


def running_cost(site: Site, _: Method) -> Measure:
    """Facilities management, energy, water and waste, pounds a year per square metre, within one complete return."""
    parts = [found for h in site.holdings if (found := _cost_lines(h))]
    return _per_floor_area(parts) if parts else _unknown("no return has all the main cost lines and a floor area")


def unsuitable(site: Site, _: Method) -> Measure:
    """Floor area not functionally suitable, per cent of occupied area."""
    parts = [(claim.number or 0.0, h.number("occupied_m2") or h.number("gia_m2"), (claim,)) for h in site.holdings
             if (claim := h.claims.get("unsuitable_pct")) and claim.number is not None]  # fmt: skip
    return _weighted_mean(parts) if parts else _unknown("no return states functional suitability")


def spare(site: Site, _: Method) -> Measure:
    """Spare floor area, square metres: empty and under-used share times gross internal area of the same return."""
    parts = [(share, gia) for h in site.holdings if (share := vacant_share(h)) and (gia := _floor_area(h, share[1]))]
    if not parts:
        return _unknown("empty share or floor area not known")
    claims = [claim for share, gia in parts for claim in (*share[1], gia)]
    return _known(sum(share[0] / 100 * (gia.number or 0.0) for share, gia in parts), claims)


def _floor_area(holding: Holding, beside: Sequence[Claim]) -> Claim | None:
    """The floor area of the return that these claims are from, else the last one known; None when it is nought."""
    same = next((stated for day, stated in holding.returns if day == beside[0].as_of), {})
    gia = same.get("gia_m2") or holding.claims.get("gia_m2")
    return gia if gia and gia.number else None


def condition(site: Site, method: Method) -> Measure:
    """Ready to use, per cent: mean of the suitable share and of how far backlog is below the peers' 90th percentile."""
    suitability, cost = unsuitable(site, method), backlog(site, method)
    parts = []
    if suitability.number is not None:
        parts.append(100 - suitability.number)
    if cost.number is not None and cost.basis:
        middle, high = method.peers.reference("release.backlog", cost.basis, site_class(site.site_type))
        parts.append(100 * min(1.0, max(0.0, (high - cost.number) / (high - middle))))
    if not parts:
        return _unknown("neither functional suitability nor backlog is known")
    return _known(sum(parts) / len(parts), (*suitability.claims, *cost.claims))


def security(site: Site, _: Method) -> Measure:
    """Years of lease left; a freehold of a public body counts as the longest lease."""
    if owners := public_interests(site, "freeholder"):
        codes = {owner.organisation_code for owner in owners}
        # The pages behind the evidence stand with the interests.
        note = f"freehold of {owners[0].organisation_name}, {owners[0].evidence.partition(' (')[0]}"
        return _known(FREEHOLD_YEARS, _tenure_claims(site, codes), note)
    leases = [
        (end, claim) for h in site.holdings if (claim := h.claims.get("lease_end")) and (end := _lease_end(claim))
    ]
    if not leases or site.as_of is None:
        return _unknown("nobody states a public freehold, or the day on which a lease ends")
    end, claim = max(leases, key=lambda lease: (lease[0], lease[1].id))
    return _known(max(0.0, (end - site.as_of).days / DAYS_A_YEAR), [claim], f"lease until {claim.text}")


def _tenure_claims(site: Site, codes: Collection[str]) -> list[Claim]:
    """What the owners' own entries say of how they hold the site."""
    held = [holding.claims for holding in site.holdings if holding.organisation_code in codes]
    stated = (next((claims[name] for name in _TELLS_TENURE if name in claims), None) for claims in held)
    return [claim for claim in stated if claim]


def _lease_end(claim: Claim) -> date | None:
    """The first day that the text may mean; None where it is no date."""
    try:
        return parse_day_range(claim.text or "")[0]
    except BadInput:
        return None


def access(site: Site, _: Method) -> Measure:
    """Public transport accessibility level of the neighbourhood (LSOA mean), as position 0 (level 0) to 8 (6b)."""
    level = site.surroundings.ptal
    if level not in PTAL_LEVELS:
        return _unknown("position not known well enough to read the transport level")
    return Measure("known", float(PTAL_LEVELS.index(level)), note=f"level {level}, mean of the LSOA, TfL 2015")


def need(site: Site, _: Method) -> Measure:
    """Deprivation decile of the LSOAs with their centre within 800 m (1 most deprived), plain mean."""
    decile = site.surroundings.need_decile
    if decile is None:
        return _unknown("position not known, or no LSOA centre of the area within 800 m")
    note = "Index of Multiple Deprivation 2019, LSOA 2011, not population-weighted"
    return Measure("known", round(decile, MEASURE_PLACES), note=note)


def colocation(site: Site, _: Method) -> Measure:
    """Complementary services within 400 m: GP practices and other organisations' sites."""
    count = site.surroundings.services_400m
    if count is None:
        return _unknown("position not known")
    note = "" if site.precision in {"outline", "uprn"} else "from postcode centroids: some tens of metres uncertain"
    return Measure("known", float(count), note=note)


def partners(site: Site, _: Method) -> Measure:
    """Both sectors, NHS and council, on the site or within 50 m of it: 1 yes, 0 no."""
    both, here = {"NHS", "council"}, site.sectors | {interest.sector for interest in site.interests}
    near, perhaps = site.surroundings.near_sectors, site.surroundings.perhaps_sectors
    if both <= here:
        return Measure("known", 1.0, note="both sectors hold something here")
    if near is None:
        return _unknown("neighbours can only be told from an outline or a UPRN point; next door is unknown")
    if both <= here | near:
        return Measure("known", 1.0, note="next to a site of the other sector, within 50 m")
    if both <= here | near | perhaps:
        return _unknown("a site of the other sector may adjoin: its position is only a postcode's")
    return Measure("known", 0.0, note="no catalogued site of the other sector within 50 m")


MEASURES: dict[str, Callable[[Site, Method], Measure]] = {
    "release.vacancy": vacancy,
    "release.idle_land": idle_land,
    "release.non_clinical": non_clinical,
    "release.open_land": open_land,
    "release.intensity": intensity,
    "release.backlog": backlog,
    "release.running_cost": running_cost,
    "release.unsuitable": unsuitable,
    "reuse.spare": spare,
    "reuse.condition": condition,
    "reuse.security": security,
    "reuse.access": access,
    "reuse.need": need,
    "reuse.colocation": colocation,
    "reuse.partners": partners,
}
