"""The table of needs, as queries see it, and the views of it that audiences read."""

from collections.abc import Mapping

from geoalchemy2 import Geometry
from sqlalchemy import Column, Date, Float, Integer, Table, TableClause, Text, UniqueConstraint, column, table
from sqlalchemy.dialects.postgresql import ARRAY

from estates_api.store.columns import metadata, now, sensitivity, serial
from estates_api.store.layers import AUDIENCES

need = Table(
    "need", metadata,
    serial(),
    Column("need", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("organisation_code", Text, nullable=False),
    Column("organisation_name", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("floor_area_low_m2", Float, nullable=False),
    Column("floor_area_high_m2", Float),
    Column("boroughs", ARRAY(Text)),
    Column("postcode", Text),
    Column("easting", Float),
    Column("northing", Float),
    Column("radius_m", Float),
    Column("polygon", Geometry("MULTIPOLYGON", 27700, spatial_index=False)),
    Column("ptal", Text),
    Column("required_by", Date),
    sensitivity(),
    Column("note", Text, nullable=False),
    Column("closed", Text),
    Column("recorded_by", Text, nullable=False),
    now(),
    UniqueConstraint("need", "revision"),
)  # fmt: skip

seen_needs: Mapping[str, TableClause] = {
    audience: table(f"need_{audience}", *(column(one.name, one.type) for one in need.c))
    for audience in (*AUDIENCES, "owner")
}
"""The last revision of each need, by who may see it."""
