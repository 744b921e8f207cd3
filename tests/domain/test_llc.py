"""The schema llc/1: every entry becomes a row that fits it, and every cell that does not fit is told."""

import re
from dataclasses import replace
from typing import Any

import pytest
from builders import FEW, any_site, event, full, shortlist_of, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.llc import DECIDED, FIELDS, llc_rows
from estates_api.domain.llc_check import open_table
from estates_api.domain.sites import Surroundings
from estates_api.domain.transitions import FIRST, STATES
from estates_api.errors import BadInput

SHA256 = "cd" * 32
SQUARE = "MULTIPOLYGON(((530000 190000,530100.5 190000,530100.5 190100,530000 190000)))"
RELEASE = site(
    full(land_owned_ha=13.0, idle_land_ha=1.3), ref="NCL-2", surroundings=Surroundings(ptal="0", need_decile=10.0),
    easting=530_000.5, northing=190_000.0, lon=-0.1, lat=51.5, postcode="N15 3TH", events=(event("declared surplus"),),
)  # fmt: skip


def row(**more: Any) -> dict[str, Any]:
    """The row of one site for release."""
    (found,) = llc_rows(shortlist_of(RELEASE, **more), SHA256)
    return found


def texts(values: dict[str, Any]) -> list[str]:
    """The cells as CSV has them."""
    return ["" if value is None else str(value) for value in values.values()]


def faults_of(**changes: str) -> dict[str, str]:
    """What is wrong with a good row after changes to its cells, by field."""
    cells = dict(zip(FIELDS, texts(row()), strict=True)) | changes
    return {fault.field: fault.reason for fault in open_table(list(FIELDS)).check(2, list(cells.values()))}


def test_a_row_says_what_the_entry_says() -> None:
    """Identity, place, land, scores and standing stand in the columns of the schema, with the list's fingerprint."""
    found = row(uprn="10012345678", title_number="NGL1", outline=SQUARE, adjacent_owners="A Council", adjacent_ha=0.5)
    assert list(found) == list(FIELDS)
    wanted = {
        "site_reference": "NCL-2", "owner_body": "Royal Free London", "owner_type": "NHS", "uprn": "10012345678",
        "title_number": "NGL1", "area_ha": 13.0, "tenure": "freehold", "geometry": SQUARE, "route": "release",
        "potential_surplus": "surplus", "availability": None, "planning_status": None, "address": None,
        "status_basis": "surplus: declared surplus, 2018-03", "adjacent_public_owners": "A Council",
        "adjacent_public_ha": 0.5, "quarter": "2018-Q4", "hash": SHA256, "method": "ncl-1", "sensitivity": "public",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert "green belt: unknown" in found["limits"]
    assert "service" in found["checks"]


def test_without_an_outline_it_is_a_point_and_without_a_position_nothing() -> None:
    """A position is written as a point; nothing is made up where there is none."""
    assert row()["geometry"] == "POINT (530000.5 190000.0)"
    (found,) = llc_rows(shortlist_of(replace(RELEASE, easting=None, northing=None)), SHA256)
    assert (found["geometry"], found["easting"]) == (None, None)


@pytest.mark.parametrize(
    ("state", "window", "wanted"),
    [
        ("identified", None, ("surplus", "on the market")),
        ("proposed surplus", None, ("potentially surplus", None)),
        ("registered", "in window", ("surplus", "offered to public bodies")),
        ("registered", "open market", ("surplus", None)),
        ("in disposal", None, ("surplus", "on the market")),
        ("retained", None, ("not surplus", "not available")),
    ],
)
def test_decisions_count_before_what_sources_state(state: str, window: str | None, wanted: tuple[str, ...]) -> None:
    """A site that was marketed and then retained by its owner's board is not surplus, and says why."""
    listed = shortlist_of(replace(RELEASE, events=(event("marketed"),)))
    listed["entries"][0] |= {"state": state, "surplus_window": window}
    (found,) = llc_rows(listed, SHA256)
    assert (found["potential_surplus"], found["availability"]) == wanted
    assert found["status_basis"].startswith(f"decisions recorded here: {state}") is (state != "identified")


def test_every_state_of_a_decision_is_read() -> None:
    """No state but the first, at which nothing was decided, is passed over."""
    assert set(DECIDED) == {*STATES} - {FIRST}


def test_a_list_of_an_earlier_version_is_read() -> None:
    """What an older frozen entry does not have is blank, not an error."""
    old = shortlist_of(RELEASE)
    for name in ("potential_surplus", "availability", "planning_status", "status_basis", "outline", "uprn", "limits"):
        del old["entries"][0][name]
    (found,) = llc_rows(old, SHA256)
    assert (found["potential_surplus"], found["uprn"], found["limits"]) == (None, None, None)


@FEW
@given(st.lists(any_site(), max_size=4, unique_by=lambda one: one.ref))
def test_what_we_export_always_passes(sites: list) -> None:
    """Whatever the sites say, every row fits the schema."""
    table = open_table(list(FIELDS))
    for line, found in enumerate(llc_rows(shortlist_of(*sites), SHA256), start=2):
        assert table.check(line, texts(found)) == []
    assert table.failed == 0


BAD = {
    "site_reference": ["", "a b", "x" * 70], "owner_type": ["public", "NHS, council"], "name": ["", "  "],
    "postcode": ["N153TH", "nowhere"], "uprn": ["1.00E+11", "12a"], "borough_gss": ["Barnet", "E9000003", "E09000034"],
    "area_ha": ["-1", "4 ha", "1,5", "nan", "inf"], "tenure": ["Freehold", "lease"], "easting": ["-1", "700001"],
    "northing": ["51.5°", "1300001"], "precision": ["", "exact"], "geometry": ["SRID=27700;POINT (1 2)", "here"],
    "potential_surplus": ["yes"], "availability": ["maybe"], "planning_status": ["refused"],
    "homes_low": ["1.5", "-3", "many"], "homes_high": ["1e2"], "homes_basis": ["guess"], "ptal": ["7", "4.0"],
    "station_m": ["near"], "adjacent_public_ha": ["-0.1"], "list": ["", "next"], "route": ["", "sell"],
    "score": ["", "101"],
    "p_top_k": ["1.2"], "coverage": ["", "87 %"], "sensitivity": ["secret"], "evidence_date": ["31/03/2017", "2017"],
    "method": [""], "quarter": ["2018-Q5", "2018Q4"], "hash": ["", "CD" * 32, "cd"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_each_planted_defect_is_found_on_its_field(name: str, text: str) -> None:
    """One bad cell is one fault, on its field, which says what is wanted."""
    found = faults_of(**{name: text})
    assert list(found) == [name]
    assert "wanted: " in found[name]


def test_no_message_is_a_regular_expression() -> None:
    """What a pattern wants is said in words."""
    for field in FIELDS.values():
        assert bool(field.pattern) == bool(field.like)
        assert not re.search(r"[\[\]{}\\|]", field.like)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"geometry": "POINT (530000.5 190000.9)"}, ""),
        ({"geometry": "POINT (530000.5 190050)", "precision": "postcode"}, ""),
        ({"geometry": "POINT (530000.5 190150)", "precision": "postcode"}, "lies 150 m from easting 530,000.5"),
        ({"geometry": "POINT (530000.5 190002)", "precision": "uprn"}, "lies 2 m from easting"),
        ({"geometry": SQUARE, "precision": "outline"}, ""),
        ({"geometry": SQUARE, "precision": "outline", "easting": "531000"}, "lies 900 m from easting 531,000"),
        ({"geometry": "POLYGON ((1 1, 2 2"}, "does not fit"),
        ({"geometry": "POLYGON ((1 1, 2 2))"}, "is no shape that can be drawn"),
        ({"geometry": "POINT (1 2)", "easting": "", "northing": ""}, ""),
    ],
)
def test_the_position_is_that_of_the_geometry(changes: dict[str, str], told: str) -> None:
    """Easting and northing lie in the geometry, within the precision that the row states and a metre."""
    found = faults_of(**changes)
    assert list(found) == (["geometry"] if told else [])
    assert told in found.get("geometry", "")


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("Haringey", "E09000014", ""), ("London Borough of Haringey", "E09000014", ""),
        ("City of Westminster", "E09000033", ""), ("Kensington & Chelsea", "E09000020", ""),
        ("St Albans", "E07000240", ""), ("", "E09000014", ""), ("Haringey", "", ""),
        ("Haringey", "E09000003", "is the code of Barnet, and Haringey is E09000014"),
        ("Haringay", "E09000014", "is the code of Haringey"), ("Haringey", "E07000240", "Haringey is E09000014"),
    ],
)  # fmt: skip
def test_a_code_is_that_of_its_borough(name: str, code: str, told: str) -> None:
    """London's boroughs are known by code and by name, also in a table of one row; of others nothing is known."""
    found = faults_of(borough=name, borough_gss=code)
    assert list(found) == (["borough_gss"] if told else [])
    assert told in found.get("borough_gss", "")


@pytest.mark.parametrize(
    ("easting", "northing", "code", "good"),
    [
        ("530000", "190000", "E09000014", True), ("503600", "176000", "E09000017", True),
        ("190000", "530000", "E09000014", False), ("0.1", "51.5", "E09000014", False),
        ("400000", "300000", "E09000014", False), ("400000", "300000", "E08000025", True),
        ("400000", "300000", "", True), ("", "", "E09000014", True),
    ],
)  # fmt: skip
def test_a_site_of_a_london_borough_lies_in_london(easting: str, northing: str, code: str, good: bool) -> None:
    """Swapped coordinates, degrees for metres, and another end of the country are told."""
    found = faults_of(easting=easting, northing=northing, borough="", borough_gss=code, geometry="")
    assert list(found) == ([] if good else ["easting"])
    assert good or "lies outside London" in found["easting"]


def test_every_limited_field_has_a_defect_above() -> None:
    """No field that can be wrong is left out of the test before."""
    limited = {field.name for field in FIELDS.values()
               if field.type != "string" or field.enum or field.pattern or field.required}  # fmt: skip
    assert set(BAD) == limited


@FEW
@given(st.lists(st.sampled_from([(name, text) for name, texts in BAD.items() for text in texts if name != "quarter"]),
                min_size=1, max_size=6, unique_by=lambda pair: pair[0]), st.integers(0, 5))  # fmt: skip
def test_planted_defects_are_found_on_their_lines(planted: list[tuple[str, str]], good: int) -> None:
    """Any defects among any good rows: each on its line and field, and no other."""
    table, cells = open_table(list(FIELDS)), dict(zip(FIELDS, texts(row()), strict=True))
    found = []
    for line in range(2, 2 + good):
        found += table.check(line, list((cells | {"site_reference": f"GOOD-{line}"}).values()))
    found += table.check(99, list((cells | dict(planted)).values()))
    told = {(fault.line, fault.field) for fault in found if "go together" not in fault.reason}
    assert told == {(99, name) for name, _ in planted}
    assert (table.rows, table.failed) == (good + 1, 1)


def test_what_no_cell_says_by_itself() -> None:
    """Homes in the wrong order, half a position, a site twice in one quarter, and cells beyond the header."""
    assert faults_of(homes_low="9", homes_high="3") == {"homes_low": "9 is more than homes_high 3"}
    assert list(faults_of(northing="")) == ["northing"]
    table = open_table(list(FIELDS))
    here = row() | {"borough": "Barnet", "borough_gss": "E09000003"}
    assert table.check(2, texts(here)) == []
    for line, other in enumerate(({"borough": "Camden"}, {"borough_gss": "E09000007"}), start=3):
        (fault,) = table.check(line, texts(here | other | {"site_reference": f"NCL-{line}"}))
        assert (fault.line, fault.field) == (line, "borough_gss")
        assert (
            fault.reason
            == [
                "E09000003 is the code of Barnet, and Camden is E09000007",
                "E09000007 is the code of Camden, and Barnet is E09000003",
            ][line - 3]
        )
    elsewhere = {"borough": "St Albans", "borough_gss": "E07000240", "easting": "", "northing": "", "geometry": ""}
    assert table.check(5, texts(row() | elsewhere | {"site_reference": "NCL-5"})) == []
    for line, other in enumerate(({"borough": "Dacorum"}, {"borough_gss": "E07000096"}), start=6):
        (fault,) = table.check(line, texts(row() | elsewhere | other | {"site_reference": f"NCL-{line}"}))
        told = ["an earlier row has it for St Albans", "an earlier row has E07000240 for St Albans"]
        assert fault.reason == told[line - 6]
    table, cells = open_table(list(FIELDS)), texts(row())
    assert table.check(2, cells) == []
    (twice,) = table.check(3, cells)
    assert (twice.line, twice.field) == (3, "site_reference")
    assert "stands twice" in twice.reason
    later = {**row(), "quarter": "2019-Q1"}
    assert table.check(4, texts(later)) == []
    (wide,) = table.check(5, [*texts({**row(), "site_reference": "NCL-3"}), "more"])
    assert wide.reason.startswith("the row has 45 fields, the header has 44: ")
    (narrow,) = table.check(5, texts({**row(), "site_reference": "NCL-4"})[:-1])[:1]
    assert narrow.reason.startswith("the row has 43 fields, the header has 44: ")
    (short,) = open_table(list(FIELDS), even=False).check(5, texts(row())[:-1])
    assert short.field == "hash", "the rows of a workbook end where they are blank"
    assert table.check(5, [*texts({**row(), "site_reference": "NCL-5"}), "", " "]) == []
    unnamed = {**row(), "site_reference": ""}
    assert [fault.reason[:5] for line in (6, 7) for fault in table.check(line, texts(unnamed))] == ["blank"] * 2


def test_blank_is_not_known_and_columns_may_stand_in_any_order() -> None:
    """Only what is required may not be blank; the header says where each column is, a short row ends in blanks."""
    blank = {name: "" for name, field in FIELDS.items() if not field.required}
    assert faults_of(**blank) == {}
    order = sorted(FIELDS)
    cells = dict(zip(FIELDS, texts(row()), strict=True))
    assert open_table([*order, "", ""]).check(2, [cells[name] for name in order]) == []
    assert open_table([*reversed(FIELDS)]).check(2, texts(row())[::-1]) == []


def test_another_header_is_refused_by_name() -> None:
    """What is missing, not known or there twice is named; a wholly other table is told in one line."""
    names = [name for name in FIELDS if name != "uprn"]
    with pytest.raises(BadInput, match=r"missing: uprn; not known: UPRN$"):
        open_table([*names, "UPRN"])
    with pytest.raises(BadInput, match="there twice: name"):
        open_table([*FIELDS, "name"])
    with pytest.raises(BadInput, match="and 32 more; not known: a column without a name"):
        open_table(["", "x"])
