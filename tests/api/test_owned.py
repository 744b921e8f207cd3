"""What an organisation sees of its own private files, and what nobody learns of files and steps that are not theirs."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.keys import parse_holder
from estates_api.store.database import transaction
from estates_api.workflows.keys import create_key

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
LIST = "/collections/sites/items?f=csv"
PLOTS = "surplus_2017-18.csv"


def row(organisation: str, code: str, **more: Any) -> dict[str, Any]:
    """A holding of which one figure cannot be read."""
    return {"organisation_code": organisation, "organisation_name": f"Trust {organisation}", "sector": "NHS",
            "holding_code": code, "name": f"Site {code}", "postcode": "NW3 2QG", "gia_m2": f"many {code}",
            "land_ha": 2, "interest": "freeholder"} | more  # fmt: skip


@pytest.fixture(scope="module")
def owned(make_loaded: Callable[[], Engine], hand_in: Callable[..., Any], template: Callable[..., bytes]) -> Engine:
    """A database with the private files of two organisations, one of both, a public one with a plot of RZ2's own, and
    a public site that RZ1 and RZ2 own."""
    engine = make_loaded()
    both = template(row("RZ1", "RZ1B", name="Barn"), row("RZ2", "RZ2B", name="Mill", postcode="N1 1AA"))
    hand_in(engine, "both.csv", both, sensitivity="owner")
    places = "place,place_name,postcode,address,organisation_code,holding_code,evidence\n" + "".join(
        f"RZ1C,Twin House,NW1 2PB,1 Twin Street,{code[:3]},{code},a letter\n" for code in ("RZ1C", "RZ2C"))  # fmt: skip
    hand_in(engine, "places.csv", places.encode())
    hand_in(engine, "shared.csv", template(row("RZ1", "RZ1C"), row("RZ2", "RZ2C")))
    hand_in(engine, PLOTS, "Trust Code,Site Code,Site Name,Plot Reference,Plot area (hectares),Status,Sensitive\n"
            "RZ3,RZ301,Open House,1,1.5,Surplus,No\nRZ2,RZ201,Quiet House,1,1.5,Surplus,Yes\n")  # fmt: skip
    hand_in(engine, "one.csv", template(row("RZ1", "RZ1A")), sensitivity="owner")
    hand_in(engine, "two.csv", template(row("RZ2", "RZ2A")), sensitivity="owner")
    hand_in(engine, "rvl.csv", template(row("RVL", "RVLQ", postcode="EN5 3DJ")), sensitivity="owner")
    return engine


@pytest.fixture(scope="module")
def ask(owned: Engine, make_api: Make) -> Callable[..., Any]:
    """Ask as the owner with a code, as the public (no code) or as the administrator."""
    asking, keys = make_api(owned), {"": None, "all": KEY}

    def get(whose: str, path: str) -> Any:
        if whose not in keys:
            with transaction(owned) as connection:
                keys[whose] = create_key(connection, parse_holder("owner", "An Owner", organisation=whose))
        return asking.get(path, headers={"X-API-Key": keys[whose] or ""} if keys[whose] else {})

    return get


NEVER = "000000000000"


def files_of(told: Any) -> dict[str, Any]:
    """Editions by the name of their file."""
    return {one["file_name"]: one for one in told.json()["editions"]}


def test_an_owner_sees_its_own_files_whole(ask: Callable[..., Any]) -> None:
    """A private file that speaks of nobody else is listed with its counts and issues; another's, or one of two, is
    not there."""
    whole = files_of(ask("all", "/editions"))
    assert {"one.csv", "two.csv", "both.csv"} <= set(whole)
    for code, own, other in (("RZ1", "one.csv", "two.csv"), ("RZ2", "two.csv", "one.csv")):
        seen = files_of(ask(code, "/editions"))
        known = {name: number for name, number in whole[own]["counts"].items() if name in seen[own]["counts"]}
        assert seen[own] == whole[own] | {"counts": known}
        assert {other, "both.csv"} & set(seen) == set()
        number = whole[own]["id"]
        assert ask(code, f"/editions/{number}").json()["counts"] == known
        assert {"questions", "error", "warning", "note"}.isdisjoint(known), "they may be about places of others"
        assert ask(code, f"/editions/{number}/issues").json()["issues"]
        for rest in ("", "/issues"):
            hidden = ask(code, f"/editions/{whole[other]['id']}{rest}")
            never = ask(code, f"/editions/{NEVER}{rest}")
            assert hidden.text.replace(whole[other]["id"], NEVER) == never.text
            assert hidden.status_code == 404
    assert {"one.csv", "two.csv", "both.csv"} & set(files_of(ask("", "/editions"))) == set()


def test_who_acts_is_found_out_for_each_request(owned: Engine, ask: Callable[..., Any], make_api: Make) -> None:
    """A request that begins in the context of one before it, as pipelined ones do, has nothing of that one's caller."""
    with transaction(owned) as connection:
        keys = [create_key(connection, parse_holder("owner", "In Turn", organisation=code)) for code in ("RZ1", "RZ2")]

    async def ask_in_turn() -> list[str]:
        way = ASGITransport(make_api(owned).app, client=("192.0.2.1", 50_000))
        async with AsyncClient(transport=way, base_url="http://testserver") as client:
            return [(await client.get(LIST, headers={"X-API-Key": key} if key else {})).text for key in (*keys, "")]

    assert asyncio.run(ask_in_turn()) == [ask(code, LIST).text for code in ("RZ1", "RZ2", "")]


def test_an_owner_is_told_what_is_wrong_in_its_own_rows(ask: Callable[..., Any]) -> None:
    """The issues of an owner's private rows are among those it reads, of other owners' none, in pages, counts and
    CSV."""
    for code, own, other in (("RZ1", ("RZ1A", "RZ1B"), ("RZ2A", "RZ2B")), ("RZ2", ("RZ2A", "RZ2B"), ("RZ1A", "RZ1B"))):
        told = ask(code, f"/issues?organisation={code}").json()
        raw = str(told["issues"])
        assert all(f"many {one}" in raw for one in own), raw
        assert sum(told["counts"].values()) == len(told["issues"])
        everything = ask(code, "/issues.csv").text
        assert all(f"many {one}" in everything for one in own)
        assert not any(one in everything for one in other)
    assert "many RZ1A" not in ask("", "/issues.csv").text


def test_an_owner_has_its_own_letter(ask: Callable[..., Any]) -> None:
    """The letter to an organisation that private files alone name is there for itself, with its own figures."""
    assert ask("RZ1", "/letters/RZ1").status_code == 200
    assert "RZ2A" not in ask("RZ1", "/letters/RZ2").text
    mine = ask("RZ1", "/letters/RZ1").text
    assert "many RZ1A" in mine
    assert "many RZ1A" not in ask("", "/letters/RZ1").text
    listed = {one["code"]: one["holdings"] for one in ask("RZ1", "/letters").json()["letters"]}
    assert listed["RZ1"] > {one["code"]: one["holdings"] for one in ask("", "/letters").json()["letters"]}["RZ1"]


@pytest.mark.parametrize(("whose", "whole"), [("", False), ("RZ1", False), ("RZ2", True), ("all", True)])
def test_a_file_of_which_rows_are_withheld_is_not_counted(ask: Callable[..., Any], whose: str, whole: bool) -> None:
    """Of a public file with rows for fewer, what it came to and how large it is are told to those who may see all of
    it."""
    told = files_of(ask(whose, "/editions"))[PLOTS]
    assert (told["counts"] is not None, told["bytes"] is not None) == (whole, whole)
    one = ask(whose, f"/editions/{told['id']}").json()
    assert (one["counts"], one["bytes"]) == (told["counts"], told["bytes"])
    assert sum(told["issues"].values()) == len(ask(whose, f"/editions/{told['id']}/issues").json()["issues"])


def test_a_dry_run_finds_nobody_elses_secrets(
    make_loaded: Callable[[], Engine], make_api: Make, hand_in: Callable[..., Any], template: Callable[..., bytes]
) -> None:  # fmt: skip
    """Whoever may hand in for one organisation is told the same of rows that have the code, number, position, postcode
    or name of another's hidden site as where there is none: nobody finds hidden sites by trying."""
    without, withheld = make_loaded(), make_loaded()
    place = {"name": "Quiet Depot", "address": "7 Secret Lane", "postcode": "N15 3TH", "uprn": "100021234567",
             "easting": 528500, "northing": 190100}  # fmt: skip
    hand_in(withheld, "secret.csv", template(row("RAL", "S12") | place, row("RAL", "S13") | place), sensitivity="owner")
    tried = template(
        row("RRP", "S12", name="By code"), row("RRP", "T1") | place | {"postcode": "", "uprn": ""},
        row("RRP", "T2", name="By number", uprn=place["uprn"]),
        row("RRP", "T3") | place | {"easting": "", "northing": ""},
        row("RRP", "T4", name="By place", easting=528503, northing=190101, postcode=""), row("RRP", "RRP03", gia_m2=7),
    )  # fmt: skip
    told = []
    for engine in (without, withheld):
        with transaction(engine) as connection:
            key = create_key(connection, parse_holder("steward", "A Steward", organisation="RRP"))
        client = make_api(engine, key=key)
        for sensitivity in ("public", "owner"):
            answer = client.post("/editions?dry-run=true", files={"file": ("tried.csv", tried)},
                                 data={"sensitivity": sensitivity})  # fmt: skip
            assert answer.status_code == 200, answer.text
            told.append(answer.json())
    assert told[:2] == told[2:]
    assert [one["site"] for one in told[0]["changes"]["holdings_new"]] == [None] * 5
    changed = told[0]["changes"]["figures_changed"]
    assert {(one["site"], one["code"]) for one in changed} == {("NCL-RRP03", "RRP03")}
    seen = make_api(withheld, key=KEY).post("/editions?dry-run=true", files={"file": ("tried.csv", tried)}).json()
    assert {"NCL-S12", "NCL-RRP-S12"} & {one["site"] for one in seen["changes"]["holdings_new"]}, "whoever sees all"


def test_what_a_carried_on_code_keeps_private_is_not_its_successors(ask: Callable[..., Any]) -> None:
    """Whoever carries an organisation on is told of its private sites, rows and files no more than partners are: a
    split has several successors, and a list of successions is no word of the owner."""
    assert '"RAL"' in ask("RAL", "/organisations/RVL").text, "RAL carries RVL on"
    assert ask("all", "/sites/RVLQ").status_code == 200
    assert ask("RVL", "/sites/NCL-RVLQ").status_code == 200
    assert ask("RAL", "/sites/NCL-RVLQ").status_code == 404
    assert "many RVLQ" not in ask("RAL", "/issues.csv").text
    assert "rvl.csv" not in files_of(ask("RAL", "/editions"))


def test_a_refusal_tells_of_no_hidden_step(owned: Engine, make_api: Make) -> None:
    """To take back a step that a co-owner keeps to itself is refused as one that never was; a step that such a one
    stands against is refused without its state or owner."""
    admin = make_api(owned, key=KEY)
    site = admin.get("/sites/RZ1C", follow_redirects=False).headers["location"].rpartition("/")[2]
    said = {"organisation": "RZ2", "body": "Board", "decided_on": "2024-02-01", "minute_reference": "1",
            "reason": "quiet", "by": "A Clerk"}  # fmt: skip
    for step in ("declare", "market"):
        done = admin.post(f"/sites/{site}/decisions", json={"step": step, **said, "sensitivity": "owner"})
        assert done.status_code == 201, done.text
    with transaction(owned) as connection:
        holder = parse_holder("approver", "An Approver", sector="NHS", organisation="RZ1")
        key = create_key(connection, holder)
    mine, hidden = make_api(owned, key=key), done.json()["id"]
    assert "quiet" not in mine.get(f"/sites/{site}/decisions").text

    def decide(**more: Any) -> Any:
        return mine.post(f"/sites/{site}/decisions", json=said | {"organisation": "RZ1", "reason": "ours", **more})

    refused, never = (decide(step="reverse", reverses=number) for number in (hidden, 999999))
    assert (refused.status_code, never.status_code) == (409, 409)
    assert refused.text.replace(str(hidden), "999999") == never.text
    stood = decide(step="propose")
    assert stood.status_code == 409
    assert not any(word in stood.text for word in ("surplus", "disposal", "RZ2", "declare", "market", "quiet"))
    for wanted in ("in disposal", "declared surplus"):
        told = decide(step="propose", expected_state=wanted)
        assert "identified by now" in told.text, told.text
    foreign = [decide(step="propose", organisation=code).text.replace(code, "") for code in ("RZ2", "RZ9")]
    assert foreign[0] == foreign[1]
    gone = [mine.post(f"/sites/{ref}/decisions", json=said | {"step": "propose", "organisation": "RZ1"})
            for ref in ("NCL-RZ2A", "NCL-NEVER", "RZ2A")]  # fmt: skip
    assert {answer.status_code for answer in gone} == {404}
