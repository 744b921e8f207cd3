"""`estates llc` and `estates levels` as a person runs them."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from estates_api.domain.llc import FIELDS
from estates_api.domain.llc_mappings import MAPPINGS

Run = Callable[..., Any]


def test_export_and_validate(estates: Run, reading: Engine, tmp_path: Path) -> None:
    """What was exported passes, row by row, with exit code 0; `--every` says so of each."""
    path = tmp_path / "llc.csv"
    done = estates("llc", "export", "2015-Q1", "--out", path, on=reading)
    assert (done.code, done.err) == (0, "")
    assert "on 2015-Q1 revision 1, draft, SHA-256" in done.out, "who sends it on should know that it is a draft"
    listed = path.read_text().count("\n") - 1
    checked = estates("llc", "validate", path)
    assert checked.code == 0
    assert f"llc.csv: {listed} rows held against llc/1: {listed} pass, 0 rows do not" in checked.out
    assert "line 2: passes" in estates("llc", "validate", path, "--every").out


def test_a_bad_row_is_told_with_line_field_and_what_is_wanted(estates: Run, reading: Engine, tmp_path: Path) -> None:
    """Exit code 1, one line for each fault, and the count."""
    path = tmp_path / "llc.csv"
    estates("llc", "export", "2015-Q1", "--out", path, on=reading)
    rows = list(csv.reader(io.StringIO(path.read_text(), newline="")))
    rows[1][list(FIELDS).index("uprn")] = "1.00E+11"
    rows[1][list(FIELDS).index("score")] = ""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    done = estates("llc", "validate", path)
    assert done.code == 1
    assert "line 2: uprn: '1.00E+11' does not fit; wanted: 1 to 12 digits, or blank where it" in done.out
    assert "line 2: score: blank; wanted: a number, 0 or more, 100 or less" in done.out
    assert "1 row does not" in done.out


def test_another_file_is_refused(estates: Run, tmp_path: Path) -> None:
    """Exit code 2 and one line for a file that is not there, a folder, and one with other columns."""
    other = tmp_path / "other.csv"
    other.write_text("site_reference,name\nA,B\n")
    for path, words in ((tmp_path / "nope.csv", "No such file"), (tmp_path, "not a file"), (other, "missing: owner_b")):
        done = estates("llc", "validate", path)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert words in done.err


@pytest.mark.parametrize("form", [*MAPPINGS, "geojson"])
def test_every_form(estates: Run, reading: Engine, tmp_path: Path, form: str) -> None:
    """Each mapping is written, and says which sites belong in it and which columns stay blank."""
    path = tmp_path / form
    done = estates("llc", "export", "2015-Q1", "--as", form, "--out", path, on=reading)
    assert done.code == 0
    assert path.stat().st_size > 100
    assert ("Left blank: " in done.out) is (form != "geojson")


def test_an_unknown_form_or_quarter(estates: Run, reading: Engine, tmp_path: Path) -> None:
    """Refused with what there is, and nothing written."""
    path = tmp_path / "x"
    done = estates("llc", "export", "2015-Q1", "--as", "savills", "--out", path, on=reading)
    assert (done.code, "estates-board" in done.err, path.exists()) == (2, True, False)
    assert estates("llc", "export", "1999-Q1", "--out", path, on=reading).code == 2


def test_levels_as_a_table(estates: Run, reading: Engine) -> None:
    """Boroughs, sub-region and London with what they cover; boroughs alone; deciles."""
    out = estates("levels", on=reading).out
    for words in ("Haringey", "North Central London", "London, as loaded", "It is not all of it", "AGGRE"):
        assert words in out
    boroughs = estates("levels", "--by", "borough", on=reading).out
    assert "Haringey" in boroughs
    assert "London, as loaded" not in boroughs
    assert "not known" in estates("levels", "--by", "decile", on=reading).out


@pytest.mark.parametrize("by", ["level", "borough", "decile"])
def test_levels_fit_a_terminal(estates: Run, reading: Engine, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In 80 columns no number and no word is cut or broken, and what is added up over nothing is blank."""
    monkeypatch.setattr("rich.console.Console.width", 80)
    done = estates("levels", "--by", by, on=reading)
    end = "Of the neighbourhood" if by == "decile" else "London is what is loaded"
    table = done.out.partition("By the method:\n")[2].partition(end)[0].splitlines()
    assert len(table) > 6
    assert max(map(len, table)) <= 80
    words = set(" ".join(table).split())
    assert {"release", "reuse", "homes"} <= words
    assert not any("…" in word for word in words)
    assert "(0)" not in words


@pytest.mark.parametrize("by", ["level", "borough", "decile"])
def test_levels_for_programs(estates: Run, reading: Engine, by: str) -> None:
    """The same rows as CSV and as JSON."""
    read = list(csv.DictReader(io.StringIO(estates("levels", "--by", by, "--format", "csv", on=reading).out)))
    told = json.loads(estates("levels", "--by", by, "--format", "json", on=reading).out)
    rows = told["rows" if by == "decile" else "levels"]
    assert [row["sites"] for row in read] == [str(row["sites"]) for row in rows]
