"""Scores brought up to date over HTTP: by a program, and by the page that takes files in."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

Make = Callable[..., TestClient]
Template = Callable[..., bytes]
KEY = "the-key-of-the-tests"
HTML = {"Accept": "text/html"}


@pytest.fixture
def client(make_api: Make, make_loaded: Callable[[], Engine]) -> TestClient:
    """The administrator, where the tables that come with the service are loaded."""
    return make_api(make_loaded(), key=KEY)


def idle(template: Template) -> dict[str, tuple[str, bytes]]:
    """A file with one site that has nothing in it, and land."""
    row = {"holding_code": "AS001", "postcode": "N15 3TH", "gia_m2": 9000, "land_owned_ha": 8, "unutilised_pct": 100,
           "period_end": "2026-03-31", "organisation_code": "RZ1", "interest": "freeholder"}  # fmt: skip
    return {"file": ("list.csv", template(row))}


def test_what_was_handed_in_counts_from_then_on(client: TestClient, template: Template) -> None:
    """Before it is assessed a new site is no candidate; then all see its route. Again, nothing has changed."""
    assert client.post("/editions", files=idle(template)).status_code == 201
    shown = "/collections/candidates/items?ids=NCL-AS001&f=json"
    assert client.get(shown).json()["features"] == []
    done = client.post("/assessments")
    assert done.status_code == 201
    told = done.json()
    assert told["sites"] == sum(told["routes"].values()) > 1
    assert told["assessment"] == client.get("/assessments/latest").json()["assessment"]
    [after] = client.get(shown).json()["features"]
    assert after["properties"]["route"] in told["routes"]
    again = client.post("/assessments")
    assert (again.status_code, again.json() | {"new": True}) == (200, told)


def test_from_the_page(client: TestClient, template: Template) -> None:
    """The page that took a file in offers it, and then tells how many sites go which way."""
    page = client.post("/editions", files=idle(template), headers=HTML).text
    assert 'action="http://testserver/assessments?f=html"' in page
    done = client.post("/assessments?f=html", headers=HTML)
    assert (done.status_code, "The scores are up to date" in done.text) == (201, True)
    for route, number in client.post("/assessments").json()["routes"].items():
        assert f"<li>{number:,} {route}</li>" in done.text
    assert "They were already" in client.post("/assessments?f=html", headers=HTML).text


@pytest.mark.parametrize(("path", "headers", "status"), [
    ("/assessments?as-of=2015-03-31", {}, 400),
    ("/assessments", {"Origin": "https://elsewhere.example"}, 403),
])  # fmt: skip
def test_what_is_refused(client: TestClient, path: str, headers: dict[str, str], status: int) -> None:
    """Another day, which would be no news, and whatever a page of another site sends; nothing is scored."""
    latest = client.get("/assessments/latest").json()["assessment"]
    assert client.post(path, headers=headers).status_code == status
    assert client.get("/assessments/latest").json()["assessment"] == latest


def test_without_any_file(make_api: Make, migrated: Engine) -> None:
    """Where nothing was handed in yet there is nothing to score, and it says so."""
    answer = make_api(migrated, key=KEY).post("/assessments")
    assert (answer.status_code, "catalogue is empty" in answer.json()["detail"]) == (503, True)
