"""Workbooks of the open form, cell by cell: held against an independent reader, and against what the standard says."""

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
import python_calamine
from documents import open_bytes
from hostile import pack, parts, sheet, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.sources.cell_text import cell_text, date_style, serial_text

CELLS = st.one_of(
    st.none(),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
    st.dates(date(1900, 3, 1), date(2999, 12, 31)),
    st.datetimes(datetime(1900, 3, 1), datetime(2999, 12, 31)).map(lambda day: day.replace(microsecond=0)),  # noqa: DTZ001
    st.times().map(lambda hour: hour.replace(microsecond=0)),
)


def saved(book: openpyxl.Workbook) -> bytes:
    """The bytes of a workbook."""
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def texts(content: bytes) -> list[tuple[int, tuple[str, ...]]]:
    """Line and cells of the rows of the first sheet that say something, blank ends left off."""
    found = []
    for row in open_bytes("f.xlsx", content).sheets[0].rows:
        cells = list(row.cells)
        while cells and not cells[-1].strip():
            cells.pop()
        found.append((row.line, tuple(cells)))
    return found


def as_calamine(content: bytes) -> list[tuple[int, tuple[str, ...]]]:
    """The same by the library that also reads .xls."""
    book = python_calamine.load_workbook(io.BytesIO(content))
    found = []
    for line, row in enumerate(book.get_sheet_by_index(0).to_python(skip_empty_area=False), 1):
        cells = [cell_text(cell) for cell in row]
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            found.append((line, tuple(cells)))
    return found


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=6))
def test_two_readers_agree(rows: list[list[Any]]) -> None:
    """Whatever a spreadsheet program writes, cell by cell, comes out as an independent reader has it."""
    book = openpyxl.Workbook()
    book.active.append(["first"])
    for row in rows:
        book.active.append(["'" + cell if isinstance(cell, str) and cell[:1] == "=" else cell for cell in row])
    assert texts(saved(book)) == as_calamine(saved(book))


@pytest.mark.parametrize(
    ("value", "shape", "shown"),
    [
        (45000, "dd/mm/yyyy", "2023-03-15"), (45000.75, 'yyyy "m"', "2023-03-15T18:00:00"),
        (45000, "[$-409]d-mmm;@", "2023-03-15"), (45000, '"day" 0', "45000"), (45000, "#,##0_);[Red](#,##0)", "45000"),
        (0.5, "0.00%", "0.5"), (0.5, "hh:mm", "12:00:00"), (1.25, "[h]:mm", "1 day, 6:00:00"), (0, "yyyy", "00:00:00"),
        (59, "yyyy", "1900-02-28"), (61, "yyyy", "1900-03-01"), (-1, "yyyy", "-1"), (1e10, "yyyy", "10000000000"),
        (45000.999999999, "yyyy", "2023-03-16"), (1e300, "yyyy", "1e+300"), (12, "General", "12"), (3, "@", "3"),
        (1.5e-7, "0.00E+00", "1.5e-07"), (45000, "yyyy\\d", "2023-03-15"), (7, "\\d0", "7"),
    ],
)  # fmt: skip
def test_days_are_known_by_their_format(value: float, shape: str, shown: str) -> None:
    """A number is a day, a time or a duration by how its format shows it; beyond the calendar it stays a number."""
    book = openpyxl.Workbook()
    book.active["A1"] = value
    book.active["A1"].number_format = shape
    assert texts(saved(book)) == [(1, (shown,))]


def test_days_counted_from_1904() -> None:
    """Workbooks that once came from a Macintosh count from another day."""
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append([date(2024, 3, 31), datetime(2024, 3, 31, 9, 30), time(9, 30), timedelta(hours=30)])  # noqa: DTZ001
    assert texts(saved(book)) == [(1, ("2024-03-31", "2024-03-31T09:30:00", "09:30:00", "1 day, 6:00:00"))]


def test_formats_without_a_code() -> None:
    """The built-in formats of days are known by their number alone."""
    assert [date_style(number, None) for number in ("14", "22", "46", "0", "9")] == [
        "date",
        "date",
        "duration",
        None,
        None,
    ]
    assert serial_text("not a number", "date", from_1904=False) == "not a number"


def test_texts_in_every_form() -> None:
    """Shared, in place, in runs of different looks, with escapes, with pronunciation left out; errors are blank."""
    strings = (
        "<sst><si><r><t>Two </t></r><r><rPr/><t xml:space='preserve'>runs </t></r><rPh><t>no</t></rPh></si>"
        "<si><t>a_x000D_b_x005F_x0041__x0000__xD800_</t></si><si/></sst>"
    )
    row = (
        '<row r="3"><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c>'
        '<c t="inlineStr"><is><r><t>in</t></r><r><t> place</t></r></is></c><c t="str"><f>A1</f><v>by formula</v></c>'
        '<c t="e"><v>#REF!</v></c><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="d"><v>2024-03-31T00:00:00</v></c>'
        '<c><v>007</v></c><c><v>n/a</v></c><c/><c r="N3"><v>1E3</v></c><c r="M3"><v>2</v></c></row>'
    )
    assert texts(workbook(strings=strings, sheet=sheet(row))) == [(3, (
        "Two runs ", "a\rb_x0041__x0000__xD800_", "", "in place", "by formula", "", "Yes", "No", "2024-03-31", "7",
        "n/a", "", "2", "1000",
    ))]  # fmt: skip


def test_prefixes_and_implicit_places() -> None:
    """Namespaces may be written with a prefix; rows and cells need not say where they stand."""
    prefixed = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        '<x:row><x:c><x:v>1</x:v></x:c><x:c t="inlineStr"><x:is><x:t>two</x:t></x:is></x:c></x:row>'
        "<x:row/><x:row><x:c><x:v>3</x:v></x:c></x:row></x:sheetData></x:worksheet>"
    )
    assert texts(workbook(sheet=prefixed)) == [(1, ("1", "two")), (3, ("3",))]


def test_sheets_in_their_order() -> None:
    """Sheets come in the workbook's order with their names, empty ones left out, found by absolute paths too."""
    book = openpyxl.Workbook()
    book.active.title = "Empty"
    for name in ("B & C", "A"):
        book.create_sheet(name)["B2"] = name
    opened = open_bytes("f.xlsx", saved(book))
    assert [(one.name, [row.cells for row in one.rows]) for one in opened.sheets] == [
        ("B & C", [("", "B & C")]), ("A", [("", "A")])
    ]  # fmt: skip
    absolute = parts()["xl/_rels/workbook.xml.rels"].replace('"worksheets/', '"/xl/worksheets/')  # type: ignore[arg-type]
    assert texts(workbook(rels=absolute)) == [(1, ("1",))]


def test_a_sheet_is_read_as_often_as_it_is_asked_for() -> None:
    """Two readers go through one sheet side by side, each at its own pace."""
    book = openpyxl.Workbook()
    for number in range(3000):
        book.active.append([number, f'line\nbreak, and "quote" {number}'])
    rows = open_bytes("f.xlsx", saved(book)).sheets[0]
    one, other = iter(rows.rows), iter(rows.rows)
    for _ in range(1000):
        next(one)
    assert (next(other).line, next(one).line) == (1, 1001)
    assert (len(list(one)), len(list(other))) == (1999, 2999)
    assert [row.cells[1] for row in rows.rows][5] == 'line\nbreak, and "quote" 5'


def test_a_part_that_is_compressed_or_not() -> None:
    """Stored members are as good as deflated ones."""
    assert texts(pack(parts(), how=0)) == [(1, ("1",))]
