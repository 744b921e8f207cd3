"""What an entry of a shortlist says in a table: one list of columns with their meaning, the same in every format."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from estates_api.domain.choices import PIN_LISTS
from estates_api.domain.collections import Collection, Property
from estates_api.domain.shortlist import ORDER

ENTRIES = Collection("entries", "Shortlist entries", "What a quarter's shortlist has, with every number and reason",
                     "Point", (
    Property("quarter", "string", "Calendar quarter"),
    Property("as_of", "date", "The day the data speak of"),
    Property("list", "string", "The list it is on", values=ORDER),
    Property("annex_reason", "string", "Why it stands in the annex"),
    Property("site", "string", "Reference of the site"),
    Property("name", "string", "Name"),
    Property("owner", "string", "Freeholders and head lessees, joined by `; `"),
    Property("owner_sector", "string", "Sectors of the owners, joined by `; `"),
    Property("occupiers", "string", "Who returns or lists something there, joined by `; `"),
    Property("occupier_sector", "string", "Sectors of the occupiers, joined by `; `"),
    Property("address", "string", "Address"),
    Property("postcode", "string", "Postcode"),
    Property("borough", "string", "Borough"),
    Property("borough_gss", "string", "Borough (GSS code)"),
    Property("uprn", "string", "Unique property reference number"),
    Property("title_number", "string", "Title number of HM Land Registry"),
    Property("easting", "number", "Easting, British National Grid", 1, "m"),
    Property("northing", "number", "Northing, British National Grid", 1, "m"),
    Property("precision", "string", "How precisely the position is known",
             values=("outline", "uprn", "postcode", "lsoa", "borough", "unknown")),
    Property("tenure", "string", "What a public owner has there", values=("freehold", "leasehold")),
    Property("existing_use", "string", "Existing use, as returned or listed"),
    Property("land_ha", "number", "Land", 4, "ha"),
    Property("open_land_ha", "number", "Land not under buildings", 4, "ha"),
    Property("gia_m2", "number", "Gross internal floor area", 1, "m2"),
    Property("adjacent_owners", "string", "Other public owners of land within 50 m (of the present)"),
    Property("adjacent_ha", "number", "Their land within reach, as far as it is known", 4, "ha"),
    Property("score", "number", "Score on its list, of 100", 2),
    Property("score_low", "number", "Score if everything unknown turned out against it", 2),
    Property("score_high", "number", "Score if everything unknown turned out for it", 2),
    Property("coverage", "number", "Share of the score's weight that is known", 3),
    Property("release_score", "number", "Release score, of 100", 2),
    Property("reuse_score", "number", "Reuse score, of 100", 2),
    Property("route", "string", "Route"),
    Property("rank", "integer", "Rank by that score among comparable sites"),
    Property("rank_low", "integer", "Best rank in 90% of the draws"),
    Property("rank_high", "integer", "Worst rank in 90% of the draws"),
    Property("p_top_k", "number", "Share of the draws in which it is among the first", 3),
    Property("pareto", "boolean", "No other is as good on every criterion and better on one"),
    Property("route_differs", "number", "Share of the draws in which its route is another", 3),
    Property("ptal", "string", "Public transport accessibility level"),
    Property("need_decile", "number", "Deprivation decile around it, 1 is most deprived", 1),
    Property("station", "string", "Nearest station"),
    Property("station_m", "number", "Straight line to the nearest station", 1, "m"),
    Property("town_centre", "string", "Town centre that decides the setting"),
    Property("town_centre_m", "number", "Straight line to that town centre", 1, "m"),
    Property("housing_zone", "string", "Housing Zone, or none where that is known"),
    Property("opportunity_area", "string", "Opportunity Area, or none where that is known"),
    Property("homes_low", "integer", "Homes, lower end of the range"),
    Property("homes_mid", "integer", "Homes, middle of the range"),
    Property("homes_high", "integer", "Homes, upper end of the range"),
    Property("homes_basis", "string", "What the homes rest on"),
    Property("homes_assumptions", "string", "What the homes assume, joined by `; `"),
    Property("developable_low_ha", "number", "Land that might be built on, lower end", 4, "ha"),
    Property("developable_mid_ha", "number", "Land that might be built on, middle", 4, "ha"),
    Property("developable_high_ha", "number", "Land that might be built on, upper end", 4, "ha"),
    Property("void_cost_gbp_per_year", "number", "What the empty space costs a year", 0, "GBP"),
    Property("backlog_avoided_gbp", "number", "High and significant risk backlog that release would avoid", 0, "GBP"),
    Property("gates", "string", "Gates that are closed, joined by `; `"),
    Property("limits", "string", "What limits the land, or may, joined by `; `"),
    Property("checks", "string", "Steps before a disposal and how each stands, joined by `; `"),
    Property("flips", "string", "What would put it on another list, joined by `; `"),
    Property("reasons", "string", "Why it is listed"),
    Property("sources", "string", "Editions and rows under the known measures, joined by `; `"),
    Property("evidence_date", "date", "Oldest evidence that the assessment rests on"),
    Property("stale", "boolean", "The evidence is older than the method allows"),
    Property("events", "string", "What happened by then, joined by `; `"),
    Property("later_events", "string", "What happened after that day, joined by `; `"),
    Property("pinned", "string", "Who pinned it to its list, and why"),
    Property("pinned_to", "string", "The list that a person pinned it to", values=PIN_LISTS),
    Property("state", "string", "How far its owner's decision is"),
    Property("endorsed_by", "string", "Who endorsed it, joined by `; `"),
    Property("endorsement_missing", "string", "Sectors that have not endorsed it, joined by `; `"),
    Property("surplus_registered_at", "date", "Registered as surplus"),
    Property("surplus_window_ends_at", "date", "End of the window for public bodies"),
    Property("surplus_window", "string", "In the window for public bodies, or on the open market"),
    Property("sensitivity", "string", "Who may see it"),
    Property("method", "string", "Method of the assessment"),
), ("list", "site", "name", "score"))  # fmt: skip
"""The entries of a shortlist as a layer of points."""

COLUMNS = ENTRIES.names
"""What every export of a shortlist carries, in this order."""

Row = dict[str, Any]


def rows_of(document: Mapping[str, Any]) -> Iterator[Row]:
    """Every entry as a row: a plain value for each column, None where it is unknown or blank."""
    lead = {"quarter": document["quarter"], "as_of": document["as_of"]}
    return ({**lead, **row_of(entry)} for entry in document["entries"])


def made_at(document: Mapping[str, Any]) -> datetime:
    """The moment that files of the list bear: when its data were known, else the day they speak of."""
    return datetime.fromisoformat(document["known_at"] or f"{document['as_of']}T00:00:00+00:00").astimezone(UTC)


def row_of(entry: Mapping[str, Any]) -> Row:
    """An entry without what its list says once; what is a list in it is told in words."""
    hectares = [*(entry.get("developable_ha") or ()), None, None, None]
    told = {f"developable_{end}_ha": value for end, value in zip(("low", "mid", "high"), hectares, strict=False)}
    plain = {name: _plain(name, entry.get(name)) for name in COLUMNS[2:]}
    return plain | told


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return "; ".join(_TOLD.get(name, str)(one) for one in value) or None
    return None if value == "" else value


def limit_told(limit: Mapping[str, Any]) -> str:
    """`green belt: unknown (its position is known to the postcode only)`."""
    return f"{limit['title']}: {limit['state']} ({limit['reason']})"


def endorsed_told(one: Any) -> str:
    """Who endorsed, in words: organisation, sector, day."""
    if not isinstance(one, Mapping):
        return str(one)
    return ", ".join(str(value) for value in one.values() if value is not None and value != "")


_TOLD: Mapping[str, Callable[[Any], str]] = {
    "limits": limit_told, "checks": limit_told, "endorsed_by": endorsed_told,
}  # fmt: skip
