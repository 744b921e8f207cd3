"""Names under which councils publish the fields of the Transparency Code. An area profile adds those of its own."""

from collections.abc import Mapping, Sequence

from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources.table import Aliases, normalise_header

ALIASES = Aliases(
    {
        "organisation": ("organisation_name", "Organisation name", "OrganisationLabel", "Council", "Local authority"),
        "organisation uri": ("organisation_uri", "OrganisationURI", "Organisation URI", "Organisation code"),
        "asset id": (
            "local_id",
            "Unique Asset ID",
            "UniqueAssetID",
            "Unique asset identity",
            "Unique asset identifier",
            "Unique property ID",
            "Asset ID",
            "Asset reference",
            "Asset reference number",
            "Asset ref",
            "Asset ref no",
            "Asset number",
            "Asset no",
            "Asset code",
            "Property reference",
            "Property reference number",
            "Property ref",
            "Property ref no",
            "Property ID",
            "Property number",
            "Site reference",
            "Site ref",
            "Local ID",
        ),
        "uprn": ("UPRN", "Unique Property Reference Number (UPRN)", "Unique Property Reference Number"),
        "name": (
            "name",
            "Name of the building/land or both",
            "Building name",
            "Asset name",
            "Property name",
            "Site name",
            "Property",
            "Asset",
            "Property description",
            "Asset description",
        ),
        "address": ("address", "Property address", "Full address", "Site address", "Asset address"),
        "number": ("street_number", "No", "Number", "Street No", "Street number(s)", "StreetNumber"),
        "street": ("street", "Street name", "Road"),
        "town": ("post_town", "Post Town", "Town", "PostTown"),
        "postcode": ("postcode", "Post Code", "UK postcode"),
        "x": ("X Co-ordinate", "GeoX", "Easting", "Eastings", "X coordinate", "X", "Longitude", "Long", "Lon"),
        "y": ("Y Co-ordinate", "GeoY", "Northing", "Northings", "Y coordinate", "Y", "Latitude", "Lat"),
        "point": ("point", "location", "geometry", "the_geom", "Map reference"),
        "vacant": ("Vacant", "Vacant?", "Is vacant", "Vacant (Y/N)", "Vacant Y/N", "Vacant (Yes/No)"),
        "occupied": (
            "Occupied by the local authority",
            "Occupied by local authority",
            "Occupied by the council",
            "Occupied by council",
            "Occupied by LA",
        ),
        "let": ("Let", "Let (Y/N)", "Leased out", "Let out"),
        "tenure": (
            "tenure",
            "Tenure type",
            "TenureType",
            "Freehold/Leasehold",
            "Freehold or leasehold",
            "Freehold (F) / Leasehold (L)",
            "Freehold/Leasehold (F/L)",
            "Freehold or leasehold (F/L)",
            "Tenure (F/L)",
            "Tenure (freehold/leasehold)",
            "Tenure (freehold or leasehold)",
            "F/L",
            "F or L",
            "FH/LH",
        ),
        "lease end": (
            "lease_end",
            "Lease end",
            "Lease end date",
            "Lease expiry",
            "Lease expiry date",
            "Date of lease expiry",
            "Expiry of lease",
        ),
        "lease break": ("lease_break", "Lease break", "Lease break date", "Break date", "Break clause date"),
        "tenure_category": ("tenure_category", "Tenure Category", "Tenure detail", "Tenure details", "TenureDetail"),
        "land_or_building": (
            "land_or_building",
            "Land or building",
            "Land only or building",
            "Holding type",
            "Land only",
            "Land only (Y/N)",
            "Land only (without a permanent building)",
            "Land/Building",
            "Land only (without permanent building) or land with a permanent building",
        ),
        "current_use": ("current_use", "Use", "Current use", "Property type", "Asset type", "Services offered"),
        "building size": (
            "size_building_m2",
            "Size building",
            "Size building (m2)",
            "Size building (sqm)",
            "SizeBuilding",
            "Building size",
            "Building size (m2)",
            "Gross internal area",
            "Gross internal area (m2)",
            "GIA (m2)",
            "GIA",
            "GIA (sqm)",
            "Floor area (m2)",
            "Floor area (sqm)",
            "Size building (sq ft)",
        ),
        "land size": (
            "size_land_ha",
            "Size Land",
            "Size land (ha)",
            "Size land (hectares)",
            "Size land (m2)",
            "Size land (sqm)",
            "Size land (acres)",
            "SizeLand",
            "Land size",
            "Land size (ha)",
            "Site area (ha)",
            "Site area (hectares)",
            "Site area (m2)",
            "Site area (acres)",
            "Land area (ha)",
            "Land area (hectares)",
            "Land area (m2)",
            "Land area (acres)",
            "Hectares",
            "Acres",
            "Area (ha)",
        ),
        "holding_purpose": (
            "holding_purpose",
            "Reason for holding",
            "Purpose",
            "Purpose for holding",
            "Holding reason",
        ),
        "status_note": ("status_note", "Notes", "Comments", "Status"),
        "source title": ("source_title",),
        "source url": ("source_url",),
        "evidence date": ("source_date_seen_in_text", "source_date", "evidence_date"),
        "ownership evidence": ("ownership_evidence",),
    }
)

OTHER_LISTS = frozenset(map(normalise_header, ("OwnershipStatus", "ownership-status", "planning-permission-status")))
"""Columns of the brownfield register, which has a reference, a place and hectares as well."""


def with_profile(code: str, names: Mapping[str, Sequence[str]]) -> Aliases:
    """The names, with those that the area profile gives for one council first. BadInput for a field there is not."""
    fields = dict(ALIASES.fields)
    for name, headers in names.items():
        field = name if name in fields else name.replace("_", " ")
        if field not in fields:
            known = ", ".join(one.replace(" ", "_") for one in fields)
            raise BadInput(f"the area profile has headers of {code} for {shorten(name)!r}; the fields are {known}")
        fields[field] = (*headers, *fields[field])
    return Aliases(fields)
