"""Sites as places: which holdings they have, and where they are."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from convertbng.cutil import convert_lonlat
from sqlalchemy import Connection, RowMapping, text

UNPLACED = """
SELECT h.id, h.organisation_code, h.code, h.name, h.site_ref, j.place, j.place_name,
       coalesce(j.postcode, h.postcode) AS postcode, coalesce(j.address, h.address) AS address,
       h.uprn, h.easting, h.northing, o.sector, o.kind
FROM holding h
JOIN organisation o ON o.code = h.organisation_code
LEFT JOIN standing_judgement j ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
WHERE h.code <> 'AGGRE'
ORDER BY h.organisation_code, h.code
"""


def list_placeable(connection: Connection) -> Sequence[RowMapping]:
    """Every holding that can have a place, with the address it was handed in with and a person's judgement."""
    return connection.execute(text(UNPLACED)).mappings().all()


def list_known_sites(connection: Connection) -> Sequence[RowMapping]:
    """Reference, name and postcode of every site, and the codes of the organisations with a holding there."""
    statement = text("""
        SELECT s.ref, s.name, s.postcode, array_remove(array_agg(DISTINCT h.organisation_code), NULL) AS organisations
        FROM site s LEFT JOIN holding h ON h.site_ref = s.ref
        GROUP BY s.ref ORDER BY s.ref
    """)
    return connection.execute(statement).mappings().all()


def put_sites(connection: Connection, sites: Sequence[Mapping[str, Any]]) -> None:
    """Add sites or bring their place up to date; an outline is never replaced by a point.

    Rows: ref, name, address, postcode, uprn, precision, easting, northing, borough_gss, lsoa_code, inside_area.
    The CRS84 position is computed here, once, with the OSTN15 grid (stock PROJ is about 1.75 m off in London).
    """
    if not sites:
        return
    statement = text("""
        INSERT INTO site (ref, name, address, postcode, uprn, precision, geom, geom_crs84, borough_gss, lsoa_code,
                          inside_area)
        VALUES (:ref, :name, :address, :postcode, :uprn, :precision,
                ST_SetSRID(ST_MakePoint(:easting, :northing), 27700), ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),
                :borough_gss, :lsoa_code, :inside_area)
        ON CONFLICT (ref) DO UPDATE SET
            name = excluded.name, address = excluded.address, postcode = excluded.postcode,
            uprn = coalesce(excluded.uprn, site.uprn), precision = excluded.precision, geom = excluded.geom,
            geom_crs84 = excluded.geom_crs84, borough_gss = excluded.borough_gss, lsoa_code = excluded.lsoa_code,
            inside_area = excluded.inside_area
        WHERE site.precision <> 'outline'
    """)
    connection.execute(statement, with_crs84(sites))


def with_crs84(sites: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with `lon` and `lat` beside easting and northing (None where there is no position)."""
    placed = [site for site in sites if site["easting"] is not None]
    found: dict[str, tuple[float, float]] = {}
    if placed:
        lons, lats = convert_lonlat([s["easting"] for s in placed], [s["northing"] for s in placed])
        found = {s["ref"]: (float(lon), float(lat)) for s, lon, lat in zip(placed, lons, lats, strict=True)}
    nowhere = (None, None)
    return [{**s, "lon": found.get(s["ref"], nowhere)[0], "lat": found.get(s["ref"], nowhere)[1]} for s in sites]


def link_holdings(connection: Connection, links: Iterable[Mapping[str, Any]]) -> None:
    """Put holdings at their sites: id, site_ref, evidence."""
    rows = [dict(link) for link in links]
    if rows:
        connection.execute(
            text("UPDATE holding SET site_ref = :site_ref, match_evidence = :evidence WHERE id = :id"), rows
        )
        connection.execute(
            text("INSERT INTO placement (holding_id, site_ref, evidence) VALUES (:id, :site_ref, :evidence)"), rows
        )
        connection.execute(text("INSERT INTO touched_site VALUES (:site_ref) ON CONFLICT DO NOTHING"), rows)
