"""A layer as GeoParquet 1.1: WKB, Zstandard, and a box for every row, by which readers skip what lies elsewhere."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pyproj
import shapely

from estates_api.exports.bulk.layer import GEOMETRY, Layer, list_types, meaning

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_BOX = pyarrow.struct([(side, pyarrow.float64()) for side in _SIDES])
GROUP_BYTES = 32 * 1024 * 1024
"""About how much a row group holds, the unit that readers skip or read: some 60,000 polygons."""

Numbers = np.ndarray[Any, np.dtype[np.float64]]


def write(layer: Layer, path: Path) -> None:
    """Rows in the order of the layer, columns with what they mean."""
    schema = _schema(layer)
    # The smallest and the largest geometry as bytes tell a reader nothing.
    compared = [name for name in schema.names if name not in {GEOMETRY, "bbox"}] + [f"bbox.{side}" for side in _SIDES]
    extent: Numbers = np.full(4, np.nan)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd", write_statistics=compared) as writer:
        for group in _groups(layer.batches):
            shapes = group.column(GEOMETRY)
            boxes = shapely.bounds(shapely.from_wkb(shapes.to_numpy()))
            extent = _spanned(np.vstack([extent, boxes]))
            columns = [*group.columns, _column(boxes, shapes)]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
        writer.add_key_value_metadata({"geo": json.dumps(_geo(layer, extent))})  # not before the extent is known


def _groups(batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.Table]:
    """The batches, as many together as make a row group."""
    held: list[pyarrow.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.nbytes for one in held) >= GROUP_BYTES:
            yield pyarrow.Table.from_batches(held)
            held = []
    if held:
        yield pyarrow.Table.from_batches(held)


def _schema(layer: Layer) -> pyarrow.Schema:
    said = {one.name: meaning(one) for one in layer.collection.properties}
    columns = {**list_types(layer.collection), "bbox": _BOX}
    return pyarrow.schema(
        pyarrow.field(name, kind, metadata={"description": said[name]} if name in said else None)
        for name, kind in columns.items()
    )


def _column(boxes: Numbers, shapes: pyarrow.ChunkedArray) -> pyarrow.Array:
    """The boxes as structures; none where there is no geometry."""
    buffers = (pyarrow.py_buffer(side) for side in np.ascontiguousarray(boxes.T))
    sides = [pyarrow.Array.from_buffers(pyarrow.float64(), len(boxes), [None, buffer]) for buffer in buffers]
    return pyarrow.StructArray.from_arrays(sides, fields=list(_BOX), mask=shapes.is_null().combine_chunks())


def _spanned(boxes: Numbers) -> Numbers:
    """The box around all boxes; those of nothing are not numbers, and are left out."""
    return np.concatenate([np.fmin.reduce(boxes[:, :2]), np.fmax.reduce(boxes[:, 2:])])


def _geo(layer: Layer, extent: Numbers) -> dict[str, Any]:
    """The file's metadata as the standard has it."""
    crs = pyproj.CRS("OGC:CRS84" if layer.crs == 4326 else f"EPSG:{layer.crs}")
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [] if layer.mixed else [layer.collection.shape],  # none named: any may be there
        "crs": crs.to_json_dict(),
        "covering": {"bbox": {side: ["bbox", side] for side in _SIDES}},
    }
    if not np.isnan(extent).any():
        column["bbox"] = extent.tolist()
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
