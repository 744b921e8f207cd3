"""The page of a site and the comparison in a real browser: from the map by keyboard, on a phone, and on paper."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from seen import PHONE, WIDE, Open

pytestmark = pytest.mark.slow

SECTIONS = ("The place", "What limits the land", "Release score, part by part", "Reuse score, part by part",
            "How firm this is", "Decisions", "Homes", "Next door, and around", "Who has what here",
            "What each edition said", "What is wrong in this, and who should mend it")  # fmt: skip


def press_until(page: Page, words: str) -> None:
    """Tab until the element with these words has the focus, and press Enter on it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText")[:80].strip().startswith(words):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"the keyboard does not lead to {words!r}")


def test_from_the_map_to_a_comparison_by_keyboard(opened: Open) -> None:
    """Search, site in short, its page, comparison, another site added: without a mouse."""
    page = opened("/map?q=NCL-RRP03")
    expect(page.locator("#list li")).to_have_count(1)
    page.locator("#q").focus()
    press_until(page, "St Ann's Hospital")
    expect(page.locator("#site h2")).to_have_text("St Ann's Hospital")
    press_until(page, "Everything about this site")
    expect(page.locator("h1")).to_have_text("St Ann's Hospital")
    press_until(page, "Compare with other sites")
    expect(page.locator("h1")).to_have_text("Compare St Ann's Hospital")
    page.get_by_label("Add a site").focus()
    page.keyboard.type("RAN01")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("2 sites side by side")
    expect(page.locator("table.beside").first).to_contain_text("Royal National Orthopaedic Hospital")
    press_until(page, "Take out")
    expect(page.locator("h1")).to_contain_text("Compare Royal National")


def test_the_map_comes_when_it_is_looked_at(opened: Open) -> None:
    """The first load asks for no map; scrolled to, it is drawn with its legend, and the wheel keeps scrolling the
    page."""
    page = opened("/sites/NCL-RRP03?f=html")
    assert not page.evaluate("performance.getEntriesByType('resource').some(one => one.name.includes('maplibre'))")
    page.locator("#workbench").scroll_into_view_if_needed()
    expect(page.locator("#workbench[data-drawn=yes]")).to_be_visible()
    assert page.locator("#legend canvas").count() >= 4


def test_on_paper_everything_is_unfolded(opened: Open, tmp_path: Path) -> None:
    """Printed, each section is there with its words, what is folded on screen too, and every page has the name."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here (apt-get install poppler-utils)")
    page = opened("/sites/NCL-RRP03?f=html")
    paper = tmp_path / "site.pdf"
    page.pdf(path=paper, prefer_css_page_size=True, print_background=True)
    pages = subprocess.run(
        ["pdftotext", "-layout", paper, "-"], check=True, capture_output=True, text=True
    ).stdout.split("\f")
    words = " ".join(" ".join(pages).split())
    assert [one for one in SECTIONS if one not in words] == []
    assert "What is said of RRP03" in words
    assert "https://" in words
    assert all("St Ann's Hospital" in one and f"{number} of {len(pages) - 1}" in one
               for number, one in enumerate(pages[:-1], 1))  # fmt: skip


def test_sites_one_below_the_other_on_a_phone(opened: Open) -> None:
    """Side by side there is no room: each value stands below its measure with the name of its site, and nothing has to
    be scrolled sideways."""
    page = opened("/compare?sites=NCL-RRP03,NCL-RAN01&f=html", PHONE)
    for table in page.locator(".wide").all():
        assert table.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    row = page.locator("tr", has=page.get_by_role("rowheader", name="Owner", exact=False)).first
    said = row.locator("td").evaluate_all("all => all.map(one => getComputedStyle(one, '::before').content)")
    assert [one.strip('": ') for one in said] == ["St Ann's Hospital", "Royal National Orthopaedic Hospital, Stanmore"]


WALKED = ["/map", "/sites/NCL-RRP03?f=html", "/compare?sites=NCL-RRP03,NCL-RAN01&f=html", "/hand-in", "/"]

FOCUSED = """async () => {
    const one = document.activeElement, style = getComputedStyle(one);
    if (one === document.body) return null;
    const inside = (box) => box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    for (let i = 0; i < 60 && !inside(one.getBoundingClientRect()); i++) await new Promise(requestAnimationFrame);
    const box = one.getBoundingClientRect(), labels = [...(one.labels || [])].map((label) => label.textContent).join();
    const name = one.ariaLabel || one.textContent.trim() || labels || one.title
        || document.getElementById(one.getAttribute('aria-labelledby'))?.textContent;
    return {at: one.outerHTML.slice(0, 120), name, ring: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
            seen: inside(box) && box.width > 1};
}"""


@pytest.mark.parametrize("size", [PHONE, WIDE])
@pytest.mark.parametrize("path", WALKED)
def test_what_has_the_focus_is_seen(opened: Open, path: str, size: tuple[int, int]) -> None:
    """From one Tab to the next the focus is on something that has a name, is within the window, and is ringed; nobody
    gets stuck."""
    page = opened(path, size)
    walked = []
    for _ in range(45):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None:
            break
        walked.append(found)
    assert len(walked) > 5
    assert [one for one in walked if not (one["ring"] and one["name"] and one["seen"])] == []
    assert len({one["at"] for one in walked[-9:]}) > 2


@pytest.mark.parametrize("path", ["/map", "/sites/NCL-RRP03?f=html", "/compare?sites=NCL-RRP03,NCL-RAN01&f=html"])
def test_in_forced_colours(opened: Open, path: str) -> None:
    """Where a reader's own colours are forced upon the page, what says something by its colour keeps it: bars, legend,
    and the mark of a row that differs."""
    page = opened(path)
    page.emulate_media(forced_colors="active")
    marks = page.locator(".bar rect, .differs > th:first-child, #legend canvas")
    expect(marks.first).to_be_visible()
    kept = """one => one.tagName === 'CANVAS' || getComputedStyle(one).forcedColorAdjust !== 'auto'
        || getComputedStyle(one).borderLeftStyle === 'solid'"""
    assert all(one.evaluate(kept) for one in marks.all())
