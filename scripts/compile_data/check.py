"""Whether the tables agree with one another."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from nhs import organisation_names
from shapely import Point, from_wkt, prepare
from tables import DATA, ERIC_YEARS, Row, read_data, say


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
