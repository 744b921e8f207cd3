"""A table whose rows say where they are as well-known text, seen as a layer of features."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

import numpy as np
import shapely

from estates_api.errors import BadInput
from estates_api.sources.grid import Coordinates, find_projection
from estates_api.sources.table import Table
from estates_api.sources.vector import BATCH, Batch, Layer

LINE = "line of the table"
"""The field that tells on which line of the file a feature begins: its number only counts the rows."""


def open_wkt(table: Table, columns: tuple[str, ...], crs: str | None) -> Layer:
    """The rows as features, each where the first of these columns that is not blank says; BadInput when none does."""
    batches = partial(_batches, table, columns)
    sample = _sample(batches())
    return Layer((*table.names, LINE), find_projection(crs, sample), (), batches)


def _sample(batches: Iterator[Batch]) -> Coordinates:
    for _, geometries in batches:
        found: Coordinates = shapely.get_coordinates(geometries)
        if len(found):
            return found
    raise BadInput("no row has a geometry as well-known text, POLYGON ((…)) or POINT (…)")


def _batches(table: Table, columns: tuple[str, ...]) -> Iterator[Batch]:
    records = table.records()
    width = len(table.names)
    while batch := list(islice(records, BATCH)):
        texts = [next((text for name in columns if (text := record.get(name))), None) for record in batch]
        with np.errstate(invalid="ignore", over="ignore"):  # what lies nowhere is told when it is placed
            shapes = np.asarray(shapely.from_wkt(texts, on_invalid="ignore"), dtype=object)
        yield [(*(*record.cells, *[""] * width)[:width], str(record.line)) for record in batch], shapes
