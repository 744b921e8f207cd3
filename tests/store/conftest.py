"""A table of made-up plots to ask filters of: every kind of property, unknown values, points and outlines. What is
beside this file is importable as `revisions`, however pytest is started."""

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from geoalchemy2 import Geometry
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    make_url,
    select,
    text,
    update,
)

from estates_api.domain.crs import CRS84, Crs
from estates_api.store.cql2 import Queryable, compile_filter, parse_filter
from estates_api.store.database import make_engine, transaction

sys.path.insert(0, str(Path(__file__).parent))

NAMES = ("", "O'Brien", "Straße", "STRASSE", "strasse", "Élan", "élan", "50% off", "a_b", "a\\b", "aXb", "Zoo", "zoo",
         "Ångström", "İ", "☃ 💩", "line\nbreak", "' OR 1=1 --", "NHS", "nhs")  # fmt: skip
WEST, SOUTH, STEP = 530_000, 180_000, 100

plot = Table(
    "plot", MetaData(),
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("owner", Text),
    Column("area", Float),
    Column("score", Float),
    Column("holdings", Integer),
    Column("stale", Boolean),
    Column("start", Date),
    Column("finish", Date),
    Column("geom", Geometry("GEOMETRY", 27700, spatial_index=False)),
    Column("geom_crs84", Geometry("GEOMETRY", 4326, spatial_index=False)),
    Index("plot_geom", "geom", postgresql_using="gist"),
    Index("plot_geom_crs84", "geom_crs84", postgresql_using="gist"),
)  # fmt: skip

QUERYABLES = {
    "id": Queryable(plot.c.id, "string"),
    "name": Queryable(plot.c.name, "string"),
    "owner": Queryable(plot.c.owner, "string"),
    "area": Queryable(plot.c.area, "number"),
    "score": Queryable(plot.c.score, "number"),
    "holdings": Queryable(plot.c.holdings, "integer"),
    "stale": Queryable(plot.c.stale, "boolean"),
    "start": Queryable(plot.c.start, "date"),
    "finish": Queryable(plot.c.finish, "date"),
    "geometry": Queryable(plot.c.geom, "geometry"),
}
SHAPES: Mapping[int, ColumnElement[Any]] = {27700: plot.c.geom, 4326: plot.c.geom_crs84}

Ask = Callable[..., list[str]]
Compiled = Callable[..., ColumnElement[bool]]


class Plots(list[dict[str, Any]]):
    """The rows of the table, each with its geometry in British National Grid as `shape`."""

    def __repr__(self) -> str:
        return f"<{len(self)} plots>"

    def found(self, matches: Callable[[dict[str, Any]], object]) -> list[str]:
        """The plots that a Python condition is true of."""
        return [row["id"] for row in self if matches(row)]

    def shaped(self, matches: Callable[[shapely.Geometry], object]) -> list[str]:
        """The plots whose geometry a Python condition is true of."""
        return self.found(lambda row: row["shape"] is not None and matches(row["shape"]))


def make_plots() -> Plots:
    """200 rows, the same ones every time, on a grid on which boundaries often meet."""
    pick = random.Random(4)
    day = date(2019, 12, 28)
    return Plots(
        {
            "id": f"p{number:03}",
            "name": pick.choice((None, *NAMES)),
            "owner": pick.choice((None, *NAMES)),
            "area": pick.choice((None, 0.0, 1.0, 2.5, -3.0, 0.1, 1234.5, 1e6)),
            "score": pick.choice((None, 0.0, 1.0, 2.5, 7.0, -0.5)),
            "holdings": pick.choice((None, 0, 1, 2, 3, -2)),
            "stale": pick.choice((None, True, False)),
            "start": pick.choice((None, *(day + timedelta(days=more) for more in range(7)))),
            "finish": pick.choice((None, *(day + timedelta(days=more) for more in range(4, 11)))),
            "shape": pick.choice((None, *(make_shape(pick) for _ in range(9)))),
        }
        for number in range(200)
    )


def make_shape(pick: random.Random) -> shapely.Geometry:
    """A point, line or rectangle on the grid."""
    west, south = WEST + STEP * pick.randrange(8), SOUTH + STEP * pick.randrange(8)
    wide, high = (STEP * pick.randrange(1, 4) for _ in "xy")
    match pick.randrange(4):
        case 0 | 1:
            return shapely.Point(west, south)
        case 2:
            return shapely.LineString([(west, south), (west + wide, south + high)])
    return shapely.box(west, south, west + wide, south + high)


@pytest.fixture(scope="session")
def plots() -> Plots:
    """The rows of the table."""
    return make_plots()


@pytest.fixture(scope="session")
def plots_engine(cluster_url: str, plots: Plots) -> Iterator[Engine]:
    """A database with the plots, for tests that write nothing."""
    admin = make_engine(make_url(cluster_url).set(database="postgres").render_as_string(hide_password=False))
    engine = make_engine(make_url(cluster_url).set(database="plots").render_as_string(hide_password=False))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE plots TEMPLATE estates STRATEGY file_copy"))
        _fill(engine, plots)
        yield engine
        engine.dispose()
        connection.execute(text("DROP DATABASE plots"))
    admin.dispose()


def _fill(engine: Engine, plots: Plots) -> None:
    rows = [
        {name: value for name, value in row.items() if name != "shape"}
        | {"geom": row["shape"] and f"SRID=27700;{row['shape']}"}
        for row in plots
    ]
    with transaction(engine) as connection:
        plot.metadata.create_all(connection)
        connection.execute(insert(plot), rows)
        connection.execute(update(plot).values(geom_crs84=text("ST_Transform(geom, 4326)")))


@pytest.fixture(scope="session")
def compiled() -> Compiled:
    """A filter as a condition on the table of plots."""

    def make(wanted: Any, *, lang: str = "cql2-text", crs: Crs = CRS84) -> ColumnElement[bool]:
        expression = parse_filter(wanted, lang) if isinstance(wanted, str) else wanted  # type: ignore[arg-type]
        return compile_filter(expression, QUERYABLES, shapes=SHAPES, crs=crs)

    return make


@pytest.fixture(scope="session")
def ask(plots_engine: Engine, compiled: Compiled) -> Ask:
    """The plots that a filter finds: CQL2 text, or JSON that has been read."""

    def find(wanted: Any, **options: Any) -> list[str]:
        query = select(plot.c.id).where(compiled(wanted, **options)).order_by(plot.c.id)
        with transaction(plots_engine) as connection:
            return list(connection.execute(query).scalars())

    return find
