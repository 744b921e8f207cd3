"""Priority columns: what the London Land Commission puts first, shown beside the score and never in it.

Transport nodes, then Housing Zones and Opportunity Areas; and beside them what limits the land.
"""

from typing import Any

from estates_api.domain.limits import PRECISE, limits_of, told_limits
from estates_api.domain.method import Method
from estates_api.domain.sites import Site

LAYERS_NOTE = "By the layers that are loaded now, also for an earlier day; areas that are dated count while they stood."


def describe_place(site: Site, method: Method) -> dict[str, Any]:
    """The priority columns of a site as JSON-ready values; None is not known, `none` is known to be none."""
    near = site.surroundings
    centre = f"{near.town_centre_name} ({near.town_centre})" if near.town_centre else None
    return {
        "station": near.station,
        "station_m": near.station_m,
        "town_centre": centre,
        "town_centre_m": near.town_centre_m,
        "centres": [{"class": classed, "name": name, "metres": metres} for classed, name, metres in near.centres],
        "position_error_m": near.position_error_m,
        "housing_zone": _zone(site, "housing-zone", near.housing_zone),
        "opportunity_area": _zone(site, "opportunity-area", near.opportunity_area),
        "limits": told_limits(limits_of(site, method)),
        "layers": sorted(near.layers),
        "note": LAYERS_NOTE,
    }


def _zone(site: Site, kind: str, name: str | None) -> str | None:
    known = kind in site.surroundings.layers and site.precision in PRECISE
    return name or ("none" if known else None)
