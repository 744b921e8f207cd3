import codecs
import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from documents import Read, open_bytes, read_whole

from estates_api.domain.records import HoldingRecord
from estates_api.sources import find_reader
from estates_api.sources.reader import Hints

BACKLOG = [f"Cost to eradicate {risk} risk backlog (£)" for risk in ("high", "significant", "moderate", "low")]
OLD = ["Organisation Code", "Organisation Name", "Commissioning Region", "Organisation Type", "Site Code", "Site Name",
       "Site Type"]  # fmt: skip
GIA, CLINICAL, NON_CLINICAL = "Gross internal floor area (m²)", "Clinical space (m²)", "Non-clinical space (m²)"
ITEMS = ["Estates and property maintenance (£)", "Energy costs (all energy supplies) (£)"]

# First columns in the order of each edition, then its own names for what the catalogue reads.
EDITIONS: dict[str, tuple[list[str], str, bytes]] = {
    "2013-14": ([*OLD, "Gross internal site floor area (m²)", "Site land area (Hectare)", "Un-utilised space (%)",
                 *BACKLOG, "Total energy cost (all energy supplies, utility, local and renewable) (£)"], "cp1252", b""),
    "2014-15": ([*OLD, "Gross internal site floor area (m²)", "Occupied floor area (m²)", "Site land area (Hectare)",
                 "Un-utilised space (%)", *BACKLOG, "Energy cost (all energy supplies) (£)",
                 "Hard FM (Estates) costs (£)", "Occupied floor area (m²)"], "cp1252", b""),
    "2016-17": ([*OLD, GIA, "Land area owned (Hectares)", "Land area not delivering services (Hectares)",
                 "Floor area - empty (%)", "Floor area - under used (%)", *BACKLOG, *ITEMS], "cp1252", b""),
    "2018-19": (["Trust Code", "Trust Name", "Old Commissioning Region", "New Commissioning Region", "Trust Type",
                 "Site Code", "Site Name", "Site Type", "Tenure", "Leasehold Type", GIA, "Floor area - empty (%)",
                 "Land area owned (Hectares)", *BACKLOG, *ITEMS], "cp1252", b""),
    "2019-20": (["Trust Code", "Trust Name", "Commissioning Region", "Trust Type", "Site Code", "Site Name",
                 "Site Type", "Tenure", "Leased", "Post Code", GIA, "Floor area - empty (%)",
                 "Land area owned (Hectares)", *BACKLOG, *ITEMS], "cp1252", b""),
    "2020-21": (["Trust Code", "Trust Name", "Commissioning Region", "Trust Type", "Site Code", "Site Name",
                 "Site Type", "Tenure", "Post Code", GIA, "Floor area - empty (%)", "Land area owned (Hectares)",
                 *BACKLOG, *ITEMS], "cp1252", b""),
    "2021-22": (["Trust Code", "Trust Name", "Commissioning Region", "Trust Type", "Status", "Site Code", "Site Name",
                 "Site Type", "Tenure", GIA, "Floor area - empty (%)", "Land area owned (Hectares)",
                 *BACKLOG, *ITEMS], "utf-8", codecs.BOM_UTF8),
    "2021/22 v3": (["Trust Code", "Trust Name", "Commissioning Region", "Trust Type", "Status", "Site Code",
                    "Site Name", "Post Code", "Site Type", "Tenure", GIA, "Floor area - empty (%)",
                    "Land area owned (Hectares)", *BACKLOG, *ITEMS], "cp1252", b""),
    "2022-23": (["Trust Code", "Trust Name", "Commissioning Region", "Trust Type", "Site Code", "Site Name",
                 "Post Code", "Integrated Care Board", "Local Authority", "Site Type", GIA, "Floor area - empty (%)",
                 "Land area owned (Hectares)", *BACKLOG, *ITEMS], "cp1252", b""),
    "2023-24": (["Site Name", "Trust Code", "Post Code", "Tenure", "Site Type", "Site Code", "Trust Name", GIA,
                 "Floor area - empty (m²)", "Land area owned (Hectares)", *BACKLOG, *ITEMS], "cp1252", b""),
    "2024-25": (["Trust Code", "Trust Name", "Site Code", "Site Name", "Site Type", "Tenure", "Post Code", GIA,
                 "Floor area - empty (m²)", "Internal floor area - unoccupied (m²)", "Land area owned (Hectares)",
                 *BACKLOG, *ITEMS], "utf-8", b""),
}  # fmt: skip
CELLS = {
    "code": "RZ1", "trust name": "MADE UP NHS TRUST", "site code": "RZ101", "site name": " First\xa0Made  Hospital",
    "post code": "n18  1qx", "site type": "1. General acute hospital", "empty (%)": "12.5", "un-utilised": "12.5",
    "empty (m²)": "1,500", "unoccupied": "1,500", "floor area": "12,000", "hectare": "2.5", "£": "£1,234,567",
}  # fmt: skip


def cell(header: str) -> str:
    """What the made site says under a header: numbers as the CSV years print them."""
    name = header.casefold()
    keys = ("site code", "site name", "post code", "site type", "trust name", "empty (%)", "un-utilised", "empty (m²)",
            "unoccupied", "floor area", "hectare", "£")  # fmt: skip
    if name == "organisation name":
        return CELLS["trust name"]
    if name in {"trust code", "organisation code"}:
        return CELLS["code"]
    if "not delivering" in name or "under used" in name:
        return "0"
    return next((CELLS[key] for key in keys if key in name), "Not Applicable")


def made(header: list[str], *above: list[str], rows: int = 1, encoding: str = "utf-8", mark: bytes = b"") -> bytes:
    """A file of one site, its subtotal below, and what stands above its header."""
    text = io.StringIO()
    body = [cell(name) for name in header]
    total = ["" if "code" in name.casefold() else cell(name) for name in header]
    total[0] = "RZ1 Result"
    csv.writer(text, lineterminator="\r\n").writerows([*above, header, *[body] * rows, total])
    return mark + text.getvalue().encode(encoding)


def read(content: bytes, name: str = "sites.csv", hints: Hints | None = None) -> Read:
    """The file, read by the reader that is found for it."""
    document = open_bytes(name, content)
    reader = find_reader(document)
    assert reader.format == "eric"
    return read_whole(reader.read(document, hints or Hints()))


def said(holding: HoldingRecord) -> dict[str, object]:
    """What is claimed of a site: number, text or state."""
    return {v.attribute: v.number if v.number is not None else v.text or v.state for v in holding.values}


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_known_order_of_columns(edition: str) -> None:
    """Whatever the year calls and where it puts them, the same site says the same; the subtotal is refused."""
    header, encoding, mark = EDITIONS[edition]
    found = read(made(header, encoding=encoding, mark=mark), hints=Hints(period=edition[:7].replace("/", "-")))
    (site,) = found.holdings
    values = said(site)
    assert (site.organisation_code, site.organisation_name, site.code, site.name) == (
        "RZ1", "MADE UP NHS TRUST", "RZ101", "First Made Hospital",
    )  # fmt: skip
    assert site.postcode == ("N18 1QX" if "Post Code" in header else None)
    assert values["site_type"] == "General acute hospital"
    assert (values["gia_m2"], values["backlog_high_gbp"], values["backlog_low_gbp"]) == (12000, 1234567, 1234567)
    assert values.get("land_ha", values.get("land_owned_ha")) == 2.5
    vacancy = {"unutilised_pct", "empty_pct", "empty_m2"} & set(values)
    assert [values[name] for name in vacancy] == [1500 if "empty_m2" in vacancy else 12.5]
    assert values["energy_cost_gbp"] == 1234567
    errors = [(i.line, i.rule) for i in found.issues if i.severity == "error"]
    assert errors == [(3, "row-without-code")]


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize(
    "above",
    [
        [["Site profile", *[""] * 8, "Finance", "", ""]],
        [["Provisional figures, subject to change"], [""]],
        [["Estates Returns Information Collection", "", ""], ["Source: made up", "", ""]],
    ],
    ids=["section titles", "two junk rows", "a title and a source"],
)
def test_rows_above_the_header(edition: str, above: list[list[str]]) -> None:
    """Section titles and junk above the header change nothing."""
    header, encoding, mark = EDITIONS[edition]
    hints = Hints(period="2022-23")
    plain = read(made(header, encoding=encoding, mark=mark), hints=hints)
    below = read(made(header, *above, encoding=encoding, mark=mark), hints=hints)
    assert said(below.holdings[0]) == said(plain.holdings[0])


@pytest.mark.parametrize("edition", EDITIONS)
def test_any_encoding_it_has_been_saved_in(edition: str) -> None:
    """UTF-8 with and without mark, cp1252, UTF-16, and UTF-8 read as cp1252 and saved again: the same site."""
    header, hints = EDITIONS[edition][0], Hints(period="2022-23")
    plain = made(header)
    mangled = plain.decode().encode().decode("cp1252", errors="replace").encode()
    forms = [codecs.BOM_UTF8 + plain, made(header, encoding="cp1252"), plain.decode().encode("utf-16"), mangled]
    expected = said(read(plain, hints=hints).holdings[0])
    for form in forms:
        assert said(read(form, hints=hints).holdings[0]) == expected


@pytest.mark.parametrize("token", ["Not Applicable", "NotApplicable", "not applicable", "N/A"])
def test_words_for_no_figure(token: str) -> None:
    """The published words for a question that does not apply are a state, never a number or an error."""
    header = ["Trust Code", "Trust Name", "Site Code", "Site Name", GIA, CLINICAL, NON_CLINICAL]
    rows = f"RZ1,Made,RZ101,First,{token},No Data Provided,None\nRZ1,Made,RZ102,Second,,-,0\n"
    found = read((",".join(header) + "\n" + rows).encode(), hints=Hints(period="2022-23"))
    first, second = (said(one) for one in found.holdings)
    assert [first[name] for name in ("gia_m2", "clinical_m2", "non_clinical_m2")] == [
        "not applicable", "not provided", "not provided",
    ]  # fmt: skip
    assert [second[name] for name in ("gia_m2", "clinical_m2", "non_clinical_m2")] == ["not provided"] * 2 + [0]
    assert [issue for issue in found.issues if issue.severity == "error"] == []


FUELS = ["Electricity cost (£)", "Gas costs (£)", "Oil cost (£)", "Steam and hot water cost (£)"]


def energy(*cells: str, fuels: list[str] = FUELS) -> tuple[Read, object]:
    """What a site of the split form says of its energy."""
    header = ["Trust Code", "Site Code", "Site Name", GIA, CLINICAL, NON_CLINICAL, *fuels]
    row = ["RZ1", "RZ101", "First", "100", "50", "50", *cells]
    text = io.StringIO()
    csv.writer(text).writerows([header, row])
    found = read(text.getvalue().encode(), hints=Hints(period="2022-23"))
    return found, said(found.holdings[0]).get("energy_cost_gbp")


def test_energy_that_is_asked_fuel_by_fuel() -> None:
    """Without a total, the fuels are added up, and the edition says so; the cells stay in the claim's raw text."""
    found, cost = energy("£1,000", "500.5", "Not Applicable", "0")
    assert cost == 1500.5
    assert [i.reason for i in found.issues if i.rule == "total-summed"] == [
        "energy_cost_gbp is the sum of 4 columns: " + ", ".join(FUELS)
    ]
    value = next(v for v in found.holdings[0].values if v.attribute == "energy_cost_gbp")
    assert value.raw == "£1,000 + 500.5 + Not Applicable + 0"
    assert not any("energy" in issue.reason for issue in found.issues if issue.rule == "column-missing")


def test_no_sum_of_parts_that_are_not_all_stated() -> None:
    """A blank or unreadable fuel, or an edition without the main fuels, gives no total: it would be too small."""
    assert energy("1000", "", "5", "5")[1] == "not provided"
    assert energy("Not Applicable", "Not Applicable", "N/A", "N/A")[1] == "not applicable"
    found, cost = energy("1000", "a lot", "5", "5")
    assert cost == "not provided"
    assert any(issue.rule == "value-unreadable" for issue in found.issues)
    assert energy("5", "5", fuels=["Oil cost (£)", "Steam cost (£)"])[1] is None
    assert energy("5", "5", fuels=["Electricity exported income cost (£)", "Gas cost (£)"])[1] is None


def test_a_total_counts_before_its_parts() -> None:
    """Where the edition has a total, nothing is added up."""
    found, cost = energy("1000", "600", "400", fuels=["Energy costs (all energy supplies) (£)", *FUELS[:2]])
    assert cost == 1000
    assert not any(issue.rule == "total-summed" for issue in found.issues)


def test_an_edition_nobody_has_seen() -> None:
    """An unknown later edition loads by header names, and a note names each of its new measures."""
    header = ["Trust Code", "Site Code", "Site Name", "Favourite colour", GIA, CLINICAL, NON_CLINICAL,
              "Cost of a new kind (£)", "Roof area with panels (m²)", "Age profile - pre 1948 (%)"]  # fmt: skip
    row = ["RZ1", "RZ101", "First", "blue", "100", "50", "50", "7", "8", "9"]
    found = read("\n".join(map(",".join, (header, row))).encode(), name="ERIC 2031-32.csv")
    assert (found.label, len(found.holdings)) == ("2031-32", 1)
    assert [i.reason for i in found.issues if i.rule == "measure-unknown"] == [
        "nothing is read from 2 measures: Cost of a new kind (£); Roof area with panels (m²)"
    ]


def test_an_edition_that_is_not_in_the_package(samples: Path, read_file: Callable[..., Read]) -> None:
    """The made sample of the newer form names its new column among the unused ones."""
    found = read_file(samples / "eric_made_new_form.csv", Hints(period="2023-24"))
    assert any("A column of the future" in issue.reason for issue in found.issues)
