"""What every command needs: the settings, a database that is up, the area and the method."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from rich.console import Console
from sqlalchemy import Engine

from estates_api.domain.area import Area
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.settings import Settings, read_settings
from estates_api.store.cluster import open_cluster
from estates_api.store.database import check_schema, make_engine, transaction
from estates_api.workflows import setup
from estates_api.workflows.adoption import InForce, method_in_force

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True)
class Session:
    """One command's surroundings. `method` is the one in force, where the schema was checked."""

    settings: Settings
    engine: Engine
    area: Area
    method: Method
    method_content: bytes


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """An engine on the configured server, or on the embedded cluster, kept up for as long as the block runs."""
    if settings.database_url:
        engine = make_engine(settings.database_url)
        try:
            yield engine
        finally:
            engine.dispose()
        return
    with open_cluster(settings.state_dir) as url:
        engine = make_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def open_session(*, check: bool = True) -> Iterator[Session]:
    """A session; with `check`, Unavailable when the schema is not this version's."""
    settings = read_settings()
    area = setup.read_area(settings.data_dir)
    content = setup.read_shipped(settings.data_dir, setup.METHOD_FILE)
    method = parse_method(content, setup.METHOD_FILE)
    with open_engine(settings) as engine:
        session = Session(settings, engine, area, method, content)
        if check:
            with transaction(engine) as connection:
                check_schema(connection)
            session = with_method_in_force(session)
        yield session


def with_method_in_force(session: Session) -> Session:
    """The session with the method that was adopted last, if one was. The schema must be current."""
    with transaction(session.engine) as connection:
        now = method_in_force(connection, InForce(session.method, session.method_content))
    return replace(session, method=now.method, method_content=now.content)


def today() -> date:
    """Today in UTC: the calendar by which quarters and staleness are told."""
    return datetime.now(UTC).date()


def fail(message: str) -> None:
    """Say what is wrong on standard error, in one line, and end with exit code 2."""
    errors.print(f"[red]error:[/red] {message}", soft_wrap=True, markup=True)
    sys.exit(2)
