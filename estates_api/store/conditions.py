"""What a request asks of features: each condition becomes one part of one SQL expression, with its values bound.

A condition is its shape; its values are given apart. Requests of the same shape share one compiled statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from sqlalchemy import Boolean, ColumnElement, Float, Text, and_, bindparam, func, literal_column, or_
from sqlalchemy.dialects.postgresql import ARRAY

from estates_api.store.layers import Layer

Box = tuple[float, float, float, float]


class Condition(Protocol):
    """Part of what is asked. Equal conditions give the same expression."""

    def clause(self, layer: Layer) -> ColumnElement[bool]:
        """The condition on a layer."""
        ...


_MARGIN = {4326: 1e-4, 27700: 1.0}


@dataclass(frozen=True, slots=True)
class InBoxes:
    """The feature meets one of so many boxes, given in a system (`swapped` is undone before)."""

    boxes: int
    srid: int

    def clause(self, layer: Layer) -> ColumnElement[bool]:
        """The stored shape against the box: never the shape transformed (87 ms against 7,520 ms)."""
        return or_(*(self._in_box(layer, number) for number in range(self.boxes)))

    def _in_box(self, layer: Layer, number: int) -> ColumnElement[bool]:
        corners = (bindparam(f"box{number}_{corner}", type_=Float) for corner in range(4))
        box = func.ST_MakeEnvelope(*corners, self.srid)
        stored = self.srid if self.srid in layer.shapes else 4326
        shape = layer.shapes[stored]
        if stored != self.srid:  # its edges as they lie in that system: those of Web Mercator stay straight in degrees
            box = func.ST_Transform(box, stored)
        near: ColumnElement[bool] = func.ST_Intersects(shape, box)
        if layer.collection.shape != "Point":
            # What lies well within the box by its own bounds, which are kept in single precision, needs no look at the
            # shape (5 ms against 22 ms).
            near = or_(func.ST_Expand(box, -_MARGIN[stored]).op("~")(shape), near)
        return and_(shape.op("&&")(box), near)

    @staticmethod
    def values(boxes: tuple[Box, ...]) -> dict[str, float]:
        """The values of these boxes: west, south, east, north."""
        return {f"box{number}_{corner}": box[corner] for number, box in enumerate(boxes) for corner in range(4)}

    @staticmethod
    def box(values: Mapping[str, Any]) -> Box:
        """The first box among values."""
        west, south, east, north = (values[f"box0_{corner}"] for corner in range(4))
        return west, south, east, north


@dataclass(frozen=True, slots=True)
class WithIds:
    """The feature has one of the `ids`."""

    def clause(self, layer: Layer) -> ColumnElement[bool]:
        """By key."""
        return layer.id == func.any(bindparam("ids", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class Equals:
    """A property is equal to the value of its name; `null` is for CQL2."""

    name: str

    def clause(self, layer: Layer) -> ColumnElement[bool]:
        """By column."""
        return layer.columns[self.name] == bindparam(f"equals_{self.name}", type_=layer.columns[self.name].type)


@dataclass(frozen=True, slots=True)
class Searched:
    """Each of so many words stands somewhere in what names the feature, in any case of letters."""

    words: int

    def clause(self, layer: Layer) -> ColumnElement[bool]:
        """Part of a word will do: `RRP0` finds the codes that begin so."""
        words = (bindparam(f"word{number}", type_=Text) for number in range(self.words))
        return and_(*(func.strpos(layer.named, func.lower(word)) > 0 for word in words))

    @staticmethod
    def values(words: Sequence[str]) -> dict[str, str]:
        """The values of these words."""
        return {f"word{number}": word for number, word in enumerate(words)}


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """A CQL2 filter, compiled with its values in it: no two are alike."""

    compiled: ColumnElement[bool]

    def clause(self, layer: Layer) -> ColumnElement[bool]:  # noqa: ARG002 -- it was compiled for its layer
        """As it is."""
        return self.compiled


@dataclass(frozen=True, slots=True)
class Filtered:
    """The place of a filter in a statement that is the same for all filters."""

    MARK: ClassVar[str] = "/* filter */ true"

    def clause(self, layer: Layer) -> ColumnElement[bool]:  # noqa: ARG002
        """The mark that the filter's text takes the place of."""
        return literal_column(self.MARK, Boolean)


@dataclass(frozen=True, slots=True)
class Sort:
    """A property to sort by; unknown comes last either way."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """The feature comes after one that had these known and unknown (`nulls`) sort values, and its id (a keyset)."""

    sort: tuple[Sort, ...]
    nulls: tuple[bool, ...]

    def clause(self, layer: Layer) -> ColumnElement[bool]:
        """All before are alike, and the next one is beyond; the id decides at last."""
        alike: list[ColumnElement[bool]] = []
        ways = []
        for number, (sort, null) in enumerate(zip(self.sort, self.nulls, strict=True)):
            column = layer.columns[sort.name]
            value = bindparam(f"after{number}", type_=column.type)
            if null:
                alike.append(column.is_(None))
                continue
            beyond = column < value if sort.descending else column > value
            ways.append(and_(*alike, or_(beyond, column.is_(None))))
            alike.append(column == value)
        return or_(*ways, and_(*alike, layer.id > bindparam("after_id", type_=Text)))

    @staticmethod
    def values(last: tuple[Any, ...], ref: str) -> Mapping[str, Any]:
        """The values of the last feature of the page before."""
        return {f"after{number}": value for number, value in enumerate(last) if value is not None} | {"after_id": ref}
