"""The command that attaches parcels: what it says, and the exit code."""

import sys
from collections.abc import Callable
from pathlib import Path

import geopandas
import pytest
import shapely
from sqlalchemy import Engine

from estates_api.cli.main import app

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(reference: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command on a database with one site; exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ESTATES_DATABASE_URL", reference.url.render_as_string(hide_password=False))

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["estates", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app(prog_name="estates")
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    """A file with a parcel of the site and one of a site that is not here."""
    rows = [{"site_ref": "NCL-RZ101", "geometry": shapely.box(531_800, 188_700, 531_900, 188_800)},
            {"site_ref": "NCL-NONE", "geometry": shapely.box(532_800, 188_700, 532_900, 188_800)}]  # fmt: skip
    geopandas.GeoDataFrame(rows, crs=27700).to_file(tmp_path / "parcels.gpkg")
    return tmp_path / "parcels.gpkg"


def test_outline(
    command: Command, reference: Engine, hand_in: Callable[..., object], template: Callable[..., bytes], parcels: Path
) -> None:
    """It says how many parcels were read, sites outlined and left without, and what could not be used; the same file
    again says that it is here, with the same numbers."""
    content = template({"holding_code": "RZ101", "gia_m2": 5}, {"holding_code": "RZ102", "gia_m2": 5})
    hand_in(reference, "t.csv", content, period="2020")
    code, out, err = command("outline", parcels, "--source", "County survey")
    assert (code, err) == (0, "")
    first, *table = out.splitlines()
    assert first == ("parcels.gpkg: County survey parcels: 2 parcels read, 1 attached, 1 site outlined, 1 left without")
    assert "names a site or holding that is not here" in table[1]
    assert "NCL-NONE" in table[1]
    code, out, _ = command("outline", parcels)
    assert code == 0
    assert "parcels.gpkg: already here as County survey parcels (2 parcels read, 1 attached, 1 site" in out
    assert out.strip().endswith("nothing changed")


@pytest.mark.parametrize(("name", "reason"), [
    ("none.gpkg", "none.gpkg: No such file or directory"),
    ("table.csv", "table.csv: an outline comes from a vector file"),
])  # fmt: skip
def test_a_file_that_is_none(command: Command, parcels: Path, name: str, reason: str) -> None:
    """What cannot be parcels is one line and exit code 2; the other files still go in."""
    parcels.with_name("table.csv").write_text("a,b\n1,2\n")
    code, out, err = command("outline", parcels.with_name(name), parcels)
    assert code == 2
    assert err.startswith(f"error: {reason}")
    assert len(err.splitlines()) == 1
    assert out.startswith("parcels.gpkg: ")
