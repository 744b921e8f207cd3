"""What a request asks of a collection: each query parameter is read by one function, and named in one list."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from starlette.datastructures import QueryParams

from estates_api.api.parameters import DEFAULT_LIMIT, MAX_LIMIT, parse_as_of, parse_datetime, parse_known_at, today
from estates_api.domain.collections import COLLECTIONS, Collection, Property
from estates_api.domain.crs import CRS84, CRSS, Crs, parse_crs
from estates_api.errors import BadInput, NotFound
from estates_api.store.conditions import Box, Condition, Equals, InBoxes, Matches, Searched, Sort, WithIds
from estates_api.store.cql2 import Queryable, compile_filter, parse_filter
from estates_api.store.layers import APOSTROPHES, Layer
from estates_api.store.sites import Moment
from estates_api.store.statements import Look

LARGEST_ID_LIST, MOST_WORDS = 10_000, 10


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter as the API description has it."""

    name: str
    description: str
    schema: Mapping[str, Any]

    def described(self) -> dict[str, Any]:
        """As OpenAPI writes it, with all that is the default too: QGIS passes over a parameter that lacks it."""
        return {"name": self.name, "in": "query", "required": False, "description": self.description,
                "style": "form", "explode": False, "schema": self.schema}  # fmt: skip


_URIS = [crs.uri for crs in CRSS]
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}

_NUMBERS = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
BBOX = Parameter("bbox", "Four numbers (or six, with heights): what meets this box", _NUMBERS)
BBOX_CRS = Parameter("bbox-crs", "System of `bbox`, in the axis order of its authority",
                     {"type": "string", "format": "uri", "default": CRS84.uri, "enum": _URIS})  # fmt: skip
CRS = Parameter("crs", "System of the answer, in the axis order of its authority",
                {"type": "string", "format": "uri", "default": CRS84.uri, "enum": _URIS})  # fmt: skip
DATETIME = Parameter(
    "datetime", "Instant or interval, `2015-03-31` or `2014-01-01/2015-03-31`: the sites of which evidence speaks by "
    "its end, with the values as of its end; open ends and days to come mean today", _TEXT,
)  # fmt: skip
AS_OF = Parameter("as-of", "The day the data speak of, 2015-03-31; today if left out",
                  {"type": "string", "format": "date"})  # fmt: skip
KNOWN_AT = Parameter("known-at", "Only from what was handed in, placed and judged by then: a day (to its end, UTC) or "
                     "a moment, 2026-11-01T12:00:00Z; now if left out", _TEXT)  # fmt: skip
LIMIT = Parameter("limit", f"Features per page; above {MAX_LIMIT} means {MAX_LIMIT}",
                  {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT})  # fmt: skip
PROPERTIES = Parameter("properties", "Only these properties, joined by commas", _TEXTS)
SORTBY = Parameter("sortby", "Properties to sort by, joined by commas; `-` before one: largest first. Unknown is last",
                   _TEXTS)  # fmt: skip
IDS = Parameter("ids", "Only the features with these ids, joined by commas", _TEXTS)
FILTER = Parameter("filter", "A CQL2 filter over the queryables", _TEXT)
FILTER_LANG = Parameter("filter-lang", "Language of `filter`",
                        {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"})  # fmt: skip
FILTER_CRS = Parameter("filter-crs", "System of the geometries in `filter`",
                       {"type": "string", "format": "uri", "default": CRS84.uri, "enum": _URIS})  # fmt: skip
CURSOR = Parameter("cursor", "From a `next` link", _TEXT)

Q = Parameter("q", "Words, each of which stands in the reference, name, address, postcode, borough, owner, "
              "organisation or a code, in any case of letters", _TEXT)  # fmt: skip

ITEMS = (BBOX, BBOX_CRS, DATETIME, CRS, LIMIT, PROPERTIES, SORTBY, IDS, Q, FILTER, FILTER_LANG, FILTER_CRS, AS_OF,
         KNOWN_AT, CURSOR)  # fmt: skip
WHOLE = tuple(one for one in ITEMS if one.name not in {"limit", "cursor"})
ITEM = (CRS, AS_OF, KNOWN_AT)
TILE = (IDS, Q, FILTER, FILTER_LANG, FILTER_CRS)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, with the conditions' values; the filter waits for the layer that it is asked of."""

    collection: Collection
    conditions: tuple[Condition, ...] = ()
    values: Mapping[str, Any] | None = None
    look: Look = Look()  # noqa: RUF009 -- frozen
    sort: tuple[Sort, ...] = ()
    limit: int | None = None
    cursor: str | None = None
    moment: Moment | None = None
    filter: tuple[Any, Crs] | None = None

    def asked_of(self, layer: Layer) -> tuple[Condition, ...]:
        """All conditions, the filter compiled for this layer."""
        if self.filter is None:
            return self.conditions
        expression, crs = self.filter
        clause = compile_filter(expression, queryables(layer), shapes=layer.shapes, crs=crs)
        return (*self.conditions, Matches(clause))


def queryables(layer: Layer) -> dict[str, Queryable]:
    """What a filter may name."""
    asked = {one.name: Queryable(layer.columns[one.name], one.kind) for one in layer.collection.properties}
    return asked | {"geometry": Queryable(layer.shapes[27700], "geometry")}


def read_question(collection: Collection, params: QueryParams, taken: tuple[Parameter, ...]) -> Question:
    """The question that a query asks of a collection; BadInput names the parameter that cannot be read."""
    check_parameters(params, taken, collection)
    boxes, box_crs = _boxes(params)
    conditions: list[Condition] = []
    values: dict[str, Any] = {}
    if boxes:
        conditions.append(InBoxes(len(boxes), box_crs.srid))
        values |= InBoxes.values(boxes)
    if "ids" in params:
        conditions.append(WithIds())
        values["ids"] = _ids(params)
    if words := _words(params):
        conditions.append(Searched(len(words)))
        values |= Searched.values(words)
    for one in collection.properties:
        if one.name in params:
            conditions.append(Equals(one.name))
            values[f"equals_{one.name}"] = parse_value(one, params[one.name])
    limit = _limit(params)
    return Question(
        collection, tuple(conditions), values, Look(_crs(params, "crs"), _properties(collection, params)),
        _sort(collection, params), limit, params.get("cursor"), _moment(collection, params), _filter(params),
    )  # fmt: skip


def check_parameters(params: QueryParams, taken: tuple[Parameter, ...], collection: Collection | None = None) -> None:
    """BadInput for a parameter that is not known here or is given twice; a list may be, as OWSLib gives it."""
    known = [one.name for one in taken]
    plain = set(collection.names) if collection and FILTER in taken else set()
    if unknown := sorted(set(params) - {*known, *plain, "f"}):
        properties = f"; properties are {', '.join(sorted(plain))}" if plain else ""
        raise BadInput(
            f"there is no parameter {unknown[0]!r} here; this path takes {', '.join(known) or 'none but f'}{properties}"
        )
    lists = {one.name for one in taken if one.schema is _TEXTS}
    for name in params:
        if (times := len(params.getlist(name))) > 1 and name not in lists:
            raise BadInput(f"{name} is given {times} times; give it once")
        if any("\x00" in text for text in params.getlist(name)):
            raise BadInput(f"{name}: a NUL character is nothing that can be asked for")


def _boxes(params: QueryParams) -> tuple[tuple[Box, ...], Crs]:
    crs = _crs(params, "bbox-crs")
    if "bbox" not in params:
        return (), crs
    return parse_boxes(params["bbox"], crs), crs


def parse_boxes(text: str, crs: Crs) -> tuple[Box, ...]:
    """Four numbers (or six) -> west, south, east, north; two boxes where one crosses the antimeridian."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise BadInput(f"bbox: {text[:200]!r} is not numbers joined by commas") from None
    if len(numbers) not in {4, 6} or not all(math.isfinite(one) and abs(one) < 1e12 for one in numbers):
        raise BadInput("bbox: four numbers (or six with heights) are needed: west,south,east,north")
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if crs.swapped:
        west, south, east, north = south, west, north, east
    if south > north:
        raise BadInput("bbox: the upper edge is below the lower one")
    if west <= east:
        return ((west, south, east, north),)
    if crs.srid != 4326:
        raise BadInput("bbox: the right edge is left of the left one")
    # The box crosses the antimeridian (OGC API - Features Part 1, 7.15.3).
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def _crs(params: QueryParams, name: str) -> Crs:
    if name not in params:
        return CRS84
    try:
        return parse_crs(params[name])
    except BadInput as error:
        raise BadInput(f"{name}: {error.detail}") from None


def _limit(params: QueryParams) -> int | None:
    if "limit" not in params:
        return None
    text = params["limit"]
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise BadInput(f"limit: {text[:50]!r} is not a whole number from 1 on")
    return min(int(text[:9]), MAX_LIMIT)


def _names(collection: Collection, names: list[str], parameter: str) -> None:
    if unknown := [name for name in names if name not in collection.names]:
        there = ", ".join(collection.names)
        raise BadInput(f"{parameter}: {collection.id} has no property {unknown[0][:100]!r}; there are {there}")


def _properties(collection: Collection, params: QueryParams) -> tuple[str, ...] | None:
    if "properties" not in params:
        return None
    names = [name for name in _listed(params, "properties") if name]
    _names(collection, names, "properties")
    return tuple(name for name in collection.names if name in names)


def _sort(collection: Collection, params: QueryParams) -> tuple[Sort, ...]:
    """`-score,+name`; a `+` arrives as a space unless it is escaped."""
    if "sortby" not in params:
        return ()
    parts = _listed(params, "sortby")
    found = [Sort(part.lstrip("+- "), part.startswith("-")) for part in parts]
    _names(collection, [one.name for one in found], "sortby")
    if len({one.name for one in found}) < len(found):
        raise BadInput("sortby: a property is named twice")
    return tuple(found)


def _listed(params: QueryParams, name: str) -> list[str]:
    return [part for text in params.getlist(name) for part in text.split(",")]


def _ids(params: QueryParams) -> list[str]:
    ids = _listed(params, "ids")
    if len(ids) > LARGEST_ID_LIST:
        raise BadInput(f"ids: at most {LARGEST_ID_LIST} at a time")
    return ids


def _words(params: QueryParams) -> list[str]:
    words = params.get("q", "").translate(dict.fromkeys(map(ord, APOSTROPHES))).split()
    if len(words) > MOST_WORDS:
        raise BadInput(f"q: at most {MOST_WORDS} words")
    return words


_LANGUAGES: Mapping[str, Literal["cql2-text", "cql2-json"]] = {"cql2-text": "cql2-text", "cql2-json": "cql2-json"}


def _filter(params: QueryParams) -> tuple[Any, Crs] | None:
    lang, crs = params.get("filter-lang", "cql2-text"), _crs(params, "filter-crs")
    if lang not in _LANGUAGES:
        raise BadInput(f"filter-lang: {lang[:50]!r} is not a language here; cql2-text or cql2-json")
    if "filter" not in params:
        return None
    return parse_filter(params["filter"], _LANGUAGES[lang]), crs


def _moment(collection: Collection, params: QueryParams) -> Moment | None:
    if not collection.dated:
        if given := [name for name in ("as-of", "known-at") if name in params]:
            raise BadInput(f"{given[0]}: {collection.id} is as it is today; leave it out")
        if "datetime" in params:
            parse_datetime(params["datetime"])  # a feature without a time of its own always matches (Part 1, 7.15.4)
        return None
    if "datetime" in params and "as-of" in params:
        raise BadInput("datetime and as-of both say a day; give one of them")
    day = parse_datetime(params["datetime"]) if "datetime" in params else parse_as_of(params.get("as-of"))
    known_at = parse_known_at(params.get("known-at"))
    return Moment(day or today(), known_at) if day or known_at else None


_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def _day(text: str) -> date:
    return date.fromisoformat(text.partition("T")[0])


_READ: Mapping[str, Callable[[str], Any]] = {
    "string": str, "integer": int, "number": float, "boolean": lambda text: _FLAGS[text.lower()], "date": _day,
}  # fmt: skip


def parse_value(one: Property, text: str) -> Any:
    """A value to compare a property with, in its own type; BadInput says which is wanted."""
    try:
        value = _READ[one.kind](text)
    except (ValueError, KeyError):
        raise BadInput(f"{one.name}: {text[:100]!r} is not {_ARTICLES[one.kind]}") from None
    if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) >= 2**31):
        raise BadInput(f"{one.name}: {text[:100]!r} is beyond all that it can be")
    return value


_ARTICLES = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
             "date": "a day like 2015-03-31"}  # fmt: skip


def spelled(question: Question) -> str:
    """What decides which features match, spelled the same for the same question: a key for counts and cursors."""
    filtered = (question.filter[0], question.filter[1].uri) if question.filter else None
    said = (question.collection.id, [repr(one) for one in question.conditions], question.values, filtered,
            repr(question.moment), [repr(one) for one in question.sort])  # fmt: skip
    return json.dumps(said, default=str, sort_keys=True)


def known(collection: str) -> Collection:
    """The collection of that id; NotFound lists what there is."""
    if collection not in COLLECTIONS:
        raise NotFound(f"there is no collection {collection[:100]!r}; there are {', '.join(COLLECTIONS)}")
    return COLLECTIONS[collection]
