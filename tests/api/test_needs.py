"""Needs over HTTP: recorded with the key, shown by audience, with the sites that fit and why."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.aspects import ASPECTS
from estates_api.store.database import transaction

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
HUB = {"need": "hub-1", "organisation_code": "RZ1", "organisation_name": "Made Up <Trust>", "service": "Hub",
       "floor_area_low_m2": 200, "floor_area_high_m2": 400.5, "boroughs": "Enfield; Haringey", "ptal": "2",
       "required_by": "2027-03-31", "by": "NCL Estates Board"}  # fmt: skip
SPACE = "NCL-RAPNM"
"""North Middlesex: a public site with known spare space in Enfield."""


@pytest.fixture(scope="module")
def engine(make_loaded: Callable[[], Engine]) -> Engine:
    """All of `data/`, for the tests of this module together."""
    return make_loaded()


@pytest.fixture(scope="module")
def keyed(engine: Engine, make_api: Make) -> TestClient:
    """The administrator, with three needs recorded: for everybody, for partners, and closed."""
    client = make_api(engine, key=KEY)
    for changes in ({}, {"need": "SECRET-2", "sensitivity": "partner"}, {"need": "OLD-3"}):
        assert client.post("/needs", json=HUB | changes).status_code == 201
    assert client.post("/needs/OLD-3/closing", json={"by": "me", "reason": "found"}).status_code == 201
    return client


@pytest.fixture(scope="module")
def public(engine: Engine, keyed: TestClient, make_api: Make) -> TestClient:
    """Anybody."""
    return make_api(engine)


def test_a_need_is_recorded_with_the_key(loaded: Engine, make_api: Make) -> None:
    """The key records, revises and closes; the answer says where it is, and the same again changes nothing."""
    keyed, public = make_api(loaded, key=KEY), make_api(loaded)
    done = keyed.post("/needs", json=HUB)
    assert (done.status_code, done.json()["outcome"], done.json()["revision"]) == (201, "added", 1)
    assert done.headers["location"] == done.json()["href"] == "http://testserver/needs/HUB-1"
    assert public.get(done.headers["location"]).json()["told"] == done.json()["told"]
    assert [keyed.post("/needs", json=HUB).status_code, keyed.post("/needs", json=HUB | {"note": "x"}).status_code] == [
        200, 201]  # fmt: skip
    assert public.get("/needs/hub-1").json()["revision"] == 2
    closed = keyed.post("/needs/HUB-1/closing", json={"by": "me", "reason": "space found"})
    assert (closed.status_code, closed.json()["closed"]) == (201, "space found")
    assert keyed.post("/needs/HUB-1/closing", json={"by": "me", "reason": "space found"}).status_code == 409
    assert keyed.post("/needs", json=HUB).status_code == 400
    with transaction(loaded) as connection:
        acts = connection.execute(text("SELECT actor, action FROM audit WHERE subject = 'need HUB-1' ORDER BY id"))
        assert [tuple(row) for row in acts] == [("NCL Estates Board", "add need"), ("NCL Estates Board", "revise need"),
                                                ("me", "close need")]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), [("/needs", HUB), ("/needs/HUB-1/closing", {"by": "me", "reason": "x"})])
def test_writing_needs_the_key(public: TestClient, keyed: TestClient, path: str, body: dict[str, Any]) -> None:
    """Without the key it is 401; from a page of another site 403 even with it."""
    assert public.post(path, json=body).status_code == 401
    assert keyed.post(path, json=body, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert keyed.options(path).headers["allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "the body must be an object"), ({**HUB, "ptal": ["3"]}, "ptal: must be a text or a number"),
        ({**HUB, "closed": True}, "closed: must be a text"), ({**HUB, "colour": "red"}, "there is no field 'colour'"),
        ({**HUB, "floor_area_low_m2": 500}, "floor_area_high_m2: 400.5 is less than floor_area_low_m2, 500"),
        ({**HUB, "boroughs": None}, "boroughs: there is no area of search"), ({**HUB, "by": ""}, "by: say it"),
        ({**HUB, "floor_area_low_m2": 1e300}, "floor_area_low_m2: '1e+300' is not a number above 0"),
        ({**HUB, "service": "half \ud800"}, "service: must be plain text"),
        ({**HUB, "organisation_code": "RZ\ud800"}, "organisation_code: must be plain text"),
        ({**HUB, "organisation_code": "RZ\0"}, "organisation_code: must be plain text"),
        ({**HUB, "polygon": "half \ud800", "boroughs": None}, "polygon: is not well-known text"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(keyed: TestClient, body: Any, told: str) -> None:
    """A wrong field is 400 with its name, and nothing is written."""
    answer = keyed.post("/needs", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["detail"].startswith(told)


def test_who_sees_which_need(public: TestClient, keyed: TestClient) -> None:
    """Lists and single needs are those that the caller may see; a withheld one is as if it were not there."""
    assert [one["id"] for one in public.get("/needs").json()["needs"]] == ["HUB-1"]
    assert [one["id"] for one in public.get("/needs?closed=true").json()["needs"]] == ["HUB-1", "OLD-3"]
    assert [one["id"] for one in keyed.get("/needs").json()["needs"]] == ["HUB-1", "SECRET-2"]
    for path in ("/needs/SECRET-2", "/needs/SECRET-2/fits", "/needs/none", "/needs/%00"):
        answer = public.get(path)
        told = answer.json()["detail"]
        assert (answer.status_code, told.startswith("there is no need '")) == (404, True)
        assert told.endswith("'; those that are open: estates needs list, or /needs")
    for path in (f"/sites/{SPACE}/fits", "/needs/allocation"):
        assert "SECRET-2" not in public.get(path).text
        assert "SECRET-2" in keyed.get(path).text


def test_the_fits_of_a_need(public: TestClient) -> None:
    """Every site is one of the three verdicts; those shown are in order, with reasons and the claims behind them."""
    found = public.get("/needs/HUB-1/fits").json()
    count = len(public.get("/candidates.geojson").json()["features"])
    assert sum(found["counts"].values()) == count
    assert found["numberMatched"] == found["counts"]["fits"] + found["counts"]["could fit"]
    assert [rule["aspect"] for rule in found["aspects"]] == [aspect.name for aspect in ASPECTS]
    order = [(one["verdict"] != "fits", sum(r["says"] == "against" for r in one["reasons"]),
              sum(r["says"] == "not known" for r in one["reasons"]), -one["reuse_score"], one["site"])
             for one in found["fits"]]  # fmt: skip
    assert order == sorted(order)
    best = found["fits"][0]
    assert (best["site"], best["verdict"]) == (SPACE, "fits")
    reasons = {one["aspect"]: one for one in best["reasons"]}
    assert reasons["space"]["wanted"] == "200 to 400.5 m²"
    assert {source["attribute"] for source in reasons["space"]["sources"]} >= {"gia_m2", "empty_pct"}
    spare = {part["criterion"]: part["measure"] for part in
             public.get(f"/sites/{SPACE}").json()["reuse"]["contributions"]}["reuse.spare"]  # fmt: skip
    assert reasons["space"]["measure"] == pytest.approx(spare)
    assert "PFI" in reasons["private-finance"]["note"]


def test_verdict_and_limit(public: TestClient) -> None:
    """Only what is asked for, and as many; anything else is 400."""
    every = public.get("/needs/HUB-1/fits").json()
    for verdict, count in every["counts"].items():
        found = public.get("/needs/HUB-1/fits", params={"verdict": verdict, "limit": 3}).json()
        assert (found["numberMatched"], found["numberReturned"]) == (count, min(3, count))
        assert {one["verdict"] for one in found["fits"]} == {verdict}
        assert all(one["told"].startswith(verdict) for one in found["fits"])
    for query in ("verdict=maybe", "limit=0", "limit=5000", "limit=x", "sort=1"):
        assert public.get(f"/needs/HUB-1/fits?{query}").status_code == 400
    assert public.get("/needs/allocation?first=all").status_code == 400


def test_the_fits_of_a_site_are_those_of_the_needs(public: TestClient, keyed: TestClient) -> None:
    """Asked from either side, a site and a need fit in the same way, for the same reasons."""
    here = keyed.get(f"/sites/{SPACE}/fits").json()
    there = keyed.get("/needs/HUB-1/fits").json()["fits"][0]
    (mine,) = [one for one in here["needs"] if one["need"]["id"] == "HUB-1"]
    assert (mine["verdict"], mine["reasons"]) == (there["verdict"], there["reasons"])
    assert here["reuse_score"] == there["reuse_score"]
    assert [one["need"]["id"] for one in public.get(f"/sites/{SPACE}/fits").json()["needs"]] == ["HUB-1"]
    assert public.get("/sites/NCL-NONE/fits").status_code == 404
    moved = public.get("/sites/RAPNM/fits", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (307, f"http://testserver/sites/{SPACE}/fits")


def test_pages_for_people(public: TestClient, keyed: TestClient) -> None:
    """The lists, a need with its fits, the allocation and a site's page say it in words, escaped."""
    pages = {path: keyed.get(f"{path}{'&' if '?' in path else '?'}f=html").text for path in (
        "/needs", "/needs?closed=true", "/needs/HUB-1", "/needs/HUB-1/fits?verdict=does%20not%20fit", "/needs/OLD-3",
        "/needs/allocation", f"/sites/{SPACE}",
    )}  # fmt: skip
    assert not any("<Trust>" in page for page in pages.values())
    assert "Made Up &lt;Trust&gt;" in pages["/needs"]
    assert "closed" in pages["/needs?closed=true"]
    assert "North Middlesex University Hospital" in pages["/needs/HUB-1"]
    assert "does not fit: " in pages["/needs/HUB-1/fits?verdict=does%20not%20fit"]
    assert "found" in pages["/needs/OLD-3"]
    assert "would do" in pages["/needs/allocation"] or "best" in pages["/needs/allocation"]
    assert "Needs that it would answer" in pages[f"/sites/{SPACE}"]
    assert "SECRET-2" in pages[f"/sites/{SPACE}"]
    assert "SECRET-2" not in public.get(f"/sites/{SPACE}?f=html").text
    assert "Needs that it would answer" not in public.get(f"/sites/{SPACE}?f=html&as-of=2016-01-01").text


def test_a_need_whose_day_has_passed_is_told_as_overdue(loaded: Engine, make_api: Make) -> None:
    """The answer to who records it, the list, the need, its fits, a site's and the allocation mark it; closed, none."""
    keyed = make_api(loaded, key=KEY)
    late = keyed.post("/needs", json=HUB | {"need": "LATE-1", "required_by": "2024-03-31"}).json()
    assert late["overdue"]
    assert late["doubt"].startswith("it was needed by 2024-03-31, which has passed; ")
    keyed.post("/needs", json=HUB | {"required_by": "2999-03-31"})
    told = {one["id"]: one["overdue"] for one in keyed.get("/needs").json()["needs"]}
    given = {one["need"]: one["overdue"] for one in keyed.get("/needs/allocation").json()["needs"]}
    assert told == given == {"LATE-1": True, "HUB-1": False}
    for path in ("/needs", "/needs/LATE-1", "/needs/allocation", f"/sites/{SPACE}/fits"):
        assert keyed.get(f"{path}?f=html").text.count('<span class="mark">overdue</span>') == 1, path
    assert "overdue" not in keyed.get("/needs/HUB-1?f=html").text
    assert keyed.post("/needs/LATE-1/closing", json={"by": "me", "reason": "found"}).json()["overdue"] is False


def test_without_needs_or_assessments(reference: Engine, reading: Engine, make_api: Make) -> None:
    """Nothing registered is a page that says how; nothing assessed is told with what to run."""
    assert "estates needs add FILE" in make_api(reading).get("/needs?f=html").text
    assert "Needs that it would answer" not in make_api(reading).get(f"/sites/{SPACE}?f=html").text
    keyed = make_api(reference, key=KEY)
    assert keyed.post("/needs", json=HUB).status_code == 201
    answer = keyed.get("/needs/HUB-1/fits")
    assert (answer.status_code, answer.json()["detail"]) == (
        404, "nothing has been assessed yet; run: estates assess")  # fmt: skip


def test_an_assessment_that_cannot_be_read_hides_no_site(loaded: Engine, make_api: Make) -> None:
    """Where another version's method assessed, fits say what to run, and the page of a site is there without them."""
    values = {"sha256": "a" * 64, "content": b"id = 1"}
    with transaction(loaded) as connection:
        connection.execute(text("INSERT INTO method (sha256, id, content) VALUES (:sha256, 'old', :content)"), values)
        connection.execute(text("""
            INSERT INTO assessment (method_sha256, as_of, present, known_at, data_sha256, code_version, seed, sha256)
            SELECT :sha256, as_of, present, known_at, data_sha256, code_version, seed, sha256
            FROM assessment WHERE present LIMIT 1"""), values)  # fmt: skip
    keyed = make_api(loaded, key=KEY)
    assert keyed.post("/needs", json=HUB).status_code == 201
    answer = keyed.get("/needs/HUB-1/fits")
    assert (answer.status_code, "run: estates assess" in answer.json()["detail"]) == (503, True)
    assert keyed.get(f"/sites/{SPACE}?f=html").status_code == 200


def test_a_decision_is_told_to_whom_it_is_for(loaded: Engine, make_api: Make) -> None:
    """What the owner decided counts at once in the fits, with who decided; a decision for partners only for them."""
    keyed, public = make_api(loaded, key=KEY), make_api(loaded)
    step = {"step": "approve-reuse", "organisation": "RAP", "body": "Board", "decided_on": "2024-02-01",
            "minute_reference": "12/3", "reason": "a hub", "by": "A Clerk", "sensitivity": "partner"}  # fmt: skip
    assert keyed.post("/needs", json=HUB).status_code == 201
    assert public.get("/needs/HUB-1/fits?limit=1").status_code == 200
    done = keyed.post(f"/sites/{SPACE}/decisions", json=step)
    assert done.status_code == 201, done.text
    reasons = [{one["aspect"]: one for one in client.get("/needs/HUB-1/fits?limit=1").json()["fits"][0]["reasons"]}
               for client in (public, keyed)]  # fmt: skip
    assert "decision" not in reasons[0]
    assert (reasons[1]["decision"]["says"], reasons[1]["decision"]["measure"]) == ("for", "approved for reuse")
    assert "Board of" in reasons[1]["decision"]["told"]
