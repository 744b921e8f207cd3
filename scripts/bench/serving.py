"""Compare serving with tipg, with pygeoapi and with the floor: the same bytes straight from SQL.

    python scripts/bench/serving.py [--rows 5000 100000 1000000] [--only CASE ...] [--rounds N] [--json FILE]

One private PostgreSQL, one made table of polygons of about 20 columns over North Central London, one worker process
for each server. Everybody is asked the same questions in turn (A B C D, B C D A, ...), first checked to give the same
answer. Times are medians of single requests over one kept connection; processor time is of the server and PostgreSQL
together, and steadier on a busy machine. A ratio of 2 means that ours takes half of it. The peers are installed into
an environment of their own under --cache.
"""

import argparse
import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))  # so that it runs from a fresh clone as it is

from serving_bulk import export, low_tiles, walk  # noqa: E402
from serving_cases import CASES  # noqa: E402
from serving_client import Ask, Client  # noqa: E402
from serving_data import fill_ours, make_table  # noqa: E402
from serving_report import CASES_HEAD, case_row, export_table, head, low_tile_table, remarks, walk_table  # noqa: E402
from serving_runs import Bench, run_case  # noqa: E402
from serving_servers import SERVERS, Place, start_all  # noqa: E402
from serving_usage import machine, parent_of  # noqa: E402
from sqlalchemy import Engine, text  # noqa: E402

from estates_api.store.cluster import open_cluster  # noqa: E402
from estates_api.store.database import make_engine, migrate, transaction  # noqa: E402

PEERS = Path(__file__).with_name("requirements-peers.txt")
LONG = ("walk", "export", "package", "low-tiles")


def main() -> None:
    """Make, start, check, ask, tell."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # told to end, it still stops what it started
    wanted = read_arguments()
    servers = tuple(one for one in SERVERS if one.name in wanted.servers)
    needs_peers = {"tipg", "pygeoapi"} & set(wanted.servers)
    peers = install_peers(wanted.cache) if needs_peers else Path(sys.executable).parent
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="estates-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the user who runs PostgreSQL for root must get through
        with open_cluster(folder / "state") as url, Client() as client:
            engine = make_engine(url)
            migrate(engine)
            print(facts(engine, peers if needs_peers else None))
            for rows in wanted.rows:
                fill(engine, rows)
                with start_all(servers, Place(url, peers, folder)) as running:
                    bench = Bench(client, running, find_postmaster(engine), rows, wanted.rounds)
                    found[str(rows)] = run(bench, Place(url, peers, folder), wanted.only)
            engine.dispose()
    if wanted.json:
        wanted.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def read_arguments() -> argparse.Namespace:
    """What is wanted."""
    cases = [case.name for case in CASES] + list(LONG)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[5000, 100_000, 1_000_000], metavar="N")
    parser.add_argument("--only", nargs="+", choices=cases, default=cases, metavar="CASE", help=", ".join(cases))
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    names = [one.name for one in SERVERS]
    parser.add_argument("--servers", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/estates-bench", metavar="FOLDER",
                        help="where the peers are installed")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    return parser.parse_args()


def install_peers(cache: Path) -> Path:
    """The folder of the programs of the environment that the peers are in, made when it is not there yet."""
    pinned = PEERS.read_bytes()
    folder = cache / f"peers-{hashlib.sha256(pinned).hexdigest()[:12]}-{platform.python_version()}"
    done = folder / "installed"
    if not done.exists():
        print(f"installing tipg and pygeoapi into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "-r", str(PEERS)]
        subprocess.run(command, check=True)  # noqa: S603 -- ours
        done.touch()
    return folder / "bin"


def fill(engine: Engine, rows: int) -> None:
    """The table of so many rows, and ours."""
    print(f"making {rows:,} polygons", file=sys.stderr)
    with transaction(engine) as connection:
        make_table(connection, rows)
    with transaction(engine) as connection:
        fill_ours(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) site_complete, site_partner, site_public, bench.outlines"))
        connection.execute(text("CHECKPOINT"))


def find_postmaster(engine: Engine) -> int:
    """The process that started the one which answers us."""
    with engine.connect() as connection:
        return parent_of(int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()))


def run(bench: Bench, place: Place, only: list[str]) -> dict[str, Any]:
    """All cases with one number of rows, told as they end."""
    print(f"\n## {bench.rows:,} rows\n\n{ceiling(bench)}\n\n{head(*CASES_HEAD)}")
    found: dict[str, Any] = {}
    notes: list[str] = []
    for case in CASES:
        if case.name in only:
            results = run_case(bench, case)
            found[case.name] = {name: asdict(result) for name, result in results.items()}
            print(case_row(case, results), flush=True)
            notes += remarks(case, results)
    if notes:
        print("\n`*` another answer than the first server gives:\n" + "\n".join(notes))
    for name, result, table in run_long(bench, place, only):
        found[name] = result
        print(f"\n{table}", flush=True)
    return found


def run_long(bench: Bench, place: Place, only: list[str]) -> Iterator[tuple[str, Any, str]]:
    """The long cases: name, measurements, table."""
    if "low-tiles" in only and bench.only("ours"):
        tiles = low_tiles(bench)
        yield "low-tiles", tiles if isinstance(tiles, str) else [asdict(one) for one in tiles], low_tile_table(tiles)
    if "walk" in only:
        walks = walk(bench)
        yield "walk", {name: asdict(one) for name, one in walks.items()}, walk_table(walks)
    for kind in ("export", "package"):
        if kind in only:
            files = export(bench, kind, place)
            yield kind, {name: asdict(one) for name, one in files.items()}, export_table(kind, files)


def ceiling(bench: Bench) -> str:
    """How many requests in a second the load generator makes when nothing is in the way."""
    for one in bench.only("floor"):
        asks = [Ask("/raw")] * 500
        bench.client.ask(one.port, asks)
        batch = bench.client.ask(one.port, asks)
        each = sorted(answer.seconds for answer in batch.answers)[len(asks) // 2]
        own = batch.own_seconds / len(asks)
        return (f"An empty answer of ASGI itself: {each * 1e6:.0f} µs, {1 / each:,.0f} in a second; "
                f"asking takes the load generator {own * 1e6:.0f} µs.")  # fmt: skip
    return ""


def facts(engine: Engine, peers: Path | None) -> str:
    """What it was measured on and with."""
    with engine.connect() as connection:
        query = "SELECT current_setting('server_version'), postgis_lib_version()"
        postgresql, postgis = connection.execute(text(query)).one()
    ours = ", ".join(f"{name} {version(name)}" for name in ("fastapi", "starlette", "uvicorn", "psycopg", "uvloop"))
    theirs = f"; {peer_versions(peers)}" if peers else ""
    return (f"{machine()}; load {os.getloadavg()[0]:.1f} at the start; PostgreSQL {postgresql.split()[0]}, PostGIS "
            f"{postgis}; Python {platform.python_version()}, {ours}{theirs}")  # fmt: skip


def peer_versions(peers: Path) -> str:
    """What is in the peers' environment."""
    code = "from importlib.metadata import version as v; print(f\"tipg {v('tipg')}, pygeoapi {v('pygeoapi')}\")"
    command = [str(peers / "python"), "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 -- ours


if __name__ == "__main__":
    main()
