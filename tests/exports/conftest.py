"""Layers with everything that can stand in one: text that looks like something else, nothing, no geometry."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow
import pytest
import shapely

from estates_api.domain.collections import Collection
from estates_api.domain.method import CutOffs
from estates_api.exports.bulk.layer import Layer, list_types

Row = Mapping[str, Any]
MakeLayer = Callable[..., Layer]

VALUES = {"string": "=O'Brien, \"Café\"\n<&> – ünïcode", "integer": 3, "number": 12.25, "boolean": True,
          "date": date(2015, 3, 31)}  # fmt: skip
OTHERS = {"string": "", "integer": -1, "number": 0.1, "boolean": False, "date": date(1948, 7, 5)}
SHAPES = {
    "Point": shapely.Point(530000.25, 190000.5),
    "MultiPolygon": shapely.MultiPolygon([shapely.box(530000, 190000, 530100.5, 190200)]),
}
CUT_OFFS = CutOffs(release=42, reuse=55, coverage=0.5, stale_years=3)


@pytest.fixture(scope="session")
def cut_offs() -> CutOffs:
    """Those of the method that comes with the service."""
    return CUT_OFFS


@pytest.fixture(scope="session")
def list_rows() -> Callable[[Collection], list[Row]]:
    """Three rows of a collection: everything known, nothing known but the place, everything but the place."""

    def rows(collection: Collection) -> list[Row]:
        shape = shapely.to_wkb(SHAPES[collection.shape])
        whole = {one.name: VALUES[one.kind] for one in collection.properties}
        other = {one.name: OTHERS[one.kind] for one in collection.properties}
        return [
            {"id": "A", **whole, "geometry": shape},
            {"id": "B", **dict.fromkeys(whole), "geometry": shape},
            {"id": "C", **other, "geometry": None},
        ]

    return rows


@pytest.fixture(scope="session")
def make_layer() -> MakeLayer:
    """A layer of rows, a batch for each, so that many batches are one file."""

    def make(collection: Collection, rows: Sequence[Row], *, crs: int = 27700) -> Layer:
        schema = pyarrow.schema(list_types(collection))
        batches = [pyarrow.RecordBatch.from_pylist([dict(row)], schema=schema) for row in rows]
        return Layer(collection, crs, datetime(2026, 11, 22, 12, 30, tzinfo=UTC), CUT_OFFS, batches)

    return make
