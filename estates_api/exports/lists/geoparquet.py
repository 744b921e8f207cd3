"""A shortlist as GeoParquet in British National Grid: outlines where they are known, points else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estates_api.exports.bulk import geoparquet
from estates_api.exports.lists.layers import Document, mixed_layer


def write(document: Document, _beside: Mapping[str, Any], path: Path) -> None:
    """One row per entry, with every column and what it means."""
    geoparquet.write(mixed_layer(document), path)
