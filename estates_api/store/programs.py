"""Where PostgreSQL's programs are, of a version that has PostGIS; what to install when they are nowhere."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from estates_api.errors import EstatesError, Unavailable

OLDEST_POSTGRESQL = 14
PLACES = [
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # packages of postgresql.org for Fedora and Red Hat
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
]

INSTALL = f"""\
PostgreSQL {OLDEST_POSTGRESQL} or newer with PostGIS is needed and was not found. Install it, then run this again:
  Debian, Ubuntu:  sudo apt-get install -y postgresql postgresql-postgis
  Fedora, RHEL:    sudo dnf install -y postgresql-server postgis
  macOS:           brew install postgresql@17 postgis
Or set ESTATES_DATABASE_URL to a server that has it."""


def find_programs(major: int | None = None) -> Path:
    """The folder that holds initdb, pg_ctl and postgres, of a PostgreSQL that has PostGIS.

    `major` asks for that version only. Raises Unavailable with the commands that install what is missing.
    """
    for folder in _list_program_folders():
        version = _read_version(folder)
        if version >= OLDEST_POSTGRESQL and major in {None, version} and _has_postgis(folder, version):
            return folder
    if major is not None:
        raise Unavailable(
            f"The embedded database was made by PostgreSQL {major}, which is not installed here with PostGIS. "
            f"Install it (Debian, Ubuntu: sudo apt-get install -y postgresql-{major}-postgis-3)"
        )
    raise Unavailable(INSTALL)


def _list_program_folders() -> Iterator[Path]:
    if pg_config := shutil.which("pg_config"):
        yield Path(_output_of(pg_config, "--bindir"))
    for place in PLACES:
        found = Path("/").glob(place.removeprefix("/"))
        yield from sorted(found, key=lambda path: int("0" + "".join(re.findall(r"\d+", str(path))[-1:])), reverse=True)
    if pg_ctl := shutil.which("pg_ctl"):
        yield Path(pg_ctl).resolve().parent


def _read_version(folder: Path) -> int:
    """The major version of the server programs in `folder`; 0 when they are not all there."""
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "pg_ctl", "postgres")):
        return 0
    found = re.search(r"\d+", _output_of(str(folder / "postgres"), "--version"))
    return int(found[0]) if found else 0


def _has_postgis(folder: Path, major: int) -> bool:
    share = folder.parent / "share"
    candidates = [
        Path(f"/usr/share/postgresql/{major}"),  # Debian, Ubuntu
        share,
        share / "pgsql",  # Fedora
        share / "postgresql",
        folder.parents[2] / f"share/postgresql@{major}" if len(folder.parents) > 2 else share,  # Homebrew
    ]
    if os.access(folder / "pg_config", os.X_OK):
        candidates.append(Path(_output_of(str(folder / "pg_config"), "--sharedir")))
    return any((candidate / "extension/postgis.control").exists() for candidate in candidates)


def _output_of(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # a program we found
    return done.stdout.strip()


def main() -> int:
    """Tell scripts/setup whether the programs are here: exit code 0, or 1 and what to install on standard output."""
    try:
        find_programs()
    except EstatesError as error:
        sys.stdout.write(f"{error.detail}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
