"""`estates needs`: from the template to the allocation, what is printed and the exit code of what cannot be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

ROWS = """need,organisation_code,organisation_name,service,floor_area_low_m2,floor_area_high_m2,boroughs,ptal,\
sensitivity
HUB-1,RZ1,Made Up Trust,Integrated hub,200,400,Enfield; Haringey,2,
BIG-2,RZ1,Made Up Trust,Team base,1400,,Enfield,,partner
"""


def test_from_a_file_to_an_allocation(estates: Callable[..., Any], loaded: Engine, tmp_path: Path) -> None:
    """Hand in, list, look at the fits, allocate, close: each says what it did."""
    file = tmp_path / "needs.csv"
    file.write_text(ROWS)
    done = estates("needs", "add", file, "--by", "NCL Estates Board", on=loaded)
    doubt = "the organisation RZ1 is not in the register; it stands by the name that was given, Made Up Trust"
    assert done.code == 0, done.err
    assert done.out == f"HUB-1 added ({doubt})\nBIG-2 added ({doubt})\n2 needs in needs.csv\n"
    assert "HUB-1 unchanged" in estates("needs", "add", file, "--by", "NCL Estates Board", on=loaded).out
    listed = estates("needs", "list", on=loaded).out
    assert "Integrated hub: 200 to 400 m², in Enfield or Haringey, PTAL 2 or better" in listed
    assert "partner" in listed
    shown = estates("needs", "show", "hub-1", on=loaded).out
    assert "floor_area_low_m2: 200.0" in shown
    assert "closed" not in shown
    fits = estates("needs", "fits", "HUB-1", "--limit", "3", on=loaded).out
    assert "1 site fits, 38 sites could fit, 93 sites do not fit" in fits
    assert "North Middlesex University" in fits
    assert "(old evidence)" in fits
    other = estates("needs", "fits", "HUB-1", "--limit", "3", "--verdict", "does not fit", on=loaded).out
    assert "against: " in other
    found = estates("needs", "allocate", on=loaded).out
    assert "1 of 2 needs met, and none can be better by this rule" in found
    assert "nowhere" in found
    assert "m² more would do" in " ".join(found.replace("│", " ").split())
    ended = estates("needs", "close", "BIG-2", "--by", "the trust", "--because", "merged teams", on=loaded)
    assert (ended.code, ended.out) == (0, "BIG-2 closed: merged teams\n")
    assert "BIG-2" not in estates("needs", "list", on=loaded).out
    assert "(closed: merged teams)" in estates("needs", "list", "--closed", on=loaded).out
    assert "1 of 1 need met" in estates("needs", "allocate", "--first", "floor-area", on=loaded).out


def test_a_need_whose_day_has_passed_is_marked(estates: Callable[..., Any], loaded: Engine, tmp_path: Path) -> None:
    """Handed in it is doubted, listed, held against sites and allocated it is marked; closed it is not any more."""
    file = tmp_path / "needs.csv"
    row = "LATE-1,RAL,,Hub,200,Enfield,2024-03-31\nSOON-2,RAL,,Hub,200,Enfield,2999-03-31\n"
    file.write_text(f"need,organisation_code,organisation_name,service,floor_area_low_m2,boroughs,required_by\n{row}")
    done = estates("needs", "add", file, "--by", "NCL Estates Board", on=loaded).out
    assert done.startswith("LATE-1 added (it was needed by 2024-03-31, which has passed)\nSOON-2 added\n")
    for command in (("list",), ("fits", "LATE-1"), ("allocate",)):
        assert estates("needs", *command, on=loaded).out.count("overdue") == 1, command
    estates("needs", "close", "LATE-1", "--by", "the trust", "--because", "found", on=loaded)
    assert "overdue" not in estates("needs", "list", "--closed", on=loaded).out


def test_the_template_is_printed(estates: Callable[..., Any]) -> None:
    """The header alone, ready for a file, without a database."""
    out = estates("needs", "template").out
    assert out.startswith("need,organisation_code,organisation_name,service,floor_area_low_m2,")
    assert out.count("\n") == 1


def test_bad_rows_are_told_by_line(
    estates: Callable[..., Any], loaded: Engine, tmp_path: Path, count_rows: Callable[[Engine], dict[str, int]]
) -> None:
    """Every row that cannot be taken, exit code 2, and not a row is written."""
    before = count_rows(loaded)
    file = tmp_path / "needs.csv"
    file.write_text(ROWS.replace(",partner", ",secret").replace("200,400", "400,200"))
    done = estates("needs", "add", file, "--by", "me", on=loaded)
    assert done.code == 2
    told = done.err.splitlines()
    assert told[0].startswith("line 2: floor_area_high_m2: 200 is less than floor_area_low_m2, 400")
    assert told[1].startswith("line 3: sensitivity: 'secret' is not one of")
    assert told[2].startswith("error: nothing was written: 2 rows cannot be taken; line 2: ")
    for path in (tmp_path, tmp_path / "none.csv"):
        assert estates("needs", "add", path, "--by", "me", on=loaded).code == 2
    assert estates("needs", "show", "NONE", on=loaded).code == 2
    assert estates("needs", "fits", "HUB-1", "--verdict", "maybe", on=loaded).code == 2
    assert count_rows(loaded) == before
    missing = estates("needs", "fits", "NOPE", on=loaded)
    assert (missing.code, missing.err) == (
        2, "error: there is no need 'NOPE'; those that are open: estates needs list, or /needs\n")  # fmt: skip
    empty = estates("needs", "allocate", on=loaded)
    assert (empty.code, empty.out.count("\n")) == (0, 1)
    assert "no need is open, so there is nothing to allocate; record needs with: estates needs add FILE" in empty.out


def test_a_code_of_the_register_needs_no_name(estates: Callable[..., Any], loaded: Engine, tmp_path: Path) -> None:
    """The name is what the register calls it, and nothing is odd about it."""
    file = tmp_path / "needs.csv"
    file.write_text("need,organisation_code,service,floor_area_low_m2,boroughs\nA,RAL,Clinic,200,Camden\n")
    done = estates("needs", "add", file, "--by", "me", on=loaded)
    assert (done.code, done.out) == (0, "A added\n1 need in needs.csv\n"), done.err
    assert "Royal Free" in estates("needs", "list", on=loaded).out


def test_a_search_without_proof_says_so(estates: Callable[..., Any], loaded: Engine, monkeypatch: Any) -> None:
    """What the time did not suffice for is named instead of a proof."""
    from estates_api.cli import needs  # noqa: PLC0415 -- patched here alone

    answer = {"rule": "A rule.", "met": 1, "of": 2, "proven": False, "unproven": ["reuse scores"], "needs": []}
    monkeypatch.setattr(needs, "answer_allocation", lambda *_: answer)
    out = estates("needs", "allocate", on=loaded).out
    assert "1 of 2 needs met; time did not suffice to prove the best in: reuse scores" in out
