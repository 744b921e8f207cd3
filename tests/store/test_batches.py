"""Rows by the million: what a query finds comes out typed and whole, with values that never become SQL."""

from datetime import date

import pytest
import shapely
from geoalchemy2 import Geometry
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    Float,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    func,
    insert,
    select,
    text,
)

from estates_api.domain.collections import Collection, Property
from estates_api.exports.bulk.layer import read_batches
from estates_api.store import batches
from estates_api.store.batches import copying
from estates_api.store.database import transaction

KINDS = {"string": Text, "integer": Integer, "number": Float, "boolean": Boolean, "date": Date}
THINGS = Collection("things", "Things", "", "Point", tuple(Property(kind, kind, kind) for kind in KINDS), ())
thing = Table("thing", MetaData(), Column("key", Text, primary_key=True), *(Column(*one) for one in KINDS.items()),
              Column("geom", Geometry("POINT", 27700)))  # fmt: skip
ALL = select(thing.c.key.label("id"), *(thing.c[kind] for kind in KINDS), thing.c.geom.label("geometry"))
WHOLE = ("A\n%(x)s,'", 'ü "%s\\', -7, 0.1, True, date(1948, 7, 5), "SRID=27700;POINT(530000.25 190000.5)")
ROWS = [WHOLE, ("B", "", 0, 1e300, False, date(2026, 11, 22), None), ("C", *[None] * 6)]


@pytest.fixture
def things(migrated: Engine) -> Engine:
    """A table with everything that a column can hold."""
    with transaction(migrated) as connection:
        thing.create(connection)
        connection.execute(insert(thing), [dict(zip(thing.c.keys(), row, strict=True)) for row in ROWS])
    return migrated


def read(connection: Connection, wanted: Select) -> list[dict[str, object]]:
    """The rows of a query, by way of the blocks."""
    with copying(connection, wanted) as blocks:
        return [row for batch in read_batches(THINGS, blocks) for row in batch.to_pylist()]


def test_values_come_out_as_they_went_in(things: Engine) -> None:
    """Text with every mark, the last digit of a number, days in any style of the server, and nothing as nothing."""
    with transaction(things) as connection:
        connection.execute(text("SET LOCAL DateStyle = 'SQL, DMY'"))
        found = read(connection, ALL.order_by(thing.c.key))
    point = shapely.to_wkb(shapely.Point(530000.25, 190000.5))
    assert [tuple(row.values()) for row in found] == [(*WHOLE[:-1], point), *ROWS[1:]]


@pytest.mark.parametrize("value", ["'; DROP TABLE thing; --", "100%", "%(x)s", "\\", "A\n%(x)s,'"])
def test_values_stay_values(things: Engine, value: str) -> None:
    """What is asked for is quoted whatever it is, in lists and functions as well."""
    found = ALL.where(thing.c.key.in_([value, "B"]), func.length(thing.c.key) > 0, thing.c.key != "C").order_by("id")
    with transaction(things) as connection:
        assert [row["id"] for row in read(connection, found)] == sorted({value, "B"} & {row[0] for row in ROWS})
    near = func.ST_DWithin(thing.c.geom, func.ST_SetSRID(func.ST_MakePoint(530000, 190000), 27700), 1)
    with transaction(things) as connection:
        assert len(read(connection, ALL.where(near, thing.c.date < date(2000, 1, 1)))) == 1


def test_nothing_is_no_block(things: Engine) -> None:
    """A query that finds nothing gives no rows, and the transaction goes on."""
    with transaction(things) as connection:
        assert read(connection, ALL.where(thing.c.key == "none")) == []
        assert len(read(connection, ALL)) == 3


def test_blocks_are_whole_rows(things: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small, a block ends with a row, and rows nobody took do not hold the connection."""
    monkeypatch.setattr(batches, "BLOCK_BYTES", 1)
    with transaction(things) as connection:
        assert len(read(connection, ALL)) == 3
        with copying(connection, ALL) as blocks:
            next(blocks)
        assert len(read(connection, ALL)) == 3


def test_an_error_ends_the_rows(things: Engine) -> None:
    """Whoever takes the rows may fail: the connection is free again."""
    with pytest.raises(ZeroDivisionError), transaction(things) as connection, copying(connection, ALL) as blocks:
        next(blocks)[0] / 0
    with transaction(things) as connection:
        assert len(read(connection, ALL)) == 3
