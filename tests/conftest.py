"""What every tier of tests shares: a throwaway database server, fresh databases on it, the real published files."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from estates_api.settings import ROOT
from estates_api.store.cluster import open_cluster


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database with PostGIS, on a server that lives as long as the test session."""
    state_dir = tmp_path_factory.mktemp("state")
    # pytest's folders are closed to everybody else; the user who runs PostgreSQL for root must get through.
    for folder in (state_dir, *state_dir.parents[:2]):
        folder.chmod(0o711)
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
    name = f"test_{uuid4().hex[:12]}"
    admin = cluster_url.replace("/estates?", "/postgres?")
    with _connect(admin) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE estates STRATEGY file_copy")
    yield cluster_url.replace("/estates?", f"/{name}?")
    with _connect(admin) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of real files as their publishers released them; the test is skipped where there is none."""
    folder = Path(os.environ.get("ESTATES_PUBLISHED") or ROOT.parent / "shared/published")
    if not folder.is_dir():
        pytest.skip(f"the published files are not here: {folder} (ESTATES_PUBLISHED names another folder)")
    return folder


def _connect(url: str) -> psycopg.Connection:
    parts = make_url(url).translate_connect_args(username="user", database="dbname")
    return psycopg.connect(**parts, **make_url(url).query, autocommit=True)
