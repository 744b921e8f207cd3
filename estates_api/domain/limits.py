"""Limits: what designates land, and so how much of it may be built on. No limit is a score.

A limit applies where its layer says so; where no layer is loaded, or a position is not precise enough to tell, it is
unknown. Titles and policies are those of the method.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from estates_api.domain.land import site_land
from estates_api.domain.method import LimitRule, Method
from estates_api.domain.quantities import quantity
from estates_api.domain.sites import Overlap, Site

State = Literal["applies", "does not apply", "unknown"]

PRECISE = {"outline", "uprn"}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit at one site. `area_ha` is the land of the outline that it takes, `share` how much of the outline that
    is; None when it takes none (its `effect` is `flagged`), or nobody knows how much.
    """

    id: str
    title: str
    state: State
    reason: str
    area_ha: float | None = None
    share: float | None = None
    source: str | None = None
    citation: str = ""
    effect: Literal["removed", "flagged"] = "flagged"


def limits_of(site: Site, method: Method) -> tuple[Limit, ...]:
    """Every limit of the method at a site: applies, does not apply or unknown, each with its reason."""
    by_kind = {overlap.kind: overlap for overlap in site.surroundings.overlaps}
    return tuple(_limit(site, name, rule, by_kind) for name, rule in method.limits.items())


def _limit(site: Site, name: str, rule: LimitRule, by_kind: Mapping[str, Overlap]) -> Limit:
    limit = partial(Limit, name, rule.title, citation=rule.citation, effect=rule.effect)
    if overlap := by_kind.get(name):
        area_ha, share, reason = _taken(site, overlap, rule)
        return limit("applies", reason, area_ha, share, overlap.source)
    if unknown := _why_unknown(site, name, by_kind):
        return limit("unknown", unknown)
    where = "its outline lies" if site.precision == "outline" else "its UPRN's point lies"
    return limit("does not apply", f"{where} in none of the areas loaded")


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


def _taken(site: Site, overlap: Overlap, rule: LimitRule) -> tuple[float | None, float | None, str]:
    """How much land a limit takes, which share of the outline that is, and in words where it lies and what it does."""
    where = f"in {overlap.name}"
    if overlap.area_ha is not None:
        where = f"{quantity(overlap.area_ha, 'ha')} ({overlap.share or 0:.0%}) {where}"
    if rule.effect == "flagged":
        return None, None, f"{where}; takes no land, but consent must look to it"
    if overlap.area_ha is None:
        return None, None, f"{where}, by its UPRN's point; how much of the land, an outline would tell"
    if not rule.unless:
        return overlap.area_ha, overlap.share, where
    built = _built_share(site)
    if built is None:
        return overlap.area_ha, overlap.share, f"{where}; what is {rule.unless} would stay, but is not known"
    kept = overlap.area_ha * built
    stays = (
        f"{quantity(kept, 'ha')} of it are {rule.unless} and stay, if what is under buildings "
        f"({built:.0%} of the stated land) is spread evenly"
    )
    return round(overlap.area_ha - kept, 4), round((overlap.share or 0.0) * (1 - built), 6), f"{where}; {stays}"


def _built_share(site: Site) -> float | None:
    """The share of the stated land that is under buildings. Hectares of it would not fit an outline of another size."""
    land = site_land(site)
    if land is None or land.open_ha is None or not land.area_ha:
        return None
    return 1 - land.open_ha / land.area_ha


def told_limits(limits: tuple[Limit, ...]) -> str | None:
    """The limits in one line: those that apply, and those that nobody can tell; None when nothing is known."""
    if all(limit.state == "unknown" for limit in limits):
        return None
    applying = [limit.title for limit in limits if limit.state == "applies"]
    unknown = [limit.title for limit in limits if limit.state == "unknown"]
    told = "; ".join(applying) or "none"
    return f"{told} (not known: {', '.join(unknown)})" if unknown else told
