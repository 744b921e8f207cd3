"""One PostgreSQL for all faults, on a disk that can be filled, with all of `data/`, and one service that has to outlive
them all. What is beside this file is importable as `machines`, however pytest is started."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from estates_api.store.database import make_engine
from estates_api.workflows.backup import backup, restore

sys.path.insert(0, str(Path(__file__).parent))

from machines import Server, Service, as_json, serving

DISK_MB = 700


@pytest.fixture(scope="session")
def saved_file(
    copied: Callable[[str], AbstractContextManager[str]], loaded_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A backup of a database with all of `data/` and two drafts."""
    path = tmp_path_factory.mktemp("saved") / "all.estates"
    with copied(loaded_template) as url:
        engine = make_engine(url)
        backup(engine, path, now=datetime(2026, 11, 1, tzinfo=UTC))
        engine.dispose()
    return path


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder that the user who runs PostgreSQL for root can enter."""
    with TemporaryDirectory(prefix="estates-faults-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="session")
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A disk of its own; none where mounting is not allowed."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)], check=False,
                          capture_output=True)  # fmt: skip
    yield folder if done.returncode == 0 else None
    if done.returncode == 0:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def server(
    folder: Path, small_disk: Path | None, saved_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The PostgreSQL, restored from the backup by the database's owner, with a published list."""
    made = Server(folder)
    made.make()
    try:
        engine = make_engine(made.url.replace("://", "+psycopg://"))
        restore(engine, saved_file)
        engine.dispose()
        with serving(made.url, tmp_path_factory.mktemp("publishing")) as running:
            told = running.ask("/shortlists/2015-Q1/publications", as_json({"by": "A Board"}))
            assert told.status == 201, told.body
        yield made
    finally:
        if made.is_up():
            made.run("pg_ctl", "stop", "-m", "immediate", "-w")


@pytest.fixture(scope="session")
def service(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that has to outlive every fault."""
    with serving(server.url, tmp_path_factory.mktemp("service")) as running:
        yield running
