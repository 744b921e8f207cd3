"""The tables that collections are read from: one for each audience, decided where rows are written (projection.py).

`site_complete` <- `site_partner` <- `site_public` inherit: reading a table reads those below it, so that each site
stands once, in the table of the widest audience that may see it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    Float,
    FromClause,
    Index,
    Integer,
    MetaData,
    Table,
    TableClause,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

from estates_api.domain.callers import Audience, Circle
from estates_api.domain.collections import COLLECTIONS, Collection, Kind
from estates_api.store.geography import borough, lsoa, metadata

__all__ = ["AUDIENCES", "POINT", "READERS", "Audience", "Layer", "given_layer", "layer", "metadata", "projections"]

AUDIENCES: tuple[Circle, ...] = ("public", "partner", "complete")
READERS = (*AUDIENCES, "owner", "keys")
"""Whose database roles there are: of the audiences, of owners, and to look keys up."""

_TYPES: Mapping[Kind, type[TypeEngine[Any]]] = {
    "string": Text,
    "integer": Integer,
    "number": Float,
    "boolean": Boolean,
    "date": Date,
}


def _kinds() -> dict[str, Kind]:
    """Every property of the collections that are read from the table of sites, in order, once."""
    used = (COLLECTIONS["sites"], COLLECTIONS["candidates"])
    return {one.name: one.kind for collection in used for one in collection.properties if one.name != "ref"}


def _sites(audience: str, there_in: MetaData = metadata) -> Table:
    name = f"site_{audience}"
    there, own = text("outline IS NOT NULL"), text("private_to IS NOT NULL")
    private = [Index(f"{name}_private", "private_to", "ref", postgresql_where=own)] if audience == "complete" else []
    return Table(
        name, there_in,
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
        Column("measured", JSONB),
        Column("gone", JSONB),
        Column("public_owners", ARRAY(Text)),
        Column("turn", Integer, nullable=False),
        Column("private_to", Text),
        Index(f"{name}_geom", "geom", postgresql_using="gist"),
        Index(f"{name}_geom_crs84", "geom_crs84", postgresql_using="gist"),
        Index(f"{name}_turn", "turn"),
        Index(f"{name}_borough", "borough"),
        Index(f"{name}_outline", "outline", postgresql_using="gist", postgresql_where=there),
        Index(f"{name}_outline_crs84", "outline_crs84", postgresql_using="gist",
              postgresql_where=text("outline_crs84 IS NOT NULL")),
        *private,
    )  # fmt: skip


projections: Mapping[str, TableClause] = {
    **{audience: _sites(audience) for audience in AUDIENCES},
    "owner": table("site_owner", *(column(one.name, one.type) for one in _sites("owner", MetaData()).c)),
}
"""What an audience reads sites from, by its name: of owners a view, which knows whose it is by a setting."""


def _assemblies(audience: str, there_in: MetaData = metadata) -> Table:
    name, made = f"assembly_{audience}", COLLECTIONS["assemblies"]
    free = {"borough", "area_ha", "gain_ha", "homes_low", "homes_high"}
    return Table(
        name, there_in,
        Column("id", Text, primary_key=True),
        *(Column(one.name, _TYPES[one.kind], nullable=one.name in free) for one in made.properties),
        Column("refs", ARRAY(Text), nullable=False),
        Column("geom", Geometry("MULTIPOLYGON", 27700, spatial_index=False)),
        Column("geom_crs84", Geometry("MULTIPOLYGON", 4326, spatial_index=False)),
        Index(f"{name}_geom", "geom", postgresql_using="gist"),
        Index(f"{name}_geom_crs84", "geom_crs84", postgresql_using="gist"),
    )  # fmt: skip


assemblies: Mapping[str, TableClause] = {
    **{audience: _assemblies(audience) for audience in AUDIENCES},
    "owner": table("assembly_owner", *(column(one.name, one.type) for one in _assemblies("owner", MetaData()).c)),
}


layer_summary = Table(
    "layer_summary", metadata,
    Column("audience", Text, primary_key=True),
    Column("collection", Text, primary_key=True),
    Column("features", Integer, nullable=False),
    Column("placed", Integer, nullable=False),
    Column("box_4326", ARRAY(Float)),
    Column("box_27700", ARRAY(Float)),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A collection as it is read: where from, by which key, its properties, its shape as it is stored in EPSG:27700
    and EPSG:4326, its features as GeoJSON text in CRS84 where they are rendered on write, which rows are its, and
    whose turn it is to be drawn where there is no room for all. `codes`: of the holdings, to be searched."""

    collection: Collection
    source: FromClause
    id: ColumnElement[str]
    columns: Mapping[str, ColumnElement[Any]]
    shapes: Mapping[int, ColumnElement[Any]]
    feature: ColumnElement[str] | None = None
    where: ColumnElement[bool] | None = None
    turn: ColumnElement[int] | None = None
    codes: ColumnElement[str] | None = None

    @property
    def named(self) -> ColumnElement[str]:
        """What names a feature, to be searched: every text that it says, small and without apostrophes, which not
        everybody writes, and postcodes without their space."""
        said = [self.columns[one.name] for one in self.collection.properties if one.name in NAMING]
        codes = [] if self.codes is None else [self.codes]
        spaceless = [func.replace(self.columns["postcode"], " ", "")] if "postcode" in self.columns else []
        return func.translate(func.lower(func.concat_ws(" ", self.id, *said, *spaceless, *codes)), APOSTROPHES, "")


APOSTROPHES = "'\u2018\u2019"
"""Straight, and curved as telephones write them."""


NAMING = frozenset({"name", "address", "postcode", "borough", "owner", "owners", "organisation", "organisations",
                    "code", "organisation_code", "uprn", "site", "site_name", "reference"})  # fmt: skip
"""The properties that a search looks into."""

# What a row is, told by a column at its beginning: looking for the text at its end would take twice as long.
_SITES: Mapping[str, tuple[str, str, Callable[[TableClause], ColumnElement[bool]]]] = {
    "sites": ("site_feature", "geom", lambda table: table.c.precision.is_not(None)),
    "candidates": ("candidate_feature", "geom", lambda table: table.c.route.is_not(None)),
    "outlines": ("outline_feature", "outline", lambda table: table.c.precision == literal_column("'outline'")),
}
"""Column of the rendered text and of the shape, and which rows are of the collection: those that have the text."""

SITE_COLLECTIONS = tuple(_SITES)
"""The collections that are read from the table of sites."""


def layer(collection: str, audience: Audience) -> Layer:
    """A collection as an audience reads it today, always the same object; of all owners too."""
    return _layer(collection, str(audience))


@lru_cache
def _layer(collection: str, audience: str) -> Layer:
    made = COLLECTIONS[collection]
    if collection in _SITES:
        return _site_layer(made, projections[audience])
    source, key = _plain(made, audience)
    shapes = {27700: source.c.geom, 4326: source.c.geom_crs84}
    return Layer(made, source, source.c[key], {name: source.c[name] for name in made.names}, shapes)


def _site_layer(made: Collection, source: TableClause) -> Layer:
    feature, shape, there = _SITES[made.id]
    columns = {name: source.c[name] for name in made.names}
    shapes = {27700: source.c[shape], 4326: source.c[f"{shape}_crs84"]}
    return Layer(
        made,
        source,
        source.c.ref,
        columns,
        shapes,
        source.c[feature],
        there(source),
        source.c.turn,
        cast(func.jsonb_path_query_array(source.c.held, literal_column("'$[*].code'")), Text),
    )


def _plain(made: Collection, audience: str) -> tuple[FromClause, str]:
    match made.id:
        case "boroughs":
            return borough, "gss"
        case "lsoas":
            return lsoa, "code"
        case "designations" | "town-centres" | "stations":  # views of the layers that count, the same for everybody
            return table(_NOW[made.id], column("id", Text), *_described(made)), "id"
        case "assemblies":
            return assemblies[audience], "id"
        case _:  # the view of holdings at the sites that an audience may see
            return table(f"holding_{audience}", column("id", Text), *_described(made)), "id"


_NOW = {"designations": "designation_now", "town-centres": "town_centre_now", "stations": "station_now"}


def _described(made: Collection) -> list[Any]:
    """The properties and shapes of a collection as columns of something that is not a table of ours."""
    named = [column(one.name, _TYPES[one.kind]) for one in made.properties]
    return [*named, column("geom", Geometry(srid=27700)), column("geom_crs84", Geometry(srid=4326))]


POINT = "CASE WHEN s.precision = 'outline' THEN ST_PointOnSurface(s.{0}) ELSE s.{0} END"
"""A site in the collections: readers expect one type of geometry in each; outlines have one of their own."""


@lru_cache
def given_layer(collection: str) -> Layer:
    """A collection whose rows are given with the query, as the bound value `rows`: a JSON array of objects with `id`,
    `at` (the reference of the site where it is) and the properties. Who may see them is the caller's to say."""
    made = COLLECTIONS[collection]
    shape = POINT if made.shape == "Point" else "ST_ForcePolygonCCW(s.{0})"
    kinds = ", ".join(f'"{one.name}" {_SQL[one.kind]}' for one in made.properties)
    query = text(f"""
        SELECT g.*, {shape.format("geom")} AS geom, {shape.format("geom_crs84")} AS geom_crs84
        FROM jsonb_to_recordset(:rows) AS g(id text, at text, {kinds}) LEFT JOIN site s ON s.ref = g.at
    """).bindparams(bindparam("rows", type_=JSONB))  # noqa: S608 -- made of constants
    source = query.columns(column("id", Text), *_described(made)).subquery("given")
    shapes = {27700: source.c.geom, 4326: source.c.geom_crs84}
    return Layer(made, source, source.c.id, {name: source.c[name] for name in made.names}, shapes)


_SQL: Mapping[Kind, str] = {
    "string": "text", "integer": "integer", "number": "double precision", "boolean": "boolean", "date": "date",
}  # fmt: skip
