"""Backup and restore: everything comes back as it was, proved by hashes, or nothing does."""

import io
import json
import os
import tarfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.cli.backups import restore as restore_command
from estates_api.errors import BadInput, Conflict, Unavailable
from estates_api.settings import ROOT
from estates_api.store import dumps
from estates_api.store.database import make_engine, schema_revision, transaction, wanted_revision
from estates_api.workflows.backup import DUMP, MANIFEST, backup, restore
from estates_api.workflows.prove import verify_published

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
COUNTED = ("edition", "holding", "claim", "site", "assessment_site", "audit", "site_complete", "layer_feature")


@pytest.fixture(scope="module")
def saved(make_loaded: Callable[[], Engine], tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Path]:
    """A database with all of `data/`, and a backup of it."""
    engine, path = make_loaded(), tmp_path_factory.mktemp("backups") / "one.estates"
    backup(engine, path, now=NOW)
    return engine, path


@pytest.fixture
def fresh(copied: Callable[[str], AbstractContextManager[str]]) -> Iterator[Engine]:
    """A database with nothing in it, not even PostGIS."""
    with copied("template1") as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


def _counts(engine: Engine) -> list[int]:
    with transaction(engine) as connection:
        return [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in COUNTED]


def _changed(path: Path, target: Path, **members: bytes) -> Path:
    """A backup with other contents of some of its members."""
    with tarfile.open(path) as archive, tarfile.open(target, "w") as made:
        for name in (MANIFEST, DUMP):
            content = members.get(name.partition(".")[0]) or archive.extractfile(name).read()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return target


def _newer(path: Path) -> bytes:
    """The manifest, as of a schema that this version does not know."""
    with tarfile.open(path) as archive:
        return json.dumps(json.load(archive.extractfile(MANIFEST)) | {"schema": "9999"}).encode()


def _without(path: Path, name: str) -> bytes:
    """The manifest without one of its members."""
    with tarfile.open(path) as archive:
        told = json.load(archive.extractfile(MANIFEST))
    return json.dumps({key: value for key, value in told.items() if key != name}).encode()


def _flipped(path: Path, target: Path, place: float) -> None:
    """A backup with one bit of its dump changed."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    target.write_bytes(content)


def test_everything_comes_back(saved: tuple[Engine, Path], fresh: Engine) -> None:
    """Rows, hashes, roles and rules: what came back is what was saved, and refuses changes like the old one."""
    engine, path = saved
    done = restore(fresh, path)
    before = _counts(engine)
    before[COUNTED.index("audit")] += 1
    assert _counts(fresh) == before
    assert (done.editions, done.shortlists, done.upgraded) == (before[0], 2, False)
    with transaction(engine) as one, transaction(fresh) as other:
        told, found = (dumps.fingerprints(connection) for connection in (one, other))
        assert {**told, "audit": None} == {**found, "audit": None}
        assert dumps.find_false_lists(other) == []
        feature = text("SELECT candidate_feature FROM site_public ORDER BY ref LIMIT 1")
        other.execute(text("SET LOCAL ROLE estates_public"))
        assert other.execute(feature).scalar_one() == one.execute(feature).scalar_one()
    with transaction(fresh) as connection, pytest.raises(Exception, match=r"(?i)never|change|refuse"):
        connection.execute(text("UPDATE shortlist SET status = 'draft'"))


def test_a_backup_is_of_one_moment(saved: tuple[Engine, Path]) -> None:
    """What is written while the dump is made is in neither the dump nor the manifest."""
    engine, _ = saved
    with dumps.frozen(engine) as (connection, _snapshot):
        before = dumps.fingerprints(connection)["audit"]
        with transaction(engine) as other:
            other.execute(text("INSERT INTO audit (actor, action, subject, detail) VALUES ('a', 'b', 'c', '{}')"))
        assert dumps.fingerprints(connection)["audit"] == before


def test_only_its_owner_may_read_it(saved: tuple[Engine, Path]) -> None:
    """A backup holds what is withheld: its file is private, and says what it is."""
    _, path = saved
    assert path.stat().st_mode & 0o077 == 0
    with tarfile.open(path) as archive:
        told = json.load(archive.extractfile(MANIFEST))
    assert (told["format"], told["schema"]) == ("estates-backup/1", wanted_revision())
    assert told["made_at"] == "2026-11-01T12:00:00+00:00"


def test_a_database_with_something_in_it_is_left_alone(saved: tuple[Engine, Path]) -> None:
    """Nothing is ever restored over what is there."""
    engine, path = saved
    before = _counts(engine)
    with pytest.raises(Conflict, match="restore into an empty one"):
        restore(engine, path)
    assert _counts(engine) == before


@pytest.mark.parametrize(("damage", "reason"), [
    (lambda _, to: to.write_bytes(b"not a tar"), "not a backup made by"),
    (lambda path, to: to.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "not a backup made by|damaged"),
    (lambda path, to: _changed(path, to, database=b"PGDMP"), "damaged: its dump has not the SHA-256"),
    (lambda path, to: _changed(path, to, manifest=b'{"format": "other/2"}'), "a backup of another form"),
    (lambda path, to: _changed(path, to, manifest=b"[]"), "not a backup made by"),
    (lambda path, to: _changed(path, to, manifest=b"[" * 100_000), "not a backup made by"),
    (lambda path, to: _changed(path, to, manifest=_without(path, "dump")), "not a backup made by"),
    (lambda path, to: _changed(path, to, manifest=_without(path, "editions")), "not a backup made by"),
    (lambda path, to: _changed(path, to, manifest=_without(path, "made_at")), "not a backup made by"),
    (lambda path, to: _changed(path, to, manifest=_newer(path)), "made by a newer version of this service"),
    (lambda path, to: _flipped(path, to, 0.3), "damaged: its dump has not the SHA-256"),
    (lambda path, to: _flipped(path, to, 0.9), "damaged: its dump has not the SHA-256"),
    (lambda path, to: to.write_bytes(path.read_bytes()[:-20_000]), "not a backup made by|damaged"),
    (lambda *_: None, "No such file"),
])  # fmt: skip
def test_what_is_no_backup_is_refused(
    saved: tuple[Engine, Path], fresh: Engine, tmp_path: Path, damage: Callable[[Path, Path], object], reason: str
) -> None:
    """A file that is something else, cut off or changed is refused with the reason, and the database stays empty."""
    target = tmp_path / "bad.estates"
    damage(saved[1], target)
    with pytest.raises(BadInput, match=reason):
        restore(fresh, target)
    assert dumps.is_empty(fresh)


def test_published_lists_are_verified(
    make_loaded: Callable[[], Engine], fresh: Engine, make_api: Callable[..., TestClient], tmp_path: Path,
    estates_restore: Callable[[Path, Engine], tuple[int, str]],
) -> None:  # fmt: skip
    """After a restore every published list is verified with all that it rests on, and what fails is told."""
    engine, path = make_loaded(), tmp_path / "published.estates"
    client = make_api(engine, key="the-key-of-the-tests")
    assert client.post("/shortlists/2015-Q1/publications", json={"by": "A Board"}).status_code == 201
    backup(engine, path, now=NOW)
    code, said = estates_restore(path, fresh)
    assert (code, "1 published list verified" in said) == (0, True)
    with transaction(fresh) as connection:
        connection.execute(text("ALTER TABLE assessment_site DISABLE TRIGGER kept"))
        connection.execute(text("UPDATE assessment_site SET release_score = release_score / 2"))
        proved, failed = verify_published(connection)
    assert (proved, len(failed)) == (0, 1)
    assert failed[0].startswith("2015-Q1 revision 2: the assessment still has the hash")


@pytest.fixture
def estates_restore(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path, Engine], tuple[int, str]]:
    """The command, as a person gives it: its exit code and what it says."""

    def run(path: Path, engine: Engine) -> tuple[int, str]:
        monkeypatch.setenv("ESTATES_DATABASE_URL", engine.url.render_as_string(hide_password=False))
        with pytest.raises(typer.Exit) as ended:
            restore_command(path)
        return ended.value.exit_code, capsys.readouterr().out

    return run


def test_hashes_that_differ_are_told(saved: tuple[Engine, Path], fresh: Engine, tmp_path: Path) -> None:
    """A dump that lacks an edition which its manifest names is not passed off as whole."""
    with tarfile.open(saved[1]) as archive:
        told = json.load(archive.extractfile(MANIFEST))
    told["editions"].append("0" * 64)
    changed = _changed(saved[1], tmp_path / "less.estates", manifest=json.dumps(told).encode())
    with pytest.raises(Unavailable, match="not what was saved: editions"):
        restore(fresh, changed)


@pytest.mark.parametrize("name", [DUMP, MANIFEST])
def test_a_backup_may_have_any_name(saved: tuple[Engine, Path], tmp_path: Path, name: str) -> None:
    """A backup that is called like one of its own parts holds all of them."""
    backup(saved[0], tmp_path / name, now=NOW)
    with tarfile.open(tmp_path / name) as archive:
        told = json.load(archive.extractfile(MANIFEST))
        assert archive.getmember(DUMP).size == told["dump"]["bytes"]


def test_only_a_file_is_replaced(saved: tuple[Engine, Path], tmp_path: Path) -> None:
    """A pipe or a device, such as /dev/null, is left as it is, and said in a line."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="not a file"):
        backup(saved[0], tmp_path / "pipe", now=NOW)
    assert (tmp_path / "pipe").is_fifo()


def test_where_it_cannot_be_written(saved: tuple[Engine, Path]) -> None:
    """A folder that is not there is told in a line."""
    for path, said in ((Path("/nowhere/at/all"), "No such file"), (Path("x" * 300), "name too long")):
        with pytest.raises(BadInput, match=said):
            backup(saved[0], path, now=NOW)


def test_an_older_schema_is_brought_up_to_date(empty_engine: Engine, fresh: Engine, tmp_path: Path) -> None:
    """A backup that an older version made is restored, then upgraded."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    with warnings.catch_warnings(), transaction(empty_engine) as connection:
        warnings.simplefilter("ignore", DeprecationWarning)
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(text("INSERT INTO audit (actor, action, subject, detail) VALUES ('a', 'b', 'c', '{}')"))
    path = tmp_path / "old.estates"
    backup(empty_engine, path, now=NOW)
    assert restore(fresh, path).upgraded
    with transaction(fresh) as connection:
        assert schema_revision(connection) == wanted_revision()
        told = connection.execute(text("SELECT action FROM audit ORDER BY id")).scalars().all()
    assert told == ["b", "restore"]
