"""How many features each collection of sites has for an audience, and where they lie: counted once, when sites are
written, for what is asked with every connection, every tile and every view of the whole map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    table,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from estates_api.domain.callers import Owner
from estates_api.store.conditions import Box
from estates_api.store.layers import AUDIENCES, SITE_COLLECTIONS, Audience, Layer, layer, layer_summary

_COLUMNS = ("features", "placed", "box_4326", "box_27700")
_SIDES = (func.ST_XMin, func.ST_YMin, func.ST_XMax, func.ST_YMax)


@dataclass(frozen=True, slots=True)
class Summary:
    """Features, those of them that have a place, and the box of these in each stored system (by EPSG code)."""

    features: int
    placed: int
    boxes: Mapping[int, Box]

    def is_within(self, box: Box, srid: int) -> bool:
        """Whether everything that has a place lies within a box of a system."""
        own = self.boxes.get(srid)
        return own is not None and box[0] <= own[0] and box[1] <= own[1] and own[2] <= box[2] and own[3] <= box[3]


def put_summaries(connection: Connection) -> None:
    """Count what is there now, in one look at each table."""
    connection.execute(delete(layer_summary))
    for audience in AUDIENCES:
        layers = [layer(name, audience) for name in SITE_COLLECTIONS]
        found = connection.execute(select(*(told for one in layers for told in _told(one)))).one()
        each = len(_COLUMNS)
        rows = [found[number * each : (number + 1) * each] for number in range(len(layers))]
        connection.execute(insert(layer_summary), [
            {"audience": audience, "collection": one.collection.id, **dict(zip(_COLUMNS, row, strict=True))}
            for one, row in zip(layers, rows, strict=True)
        ])  # fmt: skip


def count_features(connection: Connection, one: Layer) -> Summary:
    """The same of any collection, counted now."""
    return _summary(connection.execute(select(*_told(one)).select_from(one.source)).one())


def _told(one: Layer) -> list[ColumnElement[Any]]:
    """`_COLUMNS` of the rows that are the collection's."""
    own = true() if one.where is None else one.where
    boxes = [func.ST_Extent(one.shapes[srid]).filter(own) for srid in (4326, 27700)]
    sides = [array([side(box) for side in _SIDES]) for box in boxes]
    return [func.count().filter(own), func.count(one.shapes[4326]).filter(own), *sides]


def summaries_query(audience: Audience) -> Select[Any]:
    """What `read_summaries` reads: the view that is the audience's own; what an owner sees is counted now."""
    if isinstance(audience, Owner):
        layers = [layer(name, audience) for name in SITE_COLLECTIONS]
        told = union_all(*(select(literal(one.collection.id), *_told(one)).select_from(one.source) for one in layers))
        return select(told.subquery())
    columns: list[ColumnElement[Any]] = [column(name) for name in ("collection", *_COLUMNS)]
    query: Select[Any] = select(*columns).select_from(table(f"summary_{audience}"))
    return query


def read_summaries(rows: Sequence[Sequence[Any]]) -> Mapping[str, Summary]:
    """The summary of each collection of sites; of none that was never counted."""
    return {name: Summary(0, 0, {}) for name in SITE_COLLECTIONS} | {row[0]: _summary(row[1:]) for row in rows}


def _summary(row: Sequence[Any]) -> Summary:
    features, placed, *boxes = row
    return Summary(features, placed, {srid: tuple(box) for srid, box in zip((4326, 27700), boxes, strict=True)
                                      if box and None not in box})  # fmt: skip
