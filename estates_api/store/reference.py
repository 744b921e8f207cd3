"""Reference geography: boroughs, neighbourhoods (LSOA) and postcodes, and positions found with them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from sqlalchemy import Connection, LargeBinary, RowMapping, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from estates_api.store.copying import copy_rows
from estates_api.store.degrees import in_degrees
from estates_api.store.geography import borough, lsoa, postcode


def replace_boroughs(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the boroughs: gss, name and `geom` as EPSG:27700 text (EWKT)."""
    connection.execute(delete(borough))
    connection.execute(insert(borough), [dict(row) for row in rows])
    fill_degrees(connection)


def replace_lsoas(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the LSOAs: code, name, borough_gss, `geom` as EWKT, imd_decile, ptal."""
    connection.execute(delete(lsoa))
    connection.execute(insert(lsoa), [dict(row) for row in rows])
    fill_degrees(connection)


def fill_degrees(connection: Connection) -> None:
    """Give every borough and LSOA its shape in CRS84 where it has none yet, its rings as RFC 7946 (3.1.6) has them."""
    for table, key in ((borough, "gss"), (lsoa, "code")):
        rows = connection.execute(
            select(table.c[key], func.ST_AsBinary(table.c.geom).label("shape")).where(table.c.geom_crs84.is_(None))
        ).all()
        filled = [{"row": row[0], **_both(shapely.from_wkb(bytes(row.shape)))} for row in rows]
        if filled:
            shapes = {"geom": func.ST_GeomFromWKB(bindparam("metres", type_=LargeBinary), 27700),
                      "geom_crs84": func.ST_GeomFromWKB(bindparam("degrees", type_=LargeBinary), 4326)}  # fmt: skip
            connection.execute(update(table).where(table.c[key] == bindparam("row")).values(**shapes), filled)


def _both(shape: Any) -> dict[str, bytes]:
    """A shape in both systems, its outer rings counter-clockwise."""
    return {"metres": shapely.to_wkb(shapely.orient_polygons(shape)),
            "degrees": shapely.to_wkb(shapely.orient_polygons(in_degrees(shape)))}  # fmt: skip


def replace_postcodes(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Set the postcodes: (postcode, easting, northing, lsoa_code, borough_gss, terminated)."""
    connection.execute(delete(postcode))
    columns = ("postcode", "easting", "northing", "lsoa_code", "borough_gss", "terminated")
    copy_rows(connection, "postcode", columns, rows)


def position_of_postcodes(connection: Connection, postcodes: Iterable[str]) -> dict[str, RowMapping]:
    """Where each known postcode is: easting, northing, precision, lsoa_code, borough_gss.

    A terminated postcode without a position of its own is placed at the centre of its LSOA, with that precision.
    """
    query = text("""
        SELECT p.postcode, coalesce(p.easting, ST_X(l.geom)) AS easting, coalesce(p.northing, ST_Y(l.geom)) AS northing,
               CASE WHEN p.easting IS NOT NULL THEN 'postcode' WHEN l.geom IS NOT NULL THEN 'lsoa' ELSE 'borough'
               END AS precision, p.lsoa_code, p.borough_gss, p.terminated
        FROM postcode p LEFT JOIN lsoa l ON l.code = p.lsoa_code
        WHERE p.postcode = ANY(:postcodes)
    """)
    rows = connection.execute(query, {"postcodes": sorted(set(postcodes))}).mappings()
    return {row["postcode"]: row for row in rows}


def borough_names(connection: Connection) -> dict[str, str]:
    """GSS code -> name of the boroughs that are loaded."""
    return {row.gss: row.name for row in connection.execute(text("SELECT gss, name FROM borough"))}


def list_borough_rings(connection: Connection) -> list[dict[str, Any]]:
    """The boroughs as a printed map needs them: gss, name and outer rings, in metres, simplified within 20 m."""
    simplified = "ST_AsBinary(ST_SimplifyPreserveTopology(geom, 20)) AS shape"
    query = text(f"SELECT gss, name, {simplified} FROM borough ORDER BY name")  # noqa: S608 -- nothing from outside
    return [
        {"gss": row.gss, "name": row.name,
         "rings": [[[round(x), round(y)] for x, y in part.exterior.coords]
                   for part in shapely.get_parts(shapely.from_wkb(bytes(row.shape)))]}
        for row in connection.execute(query)
    ]  # fmt: skip


def borough_of_points(
    connection: Connection, eastings: Sequence[float], northings: Sequence[float]
) -> list[str | None]:
    """GSS of the borough that covers each point (EPSG:27700 metres), None outside all that are loaded.

    Of two boroughs that share a border point, the lesser code. The shapes are read once per call: a point then costs
    a microsecond, a tenth of what a spatial join costs.
    """
    found: list[str | None] = [None] * len(eastings)
    shapes = connection.execute(text("SELECT gss, ST_AsBinary(geom) AS shape FROM borough ORDER BY gss DESC")).all()
    for row in shapes:
        shape = shapely.from_wkb(bytes(row.shape))
        shapely.prepare(shape)
        for place in shapely.intersects_xy(shape, eastings, northings).nonzero()[0]:
            found[place] = row.gss
    return found
