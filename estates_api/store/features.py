"""What an audience may know of single sites, and of a collection as a whole."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    case,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from estates_api.errors import NotFound
from estates_api.store.geography import borough
from estates_api.store.layers import SITE_COLLECTIONS, Audience, layer, projections
from estates_api.store.summaries import Summary, count_features, read_summaries, summaries_query
from estates_api.store.tables import holding, site


@contextmanager
def reading_as(connection: Connection, audience: Audience) -> Iterator[None]:
    """While this is open, the database itself refuses what the audience may not read."""
    connection.execute(text(f"SET LOCAL ROLE estates_{audience}"))
    yield
    connection.execute(text("SET LOCAL ROLE NONE"))


def get_detail(connection: Connection, audience: Audience, ref: str) -> str:
    """Everything about one site, with its explanation, as JSON text; NotFound as above."""
    table = projections[str(audience)]
    whole = func.coalesce(table.c.outline_feature, table.c.site_feature).cast(JSONB)["geometry"]
    site_ = table.c.site_feature.cast(JSONB)["properties"]
    told = func.jsonb_build_object("site", site_, "geometry", whole, "holdings", table.c.held)
    everything = told.op("||")(func.coalesce(table.c.explanation, text("'{}'::jsonb")))
    return _get(connection, audience, case((table.c.site_feature.is_not(None), everything.cast(Text))), ref)


def _get(connection: Connection, audience: Audience, said: ColumnElement[Any], ref: str) -> str:
    query = select(said).where(projections[str(audience)].c.ref == ref)
    with reading_as(connection, audience):
        found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no site {ref}")
    return str(found)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a site that is no longer one of its own. `survivor` is the end of a chain of mergers."""

    kind: Literal["merged", "withdrawn"]
    survivor: str | None
    reason: str
    at: str


def find_fate(connection: Connection, audience: Audience, ref: str) -> Fate | None:
    """What became of a site; None when it stands, or when the audience may not know of it."""
    table = projections[str(audience)]
    with reading_as(connection, audience):
        gone = connection.execute(select(table.c.gone).where(table.c.ref == ref)).scalar_one_or_none()
    return Fate(gone["kind"], gone["survivor"], gone["reason"], gone["at"]) if gone else None


# The newest fate of each site that was known then; a chain of mergers leads to its end at once.
_FATE_THEN = """
WITH RECURSIVE standing AS (
    SELECT DISTINCT ON (ref) ref, kind, survivor, reason, at FROM fate WHERE at <= :known_at ORDER BY ref, id DESC
), chain AS (
    SELECT survivor AS ref, 1 AS step FROM standing WHERE ref = :ref AND kind = 'merged'
    UNION ALL
    SELECT n.survivor, c.step + 1 FROM chain c JOIN standing n ON n.ref = c.ref AND n.kind = 'merged'
    WHERE c.step < 100
)
SELECT f.kind, (SELECT c.ref FROM chain c ORDER BY c.step DESC LIMIT 1) AS survivor, f.reason, f.at
FROM standing f WHERE f.ref = :ref AND f.kind <> 'restored'
"""


def find_fate_then(connection: Connection, ref: str, known_at: datetime) -> Fate | None:
    """What had become of a site by a moment; None when it stood. The caller has seen to who may know."""
    row = connection.execute(text(_FATE_THEN), {"ref": ref, "known_at": known_at}).one_or_none()
    return Fate(row.kind, row.survivor, row.reason, row.at.isoformat()) if row else None


def find_known_since(connection: Connection, ref: str) -> datetime | None:
    """The moment a site came into the catalogue; None when it never did."""
    found: datetime | None = connection.execute(select(site.c.at).where(site.c.ref == ref)).scalar_one_or_none()
    return found


def list_geometries(connection: Connection) -> dict[str, str]:
    """Every site's geometry as GeoJSON text in CRS84 (`null` where it has no position), whole."""
    shape = func.coalesce(func.ST_AsGeoJSON(site.c.geom_crs84, 7), "null")
    return {row[0]: row[1] for row in connection.execute(select(site.c.ref, shape))}


def list_borough_names(connection: Connection) -> dict[str, str]:
    """The name of each borough of the area by its GSS code, as the features have it."""
    return {row[0]: row[1] for row in connection.execute(select(borough.c.gss, borough.c.name))}


# A day that no row says is not the first day of anything: an undated list counts from the day it was handed in.
_FIRST_DAY = """
SELECT least((SELECT min(c.as_of) FROM claim c JOIN holding h ON h.id = c.holding_id JOIN {table} s
                  ON s.ref = h.site_ref WHERE c.state = 'reported'),
             (SELECT min(e.earliest) FROM event e JOIN holding h ON h.code = e.holding_code JOIN {table} s
                  ON s.ref = h.site_ref))
"""


def first_day(connection: Connection, audience: Audience) -> date | None:
    """The first day that any evidence speaks of a site which the audience may see."""
    query = _FIRST_DAY.format(table=projections[str(audience)].name)  # a name from AUDIENCES
    found: date | None = connection.execute(text(query)).scalar_one()
    return found


def list_refs(connection: Connection, audience: Audience) -> Sequence[str]:
    """The references of all sites that the audience may see, those that are merged or withdrawn included."""
    table = projections[str(audience)]
    with reading_as(connection, audience):
        return connection.execute(select(table.c.ref).order_by(table.c.ref)).scalars().all()


def get_summary(connection: Connection, audience: Audience, collection: str) -> Summary:
    """How many features a collection has for an audience, and where they lie."""
    with reading_as(connection, audience):
        if collection in SITE_COLLECTIONS:
            return read_summaries(connection.execute(summaries_query(audience)).all())[collection]
        return count_features(connection, layer(collection, audience))


def find_ref_of_holding(connection: Connection, audience: Audience, code: str) -> str | None:
    """The site that a holding code (such as RRP03) stands at; None when the audience sees none or more than one."""
    seen = projections[str(audience)].c.ref
    query = select(seen).join(holding, holding.c.site_ref == seen).where(holding.c.code == code.upper()).distinct()
    found = connection.execute(query).scalars().all()
    return found[0] if len(found) == 1 else None


def copy_features(connection: Connection, wanted: Select[Any]) -> Iterator[str]:
    """The one text column of a query, row by row, in the caller's transaction and role."""
    compiled = wanted.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    # COPY takes no parameters of the server: the driver quotes the bound values by their types.
    with driver.cursor() as cursor, cursor.copy(f"COPY ({compiled}) TO STDOUT", {**compiled.params, "": None}) as copy:
        for (text_,) in copy.rows():
            yield text_
