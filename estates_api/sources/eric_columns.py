"""ERIC's columns: every name an attribute has been published under, exactly as printed (editions 2013-14 to 2024-25).

A column that changed its unit has another attribute; units are part of the compared name (see `normalise_header`).
"""

import re

from estates_api.sources.table import Aliases

ORGANISATION_CODE, ORGANISATION_NAME, ORGANISATION_TYPE = "Organisation Code", "Organisation Name", "Organisation Type"
SITE_CODE, SITE_NAME, POSTCODE = "Site Code", "Site Name", "Post Code"

IDENTITY: dict[str, tuple[str, ...]] = {
    ORGANISATION_CODE: ("Organisation Code", "Trust Code"),  # Trust Code from 2018-19
    ORGANISATION_NAME: ("Organisation Name", "Trust Name"),
    ORGANISATION_TYPE: ("Organisation Type", "Trust Type"),
    SITE_CODE: ("Site Code",),
    SITE_NAME: ("Site Name",),
    POSTCODE: ("Post Code", "Postcode"),
}

VALUES: dict[str, tuple[str, ...]] = {
    "site_type": ("Site Type",),
    "gia_m2": ("Gross internal floor area (m²)", "Gross internal site floor area (m²)"),
    "occupied_m2": ("Occupied floor area (m²)",),
    "nhs_occupied_pct": ("NHS estate occupied floor area (%)",),
    "land_ha": ("Site land area (Hectare)", "Site land area (Hectares)"),
    "land_owned_ha": ("Land area owned (Hectares)", "Land area owned (Hectare)"),
    "idle_land_ha": ("Land area not delivering services (Hectares)", "Land area not delivering services (Hectare)"),
    "footprint_m2": ("Site footprint (m²)", "Building footprint (m²)"),
    "clinical_m2": ("Clinical space (m²)", "Patient occupied floor area (m²)"),
    "non_clinical_m2": ("Non-clinical space (m²)", "Non-patient occupied floor area (m²)"),
    "unsuitable_pct": ("Not functionally suitable - occupied floor area (%)",),
    "unutilised_pct": ("Un-utilised space (%)", "Unutilised space (%)"),
    "empty_pct": ("Floor area - empty (%)",),
    "underused_pct": ("Floor area - under used (%)", "Floor area - underused (%)"),
    "empty_m2": ("Floor area - empty (m²)",),
    "unoccupied_m2": ("Internal floor area - unoccupied (m²)",),
    "backlog_high_gbp": ("Cost to eradicate high risk backlog (£)",),
    "backlog_significant_gbp": ("Cost to eradicate significant risk backlog (£)",),
    "backlog_moderate_gbp": ("Cost to eradicate moderate risk backlog (£)",),
    "backlog_low_gbp": ("Cost to eradicate low risk backlog (£)",),
    "finance_cost_gbp": ("Estates and facilities finance costs (£)",),
    "hard_fm_cost_gbp": ("Hard FM (Estates) costs (£)",),
    "soft_fm_cost_gbp": ("Soft FM (Hotel Services) costs (£)",),
    "maintenance_cost_gbp": ("Estates and property maintenance (£)",),
    "grounds_cost_gbp": ("Grounds and gardens maintenance (£)",),
    "equipment_cost_gbp": ("Electro Bio Medical Equipment maintenance cost (£)",),
    "other_hard_fm_cost_gbp": ("Other Hard FM (Estates) costs (£)",),
    "other_soft_fm_cost_gbp": ("Other Soft FM (Hotel Services) costs (£)",),
    "energy_cost_gbp": (
        "Total energy cost (all energy supplies, utility, local and renewable) (£)",
        "Energy cost (all energy supplies) (£)",
        "Energy costs (all energy supplies) (£)",
    ),
    "water_cost_gbp": ("Water and sewage cost (£)", "Water cost (£)"),
    "sewage_cost_gbp": ("Sewage cost (£)",),
    "waste_cost_gbp": ("Total waste cost (£)", "Waste cost (£)"),
    "landfill_cost_gbp": ("Landfill disposal cost (£)",),
    "incineration_cost_gbp": ("Incineration disposal cost (£)",),
    "recycling_cost_gbp": ("Waste recycling cost (£)", "Waste reycling cost (£)"),  # as printed in 2016-17
    "other_recovery_cost_gbp": ("Other recovery cost (£)",),
    "cleaning_cost_gbp": ("Cleaning service cost (£)",),
    "food_cost_gbp": (
        "Inpatient food service cost (£)",
        "In-patient food services cost (£)",
        "Gross cost of in-patient services (£)",  # section Food Services, 2013-14
    ),
    "laundry_cost_gbp": ("Laundry and linen service cost (£)",),
    "portering_cost_gbp": ("Portering service cost (£)", "Portering (internal patient transport) service cost (£)"),
    "pfi_unitary_charge_gbp": ("PFI Unitary charges (£)",),
    "tenure": ("Tenure",),
}

ALIASES = Aliases({**IDENTITY, **VALUES})

ENERGY_PART = "energy cost, part"
"""From 2022-23 energy is asked fuel by fuel, without a total: the fields of these columns, counted from 1."""

IS_ENERGY_PART = re.compile(
    r"(?!.*\b(income|saving|savings|export|exported|investment|waste|medical|maintenance)\b)"
    r".*\b(electricity|gas|oil|coal|steam|heat|hot water|biomass|renewable|renewables|energy|fossil)\b.*\bcosts?"
)
ESSENTIAL_FUELS = ("electricity", "gas")
"""Without both of these the parts are no whole."""

HAS_UNIT = re.compile(r"\((?:Â?£|%|m²|mÂ²|m2|hectares?)\)", re.IGNORECASE)
LEFT_OUT = ("age profile",)
"""Columns with a unit that have been seen and that nothing is made of, by the beginning of their names."""

EXPECTED: dict[str, tuple[str, ...]] = {
    "gross internal floor area": ("gia_m2",),
    "empty or under-used floor area": ("unutilised_pct", "empty_pct", "empty_m2", "unoccupied_m2"),
    "land": ("land_ha", "land_owned_ha"),
    "high and significant risk backlog": ("backlog_high_gbp", "backlog_significant_gbp"),
    "running costs: energy": ("energy_cost_gbp", f"{ENERGY_PART} 1"),
    "running costs: maintenance or hard FM": ("maintenance_cost_gbp", "hard_fm_cost_gbp"),
}
"""What a list cannot be made without: one of each group should be there, or the edition says less than it seems."""

FORMS: dict[str, tuple[int, str]] = {
    "2013-14": (76, "Age profile - 2005 to present (%)"),
    "2014-15": (104, "Age profile - 2015 to present (%)"),
    "2016-17": (126, "Land area not delivering services (Hectares)"),
}
"""Editions whose header no other edition has: number of columns, all under `Organisation Code`, and one of them."""
