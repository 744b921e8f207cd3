"""Layers of the place as they were handed in, and which of them count: the newest edition of each source and kind."""

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from sqlalchemy import Connection, RowMapping, text

from estates_api.domain.records import LayerRecord
from estates_api.store.copying import copy_rows
from estates_api.store.degrees import in_degrees

_COLUMNS = ("edition_id", "line", "kind", "name", "reference", "classed", "starts", "ends", "geom", "geom_crs84")

CORNERS = 64
"""Corners of a piece at most: a site is held against the few pieces near it, not against the whole green belt."""

_STAND = """
INSERT INTO standing_layer (kind, source, edition_id)
SELECT DISTINCT f.kind, e.source, e.id FROM layer_feature f JOIN edition e ON e.id = f.edition_id
WHERE f.edition_id = :edition
ON CONFLICT (kind, source) DO UPDATE SET edition_id = excluded.edition_id
"""

# Pieces are made of features and stand for those that count: the others' go.
_REPLACED = """
DELETE FROM layer_part p USING layer_feature f
WHERE f.id = p.feature_id AND NOT EXISTS (
    SELECT FROM standing_layer s WHERE s.edition_id = f.edition_id AND s.kind = f.kind)
"""

_PARTS = """
INSERT INTO layer_part (feature_id, kind, geom)
SELECT f.id, f.kind, part.geom
FROM layer_feature f CROSS JOIN LATERAL ST_Subdivide(f.geom, :corners) AS piece
CROSS JOIN LATERAL ST_Dump(piece) AS part
WHERE f.edition_id = :edition AND GeometryType(f.geom) = 'MULTIPOLYGON' AND GeometryType(part.geom) = 'POLYGON'
"""


def add_layer_features(connection: Connection, edition_id: int, records: Sequence[LayerRecord]) -> None:
    """Append areas and points, in both systems, their rings as RFC 7946 (3.1.6) has them."""
    shapes = shapely.orient_polygons(shapely.from_wkb([record.shape for record in records]))
    degrees = _degrees(np.asarray(shapes, dtype=object))
    rows = (
        (edition_id, r.line, r.kind, r.name, r.reference, r.classed, r.starts, r.ends, shape, degree)
        for r, shape, degree in zip(records, _hex(shapes), _hex(degrees), strict=True)
    )
    copy_rows(connection, "layer_feature", _COLUMNS, rows)


def _degrees(shapes: "np.ndarray[tuple[int], np.dtype[np.object_]]") -> list[object]:
    return [shapely.orient_polygons(in_degrees(shape)) for shape in shapes]


def _hex(shapes: Iterable[object]) -> list[str]:
    return list(shapely.to_wkb(list(shapes), hex=True))


def settle_layers(connection: Connection, edition_id: int) -> None:
    """From now on the layers of this edition count, and those of the same source and kind before it no more."""
    connection.execute(text(_STAND), {"edition": edition_id})
    connection.execute(text(_REPLACED))
    connection.execute(text(_PARTS), {"edition": edition_id, "corners": CORNERS})
    connection.execute(text("ANALYZE layer_part, layer_feature, standing_layer"))


def list_layers(connection: Connection) -> Sequence[RowMapping]:
    """Every layer that counts: what it is and from where, how many features it has, when it was handed in."""
    query = text("""
        SELECT s.kind, s.source, e.label, e.publisher, e.licence, e.period_start, e.period_end, e.at, e.id AS edition,
               (SELECT count(*) FROM layer_feature f WHERE f.edition_id = s.edition_id AND f.kind = s.kind) AS features
        FROM standing_layer s JOIN edition e ON e.id = s.edition_id ORDER BY s.kind, s.source
    """)
    return connection.execute(query).mappings().all()
