"""The servers that the serving benchmark compares: how each is started, and its words for each question.

One worker process each. Ours is the real command; tipg and pygeoapi are started as they document it for production,
and set up so that they do no less and no more than the others: limits raised, no refreshing in the background.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from serving_questions import EAST, NORTH, PROPERTIES, SOUTH, WEST, Question

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MANY = 100_000_000
PATIENCE_S = 60
GEOJSON = "application/geo+json"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers find what they need: the database, the Python of the peers, a folder to write in."""

    database_url: str
    peers: Path
    folder: Path

    @property
    def dsn(self) -> str:
        """The database as libpq names it."""
        return self.database_url.replace("postgresql+psycopg://", "postgresql://")

    @property
    def parts(self) -> dict[str, str]:
        """Host, port, user and database: the host of an embedded cluster is the folder of its socket."""
        found = psycopg.conninfo.conninfo_to_dict(self.dsn)
        return {name: str(found.get(name) or "") for name in ("host", "port", "user", "dbname", "password")}


class Server(ABC):
    """One of the servers. `follows`: it is asked what a first answer leads to; the floor knows no second request."""

    name: str
    follows = True

    def prepare(self, place: Place, port: int) -> None:  # noqa: B027 -- most need nothing
        """What has to be written before it starts."""

    @abstractmethod
    def command(self, place: Place, port: int) -> list[str]:
        """What starts it."""

    def environment(self, place: Place, port: int) -> Mapping[str, str]:  # noqa: ARG002
        """Its settings."""
        return {}

    @abstractmethod
    def path(self, question: Question) -> str | None:
        """The path and query that asks a question; None for what it does not serve at all."""


class Ours(Server):
    """This service, by its real command."""

    name = "ours"
    export_path = "/collections/outlines.geojson"
    package_path = "/collections/outlines.gpkg"

    def command(self, place: Place, port: int) -> list[str]:  # noqa: ARG002, D102
        start = "from estates_api.cli.main import main; main()"
        return [sys.executable, "-c", start, "serve", "--port", str(port)]

    def environment(self, place: Place, port: int) -> Mapping[str, str]:  # noqa: ARG002, D102
        return {
            "ESTATES_DATABASE_URL": place.dsn, "ESTATES_STATE_DIR": str(place.folder / "ours"), "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    def path(self, question: Question) -> str | None:  # noqa: D102
        match question.kind:
            case "item":
                return f"/collections/outlines/items/{question.id}"
            case "tile" if question.tile:  # OGC API - Tiles: matrix, row, column
                zoom, column, row = question.tile
                return f"/collections/outlines/tiles/WebMercatorQuad/{zoom}/{row}/{column}"
            case "export":
                return self.export_path
            case "package":
                return self.package_path
        return "/collections/outlines/items?" + _query(question, "filter-lang=cql2-text")


class Floor(Server):
    """The bare application that sends what PostgreSQL makes."""

    name = "floor"
    follows = False

    def command(self, place: Place, port: int) -> list[str]:  # noqa: ARG002, D102
        return [sys.executable, "-m", *_uvicorn(port), "--app-dir", str(HERE), "serving_floor:app"]

    def environment(self, place: Place, port: int) -> Mapping[str, str]:  # noqa: ARG002, D102
        return {"BENCH_DSN": place.dsn, "PYTHONPATH": str(ROOT)}

    def path(self, question: Question) -> str | None:  # noqa: D102
        match question.kind:
            case "item":
                return f"/item/{question.id}"
            case "tile" if question.tile:
                return "/tiles/{}/{}/{}".format(*question.tile)
            case "export":
                return "/export"
            case "unchanged":
                return "/empty"
            case "package":
                return None
        fields: dict[str, object] = {"limit": question.limit}
        if question.box:
            fields["bbox"] = ",".join(map(str, question.box))
        if question.areas:
            fields |= {"borough": question.borough, "from": question.areas[0], "to": question.areas[1]}
        return ("/hits?" if question.kind == "hits" else "/items?") + urlencode(fields, safe=",")


class Tipg(Server):
    """tipg on uvicorn, as its own documentation starts it, with uvloop and httptools."""

    name = "tipg"

    def command(self, place: Place, port: int) -> list[str]:  # noqa: D102
        return [str(place.peers / "python"), "-m", *_uvicorn(port), "tipg.main:app"]

    def environment(self, place: Place, port: int) -> Mapping[str, str]:  # noqa: ARG002, D102
        at = place.parts
        who = quote(at["user"], safe="") + (f":{quote(at['password'], safe='')}" if at["password"] else "")
        table = {"geomcol": "geom_crs84", "pk": "id", "properties": json.dumps(PROPERTIES)}
        return {
            "DATABASE_URL": f"postgresql://{who}@{quote(at['host'], safe='')}:{at['port'] or 5432}/{at['dbname']}",
            "TIPG_DB_SCHEMAS": '["bench"]', "TIPG_DB_TABLES": '["bench.outlines"]',
            "TIPG_TABLE_CONFIG": json.dumps({"bench_outlines": table}),
            "TIPG_MAX_FEATURES_PER_QUERY": str(MANY), "TIPG_MAX_FEATURES_PER_TILE": str(MANY), "TIPG_CATALOG_TTL": "0",
            "TIPG_TILE_BUFFER": "64",
        }  # fmt: skip

    def path(self, question: Question) -> str | None:  # noqa: D102
        match question.kind:
            case "item":
                return f"/collections/bench.outlines/items/{question.id}?f=geojson"
            case "tile" if question.tile:
                return "/collections/bench.outlines/tiles/WebMercatorQuad/{}/{}/{}".format(*question.tile)
            case "export":
                return f"/collections/bench.outlines/items?f=geojson&limit={MANY}"
            case "package" | "unchanged":
                return None
        return "/collections/bench.outlines/items?f=geojson&" + _query(question, "filter-lang=cql2-text")


class Pygeoapi(Server):
    """pygeoapi with its PostgreSQL provider, as its container runs it: gunicorn with the gevent worker."""

    name = "pygeoapi"

    def prepare(self, place: Place, port: int) -> None:  # noqa: D102
        file = place.folder / "pygeoapi.json"
        file.write_text(json.dumps(_pygeoapi_settings(place.parts, port)), encoding="utf-8")
        command = [str(place.peers / "pygeoapi"), "openapi", "generate", str(file), "--output-file"]
        subprocess.run(  # noqa: S603 -- ours
            [*command, str(place.folder / "openapi.yml")], check=True, capture_output=True,
            env=os.environ | self.environment(place, port),
        )  # fmt: skip

    def command(self, place: Place, port: int) -> list[str]:  # noqa: D102
        how = ["--workers", "1", "--worker-class", "gevent", "--timeout", "6000", "--bind", f"127.0.0.1:{port}"]
        return [str(place.peers / "gunicorn"), *how, "--log-level", "warning", "pygeoapi.flask_app:APP"]

    def environment(self, place: Place, port: int) -> Mapping[str, str]:  # noqa: ARG002, D102
        folder = place.folder
        return {
            "PYGEOAPI_CONFIG": str(folder / "pygeoapi.json"), "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"),
        }  # fmt: skip

    def path(self, question: Question) -> str | None:  # noqa: D102
        match question.kind:
            case "item":
                return f"/collections/outlines/items/{question.id}?f=json"
            case "hits":
                return "/collections/outlines/items?f=json&resulttype=hits&" + _query(question, None)
            case "export":
                return f"/collections/outlines/items?f=json&limit={MANY}"
            case "tile" | "package" | "unchanged":
                return None
        return "/collections/outlines/items?f=json&" + _query(question, None)


SERVERS: tuple[Server, ...] = (Floor(), Ours(), Tipg(), Pygeoapi())


def _query(question: Question, language: str | None) -> str:
    """The words that OGC API - Features gives all servers."""
    fields: dict[str, object] = {"limit": question.limit}
    if question.box:
        fields["bbox"] = ",".join(map(str, question.box))
    if question.areas:
        low, high = question.areas
        fields["filter"] = f"borough = '{question.borough}' AND gia_m2 BETWEEN {low} AND {high}"
    asked = urlencode(fields, safe=",")
    return f"{asked}&{language}" if question.areas and language else asked


def _uvicorn(port: int) -> list[str]:
    how = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return ["uvicorn", "--host", "127.0.0.1", "--port", str(port), *how]


def _pygeoapi_settings(at: Mapping[str, str], port: int) -> dict[str, object]:
    here = f"http://127.0.0.1:{port}"
    named = {"name": "bench", "url": here}
    data = {"host": at["host"], "port": int(at["port"] or 5432), "dbname": at["dbname"], "user": at["user"],
            "search_path": ["bench"]} | ({"password": at["password"]} if at["password"] else {})  # fmt: skip
    provider = {"type": "feature", "name": "PostgreSQL", "data": data, "id_field": "id", "table": "outlines",
                "geom_field": "geom_crs84", "properties": PROPERTIES}  # fmt: skip
    text = {"title": "outlines", "description": "outlines", "keywords": ["outlines"]}
    box = [WEST, SOUTH, EAST, NORTH]
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": here, "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8", "language": "en-GB", "gzip": False, "pretty_print": False,
            "limits": {"default_items": 100, "max_items": MANY}, "map": {"url": here, "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {**text, "keywords_type": "theme", "terms_of_service": here, "url": here},
            "license": named, "provider": named, "contact": named,
        },
        "resources": {"outlines": {
            "type": "collection", **text, "providers": [provider],
            "extents": {"spatial": {"bbox": box, "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}},
        }},
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    server: Server
    port: int
    process: int

    @property
    def name(self) -> str:
        """The server's name."""
        return self.server.name


@contextmanager
def start_all(servers: tuple[Server, ...], place: Place) -> Iterator[list[Running]]:
    """Every server on a port of its own, stopped at the end."""
    with ExitStack() as stack:
        yield [stack.enter_context(_start(server, place)) for server in servers]


@contextmanager
def _start(server: Server, place: Place) -> Iterator[Running]:
    port = _free_port()
    server.prepare(place, port)
    with (place.folder / f"{server.name}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 -- ours
            server.command(place, port), cwd=place.folder, stdout=log, stderr=log, start_new_session=True,
            env=os.environ | server.environment(place, port),
        )  # fmt: skip
    try:
        _wait(process, port, Path(log.name))
        yield Running(server, port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    end = " | ".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:])
    sys.exit(f"{log.stem} does not answer on port {port}; its log {log} ends: {end}")
