"""What every tier of tests shares: a throwaway database server, databases with nothing, the schema or everything in
them, ways to hand files in and to ask over HTTP, and the real published files."""

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, Engine, make_url
from starlette.testclient import TestClient

from estates_api.api.app import create_app
from estates_api.api.context import Context
from estates_api.domain.area import Area
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.domain.sites import Site
from estates_api.settings import ROOT
from estates_api.sources.reader import Hints
from estates_api.store.cluster import open_cluster
from estates_api.store.database import make_engine, migrate, transaction
from estates_api.store.sites import list_sites
from estates_api.workflows import setup, shortlist
from estates_api.workflows.adoption import InForce
from estates_api.workflows.ingest import Ingested, ingest
from estates_api.workflows.origin import Origin
from estates_api.workflows.shortlist import Frozen

# Tests that run side by side are given a width, which would be that of every table for good: each says its own.
os.environ.pop("COLUMNS", None)

DATA = ROOT / "data"
TODAY = datetime.now(UTC).date()
KEY = "the-key-of-the-tests"
ELSEWHERE = "192.0.2.7"
"""The address of another machine."""

HandIn = Callable[..., Ingested]
Draft = Callable[..., tuple[Frozen, bool]]


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    """The URL of an empty database with PostGIS, on a server that lives as long as the test session."""
    with _open_folder() as folder, _started(folder) as url:
        yield url


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A folder that the user who runs PostgreSQL for root can enter, for as long as its tests need it."""
    # Not under pytest's folder: every session closes that one to others, and with it a running server's files.
    with TemporaryDirectory(prefix="estates-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which one test can start a server."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def open_folder_shared() -> Iterator[Path]:
    """A folder in which the tests of a module can start a server."""
    with _open_folder() as folder:
        yield folder


@contextmanager
def _started(state_dir: Path) -> Iterator[str]:
    with open_cluster(state_dir) as url:
        with _connect(url) as connection:
            # Nothing here outlives the session, so nothing waits for the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url


@pytest.fixture
def database_url(cluster_url: str) -> Iterator[str]:
    """The URL of a fresh database with PostGIS and nothing else in it; dropped after the test."""
    with _database(cluster_url, "estates") as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template(cluster_url: str) -> Iterator[str]:
    """The name of a database with the schema and no rows, to be copied."""
    with _database(cluster_url, "estates", "template_migrated") as url, _engine(url) as engine:
        assert migrate(engine)
        engine.dispose()
        yield "template_migrated"


@pytest.fixture(scope="session")
def reference_template(cluster_url: str, migrated_template: str) -> Iterator[str]:
    """The name of a database with boroughs, LSOAs, postcodes and judged places, and no holding, to be copied."""
    with _database(cluster_url, migrated_template, "template_reference") as url, _engine(url) as engine:
        area = setup.read_area(DATA)
        tables = setup.shipped.read_sources(setup.read_shipped(DATA, "SOURCES.toml"))
        for table in tables:
            if table.format in {"reference", "organisations", "places"}:
                with transaction(engine) as connection:
                    setup._load(connection, table, DATA, area)
        engine.dispose()
        yield "template_reference"


@pytest.fixture(scope="session")
def loaded_template(cluster_url: str, reference_template: str, draft: Draft) -> Iterator[str]:
    """The name of a database like that of a first run: all of `data/`, assessed, two shortlists; to be copied."""
    with _database(cluster_url, reference_template, "template_loaded") as url, _engine(url) as engine:
        setup.load_data(engine, DATA, lambda _: None)
        for quarter in (quarter_of(TODAY), Quarter(2015, 1)):
            with transaction(engine) as connection:
                draft(connection, quarter)
        engine.dispose()
        yield "template_loaded"


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[Engine]:
    """A fresh database without the schema."""
    with _engine(database_url) as engine:
        yield engine


@pytest.fixture
def migrated(cluster_url: str, migrated_template: str) -> Iterator[Engine]:
    """A fresh database with the schema and no rows."""
    with _database(cluster_url, migrated_template) as url, _engine(url) as engine:
        yield engine


@pytest.fixture
def reference(cluster_url: str, reference_template: str) -> Iterator[Engine]:
    """A fresh database with reference geography and judged places, and no holding."""
    with _database(cluster_url, reference_template) as url, _engine(url) as engine:
        yield engine


@pytest.fixture(scope="module")
def reference_shared(cluster_url: str, reference_template: str) -> Iterator[Engine]:
    """Like `reference`, but one for all tests of a module: for tests that write nothing or do not mind others' rows."""
    with _database(cluster_url, reference_template) as url, _engine(url) as engine:
        yield engine


@pytest.fixture
def loaded(cluster_url: str, loaded_template: str) -> Iterator[Engine]:
    """A fresh database with all of `data/`, assessed, for tests that change something."""
    with _database(cluster_url, loaded_template) as url, _engine(url) as engine:
        yield engine


@pytest.fixture(scope="module")
def make_loaded(cluster_url: str, loaded_template: str) -> Iterator[Callable[[], Engine]]:
    """Makes databases with all of `data/`, assessed, that live as long as the tests of a module."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(_engine(stack.enter_context(_database(cluster_url, loaded_template))))


@pytest.fixture(scope="session")
def copied(cluster_url: str) -> Callable[[str], AbstractContextManager[str]]:
    """Opens a copy of a database by its name, for as long as a block runs; its URL."""
    return partial(_database, cluster_url)


@pytest.fixture(scope="session")
def loaded_url(cluster_url: str, loaded_template: str) -> Iterator[str]:
    """The URL of one database with all of `data/`, assessed, shared by the tests that only read: it refuses writes."""
    with _database(cluster_url, loaded_template) as url:
        yield f"{url}&options=-c%20default_transaction_read_only%3Don"


@pytest.fixture(scope="session")
def reading(loaded_url: str) -> Iterator[Engine]:
    """The shared database that tests only read."""
    with _engine(loaded_url) as engine:
        yield engine


@pytest.fixture(scope="session")
def area() -> Area:
    """North Central London."""
    return setup.read_area(DATA)


@pytest.fixture(scope="session")
def sites_on(reading: Engine, area: Area) -> Callable[[date], list[Site]]:
    """The sites of the shared database as of a day, as the assessment sees them."""

    def read(day: date) -> list[Site]:
        with transaction(reading) as connection:
            return list_sites(connection, day, area)

    return read


@pytest.fixture(scope="session")
def draft(area: Area) -> Draft:
    """Draft a shortlist with the method that comes with the service."""
    content = setup.read_shipped(DATA, setup.METHOD_FILE)
    method = parse_method(content, setup.METHOD_FILE)

    def make(connection: Connection, quarter: Quarter, today: date = TODAY) -> tuple[Frozen, bool]:
        return shortlist.draft(connection, quarter, area=area, by=InForce(method, content), today=today)

    return make


@pytest.fixture(scope="session")
def hand_in(area: Area, tmp_path_factory: pytest.TempPathFactory) -> HandIn:
    """Hand a file in, in a transaction of its own: engine, name, content, and what is known about it."""
    folder = tmp_path_factory.mktemp("handed-in")

    def hand(engine: Engine, name: str, content: bytes | str | Path, **origin: Any) -> Ingested:
        path = content if isinstance(content, Path) else folder / uuid4().hex
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        hints = Hints(**{key: origin.pop(key) for key in ("period", "organisation_code") if key in origin})
        with transaction(engine) as connection:
            return ingest(connection, path, name=name, area=area, origin=Origin(hints=hints, **origin))

    return hand


@pytest.fixture(scope="session")
def template() -> Callable[..., bytes]:
    """A file in our own template: one mapping a row, with an organisation where none is named."""
    usual = {"organisation_code": "RZ1", "organisation_name": "Made Up NHS Trust", "sector": "NHS"}

    def make(*rows: Mapping[str, object]) -> bytes:
        whole = [usual | {"name": f"Holding {row['holding_code']}"} | dict(row) for row in rows]
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(dict.fromkeys(name for row in whole for name in row)))
        writer.writeheader()
        writer.writerows(whole)
        return out.getvalue().encode()

    return make


@pytest.fixture(scope="session")
def make_api(area: Area) -> Callable[..., TestClient]:
    """A client of the service on an engine. Asks from another machine unless `host` says otherwise."""
    content = setup.read_shipped(DATA, setup.METHOD_FILE)
    method = parse_method(content, setup.METHOD_FILE)

    def make(engine: Engine, *, key: str | None = None, host: str = ELSEWHERE, **changes: Any) -> TestClient:
        context = {"engine": engine, "area": area, "method": method, "admin_key": KEY, "open_drafts": True,
                   "public_url": None, "method_content": content} | changes  # fmt: skip
        headers = {"X-API-Key": key} if key else {}
        here = host != ELSEWHERE
        base_url = "http://localhost:8000" if here else "http://testserver"
        return TestClient(create_app(Context(**context)), base_url, client=(host, 50_000), headers=headers)

    return make


@pytest.fixture(scope="session")
def api(reading: Engine, make_api: Callable[..., TestClient]) -> TestClient:
    """The public, from another machine."""
    return make_api(reading)


@pytest.fixture(scope="session")
def keyed(reading: Engine, make_api: Callable[..., TestClient]) -> TestClient:
    """The administrator, with the key."""
    return make_api(reading, key=KEY)


@pytest.fixture(scope="session")
def count_rows() -> Callable[[Engine], dict[str, int]]:
    """The number of rows of every table."""

    def count(engine: Engine) -> dict[str, int]:
        with transaction(engine) as connection:
            names = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars()
            return {
                name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one() for name in names.all()
            }

    return count


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of made-up samples."""
    return Path(__file__).parent / "samples"


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of real files as their publishers released them; the test is skipped where there is none."""
    folder = Path(os.environ.get("ESTATES_PUBLISHED") or ROOT.parent / "shared/published")
    if not folder.is_dir():
        pytest.skip(f"the published files are not here: {folder} (ESTATES_PUBLISHED names another folder)")
    return folder


@contextmanager
def _database(cluster_url: str, template: str, name: str | None = None) -> Iterator[str]:
    """The URL of a copy of a database, dropped afterwards."""
    name = name or f"test_{uuid4().hex[:12]}"
    admin = cluster_url.replace("/estates?", "/postgres?")
    with _connect(admin) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield cluster_url.replace("/estates?", f"/{name}?")
    finally:
        with _connect(admin) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _connect(url: str) -> psycopg.Connection:
    parts = make_url(url).translate_connect_args(username="user", database="dbname")
    return psycopg.connect(**parts, **make_url(url).query, autocommit=True)
