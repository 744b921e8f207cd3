from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from documents import open_bytes, read_whole
from openpyxl import Workbook

from estates_api.domain.records import Reading
from estates_api.errors import BadInput
from estates_api.sources import find_reader
from estates_api.sources.reader import Hints

Read = Callable[..., Reading]
HEADER = "Organisation Code,Site Code,Site Name,Gross internal floor area (m²),Occupied floor area (m²),Site Type\n"
ROW = "RZ1,RZ101,First Made Hospital,100,90,Support Facility\n"


def errors(reading: Reading) -> list[tuple[int | None, str | None, str]]:
    """Line, field and reason of the errors."""
    return [(issue.line, issue.field, issue.reason) for issue in reading.issues if issue.severity == "error"]


def test_the_2013_form(samples: Path, read_file: Read, number_of: Callable[..., object]) -> None:
    """Section row, cp1252, NBSP, capitals and ERIC's words for no figure are read as what they mean."""
    reading = read_file(samples / "eric_2013-14_made.csv")
    assert (reading.format, reading.source, reading.label) == ("eric", "ERIC", "2013-14")
    assert (reading.period_start, reading.period_end) == (date(2013, 4, 1), date(2014, 3, 31))
    assert [(h.organisation_code, h.code, h.name, h.sector) for h in reading.holdings] == [
        ("RZ1", "RZ101", "FIRST MADE HOSPITAL", "NHS"),
        ("RZ1", "AGGRE", "AGGRETATE SITE", "NHS"),
        ("NZ2", "NZ201", "ELSEWHERE HOUSE", "private"),
        ("NZ2", "NZ202", "SPLIT CODE HOUSE", "private"),
    ]
    assert number_of(reading, "RZ101", "site_type") == "General acute hospital"
    assert number_of(reading, "RZ101", "land_ha") == 5.5
    assert number_of(reading, "RZ101", "unutilised_pct") == 2.5
    assert number_of(reading, "RZ101", "food_cost_gbp") == "not applicable"
    assert number_of(reading, "AGGRE", "footprint_m2") == "not provided"
    assert number_of(reading, "AGGRE", "unsuitable_pct") == "not provided"
    assert number_of(reading, "NZ201", "backlog_high_gbp") == "not applicable"


def test_subtotals_are_issues_not_sites(samples: Path, read_file: Read) -> None:
    """Rows without a site code, such as `NZ2 Result` and `Grand Total`, are errors by line and field."""
    reading = read_file(samples / "eric_2013-14_made.csv")
    assert [(line, field) for line, field, _ in errors(reading)] == [(7, "Site Code"), (8, "Site Code")]
    assert [issue.raw for issue in reading.issues if issue.severity == "error"] == ["NZ2 Result", "Grand Total"]
    assert reading.rows == 6


def test_a_short_total_in_the_last_row(samples: Path, read_text: Callable[..., Reading]) -> None:
    """A total of fewer cells than the header is an issue like any subtotal, not a truncated file."""
    text = (samples / "eric_made_new_form.csv").read_text(encoding="utf-8-sig").rstrip()
    short = "TOTAL,,,,,,,,,1250,13900"
    reading = read_text(f"{text}\n{short}\n", hints=Hints(period="2022-23"))
    assert errors(reading)[-1] == (9, "Site Code", "the row has no site code (a subtotal or a note?); not taken")
    with pytest.raises(BadInput, match=r"middle of row 9 \(11 of 15 cells\): truncated"):
        read_text(f"{text}\n{short}", hints=Hints(period="2022-23"))


def test_a_form_never_seen(samples: Path, read_file: Read, number_of: Callable[..., object]) -> None:
    """An edition with other names, another order, junk rows, a mark and quoted thousands loads with sensible issues."""
    reading = read_file(samples / "eric_made_new_form.csv", Hints(period="2022/23"))
    assert (reading.label, reading.period_end) == ("2022-23", date(2023, 3, 31))
    first = reading.holdings[0]
    assert (first.organisation_code, first.postcode, first.organisation_type) == ("RZ1", "N18 1QX", "Acute")
    assert number_of(reading, "RZ101", "gia_m2") == 12000
    assert number_of(reading, "RZ101", "empty_m2") == 1250.5
    assert number_of(reading, "RZ101", "backlog_high_gbp") == 1234567
    assert number_of(reading, "RZ101", "clinical_m2") == "not applicable"
    assert number_of(reading, "RZ101", "tenure") == "Freehold"
    assert number_of(reading, "RZ102", "site_type") == "General acute hospital"
    assert number_of(reading, "RZ102", "backlog_high_gbp") == "not provided"
    assert number_of(reading, "AGGRE", "gia_m2") == 1000
    assert reading.holdings[1].postcode is None
    assert errors(reading) == [
        (5, "Clinical space (m²)", "'about half' is not a number; the value was not taken"),
        (6, "Site Code", "RZ1 RZ101 was already in row 4; this second row was not taken"),
        (7, "Site Code", "the row has no site code (a subtotal or a note?); not taken"),
    ]
    warnings = [(issue.line, issue.reason) for issue in reading.issues if issue.severity == "warning"]
    for lacking in ("land", "running costs: energy", "running costs: maintenance or hard FM"):
        assert (3, f"this edition has no column for {lacking}") in warnings
    assert (5, "-5 is negative; the value was not taken") in warnings
    assert (5, "'nowhere' is not a UK postcode; not taken") in warnings
    (note,) = [issue.reason for issue in reading.issues if issue.rule == "columns-unused"]
    assert note == "2 columns are not used: Status, A column of the future"


def test_rows_that_cannot_be(samples: Path, read_file: Read) -> None:
    """Implausible values are marked with the reason, warned of by column, and kept as published."""
    reading = read_file(samples / "eric_made_2016_form.csv", Hints(period="2016-17"))
    marked = {
        (holding.code, value.attribute): value.raw
        for holding in reading.holdings
        for value in holding.values
        if value.implausible
    }
    assert marked == {
        ("RZ110", "land_owned_ha"): "103",
        ("RZ110", "idle_land_ha"): "0.04",
        ("RZ111", "idle_land_ha"): "3.27",
        ("RZ112", "empty_pct"): "80",
        ("RZ112", "underused_pct"): "30",
    }
    warned = Counter((issue.line, issue.field) for issue in reading.issues if issue.severity == "warning")
    assert warned[2, "Land area owned (Hectares)"] == 1
    assert warned[5, "Floor area - under used (%)"] == 1
    assert warned[6, None] == 1
    assert not any(line == 7 for line, _ in warned)


@pytest.mark.parametrize(
    ("name", "period", "label"),
    [
        ("ERIC_2018_19_sites.csv", None, "2018-19"),
        ("ERIC - 202223 - Site data.csv", None, "2022-23"),
        ("sites.csv", "2019/20", "2019-20"),
        ("ERIC_2018-19.csv", "2019-2020", "2019-20"),
    ],
)
def test_the_year(read_text: Read, name: str, period: str | None, label: str) -> None:
    """The year is as given, else as in the file's name."""
    assert read_text(HEADER + ROW, name, Hints(period=period)).label == label


def test_a_year_nobody_says(read_text: Read) -> None:
    """Without a year in hint, name or header the refusal says to give the period."""
    with pytest.raises(BadInput, match=r"sites.csv: nothing says which year this is; give the period"):
        read_text(HEADER + ROW, "sites.csv")
    with pytest.raises(BadInput, match="not in one financial year"):
        read_text(HEADER + ROW, "sites.csv", Hints(period="last year"))


@pytest.mark.parametrize(
    ("header", "missing"), [("Organisation Code", "Organisation Code"), ("Site Code", "Site Code")]
)
def test_a_missing_code_column(read_text: Read, header: str, missing: str) -> None:
    """ERIC data without one of its codes is recognised, and refused by the column's name."""
    with pytest.raises(BadInput, match=f"file.csv: ERIC site data needs a column {missing}"):
        read_text(HEADER.replace(header, "Something else") + ROW)


def test_a_code_that_is_none(read_text: Read) -> None:
    """A row whose code cannot be one is an error with the raw text."""
    reading = read_text(HEADER + "RZ1,not a code,x,1,1,y\n" + ROW, hints=Hints(period="2016-17"))
    assert [(issue.line, issue.raw) for issue in reading.issues if issue.severity == "error"] == [(2, "not a code")]
    assert len(reading.holdings) == 1


def test_a_workbook_with_other_sheets(tmp_path: Path, read_file: Read) -> None:
    """In a workbook the sheet with sites is found, whatever the others hold and are called."""
    book = Workbook()
    book.active.append(["Organisation Code", "Organisation Name", "Gross internal floor area (m²)"])
    sites = book.create_sheet("Second")
    for line in (HEADER + ROW).splitlines():
        sites.append([float(cell) if cell.isdigit() else cell for cell in line.split(",")])
    book.save(tmp_path / "ERIC 2017-18.xlsx")
    reading = read_file(tmp_path / "ERIC 2017-18.xlsx")
    assert (reading.label, [holding.code for holding in reading.holdings]) == ("2017-18", ["RZ101"])


EDITIONS = {
    "HospitalEstatesAndFacilitiesStatistics_9896_2013-14.xls": ("2013-14", 1378),
    "eric_2013-14_site_england_part.csv": ("2013-14", 993),
    "eric_2014-15_site_england_part.csv": ("2014-15", 899),
    "eric_2016-17_site_england_part.csv": ("2016-17", 888),
    "eric_2013-14_site_ncl_rawhead_cp1252.csv": ("2013-14", 66),
    "eric_2014-15_site_ncl_rawhead_cp1252.csv": ("2014-15", 57),
    "eric_2016-17_site_ncl_rawhead_cp1252.csv": ("2016-17", 60),
}


@pytest.mark.parametrize(("name", "expected"), EDITIONS.items())
def test_every_published_row_is_taken(published: Path, read_file: Read, name: str, expected: tuple[str, int]) -> None:
    """Each real edition gives all its rows, no error, and only columns we mean to leave; 2013-14 asked for no FM."""
    reading = read_file(published / "eric" / name)
    assert (reading.label, len(reading.holdings)) == expected
    assert reading.rows == len(reading.holdings)
    assert errors(reading) == []
    lacking = ["this edition has no column for running costs: maintenance or hard FM"]
    assert [issue.reason for issue in reading.issues if "no column" in issue.reason] == (
        lacking if reading.label == "2013-14" else []
    )


@pytest.mark.parametrize("name", [name for name in EDITIONS if name.endswith(".csv") and "rawhead" in name])
def test_the_year_by_the_header_alone(published: Path, name: str) -> None:
    """The three published forms are known by their header when the name says nothing; a wrong year is doubted."""
    document = open_bytes("sites.csv", (published / "eric" / name).read_bytes())
    reader = find_reader(document)
    assert reader.read(document, Hints()).label == EDITIONS[name][0]
    reading = reader.read(document, Hints(period="2020-21"))
    assert reading.label == "2020-21"
    assert any("the header is that of" in issue.reason for issue in read_whole(reading).issues)


def test_figures_of_the_published_2016_edition(
    published: Path, read_file: Read, number_of: Callable[..., object]
) -> None:
    """Known figures of RNOH Stanmore, St Ann's and the Royal Free come out as printed."""
    reading = read_file(published / "eric/eric_2016-17_site_ncl_rawhead_cp1252.csv")
    stanmore = {
        "gia_m2": 47047,
        "land_owned_ha": 43.3,
        "idle_land_ha": 19.0,
        "empty_pct": 5,
        "underused_pct": 9,
    }
    assert {name: round(float(str(number_of(reading, "RAN01", name))), 1) for name in stanmore} == stanmore
    assert (number_of(reading, "RRP03", "gia_m2"), number_of(reading, "RRP03", "land_owned_ha")) == (14155, 10.97)
    assert number_of(reading, "RAL01", "backlog_high_gbp") == 1560000
    assert number_of(reading, "RAL01", "site_type") == "General acute hospital"
    assert [h.organisation_code for h in reading.holdings if h.code == "AGGRE" and h.organisation_code == "RNK"]


def test_the_outlier_of_2016_does_not_lead(published: Path, read_file: Read) -> None:
    """19 Aberdeen Park's 103 ha on 399 m² is kept, marked implausible, and warned of."""
    reading = read_file(published / "eric/eric_2016-17_site_ncl_rawhead_cp1252.csv")
    (holding,) = [holding for holding in reading.holdings if holding.code == "TAF10"]
    values = {value.attribute: value for value in holding.values}
    assert values["land_owned_ha"].number == 103
    assert values["land_owned_ha"].implausible
    assert values["idle_land_ha"].implausible
    assert any(i.line == holding.line and i.field == "Land area owned (Hectares)" for i in reading.issues)


def test_the_first_of_repeated_columns_counts(
    published: Path, read_file: Read, number_of: Callable[..., object]
) -> None:
    """2014-15 repeats ten column names for PFI sites; the site's own figure is the first."""
    reading = read_file(published / "eric/eric_2014-15_site_ncl_rawhead_cp1252.csv")
    assert number_of(reading, "RAL01", "occupied_m2") == 171877
    assert number_of(reading, "RAL01", "hard_fm_cost_gbp") == 11276240
    assert number_of(reading, "RAL01", "pfi_unitary_charge_gbp") == "not applicable"
    assert number_of(reading, "RAL26", "pfi_unitary_charge_gbp") == 2655000
    assert number_of(reading, "RALC7", "land_ha") == 13.39


def test_the_workbook_agrees_with_the_csv(published: Path, read_file: Read) -> None:
    """The workbook's sheet Site Data gives the same values as the CSV cut from it."""
    book = read_file(published / "eric/HospitalEstatesAndFacilitiesStatistics_9896_2013-14.xls")
    csv = read_file(published / "eric/eric_2013-14_site_ncl_rawhead_cp1252.csv")
    of_book = {(h.organisation_code, h.code): [(v.attribute, v.number) for v in h.values] for h in book.holdings}
    for holding in csv.holdings:
        numbers = [(value.attribute, value.number) for value in holding.values]
        assert of_book[holding.organisation_code, holding.code] == numbers


@pytest.mark.parametrize("period", ["2022-23", "2022/23", "2023-03-31", "2022-04-01", "2022-06"])
def test_the_period_may_be_given_as_year_day_or_month(read_text: Callable[..., Reading], period: str) -> None:
    """Whatever way the person names it, the edition is of the financial year it lies in."""
    text = "Trust Code,Site Code,Site Name,Gross internal floor area (m2),Floor area - empty (%)\nRAL,RAL01,A,10,1\n"
    reading = read_text(text, hints=Hints(period=period), insisted="eric")
    assert (reading.label, reading.period_end) == ("2022-23", date(2023, 3, 31))


def test_a_period_over_two_financial_years_is_refused(read_text: Callable[..., Reading]) -> None:
    """A calendar year is in two financial years; which one is meant must be said."""
    text = "Trust Code,Site Code,Site Name,Gross internal floor area (m2),Floor area - empty (%)\nRAL,RAL01,A,10,1\n"
    with pytest.raises(BadInput, match="not in one financial year"):
        read_text(text, hints=Hints(period="2022"), insisted="eric")
