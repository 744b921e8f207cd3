"""One service for all clients: a process of its own on a real socket, with all of `data/` and some outlines. What is
beside this file is importable as `wire`, however pytest is started."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import geopandas
import httpx2
import pytest
import shapely
from sqlalchemy import text

from estates_api.domain.area import Area
from estates_api.settings import ROOT
from estates_api.store.database import make_engine, transaction
from estates_api.workflows.outline import outline

sys.path.insert(0, str(Path(__file__).parent))

from wire import Json, Web, find_link

PATIENCE_S = 60
KEY = "the-key-of-the-clients"

_PLACES = """
SELECT ref, ST_X(geom) AS east, ST_Y(geom) AS north FROM site_public
WHERE precision IN ('postcode', 'uprn') AND gone IS NULL ORDER BY ref
"""


@pytest.fixture(scope="session")
def outlined_url(
    copied: Callable[[str], AbstractContextManager[str]], loaded_template: str, area: Area,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:  # fmt: skip
    """The URL of a database with all of `data/` in which forty sites have outlines: made-up squares."""
    path = tmp_path_factory.mktemp("parcels") / "parcels.gpkg"
    with copied(loaded_template) as url:
        engine = make_engine(url)
        with transaction(engine) as connection:
            places = [(row.ref, row.east, row.north) for row in connection.execute(text(_PLACES))]
            geopandas.GeoDataFrame(_parcels(places), crs=27700).to_file(path)
            outline(connection, path, area=area)
        engine.dispose()
        yield url


def _parcels(places: list[tuple[str, float, float]]) -> list[dict[str, object]]:
    """Squares around sites that stand apart: every fifth has a hole, and every seventh a second part."""
    apart: list[tuple[str, float, float]] = []
    for ref, east, north in places:
        if all(abs(east - e) + abs(north - n) > 500 for _, e, n in apart):
            apart.append((ref, east, north))
    rows: list[dict[str, object]] = []
    for number, (ref, east, north) in enumerate(apart[:40]):
        square = shapely.box(east - 40, north - 40, east + 40, north + 40)
        hole = shapely.box(east - 30, north - 30, east - 20, north - 20)
        rows.append({"site_ref": ref, "geometry": square.difference(hole) if number % 5 == 0 else square})
        if number % 7 == 0:
            rows.append({"site_ref": ref, "geometry": shapely.box(east + 60, north, east + 90, north + 30)})
    return rows


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], AbstractContextManager[str]]:
    """Runs `estates serve` on a database, for as long as a context lasts, and gives its address."""

    @contextmanager
    def serve(url: str) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        log = tmp_path_factory.mktemp("served") / "log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ESTATES_")}
        around = kept | {"ESTATES_DATABASE_URL": url, "ESTATES_ADMIN_KEY": KEY}
        command = [sys.executable, "-c", "from estates_api.cli.main import main; main()", "serve", "--port", str(port)]
        with log.open("w") as out, subprocess.Popen(command, cwd=ROOT, env=around, stdout=out, stderr=out) as process:
            try:
                _wait(f"http://127.0.0.1:{port}", process, log)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait(PATIENCE_S)
        assert "Traceback" not in log.read_text(), log.read_text()[-5000:]

    return serve


@pytest.fixture(scope="session")
def served(outlined_url: str, serving: Callable[[str], AbstractContextManager[str]]) -> Iterator[str]:
    """The address of a service on that database, which nobody writes to."""
    with serving(outlined_url) as address:
        yield address


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{address}/health/ready").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def web(served: str) -> Iterator[Web]:
    """The public, over a connection that stays open."""
    with httpx2.Client(timeout=60) as client:
        yield Web(served, client)


@pytest.fixture(scope="session")
def described(web: Web) -> Json:
    """The API definition."""
    link = find_link(web.json("/"), "service-desc")
    assert link is not None
    return web.json(link["href"])


@pytest.fixture(scope="session")
def declared(web: Web) -> set[str]:
    """The conformance classes of Part 1 that are declared."""
    start = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
    return {one.removeprefix(start) for one in web.json("/conformance")["conformsTo"] if one.startswith(start)}
