"""Whole collections as files: complete, readable by their own readers, the same bytes until the data change."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas
import openpyxl
import pandas
import pyogrio
import pypdf
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.api import downloads, files
from estates_api.api.formats import FORMATS, accepted
from estates_api.store.database import transaction

WHOLE = [name for name in FORMATS if name != "html"]
LINKED = [name for name in WHOLE if name != "pdf"]  # which has a page for each feature, and a bound
TABLES = ["gpkg", "fgb", "parquet"]


def count(client: TestClient, query: str = "") -> int:
    """How many sites a question finds."""
    return int(client.get(f"/collections/sites/items?limit=1{query}").json()["numberMatched"])


def rows(content: bytes, form: str, folder: Path) -> int:
    """How many features a file has, by its own reader."""
    match form:
        case "geojson":
            return len(json.loads(content)["features"])
        case "geojsons":
            return len([json.loads(one) for one in content.decode().split("\x1e") if one])
        case "csv":
            return len(list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")))))
        case "xlsx":
            return len(pandas.read_excel(io.BytesIO(content), sheet_name="sites", engine="openpyxl"))
        case "pdf":
            cover = pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
            return int(re.search(r"Found\s+([\d,]+)", cover)[1].replace(",", ""))
    path = folder / f"a.{form}"
    path.write_bytes(content)
    # The GDAL of pyogrio's wheels has no driver for Parquet.
    return len(geopandas.read_parquet(path) if form == "parquet" else pyogrio.read_dataframe(path, layer=0))


@pytest.mark.parametrize("form", LINKED)
def test_a_collection_as_a_file(api: TestClient, form: str, tmp_path: Path) -> None:
    """The file of a collection has every feature of it, says its type and name, and is linked to."""
    links = {one["href"]: one for one in api.get("/collections/sites").json()["links"] if one["rel"] == "enclosure"}
    (address,) = [href for href in links if href.endswith(f"/collections/sites.{form}")]
    answer = api.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(links[address]["type"])
    assert f'filename="sites.{form}"' in answer.headers["content-disposition"]
    assert rows(answer.content, form, tmp_path) == count(api)


@pytest.mark.parametrize("form", WHOLE)
@pytest.mark.parametrize("query", ["&sector=NHS", "&filter=gia_m2%20%3E%2010000", "&bbox=-0.2,51.5,-0.1,51.6"])
def test_what_a_question_finds_as_a_file(api: TestClient, form: str, query: str, tmp_path: Path) -> None:
    """`f` gives all that a question finds, not a page of it."""
    whole = "&limit=1000" if form == "geojson" else ""
    answer = api.get(f"/collections/sites/items?f={form}{query}{whole}")
    assert rows(answer.content, form, tmp_path) == count(api, query) > 1


def test_a_workbook_of_candidates(api: TestClient) -> None:
    """A workbook has the columns of the CSV with their formats, says what was asked, and brings the method along."""
    query = "sector=NHS&filter=release_score%20%3E%2010"
    book = openpyxl.load_workbook(io.BytesIO(api.get(f"/collections/candidates/items?f=xlsx&{query}").content))
    assert book.sheetnames == ["readme", "candidates", "method", "columns"]
    sheet, csv_text = book["candidates"], api.get(f"/collections/candidates/items?f=csv&{query}").text
    heads = [cell.value for cell in sheet[1]]
    assert heads == next(csv.reader(io.StringIO(csv_text)))
    assert [row[0].value for row in sheet.iter_rows(2)] == [row["id"] for row in csv.DictReader(io.StringIO(csv_text))]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", sheet.dimensions)
    first = dict(zip(heads, sheet[2], strict=True))
    assert first["release_score"].number_format == "#,##0.00"
    assert first["release_coverage"].number_format == "0.0%"
    said = {row[0].value: row[1].value for row in book["readme"].iter_rows()}
    assert said["Asked for"] == "sector = NHS; filter = release_score > 10"


def test_a_report_of_candidates(api: TestClient) -> None:
    """A PDF has a page for each site that is found, with its sentence, in the order that was asked for."""
    query = "filter=release_score%20%3E%2040&sortby=-release_score"
    found = api.get(f"/collections/candidates/items?{query}").json()["features"]
    content = api.get(f"/collections/candidates/items?f=pdf&{query}").content
    pages = [re.sub(r"\s+", " ", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    for number, feature in enumerate(found, 1):
        (page,) = [page for page in pages if page.startswith(f"{number}. {feature['properties']['name']}")]
        assert feature["properties"]["sentence"] in page
    assert "filter = release_score > 40" in pages[0]


def test_a_report_has_a_bound(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a report holds is refused with what to do instead; its maps are in one system."""
    monkeypatch.setitem(FORMATS, "pdf", replace(FORMATS["pdf"], most=3))  # type: ignore[misc]
    answer = api.get("/collections/candidates/items?f=pdf&sector=NHS")
    assert answer.status_code == 400
    assert "at most 3 features" in answer.json()["detail"]
    assert "take f=xlsx" in answer.json()["detail"]
    assert api.get("/collections/sites.pdf?limit=1").status_code == 400
    other = api.get("/collections/boroughs.pdf?crs=http://www.opengis.net/def/crs/EPSG/0/27700")
    assert "leave it out" in other.json()["detail"]


@pytest.mark.parametrize("form", ["csv", *TABLES])
def test_files_of_another_day(api: TestClient, form: str, tmp_path: Path) -> None:
    """A file of another day has the sites of that day."""
    answer = api.get(f"/collections/sites.{form}?as-of=2015-03-31")
    assert rows(answer.content, form, tmp_path) == count(api, "&as-of=2015-03-31")


def test_a_limit_holds(api: TestClient) -> None:
    """Who asks for five rows of CSV gets five."""
    assert len(api.get("/collections/sites/items?f=csv&limit=5").text.splitlines()) == 6


def test_sorted(api: TestClient) -> None:
    """A file is in the order that was asked for."""
    table = csv.DictReader(io.StringIO(api.get("/collections/sites.csv?sortby=-gia_m2").text))
    areas = [float(row["gia_m2"]) for row in table if row["gia_m2"]]
    assert areas == sorted(areas, reverse=True)


@pytest.mark.parametrize(("asked", "srs"), [("", 27700), ("?crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326)])
def test_the_system_of_a_geopackage(api: TestClient, asked: str, srs: int, tmp_path: Path) -> None:
    """A GeoPackage is in British National Grid unless longitude and latitude are asked for."""
    path = tmp_path / "a.gpkg"
    path.write_bytes(api.get(f"/collections/sites.gpkg{asked}").content)
    assert pyogrio.read_info(path, layer="sites")["crs"].endswith(f":{srs}")


@pytest.mark.parametrize(("path", "status"), [
    ("/collections/sites.shp", 404), ("/collections/sites.html", 404), ("/collections/nothing.csv", 404),
    ("/collections/sites.csv?properties=name", 400), ("/collections/sites.csv?cursor=x", 400),
    ("/collections/sites.gpkg?crs=http://www.opengis.net/def/crs/EPSG/0/3857", 400),
    ("/collections/sites.csv?a=b", 400),
    ("/collections/sites/items?f=csv&cursor=x", 400), ("/collections/sites/items/NCL-RAL01?f=csv", 400),
    ("/collections/boroughs.csv?as-of=2015-01-01", 400), ("/sites.geojson?limit=1", 400),
])  # fmt: skip
def test_what_a_file_cannot_be(api: TestClient, path: str, status: int) -> None:
    """What cannot be had as a file is refused in words."""
    answer = api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("form", ["geojson", "gpkg"])
def test_a_file_in_ranges(api: TestClient, form: str) -> None:
    """HEAD says how long a file is; its parts, asked for one by one, are the whole; who has it is told so."""
    address = f"/collections/sites.{form}"
    plain = {"Accept-Encoding": "identity"}
    head, whole = api.head(address, headers=plain), api.get(address, headers=plain)
    size = int(head.headers["content-length"])
    assert (head.content, size, head.headers["accept-ranges"]) == (b"", len(whole.content), "bytes")
    parts = [api.get(address, headers={"Range": f"bytes={start}-{start + 9999}"}) for start in range(0, size, 10000)]
    assert {part.status_code for part in parts} == {206}
    assert b"".join(part.content for part in parts) == whole.content
    again = api.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("form", WHOLE)
def test_the_same_data_are_the_same_bytes(
    reading: Engine, make_api: Callable[..., TestClient], form: str
) -> None:  # fmt: skip
    """Two processes that build a file of the same data build the same bytes under the same tag."""
    one, other = (make_api(reading).get(f"/collections/candidates.{form}") for _ in range(2))
    assert one.headers["etag"] == other.headers["etag"]
    assert one.content == other.content


def test_a_file_is_built_once(
    loaded: Engine, make_api: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """A file is built once for each question, version of the data and audience, and anew after a change."""
    built: list[str] = []
    build = downloads._build

    def counting(*arguments: object) -> None:
        built.append("one")
        build(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(downloads, "_build", counting)
    client = make_api(loaded)
    first = [client.get("/collections/sites.csv").headers["etag"] for _ in range(3)]
    assert (len(built), len(set(first))) == (1, 1)
    with transaction(loaded) as connection:
        connection.execute(text("INSERT INTO audit (actor, action, subject, detail) VALUES ('a', 'b', 'c', '{}')"))
    assert client.get("/collections/sites.csv").headers["etag"] != first[0]
    assert len(built) == 2
    for query in ("sector=NHS", "sector=NHS", "sector=council", "filter=gia_m2%3E1", "filter=gia_m2%3E2"):
        client.get(f"/collections/sites.csv?{query}")
    assert len(built) == 6
    for limit in (1, 2, 1):
        client.get(f"/collections/sites/items?f=csv&limit={limit}")
    assert len(built) == 8


def test_old_files_are_removed(
    reading: Engine, make_api: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more files are kept than there is room for, and none when the service has ended."""
    monkeypatch.setattr(files, "KEPT_FILES", 2)
    client = make_api(reading)
    with client:
        for name in ("sites", "candidates", "boroughs", "lsoas"):
            client.get(f"/collections/{name}.csv")
        folder = client.app.state.files.folder  # type: ignore[attr-defined]
        assert len(list(folder.iterdir())) == 2
    assert not folder.exists()


def test_the_public_gets_no_file_of_the_key(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """A file that was built for the key is not given to the public."""
    with transaction(loaded) as connection:
        connection.execute(text("WITH moved AS (DELETE FROM site_public WHERE ref = 'NCL-RAL01' RETURNING *) "
                                "INSERT INTO site_complete SELECT * FROM moved"))  # fmt: skip
    client = make_api(loaded)
    keyed = client.get("/collections/sites.csv", headers={"X-API-Key": "the-key-of-the-tests"})
    public = client.get("/collections/sites.csv")
    assert ("NCL-RAL01" in keyed.text, "NCL-RAL01" in public.text) == (True, False)
    assert keyed.headers["etag"] != public.headers["etag"]
    assert keyed.headers["cache-control"].startswith("private")


@pytest.mark.parametrize(("accept", "name"), [
    ("*/*", "geojson"), ("text/plain, application/json", "geojson"), ("application/geo+json", "geojson"),
    ("", "geojson"),
    ("text/html,application/xhtml+xml,*/*;q=0.8", "html"), ("text/csv", "csv"), ("application/flatgeobuf", "fgb"),
    ("application/geopackage+sqlite3", "gpkg"), ("application/geo+json-seq", "geojsons"), ("image/png", "geojson"),
    ("application/vnd.apache.parquet", "parquet"),
])  # fmt: skip
def test_what_is_accepted(accept: str, name: str) -> None:
    """A format can be asked for by `Accept`; whoever takes anything gets GeoJSON."""
    assert accepted(accept).name == name
