"""The cases of the serving benchmark: what is asked, how often, which answers are the same, and what is aimed at."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from serving_client import Answer
from serving_questions import BOROUGHS, Question, features_per_tile, list_tiles, make_box, make_whole_box

TILE_ZOOMS = range(10, 15)
LARGEST_TILE = 100_000
"""Features of a tile with which first sight is still compared."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Where questions are drawn from: the same ones for the same number of rows and the same seed."""

    chance: random.Random
    rows: int


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `draw` makes so many questions; `aims`: how many times as fast as whom ours is to be.

    Every question is new to every server, unless `draw` repeats itself; `practice` makes those that are asked before
    anything is measured, where `draw` cannot make others.
    """

    name: str
    title: str
    draw: Callable[[Draw, int], Sequence[Question]]
    aims: Mapping[str, float] = field(default_factory=dict)
    per_round: int = 10
    practice: Callable[[Draw, int], Sequence[Question]] | None = None
    note: str = ""


def _pages(limit: int, wanted: int, *, second: bool = False) -> Callable[[Draw, int], list[Question]]:
    def draw(source: Draw, count: int) -> list[Question]:
        boxes = [make_box(source.chance, source.rows, wanted) for _ in range(count)]
        return [Question("items", limit, box, second=second) for box in boxes]

    return draw


def _filters(source: Draw, count: int) -> list[Question]:
    """A borough and a range of areas that some 300 features have."""
    return [Question("items", 100, None, *_areas(source, 45e6 / source.rows)) for _ in range(count)]


def _filters_in_boxes(source: Draw, count: int) -> list[Question]:
    return [
        Question("items", 100, make_box(source.chance, source.rows, 3000), *_areas(source, 10_000))
        for _ in range(count)
    ]


def _areas(source: Draw, width: float) -> tuple[tuple[float, float], str]:
    width = min(15_000.0, width)
    low = source.chance.uniform(50, 20_000 - width)
    return (round(low, 3), round(low + width, 3)), source.chance.choice(BOROUGHS)


def _items(source: Draw, count: int) -> list[Question]:
    numbers = source.chance.sample(range(1, source.rows + 1), min(count, source.rows))
    return [Question("item", id=f"NCL-{number:07d}") for number in numbers]


def _unchanged(source: Draw, count: int) -> list[Question]:
    return [Question("unchanged", 100, make_box(random.Random(7), source.rows, 300), again=True)] * count  # noqa: S311


def _same_page(source: Draw, count: int) -> list[Question]:  # noqa: ARG001
    return [Question("items", 1000)] * count


def _hits(source: Draw, count: int) -> list[Question]:
    return [Question("hits", 1, make_whole_box(source.chance)) for _ in range(count)]


def _tiles(zoom: int) -> Callable[[Draw, int], list[Question]]:
    def draw(source: Draw, count: int) -> list[Question]:
        if features_per_tile(zoom, source.rows) > LARGEST_TILE:
            return []
        tiles = list(list_tiles(zoom))
        return [Question("tile", tile=tile) for tile in source.chance.sample(tiles, min(count, len(tiles)))]

    return draw


def _same_tiles(source: Draw, count: int) -> list[Question]:
    all_tiles = [list(list_tiles(zoom)) for zoom in (12, 13, 14)]
    tiles = [tile for found in all_tiles for tile in found[len(found) // 2 :][:3]]
    return [Question("tile", tile=source.chance.choice(tiles)) for _ in range(count)]


CASES: tuple[Case, ...] = (
    Case("page", "page of 100 in a box never seen, exact count", _pages(100, 300),
         {"floor": 0.9, "tipg": 5, "pygeoapi": 9}),
    Case("next", "the page after it, count known", _pages(100, 300, second=True),
         {"floor": 1.8, "tipg": 10, "pygeoapi": 18}),
    Case("thousand", "page of 1,000 in a box never seen", _pages(1000, 3000), {"floor": 1.5, "tipg": 6}, 4),
    Case("filter", "CQL2 filter, page of 100", _filters, {"floor": 1.2, "tipg": 5, "pygeoapi": 5}, 4),
    Case("filter-box", "CQL2 filter in a box, page of 100", _filters_in_boxes,
         {"floor": 1.2, "tipg": 5, "pygeoapi": 5}, 4),
    Case("item", "item by id", _items, {"floor": 0.9, "tipg": 8}, 20),
    Case("unchanged", "If-None-Match, against an empty Starlette route", _unchanged, {"floor": 0.8}, 40),
    Case("repeat", "the same page of 1,000 again", _same_page, {"tipg": 50}, 5),
    *(Case(f"tiles-{zoom}", f"vector tiles of zoom {zoom}, first sight", _tiles(zoom), {"floor": 0.9}, 2,
           practice=_tiles(15))
      for zoom in TILE_ZOOMS),
    Case("tiles-again", "vector tiles of zoom 12–14 again", _same_tiles, {}, 20, note="as any kept answer"),
    Case("hits", "numberMatched of all rows, never asked before", _hits, {}, 2, note="150 ms"),
)  # fmt: skip


def essence(question: Question, answer: Answer) -> object:
    """What has to be the same whoever answers: the ids in order and the count; a tile's number of features."""
    if question.kind == "unchanged":
        return answer.status
    if question.kind == "tile":
        return count_tile_features(answer.body)
    found = json.loads(answer.body)
    if question.kind == "item":
        return found["id"]
    if question.kind == "hits":
        return found["numberMatched"]
    ids = [feature["id"] for feature in found["features"]]
    return ids if question.second else (found["numberMatched"], ids)


def count_tile_features(tile: bytes) -> int:
    """The number of features in a vector tile: fields 2 of the layers, which are fields 3 of the tile."""
    layers = [part for number, part in _read_fields(tile) if number == 3]
    return sum(number == 2 for layer in layers for number, _ in _read_fields(layer))


def _read_fields(message: bytes) -> list[tuple[int, bytes]]:
    """The fields of a protocol buffers message that have a length, with their numbers; the others are passed over."""
    found, at = [], 0
    while at < len(message):
        key, at = _read_number(message, at)
        length, after = _read_number(message, at)
        match key & 7:
            case 0:
                at = after
            case 2:
                found.append((key >> 3, message[after : after + length]))
                at = after + length
            case 1:
                at += 8
            case _:
                at += 4
    return found


def _read_number(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while message[at] & 0x80:
        number |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | message[at] << shift, at + 1
