"""Connections: one engine, a server that is new enough, a schema that is current."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock, Thread
from time import perf_counter
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import InsufficientPrivilege, QueryCanceled
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from estates_api.domain.callers import PUBLIC, Caller
from estates_api.errors import Unavailable
from estates_api.settings import ROOT
from estates_api.store.faults import NO_ANSWER, OTHER_SCHEMA, find_fault, first_line
from estates_api.store.projection import rebuild_projection
from estates_api.store.reference import fill_degrees
from estates_api.store.rights import grant_service
from estates_api.store.work import WORK

OLDEST_POSTGRESQL = 140000
OLDEST_POSTGIS = (3, 1)

POOL_WAIT_S = 5
"""How long a request waits for one of the engine's fifteen connections."""

KEEP_ALIVE = {
    "connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}  # fmt: skip
"""A network that is cut without a word is noticed in half a minute; the system alone would take hours."""

ROLES_NEEDED = (
    "the user of the database must own it and may create roles, or an administrator creates estates_public, "
    "estates_partner, estates_owner, estates_complete, estates_keys and estates_service, and grants all but the last "
    "to it and to the last"
)


def make_engine(url: str) -> Engine:
    """An engine on a SQLAlchemy URL. Nothing is connected yet. Unavailable when the URL cannot be read."""
    try:
        engine = create_engine(
            url, pool_pre_ping=True, pool_timeout=POOL_WAIT_S, connect_args=dict(KEEP_ALIVE), hide_parameters=True
        )  # fmt: skip -- what fails is logged, and values are withheld
    except (ArgumentError, ValueError):  # the message would show the password
        raise Unavailable(
            "ESTATES_DATABASE_URL cannot be read: postgresql://user:password@host:5432/database, with / @ : in the "
            "password written as %2F %40 %3A"
        ) from None
    event.listen(engine, "before_cursor_execute", _begin_statement)
    event.listen(engine, "after_cursor_execute", _end_statement)
    return engine


def _begin_statement(connection: Connection, *_: Any) -> None:
    connection.info["began"] = perf_counter()


def _end_statement(connection: Connection, _: Any, statement: str, *__: Any) -> None:
    if work := WORK.get():
        work.ran(statement, connection.info["began"])


_ACTING: ContextVar[Caller] = ContextVar("acting", default=PUBLIC)


def act_for(caller: Caller) -> None:
    """From here on in this request every transaction tells the database whose key asks: the audit trail records the
    name, and the views of owners show the rows of the organisation. Each request has to say it, the public's too: one
    that was sent along with another begins in the context of that."""
    _ACTING.set(caller)


_TELL = text("SELECT set_config('estates.caller', :name, true), set_config('estates.organisation', :whose, true)")


def _tell(connection: Connection) -> None:
    caller = _ACTING.get()
    if caller.name:
        connection.execute(_TELL, {"name": caller.name, "whose": caller.organisation or ""})


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction: committed when the block ends, rolled back when it raises. Unavailable without a server."""
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise find_fault(error) or Unavailable(NO_ANSWER, first_line(error)) from None
    except PoolTimeoutError:
        raise Unavailable("every connection to the database is in use; try again in a moment") from None
    with connection, connection.begin(), _bounded(connection):
        _tell(connection)
        yield connection


@contextmanager
def _bounded(connection: Connection) -> Iterator[None]:
    """For a request: no statement takes longer than it may, nor goes on when nobody waits for it."""
    work = WORK.get()
    if work is None:
        yield
        return
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{work.longest_s}s'")
    stop = connection.info["stop"] = _Stop(connection.connection.driver_connection)
    try:
        with work.stopped_by(lambda: Thread(target=stop, daemon=True).start()):
            yield
    except DBAPIError as error:
        if isinstance(error.orig, QueryCanceled):
            raise Unavailable(too_long(work.longest_s)) from None
        raise
    finally:
        stop.end()


class _Stop:
    """Ends the statement of a connection, but never that of whoever has the connection next."""

    def __init__(self, driver: Any) -> None:
        self._driver, self._lock = driver, Lock()

    def __call__(self) -> None:
        with self._lock:
            if self._driver is not None:
                self._driver.cancel_safe(timeout=2)

    def end(self) -> None:
        """The connection goes back."""
        with self._lock:
            self._driver = None


def too_long(longest_s: int) -> str:
    """What is said of a statement that was ended because of its time."""
    return f"this takes longer than {longest_s} s; ask for less: a smaller box, a simpler filter"


def give_back(connection: Connection) -> None:
    """End a transaction that only read, and let others have the connection while a long answer is made."""
    if stop := connection.info.pop("stop", None):
        stop.end()
    connection.rollback()
    connection.close()


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
        grant_service(connection)
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
        raise Unavailable(OTHER_SCHEMA)


def _alembic() -> Config:
    return Config(toml_file=ROOT / "pyproject.toml")
