"""The method over HTTP: the adopted one and those used before, as JSON, as a page and as the file itself."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, insert
from starlette.testclient import TestClient

from estates_api.domain.method_file import parse_method
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.store.tables import method
from estates_api.workflows.backtest import find_result, result_of

FILE = ROOT / "data/methods/ncl-1.toml"
SHA256 = hashlib.sha256(FILE.read_bytes()).hexdigest()
KEY = "the-key-of-the-tests"
Make = Callable[..., TestClient]


def test_the_adopted_method_is_listed_first(api: TestClient) -> None:
    """Every method that was used, with its fingerprint, since when and for how many assessments; ours first."""
    first, *_ = api.get("/methods").json()["methods"]
    assert (first["id"], first["sha256"], first["adopted"]) == ("ncl-1", SHA256, True)
    assert first["assessments"] > 0
    assert first["first_used"] is not None
    assert api.get(first["href"]).json()["sha256"] == SHA256


@pytest.mark.parametrize("name", ["ncl-1", SHA256])
def test_a_method_says_everything(api: TestClient, name: str) -> None:
    """By id or fingerprint: criteria with shares that add up to the whole, and everything with its source."""
    told = api.get(f"/methods/{name}").json()
    assert [score["name"] for score in told["scores"]] == ["release", "reuse"]
    for score in told["scores"]:
        criteria = [one for group in score["groups"] for one in group["criteria"]]
        assert sum(one["share"] for one in criteria) == pytest.approx(1, abs=1e-9)
        assert all(one["points_in_words"] and one["unknown"] and one["citation"] for one in criteria)
    assert {part: len(told[part]) for part in ("cut_offs", "gates", "limits", "checks", "priority")} == {
        "cut_offs": 4, "gates": 5, "limits": 6, "checks": 5, "priority": 6,
    }  # fmt: skip
    assert api.get(told["links"][1]["href"]).content == FILE.read_bytes()


def test_the_page_draws_every_criterion(api: TestClient) -> None:
    """The page has a titled, described plot for each criterion, the same in words in a table, and no script."""
    page = api.get("/methods/ncl-1?f=html").text
    told = api.get("/methods/ncl-1").json()
    criteria = [one for score in told["scores"] for group in score["groups"] for one in group["criteria"]]
    assert page.count('<svg class="plot"') == page.count("<desc ") == len(criteria)
    for one in criteria:
        assert f'<title id="{one["id"]}-t">Points for {one["title"]}</title>' in page
        assert page.count(one["points_in_words"][1:]) >= 3  # description, table and text
    assert "<script" not in page
    assert len(re.findall('href="[^"]*//localhost|src=', page)) == 0


def test_the_page_leads_on(api: TestClient) -> None:
    """The front page and every site lead to the method; the list of methods does too."""
    assert f"/methods/{SHA256}" in api.get("/?f=html").text
    assert f"/methods/{SHA256}" in api.get("/sites/NCL-RRP03?f=html").text
    assert f"/methods/{SHA256}" in api.get("/methods?f=html").text


def test_the_page_says_what_the_score_was_worth(reading: Engine, make_api: Make) -> None:
    """Dated cases first, then the three outcomes apart, then what was not foreseen; JSON has the same figures."""
    adopted = parse_method(FILE.read_bytes(), FILE.name)
    found = find_result(ROOT / "data")
    assert result_of(adopted, found), "the method changed: run scripts/make_backtest.py"
    client = make_api(reading, backtest=found)
    page = client.get("/methods/ncl-1?f=html").text
    places = [page.index(words) for words in ("What the score was worth", "Dated cases", "St Ann&#39;s Hospital",
                                              "<strong>Declared</strong>", "<strong>Shrunk</strong>",
                                              "<strong>Land</strong>", "What it cannot foresee")]  # fmt: skip
    assert places == sorted(places)
    assert "None" not in page
    assert client.get("/methods/ncl-1").json()["backtest"] == found
    other = replace(adopted, cut_offs=replace(adopted.cut_offs, release=1.0))
    assert result_of(other, found) is None
    assert result_of(replace(adopted, title="another", sha256="0" * 64), found) == found
    assert result_of(adopted, {"comparisons": [{}]}) is result_of(adopted, None) is None


def test_what_is_shown_of_a_method_follows_its_adoption(loaded: Engine, make_api: Make) -> None:
    """A service that is running shows the method adopted a moment ago on the front page and beside receipts, and the
    back-test with every method of the same release score, whichever was in force when the service was started."""
    found = find_result(ROOT / "data")
    client = make_api(loaded, key=KEY, backtest=found)
    whole = FILE.read_text().replace('id = "ncl-1"', 'id = "ncl-2"', 1)
    same = whole.replace("\nreuse = 55 ", "\nreuse = 50 ").replace('kind = "London borough"', 'kind = "Any council"')
    other = whole.replace("\nrelease = 47 ", "\nrelease = 40 ").replace("ncl-2", "ncl-3", 1)
    for content, worth in ((same, found), (other, None)):
        done = client.post("/methods", json={"method": content, "by": "the board", "reason": "agreed"})
        assert done.status_code == 201, done.text
        sha256 = done.json()["sha256"]
        assert f"/methods/{sha256}" in client.get("/?f=html").text
        assert client.get(f"/methods/{sha256}").json()["backtest"] == worth
        assert ("Any council" in client.get("/incentives?f=html").text) is (content is same)
    assert client.get(f"/methods/{SHA256}").json()["backtest"] == found


@pytest.mark.parametrize("field", ["method", "by", "reason"])
def test_half_a_letter_is_refused(keyed: TestClient, field: str) -> None:
    """Half of a surrogate pair, which JSON can spell and no text has, is a plain mistake of that field."""
    body = json.dumps({"method": FILE.read_text(), "by": "the board", "reason": "agreed"} | {field: "x\ud800"})
    answer = keyed.post("/methods", content=body)
    assert (answer.status_code, f"{field}: " in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("name", ["ncl-9", "0" * 64, "a%00b", "..%2f..%2fetc", "%F0%9F%92%A9"])
@pytest.mark.parametrize("path", ["/methods/{}", "/methods/{}/file"])
def test_a_method_that_there_is_not(api: TestClient, name: str, path: str) -> None:
    """An unknown id or fingerprint is a plain 404 that says where methods are listed."""
    answer = api.get(path.format(name))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_methods_of_before(loaded: Engine, make_api: Make) -> None:
    """A method used before is shown by its fingerprint; one that this version cannot read is gone, its file is not."""
    other = FILE.read_bytes().replace(b'id = "ncl-1"', b'id = "ncl-0"')
    ancient = b'id = "ncl-00"\n'
    found = [hashlib.sha256(content).hexdigest() for content in (other, ancient)]
    with transaction(loaded) as connection:
        for sha256, id_, content in zip(found, ("ncl-0", "ncl-00"), (other, ancient), strict=True):
            connection.execute(insert(method).values(sha256=sha256, id=id_, content=content))
    client = make_api(loaded)
    assert [one["id"] for one in client.get("/methods").json()["methods"]] == ["ncl-1", "ncl-00", "ncl-0"]
    assert (
        client.get("/methods/ncl-0").json()["sha256"] == client.get(f"/methods/{found[0]}").json()["sha256"] == found[0]
    )
    assert "not in force" in client.get("/methods/ncl-0?f=html").text
    gone = client.get(f"/methods/{found[1]}")
    assert (gone.status_code, "line 1: the key" in gone.json()["detail"]) == (410, True)
    assert client.get(f"/methods/{found[1]}/file").content == ancient


def test_a_site_says_which_steps_come_before_a_disposal(api: TestClient) -> None:
    """Checks stand in the explanation and on the page: state, reason, source; so do gates with theirs."""
    told = api.get("/sites/NCL-RRP03").json()
    assert {one["id"]: one["state"] for one in told["checks"]} == {
        "best-consideration": "does not apply", "offer-back": "not known", "community-value": "not known",
        "school-or-open-space": "not known", "service-change": "not done",
    }  # fmt: skip
    page = api.get("/sites/NCL-RRP03?f=html").text
    assert all(one["title"][1:] in page for one in told["checks"])
    assert "Local Government Act 1972, s.123" in page
    lease = api.get("/sites/NCL-BARNET-014").json()
    assert [gate["id"] for gate in lease["gates"]] == ["lease"]
    assert "holds a lease until 2032-09; no break is known" in lease["gates"][0]["reason"]
    (security,) = [one for one in lease["reuse"]["contributions"] if one["criterion"] == "reuse.security"]
    assert (security["state"], security["sources"][0]["value"]) == ("known", "2032-09")
