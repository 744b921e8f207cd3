"""One entry of a shortlist: every number and reason of a site, JSON-ready, as it is frozen."""

from datetime import date
from typing import Any

from estates_api.domain.assessment import Assessed, SiteScore
from estates_api.domain.choices import Choice
from estates_api.domain.decisions import Progress, missing_sectors, progress_of
from estates_api.domain.explanation import describe, sentence
from estates_api.domain.gates import OWNERS, public_tenure
from estates_api.domain.land import site_land
from estates_api.domain.method import Method, ScoreName
from estates_api.domain.particulars import Particulars
from estates_api.domain.sites import Interest, Site
from estates_api.domain.stated import stated_of
from estates_api.domain.surplus_clock import Window

LISTS = {"release": "release", "part release with reuse": "part release", "reuse": "reuse"}
"""The list that a route puts a site on; sites of the area's own trusts that are not surely inside go to the annex."""

TOLD = ("criterion", "state", "measure", "unit", "value", "weight", "points", "note")
"""What an entry says of a contribution; the method, known by its hash, has title, scale, reason and citation."""


def make_entry(
    result: Assessed, listed: str, method: Method, *, as_of: date, more: Particulars, pin: Choice | None = None
) -> dict[str, Any]:  # fmt: skip
    """The entry of a site that is on a list of this name, by rule or pinned. Unknown is None, or blank where it is
    text."""
    progress, pinned_to = progress_of(more.decisions), (pin.listed if pin else None) or ""
    scored = scored_by(listed_for(listed, result.route, pinned_to))
    described = describe(result, method, as_of, progress.checks)
    return {
        "list": listed,
        "annex_reason": _annex_reason(result.site),
        **_identity(result.site, more),
        **_whose(result.site),
        **_land(result.site, more, described),
        **_scores(result, scored),
        **_standing(described["robustness"], scored),
        **_stated(result.site),
        **_place(result.site, described["place"]),
        **_homes(described["capacity"]),
        "void_cost_gbp_per_year": described["incentives"]["void_cost_gbp_per_year"]["gbp"],
        "backlog_avoided_gbp": described["incentives"]["backlog_high_significant_gbp"]["gbp"],
        "gates": "; ".join(f"{gate.id}: {gate.reason}" for gate in result.gates),
        "limits": [_named(limit, "id", "title", "state", "reason") for limit in described["limits"]],
        "checks": [_named(check, "id", "title", "state", "reason") for check in described["checks"]],
        "flips": [flip["told"] for flip in (described["robustness"] or {}).get("flips", ())],
        "contributions": [_contribution(part) for part in (*described["release"]["contributions"],
                                                           *described["reuse"]["contributions"])],
        "pinned": f"{pin.by}: {pin.reason}" if pin else "",
        "pinned_to": pinned_to,
        "reasons": _because(pin) + sentence(result, method),
        "sources": "; ".join(_sources(result)),
        "evidence_date": described["evidence_date"],
        "stale": result.stale,
        **_decided(progress, {one.sector for one in _owners(result.site)}, more.window),
        "events": "; ".join(event.told() for event in result.site.events),
        "later_events": "; ".join(event.told() for event in result.site.later_events),
        "method": method.id,
    }  # fmt: skip


def _identity(site: Site, more: Particulars) -> dict[str, Any]:
    return {
        "site": site.ref,
        "name": site.name,
        "address": site.address or "",
        "postcode": site.postcode or "",
        "uprn": more.uprn or "",
        "title_number": more.title_number or "",
        "borough": site.borough_name or "",
        "borough_gss": site.borough_gss or "",
        "easting": site.easting,
        "northing": site.northing,
        "lon": None if site.lon is None else round(site.lon, 7),
        "lat": None if site.lat is None else round(site.lat, 7),
        "precision": site.precision,
        "outline": more.outline,
        "imd_decile": more.imd_decile,
        "sensitivity": more.sensitivity,
    }


def _annex_reason(site: Site) -> str:
    if site.inside_area:
        return ""
    return "outside the area" if site.inside_area is False else "position not known"


def _whose(site: Site) -> dict[str, str]:
    owners = _owners(site)
    return {
        "owner": _joined(interest.organisation_name for interest in owners),
        "owner_sector": _joined(interest.sector for interest in owners),
        "occupiers": _joined(holding.organisation_name for holding in site.holdings),
        "occupier_sector": _joined(site.sectors),
        "tenure": public_tenure(owners) or "",
    }


def _owners(site: Site) -> list[Interest]:
    return [interest for interest in site.interests if interest.kind in OWNERS]


def _decided(progress: Progress, owner_sectors: set[str], window: Window | None) -> dict[str, Any]:
    """How far the site has come by recorded decisions, who of the other sector agrees, and the surplus clock."""
    none = "does not apply" if owner_sectors == {"council"} else "not registered"
    return {
        "state": progress.state,
        "endorsed_by": [
            {"organisation": one.by.name, "sector": one.by.sector, "decided_on": one.decided_on.isoformat()}
            for one in progress.endorsements
        ],
        "endorsement_missing": list(missing_sectors(progress, owner_sectors)),
        "surplus_registered_at": _iso(window.registered_at) if window else None,
        "surplus_window_ends_at": _iso(window.ends_at) if window else None,
        "surplus_window": window.standing if window else none,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _joined(names: Any) -> str:
    return "; ".join(sorted(set(names)))


def _land(site: Site, more: Particulars, described: dict[str, Any]) -> dict[str, Any]:
    land = site_land(site)
    uses = (holding.text(name) for holding in site.holdings for name in ("current_use", "site_type"))
    return {
        "existing_use": _joined(use for use in uses if use),
        "land_ha": land.area_ha if land else None,
        "open_land_ha": land.open_ha if land else None,
        "gia_m2": described["gia_m2"],
        "adjacent_owners": more.adjacent_owners,
        "adjacent_ha": more.adjacent_ha,
    }


def _because(pin: Choice | None) -> str:
    return f"Pinned to the {pin.listed} list by {pin.by}: {pin.reason}. By the method alone: " if pin else ""


def listed_for(listed: str, route: str, pinned_to: str = "") -> str:
    """What a site on this list is listed for: release, part release or reuse. In the annex, the list that a person
    pinned it to, else that of its route."""
    return listed if listed in LISTS.values() else pinned_to or LISTS.get(route, listed)


def scored_by(purpose: str) -> ScoreName:
    """The score that a site is listed by."""
    return "reuse" if purpose == "reuse" else "release"


def _scores(result: Assessed, scored: ScoreName) -> dict[str, Any]:
    score: SiteScore = getattr(result, scored)
    return {
        "score": round(score.expected, 4),
        "score_low": round(score.low, 4),
        "score_high": round(score.high, 4),
        "coverage": round(score.coverage, 4),
        "release_score": round(result.release.expected, 4),
        "reuse_score": round(result.reuse.expected, 4),
        "route": result.route,
    }


def _standing(robustness: dict[str, Any] | None, scored: ScoreName) -> dict[str, Any]:
    """How its rank by the score of its list holds; None where no draws were made."""
    tried = robustness or {}
    standing = tried.get(scored) or {}
    return {
        "rank": standing.get("rank"),
        "rank_low": standing.get("rank_low"),
        "rank_high": standing.get("rank_high"),
        "p_top_k": standing.get("top_k"),
        "pareto": standing.get("pareto"),
        "route_differs": tried.get("route_differs"),
    }


def _stated(site: Site) -> dict[str, Any]:
    """What sources state of its standing (domain/stated.py), and where."""
    stated = stated_of(site)
    return {
        "potential_surplus": stated.surplus.value if stated.surplus else None,
        "availability": stated.availability.value if stated.availability else None,
        "planning_status": stated.permission.value if stated.permission else None,
        "status_basis": stated.basis,
    }


def _place(site: Site, place: dict[str, Any]) -> dict[str, Any]:
    names = ("station", "station_m", "town_centre", "town_centre_m", "housing_zone", "opportunity_area")
    return {"ptal": site.surroundings.ptal, "need_decile": site.surroundings.need_decile,
            **{name: place[name] for name in names}}  # fmt: skip


def _homes(capacity: dict[str, Any]) -> dict[str, Any]:
    return {
        "homes_low": capacity["low"],
        "homes_mid": capacity["mid"],
        "homes_high": capacity["high"],
        "homes_basis": capacity["basis"],
        "homes_told": capacity["told"],
        "homes_assumptions": capacity["assumptions"],
        "developable_ha": capacity["developable_ha"],
    }


def _named(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _contribution(part: dict[str, Any]) -> dict[str, Any]:
    sources = sorted({f"{source['edition']} row {source['row']}" for source in part["sources"]})
    return {**_named(part, *TOLD), "sources": "; ".join(sources)}


def _sources(result: Assessed) -> list[str]:
    """The editions and rows under the known measures, each once."""
    scores: tuple[SiteScore, ...] = (result.release, result.reuse)
    claims = [claim for score in scores for part in score.contributions for claim in part.measure.claims]
    return sorted({f"{claim.edition} row {claim.line}" for claim in claims})
