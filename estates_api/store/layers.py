"""The tables that collections are read from: one for each audience, decided where rows are written (projection.py).

`site_complete` <- `site_partner` <- `site_public` inherit: reading a table reads those below it, so that each site
stands once, in the table of the widest audience that may see it.
"""

from geoalchemy2 import Geometry
from sqlalchemy import Boolean, Column, Date, Float, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from estates_api.domain.collections import COLLECTIONS, Kind
from estates_api.store.geography import metadata

__all__ = ["AUDIENCES", "metadata", "projections"]

AUDIENCES = ("public", "partner", "complete")

_TYPES = {"string": Text, "integer": Integer, "number": Float, "boolean": Boolean, "date": Date}


def _kinds() -> dict[str, Kind]:
    """Every property of the collections that are read from the table of sites, in order, once."""
    used = (COLLECTIONS["sites"], COLLECTIONS["candidates"])
    return {one.name: one.kind for collection in used for one in collection.properties if one.name != "ref"}


def _sites(audience: str) -> Table:
    name = f"site_{audience}"
    there = text("outline IS NOT NULL")
    return Table(
        name, metadata,
        Column("ref", Text, primary_key=True),
        *(Column(name, _TYPES[kind], nullable=name != "name") for name, kind in _kinds().items()),
        Column("geom", Geometry("POINT", 27700, spatial_index=False)),
        Column("geom_crs84", Geometry("POINT", 4326, spatial_index=False)),
        Column("outline", Geometry("MULTIPOLYGON", 27700, spatial_index=False)),
        Column("outline_crs84", Geometry("MULTIPOLYGON", 4326, spatial_index=False)),
        Column("site_feature", Text),
        Column("candidate_feature", Text),
        Column("outline_feature", Text),
        Column("held", JSONB),
        Column("explanation", JSONB),
        Column("gone", JSONB),
        Index(f"{name}_geom", "geom", postgresql_using="gist"),
        Index(f"{name}_geom_crs84", "geom_crs84", postgresql_using="gist"),
        Index(f"{name}_outline", "outline", postgresql_using="gist", postgresql_where=there),
        Index(f"{name}_outline_crs84", "outline_crs84", postgresql_using="gist",
              postgresql_where=text("outline_crs84 IS NOT NULL")),
    )  # fmt: skip


projections = {audience: _sites(audience) for audience in AUDIENCES}
