"""Dumps of the whole database by PostgreSQL's own programs, and what a database says of itself to be compared by."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Connection, Engine, select, text
from sqlalchemy.dialects.postgresql import psycopg as dialect

from estates_api.errors import Unavailable
from estates_api.store.database import ROLES_NEEDED, check_server, transaction
from estates_api.store.listed import shortlist
from estates_api.store.programs import find_programs
from estates_api.store.rights import make_roles
from estates_api.store.tables import edition, method

# PostGIS, its tables and its description belong to whoever administers the server, and are there before anything is
# restored; an owner of the database who is no superuser may not write them.
_NOT_OURS = ("EXTENSION", "COMMENT - EXTENSION", "SCHEMA - public", "TABLE DATA public spatial_ref_sys")


@contextmanager
def frozen(engine: Engine) -> Iterator[tuple[Connection, str]]:
    """A transaction that sees one moment, and the name by which a dump sees the same."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection, str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())


def write_dump(engine: Engine, snapshot: str, path: Path) -> None:
    """Everything of the database as of a moment, in the custom format. Unavailable says what the program said."""
    with engine.connect() as connection:
        major = connection.execute(text("SELECT current_setting('server_version_num')::int / 10000")).scalar_one()
    _run(engine.url, major, "pg_dump", ["--format=custom", f"--snapshot={snapshot}", "--no-owner", f"--file={path}"])


def read_dump(engine: Engine, path: Path) -> None:
    """Restore a dump into an empty database, whole or not at all."""
    with transaction(engine) as connection:
        check_server(connection)
        make_roles(connection)
        major = connection.execute(text("SELECT current_setting('server_version_num')::int / 10000")).scalar_one()
    entries = _run(engine.url, major, "pg_restore", ["--list", str(path)], connect=False)
    wanted = path.with_suffix(".list")
    wanted.write_text("".join(f"{line}\n" for line in entries.splitlines() if not _is_foreign(line)))
    _run(engine.url, major, "pg_restore", ["--single-transaction", "--exit-on-error", "--no-owner",
                                           f"--use-list={wanted}", str(path)])  # fmt: skip
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _is_foreign(line: str) -> bool:
    """Whether a line of a dump's table of contents (`12; 3079 16385 EXTENSION - postgis`) is nothing of ours."""
    _, _, said = line.partition("; ")
    kind = " ".join(said.split()[2:])
    return kind.startswith(_NOT_OURS)


def _run(url: URL, major: int, program: str, arguments: Sequence[str], *, connect: bool = True) -> str:
    """Run one of PostgreSQL's programs on the database; the password is passed where no list of processes shows it."""
    _, found = dialect.dialect().create_connect_args(url)  # type: ignore[no-untyped-call]
    password = found.pop("password", None)
    target = ["--dbname", make_conninfo(**found)] if connect else []
    command = [str(find_programs(major) / program), *target, *arguments]
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 -- PostgreSQL's own
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[0]
        hint = f"; {ROLES_NEEDED}" if "permission denied" in said else ""
        raise Unavailable(f"{program} could not do it: {said.removeprefix(f'{program}: error: ')}{hint}")
    return done.stdout


def is_empty(engine: Engine) -> bool:
    """Whether nothing of ours is in the database."""
    with transaction(engine) as connection:
        query = "SELECT to_regclass('alembic_version') IS NULL AND to_regclass('edition') IS NULL"
        return bool(connection.execute(text(query)).scalar_one())


def fingerprints(connection: Connection) -> Mapping[str, Any]:
    """What the record is known by: the hash of every edition, method and frozen list, and the end of the audit."""
    lists = select(shortlist.c.quarter, shortlist.c.revision, shortlist.c.status, shortlist.c.sha256)
    return {
        "editions": list(connection.execute(select(edition.c.sha256).order_by(edition.c.sha256)).scalars()),
        "methods": list(connection.execute(select(method.c.sha256).order_by(method.c.sha256)).scalars()),
        "shortlists": [
            list(row) for row in connection.execute(lists.order_by(shortlist.c.quarter, shortlist.c.revision))
        ],
        "audit": connection.execute(text("SELECT count(*), coalesce(max(id), 0) FROM audit")).one()._asdict(),
    }


def find_false_lists(connection: Connection) -> list[str]:
    """The frozen lists whose bytes are not those of their hash."""
    query = "SELECT quarter || ' revision ' || revision FROM shortlist WHERE sha256 <> encode(sha256(content), 'hex')"
    return list(connection.execute(text(query)).scalars())
