"""Reading sites and candidates as GeoJSON text, from the table of the caller's audience."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, literal_column, or_, select, text

from estates_api.errors import NotFound
from estates_api.store.tables import holding, projections

Audience = Literal["public", "partner", "complete"]
Box = tuple[float, float, float, float]

FEATURES = {"sites": "site_feature", "candidates": "candidate_feature"}
"""The column with the rendered text of each collection."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to read: CRS84 boxes (two when a box crosses the antimeridian), after which reference, how many."""

    collection: str
    boxes: tuple[Box, ...] = ()
    after: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Features as text joined by commas, how many, how many match in all, the last reference if more follow."""

    features: str
    returned: int
    matched: int
    following: str | None


@contextmanager
def reading_as(connection: Connection, audience: Audience) -> Iterator[None]:
    """While this is open, the database itself refuses what the audience may not read."""
    connection.execute(text(f"SET LOCAL ROLE estates_{audience}"))
    yield
    connection.execute(text("SET LOCAL ROLE NONE"))


def _where(audience: Audience, query: Query) -> ColumnElement[bool]:
    table = projections[audience]
    parts: list[ColumnElement[bool]] = [table.c[FEATURES[query.collection]].is_not(None)]
    if query.boxes:
        boxes = [func.ST_MakeEnvelope(*box, 4326) for box in query.boxes]
        parts.append(or_(*(func.ST_Intersects(table.c.geom_crs84, box) for box in boxes)))
    return and_(*parts)


def list_features(connection: Connection, audience: Audience, query: Query) -> Page:
    """One page of features, by reference (a keyset: deep pages cost what the first one costs)."""
    table = projections[audience]
    feature = table.c[FEATURES[query.collection]]
    where = _where(audience, query)
    wanted: Select[Any] = select(table.c.ref, feature.label("feature")).where(where).order_by(table.c.ref)
    if query.after is not None:
        wanted = wanted.where(table.c.ref > query.after)
    # One more than the page, to know whether another page follows.
    rows = wanted.limit(query.limit + 1 if query.limit is not None else None).cte("wanted")
    with reading_as(connection, audience):
        matched = connection.execute(select(func.count()).select_from(table).where(where)).scalar_one()
        found = connection.execute(select(rows.c.ref, rows.c.feature).order_by(rows.c.ref)).all()
    shown = found[: query.limit]
    following = shown[-1].ref if shown and len(found) > len(shown) else None
    return Page(",".join(row.feature for row in shown), len(shown), matched, following)


def get_feature(connection: Connection, audience: Audience, collection: str, ref: str) -> str:
    """One feature as GeoJSON text; NotFound when the audience has none by that reference."""
    return _get(connection, audience, FEATURES[collection], ref)


def get_detail(connection: Connection, audience: Audience, ref: str) -> str:
    """Everything about one site, with its explanation, as JSON text; NotFound as above."""
    return _get(connection, audience, "detail", ref)


def _get(connection: Connection, audience: Audience, column: str, ref: str) -> str:
    table = projections[audience]
    query = select(table.c[column]).where(table.c.ref == ref, table.c[column].is_not(None))
    with reading_as(connection, audience):
        found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no site {ref}")
    return str(found)


def list_refs(connection: Connection, audience: Audience) -> Sequence[str]:
    """The references of all sites that the audience may see."""
    table = projections[audience]
    with reading_as(connection, audience):
        return connection.execute(select(table.c.ref).order_by(table.c.ref)).scalars().all()


def extent(connection: Connection, audience: Audience, collection: str) -> RowMapping:
    """The box of a collection in CRS84 (None when empty) and its number of features."""
    table = projections[audience]
    box = func.ST_Extent(table.c.geom_crs84)
    query = select(
        func.ST_XMin(box).label("west"), func.ST_YMin(box).label("south"), func.ST_XMax(box).label("east"),
        func.ST_YMax(box).label("north"), func.count(literal_column("1")).label("count"),
    ).where(table.c[FEATURES[collection]].is_not(None))  # fmt: skip
    with reading_as(connection, audience):
        return connection.execute(query).mappings().one()


def find_ref_of_holding(connection: Connection, audience: Audience, code: str) -> str | None:
    """The site that a holding code (such as RRP03) stands at; None when the audience sees none or more than one."""
    seen = projections[audience].c.ref
    query = select(seen).join(holding, holding.c.site_ref == seen).where(holding.c.code == code.upper()).distinct()
    found = connection.execute(query).scalars().all()
    return found[0] if len(found) == 1 else None
