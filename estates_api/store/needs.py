"""Needs: every revision kept, the last one read by audience."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import Connection, func, insert, select, text

from estates_api.domain.codes import Postcode
from estates_api.domain.needs import Gazetteer, Need
from estates_api.domain.search_areas import Boroughs, Circle, Drawn, SearchArea
from estates_api.store.features import reading_as
from estates_api.store.geography import borough, postcode
from estates_api.store.layers import Audience
from estates_api.store.need_table import need, seen_needs
from estates_api.store.tables import organisation


@dataclass(frozen=True, slots=True)
class Recorded:
    """A need with its revision: who recorded it, and when."""

    need: Need
    revision: int
    recorded_by: str
    at: datetime


def lock_needs(connection: Connection) -> None:
    """Let nobody else revise needs until this transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('estates needs'))"))


def read_gazetteer(
    connection: Connection, postcodes: Collection[Postcode], organisations: Collection[str] = ()
) -> Gazetteer:  # fmt: skip
    """Every borough of the area, the positions of these postcodes and the names of these organisations, as far as they
    are known."""
    names = {row[0]: row[1] for row in connection.execute(select(borough.c.gss, borough.c.name))}
    known = (postcode.c.postcode.in_(postcodes), postcode.c.easting.is_not(None))
    rows = connection.execute(select(postcode.c.postcode, postcode.c.easting, postcode.c.northing).where(*known))
    called = connection.execute(select(organisation.c.code, organisation.c.name).where(
        organisation.c.code.in_(organisations)))  # fmt: skip
    return Gazetteer(names, {row[0]: (row[1], row[2]) for row in rows}, {row[0]: row[1] for row in called})


def add_revision(connection: Connection, wanted: Need, revision: int, by: str) -> None:
    """Record a need as it is from now on."""
    area = wanted.area
    circle = area if isinstance(area, Circle) else None
    values = {
        "need": wanted.id, "revision": revision, "organisation_code": wanted.organisation_code,
        "organisation_name": wanted.organisation_name, "service": wanted.service,
        "floor_area_low_m2": wanted.floor_area_low_m2, "floor_area_high_m2": wanted.floor_area_high_m2,
        "boroughs": list(area.codes) if isinstance(area, Boroughs) else None,
        "postcode": circle and circle.postcode, "easting": circle and circle.easting,
        "northing": circle and circle.northing, "radius_m": circle and circle.radius_m,
        "polygon": f"SRID=27700;{area.shape.wkt}" if isinstance(area, Drawn) else None,
        "ptal": wanted.ptal, "required_by": wanted.required_by, "sensitivity": wanted.sensitivity,
        "note": wanted.note, "closed": wanted.closed, "recorded_by": by,
    }  # fmt: skip
    connection.execute(insert(need).values(values))


def list_needs(
    connection: Connection, audience: Audience, ids: Collection[str] | None = None, *, closed: bool = False
) -> list[Recorded]:  # fmt: skip
    """The needs that an audience may see, by reference: those that are open, or with `closed` all; or only these."""
    seen = seen_needs[str(audience)].c
    shape = func.ST_AsBinary(seen.polygon).label("shape")
    query = select(*(one for one in seen if one.name != "polygon"), shape).order_by(seen.need)
    query = query if closed else query.where(seen.closed.is_(None))
    query = query if ids is None else query.where(seen.need.in_(ids))
    with reading_as(connection, audience):
        rows = connection.execute(query).all()
        places = _boroughs(connection) if any(row.boroughs for row in rows) else {}
    return [_recorded(row, places) for row in rows]


def find_need(connection: Connection, audience: Audience, id_: str) -> Recorded | None:
    """One need, open or closed; None where there is none that the audience may see."""
    return next(iter(list_needs(connection, audience, [id_], closed=True)), None)


def _boroughs(connection: Connection) -> dict[str, tuple[str, Any]]:
    """Name and shape of every borough by its GSS code."""
    query = select(borough.c.gss, borough.c.name, func.ST_AsBinary(borough.c.geom))
    return {row[0]: (row[1], shapely.from_wkb(bytes(row[2]))) for row in connection.execute(query)}


def _recorded(row: Any, places: dict[str, tuple[str, Any]]) -> Recorded:
    found = Need(
        row.need, row.organisation_code, row.organisation_name, row.service, row.floor_area_low_m2,
        row.floor_area_high_m2, _area(row, places), row.ptal, row.required_by, row.sensitivity, row.note, row.closed,
    )  # fmt: skip
    return Recorded(found, row.revision, row.recorded_by, row.at)


def _area(row: Any, places: dict[str, tuple[str, Any]]) -> SearchArea:
    if row.shape is not None:
        return Drawn(shapely.from_wkb(bytes(row.shape)))
    if row.radius_m is not None:
        return Circle(row.easting, row.northing, row.radius_m, row.postcode)
    codes: Sequence[str] = row.boroughs
    known = [places.get(code, (code, None)) for code in codes]
    shapes = [shape for _, shape in known if shape is not None]
    return Boroughs(tuple(codes), tuple(name for name, _ in known), shapely.union_all(shapes) if shapes else None)
