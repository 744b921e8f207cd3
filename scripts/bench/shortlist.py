"""Time a quarter's work over many sites: assess and draft, publish, verify, and every file of the list.

    python scripts/bench/shortlist.py [SITES]

Made-up sites over North Central London with thirteen figures each, in a private PostgreSQL. Prints the seconds and the
processor time of this process for each step, and what PostgreSQL and the writing processes took besides is the rest.
"""

import argparse
import csv
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from ingest import _postcodes, load_reference
from sqlalchemy import Engine

from estates_api.domain.area import Area
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import quarter_of
from estates_api.exports.lists import FILES
from estates_api.exports.lists.build import build_list
from estates_api.exports.writers import WRITERS
from estates_api.settings import ROOT
from estates_api.sources.reader import Hints
from estates_api.store.cluster import open_cluster
from estates_api.store.database import make_engine, transaction
from estates_api.store.shortlists import find_shortlist
from estates_api.workflows import prove, setup, shortlist
from estates_api.workflows.adoption import InForce
from estates_api.workflows.handing_out import hand_out
from estates_api.workflows.ingest import ingest
from estates_api.workflows.origin import Origin

TODAY = datetime.now(UTC).date()
METHOD = (ROOT / "data" / setup.METHOD_FILE).read_bytes()


def write_holdings(path: Path, sites: int) -> None:
    """A made file in our own form: one holding a site, apart from one another, most of what a return states."""
    chance = random.Random(1)  # noqa: S311 -- made rows, not secrets
    postcodes = _postcodes()
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = (_holding(number, chance, postcodes) for number in range(sites))
        first = next(rows)
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)


def _holding(number: int, chance: random.Random, postcodes: list[tuple[str, float, float]]) -> dict[str, Any]:
    postcode, easting, northing = chance.choice(postcodes)
    area, land = chance.randint(200, 40_000), round(chance.uniform(0.05, 12), 2)
    council = number % 2
    return {
        "organisation_code": ("RZ1", "E09000003")[council],
        "organisation_name": ("Made NHS Trust", "London Borough of Barnet")[council],
        "sector": ("NHS", "council")[council],
        "holding_code": f"{('RZ1', 'B')[council]}{number:05d}",
        "name": f"{chance.choice('ABCDEFGHIJKLMNOPQRST')}{number} {chance.choice(('Clinic', 'Hospital', 'Depot'))}",
        "postcode": postcode,
        "uprn": str(100_000_000 + number),
        "easting": round(easting + chance.uniform(-200, 200), 1),
        "northing": round(northing + chance.uniform(-200, 200), 1),
        "interest": "freeholder",
        "tenure": "freehold",
        "gia_m2": area,
        "occupied_m2": round(area * chance.uniform(0.5, 1)),
        "land_owned_ha": land,
        "idle_land_ha": round(land * chance.uniform(0, 0.4), 3),
        "footprint_m2": round(min(area, land * 5000)),
        "unsuitable_pct": chance.randint(0, 60),
        "empty_pct": chance.randint(0, 30),
        "underused_pct": chance.randint(0, 15),
        "backlog_high_gbp": area * chance.randint(0, 200),
        "backlog_significant_gbp": area * chance.randint(0, 200),
        "maintenance_cost_gbp": area * chance.randint(10, 60),
        "energy_cost_gbp": area * chance.randint(10, 40),
    }


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long a step took."""
    before, processors = time.perf_counter(), time.process_time()
    yield
    seconds, own = time.perf_counter() - before, time.process_time() - processors
    TOOK.append(seconds)
    print(f"{what}: {seconds:.1f} s, {own:.1f} s of them this process's", flush=True)


TOOK: list[float] = []


def main() -> None:
    """Make, hand in, and time."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sites", type=int, nargs="?", default=5000)
    with handed_in(options.parse_args().sites) as (url, area), tempfile.TemporaryDirectory() as folder:
        engine = make_engine(url)
        _quarter(engine, Path(folder), area)
        engine.dispose()
    print(f"all of it but the report: {sum(TOOK):.1f} s")


@contextmanager
def handed_in(sites: int) -> Iterator[tuple[str, Area]]:
    """A database of made sites beside the reference data, and its area."""
    with tempfile.TemporaryDirectory(prefix="estates-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        write_holdings(folder / "holdings.csv", sites)
        with open_cluster(folder / "state") as url:
            engine, area = make_engine(url), setup.read_area(ROOT / "data")
            load_reference(engine)
            with transaction(engine) as connection:
                hints = Hints(period=f"{TODAY.year - 1}")
                ingest(connection, folder / "holdings.csv", area=area, origin=Origin(hints=hints))
            engine.dispose()
            yield url, area


def _quarter(engine: Engine, folder: Path, area: Area) -> None:
    quarter, method = quarter_of(TODAY), parse_method(METHOD, setup.METHOD_FILE)
    with timed("draft"), transaction(engine) as connection:
        shortlist.draft(connection, quarter, area=area, by=InForce(method, METHOD), today=TODAY)
    with timed("publish"), transaction(engine) as connection:
        frozen = shortlist.publish(
            connection, quarter, shortlist.Publication("the board", None, "a bench"), area=area, method=method
        )
    print(f"{len(frozen.entries)} entries, {len(frozen.document['next'])} next, {len(frozen.content) / 1e6:.1f} MB")
    with timed("verify"), transaction(engine) as connection:
        row = find_shortlist(connection, str(quarter))
        assert row is not None
        assert all(check.passed for check in prove.verify(connection, row))
    with transaction(engine) as connection:
        handed = hand_out(connection, frozen, adopted=method, area=area)
    for suffix, write in _writers(folder, handed, frozen.document).items():
        if suffix != "pdf":
            with timed(suffix):
                write()


def _writers(folder: Path, handed: Any, document: Any) -> dict[str, Callable[[], object]]:
    texts = {suffix: lambda one=one: one.write(document) for suffix, one in WRITERS.items()}
    files = {
        suffix: lambda one=one, suffix=suffix: build_list(handed, one, folder / f"list.{suffix}")
        for suffix, one in FILES.items()
    }
    return {**texts, **files}


if __name__ == "__main__":
    main()
