"""Vector tiles (MVT) in the Web Mercator square, made by PostGIS.

Of a collection of more than `FEW` a tile draws at most `MOST` features, those whose turn is first, so that none is
large: the same ones from zoom to zoom, and more as there is room for them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, literal_column, select

from estates_api.store.conditions import Condition
from estates_api.store.layers import Layer
from estates_api.store.statements import Statement, compiled, conditions_of, filtered

DEEPEST = 22
FEW = 8_000
"""All features of a collection of so many are drawn: the sites of a sub-region are those that a list beside has. Their
largest tile has 439 kB; of 10,000 polygons it would have 549."""
MOST = 4000
"""Features of one tile: at most 349 kB and 149 ms at zoom 0 to 9 of 100,000 polygons (scripts/bench/serving.py)."""

EXTENT, MARGIN = 4096, 64
_AREA_DEGREES = 0.6 * 0.35
"""About the area of the features as degrees by degrees: how much of them a tile has is guessed by it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which tile, by zoom, column and row."""

    zoom: int
    column: int
    row: int


def tile_statement(
    layer: Layer, place: Place, features: int, conditions: tuple[Condition, ...] = (),
    values: Mapping[str, Any] | None = None,
) -> Statement:  # fmt: skip
    """One tile of a layer that has so many features in all: of those that meet the conditions."""
    crowded = layer.turn is not None and features > FEW
    # Those whose turn is early are enough of everything, and may be none of what is asked for.
    early = crowded and not conditions
    made = filtered(lambda kept: _tile(layer, kept, crowded=crowded, early=early), conditions)
    latest = {"latest": _latest(place.zoom, features)} if early else {}
    return Statement(made.sql, {**made.values, **asdict(place), **latest, **(values or {})})


def _latest(zoom: int, features: int) -> int:
    """The last turn that is worth reading in a tile: three times as many as are drawn, since features crowd."""
    share = min(1.0, (360 / 2.0**zoom) * (225 / 2.0**zoom) / _AREA_DEGREES)
    part = min(1.0, 3 * MOST / (features * share))
    return round(part * (2**32 - 1)) - 2**31


@lru_cache(maxsize=512)
def _tile(layer: Layer, conditions: tuple[Condition, ...], *, crowded: bool, early: bool) -> Statement:
    return compiled(_made(layer, conditions, crowded=crowded, early=early))


def _made(
    layer: Layer, conditions: tuple[Condition, ...], *, crowded: bool, early: bool
) -> Select[tuple[bytes]]:  # fmt: skip
    place = [bindparam(name, type_=Integer) for name in ("zoom", "column", "row")]
    envelope = func.ST_TileEnvelope(*place)
    around = func.ST_Transform(func.ST_Expand(envelope, _margin()), 4326)
    shape = func.ST_AsMVTGeom(func.ST_Transform(layer.shapes[4326], 3857), envelope, EXTENT, MARGIN, True)
    said = [layer.columns[name].label(name) for name in layer.collection.drawn]
    chosen = select(layer.id.label("id"), *said, shape.label("geom"))
    chosen = chosen.where(conditions_of(layer, conditions), layer.shapes[4326].op("&&")(around))
    if crowded and layer.turn is not None:
        if early:
            chosen = chosen.where(layer.turn <= bindparam("latest", type_=Integer))
        chosen = chosen.order_by(layer.turn, layer.id).limit(MOST)
    else:  # the same bytes for the same features, wherever their rows lie
        chosen = chosen.order_by(layer.id)
    tile = chosen.subquery("tile")
    return select(func.ST_AsMVT(literal_column("tile"), layer.collection.id, EXTENT, "geom")).select_from(tile)


def _margin() -> object:
    """The margin of a tile in metres: symbols and lines go on over its edge."""
    world = 2 * 20037508.342789244
    return literal_column(str(world * MARGIN / EXTENT)) / func.power(2, bindparam("zoom", type_=Integer))
