"""A whole collection as typed columns: what the writers of files take."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow
import pyarrow.csv

from estates_api.domain.collections import Collection, Property
from estates_api.domain.method import CutOffs

GEOMETRY = "geometry"

_TYPES = {
    "string": pyarrow.string(),
    "integer": pyarrow.int64(),
    "number": pyarrow.float64(),
    "boolean": pyarrow.bool_(),
    "date": pyarrow.date32(),
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A collection to be written: `batches` have the columns of `list_types`, in order.

    `crs`: 27700 (metres) or 4326 (degrees, longitude first). `changed_at`: when the data last changed; the same data
    changed at the same moment are the same bytes. `cut_offs`: those of the method, for the styles of a GeoPackage.
    `mixed`: its geometries are of more than one type. `told`: what a reader is told beside the rows.
    """

    collection: Collection
    crs: int
    changed_at: datetime
    cut_offs: CutOffs
    batches: Iterable[pyarrow.RecordBatch]
    mixed: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)


def list_types(collection: Collection) -> dict[str, pyarrow.DataType]:
    """The columns of a collection: its key as text, one per property, the geometry as WKB."""
    typed = {one.name: _TYPES[one.kind] for one in collection.properties}
    return {"id": pyarrow.string(), **typed, GEOMETRY: pyarrow.binary()}


def meaning(one: Property) -> str:
    """What a property means, with its unit."""
    return f"{one.title} ({one.unit})" if one.unit else one.title


def read_batches(collection: Collection, blocks: Iterable[bytes]) -> Iterator[pyarrow.RecordBatch]:
    """Blocks of CSV (store/batches.py) -> a batch for each."""
    return (_batch(collection, block) for block in blocks)


def _batch(collection: Collection, block: bytes) -> pyarrow.RecordBatch:
    types = list_types(collection)
    table = pyarrow.csv.read_csv(
        pyarrow.BufferReader(block),
        pyarrow.csv.ReadOptions(column_names=list(types), block_size=len(block) + 1, use_threads=False),
        pyarrow.csv.ParseOptions(newlines_in_values=True),
        pyarrow.csv.ConvertOptions(
            column_types=types | {GEOMETRY: pyarrow.string()}, null_values=[""], strings_can_be_null=True,
            quoted_strings_can_be_null=False, true_values=["t"], false_values=["f"],
        ),
    )  # fmt: skip
    *columns, digits = (column.combine_chunks() for column in table.columns)
    return pyarrow.RecordBatch.from_arrays([*columns, _from_hex(digits)], names=list(types))


def _from_hex(digits: pyarrow.StringArray) -> pyarrow.BinaryArray:
    """Hexadecimal digits as the bytes they stand for: twice as many digits as bytes, all in one piece."""
    missing, offsets, text = digits.buffers()
    half = pyarrow.py_buffer(np.frombuffer(offsets, np.int32) // 2)
    content = pyarrow.py_buffer(bytes.fromhex(str(memoryview(text), "ascii")) if text else b"")
    return pyarrow.Array.from_buffers(pyarrow.binary(), len(digits), [missing, half, content])
