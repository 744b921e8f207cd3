"""What everybody can rely on, on every kind of page: colours that the reader chose, windows as narrow as 320 pixels,
wide spacing, and plain words."""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest
from playwright.sync_api import Browser, Page, expect
from seen import PHONE, WIDE, list_serious, wider

from estates_api.domain.records import edition_id
from estates_api.settings import ROOT

pytestmark = pytest.mark.slow

ERIC = edition_id(sha256((ROOT / "data/catalogue/eric_2016-17.csv").read_bytes()).hexdigest())
WHAT_IF = "/map?q=hospital&site=NCL-RRP03&layers=stations&weights=weight!release.land~2"
FOR_PEOPLE = [
    "/", "/map", WHAT_IF, "/sites/NCL-RRP03", "/sites/NCL-BARNET-003", "/sites/NCL-RRP03?as-of=2015-03-31",
    "/sites/NCL-RRP03/decisions", "/sites/NCL-RRP03/fits", "/compare?sites=NCL-RRP03",
    "/compare?sites=NCL-RRP03,NCL-RAN01,NCL-RALC7,NCL-BARNET-003", "/shortlists", "/needs", "/needs/allocation",
    "/methods", "/methods/ncl-1", "/levels", "/levels/equity", "/time-machine", "/decisions", "/decisions/states",
    "/surplus-windows", "/incentives", "/hand-in",
]  # fmt: skip
"""Pages for planners and the public: nothing on them is written for programs."""
WITH_CODES = ["/collections", "/collections/candidates", "/collections/candidates/items?sortby=-release_score",
              "/collections/candidates/items/NCL-RRP03", "/collections/candidates/schema", "/conformance", "/llc",
              "/editions", f"/editions/{ERIC}", f"/editions/{ERIC}/issues", "/issues", "/rules", "/organisations/RVL",
              "/bodies", "/adoptions", "/letters/TAF", "/letters/RAL"]  # fmt: skip
REFUSED = {"/nothing-here": 404, "/sites/NCL-NONE": 404, "/compare?sites=NCL-NONE": 404, "/shortlists/2026-Q9": 400,
           "/collections/candidates/items?filter=bad((": 400, "/sites/NCL-RRP03?as-of=tomorrow": 400,
           "/collections/candidates/items?limit=abc": 400}  # fmt: skip

CODES = (r"\b(null|NaN|undefined|True|False|true|false)\b", r"\b(release|reuse)\.[a-z_]+",
         r"\b(?!make_)[a-z]+_[a-z_]+\b", r"\d{4}-\d\d-\d\d", r"\d %", r"\[object", r"\b\d{5,} m²")  # fmt: skip
PALE = """() => {
    const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255)
        .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
        .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
    const paper = light(getComputedStyle(document.body).backgroundColor);
    return [...document.querySelectorAll('svg text, svg .ink')].filter((one) => {
        const style = getComputedStyle(one), ink = light(one.matches('text') ? style.fill : style.stroke);
        return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 4.5;
    }).map((one) => one.outerHTML);
}"""
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`);
    document.adoptedStyleSheets = [sheet];
}"""
WORDS = """() => {
    const copy = document.body.cloneNode(true);
    for (const one of copy.querySelectorAll('code, pre, script, style, noscript, .hint, .source')) one.remove();
    for (const one of copy.querySelectorAll('*')) one.append(' ');
    return copy.textContent.replace(/\\s+/g, ' ');
}"""


@pytest.fixture
def look(browser: Browser, served: str) -> Iterator[Callable[..., Page]]:
    """Opens a path in a window of desktop width, with all that is folded unfolded."""
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, bypass_csp=True)

    def looked(path: str, status: int = 200) -> Page:
        page = context.new_page()
        answer = page.goto(f"{served}{path}")
        assert answer
        assert answer.status == status
        if path.startswith("/map"):
            expect(page.locator("#count")).to_have_text(re.compile("site"))
        if path == WHAT_IF:
            expect(page.locator("#outcome")).to_contain_text("another route")
            expect(page.locator("#site h2")).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        return page

    yield looked
    context.close()


@pytest.mark.parametrize("path", [*FOR_PEOPLE, *WITH_CODES, *REFUSED])
def test_a_page_is_for_everybody(look: Callable[..., Page], path: str) -> None:
    """At desktop and phone width axe finds nothing serious; at 640, 390 and 320 pixels (200 % to 400 % of a desktop),
    also with the spacing that readers may ask for, nothing is wider than the window; and in the reader's own colours
    every word and line of a drawing can be told from the paper."""
    page = look(path, REFUSED.get(path, 200))
    found = [list_serious(page)]
    page.emulate_media(forced_colors="active", color_scheme="dark")
    pale = page.evaluate(PALE)
    page.emulate_media(forced_colors="none", color_scheme="light")
    too_wide = []
    for width in (640, PHONE[0], 320):
        page.set_viewport_size({"width": width, "height": 800})
        too_wide.append(wider(page))
        if width == PHONE[0]:
            found.append(list_serious(page))
    page.evaluate(SPACED)
    too_wide.append(wider(page))
    assert (found, pale, max(too_wide) <= 0) == ([[], []], [], True), too_wide


@pytest.mark.parametrize("path", FOR_PEOPLE)
def test_words_are_plain(look: Callable[..., Page], path: str) -> None:
    """No page for people has words of programs, days as programs write them, or shares set apart from their sign, but
    where it quotes."""
    words = look(path).evaluate(WORDS)
    found = [one.span() for code in CODES for one in re.finditer(code, words)]
    assert [words[max(0, start - 40) : end + 20] for start, end in found] == []
