"""A shortlist as a GeoPackage that QGIS draws by list at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estates_api.exports.bulk import geopackage
from estates_api.exports.lists.layers import Document, outlines_layer, points_layer


def write(document: Document, _beside: Mapping[str, Any], path: Path) -> None:
    """Two layers with their styles: `entries` as points, `outlines` as far as they are known."""
    geopackage.write_layers([points_layer(document), outlines_layer(document)], path)
