"""Match: every holding that can have a place gets one, and every place a position as good as is known."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping

from estates_api.domain.area import Area
from estates_api.domain.matching import Known, Match, Unplaced, match_holdings
from estates_api.store import places, reference

Row = RowMapping


def match_places(connection: Connection, area: Area, tell: Callable[[str], None] = lambda _: None) -> int:
    """Place holdings that are new or judged anew, and write their sites; the number of holdings placed."""
    tell("placing sites")
    rows = places.list_placeable(connection)
    pending = [row for row in rows if row["site_ref"] is None or _judged_elsewhere(row, area)]
    known = [_known(row) for row in places.list_known_sites(connection)]
    matches = match_holdings([_unplaced(row) for row in pending], known, area.prefix)
    members: dict[str, list[Row]] = {}
    for row in rows:
        match = matches.get((row["organisation_code"], row["code"]))
        members.setdefault(match.site_ref if match else row["site_ref"], []).append(row)
    _write_sites(connection, area, members)
    places.link_holdings(connection, [_link(row, matches) for row in pending])
    return len(pending)


def _judged_elsewhere(row: Row, area: Area) -> bool:
    return bool(row["place"]) and row["site_ref"] != f"{area.prefix}-{row['place']}"


def _unplaced(row: Row) -> Unplaced:
    return Unplaced(row["organisation_code"], row["code"], row["name"], row["postcode"], row["place"])


def _known(row: Row) -> Known:
    return Known(row["ref"], row["name"], row["postcode"], frozenset(row["organisations"]))


def _link(row: Row, matches: Mapping[tuple[str, str], Match]) -> dict[str, Any]:
    match = matches[row["organisation_code"], row["code"]]
    return {"id": row["id"], "site_ref": match.site_ref, "evidence": match.evidence}


def _write_sites(connection: Connection, area: Area, members: Mapping[str, Sequence[Row]]) -> None:
    """Write the sites: a judged name and address first, then those of the holding that founded the place."""
    postcodes = {row["postcode"] for group in members.values() for row in group if row["postcode"]}
    positions = reference.position_of_postcodes(connection, postcodes)
    sites = [_site(ref, group, area, positions) for ref, group in sorted(members.items())]
    points = {s["ref"]: (s["easting"], s["northing"]) for s in sites if s["easting"] is not None}
    boroughs = reference.borough_at(connection, points)
    places.put_sites(connection, [_inside(site, boroughs, area) for site in sites])


def _site(ref: str, group: Sequence[Row], area: Area, positions: Mapping[str, Row]) -> dict[str, Any]:
    founder = next((row for row in group if ref == f"{area.prefix}-{row['code']}"), group[0])
    ordered = [founder, *(row for row in group if row is not founder)]
    site = {
        "ref": ref,
        "name": next((row["place_name"] for row in ordered if row["place_name"]), founder["name"]),
        "address": next((row["address"] for row in ordered if row["address"]), None),
        "postcode": next((row["postcode"] for row in ordered if row["postcode"]), None),
        "uprn": next((row["uprn"] for row in ordered if row["uprn"]), None),
    }
    return site | _position(ordered, site["postcode"], area, positions)


def _position(ordered: Sequence[Row], postcode: str | None, area: Area, positions: Mapping[str, Row]) -> dict[str, Any]:
    """The best position known: the owner's own point, the postcode, its LSOA, the council's borough, none."""
    nowhere = {"easting": None, "northing": None, "lsoa_code": None, "borough_gss": None}
    found = positions.get(postcode or "")
    stated = next((row for row in ordered if row["easting"] is not None), None)
    if stated:
        point = {"easting": stated["easting"], "northing": stated["northing"], "precision": "uprn"}
        return nowhere | point | {"lsoa_code": found["lsoa_code"] if found else None}
    if found and found["easting"] is not None:
        return {name: found[name] for name in (*nowhere, "precision")}
    council = next((row["organisation_code"] for row in ordered if row["organisation_code"] in area.boroughs), None)
    borough = found["borough_gss"] if found else council
    return nowhere | {"borough_gss": borough, "precision": "borough" if borough else "unknown"}


def _inside(site: dict[str, Any], boroughs: Mapping[str, str], area: Area) -> dict[str, Any]:
    """With the borough that covers its point; whether that is in the area (None when nothing is known)."""
    covered = boroughs.get(site["ref"])
    gss = covered or site["borough_gss"]
    if site["easting"] is not None and covered is None:
        # A point outside every borough that is loaded is outside, unless its postcode says otherwise.
        inside: bool | None = gss in area.boroughs
    else:
        inside = gss in area.boroughs if gss else None
    return site | {"borough_gss": gss, "inside_area": inside}
