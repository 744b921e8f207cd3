"""The tables of reference geography, as queries see them: boroughs, neighbourhoods, postcodes, layers of the place."""

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Column, Date, Float, ForeignKey, Index, Integer, Table, Text

from estates_api.store.columns import metadata, serial

__all__ = ["borough", "layer_feature", "layer_part", "lsoa", "metadata", "postcode", "standing_layer"]

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

layer_feature = Table(
    "layer_feature", metadata,
    serial(),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("reference", Text),
    Column("classed", Text),
    Column("starts", Date),
    Column("ends", Date),
    Column("geom", Geometry("GEOMETRY", 27700, spatial_index=False), nullable=False),
    Column("geom_crs84", Geometry("GEOMETRY", 4326, spatial_index=False), nullable=False),
    Index("layer_feature_edition", "edition_id", "kind"),
    Index("layer_feature_geom", "geom", postgresql_using="gist"),
    Index("layer_feature_geom_crs84", "geom_crs84", postgresql_using="gist"),
)  # fmt: skip

standing_layer = Table(
    "standing_layer", metadata,
    Column("kind", Text, primary_key=True),
    Column("source", Text, ForeignKey("source.name"), primary_key=True),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
)  # fmt: skip

layer_part = Table(
    "layer_part", metadata,
    Column("feature_id", BigInteger, ForeignKey("layer_feature.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("geom", Geometry("POLYGON", 27700, spatial_index=False), nullable=False),
    Index("layer_part_feature", "feature_id"),
    Index("layer_part_geom", "geom", postgresql_using="gist"),
)  # fmt: skip
