"""The statements that read features: built with SQLAlchemy, compiled once for each shape of request."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import psycopg

from estates_api.domain.collections import Property
from estates_api.domain.crs import CRS84, Crs
from estates_api.store.conditions import After, Condition, Filtered, Matches, Sort
from estates_api.store.layers import Layer

PLACES = {4326: 7, 27700: 2, 3857: 2}
"""Decimal places of coordinates: about a centimetre everywhere."""

_DIALECT = psycopg.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Look:
    """How features look: in which system, and with which properties (None: all)."""

    crs: Crs = CRS84
    properties: tuple[str, ...] | None = None

    @property
    def plain(self) -> bool:
        """As they are rendered on write."""
        return self == Look()


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a request for a page: requests that differ in values alone have the same."""

    layer: Layer
    conditions: tuple[Condition, ...] = ()
    sort: tuple[Sort, ...] = ()
    after: After | None = None
    look: Look = field(default_factory=Look)
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with named places, and a value for each."""

    sql: str
    values: Mapping[str, Any]


def compiled(query: Select[Any]) -> Statement:
    """A statement as psycopg takes it, with the values that are bound in it."""
    made = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return Statement(str(made), made.params)


def page_statement(shape: Shape, values: Mapping[str, Any]) -> Statement:
    """One page and one feature more: id, feature text, sort values, and (`counted`) how many match in all."""
    made = filtered(lambda conditions: _kept_page(replace(shape, conditions=conditions)), shape.conditions)
    return Statement(made.sql, {**made.values, **values})


def filtered(kept: Callable[[tuple[Condition, ...]], Statement], conditions: tuple[Condition, ...]) -> Statement:
    """A statement with these conditions, by a function that keeps what it compiled: once for all filters, and each
    filter by itself (0.6 ms instead of 2.4)."""
    filters = [one.compiled for one in conditions if isinstance(one, Matches)]
    if not filters:
        return kept(conditions)
    rest = tuple(one for one in conditions if not isinstance(one, Matches))
    made, said = kept((*rest, Filtered())), _filter_text(and_(*filters))
    return Statement(made.sql.replace(Filtered.MARK, said.sql), {**made.values, **said.values})


def _filter_text(clause: ColumnElement[bool]) -> Statement:
    """A filter as text, its values under names that nothing else in a statement has."""
    made = clause.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    sql = re.sub(r"%\((\w+)\)s", r"%(filter_\1)s", str(made))
    return Statement(f"({sql})", {f"filter_{name}": value for name, value in made.params.items()})


@lru_cache(maxsize=512)
def _kept_page(shape: Shape) -> Statement:
    return compiled(_page(shape))


def conditions_of(layer: Layer, conditions: tuple[Condition, ...]) -> ColumnElement[bool]:
    """All conditions as one expression."""
    own = [layer.where] if layer.where is not None else []
    return and_(true(), *own, *(one.clause(layer) for one in conditions))


def _order(layer: Layer, sort: tuple[Sort, ...]) -> list[ColumnElement[Any]]:
    columns = [(layer.columns[one.name], one.descending) for one in sort]
    return [*((c.desc() if down else c.asc()).nulls_last() for c, down in columns), layer.id.asc()]


def _page(shape: Shape) -> Select[Any]:
    layer, where = shape.layer, conditions_of(shape.layer, shape.conditions)
    keys = [layer.columns[one.name].label(f"sort{number}") for number, one in enumerate(shape.sort)]
    limit = bindparam("limit", type_=Integer)
    text_ = feature_text(layer, shape.look).label("feature")
    if not shape.counted:
        query = select(layer.id.label("id"), text_, *keys).where(where)
        if shape.after is not None:
            query = query.where(shape.after.clause(layer))
        return query.order_by(*_order(layer, shape.sort)).limit(limit)
    # Filtered once: the count and the page are of the same ids, and only the page is rendered.
    hits = (
        select(layer.id.label("id"), *keys).where(where).cte("hits").prefix_with("MATERIALIZED", dialect="postgresql")
    )
    order = [*((hits.c[f"sort{n}"].desc() if one.descending else hits.c[f"sort{n}"].asc()).nulls_last()
               for n, one in enumerate(shape.sort)), hits.c.id.asc()]  # fmt: skip
    page = select(hits).order_by(*order).limit(limit).subquery("page")
    matched = select(func.count()).select_from(hits).scalar_subquery().label("matched")
    sorts = [page.c[f"sort{number}"] for number in range(len(shape.sort))]
    joined = select(page.c.id, text_, *sorts, matched).join_from(page, layer.source, layer.id == page.c.id)
    again = [*((page.c[f"sort{n}"].desc() if one.descending else page.c[f"sort{n}"].asc()).nulls_last()
               for n, one in enumerate(shape.sort)), page.c.id.asc()]  # fmt: skip
    return joined.order_by(*again)


def whole_query(
    layer: Layer, columns: Sequence[ColumnElement[Any]], conditions: tuple[Condition, ...], *,
    sort: tuple[Sort, ...] = (), limit: int | None = None,
) -> Select[Any]:  # fmt: skip
    """Everything that matches, in order, as these columns."""
    return select(*columns).where(conditions_of(layer, conditions)).order_by(*_order(layer, sort)).limit(limit)


@lru_cache(maxsize=512)
def item_statement(layer: Layer, look: Look) -> Statement:
    """One feature by the value `id`."""
    where = and_(conditions_of(layer, ()), layer.id == bindparam("id", type_=Text))
    return compiled(select(feature_text(layer, look).label("feature")).where(where))


def count_statement(layer: Layer, conditions: tuple[Condition, ...], values: Mapping[str, Any]) -> Statement:
    """How many match."""
    made = compiled(select(func.count()).select_from(layer.source).where(conditions_of(layer, conditions)))
    return Statement(made.sql, {**made.values, **values})


def feature_text(layer: Layer, look: Look) -> ColumnElement[str]:
    """A feature as GeoJSON text: `{"type":"Feature","id":…,"geometry":…,"properties":{…}}`."""
    if layer.feature is not None and look.plain:
        return layer.feature
    shape = geometry_text(layer, look.crs)
    if layer.feature is not None and look.properties is None:
        # What was rendered on write, from its properties on: an id of ours has no quotes in it.
        said: ColumnElement[str] = func.substr(layer.feature, func.strpos(layer.feature, ',"properties":'))
        return _joined('{"type":"Feature","id":', func.to_json(layer.id), ',"geometry":', shape, said)
    properties = properties_text(layer, look.properties)
    return _joined('{"type":"Feature","id":', func.to_json(layer.id), ',"geometry":', shape,
                   ',"properties":', properties, "}")  # fmt: skip


def _joined(*parts: Any) -> ColumnElement[str]:
    whole = None
    for part in parts:
        one = literal_column("'" + part + "'") if isinstance(part, str) else cast(part, Text)
        whole = one if whole is None else whole.op("||")(one)
    return whole  # type: ignore[return-value]


def geometry_text(layer: Layer, crs: Crs) -> ColumnElement[str]:
    """The geometry as GeoJSON text in a system, its axes in the order of the authority; `null` when unknown."""
    shape = geometry_in(layer, crs)
    # Options 0: no `crs` member, which RFC 7946 has not.
    return func.coalesce(func.ST_AsGeoJSON(shape, PLACES[crs.srid], 0), literal_column("'null'"))


def geometry_in(layer: Layer, crs: Crs) -> ColumnElement[Any]:
    """The geometry in a system: as it is stored, or made of the stored degrees."""
    shape = layer.shapes[crs.srid] if crs.srid in layer.shapes else func.ST_Transform(layer.shapes[4326], crs.srid)
    return func.ST_FlipCoordinates(shape) if crs.swapped else shape


def properties_text(layer: Layer, names: tuple[str, ...] | None) -> ColumnElement[str]:
    """Properties as JSON text, in the order of the collection; decimals as decimals (12.00, not 12)."""
    said = [one for one in layer.collection.properties if names is None or one.name in names]
    if not said:
        return literal_column("'{}'")
    inner = select(*(shown(layer, one).label(one.name) for one in said)).correlate(layer.source).subquery("p")
    return cast(
        select(func.row_to_json(literal_column("p"))).select_from(inner).correlate(layer.source).scalar_subquery(), Text
    )


def shown(layer: Layer, one: Property) -> ColumnElement[Any]:
    """A property as it is shown: rounded to its places."""
    value = layer.columns[one.name]
    return func.round(cast(value, Numeric), one.places) if one.kind == "number" else value
