"""The attributes a holding can have: names with units, plausible bounds, and what they mean.

The names are used as they are in claims, SQL, JSON, CSV and our own template.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "text"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. `low` and `high` bound what is physically possible; outside them a value is not taken."""

    name: str
    meaning: str
    unit: str = ""
    kind: Kind = "number"
    low: float = 0.0
    high: float = 1e12


def _pct(name: str, meaning: str) -> Attribute:
    return Attribute(name, meaning, "%", high=100.0)


def _gbp(name: str, meaning: str) -> Attribute:
    return Attribute(name, meaning, "GBP", high=1e10)


def _m2(name: str, meaning: str) -> Attribute:
    return Attribute(name, meaning, "m2", high=5e6)


def _ha(name: str, meaning: str) -> Attribute:
    return Attribute(name, meaning, "ha", high=5e4)


def _homes(name: str, meaning: str) -> Attribute:
    return Attribute(name, meaning, "homes", high=1e5)


def _text(name: str, meaning: str) -> Attribute:
    return Attribute(name, meaning, kind="text")


_ALL = (
    _text("organisation_type", "what kind of trust the return says its organisation is, in ERIC's words"),
    _text("site_type", "what kind of site the return says it is, without ERIC's number prefix"),
    _m2("gia_m2", "gross internal floor area"),
    _m2("occupied_m2", "floor area the returning organisation occupies (not a measure of vacancy)"),
    _pct("nhs_occupied_pct", "share of the estate's occupied floor area that is NHS estate"),
    _ha("land_ha", "land of the site, owned or not (ERIC to 2014-15; council size of land)"),
    _ha("land_owned_ha", "land the organisation owns (ERIC from 2016-17: leased land is 0)"),
    _ha("idle_land_ha", "land not delivering services (ERIC 2016-17)"),
    _m2("footprint_m2", "ground covered by buildings"),
    _m2("clinical_m2", "clinical (2013-15: patient) occupied floor area"),
    _m2("non_clinical_m2", "non-clinical (2013-15: non-patient) occupied floor area"),
    _pct("unsuitable_pct", "share of occupied floor area not functionally suitable"),
    _pct("unutilised_pct", "un-utilised floor area, empty and under-used together (ERIC to 2014-15)"),
    _pct("empty_pct", "empty share of floor area (ERIC 2016-17)"),
    _pct("underused_pct", "under-used share of floor area (ERIC 2016-17)"),
    _m2("empty_m2", "empty floor area (ERIC 2024-25)"),
    _m2("unoccupied_m2", "unoccupied internal floor area (ERIC 2024-25)"),
    _gbp("backlog_high_gbp", "cost to eradicate high risk backlog"),
    _gbp("backlog_significant_gbp", "cost to eradicate significant risk backlog"),
    _gbp("backlog_moderate_gbp", "cost to eradicate moderate risk backlog"),
    _gbp("backlog_low_gbp", "cost to eradicate low risk backlog"),
    _gbp("finance_cost_gbp", "estates and facilities finance costs (not a running cost)"),
    _gbp("hard_fm_cost_gbp", "hard facilities management, total (ERIC 2014-15)"),
    _gbp("soft_fm_cost_gbp", "soft facilities management, total (ERIC 2014-15)"),
    _gbp("maintenance_cost_gbp", "estates and property maintenance"),
    _gbp("grounds_cost_gbp", "grounds and gardens maintenance"),
    _gbp("equipment_cost_gbp", "electro bio medical equipment maintenance (not a cost of the estate)"),
    _gbp("other_hard_fm_cost_gbp", "other hard facilities management (ERIC 2016-17)"),
    _gbp("other_soft_fm_cost_gbp", "other soft facilities management (ERIC 2016-17)"),
    _gbp("energy_cost_gbp", "energy, all supplies"),
    _gbp("water_cost_gbp", "water (to 2014-15 with sewage)"),
    _gbp("sewage_cost_gbp", "sewage (ERIC 2016-17)"),
    _gbp("waste_cost_gbp", "waste, total (ERIC to 2014-15)"),
    _gbp("landfill_cost_gbp", "waste to landfill (ERIC 2016-17)"),
    _gbp("incineration_cost_gbp", "waste incinerated (ERIC 2016-17)"),
    _gbp("recycling_cost_gbp", "waste recycled (ERIC 2016-17)"),
    _gbp("other_recovery_cost_gbp", "waste, other recovery (ERIC 2016-17)"),
    _gbp("cleaning_cost_gbp", "cleaning"),
    _gbp("food_cost_gbp", "inpatient food"),
    _gbp("laundry_cost_gbp", "laundry and linen"),
    _gbp("portering_cost_gbp", "portering"),
    _gbp("void_cost_gbp", "what empty space costs a year, where a source states it"),
    _gbp("pfi_unitary_charge_gbp", "yearly PFI unitary charge (ERIC 2014-15): above zero means a term is running"),
    _text("private_finance", "PFI or LIFT where a source says that a term is running"),
    _text("interest", "what the organisation has here: freeholder, head lessee, occupier or unknown"),
    _text("interest_evidence", "how the interest is known: stated, implied, operated only"),
    _text("tenure", "freehold or leasehold"),
    _text("lease_end", "day on which the lease ends (a month or a year counts from its first day)"),
    _text("lease_break", "first day on which the lease can be ended early"),
    _text("tenure_category", "Transparency Code characteristic: occupied by the local authority, vacant, let, ..."),
    _text("land_or_building", "land only, or land with permanent building"),
    _text("current_use", "what the place is used for"),
    _text("holding_purpose", "why the council holds it"),
    _text("status_note", "what the source says of the asset's position, with its date"),
    _text("ods_status", "status in the register of NHS organisations: active, closed, dormant or proposed"),
    _text("opened_on", "day from which the source counts it"),
    _text("ended_on", "day from which the source counts it no more: a site closed, an entry taken off a register"),
    _text("predecessor_codes", "codes of the sites that this one carries on"),
    _text("successor_codes", "codes of the sites that carry this one on"),
    _text("site_code", "code of the site that this plot is part of"),
    _text("ownership_status", "brownfield register: public or mixed ownership, or not known (never who owns it)"),
    _text("planning_status", "permissioned, not permissioned or pending decision"),
    _text("permission_type", "what kind of planning permission"),
    _text("permission_date", "day of the planning permission"),
    _text("planning_history", "pages on the planning history"),
    _text("site_plan", "page of the site plan"),
    _text("deliverable", "whether homes are likely within five years, in the register's words"),
    _text("permission_in_principle", "whether the site is on part 2 of the brownfield register"),
    _text("hazardous_substances", "whether hazardous substances need assessing"),
    _text("development_description", "what is to be built"),
    _homes("homes_low", "homes that the site may take, lower estimate"),
    _homes("homes_high", "homes that the site may take, upper estimate"),
    _ha("register_ha", "area of an entry on a brownfield register (says nothing of whose land it is)"),
    _ha("surplus_ha", "land of a plot returned as surplus (part of its site's land, never added to it)"),
    _gbp("market_value_gbp", "declared market value of a surplus plot"),
    _gbp("sale_value_gbp", "sale value of a surplus plot"),
    _text("disposal_status", "surplus, potentially so, sold, kept for housing, or no longer surplus"),
    _text("disposal_year", "year of disposal, expected or past"),
    _text("proposed_use", "future use proposed for a surplus plot"),
    _homes("plot_homes", "homes that a surplus plot may take"),
    _homes("plot_staff_homes", "homes for staff that a surplus plot may take"),
)

_IDENTITY = (
    _text("name", "what the row calls the place"),
    _text("address", "where the row says it is"),
    _text("postcode", "its postcode"),
    _text("uprn", "its unique property reference number"),
    Attribute("position", "easting and northing", "EPSG:27700 m", kind="text"),
    Attribute("rough_position", "easting and northing, good to a postcode or so", "EPSG:27700 m", kind="text"),
)

ATTRIBUTES: dict[str, Attribute] = {attribute.name: attribute for attribute in _ALL}

IDENTITY: dict[str, Attribute] = {attribute.name: attribute for attribute in _IDENTITY}
"""What a holding is called and where it is: claims like any other, shown by the winning one."""

UNITS: dict[str, str] = {attribute.name: attribute.unit for attribute in (*_IDENTITY, *_ALL)}
