"""From `llc/1` to what others take today: the brownfield land register, the register of surplus public sector land, and
a London estates board's list. A mapping is data: columns with their rule, and those that nobody here can fill."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from estates_api.domain.gates import PUBLIC
from estates_api.domain.llc import Row, placed_rows

Rule = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of another's table: its rule in words, and the value. Without a rule it stays blank, and `told` says
    why."""

    name: str
    told: str
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class LlcMapping:
    """Another's table: its columns in order, which rows belong in it, and where its columns are published."""

    id: str
    title: str
    told: str
    which: str
    accepts: Callable[[Row], bool]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The header."""
        return tuple(column.name for column in self.columns)


def mapped_rows(mapping: LlcMapping, document: Mapping[str, Any], sha256: str) -> Iterator[Row]:
    """The rows of a frozen shortlist that belong in a mapping, in its columns."""
    for row in placed_rows(document, sha256):
        if mapping.accepts(row):
            yield {column.name: column.rule(row) if column.rule else None for column in mapping.columns}


LEAST_HA, LEAST_HOMES = 0.25, 5
"""Regulation 4(1)(a) of the Town and Country Planning (Brownfield Land Register) Regulations 2017, SI 2017/403."""

_AUTHORITY = "for the planning authority to say"
_RELEASED = ("release", "part release with reuse")


def _large_enough(row: Row) -> bool:
    """For release, and surely of the least size: where the homes are a range, by its lower end."""
    homes = row["homes_low"] if row["homes_low"] is not None else 0
    released = row["list"] in ("release", "part release") or (row["list"] == "annex" and row["route"] in _RELEASED)
    return released and ((row["area_ha"] or 0) >= LEAST_HA or homes >= LEAST_HOMES)


def _authority(row: Mapping[str, Any]) -> str | None:
    """The planning authority of a London borough; the City of London (E09000001) is none of the boroughs."""
    gss, name = row["borough_gss"] or "", row["borough"]
    if not name or not "E09000002" <= gss <= "E09000033":
        return None
    slug = re.sub(r"[^a-z]+", "-", name.casefold()).strip("-")
    return f"http://opendatacommunities.org/id/london-borough-council/{slug}"


def _whole_address(row: Mapping[str, Any]) -> str:
    parts = [row["name"], row["address"], row["postcode"]]
    said = [part for i, part in enumerate(parts) if part and not any(part in (other or "") for other in parts[:i])]
    return ", ".join(said)[:255]


def _ownership(row: Mapping[str, Any]) -> str | None:
    kinds = set((row["owner_type"] or "").split("; ")) - {"", "unknown"}
    if not kinds:
        return None
    public = kinds & PUBLIC
    return ("mixed ownership" if kinds - PUBLIC else "owned by a public authority") if public else (
        "not owned by a public authority")  # fmt: skip


def _ownership_2017(row: Mapping[str, Any]) -> str:
    """The standard of 2017 has a word for what is not known; today's has none."""
    return _ownership(row) or "unknown ownership"


def _planning(row: Mapping[str, Any]) -> str | None:
    """In the register's words, which has none for an allocation."""
    return row["planning_status"] if row["planning_status"] != "allocated" else None


def _notes(row: Mapping[str, Any]) -> str:
    basis = f"; homes by {row['homes_basis']}" if row["homes_basis"] else ""
    return (
        f"On the list {row['list']!r} of shortlist {row['quarter']} (SHA-256 {row['hash']}){basis}. Whether it is "
        "suitable, available and achievable (regulation 4, SI 2017/403) is for the planning authority."
    )


def _places(name: str, places: int) -> Rule:
    def rounded(row: Mapping[str, Any]) -> float | None:
        return None if row[name] is None else round(row[name], places)

    return rounded


def _of(name: str) -> Rule:
    return lambda row: row[name]


_BROWNFIELD = {
    one.name: one
    for one in (
        Column("OrganisationURI", "the planning authority, by borough; blank outside the London boroughs", _authority),
        Column("OrganisationLabel", "borough", _of("borough")),
        Column("SiteReference", "site_reference", _of("site_reference")),
        Column("PreviouslyPartOf", _AUTHORITY),
        Column("SiteNameAddress", "name, address and postcode, at most 255 characters", _whole_address),
        Column("SiteplanURL", "no site plan is published here"),
        Column("CoordinateReferenceSystem", "WGS84 where a position is known",
               lambda row: None if row["lon"] is None else "WGS84"),
        Column("GeoX", "longitude of the position, six decimal places", _places("lon", 6)),
        Column("GeoY", "latitude of the position, six decimal places", _places("lat", 6)),
        Column("Hectares", "area_ha, two decimal places: the whole site, also where a part is for release",
               _places("area_ha", 2)),
        Column("OwnershipStatus", "owner_type: all public, none public, or mixed; blank where no owner is known",
               _ownership),
        Column("Deliverable", _AUTHORITY),
        Column("PlanningStatus", "planning_status; blank for an allocation, which the register has no word for",
               _planning),
        Column("PermissionType", "no source here states the type of a permission of the whole site"),
        Column("PermissionDate", "held only in words, in status_basis of llc/1"),
        Column("PlanningHistory", "no pages of the planning history are held"),
        Column("ProposedForPIP", _AUTHORITY),
        Column("MinNetDwellings", "homes_low", _of("homes_low")),
        Column("DevelopmentDescription", "nothing is proposed here"),
        Column("NonHousingDevelopment", "nothing is proposed here"),
        Column("Part2", _AUTHORITY),
        Column("NetDwellingsRangeFrom", "homes_low", _of("homes_low")),
        Column("NetDwellingsRangeTo", "homes_high", _of("homes_high")),
        Column("HazardousSubstances", _AUTHORITY),
        Column("SiteInformation", "no page about the site's register entry is there"),
        Column("Notes", "list, quarter, SHA-256, basis of the homes, and what is left to the authority", _notes),
        Column("FirstAddedDate", "the day the authority adds it"),
        Column("LastUpdatedDate", "the day the authority changes it"),
        Column("EndDate", "it is on no register yet, so off none"),
    )
}  # fmt: skip

_OF_2017 = {
    "OwnershipStatus": Column("OwnershipStatus", "owner_type: all public, none public, or mixed; unknown ownership "
                              "where no owner is known", _ownership_2017),
    "MinNetDwellings": Column("MinNetDwellings", "homes_low; blank where nobody knows, though the standard wants one",
                              _of("homes_low")),
}  # fmt: skip
"""The columns that the standard of 2017 has other rules for."""

_LATER = (
    "OrganisationURI", "SiteReference", "SiteNameAddress", "GeoX", "GeoY", "SiteplanURL", "Hectares", "OwnershipStatus",
    "PlanningStatus", "PermissionType", "PermissionDate", "PlanningHistory", "Deliverable", "NetDwellingsRangeFrom",
    "NetDwellingsRangeTo", "HazardousSubstances", "Notes", "FirstAddedDate", "LastUpdatedDate", "EndDate",
)  # fmt: skip
_SIZE = (
    "Sites for release, or release in part, of 0.25 ha or more or surely for five homes or more (regulation 4(1)(a), "
    "SI 2017/403). The other tests, suitable, available and achievable, are the planning authority's: these are "
    "candidates for a register, not entries of one."
)

_E_PIMS = "its reference in e-PIMS (now InSite), which its owner has"

MAPPINGS: Mapping[str, LlcMapping] = {
    one.id: one
    for one in (
        LlcMapping(
            "brownfield", "Brownfield land register, today's form",
            "Columns and order as published: github.com/digital-land/specification, dataset brownfield-land.",
            _SIZE, _large_enough, tuple(_BROWNFIELD[name] for name in _LATER),
        ),
        LlcMapping(
            "brownfield-2017", "Brownfield land register, data standard of 2017",
            "Columns and order as published: Department for Communities and Local Government, 2017; "
            "github.com/iStandUK/BrownfieldLandRegister, schema/brownfieldlandregister2017.json.",
            _SIZE, _large_enough,
            tuple(_OF_2017.get(name, column) for name, column in _BROWNFIELD.items() if name != "EndDate"),
        ),
        LlcMapping(
            "rsspl", "Register of Surplus Public Sector Land",
            "Published of it: its key (ePIMS Property Ref), the owning department and the property centre responsible, "
            "beside location, size, tenure and type (data.gov.uk/dataset/28c593bf-85fa-4676-a47b-45189d396ed9). Its "
            "form for handing land in is not public, so the names and order of the other columns are ours.",
            "Sites that an owner says are surplus, in whole or in part, and that are not only a council's: the "
            "register is for central government, and for NHS trusts that want it.",
            lambda row: (row["potential_surplus"] or "") in {"surplus", "surplus in part"}
            and bool(set((row["owner_type"] or "").split("; ")) & {"NHS", "other public"}),
            (
                Column("ePIMS Property Ref", _E_PIMS),
                Column("Owning Department", "owner_body", _of("owner_body")),
                Column("Property Centre", "the part of the owner that is responsible is not held here"),
                Column("Our Reference", "site_reference", _of("site_reference")),
                Column("Property Name", "name", _of("name")),
                Column("Address", "address", _of("address")),
                Column("Postcode", "postcode", _of("postcode")),
                Column("Local Authority", "borough", _of("borough")),
                Column("Easting", "easting", _of("easting")),
                Column("Northing", "northing", _of("northing")),
                Column("Area (ha)", "area_ha: the whole site, also where a part is surplus", _of("area_ha")),
                Column("Tenure", "tenure", _of("tenure")),
                Column("Property Type", "existing_use", _of("existing_use")),
                Column("Surplus", "potential_surplus", _of("potential_surplus")),
                Column("Evidence", "status_basis", _of("status_basis")),
                Column("Availability", "availability", _of("availability")),
                Column("Planning Status", "planning_status", _of("planning_status")),
                Column("Guide Price", "no price is published here"),
            ),
        ),
        LlcMapping(
            "estates-board", "London estates board list",
            "No form is published for what London's estates boards take; names and order are ours.",
            "Every site of the shortlist.",
            lambda _: True,
            (
                Column("Quarter", "quarter", _of("quarter")),
                Column("Borough", "borough", _of("borough")),
                Column("Site", "name", _of("name")),
                Column("Reference", "site_reference", _of("site_reference")),
                Column("Owner", "owner_body", _of("owner_body")),
                Column("Sector", "owner_type", _of("owner_type")),
                Column("List", "list", _of("list")),
                Column("Route", "route", _of("route")),
                Column("Land (ha)", "area_ha", _of("area_ha")),
                Column("Homes from", "homes_low", _of("homes_low")),
                Column("Homes to", "homes_high", _of("homes_high")),
                Column("Score", "score, one decimal place", _places("score", 1)),
                Column("Chance of being in the top k", "p_top_k", _of("p_top_k")),
                Column("Share known", "coverage", _of("coverage")),
                Column("Surplus", "potential_surplus", _of("potential_surplus")),
                Column("Planning", "planning_status", _of("planning_status")),
                Column("Public land next door", "adjacent_public_owners", _of("adjacent_public_owners")),
                Column("Limits", "limits", _of("limits")),
                Column("Steps before disposal", "checks", _of("checks")),
                Column("Evidence of", "evidence_date", _of("evidence_date")),
                Column("Business case", "no business cases are held here"),
                Column("Receipt expected", "no expected receipts are held here"),
            ),
        ),
    )
}  # fmt: skip
"""Every mapping by its id."""
