"""Priority columns: what is shown beside the score and never hidden in it, in the order of the method file."""

from collections.abc import Callable

from estates_api.domain.method import Method, Priority
from estates_api.domain.sites import Site


def _transport(site: Site) -> str | None:
    """The nearest station, and the town centre, with their distances."""
    around = site.surroundings
    near = ((around.station, around.station_m), (_centre(around.town_centre), around.town_centre_m))
    found = [f"{name}, {distance:,.0f} m" for name, distance in near if name and distance is not None]
    return "; ".join(found) or None


def _centre(rank: str | None) -> str | None:
    return f"{rank} town centre" if rank else None


def _zone(site: Site) -> str | None:
    """The Housing Zone it lies in."""
    return site.surroundings.housing_zone


def _opportunity(site: Site) -> str | None:
    """The Opportunity Area it lies in."""
    return site.surroundings.opportunity_area


PRIORITIES: dict[str, Callable[[Site], str | None]] = {
    "transport": _transport,
    "housing-zone": _zone,
    "opportunity-area": _opportunity,
}
"""The columns that a site itself answers; the others have parts of their own in the explanation."""


def priorities_of(site: Site, method: Method) -> tuple[tuple[Priority, str | None], ...]:
    """Every priority column that is told of the site itself, with what is known; None where nothing is."""
    answered = (rule for rule in method.priorities if rule.id in PRIORITIES)
    return tuple((rule, PRIORITIES[rule.id](site)) for rule in answered)
