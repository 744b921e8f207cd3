"""`estates method`: shown in words, checked with the line of a mistake; no database is needed for either."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from estates_api.settings import ROOT

Run = Callable[..., Any]
FILE = ROOT / "data/methods/ncl-1.toml"
NOWHERE = {"ESTATES_DATABASE_URL": "postgresql://localhost:1/none"}


def test_the_method_is_shown_in_words(estates: Run) -> None:
    """Every criterion with its share, its points in words and its source; cut-offs, gates, limits, checks, columns."""
    done = estates("method", "show", **NOWHERE)
    assert done.code == 0
    for told in (
        "empty or under-used space, 8.3% of the score", "2.5% or less: no points; 30% or more: all points",
        "level 1b or less: no points; level 6a or more: all points", "decile 1 or less: all points",
        "each tenfold step between counts the same", "their 90th percentile or more: all points",
        "or more, with no gate closed: release", "a lease without a break",
        "green belt: its land is taken out of what can be built on, unless previously developed",
        "Local Government Act 1972, s.123", "near a station or a town centre", "council’s site earns nothing",
    ):  # fmt: skip
        assert told in " ".join(done.out.split()), told


def test_capacity_and_receipts_are_shown(estates: Run) -> None:
    """The density matrix with its cautions and its settings, what land is taken to go, who keeps a receipt, and what is
    usual for each kind of trust."""
    told = " ".join(estates("method", "show", **NOWHERE).out.split())
    for words in (
        "not appropriate to apply the table mechanistically", "a design-led approach (policy D3)",
        "central: within 800 m of a town centre of class international or major or metropolitan",
        "urban: within 800 m of a town centre of class district", "34%, 58% or 75% of the open land",
        "assumption, not published", "suburban, 3.8-4.6 habitable rooms: 35–55 at PTAL 0-1, 35–65 at 2-3, 45–90 at 4-6",
        "London borough, since 2004-04-01: the council, for capital spending or debt", "SI 2003/3146, regulation 23",
        "Usual, m² of floor for each m² of land: acute trusts 0.59, other trusts 0.18",
    ):  # fmt: skip
        assert words in told, words


def test_the_adopted_method_is_shown(estates: Run, loaded: Engine, tmp_path: Path) -> None:
    """Once another method is adopted it is the one that is shown; where no database is up, standard error says that it
    is the one that comes with the service, and nothing is started or made for it."""
    own = tmp_path / "own.toml"
    own.write_text(FILE.read_text().replace('id = "ncl-1"', 'id = "own-1"', 1))
    assert estates("method", "adopt", own, "--by", "me", "--reason", "x", on=loaded).code == 0
    shown = estates("method", "show", "--json", on=loaded)
    assert (json.loads(shown.out)["id"], shown.err) == ("own-1", "")
    state = tmp_path / "state"
    for nowhere in (NOWHERE, {"ESTATES_DATABASE_URL": "", "ESTATES_STATE_DIR": str(state)}):
        shown = estates("method", "show", "--json", **nowhere)
        assert json.loads(shown.out)["id"] == "ncl-1"
        assert "this is the method that comes with the service" in shown.err
    assert not state.exists()


def test_the_method_as_json(estates: Run) -> None:
    """`--json` is all of it for programs."""
    told = json.loads(estates("method", "show", "--json", **NOWHERE).out)
    assert (told["id"], len(told["scores"]), len(told["sha256"])) == ("ncl-1", 2, 64)


def test_another_file_can_be_shown_and_checked(estates: Run, tmp_path: Path) -> None:
    """A method of one's own is shown as ours is; a weight of its own comes with its argument."""
    own = tmp_path / "own [b].toml"
    weighed = 'points = [[2.5, 0], [30, 1]]\nweight = 2\nweight_why = "Twice [as] sure."'
    own.write_text(FILE.read_text().replace("points = [[2.5, 0], [30, 1]]", weighed).replace("ncl-1", "own-1"))
    shown = estates("method", "show", "--method", own)
    assert "12.5% of the score (Twice [as] sure.)" in shown.out
    checked = estates("method", "check", own)
    assert checked.code == 0
    assert "own-1, 15 criteria, 5 gates, 6 limits, 5 checks, 6 priority columns; SHA-256" in checked.out


def test_a_mistake_is_told_with_its_line(estates: Run, tmp_path: Path) -> None:
    """One line on standard error and exit code 2, for both commands, and nothing of Python."""
    wrong = tmp_path / "wrong.toml"
    lines = FILE.read_text().split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("points = [[35"))
    lines[at] = "points = [[35, 0], [30, 1]]"
    wrong.write_text("\n".join(lines))
    for command in (("check", wrong), ("show", "--method", wrong)):
        done = estates("method", *command)
        assert done.code == 2
        assert f"wrong.toml, line {at + 1}: [[criterion]] release.non_clinical, points: give two or more" in done.err
        assert done.err.count("\n") == 1


@pytest.mark.parametrize("name", ["", "none.toml", "x\ny.toml"])
def test_a_file_that_cannot_be_read(estates: Run, tmp_path: Path, name: str) -> None:
    """A folder and a file that is not there are told in one line."""
    done = estates("method", "check", tmp_path / name)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "give the path of a method file" in done.err
