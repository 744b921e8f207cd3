"""Writing a layer with GDAL, batch by batch."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow
import pyogrio

from estates_api.exports.bulk.layer import GEOMETRY, Layer, list_types, meaning


def write_vector(
    layer: Layer, path: Path, driver: str, batches: Iterable[pyarrow.RecordBatch] | None = None, **options: object
) -> None:
    """The layer, under its collection's id, as a new file of a GDAL driver; `batches` replaces those of the layer."""
    schema = _schema(layer)
    typed = (pyarrow.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in batches or layer.batches)
    pyogrio.raw.write_arrow(
        pyarrow.RecordBatchReader.from_batches(schema, typed), path, driver=driver, layer=layer.collection.id,
        geometry_name=GEOMETRY, geometry_type=layer.collection.shape, crs=f"EPSG:{layer.crs}", **options,
    )  # fmt: skip


def _schema(layer: Layer) -> pyarrow.Schema:
    """The columns with what they mean, which GDAL takes along where a format has a place for it."""
    said: Mapping[str, str] = {one.name: meaning(one) for one in layer.collection.properties}
    return pyarrow.schema(
        pyarrow.field(name, kind, metadata={"GDAL:OGR:comment": said[name]} if name in said else None)
        for name, kind in list_types(layer.collection).items()
    )
