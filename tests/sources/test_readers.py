from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from documents import open_bytes, read_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.records import Reading, Succession
from estates_api.errors import BadInput
from estates_api.sources import READERS, find_reader
from estates_api.sources.document import Document, Row, Sheet
from estates_api.sources.positions import parse_position
from estates_api.sources.reader import Hints
from estates_api.sources.template import template_header

Read = Callable[..., Reading]


def said(reading: Reading, severity: str) -> list[tuple[int | None, str]]:
    """Line and reason of the issues of one severity."""
    return [(issue.line, issue.reason) for issue in reading.issues if issue.severity == severity]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eric_2013-14_made.csv", "eric"),
        ("eric_made_new_form.csv", "eric"),
        ("eric_made_2016_form.csv", "eric"),
        ("epraccur_made_20191001.csv", "epraccur"),
        ("council_gosport_form_made.csv", "transparency"),
        ("council_lga_form_made.csv", "transparency"),
        ("events_made.csv", "events"),
        ("template_made.csv", "template"),
        ("organisations_made.csv", "organisations"),
        ("places_made.csv", "places"),
    ],
)
def test_each_file_finds_its_reader(samples: Path, name: str, expected: str) -> None:
    """The format is recognised from the header, by one reader only."""
    document = open_bytes("file.csv", (samples / name).read_bytes())
    assert find_reader(document).format == expected
    assert [reader.format for reader in READERS.values() if reader.recognises(document)] == [expected]


def test_the_choice_of_reader() -> None:
    """An unknown file or format is refused with the formats there are; an insisted reader says what it lacks."""
    document = open_bytes("f.csv", b"colour,shape\nred,round\n")
    with pytest.raises(BadInput, match=r"no format fits a file that begins 'colour, shape'; the .*epraccur"):
        find_reader(document)
    with pytest.raises(BadInput, match=r"no format 'xml'; the formats are .*epraccur, eric"):
        find_reader(document, "xml")
    assert set(READERS) == {reader.format for reader in READERS.values()}


@pytest.mark.parametrize("insisted", list(READERS))
def test_an_insisted_reader_names_what_is_missing(insisted: str) -> None:
    """Insisting on a format that does not fit gives a line that names the file and what the format needs."""
    document = open_bytes("f.csv", b"colour,shape\nred,round\n")
    with pytest.raises(BadInput, match=r"^f\.csv: .*(needs|has 27 fields)"):
        find_reader(document, insisted).read(document, Hints(period="2016-17"))


def test_practices(samples: Path, read_file: Read) -> None:
    """Status, setting, commissioner and days are read; damaged rows are errors and the rest is kept."""
    reading = read_file(samples / "epraccur_made_20191001.csv")
    assert (reading.label, reading.period_start, reading.period_end) == (
        "2019-10-01",
        date(2019, 10, 1),
        date(2019, 10, 1),
    )
    assert [(o.code, o.kind, o.status, o.postcode) for o in reading.organisations] == [
        ("Z00001", "GP practice", "active", "N18 1QX"),
        ("Z00002", "GP practice", "closed", "N18 1QX"),
        ("Z00003", "GP practice", "dormant", "N18 1QX"),
        ("Z00004", "walk-in centre", "active", None),
        ("Z00005", "prescribing setting 77", "proposed", None),
        ("Z00009", "GP practice", "active", "N18 1QX"),
    ]
    closed = reading.organisations[1]
    assert (closed.opened, closed.closed, closed.parent_code) == (date(1974, 4, 1), date(2017, 3, 31), "07X")
    assert closed.address == "1 MADE STREET, LONDON"
    assert [line for line, _ in said(reading, "error")] == [6, 7, 8, 9]
    assert said(reading, "warning") == [(4, "'NOT KNOWN' is not a UK postcode; not taken")]
    assert reading.rows == 10


def test_practices_with_a_header_and_no_date(samples: Path, read_text: Read) -> None:
    """A header that somebody added is passed over; a list without a date says so."""
    header = ",".join(["Organisation Code", "Name", *(f"Field {place}" for place in range(3, 28))])
    body = (samples / "epraccur_made_20191001.csv").read_text()
    reading = read_text(f"{header}\n{body}", "practices.csv")
    assert len(reading.organisations) == 6
    assert (reading.label, reading.period_end) == ("undated", None)
    assert said(reading, "note") == [(None, "no date in the file or its name: the list is undated")]
    assert read_text(body, "epraccur 2019-10.csv").label == "2019-10"
    assert read_text(body, "epraccur 20190231.csv").label == "undated"
    assert read_text(body, "x.csv", Hints(period="2019-10-01", label="October")).label == "October"
    with pytest.raises(BadInput, match="the period 'autumn' is not a date"):
        read_text(body, "x.csv", Hints(period="autumn"))
    year = read_text(body, "x.csv", Hints(period="2016-17"))
    assert (year.period_start, year.period_end) == (date(2016, 4, 1), date(2017, 3, 31))


def test_published_practices(published: Path, read_file: Read) -> None:
    """The real list of October 2019: 343 rows without an error; active practices as the publisher counts them."""
    reading = read_file(published / "ods/epraccur_ncl_raw.csv", Hints(period="2019-10-01"))
    active = [o for o in reading.organisations if o.kind == "GP practice" and o.status == "active"]
    assert (len(reading.organisations), said(reading, "error")) == (343, [])
    assert Counter(o.parent_code for o in active if o.parent_code in {"07M", "07R", "07X", "08D", "08H"}) == {
        "07M": 54,
        "07R": 36,
        "07X": 47,
        "08D": 38,
        "08H": 34,
    }


def test_a_council_list_in_the_form_of_gosport(
    samples: Path, read_file: Read, number_of: Callable[..., object]
) -> None:
    """Names, units and positions as one council prints them; what cannot be is warned of and left out."""
    reading = read_file(samples / "council_gosport_form_made.csv")
    library, depot, field, town = reading.holdings
    assert (library.organisation_code, library.sector, library.uprn) == ("E09000010", "council", "100012345")
    assert (library.address, library.postcode) == ("10-15 London Road, Enfield", "EN2 6AX")
    assert (library.easting, library.northing) == (532500, 196400)
    assert (depot.easting, depot.northing, depot.uprn, depot.postcode) == (532600, 196500, None, None)
    assert (field.easting, town.organisation_code, town.name) == (None, "MADE-TOWN-COUNCIL", "7 Made Street, Madeham")
    assert number_of(reading, "A-1", "gia_m2") == 620.9
    assert number_of(reading, "A-1", "land_ha") == 0.404686
    assert number_of(reading, "A-1", "interest") == "freeholder"
    assert number_of(reading, "A-2", "interest") == "head lessee"
    assert number_of(reading, "A-3", "interest") == "unknown"
    assert number_of(reading, "A-3", "land_ha") == "not applicable"
    assert number_of(reading, "M-1", "tenure") == "Licence"
    reasons = [reason for _, reason in said(reading, "warning")]
    assert any("swapped" in reason for reason in reasons)
    assert any("UPRN" in reason for reason in reasons)
    assert any("0, 0 is neither" in reason for reason in reasons)
    assert [line for line, _ in said(reading, "error")] == [5, 6]


def test_a_council_list_in_the_form_of_the_lga(
    samples: Path, read_file: Read, number_of: Callable[..., object]
) -> None:
    """Degrees go through OSTN15; a size without a unit is in the Code's own, and that is warned of."""
    reading = read_file(samples / "council_lga_form_made.csv", Hints(period="2022"))
    baths, hall, pool = reading.holdings
    assert (reading.period_start, reading.period_end) == (date(2022, 1, 1), date(2022, 12, 31))
    assert (baths.organisation_code, pool.organisation_code) == ("E09000007", "MADE-DISTRICT")
    assert (baths.easting, baths.northing) == pytest.approx((529345.2, 182308.8), abs=0.1)
    assert (hall.easting, hall.northing) == (baths.easting, baths.northing)
    assert pool.easting is None
    assert (number_of(reading, "C1", "gia_m2"), number_of(reading, "C1", "land_ha")) == (1234, 0.335)
    assert (number_of(reading, "C2", "gia_m2"), number_of(reading, "C2", "land_ha")) == (929.0304, 0.5)
    assert [reason for _, reason in said(reading, "warning")][:2] == [
        "the header has no unit: m2, the Code's own",
        "the header has no unit: ha, the Code's own",
    ]
    assert [line for line, _ in said(reading, "error")] == [4]


def test_a_council_list_that_does_not_say_whose(read_text: Read) -> None:
    """Without a column or a hint for the council the list is refused; with a hint it is read."""
    text = "Asset ID,Tenure,Land or building,Name,Street\n,F,land,x,y\nA1,F,land,x,y\n"
    with pytest.raises(BadInput, match="no column names the council"):
        read_text(text)
    hints = Hints(organisation_name="Made District Council", organisation_code="E07000999")
    reading = read_text(text, "assets 2024-03.csv", hints)
    assert [(h.organisation_code, h.organisation_name) for h in reading.holdings] == [
        ("E07000999", "Made District Council")
    ]
    assert reading.label == "2024-03"
    assert said(read_text(text.replace("Street", "Council").replace("y", "-")), "error")


def test_an_organisation_uri_that_ends_in_one_letter(read_text: Read) -> None:
    """A council is named by its URI although that ends in one letter: by its name, else by the whole address."""
    head = "organisation_uri,organisation_name,Asset ID,Tenure,Land or building,Name\n"
    rows = "http://example.org/id/x,Made Town Council,A1,F,land,y\nhttp://example.org/id/x,,A2,F,land,y\n"
    reading = read_text(f"{head}{rows},,A3,F,land,y\nx,,A4,F,land,y\n")
    assert [h.organisation_code for h in reading.holdings] == ["MADE-TOWN-COUNCIL", "EXAMPLE-ORG-ID-X"]
    assert said(reading, "error") == [
        (4, "the row does not name its council; the row was not taken"),
        (5, "'x' is too short to name a council; the row was not taken"),
    ]


@pytest.mark.parametrize("asset", ["Asset Ref", "Asset Reference", "Asset Ref No.", "Property Ref", "Property ID"])
@pytest.mark.parametrize("place", [("Property", "Property Address"), ("Property Name", "Address"), ("Asset", "Street")])
@pytest.mark.parametrize(
    "tenure", ["F/L", "Freehold/Leasehold", "Freehold or Leasehold", "Freehold (F) / Leasehold (L)", "Tenure (F/L)"]
)
def test_a_plain_council_list(read_text: Read, asset: str, place: tuple[str, str], tenure: str) -> None:
    """The short headers of a list that a council typed itself are known, with its code given by who hands it in."""
    text = f"{asset},{place[0]},{place[1]},Postcode,{tenure}\nA1,Made Hall,7 Made Street,EN2 6AX,F\n"
    reading = read_text(text, "assets 2024-03.csv", Hints(organisation_code="E09000010"))
    assert reading.format == "transparency"
    hall = reading.holdings[0]
    assert (hall.organisation_code, hall.code, hall.name, hall.address, hall.postcode) == (
        "E09000010", "A1", "Made Hall", "7 Made Street", "EN2 6AX",
    )  # fmt: skip
    assert next(v.text for v in hall.values if v.attribute == "tenure") == "freehold"
    assert [issue for issue in reading.issues if "not used" in issue.reason] == []


def test_published_council_assets(published: Path, read_file: Read) -> None:
    """The real compiled list: 95 assets of five boroughs, dated and cited row by row, no error and no warning."""
    reading = read_file(published / "ncl_council_assets.csv")
    assert Counter(holding.organisation_code for holding in reading.holdings) == {
        "E09000003": 22,
        "E09000007": 19,
        "E09000010": 18,
        "E09000014": 20,
        "E09000019": 16,
    }
    assert {issue.severity for issue in reading.issues} == {"note"}
    values = Counter((v.attribute, v.text) for h in reading.holdings for v in h.values)
    assert (values["interest", "freeholder"], values["interest", "head lessee"]) == (8, 1)
    assert values["interest_evidence", "operated only"] == 29
    dated = {holding.code: holding.evidence_date for holding in reading.holdings}
    assert dated["BARNET-002"] == date(2024, 2, 22)
    assert date(2016, 12, 31) in dated.values()
    assert all(holding.citation for holding in reading.holdings)
    assert sum(v.attribute == "gia_m2" for h in reading.holdings for v in h.values) == 4


def test_positions() -> None:
    """Metres and degrees are told apart by magnitude; a swap is seen where the place must be London."""
    assert parse_position(530000, 180000).swapped is False
    assert parse_position(180000, 530000, london=True).easting == 530000
    assert parse_position(180000, 530000).easting == 180000
    assert parse_position(300000, 1100000).northing == 1100000
    assert parse_position(1100000, 300000).swapped is True
    for x, y in ((0, 0), (-1, 530000), (10, 70), (2.4, 60.9), (float("inf"), 1)):
        with pytest.raises(BadInput):
            parse_position(x, y)


def test_events(samples: Path, read_file: Read) -> None:
    """Kinds, scopes and dates as wide as they are printed; an event without a page is an error."""
    reading = read_file(samples / "events_made.csv")
    sold, whole, marketed, other, doubtful = reading.events
    assert (sold.kind, sold.scope, sold.earliest, sold.latest) == (
        "part sold",
        "part",
        date(2018, 3, 1),
        date(2018, 3, 31),
    )
    assert (sold.organisation_code, sold.holding_code, sold.homes, sold.receipt_gbp) == ("RZ1", "RZ101", 1800, 53e6)
    assert (whole.scope, whole.latest) == ("whole", date(2019, 12, 31))
    assert (marketed.scope, marketed.earliest) == ("whole", date(2015, 3, 12))
    assert (other.kind, other.note, other.earliest, other.scope) == ("other", "estate ballot; said so", None, "part")
    assert (doubtful.scope, doubtful.area_ha, doubtful.homes, doubtful.receipt_gbp) == ("other", None, None, None)
    wrong = dict(said(reading, "error"))
    assert "declared surplus, marketed" in wrong[6]
    assert wrong[7] == "source_url is blank; the row was not taken"
    assert "'last spring' is not a date" in wrong[8]
    assert "is not a web address" in wrong[10]
    assert len(said(reading, "warning")) == 4


def test_published_events(published: Path, read_file: Read) -> None:
    """The real compiled list: 86 events, every one taken, three of them undated."""
    reading = read_file(published / "ncl_site_events.csv")
    assert (len(reading.events), said(reading, "error"), said(reading, "warning")) == (86, [], [])
    assert sum(event.earliest is None for event in reading.events) == 3
    assert Counter(event.scope for event in reading.events) == {"other": 66, "whole": 13, "part": 7}
    st_anns = [event for event in reading.events if event.holding_code == "RRP03" and event.kind == "part sold"]
    assert [(e.latest, e.area_ha, e.receipt_gbp) for e in st_anns] == [(date(2018, 3, 31), 7.1, 53e6)]


def test_the_template(samples: Path, read_file: Read) -> None:
    """Blank claims nothing, words are claims, and the edition's columns speak for the file."""
    reading = read_file(samples / "template_made.csv")
    assert (reading.source, reading.label) == ("ERIC", "2023-24")
    assert (reading.period_start, reading.period_end) == (date(2023, 4, 1), date(2024, 3, 31))
    first, second, third = reading.holdings
    assert (first.sector, first.easting, first.northing, first.evidence_date) == (
        "NHS",
        533000,
        192000,
        date(2024, 3, 31),
    )
    assert [(v.attribute, v.number, v.text, v.state) for v in first.values] == [
        ("gia_m2", 12000, None, "reported"),
        ("land_owned_ha", 5.5, None, "reported"),
        ("backlog_high_gbp", None, None, "not applicable"),
        ("tenure", None, "freehold", "reported"),
    ]
    assert [v.attribute for v in second.values if v.implausible] == ["land_owned_ha"]
    assert (third.easting, third.evidence_date) == (None, None)
    assert [(v.attribute, v.state) for v in third.values] == [
        ("land_owned_ha", "not provided"),
        ("backlog_high_gbp", "not provided"),
    ]
    assert [line for line, _ in said(reading, "error")] == [4, 5, 6]
    assert [issue.field for issue in reading.issues if issue.severity == "note"] == ["colour"]


def test_the_template_header_reads_back(read_text: Read) -> None:
    """The header that the command prints is one the reader takes, with every attribute."""
    header = template_header()
    assert set(ATTRIBUTES) < set(header)
    row = ["RZ1", "Made Up", "NHS", "RZ101", "First", *[""] * (len(header) - 5)]
    hints = Hints(period="2024", source="survey", label="spring")
    reading = read_text(f"{','.join(header)}\n{','.join(row)}\n", hints=hints)
    assert (reading.source, reading.label, reading.issues, reading.holdings[0].values) == ("survey", "spring", (), ())


@pytest.mark.parametrize(
    ("cell", "said_of_it", "issues"),
    [
        ("2032-09", [("2032-09", "reported")], []),
        ("not applicable", [(None, "not applicable")], []),
        ("rolling", [], [("value-not-taken", "lease_end")]),
    ],
)
def test_the_end_of_a_lease_is_a_day(read_text: Read, cell: str, said_of_it: list[str], issues: list[str]) -> None:
    """The template takes a day, a month, a year or a word for none; anything else is an issue and no claim."""
    head = "organisation_code,organisation_name,sector,holding_code,name,lease_end"
    reading = read_text(f"{head}\nRZ1,Made Up,NHS,RZ101,First,{cell}\n", hints=Hints(period="2024"))
    assert [(value.text, value.state) for value in reading.holdings[0].values] == said_of_it
    assert [(issue.rule, issue.field) for issue in reading.issues] == issues


@pytest.mark.parametrize(
    ("columns", "rows", "reason"),
    [
        ("gia_m2", ["1"], "needs a column sector"),
        ("sector,label", ["NHS,one", "NHS,two"], "label differs between rows 2 and 3"),
        ("sector,period_start", ["NHS,spring"], "period_start 'spring' is not a date"),
        ("sector,period_start,period_end", ["NHS,2024,2023"], "is after period_end"),
    ],
)
def test_a_template_that_is_no_edition(read_text: Read, columns: str, rows: list[str], reason: str) -> None:
    """A missing column, or edition columns that contradict themselves, refuse the file."""
    head = f"organisation_code,organisation_name,holding_code,name,tenure,{columns}"
    body = "".join(f"RZ1,Made Up,RZ10{place},First,freehold,{row}\n" for place, row in enumerate(rows))
    with pytest.raises(BadInput, match=f"^file.csv: .*{reason}"):
        read_text(f"{head}\n{body}", insisted="template")


def test_organisations(samples: Path, read_file: Read) -> None:
    """Mergers are read with their day; unknown words and repeated codes are errors."""
    reading = read_file(samples / "organisations_made.csv")
    closed, heir = reading.organisations
    assert closed.status == "closed"
    assert closed.successions == (Succession(closed.code, "G9Z9S", date(2024, 11, 1)),)
    assert (heir.status, heir.opened) == ("active", None)
    assert [line for line, _ in said(reading, "error")] == [4, 5, 6]
    assert [line for line, _ in said(reading, "warning")] == [3]


def test_places(samples: Path, read_file: Read) -> None:
    """A holding stands at one place, each row says how that is known, and a successor is whole or not taken."""
    reading = read_file(samples / "places_made.csv")
    assert [(p.place, p.organisation_code, p.holding_code, p.succeeded_by) for p in reading.places] == [
        ("made-hospital", "RZ1", "RZ101", ("G9Z9S", "G9Z01")),
        ("made-hospital", "RZ2", "RZ201", None),
        ("made-hospital", "RZ3", "RZ301", None),
    ]
    assert said(reading, "error") == [
        (5, "RZ1 RZ101 already stands at made-hospital; the row was not taken"),
        (6, "evidence is blank; the row was not taken"),
    ]
    assert len(said(reading, "warning")) == 1


_HEADERS = sorted(
    {
        *template_header(),
        *(
            "event",
            "event_date",
            "source_url",
            "site_name",
            "place",
            "place_name",
            "evidence",
            "code",
            "kind",
            "X",
            "Y",
        ),
        *("Organisation Code", "Site Code", "Asset ID", "Gross internal floor area (m²)", "Size Land", "Council"),
    }
)
_CELLS = st.one_of(
    st.sampled_from(["", "NHS", "RZ1", "2015", "sold", "https://example.org", "1e5", "5 acres", "A", "0.1", "51.5"]),
    st.text(max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(_HEADERS), min_size=2, max_size=30), st.lists(st.lists(_CELLS, max_size=30), max_size=4)
)
def test_no_table_breaks_a_reader(header: list[str], rows: list[list[str]]) -> None:
    """Whatever is in a small table, every reader gives a reading or BadInput."""
    lines = (Row(line, tuple(cells)) for line, cells in enumerate([header, *rows], 1))
    read = tuple(lines)
    document = Document("f", Path("f"), "", 0, "table", (Sheet("", lambda: iter(read)),))
    for reader in READERS.values():
        try:
            reader.recognises(document)
            reading = reader.read(document, Hints(period="2016-17") if reader.format == "eric" else Hints())
        except BadInput:
            continue
        assert read_whole(reading).format == reader.format


def test_citations_that_do_not_pair(read_text: Read) -> None:
    """Where titles and pages differ in number, all of both are kept."""
    head = "Council,Asset ID,Tenure,Land or building,source_title,source_url"
    text = f"{head}\nCamden Council,A1,F,land,One page,https://example.org/1 | https://example.org/2\n"
    assert read_text(text).holdings[0].citation == "One page <https://example.org/1> <https://example.org/2>"


def test_amounts_are_numbers(read_text: Read) -> None:
    """A word for no figure is no area; the event is kept without it."""
    text = "site_name,event,event_date,source_url,area_ha\nx,sold,2015,https://example.org/1,n/a\n"
    reading = read_text(text)
    assert (reading.events[0].area_ha, said(reading, "warning")) == (None, [(2, "'n/a' is not a number; not taken")])
