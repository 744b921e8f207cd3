"""Alembic's entry: runs migrations on the connection that the service hands over, or on ESTATES_DATABASE_URL."""

from alembic import context
from sqlalchemy import Connection, create_engine

from estates_api.settings import read_settings
from estates_api.store.tables import metadata


def run(connection: Connection) -> None:
    """Apply the migrations in the caller's transaction."""
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
elif url := read_settings().database_url:
    with create_engine(url).begin() as connection:
        run(connection)
else:
    raise SystemExit("set ESTATES_DATABASE_URL, or use `estates migrate` for the embedded database")
