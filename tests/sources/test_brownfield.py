from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from documents import Read, open_bytes, read_whole

from estates_api.domain.records import HoldingRecord
from estates_api.errors import BadInput
from estates_api.sources import find_reader
from estates_api.sources.reader import Hints

ReadFile = Callable[..., Read]


def said(holding: HoldingRecord) -> dict[str, object]:
    """What is claimed of an entry: number, text or state."""
    return {v.attribute: v.number if v.number is not None else v.text or v.state for v in holding.values}


def test_the_register_of_2017(samples: Path, read_file: ReadFile) -> None:
    """Every column that an estates planner needs becomes a claim with its unit; the hectares are nobody's land."""
    read = read_file(samples / "brownfield_2017_made.csv")
    assert (read.format, read.source, read.period_end) == ("brownfield", "brownfield land register", None)
    depot = read.holdings[0]
    assert (depot.organisation_code, depot.code, depot.postcode) == ("E09000007", "BLR-1", "NW1 2BU")
    assert depot.evidence_date == date(2017, 12, 15)
    assert said(depot) == {
        "ownership_status": "owned by a public authority", "planning_status": "permissioned",
        "permission_type": "full planning permission", "permission_date": "2016-05-04",
        "planning_history": "https://example.org/a|https://example.org/b", "site_plan": "https://example.org/plan/1",
        "deliverable": "yes", "permission_in_principle": "yes", "development_description": "Homes above a clinic",
        "interest": "unknown", "status_note": "Made up; Beside a hospital", "opened_on": "2017-12-01",
        "register_ha": 0.45, "homes_low": 40.0, "homes_high": 55.0,
    }  # fmt: skip


def test_the_planning_authority_is_no_owner(samples: Path, read_file: ReadFile) -> None:
    """The council publishes; neither its sector nor an interest makes it the owner of what is on its register."""
    read = read_file(samples / "brownfield_2017_made.csv")
    assert {(h.sector, h.organisation_sector) for h in read.holdings} == {("unknown", "council")}
    assert {said(h)["interest"] for h in read.holdings} == {"unknown"}
    assert all("land_ha" not in said(h) for h in read.holdings)


def test_land_that_is_not_public_is_counted_and_left_out(samples: Path, read_file: ReadFile) -> None:
    """One note says how many entries are not public estate; they become nothing else."""
    read = read_file(samples / "brownfield_2017_made.csv")
    (note,) = [issue for issue in read.issues if issue.rule == "rows-left-out"]
    assert note.reason.endswith("left out: 1, the first on line 6")
    assert "BLR-5" not in [holding.code for holding in read.holdings]


def test_positions_are_what_they_are(samples: Path, read_file: ReadFile) -> None:
    """Swapped degrees and metres are put right, metres in a WGS84 column are metres, and 0, 0 is nowhere."""
    read = read_file(samples / "brownfield_2017_made.csv")
    depot, yard, garage, mill, works = read.holdings
    assert (depot.easting, depot.northing) == (pytest.approx(529345, abs=1), pytest.approx(182309, abs=1))
    assert (yard.easting, yard.northing) == (depot.easting, depot.northing)
    assert (garage.easting, garage.northing, mill.easting) == (529345, 182309, None)
    assert (works.easting, works.northing) == (529345, 182309)
    assert [(i.line, i.rule) for i in read.issues if i.rule in {"position-swapped", "crs-contradicted"}] == [
        (3, "position-swapped"), (4, "crs-contradicted"), (7, "position-swapped"),
    ]  # fmt: skip
    assert [i.line for i in read.issues if i.rule == "position-not-taken"] == [5]


def test_what_is_wrong_is_told(samples: Path, read_file: ReadFile) -> None:
    """Unknown words, numbers that are none, ranges upside down, repeated and nameless entries are issues."""
    read = read_file(samples / "brownfield_2017_made.csv")
    assert {i.rule for i in read.issues if i.line == 7} == {
        "value-not-taken", "value-unreadable", "homes-range", "position-swapped",
    }  # fmt: skip
    assert [(i.line, i.rule) for i in read.issues if i.severity == "error" and i.rule.startswith("row-")] == [
        (8, "row-repeated"), (9, "row-unreadable"),
    ]  # fmt: skip
    assert said(read.holdings[1])["homes_low"] == 90
    assert said(read.holdings[2])["ownership_status"] == "owned by a public authority"


def test_the_later_form(samples: Path, read_file: ReadFile) -> None:
    """Names in any case and punctuation; the council by code or URI; an entry off the register says since when."""
    read = read_file(samples / "brownfield_2019_made.csv", Hints(period="2019-12"))
    wharf, sidings = read.holdings
    assert (wharf.organisation_code, sidings.organisation_code) == ("E09000014", "E09000014")
    assert (wharf.code, wharf.evidence_date, wharf.postcode) == ("BLR-HRY-1", None, "N15 3TH")
    assert said(sidings)["ended_on"] == "2019-11-30"
    (ended,) = [i.reason for i in read.issues if i.rule == "holding-ended"]
    assert ended.startswith("entries with an end date, which are off the register: 1, the first on line 3; one that")


def test_the_national_data_set(samples: Path, read_file: ReadFile) -> None:
    """planning.data.gov.uk names its fields otherwise and gives points as text; an entry must name its council."""
    read = read_file(samples / "brownfield_entity_made.csv")
    park, sea = read.holdings
    assert (park.organisation_code, park.code, park.name) == ("E09000019", "BLR-ISL-7", "Made Clinic Car Park")
    assert (park.easting, park.northing) == (pytest.approx(531710, abs=10), pytest.approx(183610, abs=20))
    assert (said(park)["homes_low"], said(park)["homes_high"]) == (10, 12)
    assert sea.easting is None
    assert [(i.line, i.rule) for i in read.issues if i.severity == "error"] == [(3, "row-unreadable")]


def test_a_register_that_does_not_say_whose(samples: Path) -> None:
    """Without a column or a hint for the council the register is refused; with a hint it is read."""
    text = b"SiteReference,OwnershipStatus,Hectares,GeoX,GeoY\n1,mixed ownership,1,-0.1,51.5\n"
    document = open_bytes("x.csv", text)
    reader = find_reader(document)
    assert reader.format == "brownfield"
    with pytest.raises(BadInput, match="no column names the council"):
        reader.read(document, Hints())
    read = read_whole(reader.read(document, Hints(organisation_code="E09000003", organisation_name="Barnet")))
    assert [(h.organisation_code, h.name) for h in read.holdings] == [("E09000003", "BLR-1")]
