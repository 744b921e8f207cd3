"""`estates shortlist export` and `estates time-machine`, as a person uses them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

Run = Callable[..., Any]


@pytest.mark.parametrize(("name", "starts"), [
    ("list.csv", b"quarter,"), ("list.geojson", b"{"), ("list.xlsx", b"PK"), ("list.gpkg", b"SQLite"),
    ("list.parquet", b"PAR1"), ("list.pdf", b"%PDF"),
])  # fmt: skip
def test_a_list_is_exported(estates: Run, reading: Engine, tmp_path: Path, name: str, starts: bytes) -> None:
    """A list is written whole in the format that the name of the file says, and what was written is told."""
    done = estates("shortlist", "export", "2015-Q1", "--out", tmp_path / name, on=reading)
    assert done.code == 0, done.err
    assert (tmp_path / name).read_bytes().startswith(starts)
    assert "shortlist 2015-Q1 revision 1, draft, 11 entries" in done.out
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("words", "told"), [
    (("2015-Q1", "--out", "list.docx"), "--format takes csv, geojson, xlsx"),
    (("2015-Q1", "--out", "nowhere/list.csv"), "No such file or directory"),
    (("2009-Q1", "--out", "list.csv"), "estates shortlist draft 2009-Q1"),
])  # fmt: skip
def test_what_cannot_be_exported(estates: Run, reading: Engine, words: tuple[str, ...], told: str) -> None:
    """A format, folder or list that is not there is refused in one line, and nothing is written."""
    done = estates("shortlist", "export", *words, on=reading)
    assert (done.code, told in done.err.replace("\n", " ")) == (2, True), done.err
    assert not Path("list.csv").exists()


def test_the_time_machine(estates: Run, reading: Engine, tmp_path: Path) -> None:
    """Each year is printed with what was listed and what was missed; --out writes JSON or PDF whole."""
    done = estates("time-machine", "--out", tmp_path / "a.json", on=reading)
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "a.json").read_text())
    for one in found["days"]:
        assert f"As of {one['as_of']}" in done.out
        assert one["told"] in done.out
    assert "missed: North Middlesex" in done.out
    assert estates("time-machine", "--out", tmp_path / "a.pdf", on=reading).code == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    refused = estates("time-machine", "--out", tmp_path / "a.txt", on=reading)
    assert (refused.code, "end in .json or .pdf" in refused.err) == (2, True)
