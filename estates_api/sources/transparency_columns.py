"""Names under which councils publish the fields of the Transparency Code, and the codes of the councils we know."""

from estates_api.sources.table import Aliases

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
            "Asset number",
            "Property reference",
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
        ),
        "address": ("address", "Property address", "Full address", "Site address"),
        "number": ("street_number", "No", "Number", "Street No", "Street number(s)", "StreetNumber"),
        "street": ("street", "Street name", "Road"),
        "town": ("post_town", "Post Town", "Town", "PostTown"),
        "postcode": ("postcode", "Post Code", "UK postcode"),
        "x": ("X Co-ordinate", "GeoX", "Easting", "Eastings", "X coordinate", "X", "Longitude", "Long", "Lon"),
        "y": ("Y Co-ordinate", "GeoY", "Northing", "Northings", "Y coordinate", "Y", "Latitude", "Lat"),
        "tenure": ("tenure", "Tenure type", "TenureType", "Freehold/Leasehold", "Freehold or leasehold"),
        "tenure_category": ("tenure_category", "Tenure Category", "Tenure detail", "Tenure details", "TenureDetail"),
        "land_or_building": (
            "land_or_building",
            "Land or building",
            "Land only or building",
            "Holding type",
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

# GSS codes of the ONS; names as `_plain_council` leaves them.
LONDON_BOROUGHS = {
    "barnet": "E09000003",
    "camden": "E09000007",
    "enfield": "E09000010",
    "haringey": "E09000014",
    "islington": "E09000019",
}

SQUARE_METRES = {"m2": 1.0, "ha": 10_000.0, "acre": 4046.8564224, "ft2": 0.09290304}

UNIT_WORDS = {
    **dict.fromkeys(("m2", "sqm", "sqmetres", "sqmeters", "msq"), "m2"),
    **dict.fromkeys(("ha", "hectare", "hectares"), "ha"),
    **dict.fromkeys(("acre", "acres"), "acre"),
    **dict.fromkeys(("ft2", "sqft", "sqfeet"), "ft2"),
}
