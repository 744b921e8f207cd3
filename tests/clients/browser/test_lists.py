"""The quarter's page in a real browser: read by everybody, signed off with a key by those who may, by mouse and by
keyboard alone; and the timeline of surplus windows."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect
from seen import PHONE, Open, list_serious, wider

from estates_api.domain.keys import parse_holder
from estates_api.domain.quarters import quarter_of
from estates_api.store.database import make_engine, transaction
from estates_api.workflows.keys import create_key

pytestmark = pytest.mark.slow

TODAY = datetime.now(UTC).date()
NOW, THEN = f"/shortlists/{quarter_of(TODAY)}", "/shortlists/2015-Q1"
ADMINISTRATOR = {"X-API-Key": "the-key-of-the-clients"}
WRITTEN = "the text of a reason"


@pytest.fixture(scope="module")
def written_url(
    copied: Callable[[str], AbstractContextManager[str]], loaded_template: str
) -> Iterator[str]:  # fmt: skip
    """A database of this module's own, to write to."""
    with copied(loaded_template) as url:
        yield url


@pytest.fixture(scope="module")
def there(written_url: str, serving: Callable[[str], AbstractContextManager[str]]) -> Iterator[str]:
    """A service on it. The list of March 2015 is published; three sites are on the register, of one the window is
    over."""
    with serving(written_url) as address:
        _post(f"{address}{THEN}/publications", {"by": "NCL Estates Board"})
        for site, organisation, day in (("NCL-RYX24", "NHSPS", "2023-11-15"), ("NCL-RAN01", "RAN", TODAY.isoformat()),
                                        ("NCL-RAL01", "RAL", TODAY.isoformat())):  # fmt: skip
            for step in ("declare", "register"):
                _post(f"{address}/sites/{site}/decisions",
                      {"step": step, "organisation": organisation, "body": "Board", "decided_on": day, "by": "A Clerk",
                       "minute_reference": "1", "reason": "empty"})  # fmt: skip
        yield address


def _post(address: str, said: dict[str, str]) -> None:
    answer = httpx2.post(address, json=said, headers=ADMINISTRATOR, timeout=60)
    assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def give(written_url: str) -> Callable[..., str]:
    """A key of a role."""

    def given(role: str, **bounds: str) -> str:
        engine = make_engine(written_url)
        with transaction(engine) as connection:
            key = create_key(connection, parse_holder(role, f"the {role}", **bounds))
        engine.dispose()
        return key

    return given


def sign_in(page: Page, key: str) -> None:
    """Enter a key, and wait for the page as its holder sees it."""
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Use the key").click()
    expect(page.get_by_text("With the key of")).to_be_visible()


def endorse(page: Page, organisation: str, *, minute: str = "12/3") -> None:
    """Fill in the form of an endorsement, and send it."""
    form = page.locator("#endorse")
    form.get_by_label("Organisation").select_option(organisation)
    form.get_by_label("Which body agreed").fill("Board")
    form.get_by_label("On which day").fill(TODAY.isoformat())
    form.get_by_label("Minute reference").fill(minute)
    form.get_by_label("Who records it").fill("A Clerk")
    form.get_by_role("button").click()


def test_everybody_reads_it_without_a_script(opened: Open, there: str) -> None:
    """Without JavaScript: the three lists, how many are on each, the files, who signed off, and how to; no form that
    would do nothing."""
    page = opened(THEN, on=there, javascript=False)
    for title in ("Release", "Part release", "Reuse"):
        (said,) = [one for one in page.locator("h2").all_inner_texts() if one.startswith(f"{title}: ")]
        rows = page.get_by_role("table", name=re.compile(f"^{title}, by score")).locator("tbody tr")
        assert said == f"{title}: {rows.count()}" != f"{title}: 0"
    assert page.locator("form:visible").count() == 0
    expect(page.locator("noscript p")).to_be_visible()
    page.get_by_text("From a program or the command line").click()
    expect(page.get_by_text("estates shortlist endorse 2015-Q1")).to_be_visible()
    page.get_by_role("table", name=re.compile("^Release, by score")).get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/sites/NCL-"))


def test_a_list_on_the_map(opened: Open, there: str) -> None:
    """The link over a list opens the map with its sites and no others, in list and drawing; Clear brings all back."""
    page = opened(THEN, on=there)
    names = page.get_by_role("table", name=re.compile("^Release, by score")).locator("tbody th a").all_inner_texts()
    with page.expect_request(re.compile(r"/collections/candidates/tiles/.*NCL-")):
        page.locator("#release + p a").click()
        expect(page.locator("#count")).to_have_text(re.compile(rf"^{len(names)} sites?$"))
    assert set(page.locator("#list button").all_inner_texts()) == set(names)
    expect(page.get_by_label("Only these sites, by reference")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#list li")).to_have_count(50)


def test_every_file_comes(opened: Open, there: str, tmp_path: Path) -> None:
    """Each link under Files brings a file that has something in it."""
    page = opened(THEN, on=there)
    links = page.locator("#files ~ ul a[download]")
    assert links.count() == 14
    for link in links.all():
        with page.expect_download() as coming:
            link.click()
        path = tmp_path / coming.value.suggested_filename
        coming.value.save_as(path)
        assert path.stat().st_size > 100


def test_two_sectors_sign_off(opened: Open, there: str, give: Callable[..., str]) -> None:
    """An approver of each sector records an endorsement: the page says what is still missing, then that both agreed;
    whoever has no key reads the same."""
    page = opened(f"{THEN}?revision=2", on=there)
    sign_in(page, give("approver", sector="NHS"))
    assert page.locator("#endorse-organisation option[value^=E0]").count() == 0
    endorse(page, "RAL")
    expect(page.locator("#done")).to_contain_text("Not yet endorsed by: council")
    expect(page.locator("#done")).to_be_focused()
    expect(page.get_by_role("table", name=re.compile("Who agreed"))).to_contain_text("Board of Royal Free London")
    page.get_by_role("button", name="Forget the key").click()
    sign_in(page, give("approver", sector="council"))
    endorse(page, "E09000003")
    expect(page.locator("#done")).to_contain_text("Both sectors endorsed revision 2")
    expect(opened(THEN, on=there).locator(".box")).to_contain_text("endorsed by both sectors")


def test_refusals_are_said_where_they_are(opened: Open, there: str, give: Callable[..., str]) -> None:
    """The same endorsement twice is refused in the words of the rule, within the form, which keeps what was written."""
    page = opened(THEN, on=there, refused=409)
    sign_in(page, give("approver", sector="NHS"))
    endorse(page, "RKE")
    expect(page.locator("#done")).to_be_visible()
    endorse(page, "RKE", minute="13/4")
    refusal = page.locator("#endorse .refusal")
    expect(refusal).to_contain_text("endorsed 2015-Q1 revision 2 already")
    expect(refusal).to_be_focused()
    assert page.locator("#endorse").get_by_label("Minute reference").input_value() == "13/4"


def test_a_key_for_reading_has_no_forms(opened: Open, there: str, give: Callable[..., str]) -> None:
    """A partner reads drafts on this page, their files too, and finds no form."""
    page = opened(THEN, on=there)
    sign_in(page, give("partner"))
    assert page.locator("form.act").count() == 0
    page.get_by_role("link", name="Revision 1").click()
    expect(page.locator("h1")).to_contain_text("draft")
    with page.expect_download() as coming:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert coming.value.suggested_filename == "shortlist-2015-Q1.csv"
    assert Path(coming.value.path()).stat().st_size > 1000


@pytest.mark.parametrize(("given", "said"), [("no-key", "not known"), ("schlüssel", "a character that no key has")])
def test_a_wrong_key_is_said_at_once(opened: Open, there: str, given: str, said: str) -> None:
    """A key that does not count is told as such; the page stays, and nothing is kept of it."""
    page = opened(THEN, on=there, refused=401)
    page.get_by_label("Key", exact=True).fill(given)
    page.get_by_role("button", name="Use the key").click()
    expect(page.locator("#sign-in .refusal")).to_contain_text(said)
    assert page.evaluate("sessionStorage.length + localStorage.length + document.cookie.length") == 0


def test_a_sector_is_not_left(there: str, give: Callable[..., str]) -> None:
    """Whoever writes another sector into the form by hand is refused by the service, in plain words."""
    said = {"organisation": "E09000003", "body": "Cabinet", "decided_on": TODAY.isoformat(), "minute_reference": "1",
            "by": "A Clerk"}  # fmt: skip
    key = give("approver", sector="NHS")
    answer = httpx2.post(f"{there}{THEN}/endorsements", json=said, headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, "acts for the sector NHS alone" in answer.json()["detail"]) == (403, True)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = httpx2.post(f"{there}{THEN}/endorsements", json=said, headers=ADMINISTRATOR | headers)
        assert answer.status_code == 403


def test_a_quarter_by_keyboard(opened: Open, there: str) -> None:
    """From the key to the published list without a mouse: strike a site with a reason, draft anew, publish. What was
    done is said and has the focus each time; the key is in no address."""
    page = opened(THEN, on=there)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    tab_to(page, "key")
    page.keyboard.type(ADMINISTRATOR["X-API-Key"])
    page.keyboard.press("Enter")
    expect(page.get_by_text("With the key of administrator")).to_be_visible()
    tab_to(page, "choose-site")
    page.keyboard.type(page.locator("tbody tr th a").first.get_attribute("href").rpartition("/")[2])
    tab_to(page, "choose-kind")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#choose-list")).to_be_hidden()
    tab_to(page, "choose-by")
    page.keyboard.type("NCL Estates Board")
    tab_to(page, "choose-because")
    page.keyboard.type(WRITTEN)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#done")).to_contain_text("stays as it is until a correction is published")
    expect(page.locator("#choose")).to_contain_text(WRITTEN)
    tab_to(page, "Draft it")
    page.keyboard.press("Enter")
    expect(page.locator("#done")).to_contain_text("Revision 3 is drafted")
    expect(page.locator("h1")).to_contain_text("draft")
    tab_to(page, "publish-by")
    page.keyboard.type("NCL Estates Board")
    tab_to(page, "publish-because")
    page.keyboard.type("a site was struck")
    tab_to(page, "Publish it")
    page.keyboard.press("Enter")
    expect(page.locator("#done")).to_be_focused()
    expect(page.locator("#done")).to_contain_text("Revision 4 is published")
    expect(page.locator("main")).to_contain_text(f"NCL Estates Board: {WRITTEN}")
    assert ADMINISTRATOR["X-API-Key"] not in page.url
    expect(opened(THEN, on=there).locator(".box")).to_contain_text("It replaces revision 2: a site was struck")


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until a field or button has the focus, by its id or its words."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if wanted in page.evaluate("[document.activeElement.id, document.activeElement.textContent]"):
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


def test_changes_have_their_causes(opened: Open, there: str) -> None:
    """With the key, the page of this quarter says what entered and what left since the one before, and why."""
    page = opened(THEN, on=there)
    sign_in(page, ADMINISTRATOR["X-API-Key"])
    page.evaluate(f"history.replaceState(null, '', '{NOW}')")
    page.evaluate(f"show(heldKey(), '{NOW}')")
    expect(page.get_by_role("heading", name="What changed since 2015-Q1")).to_be_visible()
    left = page.locator("#left ~ div").first
    assert left.locator("tbody tr").count() == left.locator("td[data-label=Why] > strong:first-child").count() > 0


@pytest.mark.parametrize("path", [THEN, "/surplus-windows"])
def test_pages_are_for_everybody(browser: Browser, there: str, path: str) -> None:
    """axe finds nothing serious, without a key and with all forms; on a phone nothing is wider than the screen."""
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{there}{path}")
    found = [(list_serious(page), wider(page) <= 0)]
    if path == THEN:
        sign_in(page, ADMINISTRATOR["X-API-Key"])
        page.locator("#choose-site").fill("NCL-NONE")
        page.locator("#choose-by").fill("A Board")
        page.locator("#choose-because").fill("why")
        page.locator("#choose button").click()
        expect(page.locator("#choose .refusal")).to_contain_text("NCL-NONE")
        found.append((list_serious(page), wider(page) <= 0))
    context.close()
    assert all(one == ([], True) for one in found), found


def test_the_timeline(opened: Open, there: str) -> None:
    """The two windows that are open are drawn with their ends on the axis and today's line through both, at any width;
    the table says the same, and of the third that it is over."""
    for size in ((1280, 900), PHONE):
        page = opened("/surplus-windows", size, on=there)
        drawing = page.get_by_role("img", name=re.compile("Timeline"))
        box = drawing.bounding_box()
        assert box is not None
        bars = [one.bounding_box() for one in drawing.locator("rect").all()]
        inside = [bar and box["x"] <= bar["x"] and bar["x"] + bar["width"] <= box["x"] + box["width"] for bar in bars]
        assert inside == [True] * 4
        texts = [one.bounding_box() for one in drawing.locator("text").all()]
        assert all(text and text["x"] + text["width"] <= size[0] for text in texts)
        assert page.get_by_role("table").get_by_text("40 working days left").count() == 2
        assert page.get_by_role("table").get_by_text("open market").count() == 1
