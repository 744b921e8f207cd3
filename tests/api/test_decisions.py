"""Decisions over HTTP: recorded with the key, shown to whom they are for, refused with the rule and the reason."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.transitions import STATES, TRANSITIONS, state_diagram
from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
TODAY = datetime.now(UTC).date()
EDGWARE = "/sites/NCL-RYX24/decisions"


def step(name: str, organisation: str = "NHSPS", **parts: object) -> dict[str, object]:
    """A body to send, by NHS Property Services where nothing else is said."""
    return {"step": name, "organisation": organisation, "body": "Board", "decided_on": "2024-02-01",
            "minute_reference": "12/3", "reason": "it is empty", "by": "A Clerk", **parts}  # fmt: skip


def send(client: TestClient, name: str, organisation: str = "NHSPS", **parts: object) -> dict[str, Any]:
    """Record a step; what is answered."""
    answer = client.post(EDGWARE, json=step(name, organisation, **parts))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def clients(loaded: Engine, make_api: Make) -> tuple[TestClient, TestClient]:
    """The public, and the administrator with the key."""
    return make_api(loaded), make_api(loaded, key=KEY)


def test_a_site_without_decisions(api: TestClient) -> None:
    """It is identified; whose agreement is missing, how the clock stands and what can follow is told."""
    told = api.get(EDGWARE).json()
    assert (told["state"], told["since"], told["decisions"], told["comment"]) == ("identified", None, [], None)
    assert (told["endorsement_missing"], told["window"]["standing"]) == (["council"], "not registered")
    possible = {one["step"] for one in told["next"] if one["possible"]}
    assert possible == {"propose", "declare", "approve-reuse", "retain", "endorse", "check"}
    assert {one["step"] for one in told["next"]} == set(TRANSITIONS)


def test_steps_are_recorded_and_shown(clients: tuple[TestClient, TestClient]) -> None:
    """What a board and a cabinet decided is there at once, on the site, on its page, in the list of all."""
    public, keyed = clients
    done = keyed.post(EDGWARE, json=step("propose", citation="https://example.org/minutes"))
    assert (done.status_code, done.json()["from_state"], done.json()["to_state"]) == (
        201, "identified", "proposed surplus")  # fmt: skip
    send(keyed, "endorse", "E09000003", body="Cabinet", decided_on="2024-03-05", minute_reference="7")
    send(keyed, "check", check="offer-back", outcome="does not apply")
    told = public.get(done.headers["location"]).json()
    assert (told["state"], told["since"], told["endorsement_missing"]) == ("proposed surplus", "2024-02-01", [])
    (endorsed,) = told["endorsed_by"]
    assert (endorsed["body"], endorsed["sector"], endorsed["minute_reference"]) == ("Cabinet", "council", "7")
    for path in (EDGWARE, "/sites/NCL-RYX24"):
        (check,) = [one for one in public.get(path).json()["checks"] if one["id"] == "offer-back"]
        assert check["state"] == "does not apply"
        assert check["reason"].startswith("Board of NHS Property Services, 2024-02-01")
    progress = public.get("/sites/NCL-RYX24").json()["progress"]
    assert [one["step"] for one in progress["decisions"]] == ["propose", "endorse", "check"]
    for path in (EDGWARE, "/sites/NCL-RYX24"):
        page = public.get(path, params={"f": "html"}).text
        for words in ("proposed surplus", "Cabinet of London Borough of Barnet", "https://example.org/minutes"):
            assert words in page
    assert public.get("/sites/RYX24/decisions").json()["state"] == "proposed surplus"


def test_a_refusal_names_the_rule(clients: tuple[TestClient, TestClient]) -> None:
    """409 as a problem document with `rule` and a reason that says who or when instead."""
    _, keyed = clients
    for sent, rule, reason in (
        (step("release"), "state", "release is possible when it is in disposal"),
        (step("propose", "RKE"), "owner", "NHS Property Services"),
        (step("endorse", "RKE"), "other-sector", "a partner of the other sector (council)"),
        (step("propose", decided_on=(TODAY + timedelta(days=2)).isoformat()), "day", "has not come yet"),
        (step("propose", expected_state="retained"), "expected-state", "look again"),
        (step("reverse", reverses=5), "reversal", "no step 5 that stands"),
    ):
        answer = keyed.post(EDGWARE, json=sent)
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert (answer.status_code, told["status"], told["rule"], reason in told["detail"]) == (409, 409, rule, True)


def test_what_cannot_be_read(clients: tuple[TestClient, TestClient]) -> None:
    """A field that is missing, that is none, or that cannot be is a 400 which names it; nothing is recorded."""
    public, keyed = clients
    without = {name: text for name, text in step("propose").items() if name != "reason"}
    for sent, told in (
        (without, "reason: propose needs step, organisation"), (step("sell"), "step: 'sell' is none; one of propose"),
        (step("consult"), "opens_on: consult needs"), (step("propose", check="x"), "check: this belongs to another"),
        (step("propose", decided_on="2024-02"), "decided_on: '2024-02' is not one day"),
        (step("propose", decided_on="x"), "decided_on: 'x' is not a date"), (step("propose", body=[]), "body: must be"),
        (step("propose", sensitivity="secret"), "one of public, partner, owner"), ([], "must be an object"),
        (step("propose", citation="minutes"), "citation: write it with https://"), (step("propose", more=1), "object"),
        (step("reverse", reverses="x"), "reverses: 'x' is no number"), (step("propose", "NOBODY"), "in the register"),
        (step("propose", body="nul\x00"), "body: say it"), (step("propose", body="\ud800"), "half of a surrogate"),
    ):  # fmt: skip
        answer = keyed.post(EDGWARE, content=json.dumps(sent))
        assert (answer.status_code, told in answer.json()["detail"]) == (400, True), answer.text
    assert public.post(EDGWARE, json=step("propose")).status_code == 401
    assert keyed.post(EDGWARE, json=step("propose"), headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert keyed.post("/sites/NCL-NONE/decisions", json=step("propose")).status_code == 404
    assert public.get("/sites/NCL-NONE/decisions").status_code == 404
    assert "POST" in keyed.options(EDGWARE).headers["allow"]
    assert keyed.get("/decisions").json()["decisions"] == []


def test_each_audience_sees_its_own(clients: tuple[TestClient, TestClient]) -> None:
    """What is for partners leaves no trace for the public: not the step, not the state, not the clock, not a count."""
    public, keyed = clients
    send(keyed, "check", check="community-value", outcome="done", sensitivity="partner")
    first = send(keyed, "propose")
    before = [public.get(path).json() for path in (EDGWARE, "/decisions", "/surplus-windows")]
    calendar = public.get("/surplus-windows.ics").content
    send(keyed, "declare", sensitivity="partner")
    send(keyed, "register", sensitivity="partner", decided_on=TODAY.isoformat())
    send(keyed, "check", check="offer-back", outcome="done", sensitivity="owner")
    assert [public.get(path).json() for path in (EDGWARE, "/decisions", "/surplus-windows")] == before
    assert public.get("/surplus-windows.ics").content == calendar
    assert public.get("/decisions?state=registered").json()["numberReturned"] == 0
    assert keyed.get(EDGWARE).json()["state"] == "registered"
    (step_,) = public.get(EDGWARE).json()["decisions"]
    assert (step_["number"], step_["id"]) == (1, None)
    assert [(one["number"], one["id"]) for one in keyed.get(EDGWARE).json()["decisions"]][1] == (2, first["id"])
    (window,) = keyed.get("/surplus-windows").json()["windows"]
    assert (window["site"], window["standing"], window["covered"]) == ("NCL-RYX24", "in window", "not known")


def test_a_withheld_site_has_no_decisions(
    loaded: Engine, make_api: Make, hand_in: Callable[..., Ingested], template: Callable[..., bytes]
) -> None:
    """When a site is withheld, so is every decision on it, however public it was."""
    public, keyed = make_api(loaded), make_api(loaded, key=KEY)
    send(keyed, "declare")
    send(keyed, "register")
    row = {"organisation_code": "NHSPS", "organisation_name": "NHSPS", "holding_code": "NHSPS-RYX24", "gia_m2": 5}
    hand_in(loaded, "private.csv", template(row), sensitivity="owner")
    assert public.get(EDGWARE).status_code == 404
    assert (public.get("/decisions").json()["decisions"], public.get("/surplus-windows").json()["windows"]) == ([], [])
    assert b"VEVENT" not in public.get("/surplus-windows.ics").content
    assert len(keyed.get("/decisions").json()["decisions"]) == 2


def test_as_of_another_day(clients: tuple[TestClient, TestClient]) -> None:
    """As of an earlier day a site has come as far as it had by then; as known before, nothing was recorded."""
    public, keyed = clients
    send(keyed, "propose")
    send(keyed, "declare", decided_on="2024-06-01")
    assert public.get(f"{EDGWARE}?as-of=2024-05-31").json()["state"] == "proposed surplus"
    assert public.get(f"{EDGWARE}?as-of=2024-06-01").json()["state"] == "declared surplus"
    assert public.get("/sites/NCL-RYX24?as-of=2024-05-31").json()["progress"]["state"] == "proposed surplus"
    with transaction(keyed.app.state.context.engine) as connection:
        (before,) = connection.execute(text("SELECT min(at) FROM decision")).one()
    moment = (before - timedelta(milliseconds=1)).isoformat().replace("+", "%2B")
    assert public.get(f"{EDGWARE}?known-at={moment}").json()["state"] == "identified"


def test_all_decisions_newest_first(clients: tuple[TestClient, TestClient]) -> None:
    """By state, borough and organisation, a page at a time; a step that was taken back is told as such."""
    public, keyed = clients
    first = send(keyed, "propose")
    send(keyed, "reverse", reverses=first["id"])
    keyed.post("/sites/NCL-RRP03/decisions", json=step("retain", "RRP"))
    told = public.get("/decisions").json()
    assert [(one["step"], one["stands"]) for one in told["decisions"]] == [
        ("retain", True), ("reverse", True), ("propose", False)]  # fmt: skip
    for query, number in (("state=retained", 1), ("state=identified", 2), ("borough=Haringey", 1),
                          ("organisation=NHSPS", 2), ("borough=Camden", 0)):  # fmt: skip
        assert public.get(f"/decisions?{query}").json()["numberReturned"] == number
    page = public.get("/decisions?limit=2").json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    send(keyed, "check", check="offer-back", outcome="done")
    assert [one["step"] for one in public.get(following).json()["decisions"]] == ["propose"]
    html = public.get("/decisions?f=html&limit=2").text
    assert all(words in html for words in ("taken back", "Ann", "Next page"))
    assert told["decisions"][1]["takes_back"] == 1
    for wrong in ("state=sold", "cursor=eA", "cursor=1", "when=now"):
        assert public.get(f"/decisions?{wrong}").status_code == 400


def test_the_states(api: TestClient) -> None:
    """States, steps and the diagram for programs, and as a page."""
    told = api.get("/decisions/states").json()
    assert (told["states"], told["mermaid"]) == (list(STATES), state_diagram())
    assert {one["step"] for one in told["steps"]} == set(TRANSITIONS)
    assert "stateDiagram-v2" in api.get("/decisions/states?f=html").text


def test_a_registration_that_is_taken_back_leaves_a_calendar(clients: tuple[TestClient, TestClient]) -> None:
    """Taken back, a window is told as ended, with who and why, and its event is published again as cancelled, with a
    greater sequence; registered again on that day, it is back under the same name."""
    public, keyed = clients
    send(keyed, "declare", decided_on="2023-11-01")
    send(keyed, "register", decided_on="2023-11-15")
    (before,) = icalendar.Calendar.from_ical(public.get("/surplus-windows.ics").content).walk("VEVENT")
    taken = keyed.get(EDGWARE).json()["decisions"][-1]["id"]
    send(keyed, "reverse", decided_on="2023-12-01", reverses=taken, reason="entered in error")
    found = public.get("/surplus-windows").json()
    (ended,) = found["ended"]
    assert (found["windows"], ended["standing"], ended["ended_on"]) == ([], "ended", "2023-12-01")
    assert ended["ended"].startswith("the entry was taken back: Board of ")
    assert "(entered in error)" in ended["ended"]
    assert "Ended on 1 December 2023: the entry was taken back" in public.get("/surplus-windows?f=html").text
    (then,) = public.get("/surplus-windows?as-of=2023-11-30").json()["windows"]
    assert then["standing"] == "in window"
    (event,) = icalendar.Calendar.from_ical(public.get("/surplus-windows.ics").content).walk("VEVENT")
    assert (event["UID"], event["STATUS"], event["SEQUENCE"]) == (before["UID"], "CANCELLED", 1)
    assert (before["STATUS"], before["SEQUENCE"]) == ("CONFIRMED", 0)
    assert event["DTSTAMP"].dt >= before["DTSTAMP"].dt
    send(keyed, "register", decided_on="2023-12-01")
    events = icalendar.Calendar.from_ical(public.get("/surplus-windows.ics").content).walk("VEVENT")
    assert [one["STATUS"] for one in events] == ["CANCELLED", "CONFIRMED"]
    send(keyed, "retain", decided_on="2023-12-04")
    told = public.get("/surplus-windows").json()["ended"]
    assert [one["ended"].partition(":")[0] for one in told] == [
        "the entry was taken back", "the owner keeps the site as it is"]  # fmt: skip


def test_the_windows_as_a_calendar(clients: tuple[TestClient, TestClient]) -> None:
    """An all-day event on the last day of each window, the same bytes until the data change; a calendar program reads
    it. On the market, a site is in it no more."""
    public, keyed = clients
    send(keyed, "declare", decided_on="2023-11-01")
    send(keyed, "register", decided_on="2023-11-15")
    answer = public.get("/surplus-windows.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.content == public.get("/surplus-windows.ics").content
    read = icalendar.Calendar.from_ical(answer.content)
    (event,) = read.walk("VEVENT")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2024, 1, 15), date(2024, 1, 16))
    assert event["UID"].endswith("@ncl.estates-api")
    assert event["SUMMARY"].startswith("Last day to claim: ")
    assert str(event["URL"]).endswith(EDGWARE)
    (told,) = public.get("/surplus-windows?as-of=2024-01-15").json()["windows"]
    assert (told["standing"], told["window_ends_at"]) == ("in window", "2024-01-15")
    (told,) = public.get("/surplus-windows").json()["windows"]
    assert told["standing"] == "open market"
    assert "15 January 2024" in public.get("/surplus-windows?f=html").text
    send(keyed, "market")
    found = public.get("/surplus-windows").json()
    assert (found["windows"], found["ended"]) == ([], [])
    assert public.get(EDGWARE).json()["window"]["window_ends_at"] == "2024-01-15"
