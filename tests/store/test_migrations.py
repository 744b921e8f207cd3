"""The schema: made by migrations alone, the same as the tables in code, whoever starts first."""

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from geoalchemy2 import alembic_helpers
from revisions import ROWS, to_revision
from sqlalchemy import Connection, Engine, text

from estates_api.errors import Unavailable
from estates_api.settings import ROOT
from estates_api.store import database
from estates_api.store.database import check_schema, migrate, schema_revision, transaction, wanted_revision
from estates_api.store.tables import metadata


def differences(connection: Connection) -> list[object]:
    """What autogenerate would change. PostGIS's own table and the comments, which stand in migrations, are left out."""
    options = {
        "include_object": alembic_helpers.include_object,
        "include_name": lambda name, kind, _: kind != "table" or name != "spatial_ref_sys",
        "compare_type": True,
        "compare_server_default": False,
    }
    found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    changes = [change for group in found for change in (group if isinstance(group, list) else [group])]
    return [change for change in changes if "comment" not in change[0]]


def test_an_empty_database_becomes_the_tables_in_code(empty_engine: Engine) -> None:
    """Migrations on an empty database give what `store/tables.py` says: columns, types, keys and indexes."""
    assert migrate(empty_engine)
    with transaction(empty_engine) as connection:
        assert differences(connection) == []
        check_schema(connection)


def test_what_differs_is_seen(migrated: Engine) -> None:
    """The comparison above notices a missing index, another type and a column too many."""
    with transaction(migrated) as connection:
        connection.execute(text("DROP INDEX site_geom"))
        connection.execute(text("ALTER TABLE issue ALTER COLUMN line TYPE bigint, ADD COLUMN extra text"))
        assert len(differences(connection)) == 3


def test_again_is_a_no_op(migrated: Engine) -> None:
    """A schema that is current is left alone, and says so."""
    assert not migrate(migrated)


def test_two_at_once(empty_engine: Engine) -> None:
    """Several processes starting together on an empty database: one makes the schema, the others wait for it."""
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migrate(empty_engine), range(4)))
    assert sorted(done) == [False, False, False, True]


def test_every_revision_has_one_head_and_a_way_to_it() -> None:
    """Revisions are one line: no two heads, none left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripts = ScriptDirectory.from_config(Config(toml_file=ROOT / "pyproject.toml"))
        revisions = [script.revision for script in scripts.walk_revisions()]
    assert len(scripts.get_heads()) == 1
    assert revisions[0] == wanted_revision()
    assert revisions[-1] == "0001"


def test_a_database_with_data_is_upgraded(empty_engine: Engine, count_rows: Callable[[Engine], dict[str, int]]) -> None:
    """A database of the first revision with a row in every table loses none on the way to the newest one."""
    with to_revision(empty_engine, "0001") as connection:
        connection.exec_driver_sql(ROWS["0001"])
    before = count_rows(empty_engine)
    filled = {name for name, rows in before.items() if rows}
    assert filled >= set(before) - {"site_public", "site_partner", "spatial_ref_sys"}
    migrate(empty_engine)
    after = count_rows(empty_engine)
    # A holding's address became part of the holding, its place a record, counts a tally.
    moved = {"placement": 1, "tally": 1, "organisation_name": 1}
    # What is made of other tables is made anew, for everybody who may see it.
    moved |= {"site_public": 1, "site_partner": 1}
    kept = {name: rows for name, rows in before.items() if name != "holding_address"}
    assert {name: after[name] for name in (*kept, *moved)} == kept | moved
    with transaction(empty_engine) as connection:
        assert schema_revision(connection) == wanted_revision()
        assert differences(connection) == []
        assert connection.execute(text("SELECT raw FROM claim")).scalars().all() == ["100"]
        assert connection.execute(text("SELECT postcode FROM holding")).scalars().all() == ["N18 1QX"]


def test_a_schema_that_is_not_ours_is_named(empty_engine: Engine) -> None:
    """Commands on a database without the schema, or with one of another version, say what to run."""
    with transaction(empty_engine) as connection, pytest.raises(Unavailable, match="run `estates setup`"):
        check_schema(connection)


def test_a_migration_that_fails_changes_nothing(empty_engine: Engine) -> None:
    """When something is in the way, the error is one plain line and the database is as before."""
    with transaction(empty_engine) as connection:
        connection.execute(text("CREATE TABLE shortlist (mine text)"))
    with pytest.raises(Unavailable, match='brought up to date: relation "shortlist" already exists'):
        migrate(empty_engine)
    with transaction(empty_engine) as connection:
        assert schema_revision(connection) is None
        names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
        assert set(names) == {"shortlist", "spatial_ref_sys"}


def test_a_server_that_is_too_old_is_refused(empty_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL before 14 and PostGIS before 3.1 are refused with the version that was found."""
    monkeypatch.setattr(database, "OLDEST_POSTGIS", (99, 0))
    with pytest.raises(Unavailable, match=r"PostGIS 3.1 or newer is needed, this database has 3\."):
        migrate(empty_engine)
    monkeypatch.setattr(database, "OLDEST_POSTGRESQL", 990000)
    with pytest.raises(Unavailable, match="PostgreSQL 14 or newer is needed, this server is"):
        migrate(empty_engine)


def test_postgis_that_may_not_be_added_is_asked_for(empty_engine: Engine) -> None:
    """A user who may not add PostGIS is told what an administrator must run."""
    with transaction(empty_engine) as connection:
        connection.execute(text("DROP EXTENSION postgis CASCADE"))
        connection.execute(text("CREATE ROLE estates_weak NOLOGIN"))
    try:
        with transaction(empty_engine) as connection:
            connection.execute(text("SET LOCAL ROLE estates_weak"))
            with pytest.raises(Unavailable, match="have an administrator run: CREATE EXTENSION postgis"):
                database.check_server(connection)
    finally:
        with transaction(empty_engine) as connection:
            connection.execute(text("DROP ROLE estates_weak"))
