"""Files held against llc/1: what we write always passes, whichever way it is kept; a bad row is found on its line."""

import io
import tracemalloc
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estates_api.domain.llc import FIELDS, llc_rows
from estates_api.errors import BadInput
from estates_api.exports.llc import write_csv
from estates_api.workflows.llc import check_llc

SHA256 = "cd" * 32
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\t\n＝"), max_size=8)
entries = st.fixed_dictionaries({
    "name": words.filter(str.strip), "address": words, "owner": words, "existing_use": words, "sources": words,
    "title_number": words, "status_basis": words, "score": st.floats(0, 100), "coverage": st.floats(0, 1),
    "land_ha": st.none() | st.floats(0, 1e4), "p_top_k": st.none() | st.floats(0, 1), "easting": st.floats(0, 7e5),
    "northing": st.floats(0, 1.3e6), "homes_low": st.none() | st.integers(0, 50),
    "homes_high": st.none() | st.integers(50, 900), "station_m": st.none() | st.floats(0, 1e5),
    "route": st.sampled_from(FIELDS["route"].enum), "list": st.sampled_from(FIELDS["list"].enum),
    "ptal": st.none() | st.sampled_from(FIELDS["ptal"].enum),
    "owner_sector": st.sampled_from(["", "NHS", "NHS; council", "other public; private; unknown"]),
    "evidence_date": st.none() | st.dates().map(str), "method": st.just("ncl-1"),
    "precision": st.sampled_from(["", *FIELDS["precision"].enum]),
})  # fmt: skip


def listed(*found: dict[str, Any]) -> dict[str, Any]:
    """A frozen list of these entries, each with a reference of its own."""
    return {"quarter": "2018-Q4", "entries": [one | {"site": f"NCL-{n}"} for n, one in enumerate(found)]}


GOOD = {"name": "A", "list": "release", "route": "release", "score": 60.0, "coverage": 1.0, "method": "ncl-1"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(entries, min_size=1, max_size=3))
def test_what_we_export_always_passes(tmp_path: Path, found: list[dict[str, Any]]) -> None:
    """Whatever an entry holds, each row of the file that we write passes."""
    path = tmp_path / "llc.csv"
    path.write_bytes(write_csv(listed(*found), SHA256))
    table, rows = check_llc(path)
    assert [faults for _, faults in rows] == [[]] * len(found)
    assert (table.rows, table.failed) == (len(found), 0)


def test_a_bad_row_is_found_on_its_line(tmp_path: Path) -> None:
    """The line is that of the file, also below a cell of two lines."""
    path = tmp_path / "llc.csv"
    path.write_bytes(write_csv(listed(GOOD | {"name": "two\nlines"}, GOOD | {"score": 101}, GOOD), SHA256))
    _, rows = check_llc(path)
    assert [(line, [fault.field for fault in faults]) for line, faults in rows] == [(2, []), (4, ["score"]), (5, [])]


def test_a_list_without_entries_passes(tmp_path: Path) -> None:
    """A header alone is a whole file of no rows."""
    path = tmp_path / "llc.csv"
    path.write_bytes(write_csv(listed(), SHA256))
    table, rows = check_llc(path)
    assert (list(rows), table.rows) == ([], 0)


def test_a_workbook_is_read_too(tmp_path: Path) -> None:
    """The sheet with the columns is found among others, and numbers typed as numbers pass."""
    book = openpyxl.Workbook()
    book.active.append(["Read me first", "x"])
    sheet = book.create_sheet("llc")
    sheet.append(list(FIELDS))
    for row in llc_rows(listed(GOOD | {"land_ha": 1.5}, GOOD | {"score": 101}), SHA256):
        sheet.append(list(row.values()))
    path = tmp_path / "llc.xlsx"
    book.save(path)
    table, rows = check_llc(path)
    assert [[fault.field for fault in faults] for _, faults in rows] == [[], ["score"]]
    assert table.rows == 2


def test_what_is_no_such_file_is_refused_in_one_line(tmp_path: Path) -> None:
    """Another table names the columns; what is no table at all says what it is."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match=r"x\.csv: the header is not that of llc/1 \(44 columns\); missing: site_ref"):
        check_llc(path)
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(BadInput, match="a PDF"):
        check_llc(path)
    path.write_text('{"type":"FeatureCollection","features":[]}')
    with pytest.raises(BadInput, match="this is not a table"):
        check_llc(path)


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    """Rows are read as they are checked: 20,000 of them, 10 MB, take no more than their keys."""
    one = io.StringIO(write_csv(listed(GOOD | {"sources": "x" * 300}), SHA256).decode(), newline="")
    header, row = one.readlines()
    path = tmp_path / "llc.csv"
    with path.open("w", newline="") as file:
        file.write(header)
        file.writelines(row.replace("NCL-0", f"NCL-{number}") for number in range(20_000))
    assert path.stat().st_size > 8_000_000
    tracemalloc.start()
    table, rows = check_llc(path)
    assert not any(faults for _, faults in rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table.rows == 20_000
    assert peak < 9_000_000
