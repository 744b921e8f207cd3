"""`estates method adopt` and `history`, `estates what-if`: what they print, and the exit code of what cannot be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from estates_api.settings import ROOT

METHOD = (ROOT / "data/methods/ncl-1.toml").read_bytes()


def test_a_method_is_adopted(estates: Callable[..., Any], loaded: Engine, tmp_path: Path) -> None:
    """The decision is listed with who and why, and the next assessment goes by the method."""
    assert "no method was adopted" in estates("method", "history", on=loaded).out
    file = tmp_path / "ncl-2.toml"
    file.write_bytes(METHOD.replace(b'id = "ncl-1"', b'id = "ncl-2"', 1))
    done = estates("method", "adopt", file, "--by", "NCL Estates Board", "--reason", "agreed in November", on=loaded)
    assert (done.code, "adopted: ncl-2" in done.out) == (0, True)
    listed = estates("method", "history", on=loaded).out
    assert "NCL Estates Board" in listed
    assert "agreed in November" in listed
    assert "method ncl-2" in estates("assess", on=loaded).out


def test_a_broken_method_is_refused(estates: Callable[..., Any], loaded: Engine, tmp_path: Path) -> None:
    """A file that is no method, or not there, is one line and exit code 2."""
    file = tmp_path / "broken.toml"
    file.write_text("id = 3")
    for path, told in ((file, "broken.toml, line 1"), (tmp_path / "none.toml", "No such file")):
        done = estates("method", "adopt", path, "--by", "me", "--reason", "x", on=loaded)
        assert (done.code, told in done.err.replace("\n", "")) == (2, True)


def test_what_if_from_a_file(estates: Callable[..., Any], reading: Engine, tmp_path: Path) -> None:
    """Changed routes and who enters or leaves the top k are printed; every site goes to the table."""
    file, table = tmp_path / "question.toml", tmp_path / "sites.csv"
    file.write_text('top = 5\n[groups]\n"release.utilisation" = 9\n[cut_offs]\nrelease = 20\n')
    done = estates("what-if", file, "--csv", table, on=reading)
    assert done.code == 0, done.err
    assert "retain -> release" in done.out
    assert "enters the top 5 for release: NCL-" in done.out
    assert table.read_text().startswith("site,name,route,route_before,")
    file.write_text("[groups]\nland = 1\n")
    refused = estates("what-if", file, on=reading)
    assert (refused.code, "groups: there is no 'land'" in refused.err) == (2, True)
    for content, told in (
        (b"top = " + b"[" * 20_000, "nested too deeply"),
        (b"top = " + b"9" * 5_000, "too long"),
        (b"top = ?", "line 1: not readable as TOML"),
        (b"x = 1\ny = '\xff'", "line 2: not UTF-8"),
    ):
        file.write_bytes(content)
        refused = estates("what-if", file, on=reading)
        assert (refused.code, told in refused.err.replace("\n", " ")) == (2, True), refused.err
    assert estates("what-if", table, on=reading).code == 2
    assert estates("what-if", file.with_name("x"), on=reading).code == 2
