"""What files say never acts: not in a spreadsheet, not in a page, not in a header."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.quarters import quarter_of
from estates_api.store.database import transaction

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
TODAY = datetime.now(UTC).date()
LEADS = ("=1+1", "+1+cmd", "-2+3+cmd", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "'=1",
         '=HYPERLINK("http://x.example","y")',
         "<script>alert(1)</script>", "=cmd|' /C calc'!A0")  # fmt: skip
SMUGGLED = ("a%0d%0aX-Smuggled:%20yes", "%22;%20filename=%22evil.exe", "%0aSet-Cookie:%20a=b", "%E2%80%AEfdp.exe",
            "%00", "%C3%A9%F0%9F%92%A9", "..%2f..%2fetc%2fpasswd", "%ff%fe", "a%E2%80%A8b")  # fmt: skip


@pytest.fixture(scope="module")
def hostile(
    make_loaded: Callable[[], Engine], make_api: Make, hand_in: Callable[..., Any], template: Callable[..., bytes],
    draft: Callable[..., Any],
) -> TestClient:  # fmt: skip
    """The administrator, on a catalogue with names, uses and file names that try to act."""
    engine = make_loaded()
    rows = [
        {"holding_code": f"INJ{number}", "name": lead, "address": lead, "postcode": "N15 3TH", "current_use": lead,
         "organisation_name": LEADS[0], "gia_m2": 9000 + number, "empty_pct": 90, "interest": "freeholder",
         "backlog_high_gbp": lead, "uprn": 10**11 + number, "easting": 531_800 + 150 * number, "northing": 188_700}
        for number, lead in enumerate(LEADS)
    ]  # fmt: skip
    hand_in(engine, 'x".csv\r\nX-Smuggled: yes', template(*rows), period="2025-26", publisher=LEADS[0])
    with transaction(engine) as connection:
        draft(connection, quarter_of(TODAY))
    return make_api(engine, key=KEY)


QUARTER = str(quarter_of(TODAY))
TABLES = [
    *(f"/collections/{name}.csv" for name in ("sites", "candidates", "holdings", "shortlist-entries", "assemblies")),
    "/collections/sites/items?f=csv", "/issues.csv", "/issues.csv?organisation=RZ1", f"/shortlists/{QUARTER}.csv",
    *(f"/shortlists/{QUARTER}/{name}.csv" for name in ("llc", "brownfield", "brownfield-2017", "rsspl",
                                                     "estates-board")),
    "/levels?f=csv", "/incentives?f=csv", "/incentives?by=sector&f=csv",
]  # fmt: skip
_NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?", re.IGNORECASE)
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("path", TABLES)
def test_no_cell_of_a_table_runs(hostile: TestClient, path: str) -> None:
    """No cell of any CSV begins as a formula does, in whatever spreadsheet, unless it is a number."""
    answer = hostile.get(path)
    assert answer.status_code == 200
    cells = [cell for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(_RUN) and not _NUMBER.fullmatch(cell)] == []


def test_a_what_if_does_not_run(hostile: TestClient) -> None:
    """The same of a ranking by other weights."""
    answer = hostile.post("/assessments/what-if?f=csv", json={})
    cells = [cell for row in csv.reader(io.StringIO(answer.text, newline="")) for cell in row]
    assert len(cells) > 100
    assert [cell for cell in cells if cell.startswith(_RUN) and not _NUMBER.fullmatch(cell)] == []


@pytest.mark.parametrize(
    "path", ["/collections/sites.xlsx", "/collections/holdings.xlsx", f"/shortlists/{QUARTER}.xlsx"]
)
def test_no_cell_of_a_workbook_runs(hostile: TestClient, tmp_path: Path, path: str) -> None:
    """Every cell of a workbook is a text, a number or a day: none is a formula or an address that opens."""
    (tmp_path / "book.xlsx").write_bytes(hostile.get(path).content)
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == LEADS[0] for cell in cells)
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    assert [cell.value for cell in cells if cell.hyperlink and "x.example" in str(cell.hyperlink.target)] == []


PAGES = ("/sites/{}", "/collections/sites/items/{}", "/collections/{}", "/collections/{}.csv", "/shortlists/{}",
         "/shortlists/{}.csv", "/letters/{}", "/needs/{}", "/organisations/{}", "/methods/{}/file", "/editions/{}",
         "/issues.csv?organisation={}", "/sites/{}/claims", "/collections/sites.csv?properties={}", "/compare?sites={}",
         "/incentives?f=csv&by={}", "/surplus-windows?as-of={}", "/map/{}")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("odd", SMUGGLED)
def test_no_header_is_smuggled(hostile: TestClient, path: str, odd: str) -> None:
    """Whatever stands in an address, no header has a line or a file name of it, and it is no error of ours."""
    answer = hostile.get(path.format(odd), follow_redirects=False)
    assert answer.status_code < 500
    assert "x-smuggled" not in answer.headers
    assert "set-cookie" not in answer.headers
    for name, value in answer.headers.items():
        assert value.isprintable(), (name, value)
    saved = answer.headers.get("content-disposition", "")
    assert re.fullmatch(r'((attachment|inline); filename="[\w.-]+")?', saved, re.ASCII), saved


@pytest.mark.parametrize(
    "path",
    [
        "/sites/NCL-INJ9?f=html",
        "/collections/sites/items?f=html&limit=1000",
        "/letters/RZ1?f=html",
        f"/shortlists/{QUARTER}?f=html",
        "/organisations/RZ1?f=html",
        "/issues?f=html",
    ],
)
def test_no_page_runs_what_files_say(hostile: TestClient, path: str) -> None:
    """A script in a name is text on every page."""
    page = hostile.get(path)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
