"""The real QGIS opens what we hand out: layers are there, counted, legended and drawn."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import shapely
import uvicorn
from sqlalchemy import Engine

from estates_api.domain.collections import COLLECTIONS, Collection
from estates_api.domain.method import CutOffs
from estates_api.domain.quarters import Quarter
from estates_api.exports.bulk import geopackage
from estates_api.exports.bulk.layer import Layer
from estates_api.exports.lists.process import write_list
from estates_api.exports.qgis import write_qlr
from estates_api.store.database import transaction
from estates_api.workflows.shortlist import get_shortlist

pytestmark = pytest.mark.slow

QGIS_PYTHON = "/usr/bin/python3"
"""QGIS comes with the operating system, and its modules with that one's Python."""

Open = Callable[[str | Path], dict[str, Any]]


@pytest.fixture(scope="session")
def open_in_qgis(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Open a layer definition or a data source; what QGIS says of it."""
    folder = tmp_path_factory.mktemp("qgis")
    usual = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [QGIS_PYTHON, *words], capture_output=True, text=True, check=False, timeout=300, env=usual
        )

    if run("-c", "import qgis.core").returncode:
        assert os.environ.get("CI") != "true", "QGIS is needed: apt-get install python3-qgis"
        pytest.skip("QGIS is not here: apt-get install python3-qgis")

    def opened(source: str | Path) -> dict[str, Any]:
        done = run(str(Path(__file__).with_name("qgis_session.py")), str(source), str(folder / "picture.png"))
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    return opened


@pytest.fixture(scope="module")
def service_url(reading: Engine, make_api: Callable[..., Any]) -> Iterator[str]:
    """The address of the service, on a socket, with all of `data/`."""
    server = uvicorn.Server(uvicorn.Config(make_api(reading).app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def features(api: Any, collection: str) -> list[dict[str, Any]]:
    """All features of a collection."""
    return list(api.get(f"/collections/{collection}/items", params={"limit": 1000}).json()["features"])


def test_a_definition_opens(open_in_qgis: Open, service_url: str, api: Any, cut_offs: CutOffs, tmp_path: Path) -> None:
    """One file gives the collections of the service as layers, with all their features, legends and colours."""
    served = {one["id"]: one for one in api.get("/collections").json()["collections"]}
    collections = [COLLECTIONS[name] for name in COLLECTIONS if name in served]
    (tmp_path / "estates.qlr").write_bytes(write_qlr(service_url, collections, cut_offs))
    said = open_in_qgis(tmp_path / "estates.qlr")
    layers = {layer["name"]: layer for layer in said["layers"]}
    assert all(layer["valid"] and layer["crs"] == "EPSG:4326" for layer in said["layers"])
    for name, collection in (("Release score", "candidates"), ("Route", "candidates"), ("Sites", "sites")):
        assert layers[name]["count"] == served[collection]["itemCount"] > 100
    assert layers["Release score"]["group"] == "Candidates"
    assert layers["Release score"]["legend"][-1] == "not enough known (under 50%)"
    assert [name for name, layer in layers.items() if layer["shown"] and layer["group"] == "Candidates"] == [
        "Release score"
    ]
    assert {"#2c7fb8", "#a1dab4", "#ffffcc"} <= said["colours"].keys()


def test_a_geopackage_opens_styled(
    open_in_qgis: Open, api: Any, make_layer: Callable[..., Layer], tmp_path: Path
) -> None:
    """A GeoPackage of the candidates is drawn by release score at once, and has the other styles at hand."""
    collection = COLLECTIONS["candidates"]
    rows = [_row(collection, feature) for feature in features(api, "candidates")]
    geopackage.write(make_layer(collection, rows, crs=4326), tmp_path / "candidates.gpkg")
    said = open_in_qgis(f"{tmp_path / 'candidates.gpkg'}|layername=candidates")
    (layer,) = said["layers"]
    assert (layer["valid"], layer["count"], layer["crs"]) == (True, len(rows), "EPSG:4326")
    assert layer["legend"][-1] == "not enough known (under 50%)"
    assert layer["styles"] == ["Release score", "Reuse score", "Route"]
    assert {"evidence_date": "Date", "stale": "Boolean", "release_score": "Real"}.items() <= layer["fields"].items()
    assert {"#2c7fb8", "#a1dab4", "#ffffcc"} <= said["colours"].keys()


def _row(collection: Collection, feature: dict[str, Any]) -> dict[str, Any]:
    dates = {one.name for one in collection.properties if one.kind == "date"}
    known = {name: date.fromisoformat(value) if name in dates and value else value
             for name, value in feature["properties"].items()}  # fmt: skip
    shape = feature["geometry"] and shapely.to_wkb(shapely.geometry.shape(feature["geometry"]))
    return {"id": feature["id"], **known, "geometry": shape}


def test_a_shortlist_opens_styled(open_in_qgis: Open, reading: Engine, tmp_path: Path) -> None:
    """A shortlist's GeoPackage is drawn by list at once, its points as marks and its outlines as areas, in the National
    Grid."""
    with transaction(reading) as connection:
        document: dict[str, Any] = dict(get_shortlist(connection, Quarter(2015, 1)).document)
    entries = document["entries"]
    entries[0]["outline"] = "MULTIPOLYGON (((532900 189000, 533300 189000, 533300 189500, 532900 189000)))"
    write_list("geopackage", document, {}, tmp_path / "list.gpkg")
    for name, count in (("entries", len(entries)), ("outlines", 1)):
        said = open_in_qgis(f"{tmp_path / 'list.gpkg'}|layername={name}")
        (layer,) = said["layers"]
        assert (layer["valid"], layer["count"], layer["crs"]) == (True, count, "EPSG:27700")
        assert layer["legend"] == ["release", "part release", "reuse", "annex"]
        assert set(layer["styles"]) == {"Shortlists"}  # those of both layers are offered
        assert len(said["colours"]) > 1
