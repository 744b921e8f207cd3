"""Run by the Python of QGIS, which is not ours: open what the command line names, draw it, and say what came of it.

Arguments: a layer definition (.qlr) or a data source, and the picture to draw. Printed is JSON: the layers in the
order of the legend, and the colours of the picture with their pixels.
"""

import json
import os
import sys
from collections import Counter

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsLayerDefinition,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def describe(node):
    """A layer as it stands in the legend, with what can be counted and read of it."""
    layer = node.layer()
    renderer = layer.renderer()
    stored = layer.listStylesInDatabase() if layer.dataProvider().name() == "ogr" else (0, [], [])
    return {
        "name": node.name(),
        "group": node.parent().name(),
        "shown": node.isVisible(),
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "count": layer.featureCount(),
        "fields": {field.name(): field.typeName() for field in layer.fields()},
        "legend": [item.label() for item in renderer.legendSymbolItems()] if renderer else None,
        "labels": layer.labelsEnabled(),
        "styles": stored[2],
    }


def draw(layers, path):
    """Draw the layers, the first uppermost, on a sheet in metres that they fill; how often each colour is there."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:27700"))
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(900, 800))
    settings.setOutputDpi(110)
    settings.setLayers(layers)
    extent = QgsRectangle()
    for layer in layers:
        extent.combineExtentWith(settings.layerExtentToOutputExtent(layer, layer.extent()))
    extent.scale(1.08)
    settings.setExtent(extent)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    return Counter(image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height()))


def main(source, path):
    """Open, draw, tell."""
    project = QgsProject.instance()
    root = project.layerTreeRoot()
    if source.endswith(".qlr"):
        loaded, reason = QgsLayerDefinition.loadLayerDefinition(source, project, root)
        assert loaded, reason
    else:
        project.addMapLayer(QgsVectorLayer(source, "file", "ogr"))
    nodes = root.findLayers()
    colours = draw([node.layer() for node in nodes if node.isVisible()], path)
    json.dump({"layers": [describe(node) for node in nodes], "colours": dict(colours.most_common(40))}, sys.stdout)


application = QgsApplication([], False)
application.initQgis()
main(*sys.argv[1:])
sys.stdout.flush()
os._exit(0)  # QGIS 3.22 may crash while it takes itself apart
