"""What-if over HTTP: answered at once for what the caller may see, and nothing of it stored."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.domain.method_file import parse_method
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.workflows import setup
from estates_api.workflows.assess import compute, store_run

PATH = "/assessments/what-if"
KEY = "the-key-of-the-tests"
TODAY = datetime.now(UTC).date()
METHOD = setup.read_shipped(ROOT / "data", setup.METHOD_FILE)


def ask(client: TestClient, asked: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    """The answer to a question."""
    answer = client.post(PATH, json=asked or {}, **how)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_empty_question_is_the_adopted_run(api: TestClient) -> None:
    """Without changes every site has the score, rank and route that the collection shows."""
    found = ask(api)
    shown = {one["id"]: one["properties"]
             for one in api.get("/collections/candidates/items?limit=1000").json()["features"]}  # fmt: skip
    assert set(shown) == {row["site"] for row in found["sites"]}
    assert found["routes_changed"] == 0
    for row in found["sites"]:
        properties = shown[row["site"]]
        assert row["route"] == row["route_before"] == properties["route"]
        for score in ("release", "reuse"):
            assert row[f"{score}_rank"] == row[f"{score}_rank_before"] == properties[f"{score}_rank"]
            assert row[f"{score}_score"] == pytest.approx(properties[f"{score}_score"], abs=0.006)


def test_other_weights_move_ranks(api: TestClient) -> None:
    """With other weights and cut-offs, ranks and routes change, and the answer counts how many."""
    found = ask(api, {"groups": {"release.utilisation": 5}, "cut_offs": {"release": 20}, "top": 5})
    rows = found["sites"]
    assert any(row["release_rank"] != row["release_rank_before"] for row in rows)
    assert found["routes_changed"] == sum(row["route"] != row["route_before"] for row in rows) > 0
    assert sum(row["release_top"] in {"enters", "stays"} for row in rows) == 5
    assert found["asked"]["top"] == found["top"] == 5


def test_it_can_be_had_in_brief(api: TestClient) -> None:
    """`f=columns` says the same of every site, one list for each column, in the same order and in a fraction of it."""
    asked = {"groups": {"release.utilisation": 5}, "gates_off": ["owner"]}
    whole, brief = (api.post(PATH, params={"f": form}, json=asked) for form in ("json", "columns"))
    columns = brief.json()["sites"]
    assert {name: [row[name] for row in whole.json()["sites"]] for name in columns} == columns
    assert {"site", "route", "release_rank", "reuse_rank"} <= set(columns)
    assert {**whole.json(), "sites": None} == {**brief.json(), "sites": None}
    assert len(brief.content) < len(whole.content) / 3


def test_it_can_be_had_as_a_table(api: TestClient) -> None:
    """`f=csv` gives the same sites as a table."""
    answer = api.post(f"{PATH}?f=csv", json={"top": 3})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["site"] for row in rows] == [row["site"] for row in ask(api, {"top": 3})["sites"]]
    assert rows[0]["release_rank"] == "1"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"groups": {"land": 1}}', "groups: there is no 'land'"),
        (b'{"top": NaN}', "the body has NaN, which is no number in JSON"),
        (b'{"top": -1e400}', "the body has -1e400, which is no number in JSON"),
        (b"{", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "the question: must be a table"),
        (b'{"top": 5, "top": 6}', "'top' stands twice in one object of the body"),
        (b'{"points": {"release.vacancy": [[30, 1], [2, 0]]}}', "points.release.vacancy: give two or more points"),
    ],
)
def test_a_question_that_cannot_be_read(api: TestClient, body: bytes, told: str) -> None:
    """What cannot be read or is out of bounds is a problem document that names the field."""
    answer = api.post(PATH, content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]


def test_a_question_is_short(api: TestClient) -> None:
    """A body that is no question is not read to its end."""
    answer = api.post(PATH, content=b" " * 300_000)
    assert (answer.status_code, answer.json()["title"]) == (413, "Content too large")


def test_only_what_is_there_can_be_asked(api: TestClient) -> None:
    """Other parameters, formats and a wrong key are refused."""
    assert "there is no parameter 'limit'" in api.post(f"{PATH}?limit=3", json={}).json()["detail"]
    assert api.post(f"{PATH}?f=xml", json={}).status_code == 400
    assert api.post(PATH, json={}, headers={"X-API-Key": "wrong"}).status_code == 401
    assert "POST" in api.options(PATH).headers["allow"]


def test_nothing_is_stored(api: TestClient, reading: Engine, count_rows: Callable[[Engine], dict[str, int]]) -> None:
    """No table has a row more."""
    before = count_rows(reading)
    ask(api, {"groups": {"release.land": 3}})
    assert count_rows(reading) == before


def test_before_an_assessment(make_api: Callable[..., TestClient], migrated: Engine) -> None:
    """Where nothing was assessed yet, the answer says what to run."""
    answer = make_api(migrated).post(PATH, json={})
    assert (answer.status_code, "estates assess" in answer.json()["detail"]) == (404, True)


def test_what_is_withheld_is_not_counted(
    make_api: Callable[..., TestClient], loaded: Engine, hand_in: Any, template: Callable[..., bytes], area: Area,
) -> None:  # fmt: skip
    """The public's ranks count from 1 without a gap, and the withheld site is not among them; the key sees all."""
    public, keyed = make_api(loaded), make_api(loaded, key=KEY)
    ref = next(row["site"] for row in ask(public)["sites"] if row["release_rank"] == 2)
    row = {"organisation_code": ref[4:7], "organisation_name": "x", "holding_code": ref.removeprefix("NCL-"),
           "gia_m2": 1234}  # fmt: skip
    hand_in(loaded, "private.csv", template(row), sensitivity="owner", period="2017-18")
    with transaction(loaded) as connection:
        method = parse_method(METHOD, setup.METHOD_FILE)
        store_run(connection, compute(connection, area, method, TODAY), method_content=METHOD, present=True)
    seen, whole = ask(public)["sites"], ask(keyed)["sites"]
    assert ref not in {row["site"] for row in seen}
    assert ref in {row["site"] for row in whole}
    for score in ("release", "reuse"):
        ranks = sorted(row[f"{score}_rank"] for row in seen if row[f"{score}_rank"])
        assert ranks == list(range(1, len(ranks) + 1))
    shown = public.get("/collections/candidates/items?limit=1000").json()["features"]
    ranks = sorted(one["properties"]["release_rank"] for one in shown if one["properties"]["release_rank"])
    assert ranks == list(range(1, len(ranks) + 1))
    assert max(one["properties"]["release_rank_high"] or 0 for one in shown) <= len(ranks)
