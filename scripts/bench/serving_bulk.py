"""The long cases of the serving benchmark: every page to the last one, whole files, and the tiles of low zooms."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from serving_cases import count_tile_features
from serving_client import Ask, find_next
from serving_questions import PROPERTIES, Question, list_tiles
from serving_runs import FINE, Bench, Measured, measure
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
            body = measure(bench, one, [Ask(path)], way.took, keep=True)[0]
            asks[one.name] = None if way.took.refused else find_next(body)
            way.features += body.count(b'"Feature"')
    for way in walks.values():
        if not way.took.refused and way.features != min(bench.rows, WALK):
            way.took.differs = f"{way.features:,} features instead of {min(bench.rows, WALK):,}"
    return walks


@dataclass(slots=True)
class Export:
    """A whole file: what making it took each time, the first time apart, and the most memory meanwhile."""

    took: Measured = field(default_factory=Measured)
    peak_mb: float = 0.0
    first_byte_s: float = 0.0


def export(bench: Bench, kind: str, place: Place) -> dict[str, Export]:
    """Everything as one file, from every server and from ogr2ogr: once, and again."""
    found = {one.name: Export() for one in bench.running} | {"ogr2ogr": Export()}
    driver = {"export": "GeoJSON", "package": "GPKG"}[kind]
    for turn in range(1 + (AGAIN if bench.rows <= PEERS_EXPORT else 0)):
        for one in bench.running:
            if not found[one.name].took.refused:
                _export_served(bench, one, kind, found[one.name], check=turn == 0)
        _export_ogr(bench, place, driver, found["ogr2ogr"])
    return found


def _export_served(bench: Bench, one: Running, kind: str, result: Export, *, check: bool) -> None:
    path = one.server.path(Question(kind))
    if path is None or (one.name in {"tipg", "pygeoapi"} and bench.rows > PEERS_EXPORT):
        result.took.refused = "not served" if path is None else "not asked"
        return
    forget_peak(one.process)
    cpu, database = cpu_seconds(one.process), cpu_seconds(bench.postmaster)
    answer = bench.client.ask(one.port, [Ask(path)]).answers[0]
    if answer.status not in FINE:
        result.took.refused = f"HTTP {answer.status}"
        return
    result.took.cpu_s += cpu_seconds(one.process) - cpu
    result.took.database_cpu_s += cpu_seconds(bench.postmaster) - database
    result.took.seconds.append(answer.seconds)
    result.took.size = answer.size
    result.first_byte_s = result.first_byte_s or answer.first_seconds
    result.peak_mb = max(result.peak_mb, peak_mb(one.process))
    if check and kind == "export" and bench.rows <= PEERS_EXPORT:
        body = bench.client.ask(one.port, [Ask(path)], keep=True).answers[0].body
        if (features := body.count(b'"Feature"')) != bench.rows:
            result.took.differs = f"{features:,} features instead of {bench.rows:,}"


def _export_ogr(bench: Bench, place: Place, driver: str, result: Export) -> None:
    """What a person at a terminal would do instead."""
    file = place.folder / f"ogr.{driver.lower()}"
    file.unlink(missing_ok=True)
    at = place.parts
    source = f"PG:host={at['host']} port={at['port'] or 5432} user={at['user']} dbname={at['dbname']}"
    query = f"SELECT id, {', '.join(PROPERTIES)}, geom_crs84 FROM bench.outlines ORDER BY id"  # noqa: S608 -- constants
    geojson = ("-lco", "COORDINATE_PRECISION=7", "-lco", "ID_FIELD=id") if driver == "GeoJSON" else ()
    command = ["ogr2ogr", "-f", driver, *geojson, str(file), source, "-nln", "outlines", "-sql", query]
    database, began = cpu_seconds(bench.postmaster), time.perf_counter()
    try:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    except FileNotFoundError:
        result.took.refused = "not installed"
        return
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        result.took.refused = f"exit code {process.returncode}"
        return
    result.took.seconds.append(time.perf_counter() - began)
    result.took.cpu_s += usage.ru_utime + usage.ru_stime
    result.took.database_cpu_s += cpu_seconds(bench.postmaster) - database
    result.took.size = file.stat().st_size
    result.peak_mb = max(result.peak_mb, usage.ru_maxrss / 1024)
    file.unlink()


@dataclass(frozen=True, slots=True)
class LowTile:
    """The heaviest of our tiles of a low zoom."""

    zoom: int
    ms: float
    kb: float
    features: int


def low_tiles(bench: Bench, zooms: Sequence[int] = range(10)) -> list[LowTile] | str:
    """Our slowest and our largest tile of each low zoom, at first sight; why not, where there are none."""
    found = []
    for one in bench.only("ours"):
        for zoom in zooms:
            paths = [one.server.path(Question("tile", tile=tile)) for tile in list_tiles(zoom)]
            answers = bench.client.ask(one.port, [Ask(path) for path in paths if path], keep=True).answers
            if any(answer.status not in FINE for answer in answers):
                return f"HTTP {answers[0].status}"
            counts = [count_tile_features(answer.body) for answer in answers]
            slowest, largest = max(one.seconds for one in answers), max(one.size for one in answers)
            found.append(LowTile(zoom, slowest * 1000, largest / 1000, max(counts)))
    return found
