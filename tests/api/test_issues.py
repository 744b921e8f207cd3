"""Issues and letters over HTTP: filters, pages, CSV, rules, and what the public is not told, not even by counting."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.rules import RULES
from estates_api.store.database import transaction

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
COLUMNS = {"severity", "rule", "reason", "organisation", "responsible", "mender", "edition_id", "edition", "file",
           "line", "field", "raw"}  # fmt: skip


def every(client: TestClient, path: str) -> Iterator[dict[str, Any]]:
    """The issues of all pages, by their `next` links."""
    while path:
        page = client.get(path).json()
        yield from page["issues"]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")


def test_an_issue_says_everything(api: TestClient) -> None:
    """Severity, rule, sentence, who, file, edition, row, column and what stands there."""
    found = api.get("/issues?organisation=taf&rule=land-implausible").json()
    assert found["numberReturned"] == 2
    assert found["counts"] == {"error": 0, "warning": 2, "note": 0}
    first = found["issues"][0]
    assert set(first) == COLUMNS
    assert first | {"edition_id": ""} == {
        "severity": "warning", "rule": "land-implausible", "mender": "organisation", "edition_id": "",
        "reason": "103 ha of land for 399 m² of floor area: mistyped?", "organisation": "TAF",
        "responsible": "Camden and Islington NHS Foundation Trust", "edition": "ERIC 2016-17",
        "file": "eric_2016-17.csv", "line": 35, "field": "land_owned_ha", "raw": "103",
    }  # fmt: skip


def test_who_is_responsible(api: TestClient) -> None:
    """Where a row has no organisation, the publisher or the steward, by the rule."""
    by_rule = {issue["rule"]: issue["responsible"] for issue in every(api, "/issues")}
    assert by_rule["aggregate-rows"].startswith("NHS")
    assert by_rule["columns-unused"] == "steward of this catalogue"


@pytest.mark.parametrize("query", ["", "severity=warning", "source=ERIC", "organisation=RRP", "rule=occupied-parts"])
def test_pages_hold_together(api: TestClient, query: str) -> None:
    """Small pages, one after the other, are the large page, and the counts are of all."""
    whole = api.get(f"/issues?{query}").json()
    assert list(every(api, f"/issues?{query}&limit=7")) == whole["issues"]
    assert sum(whole["counts"].values()) == len(whole["issues"]) > 0


def test_filters_are_filters(api: TestClient) -> None:
    """Each filter gives what picking by hand gives."""
    whole = list(every(api, "/issues"))
    for name, value in (("severity", "note"), ("organisation", "RAL"), ("rule", "tenancy-share")):
        picked = [issue for issue in whole if issue[name] == value]
        assert api.get(f"/issues?{name}={value}").json()["issues"] == picked != []
    number = whole[-1]["edition_id"]
    picked = [issue for issue in whole if issue["edition_id"] == number]
    assert api.get(f"/issues?edition={number}").json()["issues"] == picked
    assert api.get(f"/editions/{number}/issues").json()["issues"] == picked
    assert api.get("/issues?organisation=XYZ").json()["issues"] == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/issues?severty=error", "there is no parameter 'severty'"),
        ("/issues?severity=grave", "error, warning or note"),
        ("/issues?rule=nope", "/rules lists them"),
        ("/issues?cursor=abc", "follow a `next` link"),
        ("/issues?cursor=99999999999999999999", "follow a `next` link"),
        (f"/issues?cursor={'0' * 5000}", "follow a `next` link"),
        ("/issues?limit=0", "limit"),
        ("/issues?organisation=", "organisation"),
        ("/issues?source=%00", "source"),
        ("/issues.csv?limit=3", "there is no parameter 'limit'"),
        ("/issues?severity=note&severity=error", "given 2 times"),
        ("/rules?x=1", "there is no parameter"),
        ("/letters/RRP?x=1", "there is no parameter"),
    ],
)
def test_a_wrong_parameter_is_named(api: TestClient, path: str, said: str) -> None:
    """400 with what is wrong and what would be right."""
    answer = api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/issues?edition=000000000000", "/issues?edition=-1", "/issues?edition=x", "/issues.csv?edition=999999"]
)
def test_an_edition_that_is_not_there(api: TestClient, path: str) -> None:
    """404, the same as for one that is withheld."""
    assert api.get(path).status_code == 404


def test_csv_of_one_organisation(api: TestClient) -> None:
    """The same issues as CSV with a name to save it by, read back with a CSV reader."""
    answer = api.get("/issues.csv?organisation=RRP")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="issues-RRP.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    wanted = api.get("/issues?organisation=RRP").json()["issues"]
    assert [row["reason"] for row in rows] == [issue["reason"] for issue in wanted]
    assert set(rows[0]) == COLUMNS


def test_csv_runs_nothing(
    loaded: Engine, make_api: Make, hand_in: Callable[..., Any], template: Callable[..., bytes]
) -> None:
    """A cell that a spreadsheet would run as a formula gets a quote before it."""
    hand_in(loaded, "evil.csv", template({"holding_code": "RZ101", "gia_m2": '=HYPERLINK("http://evil")'}))
    client = make_api(loaded)
    (issue,) = client.get("/issues?rule=value-unreadable&organisation=RZ1").json()["issues"]
    assert issue["raw"].startswith("=")
    (row,) = csv.DictReader(io.StringIO(client.get("/issues.csv?rule=value-unreadable&organisation=RZ1").text))
    assert row["raw"].startswith("'=")


def test_every_rule_is_published(api: TestClient) -> None:
    """All rules with sentence, severity and who mends; every issue is of one of them."""
    rules = {rule["id"]: rule for rule in api.get("/rules").json()["rules"]}
    assert set(rules) == set(RULES)
    assert all(set(rule) == {"id", "severity", "mender", "sentence"} for rule in rules.values())
    assert {issue["rule"] for issue in every(api, "/issues")} <= set(rules)


@pytest.fixture(scope="module")
def withheld(make_loaded: Callable[[], Engine], hand_in: Callable[..., Any], template: Callable[..., bytes]) -> Engine:
    """A database with a private file of a trust of its own, and a private figure of a public one's, both in doubt."""
    engine = make_loaded()
    secret = {"organisation_code": "RZ9", "organisation_name": "Secret Trust", "holding_code": "RZ901",
              "gia_m2": "much"}  # fmt: skip
    hand_in(engine, "private.csv", template(secret), sensitivity="owner", period="2016-17")
    figure = {"organisation_code": "RAN", "holding_code": "RAN01", "empty_pct": 80, "underused_pct": 30}
    hand_in(engine, "partner.csv", template(figure), sensitivity="partner", period="2018-19")
    return engine


def test_private_files_are_not_told(withheld: Engine, make_api: Make, api: TestClient) -> None:
    """Without the key nothing of them is listed, counted or found by any filter; with it everything is."""
    public, keyed = make_api(withheld), make_api(withheld, key=KEY)
    assert public.get("/issues").json()["counts"] == api.get("/issues").json()["counts"]
    assert public.get("/issues.csv").text == api.get("/issues.csv").text
    for query in ("organisation=RZ9", "source=template", "rule=value-unreadable&organisation=RZ9",
                  "rule=vacancy-over-whole&organisation=RAN"):  # fmt: skip
        assert public.get(f"/issues?{query}").json()["counts"] == {"error": 0, "warning": 0, "note": 0}
    assert keyed.get("/issues?organisation=RZ9").json()["counts"]["error"] == 1
    assert keyed.get("/issues?organisation=RAN&rule=vacancy-over-whole").json()["counts"]["warning"] == 2
    number = keyed.get("/editions").json()["editions"][0]["id"]
    assert public.get(f"/issues?edition={number}").status_code == 404
    assert "Secret" not in public.get("/letters").text
    assert "Secret Trust" in keyed.get("/letters").text


def test_a_letter_says_what_its_reader_may_see(withheld: Engine, make_api: Make) -> None:
    """A trust with a private figure: without the key a letter as if its site were not there, with it the whole one. A
    trust of a private file alone is unknown to the public, like one that never was."""
    public, keyed = make_api(withheld), make_api(withheld, key=KEY)
    told, whole = public.get("/letters/RAN"), keyed.get("/letters/RAN")
    assert (told.status_code, whole.status_code) == (200, 200)
    assert ("RAN01" in told.text, "RAN01" in whole.text) == (False, True)
    counts = [{one["code"]: one["holdings"] for one in client.get("/letters").json()["letters"]}["RAN"]
              for client in (public, keyed)]  # fmt: skip
    assert counts[0] < counts[1]
    unknown, never = public.get("/letters/RZ9"), public.get("/letters/RZ8")
    assert (unknown.status_code, unknown.text) == (404, never.text.replace("RZ8", "RZ9"))
    assert keyed.get("/letters/RZ9").status_code == 200
    assert public.get("/letters/RRP").status_code == 200


def test_masked_rows_keep_their_secret(loaded: Engine, make_api: Make) -> None:
    """When a row is masked, its issues keep the rule alone: no reason, nothing that stood there, also where another
    edition's issue quotes it."""
    client = make_api(loaded, key=KEY)
    path = "/issues?organisation=RAL&rule=changed-by-more-than-two-fifths&source=ERIC"
    before = [issue for issue in client.get(path).json()["issues"] if issue["field"] == "gia_m2"][-1]
    assert "64,124" in before["reason"]
    with transaction(loaded) as connection:
        connection.execute(
            text("""INSERT INTO redaction (edition_id, line, attribute, reason, actor)
            SELECT id, 4, 'gia_m2', 'made', 'made' FROM edition WHERE source = 'ERIC' AND label = '2014-15'""")
        )
    after = [issue for issue in client.get(path).json()["issues"] if issue["field"] == "gia_m2"][-1]
    assert (after["reason"], after["raw"]) == ("A size is over 1.4 times another year's. (Masked.)", None)
    assert "64,124" not in client.get("/issues.csv?organisation=RAL").text
    assert "64,124" not in client.get("/letters/RAL").text


def test_a_letter_in_two_forms(api: TestClient) -> None:
    """A browser gets a page without scripts or outside calls, a program plain text; both name file, row and column."""
    page = api.get("/letters/taf", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in page.text
    assert "http" not in page.text
    plain = api.get("/letters/TAF")
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    for answer in (page.text, plain.text):
        assert "Camden and Islington NHS Foundation Trust" in answer
        assert "103 ha, which cannot be" in " ".join(answer.split())
        assert "eric_2016-17.csv" in answer
        assert "row 35" in answer
    assert api.get("/letters/TAF?f=html").text == page.text


@pytest.mark.parametrize("code", ["XXX", "%00", "..%2f", "<b>"])
def test_a_letter_to_nobody(api: TestClient, code: str) -> None:
    """An organisation that is not there is 404, and says how to list those that are."""
    answer = api.get(f"/letters/{code}")
    assert answer.status_code == 404


def test_letters_are_listed(api: TestClient) -> None:
    """Each organisation that returns something, with the address of its letter."""
    found = {row["code"]: row for row in api.get("/letters").json()["letters"]}
    assert found["RRP"]["href"] == "http://testserver/letters/RRP"
    assert api.get(found["RRP"]["href"]).status_code == 200
