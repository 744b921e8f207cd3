"""Shortlists over HTTP: the frozen bytes, and tables that people's programs open; pages for people."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime

import geopandas
import pandas
import pytest
from convertbng.cutil import convert_bng
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.exports.columns import COLUMNS
from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested

THEN = "2015-Q1"
NOW = str(quarter_of(datetime.now(UTC).date()))
HOSTILE = ["<script>alert(1)</script>", "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(1)", "\"';--", "{{ 7*7 }}",
           "<img src=x onerror=alert(1)>"]  # fmt: skip


@pytest.mark.parametrize("quarter", [THEN, NOW])
def test_the_fingerprint_is_that_of_the_bytes(keyed: TestClient, quarter: str) -> None:
    """The header carries the SHA-256 of exactly the JSON bytes, on every form of the list."""
    answer = keyed.get(f"/shortlists/{quarter}")
    sha256 = hashlib.sha256(answer.content).hexdigest()
    for suffix in ("", ".csv", ".geojson", "?f=html"):
        headers = keyed.get(f"/shortlists/{quarter}{suffix}").headers
        assert headers["estates-shortlist-sha256"] == sha256
        assert (headers["estates-shortlist-status"], headers["estates-shortlist-revision"]) == ("draft", "1")
    named = {row["quarter"]: row["sha256"] for row in keyed.get("/shortlists").json()["shortlists"]}
    assert named[quarter] == sha256


@pytest.mark.parametrize("suffix", ["", ".csv", ".geojson", "?f=html"])
def test_the_same_bytes_on_every_request(keyed: TestClient, suffix: str) -> None:
    """A frozen list is the same bytes each time, in every form."""
    assert len({keyed.get(f"/shortlists/{THEN}{suffix}").content for _ in range(3)}) == 1


@pytest.mark.parametrize("quarter", [THEN, NOW])
def test_the_csv_opens(keyed: TestClient, quarter: str) -> None:
    """The CSV reads back with Python's reader and with pandas: every column, every entry, numbers as numbers."""
    answer = keyed.get(f"/shortlists/{quarter}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="shortlist-{quarter}.csv"'
    entries = keyed.get(f"/shortlists/{quarter}").json()["entries"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["site"] for row in rows] == [entry["site"] for entry in entries]
    frame = pandas.read_csv(io.BytesIO(answer.content))
    for name in ("easting", "northing", "score", "coverage", "gia_m2"):
        assert frame[name].tolist() == pytest.approx([entry[name] or float("nan") for entry in entries], nan_ok=True)
    assert answer.content.count(b"\r\n") >= len(entries) + 1


@pytest.mark.parametrize("quarter", [THEN, NOW])
def test_the_geojson_opens(keyed: TestClient, quarter: str) -> None:
    """The GeoJSON opens in geopandas, and each point is the easting and northing beside it, to 0.1 m."""
    answer = keyed.get(f"/shortlists/{quarter}.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    frame = geopandas.read_file(io.BytesIO(answer.content))
    assert frame.crs.to_epsg() == 4326
    assert len(frame) == len(keyed.get(f"/shortlists/{quarter}").json()["entries"])
    placed = frame[frame.geometry.notna()]
    eastings, northings = convert_bng(placed.geometry.x.tolist(), placed.geometry.y.tolist())
    assert list(eastings) == pytest.approx(placed["easting"].tolist(), abs=0.1)
    assert list(northings) == pytest.approx(placed["northing"].tolist(), abs=0.1)
    assert placed["easting"].between(500_000, 565_000).all()


def test_a_preview_is_not_stored(keyed: TestClient) -> None:
    """`as-of` draws a quarter's list up as of another day: marked as a preview, stored nowhere, the same each time."""
    answer = keyed.get(f"/shortlists/{THEN}?as-of=2014-03-31")
    assert answer.headers["estates-shortlist-status"] == "preview"
    assert answer.json()["as_of"] == "2014-03-31"
    assert keyed.get(f"/shortlists/{THEN}?as-of=2014-03-31").content == answer.content
    assert keyed.get(f"/shortlists/{THEN}").json()["as_of"] == "2015-03-31"
    same_day = keyed.get(f"/shortlists/{THEN}?as-of=2015-03-31")
    assert same_day.content == keyed.get(f"/shortlists/{THEN}").content


@pytest.mark.parametrize("name", ["2015-Q5", "2015", "next", "2015-Q1-", "0000-Q1", "²⁰¹⁵-Q1"])
def test_what_is_not_a_quarter_is_a_400(keyed: TestClient, name: str) -> None:
    """A name that is no quarter is refused with how to write one."""
    answer = keyed.get(f"/shortlists/{name}")
    assert answer.status_code == 400
    assert "2026-Q4" in answer.json()["detail"]


@pytest.mark.parametrize("day", ["yesterday", "2015-02-30", "", "2015-03-31T00:00:00Z", "31/03/2015"])
@pytest.mark.parametrize("path", [f"/shortlists/{THEN}", "/assessments/latest", "/sites/NCL-RAL01"])
def test_a_day_that_is_none_is_a_400(keyed: TestClient, path: str, day: str) -> None:
    """`as-of` takes one ISO day and nothing else."""
    answer = keyed.get(f"{path}?as-of={day}")
    assert answer.status_code == 400
    assert "as-of" in answer.json()["detail"]


def test_one_site_as_of_a_day(api: TestClient) -> None:
    """A site's explanation as of a day is that of the assessment of that day."""
    site = api.get("/sites/NCL-RRP03?as-of=2015-03-31").json()
    sites = api.get("/assessments/latest?as-of=2015-03-31").json()["sites"]
    (assessed,) = (one for one in sites if one["ref"] == "NCL-RRP03")
    assert {name: site[name] for name in assessed} == assessed
    assert site["route"] == "release"
    missing = api.get("/sites/NCL-RRP03?as-of=1990-01-01")
    assert (missing.status_code, missing.json()["detail"]) == (404, "nothing is known of NCL-RRP03 as of 1990-01-01")


@pytest.fixture(scope="module")
def hostile(
    make_loaded: Callable[[], Engine], hand_in: Callable[..., Ingested], template: Callable[..., bytes],
    draft: Callable[..., object], make_api: Callable[..., TestClient],
) -> TestClient:  # fmt: skip
    """A client that sees lists with holdings of hostile names, some of them listed."""
    engine = make_loaded()
    rows = [
        {"holding_code": f"RZ1{i}", "name": name, "organisation_name": name, "organisation_code": f"RZ{i}",
         "address": name, "easting": 530_000 + i, "northing": 190_000, "period_end": "2015-03-01", "gia_m2": 10_000,
         "land_owned_ha": 12, "unutilised_pct": 60, "site_type": name, "backlog_high_gbp": 9_000_000,
         "unsuitable_pct": 70, "clinical_m2": 100, "non_clinical_m2": 6000, "cleaning_cost_gbp": 3_000_000,
         "occupied_m2": 9_000, "source": "ERIC", "label": name[:1]}
        for i, name in enumerate(HOSTILE)
    ]  # fmt: skip
    for row in rows:
        hand_in(engine, f"{row['holding_code']}.csv", template(row))
    for quarter in (Quarter(2015, 1), quarter_of(datetime.now(UTC).date())):
        with transaction(engine) as connection:
            draft(connection, quarter)
    return make_api(engine, key="the-key-of-the-tests")


def test_hostile_names_are_listed(hostile: TestClient) -> None:
    """The rows below are on the list, so that the next tests test something."""
    names = {entry["name"] for entry in hostile.get(f"/shortlists/{THEN}").json()["entries"]}
    assert names >= set(HOSTILE)


@pytest.mark.parametrize("path", ["/?f=html", f"/shortlists/{THEN}?f=html"])
def test_pages_show_names_as_text(hostile: TestClient, path: str) -> None:
    """A holding named like a script is shown as that text and runs nowhere."""
    page = hostile.get(path).text
    assert page.count("<script") == page.count("<script>// Why the service refused")  # ours
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_no_cell_is_a_formula(hostile: TestClient) -> None:
    """No cell of the CSV begins as a spreadsheet's formula does, unless it is a number."""
    rows = list(csv.reader(io.StringIO(hostile.get(f"/shortlists/{THEN}.csv").text, newline="")))
    for cell in (cell for row in rows for cell in row):
        if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
            float(cell)
    assert any('\'=HYPERLINK("http://x")' in row for row in rows)


@pytest.mark.parametrize(
    "path",
    [
        "/sites.geojson", "/candidates.geojson", f"/shortlists/{THEN}.geojson", "/collections/sites/items?limit=10000",
        "/assessments/latest", "/sites/NCL-RZ10",
    ],
)  # fmt: skip
def test_json_stays_json(hostile: TestClient, path: str) -> None:
    """Quotes and brackets in names never break the JSON made in the database."""
    assert "<script>alert(1)</script>" in json.dumps(hostile.get(path).json())


@pytest.mark.parametrize(("suffix", "starts", "kind"), [
    ("xlsx", b"PK", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("gpkg", b"SQLite format 3", "application/geopackage+sqlite3"),
    ("parquet", b"PAR1", "application/vnd.apache.parquet"), ("pdf", b"%PDF-1.7", "application/pdf"),
])  # fmt: skip
def test_a_list_as_a_file(keyed: TestClient, suffix: str, starts: bytes, kind: str) -> None:
    """A list is there in every format, with its name, its type and the hash of the record; built once, the same again;
    and not for those who may not see it."""
    answer, again = (keyed.get(f"/shortlists/{THEN}.{suffix}") for _ in range(2))
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.content.startswith(starts)
    assert answer.content == again.content
    assert answer.headers["content-disposition"] == f'attachment; filename="shortlist-{THEN}.{suffix}"'
    plain = keyed.get(f"/shortlists/{THEN}").headers
    assert answer.headers["estates-shortlist-sha256"] == plain["estates-shortlist-sha256"]
    assert keyed.get(f"/shortlists/{THEN}.{suffix}", headers={"X-API-Key": "wrong"}).status_code == 401


def test_the_formats_are_linked_and_named(keyed: TestClient, api: TestClient) -> None:
    """The page of a list links to every format; another suffix is told what there is; a draft's file needs the key."""
    page = keyed.get(f"/shortlists/{THEN}?f=html").text
    for suffix in ("csv", "xlsx", "geojson", "gpkg", "parquet", "pdf"):
        assert f"/shortlists/{THEN}.{suffix}?revision=1" in page
    missing = keyed.get(f"/shortlists/{THEN}.docx")
    assert (missing.status_code, ".pdf" in missing.json()["detail"]) == (404, True)
    assert api.get(f"/shortlists/{THEN}.pdf").status_code == 401
