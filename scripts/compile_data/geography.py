"""Boroughs, LSOAs and postcodes, moved to the National Grid with OSTN15."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from convertbng.cutil import convert_bng
from shapely import MultiPolygon, Polygon, is_valid, set_precision, to_wkt, transform
from shapely.geometry import shape
from tables import BOROUGHS, Row, read_table, say

LSOA = (
    *("lsoa11_code", "name", "borough_gss", "easting", "northing"),
    *("imd2015_decile", "imd2019_decile", "ptai2015", "ptal2015"),
)
POSTCODE = ("postcode", "easting", "northing", "quality", "lsoa11_code", "borough_gss", "terminated")


def to_grid(points: Any) -> Any:
    """WGS84 longitude and latitude to British National Grid metres, with the OSTN15 shift of the Ordnance Survey."""
    eastings, northings = convert_bng(points[:, 0], points[:, 1])
    return np.column_stack([eastings, northings])


def grid_shape(feature: Mapping[str, Any]) -> Any:
    """A GeoJSON feature's geometry on the National Grid."""
    return transform(shape(feature["geometry"]), to_grid)


def read_features(path: Path) -> list[dict[str, Any]]:
    """The features of a GeoJSON file."""
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def as_multipolygon(geometry: Any) -> MultiPolygon:
    """A valid multipolygon with coordinates in whole decimetres."""
    rounded = set_precision(geometry, 0.1)
    parts = [rounded] if isinstance(rounded, Polygon) else list(rounded.geoms)
    result = MultiPolygon(parts)
    if not is_valid(result):
        raise SystemExit("a borough outline is not valid after rounding")
    return result


def lsoa_hectares(published: Path) -> Counter[str]:
    """The area of each borough as the sum of its LSOAs."""
    areas: Counter[str] = Counter()
    for feature in read_features(published / "geo/ncl_lsoa11.geojson"):
        areas[feature["properties"]["lad_code"]] += grid_shape(feature).area / 10_000
    return areas


def borough_rows(published: Path) -> Iterator[dict[str, object]]:
    """One outline per borough, its area compared with that of its LSOAs."""
    expected = lsoa_hectares(published)
    for feature in sorted(read_features(published / "geo/ncl_boroughs.geojson"), key=lambda f: str(f["id"])):
        outline = as_multipolygon(grid_shape(feature))
        code, hectares = feature["properties"]["lad_code"], outline.area / 10_000
        difference = hectares / expected[code] - 1
        say(f"  {code}: {hectares:,.1f} ha, {difference:+.3%} against its LSOAs ({expected[code]:,.1f} ha)")
        if abs(difference) > 0.005:
            raise SystemExit(f"the outline of {code} is off by more than 0.5%")
        wkt = to_wkt(outline, rounding_precision=1)
        yield {"gss_code": code, "name": feature["properties"]["lad_name"], "area_ha": f"{hectares:.1f}", "wkt": wkt}


def ptal_level(text: str) -> str:
    """The accessibility level as it is written on maps: `1a` stays, `2.00000` is `2`."""
    return text.split(".", maxsplit=1)[0]


def lsoa_rows(published: Path) -> Iterator[dict[str, object]]:
    """Each LSOA's centroid with deprivation deciles and public transport accessibility."""
    geo = published / "geo"
    imd2015 = {row["lsoa11_code"]: row["IMD_decile"] for row in read_table(geo / "ncl_imd2015_lsoa11.csv")}
    imd2019 = {row["lsoa11_code"]: row["IMD_decile"] for row in read_table(geo / "ncl_imd2019_lsoa11.csv")}
    ptal = {row["LSOA2011"]: row for row in read_table(geo / "ncl_lsoa11_ptal2015.csv")}
    for feature in sorted(read_features(geo / "ncl_lsoa11.geojson"), key=lambda f: str(f["properties"]["lsoa11cd"])):
        about, centre = feature["properties"], grid_shape(feature).centroid
        code = about["lsoa11cd"]
        values = (code, about["lsoa11nm"], about["lad_code"], round(centre.x), round(centre.y))
        access = (ptal[code]["AvPTAI2015"], ptal_level(ptal[code]["PTAL"]))
        yield dict(zip(LSOA, (*values, imd2015[code], imd2019[code], *access), strict=True))


def outer_postcodes(published: Path) -> Iterator[Row]:
    """Postcodes of NHS sites and practices beyond the five boroughs: a position, and no LSOA here."""
    sites = read_table(published / "ncl_nhs_sites.csv")
    practices = read_table(published / "ods/ncl_gp_practices_2019_geocoded.csv")
    located = [(row, row["lad_code"]) for row in sites] + [(row, row["lad_code_2025"]) for row in practices]
    for row, borough in located:
        if borough not in BOROUGHS.values():
            place = (row["postcode"], row["easting"], row["northing"], "")
            yield dict(zip(POSTCODE, (*place, "", borough, ""), strict=True))


def current_postcodes(published: Path) -> Iterator[Row]:
    """Postcodes of Code-Point Open in the five boroughs."""
    for row in read_table(published / "geo/ncl_postcodes_codepoint_open.csv"):
        place = (row["postcode"], row["easting"], row["northing"], row["positional_quality"])
        yield dict(zip(POSTCODE, (*place, row["lsoa11cd"], row["lad_code"], ""), strict=True))


def hospital_positions(published: Path) -> dict[str, tuple[int, int]]:
    """Where the NHS Choices list puts the hospitals whose postcode has no position any more."""
    rows = [row for row in read_table(published / "ncl_nhs_sites.csv") if not row["easting"]]
    grid = to_grid(np.array([[float(row["nhs_choices_lon"]), float(row["nhs_choices_lat"])] for row in rows]))
    return {row["postcode"]: (round(x), round(y)) for row, (x, y) in zip(rows, grid, strict=True)}


def terminated_postcodes(published: Path) -> Iterator[Row]:
    """Postcodes no longer in use: their LSOA and the month they ended; a position only for two hospitals."""
    positions = hospital_positions(published)
    for row in read_table(published / "geo/ncl_postcodes_terminated_sample.csv"):
        x, y = positions.get(row["postcode"], ("", ""))
        values = (row["postcode"], x, y, "", row["lsoa11cd"], row["lad_code"], row["terminated_yyyymm"])
        yield dict(zip(POSTCODE, map(str, values), strict=True))


def postcode_rows(published: Path) -> list[Row]:
    """All postcodes once, in order; a postcode in use again is not a terminated one."""
    rows = {row["postcode"]: row for row in terminated_postcodes(published)}
    rows |= {row["postcode"]: row for row in outer_postcodes(published)}
    rows |= {row["postcode"]: row for row in current_postcodes(published)}
    return [rows[code] for code in sorted(rows)]
