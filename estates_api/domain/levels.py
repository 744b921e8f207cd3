"""Levels and equity: sites added up by borough, sub-region and London, and by how deprived their neighbourhood is.

Each sum is beside the number of sites of which it is known; what is not known is not counted. A roll-up is of what its
audience may see, so that it tells nothing of what is withheld.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import eq
from typing import Any

from estates_api.domain.area import Area
from estates_api.domain.entry import LISTS, listed_for

Row = dict[str, Any]

DECILES = range(1, 11)
FOR_RELEASE = ("release", "part release with reuse")
SCORED = (*FOR_RELEASE, "reuse", "retain")

BY_METHOD = (
    "Release and reuse are counted by the method, whoever pinned a site to a quarter's list or struck it off: what a "
    "published list of this quarter has stands beside it."
)
NOTES = (
    BY_METHOD,
    "Land, floor area and empty space: all sites but those that have left public ownership.",
    "Land for release, homes, backlog avoided: sites for release or part release, which count with all their land.",
    "Backlog avoided is an upper end: high and significant risk of the whole site, by the newest return of it.",
    "Coverage: the share of sites, and of the floor area that is known at a place, with enough evidence to be scored.",
)
PER_HEAD = (
    "No figure is per head: no population is loaded. A neighbourhood (LSOA) was drawn to hold 1,000 to 3,000 people, "
    "so the number of neighbourhoods of a decile says roughly how many live there (Office for National Statistics)."
)
OF_A_LIST = (
    "Of a shortlist: sites to retain and those that come next are not in it. Evidence: how much of the weight of a "
    "listed site's score rests on evidence, on average."
)


@dataclass(frozen=True, slots=True)
class Rolled:
    """What a roll-up needs to know of one site; None is not known. `imd_decile` is its neighbourhood's, 1 the most
    deprived."""

    borough_gss: str | None
    route: str
    land_ha: float | None = None
    gia_m2: float | None = None
    homes_low: int | None = None
    homes_high: int | None = None
    backlog_gbp: float | None = None
    void_gbp: float | None = None
    imd_decile: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A part of London that sites are added up for."""

    level: str
    gss: str | None
    name: str
    holds: Callable[[str | None], bool]
    """Whether a site in the borough of this code belongs to it."""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Floor area that a trust returns for all its small sites in one row (AGGRE): it has no place, and no score."""

    organisation: str
    gia_m2: float | None
    edition: str


ROUTES = {
    "release": "release", "part_release": "part release with reuse", "reuse": "reuse", "retain": "retain",
    "not_enough_data": "not enough data", "released": "released",
}  # fmt: skip
"""Column of a count of sites -> route."""

FIELDS = (
    "level", "gss", "name", "sites", *ROUTES, "land_ha", "land_known_of", "gia_m2", "gia_known_of",
    "void_cost_gbp_per_year", "void_cost_known_of", "release_land_ha", "release_land_known_of", "homes_low",
    "homes_high", "homes_known_of", "backlog_avoided_gbp", "backlog_known_of", "scored_sites_share", "scored_gia_share",
)  # fmt: skip
"""The columns of a level, in order. `…_known_of` are sites; those of release, homes and backlog are of sites for
release."""

EQUITY_FIELDS = (
    "gss", "borough", "decile", "neighbourhoods", "sites", "release", "part_release", "reuse", "land_ha",
    "land_known_of", "release_land_ha", "release_land_known_of", "homes_low", "homes_high", "homes_known_of",
)  # fmt: skip


def roll_up(sites: Iterable[Rolled]) -> Row:
    """Sites added up; a sum of which nothing is known is None."""
    every = list(sites)
    held = [one for one in every if one.route != "released"]
    release = [one for one in held if one.route in FOR_RELEASE]
    low, ranged = _sum(release, lambda one: None if one.homes_high is None else one.homes_low)
    high, _ = _sum(release, lambda one: None if one.homes_low is None else one.homes_high)
    scored = [one for one in held if one.route in SCORED]
    land, land_known = _sum(held, lambda one: one.land_ha)
    gia, gia_known = _sum(held, lambda one: one.gia_m2)
    void, void_known = _sum(held, lambda one: one.void_gbp)
    freed, freed_known = _sum(release, lambda one: one.land_ha)
    backlog, backlog_known = _sum(release, lambda one: one.backlog_gbp)
    scored_gia, _ = _sum(scored, lambda one: one.gia_m2)
    return {
        "sites": len(held),
        **{name: sum(one.route == route for one in every) for name, route in ROUTES.items()},
        "land_ha": land, "land_known_of": land_known, "gia_m2": gia, "gia_known_of": gia_known,
        "void_cost_gbp_per_year": void, "void_cost_known_of": void_known,
        "release_land_ha": freed, "release_land_known_of": freed_known,
        "homes_low": low, "homes_high": high, "homes_known_of": ranged,
        "backlog_avoided_gbp": backlog, "backlog_known_of": backlog_known,
        "scored_sites_share": _share(len(scored), len(held)), "scored_gia_share": _share(scored_gia or 0.0, gia),
    }  # fmt: skip


def _sum(sites: Sequence[Rolled], figure: Callable[[Rolled], float | None]) -> tuple[float | None, int]:
    known = [number for one in sites if (number := figure(one)) is not None]
    return round(sum(known), 4) if known else None, len(known)


def _share(part: float, whole: float | None) -> float | None:
    return round(part / whole, 4) if whole else None


def levels(sites: Sequence[Rolled], area: Area) -> list[Row]:
    """A row for each borough of the area, for the sub-region that they are, and for what is loaded of London; a last
    one for sites elsewhere, or of unknown place, where there are any."""
    found = []
    for one in list_levels(area):
        there = [site for site in sites if one.holds(site.borough_gss)]
        if there or one.level != "elsewhere":
            found.append({"level": one.level, "gss": one.gss, "name": one.name, **roll_up(there)})
    return found


def list_levels(area: Area) -> list[Level]:
    """The levels of an area, the smallest first."""
    ours = sorted(area.boroughs.items(), key=lambda pair: pair[1])
    return [
        *(Level("borough", gss, name, partial(eq, gss)) for gss, name in ours),
        Level("sub-region", None, area.name, lambda code: code in area.boroughs),
        Level("London", None, "London, as loaded", _in_london),
        Level("elsewhere", None, "Elsewhere, or not known",
              lambda code: code not in area.boroughs and not _in_london(code)),
    ]  # fmt: skip


def _in_london(gss: str | None) -> bool:
    """A London borough or the City: their GSS codes begin with E09 (Office for National Statistics)."""
    return (gss or "").startswith("E09")


def describe_levels(sites: Sequence[Rolled], area: Area, unplaced: Sequence[Unplaced]) -> Row:
    """The levels with what they cover, and the floor area that no borough can be told of."""
    return {
        "area": area.name,
        "levels": levels(sites, area),
        "covers": _covers(sites, area),
        "aggregate": [
            {"organisation": one.organisation, "gia_m2": one.gia_m2, "edition": one.edition} for one in unplaced
        ],
        "notes": list(NOTES),
    }


def _covers(sites: Sequence[Rolled], area: Area) -> str:
    beyond = [one for one in sites if _in_london(one.borough_gss) and one.borough_gss not in area.boroughs]
    names = ", ".join(sorted({area.neighbours.get(gss, gss) for one in beyond if (gss := one.borough_gss)}))
    more = f" and {len(beyond)} in {names}" if beyond else ""
    return f"London is what is loaded here inside Greater London: the sites of {area.name}{more}. It is not all of it."


def equity(sites: Sequence[Rolled], area: Area, neighbourhoods: Mapping[tuple[str, int], int]) -> list[Row]:
    """Release and reuse inside the area by decile of deprivation: a row for each decile, for all boroughs together
    (`gss` None) and for each; the decile None is not known. `neighbourhoods` are those of a borough in a decile."""
    ours = sorted(area.boroughs.items(), key=lambda pair: pair[1])
    inside = [one for one in sites if one.borough_gss in area.boroughs]
    rows = []
    for gss, name in ((None, "all"), *ours):
        there = [one for one in inside if gss in {None, one.borough_gss}]
        for decile in (*DECILES, None):
            found = [one for one in there if one.imd_decile == decile]
            counted = sum(n for (code, of), n in neighbourhoods.items() if of == decile and gss in {None, code}
                          and code in area.boroughs)  # fmt: skip
            made = {"gss": gss, "borough": name, "decile": decile, "neighbourhoods": counted, **roll_up(found)}
            rows.append({field: made[field] for field in EQUITY_FIELDS})
    return rows


def describe_equity(sites: Sequence[Rolled], area: Area, neighbourhoods: Mapping[tuple[str, int], int]) -> Row:
    """The equity view with what it rests on."""
    return {
        "area": area.name,
        "rows": equity(sites, area, neighbourhoods),
        "decile": "Of the neighbourhood (LSOA 2011) that the site's position lies in, by the English indices of "
        "deprivation 2019 (Ministry of Housing, Communities and Local Government, Open Government Licence v3.0); 1 is "
        "the most deprived tenth of England. Not known where the position is known to a borough only.",
        "notes": [*NOTES[:3], PER_HEAD],
    }


_LISTED = {listed: route for route, listed in LISTS.items()}
"""What a list is for, which counts for a site that a person pinned to it."""


def levels_of(document: Mapping[str, Any], area: Area) -> Row:
    """The levels of a frozen shortlist: what is listed, what has not enough data, and what has been released.

    Sites to retain are not in it, so the shares that are scored are None; `evidence_share` is that of the weight of a
    listed site's score which rests on evidence, on average, None where none is listed.
    """
    described = describe_levels(rolled_of(document), area, ())
    blank = dict.fromkeys(("retain", "scored_sites_share", "scored_gia_share"))
    known = {one.name: _evidence(document["entries"], one) for one in list_levels(area)}
    rows = [row | blank | {"evidence_share": known[row["name"]]} for row in described["levels"]]
    return described | {"levels": rows, "notes": [*NOTES[1:4], OF_A_LIST]}


def _evidence(entries: Sequence[Mapping[str, Any]], level: Level) -> float | None:
    shares = [entry["coverage"] for entry in entries if level.holds(entry["borough_gss"] or None)]
    return round(sum(shares) / len(shares), 4) if shares else None


def equity_of(document: Mapping[str, Any], area: Area, neighbourhoods: Mapping[tuple[str, int], int]) -> Row:
    """Release and reuse of a frozen shortlist by deprivation."""
    return describe_equity(rolled_of(document), area, neighbourhoods) | {"notes": [*NOTES[1:3], PER_HEAD]}


def rolled_of(document: Mapping[str, Any]) -> list[Rolled]:
    """What a frozen shortlist knows of its sites. Of those that it does not list it says only where they are."""
    listed = [
        Rolled(
            entry["borough_gss"] or None,
            _LISTED.get(listed_for(entry["list"], entry["route"], entry.get("pinned_to", "")), entry["route"]),
            entry["land_ha"], entry["gia_m2"], entry["homes_low"], entry["homes_high"], entry["backlog_avoided_gbp"],
            entry["void_cost_gbp_per_year"], entry.get("imd_decile"),
        )
        for entry in document["entries"]
    ]  # fmt: skip
    named = {entry["site"] for entry in document["entries"]}  # a pinned site may have too little data, too
    missing = [Rolled(one["borough_gss"] or None, "not enough data") for one in document["not_enough_data"]
               if one["site"] not in named]  # fmt: skip
    return [*listed, *missing, *(Rolled(None, "released") for _ in document["released"])]
