"""The collections that are served, with what their features say: a new collection is one entry here.

The order is the order on the landing page and of the columns in every format. Every property may be unknown (null),
and every feature has every property.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from estates_api.domain.designations import CENTRE_CLASSES, LAYER_KINDS

Kind = Literal["string", "integer", "number", "boolean", "date"]
Shape = Literal["Point", "MultiPolygon"]


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its type (JSON Schema's words; `date` is a string of format date), and what it means.

    `places`: decimal places that a number is rounded to and shown with. `values`: all that it can be.
    """

    name: str
    kind: Kind
    title: str
    places: int = 0
    unit: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of features of one geometry type. `dated`: can be asked as of another day. `drawn`: what the
    features of a tile say, enough to draw and name them."""

    id: str
    title: str
    description: str
    shape: Shape
    properties: tuple[Property, ...]
    drawn: tuple[str, ...]
    dated: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its properties, in order."""
        return tuple(one.name for one in self.properties)


_SITE = (
    Property("ref", "string", "Reference of the site"),
    Property("name", "string", "Name"),
    Property("address", "string", "Address"),
    Property("postcode", "string", "Postcode"),
    Property("borough", "string", "Borough"),
    Property("borough_gss", "string", "Borough (GSS code)"),
    Property("sector", "string", "Sectors of the organisations there, joined by `; `"),
    Property("owner", "string", "Freeholders and head lessees, joined by `; `"),
    Property("tenure", "string", "What a public owner has there, as far as known", values=("freehold", "leasehold")),
    Property("organisations", "string", "Organisations there, joined by `; `"),
    Property("precision", "string", "How precisely the position is known",
             values=("outline", "uprn", "postcode", "lsoa", "borough", "unknown")),
    Property("inside_area", "boolean", "Inside the area of this service"),
    Property("gia_m2", "number", "Gross internal floor area", 1, "m2"),
    Property("land_ha", "number", "Land", 4, "ha"),
    Property("evidence_date", "date", "Oldest evidence that the assessment rests on"),
    Property("stale", "boolean", "The evidence is older than the method allows"),
)  # fmt: skip
_DRAWN = ("ref", "name", "sector", "owner", "precision", "gia_m2", "land_ha")
_PLACE = (*_SITE, Property("holdings", "integer", "Holdings at the site"))


def _standing(score: str, who: str) -> tuple[Property, ...]:
    """How a site stands among others on one score."""
    return (
        Property(f"{score}_rank", "integer", f"Rank by {score} score among the sites that {who}"),
        Property(f"{score}_rank_low", "integer", "Best rank in 90% of the draws of weights and unknown measures"),
        Property(f"{score}_rank_high", "integer", "Worst rank in 90% of the draws"),
        Property(f"{score}_top_k", "number", f"Share of the draws in which it is among the top k for {score}", 3),
        Property(f"{score}_pareto", "boolean", f"No other is as good on every {score} criterion and better on one"),
    )


_CANDIDATE = (
    *_SITE,
    Property("route", "string", "Route",
             values=("release", "part release with reuse", "reuse", "retain", "not enough data", "released")),
    Property("release_score", "number", "Release score, expected", 2),
    Property("release_low", "number", "Release score if everything unknown turned out against it", 2),
    Property("release_high", "number", "Release score if everything unknown turned out for it", 2),
    Property("release_coverage", "number", "Share of the release score's weight that is known", 3),
    *_standing("release", "could be released"),
    Property("reuse_score", "number", "Reuse score, expected", 2),
    Property("reuse_coverage", "number", "Share of the reuse score's weight that is known", 3),
    *_standing("reuse", "have enough data for it"),
    Property("route_differs", "number", "Share of the draws in which its route is another one", 3),
    Property("gates", "string", "Gates that keep it off a list, joined by `; `"),
    Property("sentence", "string", "Why it stands where it stands"),
    Property("method", "string", "Method of the assessment"),
    Property("limits", "string", "What limits the land, and which limits nobody can tell yet"),
    Property("station", "string", "Nearest station"),
    Property("station_m", "number", "Straight line to the nearest station", 1, "m"),
    Property("town_centre", "string", "The town centre that decides the setting, with its class"),
    Property("town_centre_m", "number", "Straight line to that town centre", 1, "m"),
    Property("housing_zone", "string", "Housing Zone, or none where that is known"),
    Property("opportunity_area", "string", "Opportunity Area, or none where that is known"),
    Property("homes_low", "integer", "Homes, lower end of the range"),
    Property("homes_high", "integer", "Homes, upper end of the range"),
    Property("homes_basis", "string", "What the homes rest on",
             values=("consent", "allocation", "brownfield register", "density matrix")),
    Property("adjacent_owners", "string", "Other public owners of land within 50 m, joined by `; ` (of the present)"),
    Property("adjacent_ha", "number", "Their land within reach, as far as it is known (of the present)", 4, "ha"),
)  # fmt: skip

COLLECTIONS: Mapping[str, Collection] = {
    one.id: one
    for one in (
        Collection("sites", "Sites", "NHS and council sites: one per place on the ground, with holdings added up",
                   "Point", _PLACE, _DRAWN, dated=True),
        Collection("candidates", "Candidates",
                   "The same sites with the latest assessment: route, scores and one plain sentence",
                   "Point", _CANDIDATE, ("ref", "name", "sector", "route", "release_score", "release_coverage",
                                         "reuse_score", "reuse_coverage"), dated=True),
        Collection("outlines", "Outlines",
                   "The sites whose outline is known, as polygons with the properties of `sites`",
                   "MultiPolygon", _PLACE, _DRAWN, dated=True),
        Collection("holdings", "Holdings", "One organisation's return or list entry at a site, each at the site's "
                   "position", "Point", (
            Property("organisation_code", "string", "Code of the organisation"),
            Property("organisation", "string", "Organisation"),
            Property("code", "string", "Code of the holding"),
            Property("name", "string", "Name"),
            Property("sector", "string", "Sector of the organisation"),
            Property("address", "string", "Address"),
            Property("postcode", "string", "Postcode"),
            Property("uprn", "string", "Unique property reference number"),
            Property("site", "string", "Reference of the site"),
            Property("site_name", "string", "Name of the site"),
            Property("borough", "string", "Borough"),
            Property("match", "string", "Why it stands at that site"),
        ), ("organisation", "code", "name", "sector", "site")),
        Collection("shortlist-entries", "Shortlist entries", "What each quarter's shortlist has, newest revision",
                   "Point", (
            Property("quarter", "string", "Calendar quarter, 2026-Q4"),
            Property("as_of", "date", "The day the data of the shortlist speak of"),
            Property("list", "string", "The list it is on"),
            Property("site", "string", "Reference of the site"),
            Property("name", "string", "Name"),
            Property("owner", "string", "Freeholders and head lessees"),
            Property("borough", "string", "Borough"),
            Property("land_ha", "number", "Land", 4, "ha"),
            Property("gia_m2", "number", "Gross internal floor area", 1, "m2"),
            Property("score", "number", "Score on its list", 2),
            Property("coverage", "number", "Share of the score's weight that is known", 3),
            Property("route", "string", "Route"),
            Property("reasons", "string", "Why it is listed"),
            Property("method", "string", "Method of the assessment"),
        ), ("quarter", "list", "site", "name", "score")),
        Collection("assemblies", "Assemblies", "Sites within 50 m of one another that belong to two or more public "
                   "owners, of the present only; drawn as far as outlines are known", "MultiPolygon", (
            Property("name", "string", "Names of the sites, joined by `; `"),
            Property("owners", "string", "Public freeholders, joined by `; `"),
            Property("owner_count", "integer", "Public freeholders"),
            Property("sites", "string", "References of the sites, joined by `; `"),
            Property("site_count", "integer", "Sites"),
            Property("drawn_count", "integer", "Sites whose outline is drawn; of the others a UPRN point is known"),
            Property("borough", "string", "Boroughs, joined by `; `"),
            Property("area_ha", "number", "Land together: outlines once, else as stated", 4, "ha"),
            Property("area_known_of", "integer", "Sites whose land is in that area"),
            Property("gain_ha", "number", "Land of sites under 0.25 ha that reaches 0.25 ha with the others (the least "
                     "area for a brownfield register; regulation 4, SI 2017/403)", 4, "ha"),
            Property("homes_low", "integer", "Homes of the sites together, lower end: no more than theirs, as the "
                     "density matrix is the same for each hectare"),
            Property("homes_high", "integer", "Homes of the sites together, upper end"),
            Property("homes_known_of", "integer", "Sites whose homes are in that range"),
        ), ("name", "owners", "area_ha", "homes_low", "homes_high")),
        Collection("boroughs", "Boroughs", "The boroughs of the area", "MultiPolygon", (
            Property("gss", "string", "GSS code"),
            Property("name", "string", "Name"),
        ), ("gss", "name")),
        Collection("lsoas", "Neighbourhoods", "Lower layer super output areas, each as a point in its middle", "Point",
                   (
            Property("code", "string", "Code of the neighbourhood"),
            Property("name", "string", "Name"),
            Property("borough_gss", "string", "Borough (GSS code)"),
            Property("imd_decile", "integer", "Decile of the index of multiple deprivation, 1 is most deprived"),
            Property("ptal", "string", "Public transport accessibility level"),
        ), ("code", "name", "imd_decile")),
        Collection("designations", "Designations", "Areas that limit or favour building: green belt, flood zones, "
                   "conservation areas, Housing Zones and others, as far as their layers are loaded", "MultiPolygon", (
            Property("kind", "string", "Kind of area",
                     values=tuple(one.id for one in LAYER_KINDS.values() if one.use == "designation")),
            Property("name", "string", "Name"),
            Property("reference", "string", "Reference of the publisher"),
            Property("starts", "date", "Since when"),
            Property("ends", "date", "Until when"),
            Property("edition", "string", "Edition that says so"),
        ), ("kind", "name")),
        Collection("town-centres", "Town centres", "Centres of the London Plan's network, each as a point in it",
                   "Point", (
            Property("name", "string", "Name"),
            Property("class", "string", "Class in the network", values=CENTRE_CLASSES),
            Property("reference", "string", "Reference of the publisher"),
            Property("edition", "string", "Edition that says so"),
        ), ("name", "class")),
        Collection("stations", "Stations", "Rail, Underground and tram stations", "Point", (
            Property("name", "string", "Name"),
            Property("reference", "string", "NaPTAN code, where known"),
            Property("edition", "string", "Edition that says so"),
        ), ("name",)),
    )
}  # fmt: skip
"""Every collection by its id."""
