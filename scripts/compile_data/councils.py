"""Council assets and dated events, each with the page that states it."""

import re
from calendar import monthrange
from collections.abc import Mapping
from pathlib import Path

from tables import BOROUGHS, TEMPLATE, Row, read_data, read_table

COUNCIL = (
    *TEMPLATE,
    *("address", "postcode", "tenure", "tenure_category", "land_or_building", "current_use", "gia_m2", "land_ha"),
    *("holding_purpose", "status_note", "interest", "interest_evidence", "lease_end", "evidence_date", "citation"),
)
EVENT = (
    *("site_name", "organisation", "organisation_code", "holding_code", "event", "event_date", "scope", "area_ha"),
    *("homes", "receipt_gbp", "counterparty", "note", "source_title", "source_url"),
)
# The published note of this one: `Leased to Sept 2032 (2014 report)`.
LEASE_ENDS = {"BARNET-014": "2032-09"}
# The published note of these says that the floor area is of a building as proposed, not as it stands.
GIA_AS_PROPOSED = frozenset({"BARNET-013", "BARNET-015"})


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
        "lease_end": LEASE_ENDS.get(code, ""),
        "evidence_date": first_date(row["source_date_seen_in_text"]),
        "citation": citation,
    }


def council_rows(published: Path) -> list[Row]:
    """All council assets, by borough and local number."""
    confirmed = {row["holding_code"]: row for row in read_data("hand/council_postcodes.csv")}
    rows = [council_row(row, confirmed) for row in read_table(published / "ncl_council_assets.csv")]
    return sorted(rows, key=lambda row: row["holding_code"])


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
