import codecs
import contextlib
import hashlib
import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
import xlwt
from documents import open_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.errors import BadInput
from estates_api.sources import archives, delimited, document, workbook, xls_process
from estates_api.sources.workbook import cell_text

TEXT = "Code,Café (£)\r\nA1,12\r\n"


def cells(content: bytes) -> list[tuple[str, ...]]:
    """The cells of the first sheet."""
    return [row.cells for row in open_bytes("file.csv", content).sheets[0].rows]


def xlsx(rows: list[list[object]]) -> bytes:
    """A workbook with one sheet of rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("cp1252"),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
    ],
    ids=["utf-8", "cp1252", "utf-8 with mark", "utf-16 le", "utf-16 be", "utf-32"],
)
def test_any_usual_encoding(content: bytes) -> None:
    """The same table comes out of every encoding that public bodies write."""
    assert cells(content) == [("Code", "Café (£)"), ("A1", "12")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "¬"])
def test_any_usual_delimiter(delimiter: str) -> None:
    """The delimiter is found by how evenly it cuts, though cells hold other ones."""
    lines = [delimiter.join(line) for line in (["a", "b", "c"], ["1; 2", '"x, y"', "p|q"], ["1", "2", "3"])]
    if delimiter in ";|":
        lines[1] = delimiter.join(["1", '"x, y"', "z"])
    assert [len(row) for row in cells("\n".join(lines).encode("cp1252"))] == [3, 3, 3]


def test_records_keep_the_line_they_start_on() -> None:
    """A quoted line break inside a record does not shift the lines reported for later ones."""
    rows = open_bytes("f.csv", b'a,b\r\n"one\r\ntwo",2\r\n\r\nx,y\r\n,\r\n\r\n').sheets[0].rows
    assert [(row.line, row.cells) for row in rows] == [
        (1, ("a", "b")),
        (2, ("one\r\ntwo", "2")),
        (4, ()),
        (5, ("x", "y")),
        (6, ("", "")),
        (7, ()),
    ]


def test_a_document_knows_its_bytes() -> None:
    """The fingerprint and size are of the bytes as they came."""
    opened = open_bytes("f.csv", b"a,b\n1,2\n")
    assert opened.size == 8
    assert opened.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (codecs.BOM_UTF8 + b"\n", "only one column|no rows"),
        (b" , \n , \n", "no rows"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"<!doctype html><html>", "a web page"),
        (b'{"type": "Thing"}', "JSON"),
        (b"a,b\n1,\x002\n", "NUL"),
        (TEXT.encode("utf-16-le"), "NUL"),
        (b"x," * 600_000, "a line is longer"),
        (b"one column\nonly\n", "only one column"),
        (b"a^b^c\n1^2^3\n", "only one column"),
        (b'a,b\n1,"2\n3,4\n', "row 2.*truncated"),
        (b'a,b\n1,"x" y\n', "quotes of row 2"),
        (b'a,b\n1,"' + b"x" * 600_000 + b"\n" + b"x" * 600_000 + b'"\n', "longer than 1000000"),
        (b"a,b,c,d,e\n1,2,3,4,5\n1,2,3,4,5\n1,2", "middle of row 4.*truncated"),
        (b"a,b,c,d,e\n1,2,3,4,5\n1,2,3,4,5\n1,2,3,4", "middle of row 4.*truncated"),
        (b"a,b\n\x81\x8d,\xff\n", "byte 5 is not UTF-8 or cp1252"),
        (codecs.BOM_UTF8 + b"a,b\n\xff\xff,2\n", "not UTF-8"),
        (codecs.BOM_UTF16_LE + b"a", "not UTF-16"),
        (b"a,b\n" + bytes(range(1, 9)) * 40, "control characters"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "cannot be opened"),
        (b"PK\x03\x04 and no more", "damaged or truncated"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(content: bytes, reason: str) -> None:
    """Malformed files give one line that names the file and the reason."""
    with pytest.raises(BadInput, match=reason) as error:
        open_bytes("returns.csv", content)
    assert error.value.detail.startswith("returns.csv: ")
    assert "\n" not in error.value.detail


def test_a_footnote_is_not_a_cut() -> None:
    """A last record that ends with its line is whole, however few its cells: a note, a total, cells left off."""
    for last in (b"Source: made up", b"1,2", b"1,2,3,4"):
        for end in (b"\n", b"\r\n", b"\r"):
            assert len(cells(end.join((b"a,b,c,d,e", b"1,2,3,4,5", b"1,2,3,4,5", last, b"")))) == 4


def test_a_file_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than the limit is refused before it is decoded."""
    monkeypatch.setattr(document, "MAX_BYTES", 1024 * 1024)
    with pytest.raises(BadInput, match="larger than 1 MB"):
        open_bytes("f.csv", b"a,b\n" * 300_000)


def test_a_workbook_by_its_bytes_not_its_name() -> None:
    """An .xlsx renamed .csv is a workbook, its numbers without float noise and its days ISO."""
    made = xlsx([["Code", "Area", "Share", "Day", "Yes"], ["A1", 12.0, 0.1 + 0.2, date(2024, 3, 31), True]])
    opened = open_bytes("renamed.csv", made)
    assert opened.sheets[0].head[1].cells == ("A1", "12", "0.3", "2024-03-31", "Yes")


def test_an_old_workbook() -> None:
    """Every sheet of an .xls is read, sheets without rows left out, blank rows counted in the lines."""
    book = xlwt.Workbook()
    first, second, _ = (book.add_sheet(name) for name in ("One", "Two", "Empty"))
    first.write(2, 0, "x")
    second.write(0, 0, 1.5)
    stream = io.BytesIO()
    book.save(stream)
    opened = open_bytes("old.xls", stream.getvalue())
    assert [sheet.name for sheet in opened.sheets] == ["One", "Two"]
    assert [(row.line, row.cells) for row in opened.sheets[0].rows if not row.blank] == [(3, ("x",))]
    assert opened.sheets[1].head[0].cells == ("1.5",)


def test_cells_as_text() -> None:
    """Times and odd moments keep their meaning; large numbers are not rounded."""
    assert cell_text(time(9, 30)) == "09:30:00"
    assert cell_text(datetime(2024, 3, 31, 9, 30)) == "2024-03-31T09:30:00"  # noqa: DTZ001 - spreadsheets have no zone
    assert cell_text(datetime(2024, 3, 31)) == "2024-03-31"  # noqa: DTZ001
    assert cell_text(123456789012.0) == "123456789012"
    assert cell_text(1e20) == "1e+20"
    assert cell_text(7) == "7"


def test_a_workbook_without_rows() -> None:
    """A workbook of empty sheets says so."""
    with pytest.raises(BadInput, match="no rows"):
        open_bytes("f.xlsx", xlsx([]))


def test_a_zip_that_is_no_workbook() -> None:
    """A zip archive is not opened on the reader's behalf."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data.csv", TEXT)
    with pytest.raises(BadInput, match="zip archive, not an"):
        open_bytes("f.xlsx", stream.getvalue())


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook that declares more than the limit is refused by what it declares."""
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(BadInput, match="unpacks to more than"):
        open_bytes("f.xlsx", xlsx([["x"] * 20] * 50))


def test_a_damaged_member() -> None:
    """A workbook whose parts fail their checksum is refused."""
    stream = io.BytesIO(xlsx([["x"]]))
    with zipfile.ZipFile(stream, "a") as archive:
        member = archive.getinfo("xl/worksheets/sheet1.xml")
        at = member.header_offset + 30 + len(member.filename) + member.compress_size // 2
    content = bytearray(stream.getvalue())
    content[at] ^= 0xFF
    with pytest.raises(BadInput, match="cannot be opened"):
        open_bytes("f.xlsx", bytes(content))


def test_a_lone_cell_at_the_far_corner() -> None:
    """A cell in the last row and column costs its own row and no table of blanks; in an .xls, where it would, it is
    refused."""
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.active["XFD1048576"] = "y"
    stream = io.BytesIO()
    book.save(stream)
    rows = list(open_bytes("f.xlsx", stream.getvalue()).sheets[0].rows)
    assert [(row.line, len(row.cells), row.cells[-1]) for row in rows] == [(1, 1, "x"), (1_048_576, 16_384, "y")]
    old = xlwt.Workbook()
    for name in ("One", "Two"):
        old.add_sheet(name).write(65_535, 255, "y")
    stream = io.BytesIO()
    old.save(stream)
    with pytest.raises(BadInput, match="spans 65536 rows and 256 columns"):
        open_bytes("f.xls", stream.getvalue())


def test_a_truncated_workbook_of_the_publisher(published: Path) -> None:
    """The real workbook cut at any point is refused, not half read."""
    content = (published / "eric/HospitalEstatesAndFacilitiesStatistics_9896_2013-14.xls").read_bytes()
    for kept in (0.1, 0.5, 0.99):
        with pytest.raises(BadInput, match="cannot be opened"):
            open_bytes("cut.xls", content[: int(len(content) * kept)])


def old_workbook() -> bytes:
    """A small .xls."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("One")
    for column, cell in enumerate(("x", 1.5, 2.0, True, date(2024, 3, 31), datetime(2024, 3, 31, 9, 30))):  # noqa: DTZ001
        style = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm") if isinstance(cell, date) else xlwt.easyxf()
        sheet.write(2, column, cell, style)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "ending",
    ["os.abort()", "os._exit(1)", "raise MemoryError", "print('[1, 2', end='', flush=True); os.kill(os.getpid(), 9)"],
)
def test_what_reads_an_old_workbook_may_die_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str) -> None:
    """However the process ends that reads an .xls, the file is one that cannot be opened, and the service goes on."""
    program = tmp_path / "dies.py"
    program.write_text(f"import os\nprint('\"One\"', flush=True)\nprint('[1, 2]', flush=True)\n{ending}\n")
    monkeypatch.setattr(workbook, "XLS_PROCESS", program)
    with pytest.raises(BadInput, match="cannot be opened"):
        open_bytes("f.xls", old_workbook())


def test_the_process_that_reads_an_old_workbook(tmp_path: Path) -> None:
    """It writes the sheets and their rows, whatever kind of cell they hold."""
    path = tmp_path / "f.xls"
    path.write_bytes(old_workbook())
    out = io.StringIO()
    xls_process.write_rows(str(path), out)
    assert out.getvalue() == '"One"\n[3, "x", 1.5, 2, true, "2024-03-31", "2024-03-31T09:30:00"]\n'
    assert [row.cells for row in open_bytes("f.xls", old_workbook()).sheets[0].rows] == [
        ("x", "1.5", "2", "Yes", "2024-03-31", "2024-03-31T09:30:00")
    ]


def refusal(content: bytes) -> str:
    """The reason a file is refused, or nothing when it is read."""
    try:
        document = open_bytes("f", content)
        assert document.kind != "table" or document.sheets[0].rows
    except BadInput as error:
        return error.detail
    return ""


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_it(content: bytes) -> None:
    """Whatever the bytes, there is a document with rows or a BadInput of one line."""
    assert "\n" not in refusal(content)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"\xef\xbb\xbf"]), st.binary(max_size=600))
def test_no_bytes_after_a_known_start_break_it(start: bytes, content: bytes) -> None:
    """The same for bytes that pretend to be a workbook or marked text."""
    assert "\n" not in refusal(start + content)


@given(st.lists(st.lists(st.text(max_size=5), min_size=2, max_size=3), max_size=4))
def test_the_delimiter_is_one_we_know(rows: list[list[str]]) -> None:
    """Sniffing gives a known delimiter or refuses."""
    with contextlib.suppress(BadInput):
        assert delimited.find_delimiter("\n".join(",".join(row) for row in rows)) in delimited.DELIMITERS
