"""Backup and restore: the whole record in one file, with what proves that it came back as it was."""

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from estates_api import __version__
from estates_api.domain.values import shorten
from estates_api.errors import BadInput, Conflict, Unavailable
from estates_api.store import dumps
from estates_api.store.audit import add_audit
from estates_api.store.database import migrate, schema_revision, transaction, wanted_revision
from estates_api.workflows.prove import verify_published

FORMAT = "estates-backup/1"
DUMP, MANIFEST = "database.dump", "manifest.json"
_LONGEST_MANIFEST = 64 << 20
_STATED = frozenset({"format", "made_at", "schema", "editions", "methods", "shortlists", "audit", "dump"})


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: how many editions and frozen lists, proved by their hashes, whether the schema is newer, how many
    published lists verify with all that they rest on, and what does not."""

    made_at: str
    editions: int
    shortlists: int
    upgraded: bool
    verified: int
    failed: tuple[str, ...]


def backup(engine: Engine, path: Path, *, now: datetime) -> dict[str, Any]:
    """Write everything to a file, whole or not at all, while others go on working; what it says of itself."""
    with _beside(path) as folder:
        if path.exists() and not path.is_file():
            raise BadInput(f"{shorten(str(path), 200)}: not a file, and not replaced by one")
        dump, made = folder / DUMP, folder / "backup"
        with dumps.frozen(engine) as (connection, snapshot):
            told = {
                "format": FORMAT,
                "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
                "code_version": __version__,
                "schema": schema_revision(connection),
                **dumps.fingerprints(connection),
            }
            dumps.write_dump(engine, snapshot, dump)
        told |= {"dump": {"bytes": dump.stat().st_size, "sha256": _sha256(dump)}}
        manifest = folder / MANIFEST
        manifest.write_text(json.dumps(told, indent=1))
        with tarfile.open(made, "w") as archive:
            archive.add(manifest, MANIFEST)
            archive.add(dump, DUMP)
        made.chmod(0o600)  # it holds what is not public, and the secret that cursors are signed with
        made.replace(path)
    return told


def restore(engine: Engine, path: Path) -> Restored:
    """Fill an empty database from a backup, bring it up to this version, and prove what came back.

    BadInput for a file that is no backup or is damaged; Conflict when something is in the database already.
    """
    if not dumps.is_empty(engine):
        raise Conflict("there is something in this database already; restore into an empty one (another "
                       "ESTATES_STATE_DIR, or another database in ESTATES_DATABASE_URL)")  # fmt: skip
    with TemporaryDirectory(prefix="estates-restore-") as name:
        told, dump = _unpack(path, Path(name))
        _check_version(path, told)
        dumps.read_dump(engine, dump)
    with transaction(engine) as connection:
        found, wrong = dumps.fingerprints(connection), dumps.find_false_lists(connection)
    wrong += [name for name, value in json.loads(json.dumps(found)).items() if told[name] != value]
    if wrong:
        raise Unavailable(f"what came back is not what was saved: {', '.join(wrong)}; do not use this database")
    upgraded = migrate(engine)
    with transaction(engine) as connection:
        add_audit(connection, actor="command line", action="restore", subject=f"backup of {told['made_at']}",
                  detail={"sha256": told["dump"]["sha256"]})  # fmt: skip
        verified, failed = verify_published(connection)
    return Restored(told["made_at"], len(told["editions"]), len(told["shortlists"]), upgraded, verified, tuple(failed))


def _check_version(path: Path, told: Mapping[str, Any]) -> None:
    schema, newest = str(told.get("schema")), str(wanted_revision())
    if schema > newest:
        raise BadInput(f"{shorten(str(path), 200)}: made by a newer version of this service: its schema is "
                       f"{shorten(schema)}, here {newest}")  # fmt: skip


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A folder on the same disk, that nobody else can read."""
    try:
        with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as name:
            yield Path(name)
    except OSError as error:
        raise BadInput(f"{shorten(str(path), 200)}: {error.strerror or 'it cannot be written'}") from None


def _unpack(path: Path, folder: Path) -> tuple[dict[str, Any], Path]:
    """The manifest of a backup, and its dump as a file that has the hash it should have."""
    name = shorten(str(path), 200)
    try:
        with tarfile.open(path, "r:") as archive:
            manifest, packed = archive.extractfile(MANIFEST), archive.extractfile(DUMP)
            if manifest is None or packed is None:
                raise KeyError
            told = json.loads(manifest.read(_LONGEST_MANIFEST))
            if told["format"] != FORMAT:
                raise BadInput(f"{name}: a backup of another form ({shorten(str(told['format']))}, not {FORMAT})")
            if not told.keys() >= _STATED:
                raise KeyError
            wanted, dump = told["dump"]["sha256"], folder / DUMP
            with dump.open("wb") as file:
                while piece := packed.read(1 << 20):
                    file.write(piece)
    except (tarfile.TarError, KeyError, ValueError, TypeError, RecursionError):
        raise BadInput(f"{name}: not a backup made by: estates backup FILE, or cut off") from None
    except OSError as error:
        raise BadInput(f"{name}: {error.strerror or 'it cannot be read'}") from None
    if _sha256(dump) != wanted:
        raise BadInput(f"{name}: the backup is damaged: its dump has not the SHA-256 that its manifest states")
    return told, dump


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
