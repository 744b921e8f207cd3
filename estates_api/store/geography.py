"""The tables of reference geography, as queries see them: boroughs, neighbourhoods and postcodes."""

from geoalchemy2 import Geometry
from sqlalchemy import Column, Float, Index, Integer, Table, Text

from estates_api.store.columns import metadata

__all__ = ["borough", "lsoa", "metadata", "postcode"]

borough = Table(
    "borough", metadata,
    Column("gss", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("geom", Geometry("MULTIPOLYGON", 27700, spatial_index=False), nullable=False),
    Column("geom_crs84", Geometry("MULTIPOLYGON", 4326, spatial_index=False)),
    Index("borough_geom_crs84", "geom_crs84", postgresql_using="gist"),
    Index("borough_geom", "geom", postgresql_using="gist"),
)  # fmt: skip

lsoa = Table(
    "lsoa", metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("borough_gss", Text, nullable=False),
    Column("geom", Geometry("POINT", 27700, spatial_index=False), nullable=False),
    Column("imd_decile", Integer),
    Column("ptal", Text),
    Column("geom_crs84", Geometry("POINT", 4326, spatial_index=False)),
    Index("lsoa_geom_crs84", "geom_crs84", postgresql_using="gist"),
    Index("lsoa_geom", "geom", postgresql_using="gist"),
)  # fmt: skip

postcode = Table(
    "postcode", metadata,
    Column("postcode", Text, primary_key=True),
    Column("easting", Float),
    Column("northing", Float),
    Column("lsoa_code", Text),
    Column("borough_gss", Text),
    Column("terminated", Text),
)  # fmt: skip
