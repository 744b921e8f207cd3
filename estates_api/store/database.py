"""Connections: one engine, a server that is new enough, a schema that is current."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from estates_api.errors import Unavailable
from estates_api.settings import ROOT
from estates_api.store.projection import rebuild_projection
from estates_api.store.reference import fill_degrees

OLDEST_POSTGRESQL = 140000
OLDEST_POSTGIS = (3, 1)

ROLES_NEEDED = (
    "the user of the database must own it and may create roles, or an administrator creates estates_public, "
    "estates_partner and estates_complete and grants them to it"
)


def make_engine(url: str) -> Engine:
    """An engine on a SQLAlchemy URL. Nothing is connected yet. Unavailable when the URL cannot be read."""
    try:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except (ArgumentError, ValueError):  # the message would show the password
        raise Unavailable(
            "ESTATES_DATABASE_URL cannot be read: postgresql://user:password@host:5432/database, with / @ : in the "
            "password written as %2F %40 %3A"
        ) from None


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed when the block ends, rolled back when it raises. Unavailable without a server."""
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise Unavailable(f"the database does not answer: {first_line(error)}") from None
    except PoolTimeoutError:
        raise Unavailable("every connection to the database is in use; try again in a moment") from None
    with connection, connection.begin():
        yield connection


def went_away(error: OperationalError | psycopg.OperationalError) -> bool:
    """True when the connection broke or the server was stopped; other faults have a state of their own."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))


def first_line(error: DBAPIError) -> str:
    """What the server said, without the traceback and the statement."""
    return str(error.orig).strip().splitlines()[0]


def migrate(engine: Engine) -> bool:
    """Bring the schema up to date; True when something changed. Unavailable when the server cannot do it."""
    with transaction(engine) as connection:
        check_server(connection)
        # One migration at a time, whatever number of processes start together.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('estates migrate'))"))
        if schema_revision(connection) == wanted_revision():
            return False
        config = _alembic()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except DBAPIError as error:
            hint = f"; {ROLES_NEEDED}" if isinstance(error.orig, InsufficientPrivilege) else ""
            raise Unavailable(f"the schema could not be brought up to date: {first_line(error)}{hint}") from None
        # What is made of other tables is made anew in the form of this version.
        fill_degrees(connection)
        rebuild_projection(connection)
        return True


def check_server(connection: Connection) -> None:
    """PostgreSQL 14 or newer with PostGIS 3.1 or newer, installing the extension when it may."""
    version = connection.execute(text("SELECT current_setting('server_version_num')::int")).scalar_one()
    if version < OLDEST_POSTGRESQL:
        raise Unavailable(f"PostgreSQL 14 or newer is needed, this server is {version // 10000}")
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    except DBAPIError as error:
        raise Unavailable(
            f"PostGIS is not in this database and cannot be added ({first_line(error)}); "
            "have an administrator run: CREATE EXTENSION postgis"
        ) from None
    postgis = connection.execute(text("SELECT postgis_lib_version()")).scalar_one()
    if tuple(int(part) for part in postgis.split(".")[:2]) < OLDEST_POSTGIS:
        raise Unavailable(f"PostGIS 3.1 or newer is needed, this database has {postgis}")
    if not connection.execute(text("SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'")).scalar_one():
        raise Unavailable("this PostgreSQL was built without ICU, which compares texts in any case of letters")


def schema_revision(connection: Connection) -> str | None:
    """The revision of the schema in the database; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def wanted_revision() -> str | None:
    """The newest revision that this version of the service knows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return ScriptDirectory.from_config(_alembic()).get_current_head()


def check_schema(connection: Connection) -> None:
    """Unavailable, with what to do, when the schema is not the one this version works with."""
    if schema_revision(connection) != wanted_revision():
        raise Unavailable("the database schema is not the one of this version; run `estates setup`")


def _alembic() -> Config:
    return Config(toml_file=ROOT / "pyproject.toml")
