"""The allocation as it is asked for: by a process of its own, explained, and only of what the caller may see."""

import json
import subprocess
from typing import Any

import pytest
from sqlalchemy import Engine

from estates_api.domain.allocation import Choice, Wanted, allocate
from estates_api.errors import Unavailable
from estates_api.store.database import transaction
from estates_api.store.needs import list_needs
from estates_api.workflows import allocation as work
from estates_api.workflows.fits import read_market
from estates_api.workflows.needs import Given, add_needs

WANTED = [Wanted("A", 300.0, (Choice("S", 0, 0, 60), Choice("T", 0, 1, 90))),
          Wanted("B", 150.5, (Choice("S", 0, 0, 60),)), Wanted("C", 1.0, ())]  # fmt: skip
SPARE = {"S": 400.0, "T": 500.0}

HUB = {"organisation_code": "RZ1", "organisation_name": "Made Up Trust", "service": "Hub",
       "boroughs": "Barnet; Camden; Enfield; Haringey; Islington"}  # fmt: skip
LARGE = [{"need": f"L-{n}", "floor_area_low_m2": "1000"} for n in range(6)]


def ask(engine: Engine, audience: Any = "complete", **more: Any) -> dict[str, Any]:
    """The allocation of the open needs."""
    with transaction(engine) as connection:
        market = read_market(connection, audience)
        return work.answer_allocation(list_needs(connection, audience), more.get("first", "needs"), market)


def test_the_process_answers_as_the_function_does() -> None:
    """Nothing is lost on the way there and back."""
    here = allocate(WANTED, SPARE, first="floor-area")
    assert work.allocate_apart(WANTED, SPARE, "floor-area") == here
    assert [one.site for one in here.given] == ["T", "S", None]
    question = {"wanted": [["C", 1.0, []]], "spare_m2": {}, "first": "needs"}
    assert json.loads(work.answer_question(json.dumps(question)))["given"][0]["site"] is None


def test_a_search_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute the service says so, and the next question is taken."""
    monkeypatch.setattr(work, "LONGEST_S", 0.01)
    for _ in range(2):
        with pytest.raises(Unavailable, match="not found in a minute; close some needs"):
            work.allocate_apart(WANTED, SPARE, "needs")


def test_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one allocation is worked out, another waits for a while and then is asked to come again."""
    monkeypatch.setattr(work, "WAIT_S", 0.01)
    with work._one, pytest.raises(Unavailable, match="ask again in a minute"):
        work.allocate_apart(WANTED, SPARE, "needs")


def test_a_process_that_fails_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong there is an error here, never an empty allocation."""
    monkeypatch.setattr(work.sys, "executable", "/bin/false")
    with pytest.raises(subprocess.CalledProcessError):
        work.allocate_apart(WANTED, SPARE, "needs")


def test_several_needs_for_the_same_space(loaded: Engine) -> None:
    """Real sites, made-up needs: what is given is spare, what is not is explained by who took it and what is short."""
    with transaction(loaded) as connection:
        add_needs(connection, [Given(n, HUB | one) for n, one in enumerate(LARGE)], "me")
    found = ask(loaded)
    assert (found["of"], found["proven"], found["unproven"]) == (6, True, [])
    assert found["rule"].startswith("First as many needs as possible; then the fewest aspects that speak against")
    floors = {one["need"]: one["takes_m2"] for one in found["needs"]}
    for site in found["sites"]:
        assert sum(floors[need["need"]] for need in site["needs"]) + site["left_m2"] == pytest.approx(site["spare_m2"])
        assert site["left_m2"] >= 0
    assert found["met"] == sum(one["site"] is not None for one in found["needs"]) > 0
    behind = [one for one in found["needs"] if one["passed"]]
    assert behind
    assert all("m² more would do" in passed["told"] for one in behind for passed in one["passed"])
    assert all(passed["taken_by"] for one in behind for passed in one["passed"])
    assert ask(loaded, first="floor-area")["rule"].startswith("First as much of the floor area")


def test_nobody_looks_or_nothing_fits(loaded: Engine) -> None:
    """Without needs there is nothing to give; a need that nothing fits is told how many sites could."""
    assert (ask(loaded)["needs"], ask(loaded)["met"]) == ([], 0)
    with transaction(loaded) as connection:
        add_needs(connection, [Given(2, HUB | {"need": "VAST", "floor_area_low_m2": "900000"})], "me")
    (vast,) = ask(loaded)["needs"]
    assert (vast["site"], vast["counts"]["fits"]) == (None, 0)
    assert vast["why"].startswith("no site fits it; ")
    assert vast["why"].endswith("sites could, if what is not known of it were known")


def test_the_public_sees_the_public_needs_alone(loaded: Engine) -> None:
    """What is withheld neither shows nor takes space from what the public sees."""
    with transaction(loaded) as connection:
        add_needs(connection, [Given(1, HUB | LARGE[0]), Given(2, HUB | LARGE[1] | {"sensitivity": "owner"})], "me")
    public, complete = ask(loaded, "public"), ask(loaded)
    assert [one["need"] for one in public["needs"]] == ["L-0"]
    assert [one["need"] for one in complete["needs"]] == ["L-0", "L-1"]
    assert public["needs"][0]["why"] == "it has the site that fits it best"
    assert "L-1" not in json.dumps(public)


def test_so_many_needs_are_too_many(loaded: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the answer is refused, not cut."""
    monkeypatch.setattr(work, "MOST_NEEDS", 1)
    with transaction(loaded) as connection:
        add_needs(connection, [Given(n, HUB | one) for n, one in enumerate(LARGE)], "me")
    with pytest.raises(Unavailable, match="6 needs are open, and up to 1 are allocated at once"):
        ask(loaded)
