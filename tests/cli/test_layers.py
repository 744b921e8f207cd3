"""The command that tells what layers are loaded."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from estates_api.cli.main import app

SAMPLES = Path(__file__).parents[1] / "samples"
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(reference: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command on a database without layers; exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ESTATES_DATABASE_URL", reference.url.render_as_string(hide_password=False))

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["estates", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app(prog_name="estates")
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def test_what_is_loaded_and_what_is_not(command: Command) -> None:
    """Every kind is in one of the two lists; a file handed in moves from the one to the other."""
    code, before, _ = command("layers")
    assert code == 0
    assert "not loaded, so not known of any site: green-belt, metropolitan-open-land" in before
    code, told, _ = command("ingest", SAMPLES / "naptan_made.csv")
    assert code == 0
    assert "NaPTAN naptan_made: 5 rows, 2 features" in told
    _, after, _ = command("layers")
    assert [line.split() for line in after.splitlines() if line.startswith("station")] == [
        ["station", "NaPTAN", "naptan_made", "2", "not", "stated"]
    ]
    assert "station" in before.partition("not known of any site")[2]
    assert "station" not in after.partition("not known of any site")[2]


def test_a_layer_without_a_kind_is_refused(command: Command, tmp_path: Path) -> None:
    """A table of polygons that nobody names is no layer: one line says what to write, exit code 2."""
    file = tmp_path / "zones.csv"
    file.write_text("name,geometry\nMade,POINT (-0.1 51.5)\n", encoding="utf-8")
    code, _, said = command("ingest", "--as", "planning-data", file)
    assert code == 2
    assert "say with the format what it is a layer of: green-belt" in said
