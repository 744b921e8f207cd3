"""Organisations over time, and the bodies that spoke for the area."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.workflows.ingest import Ingested

Make = Callable[..., TestClient]
HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]

KEY = "the-key-of-the-tests"


def get(client: TestClient, path: str) -> dict[str, Any]:
    """An answer that must be there."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_closed_trust_answers_and_leads_on(api: TestClient) -> None:
    """RVL is closed, says by whom and since when it is carried on, by which source, and whom it leads to today."""
    found = get(api, "/organisations/rvl")
    assert (found["code"], found["name"], found["status"]) == (
        "RVL", "Barnet and Chase Farm Hospitals NHS Trust", "closed"
    )  # fmt: skip
    assert found["succeeded_by"] == [
        {"predecessor": "RVL", "successor": "RAL", "on": "2014-07-01", "edition": "Organisations NCL"}
    ]
    assert found["current"] == ["RAL"]
    (link,) = found["links"]
    assert (link["rel"], link["href"]) == ("successor-version", "http://testserver/organisations/RAL")


@pytest.mark.parametrize(("code", "current"), [("TAF", "G6V2S"), ("RRP", "G6V2S"), ("RAP", "RAL"), ("RYX", "RYX")])
def test_whom_a_code_leads_to(api: TestClient, code: str, current: str) -> None:
    """Merged trusts lead to what they became, others to themselves."""
    assert get(api, f"/organisations/{code}")["current"] == [current]


def test_a_merged_trust_names_its_predecessors(api: TestClient) -> None:
    """The trust of November 2024 carries on two; it lists what they hold, with the sites."""
    found = get(api, "/organisations/G6V2S")
    assert {(one["predecessor"], one["on"]) for one in found["predecessors"]} == {
        ("RRP", "2024-11-01"), ("TAF", "2024-11-01")
    }  # fmt: skip
    held = {holding["code"]: holding for holding in found["holdings"]}
    assert held["RRP03"]["site_ref"] == "NCL-RRP03"
    assert held["TAF01"]["organisation_code"] == "TAF"
    assert get(api, held["RRP03"]["href"].removeprefix("http://testserver"))["ref"] == "NCL-RRP03"


@pytest.mark.parametrize(("day", "status"), [("2014-06-30", "active"), ("2014-07-01", "closed")])
def test_the_status_of_a_day(api: TestClient, day: str, status: str) -> None:
    """As of a day before it closed a trust was active."""
    found = get(api, f"/organisations/RVL?as-of={day}")
    assert (found["as_of"], found["status"], found["status_now"]) == (day, status, "closed")
    assert get(api, "/organisations/G6V2S?as-of=2024-10-31")["status"] == "not yet open"


def test_names_of_a_day(loaded: Engine, hand_in: HandIn, make_api: Make) -> None:
    """A trust that was renamed has the name of the day, and all its names with the edition that used them."""
    head = "code,name,sector,kind,status\n"
    hand_in(loaded, "now.csv", head + "RKE,Whittington of Today,NHS,NHS trust,active\n",
            insisted="organisations", period="2020-01-01")  # fmt: skip
    client = make_api(loaded)
    found = get(client, "/organisations/RKE?as-of=2016-01-01")
    assert (found["name"], found["name_now"]) == ("Whittington Health NHS Trust", "Whittington of Today")
    assert get(client, "/organisations/RKE?as-of=2020-01-01")["name"] == "Whittington of Today"
    used = {(name["name"], name["as_of"]) for name in found["names"]}
    assert {("Whittington Health NHS Trust", "2014-03-31"), ("Whittington of Today", "2020-01-01")} <= used
    then = get(client, "/sites/NCL-RKEQ4?as-of=2017-03-31")["site"]["organisations"]
    assert "Whittington Health NHS Trust" in then
    assert "Whittington of Today" in get(client, "/sites/NCL-RKEQ4")["site"]["organisations"]


def test_a_circle_of_codes_ends(loaded: Engine, hand_in: HandIn, make_api: Make) -> None:
    """Two trusts that each are said to carry on the other lead to nobody, and nothing hangs."""
    head = "code,name,sector,kind,status,successor_code,succeeded_on\n"
    rows = "RKE,One,NHS,NHS trust,active,RRV,2020-01-01\nRRV,Other,NHS,NHS trust,active,RKE,2021-01-01\n"
    hand_in(loaded, "circle.csv", head + rows, insisted="organisations")
    client = make_api(loaded)
    assert get(client, "/organisations/RKE")["current"] == []
    assert {"RKE", "RRV"} <= {holding["organisation_code"] for holding in get(client, "/organisations/RKE")["holdings"]}
    now = [holding["now"] for holding in get(client, "/sites/NCL-RKEQ4")["holdings"]]
    assert now == [None] * len(now)
    assert get(client, "/sites/NCL-RKEQ4?as-of=2022-01-01")["site"]["ref"] == "NCL-RKEQ4"


def test_a_later_merger_is_seen_at_every_site(loaded: Engine, hand_in: HandIn, make_api: Make) -> None:
    """A list that says that a trust was carried on brings the sites of its predecessors up to date too."""
    head = "code,name,sector,kind,status,successor_code,succeeded_on\n"
    hand_in(loaded, "merger.csv", head + "RAL,Royal Free,NHS,NHS trust,closed,RRV,2026-01-01\n",
            insisted="organisations")  # fmt: skip
    now = {holding["code"]: holding["now"] for holding in get(make_api(loaded), "/sites/NCL-RAL26")["holdings"]}
    assert (now["RVL01"], now["RAL26"]) == ("RRV", "RRV")


def test_every_organisation_by_page(api: TestClient) -> None:
    """Walked to the end every organisation comes once, in the order of its code."""
    codes: list[str] = []
    url = "/organisations?limit=50&as-of=2015-03-31"
    while url:
        page = get(api, url)
        codes += [one["code"] for one in page["organisations"]]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert codes == [one["code"] for one in get(api, "/organisations")["organisations"]]
    assert len(codes) == len(set(codes)) > 200


def test_who_is_not_there(api: TestClient) -> None:
    """An unknown code is 404; what cannot be read is 400."""
    for code in ("NOBODY", "%00", "x" * 300):
        assert api.get(f"/organisations/{code}").status_code == 404
    assert api.get("/organisations/RVL?as-of=soon").status_code == 400
    assert api.get("/organisations?colour=red").status_code == 400


def test_an_organisation_of_private_files_is_private(
    loaded: Engine, hand_in: HandIn, template: Template, make_api: Make
) -> None:
    """One that private files alone name is there for the key only; nor are holdings at withheld sites listed."""
    rows = [
        {"organisation_code": "RQ9", "organisation_name": "Quiet Trust", "holding_code": "RQ901", "name": "Quiet"},
        {"organisation_code": "RRP", "organisation_name": "A Private Name", "holding_code": "RRP03", "name": "Sale"},
    ]
    hand_in(loaded, "private.csv", template(*(row | {"period_end": "2016-03-31", "gia_m2": 1} for row in rows)),
            sensitivity="owner")  # fmt: skip
    public, keyed = make_api(loaded), make_api(loaded, key=KEY)
    assert public.get("/organisations/RQ9").status_code == 404
    assert "Quiet Trust" not in public.get("/organisations").text
    assert get(keyed, "/organisations/RQ9")["name"] == "Quiet Trust"
    found = get(public, "/organisations/RRP?as-of=2016-06-01")
    assert "A Private Name" not in str(found)
    assert "RRP03" not in {holding["code"] for holding in found["holdings"]}
    assert "A Private Name" not in public.get("/sites.geojson?as-of=2016-06-01").text


def test_who_spoke_for_the_area(api: TestClient) -> None:
    """In 2018 the pilot and five commissioning groups, now a board; each with its source."""
    then, now = get(api, "/bodies?as-of=2018-06-01"), get(api, "/bodies")
    assert then["area"] == "North Central London"
    assert [body["kind"] for body in then["bodies"]] == ["partnership", "clinical commissioning groups"]
    assert then["bodies"][1]["codes"] == ["07M", "07R", "07X", "08D", "08H"]
    assert then["bodies"][1]["to"] == "2020-03-31"
    assert "integrated care board" in {body["kind"] for body in now["bodies"]}
    assert all(body["citation"] for body in now["bodies"])
    assert api.get("/bodies?as-of=9999-01-01").status_code == 400


def test_every_parameter_is_described(api: TestClient) -> None:
    """The API description says what each parameter of these routes means."""
    description = api.get("/openapi.json").json()
    paths, shared = description["paths"], description["components"]["parameters"]
    wanted = ("/organisations", "/organisations/{code}", "/bodies", "/sites/{ref}", "/sites/{ref}/claims",
              "/collections/sites/items", "/sites.geojson", "/assessments/latest")  # fmt: skip
    for path in wanted:
        for said in paths[path]["get"]["parameters"]:
            parameter = shared[said["$ref"].rpartition("/")[2]] if "$ref" in said else said
            assert parameter["in"] == "path" or parameter["description"], (path, parameter["name"])
    names = {parameter["name"] for parameter in paths["/sites/{ref}"]["get"]["parameters"]}
    assert names == {"ref", "explain", "as-of", "known-at"}
