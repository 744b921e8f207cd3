"""Sensitivity, by every route, format and filter: what a caller may not see changes nothing in any answer, and no word
or number of it is in one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import pytest
from checking import Canaries, Check, ground_of, requests
from driven import DRIVEN, POSTED
from fastapi import FastAPI
from starlette.testclient import TestClient
from stock import Worlds, give_key
from worlds import GROUPS

from estates_api.api.app import DIRECT
from estates_api.domain.keys import Holder, parse_holder

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"


def paths_of(app: FastAPI) -> set[str]:
    """Every path that the application answers, from its own description, what stands before the framework, and what
    is not described."""
    said = app.openapi()["paths"]
    reads = {path for path, how in said.items() if "get" in how}
    sends = {path for path, how in said.items() if "post" in how}
    assert {method for how in said.values() for method in how} <= {"get", "post", "parameters"}
    every = chain.from_iterable(getattr(getattr(one, "original_router", one), "routes", [one]) for one in app.routes)
    plain = {one.path for one in every if "GET" in (getattr(one, "methods", None) or ())}
    return reads | {path if path not in reads else f"POST {path}" for path in sends} | set(DIRECT) | plain


def test_every_route_is_driven(api: TestClient) -> None:
    """A route that this test does not know how to ask is a failure: no route can be forgotten."""
    known = {*DRIVEN, *(f"POST {path}" for path in POSTED)}
    there = paths_of(cast("FastAPI", api.app))
    assert there - known == set(), "these routes are not driven"
    assert known - there == set(), "these routes are not there any longer"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, of which two databases, and how much: so many questions of each route, with files or without.
    `holders`: whose keys the questions are asked with in turn; without a key where there are none."""

    pair: tuple[int, int]
    most: int
    seed: int = 1
    files: bool = False
    holders: tuple[Holder, ...] = ()


def check(worlds: Worlds, make_api: Make, how: Asking) -> Check:
    """Ask the same of a pair of databases; the second one has been asked with the administrator's key before."""
    secrets = worlds.secrets[how.pair[0] * len(worlds.secrets) // len(GROUPS) :]
    pair = [worlds.engine(known) for known in how.pair]
    keys = [give_key(pair, holder) for holder in how.holders]
    with make_api(pair[0]) as one, make_api(pair[1], watch=True) as two:
        first = TestClient(two.app, "http://testserver", client=("192.0.2.7", 50_000), headers={"X-API-Key": KEY})
        done = Check(one, two, Canaries(secrets), first, keys)
        done.run(requests(ground_of(how.seed, worlds, files=how.files), how.most))
    return done


def test_the_public_learns_nothing(
    make_worlds: Callable[[int], Worlds], make_api: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """With and without the secrets, a few questions of each route are answered alike; no log names what is withheld."""
    caplog.set_level(logging.DEBUG, "estates_api")
    worlds = make_worlds(1)
    done = check(worlds, make_api, Asking((0, 3), 2))
    assert not done.found, "\n".join(done.found)
    assert done.asked > 150
    assert {200, 400, 401, 404} <= set(done.seen)
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("estates"))
    assert Canaries(worlds.secrets).find(said) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_public_learns_nothing_by_any_format(
    make_worlds: Callable[[int], Worlds], make_api: Make, seed: int
) -> None:
    """Many questions of each route, in every format."""
    done = check(make_worlds(seed), make_api, Asking((0, 3), 10, seed + 10, files=True))
    assert not done.found, "\n".join(done.found)
    assert done.asked > 500


@pytest.mark.slow
def test_a_partner_learns_nothing_of_owners(make_worlds: Callable[[int], Worlds], make_api: Make) -> None:
    """With and without what only owners may see, a partner is answered alike."""
    how = Asking((1, 3), 8, 21, files=True, holders=(parse_holder("partner", "A Partner"),))
    done = check(make_worlds(1), make_api, how)
    assert not done.found, "\n".join(done.found)
    assert done.asked > 400


RAL = {"organisation": "RAL"}
OWNERS = (
    parse_holder("owner", "An Owner", **RAL), parse_holder("steward", "A Steward", **RAL),
    parse_holder("approver", "An Approver", sector="NHS", **RAL), parse_holder("partner", "A Partner"),
    parse_holder("steward", "Needs", scopes=["record-needs"], **RAL),
)  # fmt: skip
"""Holders of keys who see nothing of what RRP keeps to itself."""


@pytest.mark.slow
def test_an_owner_learns_nothing_of_others(make_worlds: Callable[[int], Worlds], make_api: Make) -> None:
    """With and without what another owner keeps to itself, keys of an organisation are answered alike, by each route in
    turn, and what they may not send is refused alike."""
    done = check(make_worlds(1), make_api, Asking((2, 3), 2, 31, holders=OWNERS))
    assert not done.found, "\n".join(done.found)
    assert {200, 403, 404} <= set(done.seen)


@pytest.mark.parametrize("holder", OWNERS[:3], ids=lambda one: str(one.role))
def test_an_owner_sees_its_own(make_worlds: Callable[[int], Worlds], make_api: Make, holder: Holder) -> None:
    """What is private to an organisation alone is told to its keys: sites, claims, steps and needs; of another
    organisation's private words none is."""
    worlds = make_worlds(1)
    mine, theirs = ([one for one in worlds.secrets if one.level == "owner" and one.owner == code]
                    for code in ("RAL", "RRP"))  # fmt: skip
    asking = make_api(worlds.engine(3), key=give_key([worlds.engine(3)], holder))
    paths = ["/collections/sites.geojson", "/decisions", "/needs", "/issues.csv"]
    told = "".join(asking.get(path).text for path in [*paths, *(f"/sites/{one.ref}" for one in mine),
                                                       *(f"/sites/{one.ref}/claims" for one in mine)])  # fmt: skip
    assert [word for one in mine for word in one.words if word not in told] == []
    assert Canaries(tuple(theirs)).find(told) == []
    assert {asking.get(f"/sites/{one.ref}").status_code for one in theirs} == {404}


def test_whoever_may_see_it_does(make_worlds: Callable[[int], Worlds], make_api: Make) -> None:
    """The words and numbers that are looked for are there with the key: every secret is told by some route."""
    worlds = make_worlds(1)
    told = ""
    with make_api(worlds.engine(3), key=KEY) as keyed:
        for path in (
            "/collections/candidates.geojson",
            "/collections/holdings.csv",
            "/decisions",
            "/needs",
            "/editions",
            *(f"/sites/{one.ref}/claims" for one in worlds.secrets),
            *(f"/sites/{one.ref}" for one in worlds.secrets),
        ):
            told += keyed.get(path).text
    missing = [(one, word) for one in worlds.secrets for word in one.words if word not in told]
    assert missing == []
    numbers: Any = {number for one in worlds.secrets for number in one.numbers if str(number) not in told}
    assert len(numbers) < 4, numbers
