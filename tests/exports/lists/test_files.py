"""Files of a shortlist, opened with the programs that people open them with."""

import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas
import openpyxl
import pandas
import pyogrio
import pytest
import shapely

from estates_api.errors import Unavailable
from estates_api.exports.columns import COLUMNS, rows_of
from estates_api.exports.lists import FILES, process
from estates_api.exports.lists.build import Handed, build_list
from estates_api.exports.sheets import LONGEST

Document = dict[str, Any]
Write = Callable[..., Path]

MODULES = [one.module for one in FILES.values()]


@pytest.mark.parametrize("module", MODULES)
def test_the_same_list_is_the_same_bytes(module: str, write: Write, document: Document) -> None:
    """A file is a function of the frozen list: no clock, no order of chance."""
    assert write(module, document, "one").read_bytes() == write(module, document, "other").read_bytes()


@pytest.mark.parametrize("module", MODULES)
def test_a_list_without_entries_is_a_file(module: str, write: Write, document: Document) -> None:
    """A quarter in which nothing meets the cut-offs has its files too, without boroughs and method as well."""
    empty = document | {"entries": [], "not_enough_data": [], "released": [], "known_at": ""}
    assert write(module, empty, boroughs=[], method={}).stat().st_size > 1000


def test_the_geopackage(write: Write, document: Document) -> None:
    """GDAL reads two layers in British National Grid: all entries as points, and the outlines that are known; each
    brings a style that colours by list."""
    path = write("geopackage", document)
    points, outlines = (pyogrio.read_dataframe(path, layer=name) for name in ("entries", "outlines"))
    assert {pyogrio.read_info(path, layer=name)["crs"] for name in ("entries", "outlines")} == {"EPSG:27700"}
    assert len(points) == len(document["entries"])
    assert points.geometry.isna().sum() == 1
    assert [shape.equals(shapely.from_wkt(document["entries"][0]["outline"])) for shape in outlines.geometry] == [True]
    assert list(points.drop(columns=["id", "geometry"]).columns) == list(COLUMNS)
    assert points["score"].tolist() == [entry["score"] for entry in document["entries"]]
    with closing(sqlite3.connect(path)) as database:
        styles = dict(database.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault").fetchall())
    assert {"entries", "outlines"} == set(styles)
    assert all("part release" in style for style in styles.values())


def test_the_geoparquet(write: Write, document: Document) -> None:
    """geopandas reads one row per entry with its system: the outline where it is known, else the point."""
    frame = geopandas.read_parquet(write("geoparquet", document))
    assert frame.crs.to_epsg() == 27700
    kinds = [None if shape is None else shape.geom_type for shape in frame.geometry]
    assert kinds[:3] == ["MultiPolygon", None, "Point"]
    assert frame["land_ha"].tolist() == pytest.approx([entry["land_ha"] for entry in document["entries"]], nan_ok=True)
    assert frame["as_of"].iloc[0].isoformat() == "2015-03-31"


def test_the_workbook(write: Write, document: Document) -> None:
    """openpyxl and pandas find every sheet, heads that stay, a filter over all rows, numbers as numbers and days as
    days, and the fingerprint of the list."""
    document["decided"] = [{"site": "B", "name": "A Depot", "borough": "Barnet", "told": "retained: minute 7"}]
    path = write("workbook", document, sha256="0f" * 32)
    book = openpyxl.load_workbook(path)
    apart = [[cell.value for cell in row] for row in book["apart"].iter_rows()]
    assert ["decided", "B", "A Depot", None, "Barnet", None, "retained: minute 7"] in apart
    assert book.sheetnames == ["readme", "sites", "contributions", "not enough data", "apart", "released", "method",
                               "sources", "columns"]  # fmt: skip
    sheet = book["sites"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("C2", sheet.dimensions)
    said = {row[0].value: row[1].value for row in book["readme"].iter_rows()}
    assert said["SHA-256"].startswith("0f" * 32)
    frame = pandas.read_excel(path, sheet_name="sites", engine="openpyxl")
    assert set(frame.columns) == set(COLUMNS)
    entries = document["entries"]
    assert frame["score"].tolist() == pytest.approx([entry["score"] for entry in entries])
    assert frame["void_cost_gbp_per_year"].tolist() == pytest.approx(
        [entry["void_cost_gbp_per_year"] for entry in entries], nan_ok=True
    )
    assert frame["evidence_date"].dt.strftime("%Y-%m-%d").tolist() == [entry["evidence_date"] for entry in entries]
    heads = {cell.value: cell.column for cell in sheet[1]}
    patterns = {name: sheet.cell(2, heads[name]).number_format for name in ("land_ha", "coverage", "as_of", "rank")}
    assert patterns == {"land_ha": "#,##0.0000", "coverage": "0.0%", "as_of": "d mmm yyyy", "rank": "#,##0"}


def test_the_contributions_add_up(write: Write, document: Document) -> None:
    """On their sheet the points of each site and score add up to the score of the list."""
    frame = pandas.read_excel(write("workbook", document), sheet_name="contributions", engine="openpyxl")
    added = frame.groupby(["site", frame["criterion"].str.partition(".")[0]])["points"].sum()
    for entry in document["entries"]:
        for score in ("release", "reuse"):
            assert added[entry["site"], score] == pytest.approx(entry[f"{score}_score"], abs=0.001)


def test_no_cell_is_a_formula(write: Write, document: Document) -> None:
    """Text that begins as a formula does stays text, is shown as it was, and links nowhere; text that is too long for
    a cell says that it was cut."""
    document["entries"][0]["reasons"] = "x" * 40_000
    sheet = openpyxl.load_workbook(write("workbook", document))["sites"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    cells = [cell for (cell,) in sheet.iter_rows(2, None, heads["name"], heads["name"])]
    assert [cell.value for cell in cells] == [entry["name"] for entry in document["entries"]]
    assert cells[0].value.startswith("=HYPERLINK")
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)
    long = sheet.cell(2, heads["reasons"]).value
    assert len(long) == LONGEST
    assert long.endswith("(cut: a cell holds no more)")


def test_a_cut_off_document_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: Document) -> None:
    """Input that is shorter than announced was cut off: no file appears."""
    content = json.dumps(document).encode()
    line = json.dumps({"module": "workbook", "bytes": len(content), "beside": {}}).encode() + b"\n"
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(line + content[:-1])))
    monkeypatch.setattr("sys.argv", ["process", str(tmp_path / "a.xlsx")])
    monkeypatch.setattr("os.nice", lambda _: 0)
    with pytest.raises(EOFError):
        process.main()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", FILES)
def test_a_process_of_its_own_writes_it(
    suffix: str, tmp_path: Path, write: Write, document: Document, handed: tuple[Document, dict[str, Any]]
) -> None:  # fmt: skip
    """What the process writes is what the writer writes, and nothing is left beside it."""
    folder = tmp_path / "out"
    folder.mkdir()
    beside = handed[1]
    made = Handed(json.dumps(document).encode(), beside["sha256"], beside["status"], beside["revision"], "", "",
                  beside["method"], beside["boroughs"], beside["levels"], beside["equity"])  # fmt: skip
    build_list(made, FILES[suffix], folder / f"a.{suffix}")
    assert [one.name for one in folder.iterdir()] == [f"a.{suffix}"]
    assert (folder / f"a.{suffix}").read_bytes() == write(FILES[suffix].module, document).read_bytes()


def test_a_process_that_fails_says_so(tmp_path: Path) -> None:
    """What cannot be written is Unavailable, and no file is there."""
    with pytest.raises(Unavailable, match="the workbook could not be written"):
        build_list(Handed(b"[]"), FILES["xlsx"], tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_rows_of_a_redacted_entry(document: Document) -> None:
    """An entry whose figures were redacted since still has its row, blank but for what is kept."""
    blank = {name: [] if isinstance(value, list) else "" if isinstance(value, str) else None
             for name, value in document["entries"][0].items()}  # fmt: skip
    (row,) = rows_of(document | {"entries": [blank]})
    assert {value for name, value in row.items() if name not in {"quarter", "as_of"}} == {None}
