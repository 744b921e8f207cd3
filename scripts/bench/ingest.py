"""Time an ingest end to end: a made council list, from CSV to committed claims and what each audience sees.

    python scripts/bench/ingest.py [ROWS] [--state FOLDER]

The floor it is held against is what PostgreSQL itself takes to COPY the same number of claims into a table without
indexes or checks, in the same run. Prints rows per second, the ratio to the floor, and the peak memory of this process.
"""

import argparse
import csv
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, text

from estates_api.settings import ROOT
from estates_api.sources.reader import Hints
from estates_api.store.cluster import open_cluster
from estates_api.store.database import make_engine, migrate, transaction
from estates_api.workflows import setup
from estates_api.workflows.ingest import ingest
from estates_api.workflows.origin import Origin

HEADER = (
    "Organisation name", "Asset ID", "UPRN", "Name", "Street number", "Street", "Town", "Postcode", "Easting",
    "Northing", "Tenure", "Tenure category", "Land or building", "Building size (m2)", "Land size (ha)",
)  # fmt: skip
CATEGORIES = ("Occupied by the local authority", "Vacant", "Ground leasehold", "Leasehold", "Licence")


def write_list(path: Path, rows: int) -> None:
    """A made asset list over North Central London: real postcodes, made everything else."""
    chance = random.Random(1)  # noqa: S311  # made rows, not secrets
    names = ("Library", "Depot", "Car park", "Hall", "Nursery", "Day centre", "Garages", "Workshop", "Yard", "Clinic")
    streets = [f"{a}{b} {c}" for a in ("Ash", "Oak", "Elm", "Green", "Hill") for b in ("ford", "wood", "ley", "ton")
               for c in ("Road", "Street", "Lane", "Avenue")]  # fmt: skip
    postcodes = _postcodes()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in range(rows):
            street, number = chance.choice(streets), chance.randint(1, 300)
            postcode, easting, northing = chance.choice(postcodes)
            writer.writerow([
                "London Borough of Barnet", f"B{row:07d}", 200_000_000 + row, f"{street} {chance.choice(names)} {row}",
                number, street, "London", postcode, easting + chance.randint(-40, 40),
                northing + chance.randint(-40, 40), chance.choice(("Freehold", "Leasehold")),
                chance.choice(CATEGORIES), chance.choice(("Land only", "Land with permanent building")),
                chance.randint(20, 4000), round(chance.uniform(0.01, 3), 2),
            ])  # fmt: skip


def _postcodes() -> list[tuple[str, float, float]]:
    content = (ROOT / "data" / "reference" / "postcodes.csv.gz").read_bytes()
    found = setup.shipped.read_postcodes(content)
    return [(row[0], row[1], row[2]) for row in found if row[1] is not None]


def load_reference(engine: Engine) -> None:
    """The schema and the reference geography."""
    migrate(engine)
    for table in setup.shipped.read_sources(setup.read_shipped(ROOT / "data", "SOURCES.toml")):
        if table.format == "reference":
            with transaction(engine) as connection:
                setup._load(connection, table, ROOT / "data", setup.read_area(ROOT / "data"))


def floor_seconds(engine: Engine) -> float:
    """COPY of the claims that are there, out and into a bare table: what no ingest can beat."""
    with transaction(engine) as connection:
        connection.execute(text("CREATE TEMP TABLE bare (LIKE claim) ON COMMIT DROP"))
        start = time.perf_counter()
        connection.execute(text("INSERT INTO bare SELECT * FROM claim"))
        return time.perf_counter() - start


def main() -> None:
    """Make, ingest, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("rows", type=int, nargs="?", default=50_000)
    rows = options.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="estates-bench-") as folder:
        Path(folder).chmod(0o711)
        path = Path(folder) / "assets_2026.csv"
        write_list(path, rows)
        with open_cluster(Path(folder) / "state") as url:
            engine = make_engine(url)
            load_reference(engine)
            area, last = setup.read_area(ROOT / "data"), time.perf_counter()
            start = last

            def told(stage: str) -> None:
                if not stage.endswith("rows"):
                    print(f"{time.perf_counter() - start:8.2f} s  {stage}", file=sys.stderr)

            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            with transaction(engine) as connection:
                done = ingest(connection, path, area=area, origin=Origin(hints=Hints(period="2026")), progress=told)
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            floor = floor_seconds(engine)
            engine.dispose()
    claims, pace = done.counts["claims"], rows / seconds
    print(f"{rows:,} rows, {claims:,} claims: {seconds:.1f} s, {pace:,.0f} rows/s, {seconds / floor:.1f} x a bare copy")
    print(f"peak memory {peak / 1024:.0f} MB ({before / 1024:.0f} MB before)")


if __name__ == "__main__":
    main()
