"""The page to hand files in, without its script: the form, what a file would change, taking it in as it was shown, and
what is told step by step."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.api import steps, upload
from estates_api.api.hand_in import _cut
from estates_api.domain.callers import Caller, caller_of
from estates_api.domain.rules import RULES, advise
from estates_api.errors import KeyNeeded
from estates_api.sources import FORMATS
from estates_api.workflows.preview import KINDS

Make = Callable[..., TestClient]
Template = Callable[..., bytes]
Count = Callable[[Engine], dict[str, int]]
KEY = "the-key-of-the-tests"
HTML = {"Accept": "text/html"}
CHECK, TAKE = "/editions?dry-run=true", "/editions"
ROWS = (
    {"holding_code": "HI001", "name": "=1+1 <Depot>", "postcode": "N15 3TH", "gia_m2": 1200,
     "period_end": "2024-03-31"},
    {"holding_code": "HI002", "postcode": "N15 3TH", "gia_m2": "many", "period_end": "2024-03-31"},
)  # fmt: skip


@pytest.fixture
def client(make_api: Make, reference: Engine) -> TestClient:
    """The administrator, on a catalogue without holdings."""
    return make_api(reference, key=KEY)


def send(client: TestClient, content: bytes, path: str, accept: str = "text/html", **fields: str) -> Any:
    """The answer to a file with fields."""
    return client.post(path, files={"file": ("list.csv", content)}, data=fields, headers={"Accept": accept})


def hidden(page: str) -> dict[str, str]:
    """What the form that takes the file in carries."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_the_page(api: TestClient) -> None:
    """Everybody sees the form, every format is in it, its script may run and ask here."""
    answer = api.get("/hand-in")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert re.search(r"script-src 'sha256-[\w+/=]+'; connect-src 'self'", policy)
    assert set(re.findall(r'<option value="([\w-]+)"', answer.text)) == {*FORMATS, "partner", "owner"}
    assert 'name="key"' not in answer.text  # a form without script never has it in its body


def test_signing_in(api: TestClient, keyed: TestClient) -> None:
    """Without script the browser asks for the key as Basic password; with it the page says who is signed in."""
    asked = api.get("/hand-in?sign-in=true", headers=HTML)
    assert (asked.status_code, asked.headers["www-authenticate"][:5]) == (401, "Basic")
    page = keyed.get("/hand-in?sign-in=true")
    assert (page.status_code, "Signed in as administrator" in page.text) == (200, True)
    assert 'id="key"' not in page.text


def test_it_is_checked_and_taken_in_as_shown(
    client: TestClient, reference: Engine, template: Template, count_rows: Count
) -> None:
    """The page says what would change and what is wrong and writes nothing; its form, with the same file, takes it
    in; once more, it is here already."""
    before = count_rows(reference)
    page = send(client, template(*ROWS), CHECK, publisher="A & B")
    assert page.status_code == 200
    assert count_rows(reference) == before
    for said in ("What taking in list.csv would do", "our own CSV template", "2 new holdings", "31 March 2024",
                 "=1+1 &lt;Depot&gt;", "1 error: not taken", "is not a number", "everybody"):  # fmt: skip
        assert said in page.text, said
    assert set(hidden(page.text)) == {"sha256", "changes", "publisher"}
    done = send(client, template(*ROWS), TAKE, **hidden(page.text) | {"publisher": "A & B"})
    assert (done.status_code, "list.csv is taken in" in done.text) == (201, True)
    assert client.get(done.headers["location"]).json()["publisher"] == "A & B"
    again = send(client, template(*ROWS), CHECK)
    assert (again.status_code, "This file is here already" in again.text) == (200, True)
    assert hidden(again.text) == {}


def test_parcels_become_outlines(client: TestClient, reference: Engine, template: Template, count_rows: Count) -> None:
    """Parcels of land, where the form says so: the page says which sites get an outline and writes nothing; taken in,
    the sites have them, and a second file is told to draw over the first."""
    placed = {"holding_code": "HI009", "easting": 531_850, "northing": 188_750, "gia_m2": 900,
              "period_end": "2024-03-31"}  # fmt: skip
    assert send(client, template(placed), TAKE).status_code == 201
    before = count_rows(reference)
    page = send(client, parcel(100), CHECK, format="outline", period="2024")
    assert (page.status_code, count_rows(reference)) == (200, before)
    for said in ("1 outline of a site", "no outline", "1.00 ha", "1 parcel of land; 1 surely of 1 site",
                 "Parcels of land"):  # fmt: skip
        assert said in page.text, said
    assert send(client, parcel(100), TAKE, **hidden(page.text)).status_code == 201
    site = next(one for one in client.get("/collections/outlines/items?f=json").json()["features"])
    assert site["geometry"]["type"] == "MultiPolygon"
    assert "another outline" in send(client, parcel(120), CHECK, format="outline", period="2025").text
    unnamed = client.post(CHECK, files={"file": ("list.csv", parcel(100))})
    assert (unnamed.status_code, "insisted on" in unnamed.json()["detail"]) == (409, True)


def parcel(side: int) -> bytes:
    """A square that names the holding HI009, in metres from a place in Haringey."""
    east, north = 531_800, 188_700
    ring = [(east, north), (east + side, north), (east + side, north + side), (east, north + side), (east, north)]
    return json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}},
        "features": [{"type": "Feature", "properties": {"holding_code": "HI009"},
                      "geometry": {"type": "Polygon", "coordinates": [ring]}}],
    }).encode()  # fmt: skip


def test_tables_to_download(client: TestClient, template: Template) -> None:
    """Issues and changes are there as CSV that a spreadsheet runs nothing of."""
    page = send(client, template(*ROWS), CHECK).text
    tables = [base64.b64decode(one).decode("utf-8-sig") for one in re.findall(r"base64,([\w+/=]+)", page)]
    changes, issues = tables
    assert changes.startswith("change,site,name,")
    assert "'=1+1 <Depot>" in changes
    assert issues.startswith("severity,line,field,reason,raw,what_to_do,")
    assert "error,3,gia_m2," in issues


def test_another_file_is_not_taken_in(client: TestClient, reference: Engine, template: Template,
                                      count_rows: Count) -> None:  # fmt: skip
    """Bytes that are not those that were checked are refused, by their hash."""
    fields = hidden(send(client, template(*ROWS), CHECK).text)
    before = count_rows(reference)
    answer = send(client, template(*ROWS[:1]), TAKE, "*/*", **fields)
    assert (answer.status_code, "not the file that was checked" in answer.json()["detail"]) == (409, True)
    assert count_rows(reference) == before


def test_what_others_did_meanwhile(client: TestClient, reference: Engine, template: Template,
                                   count_rows: Count) -> None:  # fmt: skip
    """A file that would not change what was shown any more is refused; what others did elsewhere is no matter."""
    first = template(*ROWS)
    fields = hidden(send(client, first, CHECK).text)
    other = {"holding_code": "HI003", "postcode": "N22 8JT", "gia_m2": 7, "period_end": "2024-03-31"}
    assert send(client, template(other), TAKE).status_code == 201
    later = hidden(send(client, first, CHECK).text)
    assert later["changes"] == fields["changes"]
    same = {**ROWS[0], "gia_m2": 900}
    assert send(client, template(same), TAKE).status_code == 201
    before = count_rows(reference)
    answer = send(client, first, TAKE, "*/*", **fields)
    assert (answer.status_code, "check it again" in answer.json()["detail"]) == (409, True)
    assert count_rows(reference) == before


def test_a_refusal_keeps_the_form(client: TestClient, template: Template) -> None:
    """Why it was not taken stands above the form, which is as it was filled in."""
    page = send(client, template(*ROWS), CHECK, period="whenever", publisher="A Trust", sensitivity="partner")
    assert page.status_code == 400
    assert 'id="refusal" class="problem" role="alert" tabindex="-1">' in page.text
    assert 'value="A Trust"' in page.text
    assert '<option value="partner" selected>' in page.text
    busy = [upload._slots.acquire() for _ in range(upload.AT_ONCE)]
    try:
        answer = send(client, template(*ROWS), CHECK)
    finally:
        for _ in busy:
            upload._slots.release()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_another_site_cannot_send_the_form(client: TestClient, template: Template) -> None:
    """The key that a browser keeps for the form without script is not lent to pages of others."""
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = client.post(CHECK, files={"file": ("a.csv", template(*ROWS))}, headers=HTML | headers)
        assert answer.status_code == 403


def lines(answer: Any) -> list[dict[str, Any]]:
    """The lines of an answer."""
    assert answer.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize(("form", "type_"), [("html", "text/html"), ("json", "application/json")])
def test_step_by_step(client: TestClient, template: Template, monkeypatch: pytest.MonkeyPatch, form: str,
                      type_: str) -> None:  # fmt: skip
    """Each step is a line, and the last one is the answer as it would have been without."""
    monkeypatch.setattr(steps, "LOOKED_S", 0.001)
    told = lines(send(client, template(*ROWS), f"{CHECK}&f={form}", "application/jsonl"))
    assert all(set(one) == {"step"} for one in told[:-1])
    assert {"checking list.csv", "comparing"} & {one["step"] for one in told[:-1]}
    assert (told[-1]["status"], told[-1]["type"]) == (200, type_)
    plain = send(client, template(*ROWS), f"{CHECK}&f={form}", "*/*")
    assert len(plain.text) == len(told[-1]["body"])


def test_a_refusal_step_by_step(client: TestClient, template: Template, count_rows: Count,
                                reference: Engine) -> None:  # fmt: skip
    """A file that cannot be read ends in the status and the problem document that it would have had."""
    before = count_rows(reference)
    told = lines(send(client, b"not,a,list\n1,2,3\n", CHECK, "application/jsonl"))[-1]
    assert (told["status"], told["type"]) == (400, "application/problem+json")
    assert "no format fits" in json.loads(told["body"])["detail"]
    assert count_rows(reference) == before
    assert upload._slots._value == upload.AT_ONCE


def test_a_key_of_one_organisation_is_told_of_its_own(
    make_api: Make, client: TestClient, reference: Engine, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What others' holdings would do is neither listed nor counted for a steward of one organisation, nor whether a
    place is new or not for its eyes."""
    theirs = {"organisation_code": "RZ2", "organisation_name": "Other NHS Trust", "holding_code": "RZ201",
              "name": "MARIGOLD HOUSE", "gia_m2": 5, "period_end": "2024-03-31"}  # fmt: skip
    ours = {"organisation_code": "RZ1", "holding_code": "RZ101", "name": "Marigold House", "gia_m2": 1}
    assert send(client, template(theirs), TAKE).status_code == 201

    content = template(ours | {"period_end": "2024-03-31"})
    whole = send(client, content, CHECK, "*/*").json()["changes"]
    only_ours(monkeypatch)
    answer = send(make_api(reference, key="ours"), content, CHECK, "*/*")
    assert answer.status_code == 200, answer.text
    told = answer.json()["changes"]
    (new,) = whole["holdings_new"]
    assert new["site"] == "NCL-RZ101"
    assert told["holdings_new"] == [new | {"site": None}]
    assert (len(whole["sites_new"]), told["sites_new"], told["counts"]["sites_new"]) == (1, [], 0)
    page = send(make_api(reference, key="ours"), content, CHECK, "text/html").text
    assert "a site that you have not seen" in page
    assert (whole["counts"]["questions"], told["counts"]["questions"], told["questions"]) == (1, 0, [])
    assert "RZ2" not in answer.text


def test_what_others_return_of_a_place_is_not_told(
    make_api: Make, client: TestClient, reference: Engine, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That another organisation returns the same land, and withholds it, is told to the administrator alone."""
    place = {"name": "Marigold House", "postcode": "N15 3TH", "land_ha": 3.217, "period_end": "2024-03-31"}
    theirs = place | {"organisation_code": "RZ2", "organisation_name": "Other NHS Trust", "holding_code": "RZ201"}
    assert send(client, template(theirs), TAKE, sensitivity="owner").status_code == 201
    content = template(place | {"holding_code": "RZ101"})
    whole = send(client, content, CHECK, "*/*").json()
    assert "land-repeated" in whole["issues_by_rule"]
    only_ours(monkeypatch)
    told = send(make_api(reference, key="ours"), content, CHECK, "*/*")
    assert told.status_code == 200, told.text
    assert "land-repeated" not in told.json()["issues_by_rule"]
    assert "land-repeated" not in told.text
    assert "Other NHS Trust" not in told.text


def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the key `ours` be that of a steward of RZ1."""

    async def known(_: Any, given: str | None) -> Caller:
        if given == "ours":
            return caller_of("steward", "A steward", organisation="RZ1")
        raise KeyNeeded("the key is not known")

    monkeypatch.setattr("estates_api.api.identity.Identify._holder", known)


def test_every_rule_has_advice() -> None:
    """Whatever a rule finds, the page says what to do."""
    assert all(advise(rule.severity, rule.mender).endswith(".") for rule in RULES.values())


def test_more_than_a_page_has() -> None:
    """Where more changed than is listed, the page says how much is."""
    counts = {**dict.fromkeys(KINDS, 0), "sites_new": 3, "holdings_new": 1}
    listed = {kind: [{}] * min(number, 2) for kind, number in counts.items()}
    assert _cut({"changes": {"counts": counts, **listed}}) == 2
    assert _cut({"changes": {"counts": counts | {"sites_new": 2}, **listed}}) == 0
    assert _cut({}) == 0
