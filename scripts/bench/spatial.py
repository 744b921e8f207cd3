"""Time what is measured around sites on a throwaway server: ours, PostGIS laterals and GeoPandas, in one run.

Run: python scripts/bench/spatial.py [--sites N] [--points N] [--outlines N]

Everything is made up: sites and points at random over the South East, then outlines among areas with many corners.
Every way of finding the nearest reads its input from the database and writes its result to a table there. Prints
seconds, whether the ways agree (to the decimetre that we keep), and this process's peak memory.
"""

import argparse
import hashlib
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas
import numpy as np
import shapely
from sqlalchemy import Connection, Engine, text

from estates_api.domain.records import LayerRecord
from estates_api.store.cluster import open_cluster
from estates_api.store.copying import copy_rows
from estates_api.store.database import make_engine, migrate, transaction
from estates_api.store.designations import add_layer_features, settle_layers
from estates_api.store.editions import add_edition
from estates_api.store.nearby import list_nearby

EAST, NORTH, SIDE, REACH = 450_000, 100_000, 150_000, 20_000
DAY = date(2026, 1, 1)
RESULT = ("ref", "place", "metres")


def main() -> None:
    """Both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--outlines", type=int, default=300)
    wanted = parser.parse_args()
    with TemporaryDirectory(prefix="estates-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)  # the user who runs PostgreSQL for root must get through
        with open_cluster(Path(name)) as url:
            engine = make_engine(url)
            migrate(engine)
            time_overlaps(engine, wanted.outlines)
            time_distances(engine, wanted.sites, wanted.points)
            engine.dispose()
    print(f"peak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long it took."""
    start = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - start:.2f} s", flush=True)


def time_distances(engine: Engine, sites: int, points: int) -> None:
    """The nearest of many points to each of many sites, three ways."""
    rng = np.random.default_rng(7)
    with transaction(engine) as connection:
        connection.execute(text("TRUNCATE standing_layer"))  # what was cut before is not there any more
        add_sites(connection, rng.uniform(0, SIDE, (sites, 2)).round(2), "S")
        stations = [LayerRecord(n, "station", f"S{n}", bytes(shapely.to_wkb(shapely.Point(EAST + x, NORTH + y))))
                    for n, (x, y) in enumerate(rng.uniform(0, SIDE, (points, 2)).round(2), 1)]  # fmt: skip
        with timed(f"hand in {points:,} points"):
            add_layer(connection, stations)
        connection.execute(text("ANALYZE site"))
    print(f"nearest of {points:,} points to {sites:,} sites, read, found and written:")
    ways: dict[str, Callable[[Connection, str], None]] = {"ours": ours, "PostGIS lateral": lateral, "GeoPandas": frames}
    found = {}
    for name, way in ways.items():
        table = f"result_{len(found)}"
        with transaction(engine) as connection, timed(f"  {name}"):
            connection.execute(text(f"CREATE TABLE {table} (ref text, place text, metres double precision)"))
            way(connection, table)
        with transaction(engine) as connection:
            rows = connection.execute(text(f"SELECT metres FROM {table} ORDER BY ref")).scalars().all()  # noqa: S608
            found[name] = np.round(np.array(rows, dtype=float), 1)
    same = all(np.allclose(found["ours"], other, atol=0.051) for other in found.values())
    print(f"  same distances: {same}")


def add_sites(connection: Connection, places: "np.ndarray", prefix: str) -> None:
    """Sites with a UPRN's point."""
    rows = ((f"{prefix}{n:07}", "made", "uprn", shapely.to_wkb(shapely.Point(EAST + x, NORTH + y), hex=True),
             shapely.to_wkb(shapely.Point(0, 51), hex=True), "true") for n, (x, y) in enumerate(places))  # fmt: skip
    copy_rows(connection, "site", ("ref", "name", "precision", "geom", "geom_crs84", "inside_area"), rows)


def add_layer(connection: Connection, records: list[LayerRecord], label: str = "1") -> None:
    """One edition of a layer, as `ingest` writes it."""
    values = {"source": "made", "label": label, "format": "naptan", "file_name": "made", "bytes": 1,
              "sha256": hashlib.sha256(label.encode()).hexdigest()}  # fmt: skip
    number = add_edition(connection, values)
    add_layer_features(connection, number, records)
    settle_layers(connection, number)


def ours(connection: Connection, table: str) -> None:
    """What an assessment does, for every site at once."""
    found = list_nearby(connection, DAY)
    copy_rows(connection, table, RESULT, ((ref, near["station"], near["station_m"]) for ref, near in found.items()))


def lateral(connection: Connection, table: str) -> None:
    """The index of points asked once a site."""
    query = """
        INSERT INTO {0} SELECT s.ref, near.name, near.metres FROM site s CROSS JOIN LATERAL (
            SELECT f.name, f.geom <-> s.geom AS metres FROM layer_feature f WHERE f.kind = 'station'
            ORDER BY f.geom <-> s.geom LIMIT 1) near
    """
    connection.execute(text(query.format(table)))


def frames(connection: Connection, table: str) -> None:
    """Two frames joined in memory."""
    sites = geopandas.read_postgis(text("SELECT ref, geom FROM site"), connection)
    points = geopandas.read_postgis(text("SELECT name, geom FROM layer_feature WHERE kind = 'station'"), connection)
    joined = sites.sjoin_nearest(points, distance_col="metres")
    copy_rows(connection, table, RESULT, zip(joined["ref"], joined["name"], joined["metres"], strict=True))


def time_overlaps(engine: Engine, outlines: int) -> None:
    """Outlines cut by a few areas of many corners: by their pieces, and by the areas as they are."""
    rng = np.random.default_rng(8)
    drawn = [shapely.MultiPolygon([_ragged(EAST + x, NORTH + y, rng)]) for x, y in rng.uniform(0, REACH, (6, 2))]
    records = [LayerRecord(n, "green-belt", f"A{n}", bytes(shapely.to_wkb(shape))) for n, shape in enumerate(drawn, 1)]
    with transaction(engine) as connection:
        add_sites(connection, rng.uniform(0, REACH, (outlines, 2)).round(2), "O")
        connection.execute(text("UPDATE site SET precision = 'outline', geom = ST_Multi(ST_Buffer(geom, 60))"))
        with timed(f"hand in 6 areas of {shapely.get_num_coordinates(drawn).sum():,} corners"):
            add_layer(connection, records, label="2")
        connection.execute(text("ANALYZE site"))
    print(f"areas that {outlines:,} outlines have in common with them:")
    with transaction(engine) as connection:
        with timed("  ours, by pieces"):
            found = list_nearby(connection, DAY)
        shared = sum(overlap.area_ha or 0 for near in found.values() for overlap in near.get("overlaps", ()))
        with timed("  by whole areas"):
            whole = connection.execute(text("""
                SELECT sum(ha) FROM (
                    SELECT ST_Area(ST_UnaryUnion(ST_Collect(ST_Intersection(f.geom, s.geom)))) / 10000 AS ha
                    FROM site s JOIN layer_feature f ON f.kind = 'green-belt' AND ST_Intersects(f.geom, s.geom)
                    GROUP BY s.ref) shared WHERE ha >= 0.001
            """)).scalar_one()  # fmt: skip
    print(f"  {shared:,.1f} ha and {whole:,.1f} ha")


def _ragged(east: float, north: float, rng: np.random.Generator) -> shapely.Polygon:
    """A star of 10,000 corners, a few kilometres across."""
    angles = np.linspace(0, 2 * np.pi, 10_000, endpoint=False)
    reach = 4000 + 600 * np.sin(7 * angles) + rng.uniform(-15, 15, len(angles))
    return shapely.Polygon(np.column_stack((east + reach * np.cos(angles), north + reach * np.sin(angles))))


if __name__ == "__main__":
    main()
