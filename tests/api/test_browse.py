"""Pages that people browse: whole, escaped, linked, the same answers as programs get, and helpful about mistakes."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.api.formats import FORMATS
from estates_api.api.forms import COLUMNS, join_filter, split_filter
from estates_api.api.wording import day
from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.moments import write_days_in
from estates_api.domain.quarters import quarter_of
from estates_api.domain.records import edition_id
from estates_api.settings import ROOT
from estates_api.store.database import make_engine, transaction
from estates_api.workflows.ingest import Ingested

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
REF = "NCL-RRP03"
ERIC = edition_id(sha256((ROOT / "data/catalogue/eric_2016-17.csv").read_bytes()).hexdigest())
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

VOID = {"meta", "link", "input", "br", "path", "circle", "rect"}
BLOCKS = {"div", "table", "ul", "ol", "dl", "form", "p", "h1", "h2", "h3", "pre", "details", "nav"}


class Page(HTMLParser):
    """A page, read strictly: every element is closed where it belongs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins; none of blocks stands in a paragraph."""
        assert not (tag in BLOCKS and "p" in self.open), (tag, self.getpos())
        assert len(dict(attrs)) == len(attrs), attrs
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of a drawing, whole in itself."""
        assert tag in VOID
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """An element ends: the one that is open."""
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        """Words that are seen."""
        if "style" not in self.open:
            self.words += f" {data}"

    def all(self, *tags: str) -> list[dict[str, Any]]:
        """The attributes of every element of these names."""
        return [said for tag, said in self.elements if tag in tags]

    @property
    def said(self) -> str:
        """Its words, spaces as one."""
        return " ".join(self.words.split())


@pytest.fixture(scope="module")
def answers(api: TestClient) -> Callable[[str], Any]:
    """Pages as the public gets them, each asked for once."""
    return lru_cache(maxsize=None)(lambda path: api.get(path, headers=BROWSER))


def get(client: TestClient, path: str, status: int = 200) -> Page:
    """A page as a browser gets it."""
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == status, (path, answer.text[:300])
    assert answer.headers["content-type"] == "text/html; charset=utf-8", path
    return Page(answer.text)


PAGES = [
    "/", "/conformance", "/collections", *(f"/collections/{name}{rest}" for name in COLLECTIONS
                                           for rest in ("", "/queryables", "/schema", "/items")),
    f"/collections/sites/items/{REF}", f"/collections/candidates/items/{REF}?as-of=2015-03-31",
    f"/collections/candidates/items/{REF}?crs=http://www.opengis.net/def/crs/EPSG/0/27700",
    "/collections/boroughs/items/E09000003", "/collections/sites/items?properties=borough", f"/sites/{REF}",
    "/collections/candidates/items?borough=Camden&filter=release_score%20%3E%201&sortby=-land_ha&limit=2",
    f"/sites/{REF}?as-of=2015-03-31", "/sites/NCL-BARNET-001", "/sites/NCL-RALC7", "/collections/sites/items?limit=1",
    "/needs", "/needs/allocation", "/levels", "/levels/equity", "/incentives", "/time-machine", "/llc", "/decisions",
    "/decisions/states", "/surplus-windows", "/methods", f"/sites/{REF}/decisions", f"/sites/{REF}/fits",
    "/shortlists", "/editions", f"/editions/{ERIC}", f"/editions/{ERIC}/issues", "/issues", "/issues?limit=1",
    "/rules", "/letters", "/organisations", "/organisations?limit=1", "/organisations/RAL", "/organisations/RVL",
    "/bodies", "/adoptions",
]  # fmt: skip
MISTAKES = {
    "/nothing": 404, "/collections/nothing": 404, "/collections/sites/items/NCL-NO": 404, "/sites/NCL-NO": 404,
    "/collections/sites/items?filter=name%20LIK%20%27x": 400, "/collections/sites/items?bbox=1": 400,
    "/collections?colour=blue": 400, f"/sites/{REF}?as-of=yesterday": 400, "/shortlists/2015-Q1": 401,
    "/needs/none": 404, "/editions/999": 404, "/organisations/none": 404, "/shortlists/2015-Q9": 400,
    "/collections/holdings/items?sortby=colour&properties=colour": 400,
}  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, *MISTAKES])
def test_every_page_is_whole(answers: Callable[[str], Any], path: str) -> None:
    """Elements nest and close, one main heading, a title and a language; whatever refers to an id finds it, once."""
    answer = answers(path)
    assert (answer.status_code, answer.headers["content-type"]) == (MISTAKES.get(path, 200), "text/html; charset=utf-8")
    page = Page(answer.text)
    assert [len(page.all(tag)) for tag in ("h1", "title", "main", "html")] == [1, 1, 1, 1]
    assert page.all("html")[0]["lang"] == "en-GB"
    ids = [said["id"] for _, said in page.elements if "id" in said]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "aria-describedby", "for"):
        assert {said[name] for _, said in page.elements if name in said} <= set(ids)
    assert "None" not in page.said.replace("None closes release", "")


@pytest.mark.parametrize("path", [*PAGES, *MISTAKES])
def test_every_page_can_be_read_aloud(answers: Callable[[str], Any], path: str) -> None:
    """Fields have labels, headings of tables say of what, tables and boxes that scroll have names, drawings words; the
    first link leads past the navigation."""
    page = Page(answers(path).text)
    labelled = {said["for"] for said in page.all("label")}
    fields = [said for said in page.all("input", "select", "textarea") if said.get("type") != "hidden"]
    assert {said["id"] for said in fields} == labelled
    assert all(said["scope"] in {"col", "row"} for said in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(said["role"] == "img" and said["aria-label"] for said in page.all("svg"))
    scrolled = [said for said in page.all("div") if said.get("class") == "wide"]
    assert all(said["tabindex"] == "0" and said["aria-labelledby"] for said in scrolled)
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}


@pytest.mark.parametrize("path", [*PAGES, *MISTAKES])
def test_headings_and_links_say_what_they_are_of(answers: Callable[[str], Any], path: str) -> None:
    """The title begins with what the page is of; headings leave no level out; every link has words of its own."""
    text = answers(path).text
    title, heading = (re.search(f"<{tag}>(.*?)</?(?:{tag}|span)", text, re.DOTALL) for tag in ("title", "h1"))
    assert title
    assert heading
    assert title[1].endswith(" – One public estate")
    assert not title[1].startswith(" –")
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", text)]
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False)), levels
    links = [re.sub(r"<[^>]*>", "", words).strip() for words in re.findall(r"<a [^>]*>(.*?)</a>", text, re.DOTALL)]
    assert not {"", "here", "more", "link", "click here"} & {words.lower() for words in links}


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_text_can_be_told_from_what_it_stands_on(answers: Callable[[str], Any]) -> None:
    """Every colour of text has a contrast of 4.5 or more on white, on grey boxes, or on the background that its own
    rule gives it; what has the focus is outlined."""
    style = re.search(r"<style>(.*?)</style>", answers("/").text, re.DOTALL)
    assert style
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", style[1])
    coloured = 0
    for selector, rule in rules:
        said = dict(re.findall(r"(?:^|[;\s])(color|background): ?(#[0-9a-f]{3,6})\b", rule))
        if "color" in said:
            coloured += 1
            for ground in [said["background"]] if "background" in said else ["#fff", "#f3f2f1"]:
                light, dark = sorted((_luminance(said["color"]), _luminance(ground)), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (selector, said)
    assert coloured >= 4
    assert re.search(r":focus-visible \{[^}]*outline: [2-9]px solid", style[1])


@pytest.mark.parametrize("path", [*PAGES, *MISTAKES])
def test_nothing_runs_and_nothing_is_loaded(answers: Callable[[str], Any], path: str) -> None:
    """No script, no handler, nothing but this service's icon; and the browser is told to refuse what is not there."""
    answer = answers(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    page = Page(answer.text)
    if path.startswith("/sites/") and path.count("/") == 2 and answer.status_code == 200:
        # Its map comes when it is looked at, from here alone.
        assert "script-src 'self'; worker-src blob:; connect-src 'self';" in policy
        scripts = page.all("script")
        assert {"type": "module", "src": "http://testserver/map/near.js"} in scripts or not scripts
        assert all("src" in one or one["type"] == "application/json" for one in scripts)
    else:
        assert "script-src" not in policy
        assert not page.all("script")
    assert not page.all("iframe", "img", "object", "embed", "base")
    assert [(said["rel"], said["href"]) for said in page.all("link")] == [("icon", "http://testserver/map/icon.svg")]
    for tag, said in page.elements:
        assert not any(name.startswith("on") or (name == "src" and tag != "script") for name in said)
        assert said.get("href", "#").startswith(("http", "?", "#")), said


def _links(page: Page, address: str) -> Iterator[str]:
    for said in page.all("a"):
        target = urljoin(address, said["href"]).partition("#")[0]
        if target.startswith("http://testserver"):
            yield target


def _is_file(address: str) -> bool:
    parts = urlsplit(address)
    names = {parts.path.rpartition(".")[2], *parse_qs(parts.query).get("f", [])}
    return any(form.name in names and not form.page for form in FORMATS.values())


def _shape(address: str) -> tuple[str, ...]:
    """What kind of page an address is of: sites differ, and what is asked in a query, but not what each page is."""
    parts = urlsplit(address)
    asked = parse_qs(parts.query)
    path = re.sub(r"^/(sites|letters|collections/[^/]+/items)/[^/]+", r"/\1/one", parts.path)
    return path, *sorted(asked), *asked.get("f", [])


@pytest.mark.parametrize("each", [2, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_link_leads_somewhere(api: TestClient, each: int) -> None:
    """From the front page the public reaches every page, and what programs get, without an error: by some links of
    each kind, and in the slow tier by all, files that are built included."""
    waiting, seen, kinds = ["http://testserver/"], {"http://testserver/"}, Counter[tuple[str, ...]]()
    while waiting:
        address = waiting.pop()
        kinds[_shape(address)] += 1
        if kinds[_shape(address)] > each or (each < 1000 and _is_file(address)):
            continue
        answer = api.get(address, headers=BROWSER)
        if address.endswith("?sign-in=true"):  # the link by which a browser asks for the key
            assert answer.headers["www-authenticate"].startswith("Basic")
            continue
        assert answer.status_code == 200, address
        # A page with a query has the links of the one without it, sorted and filtered in endless ways.
        html = answer.headers["content-type"].startswith("text/html")
        if html and not urlsplit(address).query and not address.endswith("/docs"):
            found = [one for one in dict.fromkeys(_links(Page(answer.text), address)) if one not in seen]
            seen |= set(found)
            waiting += found
    assert {(f"/collections/{name}/schema",) for name in COLLECTIONS} < kinds.keys()
    assert ("/sites/one",) in kinds


@pytest.mark.parametrize("path", ["/conformance", "/collections", "/collections/sites", "/collections/sites/items",
                                  f"/collections/sites/items/{REF}", "/collections/sites/queryables",
                                  "/collections/sites/schema", f"/sites/{REF}", "/shortlists", "/editions",
                                  "/organisations/RAL", f"/sites/{REF}/fits"])  # fmt: skip
def test_who_gets_a_page(api: TestClient, path: str) -> None:
    """A browser by its Accept, anybody by f=html; programs get JSON, and so does f=json in a browser. A cache on the
    way is told that it depends on Accept, and tags never mix the two up."""
    kinds = {
        (headers.get("Accept"), query): api.get(f"{path}{query}", headers=headers)
        for headers in ({}, BROWSER, {"Accept": "*/*"}, {"Accept": "application/json, text/html"})
        for query in ("", "?f=html", "?f=json")
    }
    for (accept, query), answer in kinds.items():
        html = query == "?f=html" or (query == "" and accept == BROWSER["Accept"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html") == html, (accept, query)
        assert "Accept" in answer.headers["vary"]
    tags = {answer.headers["etag"]: answer.content for answer in kinds.values() if "etag" in answer.headers}
    for answer in kinds.values():
        assert tags.get(answer.headers.get("etag", ""), answer.content) == answer.content


def test_a_page_of_features_says_what_its_json_says(api: TestClient) -> None:
    """The rows are those of the JSON in the same order, numbers with separators, places and units, and a dash for what
    is not known; an undisturbed page has a hundred rows and leads on to the rest."""
    query = "sortby=-gia_m2&limit=3"
    page = get(api, f"/collections/sites/items?{query}")
    said = [feature["properties"] for feature in api.get(f"/collections/sites/items?{query}").json()["features"]]
    rows = [f"{one['name']} {one['borough'] or '–'} {one['organisations']} {one['owner'] or '–'} {one['precision']} "
            f"{one['land_ha']:,.4f} {one['gia_m2']:,.1f} {day(one['evidence_date'])}" for one in said]  # fmt: skip
    assert " ".join(rows) in page.said
    assert "Floor area, m²" in page.said
    assert {"class": "number", "scope": "col", "aria-sort": "descending"} in page.all("th")
    whole = get(api, "/collections/sites/items")
    assert len([said for said in whole.all("th") if said["scope"] == "row"]) == 100
    (following,) = [said["href"] for said in whole.all("a") if said.get("rel") == "next"]
    assert "132 in all , 32 on this page" in get(api, following).said


def test_sorting_by_a_heading(api: TestClient) -> None:
    """A heading sorts numbers from the largest and texts from the first; the second time the other way round, from
    the first page on, and everything else that was asked stays."""
    path = "/collections/candidates/items?borough=Camden"
    for name, ways in {"release_score": ("-release_score", "release_score"), "route": ("route", "-route")}.items():
        here = path
        for way in ways:
            asked = [parse_qs(said["href"][1:]) for said in get(api, here).all("a") if said["href"][0] == "?"]
            (sorting,) = [one for one in asked if one.get("sortby", [""])[0].lstrip("-") == name
                          and not one.keys() & {"f", "properties"}]  # fmt: skip
            assert sorting == {"borough": ["Camden"], "sortby": [way]}
            here = f"{path}&sortby={way}"


def test_what_the_form_sends(api: TestClient) -> None:
    """Empty fields ask for nothing, part of a name becomes part of the filter whatever its case, and the form has it
    all again; wildcards and quotes in it are letters."""
    sent = api.get("/collections/sites/items?contains=st+ANN%27s&borough=&as-of=&filter=land_ha+%3E+1",
                   headers=BROWSER, follow_redirects=False)  # fmt: skip
    assert sent.status_code == 303
    asked = parse_qs(sent.headers["location"][1:])
    assert asked == {"filter": ["(land_ha > 1) AND CASEI(name) LIKE CASEI('%st ANN''s%')"]}
    page = get(api, f"/collections/sites/items{sent.headers['location']}")
    assert "1 match" in page.said
    assert "St Ann's Hospital" in page.said
    assert {"id": "contains", "name": "contains", "value": "st ANN's"} in page.all("input")
    for letter in ("%25", "_", "%5C"):
        assert "0 match" in get(api, f"/collections/sites/items?contains={letter}").said
    assert "NCL-RRP03" not in api.get("/collections/sites/items?borough=").text  # to a program, empty is a value


@given(part=st.text(min_size=1), rest=st.sampled_from(["", "a = 1", "a = ')' OR b = 'it''s'", "(a = 1) AND (b = 2)",
                                                     "CASEI(name) LIKE CASEI('%x%')"]))  # fmt: skip
def test_a_filter_that_the_form_wrote_is_read_again(part: str, rest: str) -> None:
    """Part of a name and the rest of the filter come back as they were, whatever is in them."""
    assert split_filter(join_filter(part, rest)) == (part, rest)


@pytest.mark.parametrize("text", ["(a OR b) AND (c) AND CASEI(name) LIKE CASEI('%x%')", "name LIKE 'S%'", "", "((",
                                  "CASEI(name) LIKE CASEI('%x%') OR CASEI(name) LIKE CASEI('%y%')"])  # fmt: skip
def test_a_filter_that_somebody_else_wrote_is_left(text: str) -> None:
    """What the form did not write stays in one piece."""
    assert split_filter(text) == ("", text)


def test_a_mistake_is_told_on_the_page(api: TestClient) -> None:
    """The form stays with what was typed, above it what is wrong in words; the status is 400, and a program gets its
    problem document as ever."""
    path = "/collections/candidates/items?filter=release_scor%20%3E%2040&borough=Camden"
    page = get(api, path, 400)
    detail = api.get(path).json()["detail"]
    assert detail.startswith("filter: there is no property 'release_scor'")
    assert detail in page.said
    assert "release_scor > 40" in page.said
    assert {"value": "Camden", "selected": None} in page.all("option")
    assert {said.get("role") for said in page.all("div")} >= {"alert"}
    assert page.all("textarea")[0]["aria-invalid"] == "true"


@pytest.mark.parametrize(("path", "status"), MISTAKES.items())
def test_a_mistake_is_told_to_people_and_programs(api: TestClient, path: str, status: int) -> None:
    """The same status and the same words as a page and as a problem document, with the same headers."""
    page, plain = api.get(path, headers=BROWSER), api.get(path)
    assert (page.status_code, plain.status_code) == (status, status)
    assert plain.headers["content-type"] == "application/problem+json"
    assert " ".join(plain.json()["detail"].split()) in Page(page.text).said
    assert page.headers.get("www-authenticate") == plain.headers.get("www-authenticate")


def test_without_a_database_people_get_a_page(make_api: Make) -> None:
    """A page that needs no database says that there is none."""
    engine = make_engine("postgresql+psycopg://estates@127.0.0.1:9/estates")
    page = get(make_api(engine), "/collections/sites/items", 503)
    engine.dispose()
    assert "the database does not answer" in page.said


def test_a_collection_says_how_to_get_it(api: TestClient) -> None:
    """Its number, its box and time in words, every system, every format, and the address for QGIS."""
    page = get(api, "/collections/candidates")
    assert "132, each a point" in page.said
    assert "from 51.520° to 51.672° north, from 0.310° west to 0.039° west" in page.said
    assert "any day since 1 April 2011" in page.said
    assert all(f"EPSG:{code}" in page.said for code in (27700, 3857, 4326))
    here = "http://testserver/collections/candidates"
    links = {said["href"] for said in page.all("a")}
    assert links >= {f"{here}.{name}" for name, form in FORMATS.items() if form.whole or name == "geojson"}
    assert links >= {f"{here}/items", f"{here}/queryables", f"{here}/schema", "http://testserver/qgis/estates.qlr"}
    assert "as URL give http://testserver ;" in page.said


@pytest.mark.parametrize("what", ["queryables", "schema"])
def test_properties_in_words(api: TestClient, what: str) -> None:
    """Every property of the JSON Schema has a row: name, meaning, type, unit and values."""
    page = get(api, f"/collections/candidates/{what}")
    for name, one in api.get(f"/collections/candidates/{what}").json()["properties"].items():
        assert name in page.said
        assert name == "geometry" or one["title"] in page.said
    assert "gia_m2 Gross internal floor area number, 1 decimal place m²" in page.said
    assert "route Route text release, part release with reuse, reuse, retain, not enough data, released" in page.said


def test_columns_are_there() -> None:
    """A page shows only properties that its collection has."""
    for name, columns in COLUMNS.items():
        assert set(columns) <= set(COLLECTIONS[name].names)


def test_one_feature(api: TestClient) -> None:
    """Every property with its meaning, its name and its unit; where it is; and the way to its full explanation and
    back, at the moment that was asked about."""
    page = get(api, f"/collections/candidates/items/{REF}?as-of=2015-03-31")
    said = api.get(f"/collections/candidates/items/{REF}?as-of=2015-03-31").json()
    for one in COLLECTIONS["candidates"].properties:
        assert one.name in page.said
    assert f"{said['properties']['gia_m2']:,}".removesuffix(".0") + " m²" in page.said
    assert "51.58063° N, 0.09207° W" in page.said
    links = {link["href"] for link in page.all("a")}
    assert links >= {
        f"http://testserver/sites/{REF}?as-of=2015-03-31",
        "http://testserver/collections/candidates/items",
    }
    grid = get(api, f"/collections/sites/items/{REF}?crs=http://www.opengis.net/def/crs/EPSG/0/27700")
    east, north = api.get(f"/collections/sites/items/{REF}?crs=http://www.opengis.net/def/crs/EPSG/0/27700").json()[
        "geometry"]["coordinates"]  # fmt: skip
    assert f"{east}, {north}" in grid.said


def test_the_map_has_every_feature_that_has_a_position(api: TestClient) -> None:
    """One point for each, inside what is drawn; none where coordinates are in another system than the drawing."""
    page = get(api, "/collections/sites/items")
    found = api.get("/collections/sites/items?limit=100").json()["features"]
    points = page.all("circle")
    assert len(points) == sum(feature["geometry"] is not None for feature in found)
    left, top, width, height = map(int, page.all("svg")[0]["viewbox"].split())
    for said in points:
        assert left < int(said["cx"]) < left + width
        assert top < int(said["cy"]) < top + height
    assert not get(api, "/collections/sites/items?crs=http://www.opengis.net/def/crs/EPSG/0/3857").all("svg")


def test_an_explanation_as_a_page(api: TestClient) -> None:
    """Route, sentence, both scores part by part with what they rest on, unknowns by name, gates, events with their
    citations, interests and holdings: all that the JSON says."""
    for ref in (REF, "NCL-RALC7", "NCL-BARNET-001"):
        page, told = get(api, f"/sites/{ref}"), api.get(f"/sites/{ref}").json()
        assert write_days_in(told["sentence"]) in page.said
        assert told["route"] in page.said
        for name in ("release", "reuse"):
            score = told[name]
            assert f"The points add up to {score['score']:.2f}" in page.said
            for part in score["contributions"]:
                assert f"{part['title']} {part['why']}" in page.said
                assert all(f"{one['edition']}, row {one['row']}" in page.said for one in part["sources"])
            unknown = [part["title"] for part in score["contributions"] if part["state"] == "unknown"]
            assert not unknown or f"Not known: {', '.join(unknown)}." in page.said
        assert all(write_days_in(gate["reason"]) in page.said for gate in told["gates"])
        assert [one["reason"] for one in told["checks"] if write_days_in(one["reason"])[1:] not in page.said] == []
        assert all(write_days_in(event["told"]) in page.said for event in told["events"])
        assert all(one["organisation"] in page.said for one in (*told["interests"], *told["holdings"]))
    cited = [said["href"] for said in get(api, f"/sites/{REF}").all("a") if said.get("rel") == "external noreferrer"]
    citations = api.get(f"/sites/{REF}").text
    assert len(cited) >= 5
    assert all(address in citations for address in cited)


def test_how_firm_a_rank_is_as_a_page(api: TestClient) -> None:
    """Ranks with their intervals, how often another route followed, and what alone would change it: as the JSON says,
    and nothing of a rank for a site that is not compared."""
    told = api.get("/sites/NCL-RAN01").json()["robustness"]
    page = api.get("/sites/NCL-RAN01?f=html").text
    firm = page.partition("How firm this is</h2>")[2].partition("<h2")[0]
    ranked = [one for one in (told["release"], told["reuse"]) if one]
    assert ranked
    assert told["flips"]
    for one in ranked:
        assert f"{one['rank']} of {one['of']}</td>" in firm
        assert f"{one['rank_low']}–{one['rank_high']}</td>" in firm
    assert all(f"It {escape(flip['told'])}." in firm for flip in told["flips"])
    assert f"{told['draws']:,} times" in firm
    found = api.get("/collections/candidates/items?limit=1000&route=not+enough+data").json()["features"]
    unranked = next(one["id"] for one in found if not one["properties"]["reuse_rank"])
    assert "It is not ranked: too little is known of it" in api.get(f"/sites/{unranked}?f=html").text
    sold = api.get("/collections/candidates/items?limit=1&route=released").json()["features"][0]["id"]
    assert "It is not ranked: it is no longer public land." in api.get(f"/sites/{sold}?f=html").text


def test_a_page_says_what_is_wrong_in_the_rows_behind_it(api: TestClient) -> None:
    """The issues of a site are those of the rows that say something of its holdings, with who mends them; those of
    other rows stand elsewhere."""
    wrong = api.get("/issues?organisation=TAF&rule=land-implausible").json()["issues"][0]
    own, others = (api.get(f"/sites/{ref}?f=html").text.partition('<h2 id="issues">')[2]
                   for ref in ("NCL-TAF10", "NCL-TAF08"))  # fmt: skip
    assert escape(wrong["reason"]) in own
    assert "/letters/TAF" in own
    assert escape(wrong["reason"]) not in others


def test_an_explanation_of_another_day(api: TestClient) -> None:
    """As of March 2015 the page says what was so in March 2015, and what followed."""
    page, told = get(api, f"/sites/{REF}?as-of=2015-03-31"), api.get(f"/sites/{REF}?as-of=2015-03-31").json()
    assert "As of 31 March 2015" in page.said
    assert write_days_in(told["sentence"]) in page.said
    assert "What happened later" in page.said
    assert all(write_days_in(event["told"]) in page.said for event in told["later_events"])


def test_a_page_of_what_is_not_assessed(reference_shared: Engine, make_api: Make, hand_in: Callable[..., Ingested],
                                        template: Callable[..., bytes]) -> None:  # fmt: skip
    """A site that came in since the last assessment has its page, which says so."""
    hand_in(reference_shared, "one.csv", template({"holding_code": "RZ150", "postcode": "N18 1QX", "gia_m2": 600}))
    assert "It has not been assessed yet" in get(make_api(reference_shared), "/sites/NCL-RZ150").said


SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"\"'>{SCRIPT}<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def hostile(
    make_loaded: Callable[[], Engine], make_api: Make, hand_in: Callable[..., Ingested],
    template: Callable[..., bytes], draft: Callable[..., Any],
) -> TestClient:  # fmt: skip
    """The service with a site of which every text is a script."""
    engine = make_loaded()
    names = (
        "name", "address", "organisation_name", "citation", "site_type", "tenure_category", "status_note", "source",
        "label",
    )  # fmt: skip
    row = dict.fromkeys(names, HOSTILE) | {
        "holding_code": "RZ10", "postcode": "N18 1QX", "gia_m2": "900", "interest": "freeholder",
        "interest_evidence": f'stated (A page <https://x.example/"{SCRIPT})',
    }  # fmt: skip
    hand_in(engine, "hostile.csv", template(row))
    with transaction(engine) as connection:
        draft(connection, quarter_of(datetime.now(UTC).date()))
    return make_api(engine, key=KEY)


@pytest.mark.parametrize("path", ["/", "/sites/NCL-RZ10", "/collections/sites/items?limit=10000",
                                  "/collections/candidates/items/NCL-RZ10", "/collections/holdings/items?limit=10000",
                                  "/collections/holdings/items/RZ1:RZ10"])  # fmt: skip
def test_what_data_say_is_text(hostile: TestClient, path: str) -> None:
    """A script in a name, an address, an organisation or a citation is shown as that text and runs nowhere."""
    page = get(hostile, path)
    ours = ({"type": "module", "src": "http://testserver/map/near.js"}, {"type": "application/json", "id": "described"})
    assert not page.all("img")
    assert all(one in ours for one in page.all("script"))
    assert path == "/" or SCRIPT in page.said
    for _, said in page.elements:
        assert "onerror" not in said


@pytest.mark.parametrize("path", ["/collections/sites/items?filter={}", "/collections/sites/items?{}=1", "/sites/{}",
                                  "/collections/sites/items?name={}", "/collections/{}", "/collections/sites/items/{}",
                                  "/collections/sites/items?sortby={}&properties={}", "/collections?{}=1",
                                  f"/sites/{REF}?as-of={{}}", "/collections/sites/items?bbox={}&limit={}"])  # fmt: skip
def test_what_is_asked_is_text(api: TestClient, path: str) -> None:
    """A script in an address comes back as text, if at all."""
    answer = api.get(path.replace("{}", quote(HOSTILE, safe="")), headers=BROWSER)
    page = Page(answer.text)
    assert not page.all("script", "img")
    assert not re.search("<script", answer.text)


def test_what_is_hidden_has_no_page(
    make_loaded: Callable[[], Engine], make_api: Make, hand_in: Callable[..., Ingested],
    template: Callable[..., bytes],
) -> None:  # fmt: skip
    """A site that is not public is 404 on every page for the public, in words that do not tell; with the key it is
    there."""
    engine = make_loaded()
    row = {"holding_code": "RZ1SECRET", "name": "Secret Depot", "postcode": "N18 1QX", "gia_m2": 600}
    hand_in(engine, "secret.csv", template(row), sensitivity="owner")
    public, keyed = make_api(engine), make_api(engine, key=KEY)
    for path in ("/sites/NCL-RZ1SECRET", "/collections/sites/items/NCL-RZ1SECRET"):
        assert "Secret Depot" not in get(public, path, 404).said
        assert "Secret Depot" in get(keyed, path).said
    for path in ("/collections/sites/items?limit=10000", "/collections/holdings/items?limit=10000"):
        assert "Secret Depot" not in get(public, path).said
        assert "Secret Depot" in get(keyed, path).said
