"""A layer as a GeoPackage (OGC 12-128r18) that QGIS draws styled at once."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pyogrio

from estates_api.exports.bulk.layer import Layer
from estates_api.exports.bulk.vector_file import write_vector
from estates_api.exports.qgis import write_qml
from estates_api.exports.styles import list_styles

# As QGIS makes it, which looks for the table and its columns by these names.
_STYLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""
_CONTENTS = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change)
VALUES ('layer_styles', 'attributes', 'layer_styles', ?)"""
_STYLE = "INSERT INTO layer_styles VALUES (?, '', '', ?, 'geom', ?, ?, '', ?, '', '', NULL, ?)"


def write(layer: Layer, path: Path) -> None:
    """The table of the collection with its index, its meaning, its styles, and no other moment than `changed_at`."""
    write_layers([layer], path)


def write_layers(layers: Sequence[Layer], path: Path) -> None:
    """Several layers in one file, as of the change of the first."""
    moment = layers[0].changed_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment})
    try:
        for layer in layers:
            _write(layer, path, append=layer is not layers[0])
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    with closing(sqlite3.connect(path)) as database, database:
        _add_styles(database, layers, moment)


def _write(layer: Layer, path: Path, *, append: bool) -> None:
    options = {
        "IDENTIFIER": layer.collection.title,
        "DESCRIPTION": layer.collection.description,
        "GEOMETRY_NAME": "geom",
    }
    # 1.2 is what GDAL 3.6 and every QGIS that is in use read without a warning; nothing newer is needed.
    version = {} if append else {"dataset_options": {"VERSION": "1.2"}}
    write_vector(layer, path, "GPKG", layer_options=options, append=append, **version)


def _add_styles(database: sqlite3.Connection, layers: Sequence[Layer], moment: str) -> None:
    """The styles of each collection, the first of them as the one it is drawn with."""
    database.execute(_STYLES)
    database.execute(_CONTENTS, (moment,))
    styles = [(layer, style, rank) for layer in layers
              for rank, style in enumerate(list_styles(layer.collection, layer.cut_offs))]  # fmt: skip
    for number, (layer, style, rank) in enumerate(styles, 1):
        values = (number, layer.collection.id, style.name, write_qml(style), rank == 0, moment)
        database.execute(_STYLE, values)
