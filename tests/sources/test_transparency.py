from collections.abc import Callable
from pathlib import Path

import pytest
from documents import Read, open_bytes, read_whole

from estates_api.domain.area import parse_area
from estates_api.domain.records import HoldingRecord
from estates_api.errors import BadInput
from estates_api.sources import find_reader
from estates_api.sources.positions import parse_point
from estates_api.sources.reader import Hints
from estates_api.sources.sizes import unit_of

ReadText = Callable[..., Read]
BARNET = Hints(period="2022", organisation_code="E09000003")
ODD = "Terrier number,What it is,Where it is,Held as,Space\nT1,Made Hall,1 Made Street,F,5000 sq ft\n"
PROFILE = {
    "asset_id": ("Terrier number",), "name": ("What it is",), "address": ("Where it is",), "tenure": ("Held as",),
    "building_size": ("Space",),
}  # fmt: skip


def said(holding: HoldingRecord) -> dict[str, object]:
    """What is claimed of an asset: number, text or state."""
    return {v.attribute: v.number if v.number is not None else v.text or v.state for v in holding.values}


def read_with(text: str, hints: Hints) -> Read:
    """The list, found and read as the service does it."""
    document = open_bytes("assets.csv", text.encode())
    return read_whole(find_reader(document, None, hints).read(document, hints))


def test_odd_headers_need_no_code() -> None:
    """A council whose headers nobody knows is read by those that the area profile gives for it."""
    with pytest.raises(BadInput, match="no format fits"):
        read_with(ODD, BARNET)
    for code in ("E09000003", None):  # with the council named, or found among the area's by its columns
        hints = Hints(period="2022", organisation_code=code, organisation_name="Barnet", aliases={"E09000003": PROFILE})
        read = read_with(ODD, hints)
        (hall,) = read.holdings
        assert (hall.organisation_code, hall.code, hall.name, hall.address) == (
            "E09000003", "T1", "Made Hall", "1 Made Street",
        )  # fmt: skip
        assert (said(hall)["gia_m2"], said(hall)["tenure"]) == (464.5152, "freehold")


def test_the_headers_of_one_council_are_not_anothers() -> None:
    """With the council named, only its own headers are added to the general ones."""
    hints = Hints(period="2022", organisation_code="E09000007", aliases={
        "E09000003": PROFILE, "E09000007": {"asset_id": ("Ref",)},
    })  # fmt: skip
    with pytest.raises(BadInput, match="no format fits"):
        read_with(ODD, hints)


def test_a_profile_may_be_wrong() -> None:
    """A field that no list has is refused with the fields there are."""
    with pytest.raises(
        BadInput, match="headers of E09000003 for 'colour'; the fields are organisation, organisation_uri"
    ):
        read_with(ODD, Hints(organisation_code="E09000003", aliases={"E09000003": {"colour": ("Hue",)}}))


def test_the_profile_of_the_area_says_it_in_its_own_words() -> None:
    """What the shipped profile gives as its example is what a profile may say."""
    shipped = (Path(__file__).parents[2] / "data/areas/ncl.toml").read_text()
    example = "\n".join(line[3:].strip() for line in shipped.splitlines() if line.startswith("#   "))
    area = parse_area(f"{shipped}\n{example}\n".encode(), "ncl.toml")
    text = "Terrier number,Name,Address,Tenure,Net useable area (sq ft)\nT1,Made Hall,1 Made Street,F,1000\n"
    read = read_with(text, Hints(period="2022", organisation_code="E09000003", aliases=area.headers))
    assert said(read.holdings[0])["gia_m2"] == 92.90304


@pytest.mark.parametrize(
    ("columns", "cells", "category"),
    [
        ("Tenure Category", "Vacant", "Vacant"),
        ("Vacant (Y/N)", "Y", "vacant"),
        ("Vacant", "no", None),
        ("Occupied by LA", "Yes", "occupied by the local authority"),
        ("Let", "x", "let"),
        ("Tenure detail,Vacant", "Licence,true", "Licence; vacant"),
    ],
)
def test_how_an_asset_is_used(read_text: ReadText, columns: str, cells: str, category: str | None) -> None:
    """The Code's characteristics are claims, whether stated in words or ticked in columns of their own."""
    text = f"Asset ID,Name,Address,Tenure,{columns}\nA1,Made Hall,1 Made Street,F,{cells}\n"
    assert said(read_text(text, hints=BARNET).holdings[0]).get("tenure_category") == category


@pytest.mark.parametrize(
    ("header", "cell", "attribute", "day"),
    [
        ("Lease expiry date", "2032-09", "lease_end", "2032-09"),
        ("Lease End", "25/03/2031", "lease_end", "25/03/2031"),
        ("Break clause date", " 2027 ", "lease_break", "2027"),
        ("Lease expiry", "rolling", "lease_end", None),
        ("Lease expiry", "", "lease_end", None),
    ],
)
def test_when_a_lease_ends(read_text: ReadText, header: str, cell: str, attribute: str, day: str | None) -> None:
    """The end of a lease and its first break are claims, as the list states them; what is no date is an issue."""
    read = read_text(f"Asset ID,Name,Address,Tenure,{header}\nA1,Made Hall,1 Made Street,L,{cell}\n", hints=BARNET)
    assert said(read.holdings[0]).get(attribute) == day
    found = [(issue.rule, issue.field, issue.raw) for issue in read.issues if issue.raw == "rolling"]
    assert found == ([("value-not-taken", "Lease expiry", "rolling")] if cell == "rolling" else [])


@pytest.mark.parametrize(
    ("header", "cell", "form"),
    [
        ("Land or building", "Land", "land only"),
        ("Land or building", "Land only (without a permanent building)", "land only"),
        ("Land or building", "Building", "land with permanent building"),
        ("Holding type", "Land with a permanent building", "land with permanent building"),
        ("Land only", "Yes", "land only"),
        ("Land only (Y/N)", "n", "land with permanent building"),
        ("Land or building", "Airspace", "Airspace"),
    ],
)
def test_land_and_buildings_in_one_spelling(read_text: ReadText, header: str, cell: str, form: str) -> None:
    """Whatever a council writes for land without a building, it is the same claim; other words stay."""
    text = f"Asset ID,Name,Address,Tenure,{header}\nA1,Made Plot,1 Made Street,F,{cell}\n"
    value = next(v for v in read_text(text, hints=BARNET).holdings[0].values if v.attribute == "land_or_building")
    assert (value.text, value.raw) == (form, cell)


@pytest.mark.parametrize(
    ("cell", "uprn", "rule"),
    [
        ("100012345678", "100012345678", None),
        ("000012345678", "12345678", None),
        ("12345678.0", "12345678", None),
        ("1.00E+11", None, "uprn-damaged"),
        ("1.00012E+11", None, "uprn-damaged"),
        ("unknown", None, "value-not-taken"),
        ("1234567890123", None, "value-not-taken"),
    ],
)
def test_uprns_are_whole_or_nothing(read_text: ReadText, cell: str, uprn: str | None, rule: str | None) -> None:
    """Padding and a spreadsheet's `.0` come off; a rounded number is damage, and is told as that."""
    text = f"Asset ID,UPRN,Name,Address,Tenure\nA1,{cell},Made Hall,1 Made Street,F\n"
    read = read_text(text, hints=BARNET)
    assert read.holdings[0].uprn == uprn
    assert [issue.rule for issue in read.issues] == ([rule] if rule else [])


@pytest.mark.parametrize("cell", ["POINT (-0.136911 51.524891)", '"(51.524891, -0.136911)"', '"529345,182309"'])
def test_a_point_in_one_cell(read_text: ReadText, cell: str) -> None:
    """Open data sites print a point in one column, latitude first or longitude first; both are usual."""
    text = f"Asset ID,Name,Address,Tenure,Location\nA1,Made Hall,1 Made Street,F,{cell}\n"
    read = read_text(text, hints=BARNET)
    hall = read.holdings[0]
    assert (hall.easting, hall.northing) == (pytest.approx(529345, abs=1), pytest.approx(182309, abs=1))
    assert read.issues == ()
    assert hall.position_text == cell.strip('"')


def test_a_location_that_is_no_point(read_text: ReadText) -> None:
    """A column of that name may hold words: the asset has no position by it, and that is told."""
    text = "Asset ID,Name,Address,Tenure,Location\nA1,Made Hall,1 Made Street,F,by the river\n"
    read = read_text(text, hints=BARNET)
    assert read.holdings[0].easting is None
    assert [issue.rule for issue in read.issues] == ["value-not-taken"]
    for text in ("POINT EMPTY", "1", "1 2 3", "1e999 2"):
        with pytest.raises(BadInput, match="is not a point"):
            parse_point(text)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("GIA (sqm)", "m2"), ("Size (sq. ft)", "ft2"), ("Hectares", "ha"), ("square metres", "m2"), ("5 acres", "acre"),
     ("metres squared", "m2"), ("Size", None)],
)  # fmt: skip
def test_units_in_words(text: str, unit: str | None) -> None:
    """A unit is found however it is written; where none is, none is made up."""
    assert unit_of(text) == unit


def test_a_list_with_nothing_but_what_is_and_where(read_text: ReadText) -> None:
    """Without coordinates, UPRN and sizes, as Barnet's public list is, every asset is taken."""
    text = "Asset ID,Name,Address,Postcode,Tenure\n" + "".join(
        f"A{n},Hall {n},{n} Street,EN5 5TS,F\n" for n in range(3)
    )
    read = read_text(text, hints=BARNET)
    assert [(h.easting, h.uprn, h.postcode) for h in read.holdings] == [(None, None, "EN5 5TS")] * 3
    assert read.issues == ()
