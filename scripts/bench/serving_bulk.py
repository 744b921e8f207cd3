"""The long cases of the serving benchmark: every page to the last one, whole files, and the tiles of low zooms."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median

from serving_cases import count_tile_features
from serving_client import Ask, find_next
from serving_questions import PROPERTIES, Question, list_tiles
from serving_runs import Bench, Measured, measure
from serving_servers import Place, Running
from serving_usage import cpu_seconds, forget_peak, peak_mb

PAGE = 1000
WALK = 100_000
"""Features that are paged through at most."""

PEERS_EXPORT = 200_000
"""Rows up to which tipg and pygeoapi are asked for everything at once: they hold it all in memory, several times."""

AGAIN = 2


@dataclass(slots=True)
class Walk:
    """Paging with limit 1,000, following `next`: what each page took, and how many features there were."""

    took: Measured = field(default_factory=Measured)
    features: int = 0

    @property
    def seconds(self) -> float:
        """All pages together."""
        return sum(self.took.seconds)

    def page_ms(self) -> tuple[float, float, float]:
        """A page at the start (but the first, which counts), in the middle, at the end: medians of a tenth."""
        pages = self.took.seconds[1:] or self.took.seconds
        tenth, middle = max(1, len(pages) // 10), len(pages) // 2
        parts = pages[:tenth], pages[middle : middle + tenth], pages[-tenth:]
        start, between, end = (median(part) * 1000 for part in parts)
        return start, between, end


def walk(bench: Bench) -> dict[str, Walk]:
    """Everybody from the first page to the last, or to 100,000 features, a page each in turn."""
    walks = {one.name: Walk() for one in bench.running}
    asks = {one.name: one.server.path(Question("items", PAGE)) for one in bench.running}
    for _ in range(-(-min(bench.rows, WALK) // PAGE)):
        for one in bench.running:
            path = asks[one.name]
            if path is None:
                continue
            way = walks[one.name]
            body = measure(bench, one, [Ask(path)], way.took, "body")[0].body
            asks[one.name] = None if way.took.refused else find_next(body)
            way.features += body.count(b'"Feature"')
    for way in walks.values():
        if not way.took.refused and way.features != min(bench.rows, WALK):
            way.took.differs = f"{way.features:,} features instead of {min(bench.rows, WALK):,}"
    return walks


@dataclass(slots=True)
class Export:
    """A whole file: what making it took the first time, and again, and the memory of the process
    before and at most."""

    first: Measured = field(default_factory=Measured)
    again: Measured = field(default_factory=Measured)
    first_byte_s: float | None = None
    before_mb: float = 0.0
    peak_mb: float = 0.0


def export(bench: Bench, kind: str, place: Place) -> dict[str, Export]:
    """Everything as one file, from every server and from ogr2ogr: once, and again."""
    found = {one.name: Export() for one in bench.running} | {"ogr2ogr": Export()}
    driver = {"export": "GeoJSON", "package": "GPKG"}[kind]
    for turn in range(1 + (AGAIN if bench.rows <= PEERS_EXPORT else 0)):
        for one in bench.running:
            result = found[one.name]
            if not result.first.refused:
                _export_served(bench, one, kind, result, result.again if turn else result.first)
        of_ogr = found["ogr2ogr"]
        _export_ogr(bench, place, driver, of_ogr, of_ogr.again if turn else of_ogr.first)
    if kind == "package":
        _check_package(bench, place, found)
    return found


def _export_served(bench: Bench, one: Running, kind: str, result: Export, took: Measured) -> None:
    path = one.server.path(Question(kind))
    if path is None or (one.name in {"tipg", "pygeoapi"} and bench.rows > PEERS_EXPORT):
        took.refused = "not served" if path is None else "not asked"
        return
    forget_peak(one.process)
    result.before_mb = result.before_mb or peak_mb(one.process)
    answer = measure(bench, one, [Ask(path)], took, "features")[0]
    result.first_byte_s = result.first_byte_s or answer.first_seconds
    result.peak_mb = max(result.peak_mb, peak_mb(one.process))
    if kind == "export" and answer.features != bench.rows:
        took.differs = f"{answer.features:,} features instead of {bench.rows:,}"


def _check_package(bench: Bench, place: Place, found: dict[str, Export]) -> None:
    for one in bench.only("ours"):
        path, took = one.server.path(Question("package")), found[one.name].first
        if path is None or took.refused:
            continue
        file = place.folder / "ours.gpkg"
        file.write_bytes(bench.client.ask(one.port, [Ask(path)], "body").answers[0].body)
        with closing(sqlite3.connect(file)) as package:
            (table,) = package.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchone()
            (rows,) = package.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608 -- ours
        file.unlink()
        if rows != bench.rows:
            took.differs = f"{rows:,} features instead of {bench.rows:,}"


def _export_ogr(bench: Bench, place: Place, driver: str, result: Export, took: Measured) -> None:
    """What a person at a terminal would do instead."""
    file = place.folder / f"ogr.{driver.lower()}"
    database, began = cpu_seconds(bench.postmaster), time.perf_counter()
    try:
        process = subprocess.Popen(  # noqa: S603 -- ours
            _ogr_command(place, driver, str(file)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except FileNotFoundError:
        took.refused = "not installed"
        return
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        took.refused = f"exit code {process.returncode}"
        return
    took.seconds.append(time.perf_counter() - began)
    took.cpu_s += usage.ru_utime + usage.ru_stime
    took.database_cpu_s += cpu_seconds(bench.postmaster) - database
    took.size = file.stat().st_size
    result.peak_mb = max(result.peak_mb, usage.ru_maxrss / 1024)
    file.unlink()


def _ogr_command(place: Place, driver: str, file: str) -> list[str]:
    at = place.parts
    source = f"PG:host={at['host']} port={at['port'] or 5432} user={at['user']} dbname={at['dbname']}"
    query = f"SELECT id, {', '.join(PROPERTIES)}, geom_crs84 FROM bench.outlines ORDER BY id"  # noqa: S608 -- constants
    geojson = ("-lco", "COORDINATE_PRECISION=7", "-lco", "ID_FIELD=id") if driver == "GeoJSON" else ()
    return ["ogr2ogr", "-f", driver, *geojson, file, source, "-nln", "outlines", "-sql", query]


@dataclass(frozen=True, slots=True)
class LowTile:
    """Our tiles of a low zoom: the slowest, what making one took on average, the largest, the fullest."""

    zoom: int
    ms: float
    cpu_ms: float
    kb: float
    features: int


def low_tiles(bench: Bench, zooms: Sequence[int] = range(10)) -> list[LowTile] | str:
    """Our tiles of low zooms at first sight; why not, where there are none."""
    found = []
    for one in bench.only("ours"):
        for zoom in zooms:
            paths = [one.server.path(Question("tile", tile=tile)) for tile in list_tiles(zoom)]
            took = Measured()
            answers = measure(bench, one, [Ask(path) for path in paths if path], took, "body")
            if took.refused:
                return took.refused
            features = max(count_tile_features(answer.body) for answer in answers)
            found.append(LowTile(zoom, max(took.seconds) * 1000, took.cpu_ms or 0, took.size / 1000, features))
    return found
