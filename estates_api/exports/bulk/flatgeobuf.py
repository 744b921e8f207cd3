"""A layer as FlatGeobuf, with the index that lets a client read a box of it by ranges."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow
import pyarrow.ipc

from estates_api.exports.bulk.layer import GEOMETRY, Layer, list_types
from estates_api.exports.bulk.vector_file import write_vector


def write(layer: Layer, path: Path) -> None:
    """Indexed, unless a feature has no geometry: the index has no place for it, and no row is left out.

    The format has no days: a day stands as the midnight it begins with.
    """
    held = path.with_suffix(".arrow")
    placed = _hold(layer, held)
    options = {
        "SPATIAL_INDEX": "YES" if placed else "NO",
        "TITLE": layer.collection.title,
        "DESCRIPTION": layer.collection.description,
        "TEMPORARY_DIR": str(path.parent),
    }
    try:
        write_vector(layer, path, "FlatGeobuf", _held(held), layer_options=options)
    finally:
        held.unlink()


def _hold(layer: Layer, held: Path) -> bool:
    """Write the batches aside; True when every row has a geometry, which only the last row can tell."""
    placed, schema = True, pyarrow.schema(list_types(layer.collection))
    with pyarrow.OSFile(str(held), "wb") as sink, pyarrow.ipc.new_stream(sink, schema) as stream:
        for batch in layer.batches:
            stream.write_batch(batch)
            placed = placed and batch.column(GEOMETRY).null_count == 0
    return placed


def _held(held: Path) -> Iterator[pyarrow.RecordBatch]:
    with pyarrow.OSFile(str(held)) as source, pyarrow.ipc.open_stream(source) as stream:
        yield from stream
