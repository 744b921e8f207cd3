"""The schema: made by migrations alone, the same as the tables in code, whoever starts first."""

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, Engine, text

from estates_api.errors import Unavailable
from estates_api.settings import ROOT
from estates_api.store import database
from estates_api.store.database import check_schema, migrate, schema_revision, transaction, wanted_revision
from estates_api.store.tables import metadata

SHA = "a" * 64

# One row and more of every table of revision 0001, in its own terms: this never changes, whatever later revisions do.
ROWS_OF_0001 = f"""
INSERT INTO source VALUES ('made', 10);
INSERT INTO edition (source, label, format, file_name, sha256, bytes, counts)
    VALUES ('made', '2020', 'template', 'made.csv', '{SHA}', 1, '{{}}');
INSERT INTO issue (edition_id, severity, reason) VALUES (1, 'note', 'made');
INSERT INTO borough VALUES ('E09000010', 'Enfield',
    ST_GeomFromText('MULTIPOLYGON(((530000 190000,540000 190000,540000 200000,530000 200000,530000 190000)))', 27700));
INSERT INTO lsoa VALUES ('E01000001', 'made', 'E09000010', ST_SetSRID(ST_MakePoint(533000, 192000), 27700), 5, '3');
INSERT INTO postcode VALUES ('N18 1QX', 533000, 192000, 'E01000001', 'E09000010', NULL), ('N1 1AA', NULL, NULL, NULL,
    NULL, '201601');
INSERT INTO organisation (code, name, sector, kind, status, edition_id) VALUES ('RZ1', 'Made', 'NHS', 'x', 'active', 1);
INSERT INTO site (ref, name, precision, geom, geom_crs84, inside_area) VALUES ('NCL-A', 'Made', 'postcode',
    ST_SetSRID(ST_MakePoint(533000, 192000), 27700), ST_SetSRID(ST_MakePoint(-0.08, 51.6), 4326), true);
INSERT INTO site (ref, name, precision) VALUES ('NCL-B', 'Nowhere', 'unknown');
INSERT INTO holding (organisation_code, code, name, sector, site_ref) VALUES ('RZ1', 'A', 'Made', 'NHS', 'NCL-A');
INSERT INTO holding_address (holding_id, postcode) VALUES (1, 'N18 1QX');
INSERT INTO judgement (organisation_code, holding_code, place, place_name, evidence, edition_id)
    VALUES ('RZ1', 'A', 'A', 'Made', 'a page', 1);
INSERT INTO claim (edition_id, holding_id, line, attribute, number, unit, raw, state)
    VALUES (1, 1, 2, 'gia_m2', 100, 'm2', '100', 'reported');
INSERT INTO interest (edition_id, holding_id, kind, evidence) VALUES (1, 1, 'freeholder', 'a page');
INSERT INTO event (edition_id, line, site_name, organisation_name, kind, scope, date_text, citation_title, citation_url)
    VALUES (1, 2, 'Made', 'Made', 'sold', 'whole', '', 'a page', 'https://example.org');
INSERT INTO method (sha256, id, content) VALUES ('{SHA}', 'made', 'x');
INSERT INTO assessment (method_sha256, as_of, present, known_at, data_sha256, code_version, seed, sha256)
    VALUES ('{SHA}', '2020-01-01', true, now(), '{SHA}', '1', 0, '{SHA}');
INSERT INTO assessment_site VALUES (1, 'NCL-A', 'retain', 10, 1, 10, 1, '{{}}');
INSERT INTO shortlist (quarter, revision, status, assessment_id, content, sha256)
    VALUES ('2020-Q1', 1, 'draft', 1, 'x', encode(sha256('x'), 'hex'));
INSERT INTO audit (actor, action, subject, detail) VALUES ('made', 'made', 'made', '{{}}');
INSERT INTO site_complete (ref, name, sector, site_feature, detail) VALUES ('NCL-A', 'Made', 'NHS', '{{}}', '{{}}');
"""


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


@contextmanager
def to_revision(engine: Engine, revision: str) -> Iterator[Connection]:
    """A transaction in which the schema has been brought to a revision."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    with warnings.catch_warnings(), transaction(engine) as connection:
        warnings.simplefilter("ignore", DeprecationWarning)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection


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
        connection.exec_driver_sql(ROWS_OF_0001)
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
