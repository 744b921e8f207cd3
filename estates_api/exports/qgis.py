"""What QGIS opens with one click: styles (QML), and a layer definition of this service's collections (QLR)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from estates_api.domain.collections import Collection
from estates_api.domain.method import CutOffs
from estates_api.exports.styles import Style, list_styles

MEDIA_TYPE = "application/x-qgis-layer-definition"

_SHOWN = {"Release score", "Outlines", "Boroughs"}
"""The layers that are drawn at once; the others take a tick."""


def _rgba(colour: str) -> str:
    """#rrggbb or #rrggbbaa as QGIS writes colours: four numbers."""
    return ",".join(str(part) for part in bytes.fromhex(f"{colour[1:]}ff")[:4])


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "web/qgis"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["rgba"] = _rgba


@dataclass(frozen=True, slots=True)
class _Layer:
    id: str
    source: str
    style: Style
    shown: bool


def write_qml(style: Style) -> str:
    """A style by itself, as QGIS saves and loads it."""
    return _TEMPLATES.get_template("style.qml").render(style=style)


def write_qlr(base: str, collections: Iterable[Collection], cut_offs: CutOffs, *, crs: int = 4326) -> bytes:
    """A group of layers, each drawn by its style, of the service whose landing page is at `base`.

    QGIS believes the definition of a layer more than the service, so both are told the same system: 4326 is understood
    by every QGIS; 27700, the stored metres, by 3.28.6, 3.30 and newer (OGC API - Features Part 2).
    """
    name = "OGC:CRS84" if crs == 4326 else f"EPSG:{crs}"
    groups = [
        {
            "name": collection.title,
            "layers": [_layer(base, collection, style, name) for style in list_styles(collection, cut_offs)],
        }
        for collection in sorted(collections, key=lambda one: one.shape != "Point")  # areas lie below points
    ]
    made = _TEMPLATES.get_template("estates.qlr").render(title="Estates", groups=groups, crs=f"EPSG:{crs}")
    return made.encode()


def _layer(base: str, collection: Collection, style: Style, crs: str) -> _Layer:
    address = base.rstrip("/").replace("\\", "\\\\").replace("'", "\\'")  # quoted as QgsDataSourceUri reads it
    source = f"typename='{collection.id}' url='{address}' srsname='{crs}' restrictToRequestBBOX='1'"
    identifier = f"estates_{collection.id}_{style.name}".replace(" ", "_").replace("-", "_").lower()
    return _Layer(identifier, source, style, style.name in _SHOWN)
