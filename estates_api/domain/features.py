"""A site as a feature: the properties that readers of the collections get, under the names of the projection.

What is served of today is rendered in the database when it is written (store/projection.py); what is served of
another day is made here. A test holds the two together, site by site and property by property.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from estates_api.domain.assessment import Assessed
from estates_api.domain.capacity import site_capacity
from estates_api.domain.explanation import sentence
from estates_api.domain.gates import OWNERS, public_tenure
from estates_api.domain.land import site_land
from estates_api.domain.limits import limits_of
from estates_api.domain.method import Method
from estates_api.domain.place import describe_place
from estates_api.domain.sites import Holding, Site
from estates_api.domain.standing import Standing


def site_properties(result: Assessed, boroughs: Mapping[str, str]) -> dict[str, Any]:
    """What features of both collections say. `boroughs` names those of the area, by GSS code."""
    site, every = result.site, list_holdings(result.site)
    land = site_land(site)
    areas = [number for holding in site.holdings if (number := holding.number("gia_m2")) is not None]
    return {
        "ref": site.ref,
        "name": site.name,
        "address": site.address,
        "postcode": site.postcode,
        "borough": boroughs.get(site.borough_gss or ""),
        "borough_gss": site.borough_gss,
        "sector": _joined(holding.sector for holding in every),
        "owner": _joined(i.organisation_name for i in site.interests if i.kind in OWNERS),
        "tenure": public_tenure(site.interests),
        "organisations": _joined(holding.organisation_name for holding in every),
        "precision": site.precision,
        "inside_area": site.inside_area,
        "gia_m2": _rounded(sum(areas), 1) if areas else None,
        "land_ha": _rounded(land.area_ha, 4) if land else None,
        "evidence_date": result.evidence[0].isoformat() if result.evidence else None,
        "stale": result.stale,
    }


def feature_properties(result: Assessed, boroughs: Mapping[str, str]) -> dict[str, Any]:
    """What a feature of the collection `sites` says."""
    return {**site_properties(result, boroughs), "holdings": len(list_holdings(result.site))}


def candidate_properties(result: Assessed, method: Method, boroughs: Mapping[str, str]) -> dict[str, Any]:
    """What a feature of the collection `candidates` says."""
    release, reuse, tried = result.release, result.reuse, result.tried
    homes = site_capacity(result.site, method.density, limits_of(result.site, method))
    return {
        **site_properties(result, boroughs),
        "route": result.route,
        "release_score": _rounded(release.expected, 2),
        "release_low": _rounded(release.low, 2),
        "release_high": _rounded(release.high, 2),
        "release_coverage": _rounded(release.coverage, 3),
        **_standing("release", tried.release if tried else None),
        "reuse_score": _rounded(reuse.expected, 2),
        "reuse_coverage": _rounded(reuse.coverage, 3),
        **_standing("reuse", tried.reuse if tried else None),
        "route_differs": _rounded(tried.differs, 3) if tried and tried.differs is not None else None,
        "gates": "; ".join(gate.id for gate in result.gates) or None,
        "sentence": sentence(result, method),
        "method": method.id,
        **_place(result.site, method),
        "homes_low": homes.low,
        "homes_high": homes.high,
        "homes_basis": homes.basis,
        "adjacent_owners": None,  # of the present only
        "adjacent_ha": None,
    }


def _standing(name: str, standing: Standing | None) -> dict[str, Any]:
    """Rank, and how it holds; all unknown where a site is not comparable."""
    told = {
        "rank": standing and standing.rank,
        "rank_low": standing and standing.low,
        "rank_high": standing and standing.high,
        "top_k": standing and _rounded(standing.top, 3),
        "pareto": standing and standing.pareto,
    }
    return {f"{name}_{key}": value for key, value in told.items()}


_PLACE = ("limits", "station", "station_m", "town_centre", "town_centre_m", "housing_zone", "opportunity_area")


def _place(site: Site, method: Method) -> dict[str, Any]:
    """The priority columns of the place."""
    told = describe_place(site, method)
    return {name: _rounded(told[name], 1) if isinstance(told[name], float) else told[name] for name in _PLACE}


def list_holdings(site: Site) -> list[Holding]:
    """Every holding that stands at a site, those that others carry on as well, by organisation and code."""
    return sorted([*site.holdings, *(one.holding for one in site.carried)], key=lambda holding: holding.key)


def holding_facts(site: Site) -> list[dict[str, Any]]:
    """The holdings of a site, as its detail lists them."""
    return [
        {
            "organisation": holding.organisation_name,
            "organisation_code": holding.organisation_code,
            "code": holding.code,
            "name": holding.text("name"),
            "sector": holding.sector,
            "match": holding.match,
            "now": holding.now,
        }
        for holding in list_holdings(site)
    ]


def _joined(names: Iterable[str]) -> str | None:
    return "; ".join(sorted(set(names))) or None


def _rounded(number: float, places: int) -> float:
    """Half away from zero on the decimal that is printed, as PostgreSQL rounds."""
    return float(Decimal(repr(float(number))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
