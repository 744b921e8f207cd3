"""Limits: what designates land, and so how much of it may be built on. No limit is a score.

A limit applies where its layer says so; where no layer is loaded, or a position is not precise enough to tell, it is
unknown. Titles and policies are those of the method.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from estates_api.domain.land import site_land
from estates_api.domain.method import LimitRule, Method
from estates_api.domain.sites import Overlap, Site

State = Literal["applies", "does not apply", "unknown"]

PRECISE = {"outline", "uprn"}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit at one site. `area_ha` is the land that it takes; None when it takes none, or nobody knows how much."""

    id: str
    title: str
    state: State
    reason: str
    area_ha: float | None = None
    source: str | None = None
    citation: str = ""


def limits_of(site: Site, method: Method) -> tuple[Limit, ...]:
    """Every limit of the method at a site: applies, does not apply or unknown, each with its reason."""
    by_kind = {overlap.kind: overlap for overlap in site.surroundings.overlaps}
    return tuple(_limit(site, name, rule, by_kind) for name, rule in method.limits.items())


def _limit(site: Site, name: str, rule: LimitRule, by_kind: Mapping[str, Overlap]) -> Limit:
    if overlap := by_kind.get(name):
        taken, reason = _taken(site, overlap, rule)
        return Limit(name, rule.title, "applies", reason, taken, overlap.source, rule.citation)
    if unknown := _why_unknown(site, name, by_kind):
        return Limit(name, rule.title, "unknown", unknown, citation=rule.citation)
    where = "its outline lies" if site.precision == "outline" else "its UPRN's point lies"
    return Limit(name, rule.title, "does not apply", f"{where} in none of the areas loaded", citation=rule.citation)


def _why_unknown(site: Site, name: str, by_kind: Mapping[str, Overlap]) -> str | None:
    """Why nobody can tell; None when the layer and the position do."""
    loaded = site.surroundings.layers
    if site.precision not in PRECISE:
        return f"its position is known to the {site.precision} only: an outline or a UPRN is needed"
    if name == "listed-building" and name in loaded and site.precision == "uprn":
        return "a listed building may be a point beside its UPRN's: an outline is needed"
    if name == "flood-zone-3b" and name not in loaded and "flood-zone-3" in loaded:
        within = by_kind.get("flood-zone-3")
        reason = "in flood zone 3; whether in its functional floodplain, the borough's flood risk assessment tells"
        return reason if within else None  # 3b is a part of 3
    return None if name in loaded else "no layer of it is loaded here"


def _taken(site: Site, overlap: Overlap, rule: LimitRule) -> tuple[float | None, str]:
    """How much land a limit takes, and in words where it lies and what it does."""
    where = f"in {overlap.name}" if overlap.area_ha is None else _where(overlap)
    if rule.effect == "flagged":
        return None, f"{where}; takes no land, but consent must look to it"
    if overlap.area_ha is None:
        return None, f"{where}, by its UPRN's point; how much of the land, an outline would tell"
    if not rule.unless:
        return overlap.area_ha, where
    land = site_land(site)
    if land is None or land.open_ha is None:
        return overlap.area_ha, f"{where}; what is {rule.unless} would stay, but is not known"
    kept = min((land.area_ha - land.open_ha) * (overlap.share or 0.0), overlap.area_ha)
    stays = f"{kept:.2g} ha under buildings, if they are spread evenly, are {rule.unless} and stay"
    return round(overlap.area_ha - kept, 4), f"{where}; {stays}"


def _where(overlap: Overlap) -> str:
    return f"{overlap.area_ha:.2g} ha ({overlap.share or 0:.0%}) in {overlap.name}"


def told_limits(limits: tuple[Limit, ...]) -> str | None:
    """The limits in one line: those that apply, and those that nobody can tell; None when nothing is known."""
    if all(limit.state == "unknown" for limit in limits):
        return None
    applying = [limit.title for limit in limits if limit.state == "applies"]
    unknown = [limit.title for limit in limits if limit.state == "unknown"]
    told = "; ".join(applying) or "none"
    return f"{told} (not known: {', '.join(unknown)})" if unknown else told
