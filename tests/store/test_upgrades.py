"""From every earlier schema, with rows in every table: brought up to date in place, and restored from a backup."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from revisions import REVISIONS, fill
from sqlalchemy import Engine, text

from estates_api.store.database import make_engine, migrate, schema_revision, transaction, wanted_revision
from estates_api.workflows.backup import backup, restore

pytestmark = pytest.mark.slow

MADE_ANEW = ("site_public", "site_partner", "site_complete", "assembly_public", "assembly_partner", "assembly_complete",
             "layer_summary")  # fmt: skip
"""What is made of other tables."""

MOVED = ("holding_address", "alembic_version")
"""A holding's address became part of the holding in 0002."""

_COLUMNS = """
SELECT c.table_name, array_agg(c.column_name::text ORDER BY c.column_name) FROM information_schema.columns c
JOIN pg_tables t ON t.tablename = c.table_name AND t.schemaname = c.table_schema
WHERE c.table_schema = 'public' AND c.table_name <> 'spatial_ref_sys' GROUP BY c.table_name
"""

Columns = Mapping[str, list[str]]


@pytest.fixture
def fresh(copied: Callable[[str], AbstractContextManager[str]]) -> Iterator[Engine]:
    """A database with nothing in it."""
    with copied("template1") as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


def columns_of(engine: Engine) -> dict[str, list[str]]:
    """The columns of each table."""
    with transaction(engine) as connection:
        return {row[0]: row[1] for row in connection.execute(text(_COLUMNS))}


def rows_of(engine: Engine, columns: Columns) -> dict[str, list[Any]]:
    """Every row of each table, of these columns, as texts."""
    with transaction(engine) as connection:
        return {
            table: sorted(tuple(map(str, row)) for row in connection.exec_driver_sql(
                f'SELECT {", ".join(f"{name}::text" for name in map(_quoted, names))} FROM ONLY "{table}"'
            ))
            for table, names in columns.items()
        }  # fmt: skip


def _quoted(name: str) -> str:
    return f'"{name}"'


def check_upgraded(engine: Engine, before: Mapping[str, list[Any]], columns: Columns, *, restored: bool) -> None:
    """The schema is the newest, and what stood in any column that is still there stands there still."""
    with transaction(engine) as connection:
        assert schema_revision(connection) == wanted_revision()
    after = rows_of(engine, columns)
    if restored:
        assert len(after["audit"]) == len(before["audit"]) + 1
        after["audit"] = [row for row in after["audit"] if row in before["audit"]]
    for table, rows in before.items():
        assert after[table] == rows, table
    with transaction(engine) as connection:
        seen = connection.execute(text("SELECT ref FROM site_public WHERE gone IS NULL ORDER BY ref")).scalars().all()
        assert seen[0] == "NCL-A"
        connection.execute(text("SET LOCAL ROLE estates_service"))
        assert connection.execute(text("SELECT count(*) FROM claim")).scalar_one() == 1


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_from_every_earlier_schema(empty_engine: Engine, fresh: Engine, tmp_path: Path, revision: str) -> None:
    """Each earlier schema with rows in every table, upgraded in place or restored from its backup, has lost none."""
    fill(empty_engine, revision)
    old = columns_of(empty_engine)
    whole = rows_of(empty_engine, old)
    assert {table for table, rows in whole.items() if not rows} <= set(MADE_ANEW)
    path = tmp_path / "old.estates"
    backup(empty_engine, path, now=datetime(2026, 11, 1, tzinfo=UTC))

    migrate(empty_engine)
    new = columns_of(empty_engine)
    # Degrees are filled in by this version where an older one had none.
    kept = {table: [name for name in names if name in new[table] and name != "geom_crs84"]
            for table, names in old.items() if table not in {*MADE_ANEW, *MOVED}}  # fmt: skip
    assert restore(fresh, path).upgraded
    with_old = {table: sorted(_picked(whole[table], old[table], names)) for table, names in kept.items()}
    check_upgraded(empty_engine, with_old, kept, restored=False)
    check_upgraded(fresh, with_old, kept, restored=True)


def _picked(rows: list[Any], names: list[str], wanted: list[str]) -> list[tuple[str, ...]]:
    places = [names.index(name) for name in wanted]
    return [tuple(row[place] for place in places) for row in rows]
