import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from documents import Read, open_bytes, read_whole

from estates_api.errors import BadInput
from estates_api.sources import find_reader
from estates_api.sources.ods import is_trust, trust_of
from estates_api.sources.reader import Hints

ReadFile = Callable[..., Read]
HEADER = ",".join(["ORGANISATION CODE", "NAME", *(f"FIELD {place}" for place in range(3, 28))])


def claims(read: Read, code: str) -> dict[str, str | None]:
    """The texts claimed of one holding."""
    (holding,) = [one for one in read.holdings if one.code == code]
    return {value.attribute: value.text for value in holding.values}


def test_sites_of_trusts_become_holdings_with_a_place(samples: Path, read_file: ReadFile) -> None:
    """A site row is a holding of its trust with address and postcode, and without any measure."""
    read = read_file(samples / "ets_made_20240229.csv")
    assert (read.format, read.source, read.label, read.period_end) == (
        "ets",
        "ODS ets",
        "2024-02-29",
        date(2024, 2, 29),
    )
    assert [(h.organisation_code, h.code, h.postcode) for h in read.holdings] == [
        ("RZ1", "RZ101", "N18 1QX"),
        ("RZ1", "RZ102", "N18 1QX"),
        ("G9Z9S", "RZ2A1", "N18 1QX"),
        ("RZ1", "RZ103", None),
        ("RZ1", "RZ104", None),
    ]
    assert read.holdings[0].address == "1 MADE STREET, LONDON"
    assert all(value.number is None for holding in read.holdings for value in holding.values)


def test_a_closed_site_says_so(samples: Path, read_file: ReadFile) -> None:
    """A close date is a claim, and one note counts the sites that have one: nobody takes them for live ones."""
    read = read_file(samples / "ets_made_20240229.csv")
    assert claims(read, "RZ101") == {"ods_status": "active", "opened_on": "1991-04-01"}
    assert claims(read, "RZ102") == {
        "ods_status": "closed", "opened_on": "1991-04-01", "ended_on": "2014-06-30",
    }  # fmt: skip
    (note,) = [i for i in read.issues if i.severity == "note"]
    reason = "sites with a close date, which are not in use: 1, the first on line 2; "
    assert (note.rule, note.reason) == ("holding-ended", f"{reason}one that has ended is no site of its own")


def test_damaged_site_rows_are_issues(samples: Path, read_file: ReadFile) -> None:
    """Repeated, trustless and impossible rows are errors with their line; a wrong postcode costs only itself."""
    read = read_file(samples / "ets_made_20240229.csv")
    assert [(i.line, i.severity) for i in read.issues if i.severity != "note"] == [
        (5, "warning"), (6, "error"), (7, "error"), (8, "error"),
    ]  # fmt: skip
    assert read.rows == 8


def test_branches_belong_to_a_practice(samples: Path, read_file: ReadFile) -> None:
    """A branch surgery names its practice, or its code does; its status is the file's or follows from its dates."""
    read = read_file(samples / "ebranchs_made.csv")
    assert [(o.code, o.kind, o.parent_code, o.status) for o in read.organisations] == [
        ("Z00001001", "branch surgery", "Z00001", "active"),
        ("Z00001002", "branch surgery", "Z00001", "closed"),
        ("Z00002001", "branch surgery", "Z00002", "closed"),
    ]


def test_trusts(samples: Path, read_file: ReadFile) -> None:
    """The list of trusts gives organisations with their address; a dissolved one is closed."""
    read = read_file(samples / "etr_made.csv")
    assert [(o.code, o.kind, o.status) for o in read.organisations] == [
        ("RZ1", "NHS trust", "active"), ("RZ3", "NHS trust", "closed"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["ets_made_20240229.csv", "ebranchs_made.csv", "etr_made.csv"])
def test_a_header_row_that_somebody_added(samples: Path, name: str) -> None:
    """With a header above, the file is the same file."""
    content = (samples / name).read_bytes()
    plain, headed = (open_bytes("x.csv", head + content) for head in (b"", f"{HEADER}\r\n".encode()))
    first, second = (read_whole(find_reader(one).read(one, Hints())) for one in (plain, headed))
    assert first.format == second.format
    assert (len(first.holdings), len(first.organisations)) == (len(second.holdings), len(second.organisations))


@pytest.mark.parametrize("insisted", ["epraccur", "ebranchs", "etr"])
def test_another_ods_file_is_not_read_by_insisting(samples: Path, insisted: str) -> None:
    """The codes say which file it is: practices read as sites would be sites of their commissioner."""
    document = open_bytes("x.csv", (samples / "ets_made_20240229.csv").read_bytes())
    with pytest.raises(BadInput, match=f"ODS {insisted} has 27 fields in each row, first a"):
        find_reader(document, insisted).read(document, Hints())


def test_a_zip_is_to_be_unpacked(samples: Path) -> None:
    """ODS publishes these files zipped: what to do with the archive is said in one line."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("epraccur.csv", (samples / "epraccur_made_20191001.csv").read_bytes())
    with pytest.raises(BadInput, match=r"zip archive.*unpack") as error:
        open_bytes("epraccur.zip", stream.getvalue())
    assert "\n" not in error.value.detail


def test_the_trust_of_a_site() -> None:
    """As stated, else by the code; a code that says nothing is refused."""
    assert (trust_of("RAL01"), trust_of("RAL01", "G6V2S")) == ("RAL", "G6V2S")
    assert (is_trust("TAF"), is_trust("NT4"), is_trust("RAL01")) == (True, False, False)
    for code in ("NT416", "RAL", "ABCDEF"):
        with pytest.raises(BadInput, match="which trust"):
            trust_of(code)
