"""Draw the pictures of the README with the real QGIS, from the layer definition of a running service.

Run with the Python that QGIS comes with, and not ours:

    curl -o estates.qlr http://127.0.0.1:8000/qgis/estates.qlr
    QT_QPA_PLATFORM=offscreen /usr/bin/python3 scripts/make_pictures.py estates.qlr
"""

import os
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsLayerDefinition,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsMapLayer,
    QgsPrintLayout,
    QgsProject,
)
from qgis.PyQt.QtCore import QRectF
from qgis.PyQt.QtGui import QFont

FOLDER = Path(__file__).resolve().parent.parent / "estates_api/web/pictures"
PICTURES = {"release.png": "Release score", "reuse.png": "Reuse score", "route.png": "Route"}
WIDTH_MM, HEIGHT_MM, LEGEND_MM, DPI = 236, 116, 83, 100
SOURCE = "Contains National Statistics and OS data © Crown copyright and database right"


def main(definition: str) -> None:
    """Open the definition, and draw one picture for each way to see the candidates."""
    project = QgsProject.instance()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:27700"))
    loaded, reason = QgsLayerDefinition.loadLayerDefinition(definition, project, project.layerTreeRoot())
    if not loaded:
        sys.exit(reason)
    (ground,) = project.mapLayersByName("Boroughs")
    FOLDER.mkdir(exist_ok=True)
    for name, title in PICTURES.items():
        (layer,) = project.mapLayersByName(title)
        draw(layer, ground, FOLDER / name)


def draw(layer: QgsMapLayer, ground: QgsMapLayer, path: Path) -> None:
    """The layer upon the ground, with its legend at the side."""
    layout = QgsPrintLayout(QgsProject.instance())
    layout.initializeDefaults()
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(WIDTH_MM, HEIGHT_MM))
    sheet = QgsLayoutItemMap(layout)
    sheet.attemptSetSceneRect(QRectF(0, 0, WIDTH_MM - LEGEND_MM, HEIGHT_MM))
    sheet.setLayers([layer, ground])
    settings = sheet.mapSettings(sheet.extent(), sheet.rect().size(), DPI, False)
    extent = settings.layerExtentToOutputExtent(ground, ground.extent())
    extent.scale(1.08)
    sheet.zoomToExtent(extent)
    layout.addLayoutItem(sheet)
    legend = QgsLayoutItemLegend(layout)
    legend.setAutoUpdateModel(False)
    legend.model().rootGroup().clear()
    legend.model().rootGroup().addLayer(layer)
    layout.addLayoutItem(legend)
    legend.attemptMove(QgsLayoutPoint(WIDTH_MM - LEGEND_MM, 8))
    source = QgsLayoutItemLabel(layout)
    source.setText(SOURCE)
    source.setFont(QFont("sans", 7))
    source.attemptSetSceneRect(QRectF(WIDTH_MM - LEGEND_MM, HEIGHT_MM - 12, LEGEND_MM, 10))
    layout.addLayoutItem(source)
    image = QgsLayoutExporter.ImageExportSettings()
    image.dpi = DPI
    QgsLayoutExporter(layout).exportToImage(str(path), image)


application = QgsApplication([], False)
application.initQgis()
main(*sys.argv[1:])
os._exit(0)  # QGIS 3.22 may crash while it takes itself apart
