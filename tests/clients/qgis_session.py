"""A session of QGIS without a screen, run by the Python that QGIS comes with: what it makes of a service, as JSON.

Arguments: the address, and a folder to draw into.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

SIZE = 300
CAMDEN = QgsRectangle(-0.2, 51.5, -0.1, 51.6)
LONDON = QgsRectangle(-0.4, 51.45, 0.05, 51.72)


class Session:
    """QGIS with a service."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self.folder = address, folder

    def layer(self, collection: str, **options: object) -> QgsVectorLayer:
        """A collection as a layer."""
        said = "".join(f" {name}='{value}'" for name, value in options.items())
        return QgsVectorLayer(f"url='{self.address}' typename='{collection}'{said}", collection, "OAPIF")

    def told(self, collection: str) -> dict[str, Any]:
        """What a layer says of itself, and how many features it gives."""
        layer = self.layer(collection)
        features = list(layer.getFeatures())
        extent = layer.extent()
        return {
            "valid": layer.isValid(), "count": layer.featureCount(), "crs": layer.crs().authid(),
            "fields": {field.name(): field.typeName() for field in layer.fields()},
            "shape": QgsWkbTypes.displayString(layer.wkbType()), "features": len(features),
            "drawable": sum(one.hasGeometry() for one in features),
            "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
            "ids": sorted(one["id"] for one in features),
        }  # fmt: skip

    def filtered(self, expression: str) -> list[str]:
        """The ids that the layer's filter leaves."""
        layer = self.layer("sites")
        assert layer.setSubsetString(expression), expression
        return sorted(one["id"] for one in layer.getFeatures())

    def boxed(self) -> list[str]:
        """The ids in a box, asked of a layer that takes no more than the view."""
        layer = self.layer("sites", restrictToRequestBBOX="1")
        there = QgsCoordinateTransform(QgsCoordinateReferenceSystem("OGC:CRS84"), layer.crs(), QgsProject.instance())
        box = QgsRectangle(CAMDEN) if layer.crs().isGeographic() else there.transformBoundingBox(CAMDEN)
        return sorted(one["id"] for one in layer.getFeatures(QgsFeatureRequest().setFilterRect(box)))

    def paged(self) -> list[str]:
        """The ids of a layer read seven at a time."""
        layer = self.layer("sites", pagingEnabled="true", pageSize="7")
        return sorted(one["id"] for one in layer.getFeatures())

    def drawn(self, layer: Any) -> dict[str, Any]:
        """How many pixels of a picture of London the layer covers."""
        settings = QgsMapSettings()
        settings.setLayers([layer])
        settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
        settings.setExtent(LONDON)
        settings.setOutputSize(QSize(SIZE, SIZE))
        settings.setBackgroundColor(QColor("white"))
        job = QgsMapRendererParallelJob(settings)
        job.start()
        job.waitForFinished()
        picture = job.renderedImage()
        picture.save(str(self.folder / f"{layer.name()}.png"))
        white = QColor("white").rgb()
        covered = sum(picture.pixel(x, y) != white for x in range(SIZE) for y in range(SIZE))
        return {"valid": layer.isValid(), "covered": covered}

    def tiles(self, collection: str) -> QgsVectorTileLayer:
        """A collection as vector tiles."""
        template = f"{self.address}/collections/{collection}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
        return QgsVectorTileLayer(f"type=xyz&url={template}&zmax=14&zmin=0", f"{collection}-tiles")

    def plain(self) -> dict[str, Any]:
        """The plain GeoJSON address as a layer."""
        layer = QgsVectorLayer(f"/vsicurl/{self.address}/sites.geojson", "plain", "ogr")
        return {"valid": layer.isValid(), "count": layer.featureCount()}


def main(address: str, folder: Path, filters: list[str]) -> None:
    """Try everything, and print what came of it."""
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    session = Session(address, folder)
    collections = ("sites", "candidates", "outlines", "holdings", "shortlist-entries", "boroughs", "lsoas")
    made: dict[str, Any] = {"told": {name: session.told(name) for name in collections}}
    made["filtered"] = {text: session.filtered(text) for text in filters}
    made["boxed"], made["paged"], made["plain"] = session.boxed(), session.paged(), session.plain()
    layers = [*(session.layer(name) for name in collections), session.tiles("boroughs"), session.tiles("sites")]
    made["drawn"] = {layer.name(): session.drawn(layer) for layer in layers}
    sys.stdout.write(json.dumps(made))
    sys.stdout.flush()
    os._exit(0)  # this version crashes when it tidies up after threads that drew


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
