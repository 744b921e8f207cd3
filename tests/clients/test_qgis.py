"""QGIS itself, without a screen, in the version that Debian has (3.22: it types by the first ten features, and filters
by itself what it cannot say as `property=value` or `datetime`): every layer opens, counts, filters, pages and draws."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from wire import COLLECTIONS, Web

from estates_api.domain.collections import COLLECTIONS as REGISTRY

pytestmark = pytest.mark.slow

PYTHON = "/usr/bin/python3"
"""The Python that Debian's QGIS is a module of."""

KINDS = {"string": "String", "integer": "Integer", "number": "Real", "boolean": "Boolean", "date": "Date"}
FILTERS = {
    "\"borough\" = 'Camden'": "borough = 'Camden'",
    "\"name\" = 'St Ann''s Hospital'": "name = 'St Ann''s Hospital'",
    '"gia_m2" > 1000': "gia_m2 > 1000",
    '"holdings" = 2': "holdings = 2",
    '"stale"': "stale = true",
    "\"name\" ILIKE '%hospital%'": "CASEI(name) LIKE CASEI('%hospital%')",
    '"gia_m2" IS NULL': "gia_m2 IS NULL",
    '"sector" = \'NHS\' AND NOT ("gia_m2" > 1000)': "sector = 'NHS' AND NOT (gia_m2 > 1000)",
}
"""Expressions of QGIS, and the same in CQL2."""

PATIENCE_S = 300

each = pytest.mark.parametrize("collection", COLLECTIONS)
filled = pytest.mark.parametrize("collection", [one for one in COLLECTIONS if one != "shortlist-entries"])


@pytest.fixture(scope="module")
def qgis(web: Web, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What QGIS makes of the service; the tests are skipped where it is not, except where everything must be there."""
    found = subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    if found.returncode:
        assert os.environ.get("CI") != "true", "QGIS is needed: apt-get install python3-qgis"
        pytest.skip("QGIS is not here (apt-get install python3-qgis)")
    folder = tmp_path_factory.mktemp("qgis")
    folder.chmod(0o700)
    environment = {"PATH": os.environ["PATH"], "QT_QPA_PLATFORM": "offscreen", "HOME": str(folder),
                   "XDG_RUNTIME_DIR": str(folder), "LANG": "C.UTF-8"}  # fmt: skip
    script = Path(__file__).with_name("qgis_session.py")
    done = subprocess.run([PYTHON, str(script), web.url, str(folder), *FILTERS], capture_output=True, text=True,
                          check=False, timeout=PATIENCE_S, env=environment)  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@each
def test_layers_open(qgis: dict[str, Any], web: Web, collection: str) -> None:
    """Every collection is a valid layer, also the empty one, with as many features as are served, each once."""
    told = qgis["told"][collection]
    assert told["valid"]
    assert told["count"] == told["features"] == web.items(collection)["numberMatched"]
    assert set(told["ids"]) == web.ids(collection)


@filled
def test_fields(qgis: dict[str, Any], web: Web, collection: str) -> None:
    """Fields in order, each of its type; what the first ten features leave unknown this version takes as text."""
    first = [one["properties"] for one in web.items(collection, limit=10)["features"]]
    meant = {one.name: KINDS[one.kind] if any(said[one.name] is not None for said in first) else "String"
             for one in REGISTRY[collection].properties}  # fmt: skip
    assert list(qgis["told"][collection]["fields"].items()) == [("id", "String"), *meant.items()]


@filled
def test_shapes_and_extents(qgis: dict[str, Any], web: Web, collection: str) -> None:
    """The type of geometry, where the layer lies, and as many shapes to draw as are served."""
    told = qgis["told"][collection]
    assert told["shape"] == REGISTRY[collection].shape
    assert told["extent"] == pytest.approx(
        web.json(f"/collections/{collection}")["extent"]["spatial"]["bbox"][0], abs=1e-6
    )
    assert told["drawable"] == sum(one["geometry"] is not None for one in web.features(collection))


@pytest.mark.parametrize("text", FILTERS)
def test_filters(qgis: dict[str, Any], web: Web, text: str) -> None:
    """What a layer's filter leaves is what the same filter in CQL2 finds."""
    assert set(qgis["filtered"][text]) == web.ids("sites", filter=FILTERS[text]) != set()


def test_a_box(qgis: dict[str, Any], web: Web) -> None:
    """A layer that takes no more than the view finds what is in it."""
    assert set(qgis["boxed"]) == web.ids("sites", bbox="-0.2,51.5,-0.1,51.6")


def test_paging(qgis: dict[str, Any], web: Web) -> None:
    """Seven at a time every feature comes once."""
    assert qgis["paged"] == sorted(web.ids("sites"))


def test_the_plain_file(qgis: dict[str, Any], web: Web) -> None:
    """The plain GeoJSON address is a layer."""
    assert qgis["plain"] == {"valid": True, "count": web.items("sites")["numberMatched"]}


@filled
def test_drawn(qgis: dict[str, Any], collection: str) -> None:
    """A picture of London with the layer on it is not blank."""
    assert qgis["drawn"][collection]["covered"] > 200


@pytest.mark.parametrize("collection", ["sites", "boroughs"])
def test_tiles(qgis: dict[str, Any], collection: str) -> None:
    """The vector tiles cover as much of the picture as the features do."""
    tiles, features = qgis["drawn"][f"{collection}-tiles"], qgis["drawn"][collection]
    assert tiles["valid"]
    assert tiles["covered"] == pytest.approx(features["covered"], rel=0.1)
