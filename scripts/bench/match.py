"""Time place matching end to end on a throwaway server: a long list against another, and a long list on its own.

Run: python scripts/bench/match.py [--pairs N] [--fresh N]

Every record is made up: council assets at random points of the five boroughs, and a second organisation's list of the
same places with other spellings, shifted points and gaps. Prints seconds, records a second, what was joined rightly
and wrongly, and this process's peak memory.
"""

import argparse
import os
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, text

from estates_api.settings import ROOT
from estates_api.store.cluster import open_cluster
from estates_api.store.copying import copy_rows
from estates_api.store.database import make_engine, migrate, transaction
from estates_api.workflows import setup
from estates_api.workflows.match import match_places

COLUMNS = ("organisation_code", "code", "name", "sector", "address", "postcode", "uprn", "easting", "northing")
KINDS = ("Library", "Depot", "Health Centre", "Community Centre", "Car Park", "House", "School", "Office", "Clinic")
SYLLABLES = (
    "al",
    "ber",
    "can",
    "dor",
    "el",
    "fin",
    "gar",
    "hol",
    "ing",
    "kel",
    "lam",
    "mor",
    "nor",
    "pel",
    "ric",
    "tam",
)
Row = tuple[object, ...]


def main() -> None:
    """Run both parts and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pairs", type=int, default=40_000, help="records of each of two lists matched with each other"
    )
    parser.add_argument("--fresh", type=int, default=0, help="records of one list that is placed on its own")
    wanted = parser.parse_args()
    with TemporaryDirectory(prefix="estates-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)  # the user who runs PostgreSQL for root must get through
        with open_cluster(Path(name)) as url:
            engine = make_engine(url)
            prepare(engine)
            if wanted.pairs:
                match_lists(engine, wanted.pairs)
            if wanted.fresh:
                place_list(engine, wanted.fresh)
            engine.dispose()


def prepare(engine: Engine) -> None:
    """The schema and the reference tables, without a holding."""
    migrate(engine)
    data = ROOT / "data"
    area = setup.read_area(data)
    for table in setup.shipped.read_sources(setup.read_shipped(data, "SOURCES.toml")):
        if table.format == "reference":
            with transaction(engine) as connection:
                setup._load(connection, table, data, area)


def match_lists(engine: Engine, size: int) -> None:
    """Two lists of one organisation each, both new: every place of the second is also in the first."""
    chance = random.Random(1)  # noqa: S311  # made records, not secrets
    with transaction(engine) as connection:
        first = list(make_list(connection, "MADE1", size, chance))
    add(engine, first)
    add(engine, [restate(row, chance) for row in first])
    seconds = place(engine)
    rate = 2 * size / seconds
    print(f"{size:,} against {size:,} records: {seconds:.1f} s, {rate:,.0f} records a second")
    query = """
        SELECT count(*) FILTER (WHERE a.site_ref = b.site_ref) AS joined,
               (SELECT count(*) FROM holding x JOIN holding y ON y.site_ref = x.site_ref AND y.id > x.id
                WHERE substr(x.code, 2) <> substr(y.code, 2) AND x.organisation_code LIKE 'MADE%') AS wrong,
               (SELECT count(*) FROM question) AS asked
        FROM holding a JOIN holding b ON b.organisation_code = 'MADE2' AND substr(b.code, 2) = substr(a.code, 2)
        WHERE a.organisation_code = 'MADE1'"""
    with transaction(engine) as connection:
        joined, wrong, asked = connection.execute(text(query)).one()
    print(f"joined {joined:,} of {size:,}; joined wrongly {wrong:,}; questions {asked:,}")


def place_list(engine: Engine, size: int) -> None:
    """One fresh list with points and UPRNs."""
    chance = random.Random(2)  # noqa: S311
    for start in range(0, size, 50_000):
        with transaction(engine) as connection:
            rows = list(make_list(connection, "FRESH", min(50_000, size - start), chance, start))
        add(engine, rows)
    seconds = place(engine)
    print(f"{size:,} fresh records: {seconds:.1f} s, {size / seconds:,.0f} records a second")


def make_list(
    connection: Connection, organisation: str, size: int, chance: random.Random, start: int = 0
) -> Iterator[Row]:
    """Made assets, each near a real postcode of the five boroughs."""
    query = "SELECT postcode, easting, northing FROM postcode WHERE easting IS NOT NULL ORDER BY postcode"
    spots = connection.execute(text(query)).all()
    for number in range(start, start + size):
        postcode, easting, northing = chance.choice(spots)
        street = word(chance).title()
        name = f"{word(chance).title()} {chance.choice(KINDS)}"
        address = f"{chance.randint(1, 200)} {street} Road, London"
        point = round(easting + chance.uniform(-60, 60), 1), round(northing + chance.uniform(-60, 60), 1)
        yield (organisation, f"A{number:06d}", name, "council", address, postcode, str(10_000_000 + number), *point)


def restate(row: Row, chance: random.Random) -> Row:
    """The same place as another organisation lists it: capitals, a typing mistake, gaps, a point some metres off."""
    _, code, name, _, address, postcode, uprn, easting, northing = row
    name = str(name).upper() if chance.random() < 0.5 else str(name)
    if chance.random() < 0.2:
        place = chance.randrange(1, 4)
        name = name[:place] + name[place + 1 :]
    point = (round(float(str(easting)) + chance.uniform(-15, 15), 1), round(float(str(northing)) + 5, 1))
    keep = chance.random()
    return ("MADE2", f"B{str(code)[1:]}", name, "NHS", address if keep < 0.5 else None, postcode,
            uprn if keep < 0.2 else None, *(point if keep < 0.7 else (None, None)))  # fmt: skip


def word(chance: random.Random) -> str:
    """A made word."""
    return "".join(chance.choice(SYLLABLES) for _ in range(3))


def add(engine: Engine, rows: list[Row]) -> None:
    """Write holdings that have no site yet, and their organisations."""
    query = """
        INSERT INTO source (name, authority) VALUES ('made', 1) ON CONFLICT DO NOTHING;
        INSERT INTO edition (source, label, format, file_name, sha256, bytes)
        VALUES ('made', 'made', 'made', 'made', repeat('0', 64), 1) ON CONFLICT DO NOTHING;"""
    with transaction(engine) as connection:
        connection.exec_driver_sql(query)
        for code in {str(row[0]) for row in rows}:
            connection.execute(text("""
                INSERT INTO organisation (code, name, sector, kind, status, edition_id)
                SELECT :code, :code, 'council', 'made', 'active', min(id) FROM edition ON CONFLICT DO NOTHING"""),
                {"code": code})  # fmt: skip
        copy_rows(connection, "holding", COLUMNS, rows)


def place(engine: Engine) -> float:
    """Seconds that placing everything new takes."""
    area = setup.read_area(ROOT / "data")
    mb_before = peak_mb()
    began, ours = time.perf_counter(), time.process_time()
    with transaction(engine) as connection:
        server = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        before = used_by(server)
        match_places(connection, area)
        theirs = used_by(server) - before
    seconds = time.perf_counter() - began
    print(f"memory {mb_before:,.0f} MB before, at most {peak_mb():,.0f} MB")
    print(f"processor time: {time.process_time() - ours:.1f} s here, {theirs:.1f} s in the server")
    return seconds


def peak_mb() -> float:
    """The most memory that this process has held, with its made records."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def used_by(process: int) -> float:
    """Seconds of processor time that a process has used (Linux; elsewhere 0): what a busy machine cannot stretch."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
