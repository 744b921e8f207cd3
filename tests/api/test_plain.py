"""Pages of lists: what the JSON of a route says, told to a browser, and the front page."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.api.parameters import today
from estates_api.api.sheets import SHEETS, Column
from estates_api.api.wording import told
from estates_api.domain.quarters import quarter_of
from estates_api.domain.records import edition_id
from estates_api.settings import ROOT

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
THEN, NOW = "2015-Q1", str(quarter_of(today()))
HTML = {"Accept": "text/html"}
ENDORSED = {"organisation": "E09000014", "body": "Cabinet", "decided_on": today().isoformat(),
            "minute_reference": "7", "by": "A. Clerk"}  # fmt: skip
STALE = {"by": "A Board", "allow_stale": "the returns are of 2017"}
ERIC = edition_id(sha256((ROOT / "data/catalogue/eric_2016-17.csv").read_bytes()).hexdigest())
EXAMPLES = {"quarter": NOW, "edition": ERIC, "code": "RVL"}
"""What stands in a path for each of its parts."""


class Words(HTMLParser):
    """The words of a page, spaces as one, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.links = "", set[str | None]()
        self.feed(text)
        self.said = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link leads somewhere."""
        if tag == "a":
            self.links.add(dict(attrs)["href"])

    def handle_data(self, data: str) -> None:
        """Words that are seen."""
        self.words += data


@pytest.fixture(scope="module")
def service(make_loaded: Callable[[], Engine], make_api: Make) -> dict[str, TestClient]:
    """One service with and without the key: this quarter's list and one of 2015 are published, and one is endorsed."""
    engine = make_loaded()
    clients = {"keyed": make_api(engine, key=KEY), "public": make_api(engine)}
    for path, body in ((f"/shortlists/{NOW}/drafts", {}), (f"/shortlists/{NOW}/publications", STALE),
                       (f"/shortlists/{THEN}/publications", {"by": "A Board"}),
                       (f"/shortlists/{NOW}/endorsements", ENDORSED)):  # fmt: skip
        answer = clients["keyed"].post(path, json=body)
        assert answer.status_code in {200, 201}, answer.text
    return clients


def _values(columns: tuple[Column, ...], row: Mapping[str, Any]) -> Iterator[str]:
    for column in columns:
        yield told(column.value(row), column.kind)
        if column.under:
            yield told(column.under.value(row), column.under.kind)


@pytest.mark.parametrize("caller", ["public", "keyed"])
@pytest.mark.parametrize("path", SHEETS)
def test_a_page_says_what_its_json_says(service: dict[str, TestClient], path: str, caller: str) -> None:
    """Every fact and every row of the JSON is on the page, days and moments in words, with where each leads; programs
    get the JSON as ever."""
    address = path.format_map(EXAMPLES)
    plain, page = service[caller].get(address), service[caller].get(address, headers=HTML)
    assert (plain.status_code, plain.headers["content-type"]) == (200, "application/json")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    by_name = service[caller].get(f"{address}?f=json", headers=HTML).json()
    assert by_name | {"links": 0} == plain.json() | {"links": 0}  # which have the question that was asked
    assert "Accept" in page.headers["vary"]
    sheet, answer, read = SHEETS[path], json.loads(plain.content), Words(page.text)
    assert sheet.title.format_map(answer) in read.said
    rows = [(table.columns, row) for table in sheet.tables for row in answer.get(table.rows, ())]
    for columns, row in [(sheet.facts, answer), *rows]:
        for value in _values(columns, row):
            assert re.sub(r" ?<[^>]*>", "", " ".join(value.split())) in re.sub(
                r" ?\([\w.-]+\.[a-z]{2,}\)", "", read.said
            )
        for column in columns:
            assert column.address(row, "http://testserver") in {*read.links, ""}


def test_an_empty_list_says_so(make_api: Make, migrated: Engine) -> None:
    """Before anything is there the pages say what is not."""
    client = make_api(migrated)
    assert "No file was handed in" in client.get("/editions", headers=HTML).text
    assert "No list is drawn up that you may see." in client.get("/shortlists", headers=HTML).text
    front = client.get("/", headers=HTML).text
    assert f"none is drawn up or published yet, of this quarter, {NOW}, or of another" in front


def test_a_mistake_and_a_long_list(service: dict[str, TestClient]) -> None:
    """What is wrong is told on a page with its status; a list that goes on leads to its next page."""
    wrong = service["public"].get("/organisations?limit=none", headers=HTML)
    assert (wrong.status_code, "limit" in wrong.text) == (400, True)
    first = Words(service["public"].get("/organisations?limit=1", headers=HTML).text)
    (following,) = [link for link in first.links if link and "cursor=" in link]
    assert Words(service["public"].get(following, headers=HTML).text).said != first.said


def test_the_front_page_prefers_what_is_published(service: dict[str, TestClient]) -> None:
    """This quarter's list, the published one although a later draft corrects it, also to who may see drafts; those of
    other quarters are led to."""
    pin = {"site": "NCL-RRVNQ", "kind": "pin", "list": "reuse", "by": "A Board", "because": "asked for"}
    assert service["keyed"].post(f"/shortlists/{NOW}/choices", json=pin).status_code == 201
    assert service["keyed"].post(f"/shortlists/{NOW}/drafts").json()["revision"] == 3
    for client in service.values():
        page = client.get("/", headers=HTML).text
        assert f'<a href="http://testserver/shortlists/{NOW}?revision=2">Shortlist {NOW}</a>' in page
        assert '<span class="mark">published</span>' in page
        assert f"/shortlists/{THEN}?revision=2" in page
        assert "There is no list of this quarter" not in page


def test_the_front_page_of_a_quarter_without_a_list(
    make_loaded: Callable[[], Engine], make_api: Make
) -> None:  # fmt: skip
    """It says that there is none of this quarter, and shows the newest that there is."""
    engine = make_loaded()
    assert make_api(engine, key=KEY).post(f"/shortlists/{THEN}/publications", json={"by": "A Board"}).status_code == 201
    page = make_api(engine).get("/", headers=HTML).text
    assert f"There is no list of this quarter, {NOW}, that can be shown here. The newest is that of {THEN}." in page
    assert "Listed as of 31 March 2015" in page
