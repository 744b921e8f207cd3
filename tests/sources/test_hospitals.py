from collections.abc import Callable
from pathlib import Path

import pytest
from documents import Read, open_bytes, read_whole

from estates_api.errors import BadInput
from estates_api.sources import find_reader
from estates_api.sources.reader import Hints

ReadFile = Callable[..., Read]


def rough(read: Read, code: str) -> str | None:
    """The rough position claimed of one hospital."""
    values = next(one.values for one in read.holdings if one.code == code)
    return next((value.text for value in values if value.attribute == "rough_position"), None)


def test_hospitals_become_holdings_of_their_parent(samples: Path, read_file: ReadFile) -> None:
    """Code, parent, name, address and postcode; the sector is by the parent's code, never by the list's column."""
    read = read_file(samples / "hospitals_made_cp1252.csv", Hints(period="2018-01"))
    assert read.format == "hospitals"
    assert [(h.organisation_code, h.code, h.sector, h.postcode) for h in read.holdings] == [
        ("RZ1", "RZ101", "NHS", "N18 1QX"),
        ("RZ1", "RZ102", "NHS", "N18 1QX"),
        ("NZ9", "NZ999", "private", None),
    ]
    assert (read.holdings[0].address, read.holdings[0].name) == ("1 Made Street, London", "First Made Hospital")
    assert [(i.line, i.rule) for i in read.issues] == [
        (4, "value-not-taken"), (4, "value-not-taken"), (5, "row-repeated"), (6, "row-unreadable"),
        (None, "sector-doubtful"), (None, "sector-doubtful"),
    ]  # fmt: skip


def test_coordinates_are_no_better_than_a_postcode(samples: Path, read_file: ReadFile) -> None:
    """Longitudes in powers of ten go through OSTN15, and never place a site as its owner's own point would."""
    read = read_file(samples / "hospitals_made_cp1252.csv")
    easting, northing = (float(part) for part in (rough(read, "RZ101") or "").split())
    assert (easting, northing) == (pytest.approx(533469, abs=1), pytest.approx(192231, abs=1))
    assert all(holding.easting is None for holding in read.holdings)
    assert rough(read, "RZ102") is None


def test_a_copy_saved_as_utf_8(samples: Path) -> None:
    """Saved anew as UTF-8, well or with ¬ turned into Â¬, the list is the same list."""
    plain = (samples / "hospitals_made_cp1252.csv").read_bytes()
    proper = plain.decode("cp1252").encode()
    mangled = proper.decode("cp1252").encode()
    first, *others = (
        read_whole(find_reader(one).read(one, Hints()))
        for one in (open_bytes("h.csv", content) for content in (plain, proper, mangled))
    )
    for other in others:
        assert [(h.code, h.name, h.address, h.postcode, h.organisation_name) for h in other.holdings] == [
            (h.code, h.name, h.address, h.postcode, h.organisation_name) for h in first.holdings
        ]
        assert rough(other, "RZ101") == rough(first, "RZ101")


def test_the_published_list(published: Path, read_file: ReadFile) -> None:
    """The real list of January 2018: all 46 rows, every postcode and position, Barnet and Chase Farm as NHS sites."""
    read = read_file(published / "ods/nhs_choices_hospital_ncl_raw_cp1252.csv", Hints(period="2018-01"))
    assert (len(read.holdings), [i for i in read.issues if i.severity != "note"]) == (46, [])
    assert all(holding.postcode and rough(read, holding.code) for holding in read.holdings)
    sectors = {holding.code: holding.sector for holding in read.holdings}
    assert (sectors["RAL26"], sectors["RALC7"], sectors["NT416"]) == ("NHS", "NHS", "private")
    assert {i.raw for i in read.issues} == {None}
    assert sum(i.rule == "sector-doubtful" for i in read.issues) == 2


def test_what_it_needs() -> None:
    """Insisting on another file names the columns it lacks."""
    document = open_bytes("x.csv", b"OrganisationCode,Sector\nRZ101,NHS\n")
    with pytest.raises(BadInput, match="the list of hospitals needs columns OrganisationName, ParentODSCode"):
        find_reader(document, "hospitals").read(document, Hints())
