"""`estates issues` and `estates letter`: what they print and write, and the exit code of what cannot be."""

import csv
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine

from estates_api.cli.main import main
from estates_api.domain.records import edition_id
from estates_api.settings import ROOT

Run = Callable[..., tuple[int, str, str]]
ERIC = edition_id(sha256((ROOT / "data/catalogue/eric_2016-17.csv").read_bytes()).hexdigest())


@pytest.fixture
def estates(reading: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the shared database: exit code, output, errors."""
    monkeypatch.setenv("ESTATES_DATABASE_URL", reading.url.render_as_string(hide_password=False))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["estates", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        return code, *capsys.readouterr()

    return run


def test_issues_of_an_organisation(estates: Run) -> None:
    """The gravest first, with file, row and what stands there, and the counts at the end."""
    code, out, _ = estates("issues", "--organisation", "taf")
    assert code == 0
    assert "103 ha of land for 399 m² of floor area: mistyped? found: 103" in out
    assert out.index("warning ") < out.index("note ")
    assert out.splitlines()[-1].startswith("0 errors, ")


def test_issues_by_every_filter(estates: Run) -> None:
    """Filters together; the rest is told when the table is cut short."""
    code, out, _ = estates("issues", "--source", "ERIC", "--severity", "warning", "--limit", "3")
    assert code == 0
    assert "shown are the first 3; --limit shows more, --csv FILE writes all" in out
    code, out, _ = estates("issues", "--rule", "tenancy-share", "--organisation", "RYX", "--edition", ERIC)
    assert (code, "2 notes" in out) == (0, True)
    assert estates("issues", "--organisation", "XYZ")[1].strip() == "0 errors, 0 warnings, 0 notes"


def test_issues_as_csv(estates: Run, tmp_path: Path) -> None:
    """All of them in a file, whatever the limit."""
    code, out, _ = estates("issues", "--organisation", "RRP", "--csv", tmp_path / "rrp.csv", "--limit", "1")
    assert code == 0
    with (tmp_path / "rrp.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["organisation"] for row in rows} == {"RRP"}
    assert sum(int(part.split()[0]) for part in out.strip().split(", ")) == len(rows) > 1


def test_a_letter_as_text(estates: Run) -> None:
    """A letter with date, addressee, the figures and the issues, no wider than a page."""
    code, out, _ = estates("letter", "ral")
    assert code == 0
    assert "To:    Royal Free London NHS Foundation Trust (RAL)" in out
    assert "THIS DECIDES THE LIST" in " ".join(out.split())  # wherever the line is broken
    assert max(map(len, out.splitlines())) <= 80


def test_a_letter_to_print(estates: Run, tmp_path: Path) -> None:
    """A page in a file, said where."""
    code, out, _ = estates("letter", "RAL", "--format", "html", "--out", tmp_path / "ral.html")
    assert (code, "written to" in out) == (0, True)
    assert "@page" in (tmp_path / "ral.html").read_text("utf-8")


def test_whom_a_letter_can_go_to(estates: Run) -> None:
    """Without a code the organisations are listed."""
    code, out, _ = estates("letter")
    assert (code, "RRP" in out, "Barnet, Enfield and Haringey" in out) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("letter", "XXX"), "there is no organisation 'XXX'; list those that return something with: estates letter"),
        (("issues", "--rule", "nope"), "there is no rule 'nope'; the rules are "),
        (("issues", "--edition", "999"), "there is no edition '999'"),
        (("issues", "--csv", "/nowhere/at/all.csv"), "/nowhere/at/all.csv: No such file or directory"),
        (("letter", "RRP", "--out", "/nowhere/at/all.txt"), "/nowhere/at/all.txt: No such file or directory"),
    ],
)
def test_what_cannot_be_is_one_line(estates: Run, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2 and a line that says what to do, never a traceback."""
    code, out, err = estates(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
