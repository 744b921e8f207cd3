"""The quarterly list: frozen bytes that stay, and a story a planner accepts."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.errors import NotFound
from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.shortlist import Frozen, day_of, get_shortlist

TODAY = datetime.now(UTC).date()
THEN = Quarter(2015, 1)
NOW = quarter_of(TODAY)
Draft = Callable[..., tuple[Frozen, bool]]


def make(engine: Engine, draft: Draft, quarter: Quarter, today: date = TODAY) -> tuple[Frozen, bool]:
    """Draft in a transaction of its own."""
    with transaction(engine) as connection:
        return draft(connection, quarter, today)


@pytest.fixture(scope="module")
def lists(keyed: TestClient) -> dict[str, dict[str, Any]]:
    """The two frozen lists of a first run: March 2015, and the quarter that runs."""
    return {name: keyed.get(f"/shortlists/{quarter}").json() for name, quarter in (("then", THEN), ("now", NOW))}


def entry(document: dict[str, Any], ref: str) -> dict[str, Any] | None:
    """The entry of a site, when it is on the list."""
    return next((entry for entry in document["entries"] if entry["site"] == ref), None)


@pytest.mark.parametrize("quarter", [THEN, NOW])
def test_unchanged_data_add_no_revision(loaded: Engine, draft: Draft, quarter: Quarter) -> None:
    """Drafting again without new data gives the stored revision with the same bytes."""
    with transaction(loaded) as connection:
        stored = get_shortlist(connection, quarter)
    again, new = make(loaded, draft, quarter)
    assert (again, new) == (stored, False)
    assert stored.revision == 1
    assert hashlib.sha256(stored.content).hexdigest() == stored.sha256


def test_new_data_give_a_new_revision(
    loaded: Engine, draft: Draft, hand_in: Callable[..., Ingested], template: Callable[..., bytes]
) -> None:
    """After another edition the draft is a new revision; the old one keeps its bytes."""
    with transaction(loaded) as connection:
        first = get_shortlist(connection, THEN)
    hand_in(loaded, "a.csv", template({"holding_code": "RZ101", "gia_m2": 10, "period_end": "2015-01-01"}))
    second, new = make(loaded, draft, THEN)
    assert (new, second.revision) == (True, 2)
    assert second.sha256 != first.sha256
    with loaded.connect() as connection:
        kept = connection.exec_driver_sql(
            "SELECT content FROM shortlist WHERE quarter = '2015-Q1' AND revision = 1"
        ).scalar_one()
    assert bytes(kept) == first.content
    assert second.document["known_at"] > first.document["known_at"]
    assert len(second.document["editions"]) == len(first.document["editions"]) + 1


def test_bytes_are_canonical(lists: dict[str, dict[str, Any]], keyed: TestClient) -> None:
    """The frozen bytes are JSON with sorted keys and no spaces: anybody can make the same fingerprint."""
    content = keyed.get(f"/shortlists/{THEN}").content
    again = json.dumps(lists["then"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert again == content


@pytest.mark.parametrize(("ref", "name"), [("NCL-RRP03", "St Ann's Hospital"), ("NCL-RALC7", "Chase Farm Hospital")])
def test_march_2015_lists_what_was_released(lists: dict[str, dict[str, Any]], ref: str, name: str) -> None:
    """As of March 2015 St Ann's and Chase Farm are listed with measured reasons, and with what became of them."""
    found = entry(lists["then"], ref)
    assert found
    assert found["name"] == name
    assert found["list"] in {"release", "part release"}
    assert found["reasons"].startswith("Listed for ")
    assert " because " in found["reasons"]
    assert "ERIC 201" in found["sources"]
    assert not found["stale"]
    assert "sold" in found["later_events"]
    assert all(day not in found["events"] for day in ("2016", "2017", "2018", "2019", "202"))


def test_st_anns_today_is_not_listed_and_says_why(lists: dict[str, dict[str, Any]], api: TestClient) -> None:
    """Most of St Ann's was sold in 2018: today it is on no list, and its page says why in one sentence."""
    assert entry(lists["now"], "NCL-RRP03") is None
    site = api.get("/sites/NCL-RRP03").json()
    assert site["route"] not in {"release", "part release with reuse", "reuse"}
    assert any(event["kind"] == "part sold" and event["date"] == "2018-03" for event in site["events"])
    assert site["sentence"].startswith(("Not listed", "Not enough data", "No longer public land"))
    assert site["sentence"].endswith(".")


@pytest.mark.parametrize("name", ["then", "now"])
def test_stanmore_is_in_the_annex_only(lists: dict[str, dict[str, Any]], name: str) -> None:
    """A partner trust's site outside the five boroughs (RNOH Stanmore, in Harrow) stands apart, marked."""
    found = entry(lists[name], "NCL-RAN01")
    assert found
    assert (found["list"], found["annex_reason"]) == ("annex", "outside the area")
    assert found["borough"] == "Harrow"
    inside = {"Barnet", "Camden", "Enfield", "Haringey", "Islington"}
    for other in lists[name]["entries"]:
        assert (other["borough"] in inside) == (other["list"] != "annex")


@pytest.mark.parametrize("name", ["then", "now"])
def test_a_hundred_hectares_lead_nothing(lists: dict[str, dict[str, Any]], name: str) -> None:
    """TAF10's mistyped 103 ha is not on a list, and no entry rests on it."""
    assert entry(lists[name], "NCL-TAF10") is None
    assert all((e["land_ha"] or 0) < 60 for e in lists[name]["entries"])


@pytest.mark.parametrize("name", ["then", "now"])
def test_entries_are_complete(lists: dict[str, dict[str, Any]], name: str) -> None:
    """Every entry can be found, judged and checked: score in its interval, place or the word for none, sources."""
    document = lists[name]
    assert document["entries"]
    day = date.fromisoformat(document["as_of"])
    for e in document["entries"]:
        assert e["score_low"] <= e["score"] <= e["score_high"]
        assert 0 < e["coverage"] <= 1
        assert (e["easting"] is None) == (e["precision"] in {"borough", "unknown"})
        assert e["owner"] or "owner" in e["gates"] or e["list"] == "reuse"
        assert e["sources"]
        assert e["stale"] == (date.fromisoformat(e["evidence_date"]) < day.replace(year=day.year - 3))
    order = [("release", "part release", "reuse", "annex").index(e["list"]) for e in document["entries"]]
    assert order == sorted(order)
    refs = [e["site"] for part in ("entries", "not_enough_data", "released") for e in document[part]]
    assert len(refs) == len(set(refs))


def test_a_running_quarter_speaks_of_today() -> None:
    """A quarter's list speaks of its last day, and while the quarter runs of today."""
    assert day_of(THEN, TODAY) == date(2015, 3, 31)
    assert day_of(NOW, TODAY) == TODAY
    assert day_of(NOW, NOW.end + timedelta(days=9)) == NOW.end


def test_a_quarter_without_a_list_says_how_to_make_one(reading: Engine) -> None:
    """Asking for a list that is not there names the command that drafts it."""
    with transaction(reading) as connection, pytest.raises(NotFound, match="estates shortlist draft 2031-Q2"):
        get_shortlist(connection, Quarter(2031, 2))
