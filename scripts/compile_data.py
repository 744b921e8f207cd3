"""Write the reference tables of `data/` from a folder of published files and the hand-kept tables beside them.

Run `python scripts/compile_data.py PUBLISHED_FOLDER`, or with `--check` alone to verify what is there. The hand-kept
tables (`data/hand/`, organisations, places, interests, `SOURCES.toml`, `areas/`) are read and never written.
"""

import argparse
import csv
import gzip
import io
import json
import re
import sys
import tomllib
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from convertbng.cutil import convert_bng
from shapely import MultiPolygon, Point, Polygon, from_wkt, is_valid, prepare, set_precision, to_wkt, transform
from shapely.geometry import shape

Row = dict[str, str]

DATA = Path(__file__).resolve().parents[1] / "data"
MEMBERS = frozenset(["RRV", "RAL", "RKE", "RAP", "RP4", "RP6", "RAN", "RNK", "TAF", "RRP", "RVL"])
GUEST_SITES = frozenset({("RV3", "RV3DY"), ("RYX", "RYX23"), ("RYX", "RYX24"), ("RYX", "RYXZZ")})
BOROUGHS = {
    "Barnet": "E09000003",
    "Camden": "E09000007",
    "Enfield": "E09000010",
    "Haringey": "E09000014",
    "Islington": "E09000019",
}
ERIC_YEARS = ("2013-14", "2014-15", "2016-17")

TEMPLATE = ("organisation_code", "organisation_name", "sector", "holding_code", "name")
COUNCIL = (
    *TEMPLATE,
    *("address", "postcode", "tenure", "tenure_category", "land_or_building", "current_use", "gia_m2", "land_ha"),
    *("holding_purpose", "status_note", "interest", "interest_evidence", "evidence_date", "citation"),
)
ORGANISATION = (
    *("code", "name", "sector", "kind", "status", "postcode", "address", "opened", "closed", "parent_code"),
    *("successor_code", "succeeded_on", "citation"),
)
EVENT = (
    *("site_name", "organisation", "organisation_code", "holding_code", "event", "event_date", "scope", "area_ha"),
    *("homes", "receipt_gbp", "counterparty", "note", "source_title", "source_url"),
)
LSOA = (
    *("lsoa11_code", "name", "borough_gss", "easting", "northing"),
    *("imd2015_decile", "imd2019_decile", "ptai2015", "ptal2015"),
)
POSTCODE = ("postcode", "easting", "northing", "quality", "lsoa11_code", "borough_gss", "terminated")

# The published note of these says that the floor area is of a building as proposed, not as it stands.
GIA_AS_PROPOSED = frozenset({"BARNET-013", "BARNET-015"})


def say(line: str) -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(f"{line}\n")


def read_table(path: Path, encoding: str = "utf-8") -> list[Row]:
    """The rows of a CSV file with one header row."""
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def table_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """CSV text with LF line ends; a column that a row lacks stays blank."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_table(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write `data/NAME`, compressed without a time stamp where the name ends in gz."""
    path = DATA / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = table_text(columns, rows).encode()
    if name.endswith(".gz"):
        content = gzip.compress(content, 9, mtime=0)
    path.write_bytes(content)
    say(f"{name}: {len(content):,} bytes")


def read_data(name: str) -> list[Row]:
    """The rows of `data/NAME`."""
    content = (DATA / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.DictReader(io.StringIO(content.decode())))


# --- geography ------------------------------------------------------------------------------------------------------


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
            raise SystemExit(f"the outline of {code} is off by more than 0.5 %")
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


# --- NHS ------------------------------------------------------------------------------------------------------------


def organisation_names() -> dict[str, str]:
    """Names of organisations by code, as the hand-kept table spells them."""
    return {row["code"]: row["name"] for row in read_data("catalogue/organisations.csv")}


def eric_columns(headers: Sequence[str]) -> dict[str, int]:
    """Our attribute and its column, by name: of two headers with one meaning the first.

    In 2014-15 the PFI section repeats headers of the whole site for its own part.
    """
    known = {row["header"]: row["attribute"] for row in read_data("hand/eric_headers.csv")}
    columns: dict[str, int] = {}
    for index, header in enumerate(headers):
        attribute = known.get(" ".join(header.split()))
        if attribute is not None:
            columns.setdefault(attribute, index)
    return columns


def eric_value(attribute: str, text: str) -> str:
    """The figure as returned; a site type without ERIC's number, and `Not Applicable` in our spelling."""
    text = " ".join(text.split())
    if attribute == "site_type":
        return re.sub(r"^\d+\.\s*", "", text)
    return "not applicable" if text == "Not Applicable" else text


def eric_table(published: Path, year: str) -> tuple[tuple[str, ...], list[Row]]:
    """Columns and rows of one ERIC edition in our template: trusts of the partnership and guests at its places."""
    path = published / f"eric/eric_{year}_site_ncl_rawhead_cp1252.csv"
    with path.open(encoding="cp1252", newline="") as file:
        _sections, headers, *records = csv.reader(file)
    attributes, names, first = eric_columns(headers), organisation_names(), int(year[:4])
    dates = {"period_start": f"{first}-04-01", "period_end": f"{first + 1}-03-31"}
    rows = []
    for record in records:
        key = (record[0], record[4])
        if key[0] in MEMBERS or key in GUEST_SITES:
            values = (key[0], names[key[0]], "NHS", key[1], " ".join(record[5].split()))
            figures = {name: eric_value(name, record[index]) for name, index in attributes.items()}
            rows.append(dict(zip(TEMPLATE, values, strict=True)) | dates | {"citation": f"ERIC {year}"} | figures)
    ordered = sorted(rows, key=lambda row: (row["organisation_code"], row["holding_code"]))
    return (*TEMPLATE, *dates, "citation", *attributes), ordered


def iso_day(text: str) -> str:
    """`yyyymmdd` as an ISO date; blank stays blank."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if text else ""


def practice_rows(published: Path) -> list[Row]:
    """Active GP practices: status A and prescribing setting 4, as the ODS guide defines a surgery."""
    with (published / "ods/epraccur_ncl_raw.csv").open(encoding="utf-8", newline="") as file:
        records = [record for record in csv.reader(file) if record[12] == "A" and record[25] == "4"]
    fixed = {"sector": "NHS", "kind": "GP practice", "status": "active"}
    return [
        fixed
        | {"code": record[0], "name": record[1], "postcode": " ".join(record[9].split())}
        | {"address": ", ".join(part for part in record[4:9] if part), "opened": iso_day(record[10])}
        | {"closed": iso_day(record[11]), "citation": "ODS epraccur, October 2019"}
        for record in sorted(records)
    ]


# --- councils -------------------------------------------------------------------------------------------------------


def cite(titles: str, urls: str) -> str:
    """Each title with its address: `title <url> | title <url>`."""
    pairs = zip(titles.split(" | "), urls.split(" | "), strict=True)
    return " | ".join(f"{title} <{url}>" for title, url in pairs)


def last_day(text: str) -> str:
    """The last day of a year, month or day written as ISO; blank for anything else."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text.strip())
    if not found:
        return ""
    year, month = int(found[1]), int(found[2] or 12)
    return f"{year}-{month:02}-{int(found[3] or monthrange(year, month)[1]):02}"


def first_date(text: str) -> str:
    """The first date that a list separated by semicolons states."""
    return next((day for part in text.split(";") if (day := last_day(part))), "")


def council_address(row: Row) -> str:
    """Number, street and post town in one line."""
    street = " ".join(part for part in (row["street_number"], row["street"]) if part)
    return ", ".join(part for part in (street, row["post_town"]) if part)


def council_interest(tenure: str) -> str:
    """What the council has there: only a stated tenure says it."""
    return {"freehold": "freeholder", "leasehold": "head lessee"}.get(tenure, "unknown")


def council_row(row: Row, confirmed: Mapping[str, Row]) -> Row:
    """One council asset in our template; a postcode found elsewhere brings its own citation."""
    code, gia, note = row["local_id"], row["size_building_m2"], row["status_note"]
    citation, postcode = cite(row["source_title"], row["source_url"]), row["postcode"]
    if code in GIA_AS_PROPOSED:
        gia, note = "", f"{note} ({gia} m2 is the floor area as proposed)"
    if code in confirmed and not postcode:
        found = confirmed[code]
        postcode, citation = found["postcode"], f"{citation} | postcode: {cite(found['title'], found['url'])}"
    borough = row["organisation_name"].removeprefix("London Borough of ")
    kept = ("name", "tenure", "tenure_category", "land_or_building", "current_use", "holding_purpose")
    return {column: row[column] for column in (*kept, "organisation_name")} | {
        "organisation_code": BOROUGHS[borough],
        "sector": "council",
        "holding_code": code,
        "address": council_address(row),
        "postcode": postcode,
        "gia_m2": gia,
        "land_ha": row["size_land_ha"],
        "status_note": note,
        "interest": council_interest(row["tenure"]),
        "interest_evidence": row["ownership_evidence"],
        "evidence_date": first_date(row["source_date_seen_in_text"]),
        "citation": citation,
    }


def council_rows(published: Path) -> list[Row]:
    """All council assets, by borough and local number."""
    confirmed = {row["holding_code"]: row for row in read_data("hand/council_postcodes.csv")}
    rows = [council_row(row, confirmed) for row in read_table(published / "ncl_council_assets.csv")]
    return sorted(rows, key=lambda row: row["holding_code"])


# --- events ---------------------------------------------------------------------------------------------------------


def event_scope(kind: str, override: str) -> str:
    """How much of the owner's interest an event ends: only sales end any."""
    usual = {"sold": "whole", "part sold": "part"}.get(kind, "other")
    return override or usual if usual != "other" else "other"


def event_row(row: Row, places: Mapping[tuple[str, str], Row]) -> Row:
    """One published event with the holding it happened to, as the hand-kept table judges."""
    key = (row["site_name"], row["organisation"])
    if key not in places:
        raise SystemExit(f"hand/event_places.csv does not say where {key} is")
    place = places[key]
    judged = {"organisation_code": place["organisation_code"], "holding_code": place["holding_code"]}
    same = {column: row[column] for column in EVENT if column in row}
    return same | judged | {"scope": event_scope(row["event"], place["sale_scope"])}


def event_rows(published: Path) -> list[Row]:
    """Published events and our own additions, by site and date."""
    places = {(row["site_name"], row["organisation"]): row for row in read_data("hand/event_places.csv")}
    rows = [event_row(row, places) for row in read_table(published / "ncl_site_events.csv")]
    rows += read_data("hand/more_events.csv")
    return sorted(rows, key=lambda row: (row["site_name"], row["event_date"], row["event"]))


# --- check ----------------------------------------------------------------------------------------------------------


def holding_tables() -> dict[str, list[Row]]:
    """The tables that hold holdings, by name."""
    names = [f"catalogue/eric_{year}.csv" for year in ERIC_YEARS]
    names += ["catalogue/council_assets.csv", "catalogue/interests.csv", "catalogue/places.csv"]
    return {name: read_data(name) for name in names}


def holding_key(row: Row) -> tuple[str, str]:
    """What tells one holding from another."""
    return row["organisation_code"], row["holding_code"]


def check_duplicates(tables: Mapping[str, list[Row]]) -> Iterator[str]:
    """A holding may stand once in a file."""
    for name, rows in tables.items():
        counts = Counter(map(holding_key, rows))
        yield from (f"{name}: {key} stands {count} times" for key, count in counts.items() if count > 1)


def check_holdings(tables: Mapping[str, list[Row]]) -> Iterator[str]:
    """NHS holdings need a place, successors must be holdings, and events must happen to known holdings."""
    placed = set(map(holding_key, tables["catalogue/places.csv"]))
    known = placed | set(map(holding_key, tables["catalogue/council_assets.csv"]))
    for name, rows in tables.items():
        keys = {key for key in map(holding_key, rows) if key[1] != "AGGRE"}
        yield from (f"{name}: {key} has no place" for key in sorted(keys - known))
    for row in tables["catalogue/places.csv"]:
        successor = (row["succeeded_by_organisation"], row["succeeded_by_code"])
        if any(successor) and successor not in placed:
            yield f"places.csv: {holding_key(row)} is succeeded by {successor}, which has no place"
    for row in read_data("catalogue/site_events.csv"):
        if row["holding_code"] and holding_key(row) not in known:
            yield f"site_events.csv: {holding_key(row)} is not a holding ({row['site_name']})"


def check_places(places: Sequence[Row]) -> Iterator[str]:
    """All rows of a place agree on where it is, and one of them gives the place its code."""
    by_place: dict[str, set[tuple[str, str, str]]] = {}
    for row in places:
        by_place.setdefault(row["place"], set()).add((row["place_name"], row["postcode"], row["address"]))
    yield from (f"places.csv: {place} has several positions" for place, seen in by_place.items() if len(seen) > 1)
    yield from (
        f"places.csv: {place} is no holding" for place in by_place.keys() - {row["holding_code"] for row in places}
    )


def check_postcodes(tables: Mapping[str, list[Row]]) -> Iterator[str]:
    """Every postcode of an NHS place is in the table; a council's or a practice's may not be, which is counted."""
    known = {row["postcode"] for row in read_data("reference/postcodes.csv.gz")}
    used = {row["postcode"] for row in tables["catalogue/places.csv"] if row["postcode"]}
    yield from (f"places.csv: {postcode} is not in postcodes.csv.gz" for postcode in sorted(used - known))
    for name in ("catalogue/council_assets.csv", "catalogue/gp_practices.csv"):
        absent = [row["postcode"] for row in read_data(name) if row["postcode"] and row["postcode"] not in known]
        say(f"  {name}: {len(absent)} postcodes without a position {absent}")


def check_organisations(tables: Mapping[str, list[Row]]) -> Iterator[str]:
    """Every organisation code is in the organisations table, also as a successor."""
    known = set(organisation_names())
    used = {row["organisation_code"] for rows in tables.values() for row in rows}
    used |= {row["organisation_code"] for row in read_data("catalogue/site_events.csv")} - {""}
    used |= {row["successor_code"] for row in read_data("catalogue/organisations.csv")} - {""}
    yield from (f"organisations.csv lacks {code}" for code in sorted(used - known))


def check_sources() -> Iterator[str]:
    """Every table has its source, and every source its table; says how many rows each has."""
    listed = [table["file"] for table in tomllib.loads((DATA / "SOURCES.toml").read_text(encoding="utf-8"))["table"]]
    found = [
        path.relative_to(DATA).as_posix() for folder in ("reference", "catalogue") for path in (DATA / folder).iterdir()
    ]
    yield from (f"SOURCES.toml and the folder disagree on {name}" for name in sorted(set(listed) ^ set(found)))
    for name in sorted(found):
        say(f"  {name}: {len(read_data(name)):,} rows, {(DATA / name).stat().st_size:,} bytes")


def check_outlines() -> None:
    """Says how many postcodes lie in the outline of another borough than Code-Point Open gives."""
    outlines = {row["gss_code"]: from_wkt(row["wkt"]) for row in read_data("reference/boroughs.csv")}
    for outline in outlines.values():
        prepare(outline)
    rows = [row for row in read_data("reference/postcodes.csv.gz") if row["quality"]]
    outside = sum(
        not outlines[row["borough_gss"]].contains(Point(int(row["easting"]), int(row["northing"]))) for row in rows
    )
    say(f"  {outside} of {len(rows):,} current postcodes lie outside their borough's outline")


def check() -> int:
    """All checks; the number of faults found."""
    tables = holding_tables()
    check_outlines()
    faults = [
        *check_sources(),
        *check_duplicates(tables),
        *check_holdings(tables),
        *check_places(tables["catalogue/places.csv"]),
        *check_postcodes(tables),
        *check_organisations(tables),
    ]
    for fault in faults:
        say(f"FAULT {fault}")
    say(f"{len(faults)} faults")
    return len(faults)


def compile_all(published: Path) -> None:
    """Write every compiled table."""
    write_table("reference/boroughs.csv", ("gss_code", "name", "area_ha", "wkt"), borough_rows(published))
    write_table("reference/lsoas.csv", LSOA, lsoa_rows(published))
    write_table("reference/postcodes.csv.gz", POSTCODE, postcode_rows(published))
    for year in ERIC_YEARS:
        write_table(f"catalogue/eric_{year}.csv", *eric_table(published, year))
    write_table("catalogue/gp_practices.csv", ORGANISATION, practice_rows(published))
    write_table("catalogue/council_assets.csv", COUNCIL, council_rows(published))
    write_table("catalogue/site_events.csv", EVENT, event_rows(published))


def main() -> None:
    """Compile from a published folder, or check what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("published", nargs="?", type=Path, help="folder with the publishers' files")
    parser.add_argument("--check", action="store_true", help="verify the tables")
    arguments = parser.parse_args()
    if arguments.published is None and not arguments.check:
        parser.error("give the published folder, or --check")
    if arguments.published is not None:
        compile_all(arguments.published)
    if arguments.check and check():
        raise SystemExit(1)


if __name__ == "__main__":
    main()
