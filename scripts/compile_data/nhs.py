"""ERIC returns and GP practices."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from tables import MEMBERS, TEMPLATE, Row, read_data

GUEST_SITES = frozenset({("RV3", "RV3DY"), ("RYX", "RYX23"), ("RYX", "RYX24"), ("RYX", "RYXZZ")})


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
