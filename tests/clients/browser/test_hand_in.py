"""Handing a file in with a browser: by mouse, by keyboard alone and without scripts; what is refused; and that nothing
is written before the person says so."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect
from seen import PHONE, Open, list_serious, wider
from sqlalchemy import Engine

from estates_api.store.database import make_engine

pytestmark = pytest.mark.slow

KEY = "the-key-of-the-clients"
HEADER = "organisation_code,organisation_name,sector,holding_code,name,postcode,gia_m2,period_end\n"
PATIENCE_MS = 60_000
Count = Callable[[Engine], dict[str, int]]


@pytest.fixture(scope="module")
def database(copied: Callable[[str], AbstractContextManager[str]], loaded_template: str) -> Iterator[str]:
    """A database of its own, which these tests write to."""
    with copied(loaded_template) as url:
        yield url


@pytest.fixture(scope="module")
def here(database: str, serving: Callable[[str], AbstractContextManager[str]]) -> Iterator[str]:
    """A service on it."""
    with serving(database) as address:
        yield address


@pytest.fixture
def rows(database: str, count_rows: Count) -> Iterator[Callable[[], dict[str, int]]]:
    """How many rows every table has."""
    engine = make_engine(database)
    yield lambda: count_rows(engine)
    engine.dispose()


def content(code: str, *, number: int = 1) -> str:
    """A list with a good row, one that has a doubtful figure, and more."""
    row = "E09000014,London Borough of Haringey,council,{},{},N15 3TH,{},2024-03-31\n"
    rows = [row.format(f"{code}{one}", f"{code} Hall {one}", 100 + one) for one in range(number)]
    return HEADER + "".join(rows) + row.format(f"{code}X", f"{code} Depot", "many")


def choose(page: Page, name: str, text: str) -> None:
    """Choose a file that is not there."""
    page.locator("#file").set_input_files([{"name": name, "mimeType": "text/csv", "buffer": text.encode()}])


def check(page: Page, name: str, text: str) -> None:
    """Give the key, choose a file, and have it checked."""
    page.get_by_label("Your key").fill(KEY)
    choose(page, name, text)
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#outcome-title")).to_be_focused(timeout=PATIENCE_MS)


DROP = """([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name, { type: 'text/csv' }));
    for (const kind of ['dragenter', 'dragover', 'drop'])
        document.querySelector('main').dispatchEvent(
            new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def test_by_mouse(opened: Open, here: str, rows: Callable[[], dict[str, int]]) -> None:
    """A file is dragged onto the page; what it would change and what is wrong in it is told while nothing is written;
    taken in, it is an edition, and handed in again it is here already."""
    page = opened("/hand-in", on=here)
    assert list_serious(page) == []
    before = rows()
    page.get_by_label("Your key").fill(KEY)
    page.evaluate(DROP, ["dragged.csv", content("DRAG")])
    expect(page.locator("#doing")).to_have_text("dragged.csv is chosen")
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#outcome-title")).to_have_text("What taking in dragged.csv would do", timeout=PATIENCE_MS)
    outcome = page.locator("#outcome")
    expect(outcome).to_contain_text("2 new holdings")
    expect(outcome).to_contain_text("Row 3, gia_m2: 'many' is not a number")
    expect(outcome).to_contain_text("Have the organisation put it right in its file")
    assert list_serious(page) == []
    with page.expect_download() as issues:
        outcome.get_by_role("link", name="Download", exact=False).last.click()
    assert "gia_m2" in Path(issues.value.path()).read_text("utf-8-sig")
    assert rows() == before
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator("#outcome-title")).to_have_text("dragged.csv is taken in", timeout=PATIENCE_MS)
    assert list_serious(page) == []
    assert rows()["edition"] == before["edition"] + 1
    assert rows()["holding"] == before["holding"] + 2
    page.evaluate(DROP, ["again.csv", content("DRAG")])
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#outcome-title")).to_have_text("This file is here already", timeout=PATIENCE_MS)
    page.get_by_role("link", name="What is wrong in it").click()
    expect(page.locator("main")).to_contain_text("is not a number")


def test_by_keyboard_alone(opened: Open, here: str, rows: Callable[[], dict[str, int]]) -> None:
    """Key, file, options, check and taking in, with Tab, Enter and arrows; the focus goes to what comes of it."""
    page = opened("/hand-in", on=here)
    page.on("filechooser", lambda _: None)  # from now on, and not from a moment after the key is pressed
    before = rows()
    reach(page, "key")
    page.keyboard.type(KEY)
    reach(page, "file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([{"name": "typed.csv", "mimeType": "text/csv", "buffer": content("TYPE").encode()}])
    reach(page, "sensitivity")
    page.keyboard.type("Partners")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    reach(page, "publisher")
    page.keyboard.type("Haringey")
    reach(page, "check")
    page.keyboard.press("Enter")
    expect(page.locator("#outcome-title")).to_be_focused(timeout=PATIENCE_MS)
    expect(page.locator("#outcome-title")).to_have_text("What taking in typed.csv would do")
    expect(page.locator("#outcome")).to_contain_text("Partners only".lower())
    assert rows() == before
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Take it in":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#outcome-title")).to_have_text("typed.csv is taken in", timeout=PATIENCE_MS)
    expect(page.locator("#outcome-title")).to_be_focused()
    assert rows()["edition"] == before["edition"] + 1
    page.get_by_role("button", name="Bring the scores up to date").press("Enter")
    expect(page.locator("#outcome-title")).to_have_text("The scores are up to date", timeout=PATIENCE_MS)
    expect(page.locator("#outcome-title")).to_be_focused()
    expect(page.locator("#outcome")).to_contain_text("not enough data")
    assert list_serious(page) == []
    assert rows()["assessment"] == before["assessment"] + 1


def reach(page: Page, id_: str) -> None:
    """Tab on until a field has the focus."""
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == id_:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{id_} cannot be reached by Tab")


def test_what_is_missing(opened: Open, here: str) -> None:
    """Without key or file nothing is sent: the summary has the focus, its link leads to the field, which says why."""
    page = opened("/hand-in", on=here)
    page.get_by_role("button", name="Check the file").click()
    summary = page.locator("#refusal")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Enter your key.")
    assert page.title().startswith("Error: ")
    assert list_serious(page) == []
    page.get_by_role("link", name="Enter your key.").click()
    expect(page.get_by_label("Your key")).to_be_focused()
    expect(page.get_by_label("Your key")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Your key").fill(KEY)
    page.get_by_role("button", name="Check the file").click()
    expect(summary).to_contain_text("Choose a file.")
    choose(page, "none.csv", "")
    page.get_by_role("button", name="Check the file").click()
    expect(summary).to_contain_text("none.csv is empty, or a folder.")


def test_what_the_service_refuses(opened: Open, here: str, rows: Callable[[], dict[str, int]]) -> None:
    """A wrong key, a file of no format and a period that is none: in the words of the service, at the field; what was
    chosen and filled in stays."""
    before = rows()
    page = opened("/hand-in", on=here, refused=401)
    page.get_by_label("Your key").fill("guessed")
    choose(page, "odd.csv", "this,is\nno,list\n")
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#key-error")).to_have_text("The key is not known.")
    page.get_by_label("Your key").fill(KEY)
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#file-error")).to_contain_text("no format fits")
    expect(page.locator("#refusal")).to_be_focused()
    assert page.evaluate("document.querySelector('#file').files[0].name") == "odd.csv"
    choose(page, "good.csv", content("GOOD"))
    page.get_by_text("What the file does not say itself").click()
    page.get_by_label("Where it was published").fill("example.org")
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#url-error")).to_have_text("Url: write it with https://.")
    expect(page.get_by_label("Where it was published")).to_have_value("example.org")
    assert list_serious(page) == []
    assert rows() == before


def answering(status: int, title: str, detail: str) -> Callable[[Any], None]:
    """Answers with a problem document in place of the service."""
    body = f'{{"status": {status}, "title": "{title}", "detail": "{detail}"}}'
    return lambda route: route.fulfill(status=status, content_type="application/problem+json", body=body)


@pytest.mark.parametrize(
    ("status", "detail"),
    [(403, "the key 'a' is not for this (hand-in)"), (413, "a file may have 200 MB here"),
     (429, "one address, or one key, may ask 600 per 1 minute here; try again in 7 s"),
     (503, "several files are being taken in just now; try again in a moment")],
)  # fmt: skip
def test_refusals_before_it_is_read(opened: Open, here: str, status: int, detail: str) -> None:
    """What is refused by another layer, as too much or not allowed, is told as well, and can be tried again."""
    page = opened("/hand-in", on=here, refused=status)
    page.route("**/editions?*", answering(status, "Refused", detail))
    page.get_by_label("Your key").fill(KEY)
    choose(page, "good.csv", content("GOOD"))
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#refusal")).to_contain_text(detail[1:])
    expect(page.locator("#under-way")).to_be_hidden()
    page.unroute("**/editions?*")
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#outcome-title")).to_be_focused(timeout=PATIENCE_MS)
    expect(page.locator("#refusal")).to_be_hidden()


def test_a_connection_that_is_lost(opened: Open, here: str) -> None:
    """While it is checked nothing can have been written, and the page says so; while it is taken in, it says how to
    find out."""
    page = opened("/hand-in", on=here, refused="ERR_FAILED")
    check(page, "lost.csv", content("LOST"))
    page.route("**/editions?*", lambda route: route.abort())
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator("#refusal")).to_contain_text("if it was taken in before, you are told so")
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#refusal")).to_contain_text("Nothing was written")


def test_cancelling(opened: Open, here: str, rows: Callable[[], dict[str, int]]) -> None:
    """A file that is being taken in is dropped when the person cancels; the form is as it was."""
    page = opened("/hand-in", on=here)
    check(page, "long.csv", content("LONG", number=1500))
    before = rows()
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator("#step")).to_have_text(re.compile("Writing|Placing|Checking|Reading"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#doing")).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Take it in")).to_be_visible()
    assert rows() == before
    check(page, "small.csv", content("SMALL"))  # nothing holds the catalogue
    assert rows() == before


def test_progress(opened: Open, here: str) -> None:
    """While it is sent the bar moves, and then the steps are told."""
    page = opened("/hand-in", on=here)
    page.evaluate("""() => {
        window.seen = [];
        new MutationObserver(() => window.seen.push(document.querySelector('#step').textContent))
            .observe(document.querySelector('#step'), { childList: true, characterData: true, subtree: true });
    }""")
    check(page, "steps.csv", content("STEP", number=800))
    seen = page.evaluate("window.seen")
    assert seen[0] == "Sending steps.csv"
    assert any(one.startswith("Reading") for one in seen)
    assert any(one.startswith(("Writing", "Placing", "Rendering", "Comparing", "Looking")) for one in seen)
    expect(page.locator("#under-way")).to_be_hidden()


def test_a_change_has_to_be_checked_again(opened: Open, here: str) -> None:
    """What is taken in is what was checked: another option takes the offer away."""
    page = opened("/hand-in", on=here)
    check(page, "options.csv", content("OPTS"))
    page.get_by_label("Who may see what rests on it").select_option("owner")
    expect(page.get_by_role("button", name="Take it in")).to_have_count(0)
    expect(page.locator("#doing")).to_have_text("Changed since it was checked: check it again")


def test_the_key_stays_on_the_page(opened: Open, here: str) -> None:
    """The key is in no address, no storage, no body and no cookie: in one header of what is sent."""
    page = opened("/hand-in", on=here)
    with page.expect_request("**/editions?*") as sent:
        check(page, "key.csv", content("KEYS"))
    assert KEY not in sent.value.url
    assert KEY.encode() not in (sent.value.post_data_buffer or b"")
    assert sent.value.headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])")
    assert KEY not in page.content()


def test_without_scripts(browser: Browser, here: str, rows: Callable[[], dict[str, int]]) -> None:
    """The browser's own sign-in and plain forms do the same: the file is checked, chosen once more, and taken in."""
    before = rows()
    credentials = {"username": "anybody", "password": KEY}
    context = browser.new_context(java_script_enabled=False, http_credentials=credentials)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{here}/hand-in")
    page.get_by_role("link", name="Sign in").click()
    expect(page.locator("main")).to_contain_text("Signed in as administrator")
    choose(page, "plain.csv", content("PLAIN"))
    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#outcome-title")).to_have_text("What taking in plain.csv would do", timeout=PATIENCE_MS)
    assert rows() == before
    again = {"name": "plain.csv", "mimeType": "text/csv", "buffer": content("OTHER").encode()}
    page.get_by_label("Choose plain.csv once more").set_input_files([again])
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator("#refusal")).to_contain_text("this is not the file that was checked")
    choose(page, "plain.csv", content("PLAIN"))
    page.get_by_role("button", name="Check the file").click()
    page.get_by_label("Choose plain.csv once more").set_input_files([again | {"buffer": content("PLAIN").encode()}])
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator("#outcome-title")).to_have_text("plain.csv is taken in", timeout=PATIENCE_MS)
    assert rows()["edition"] == before["edition"] + 1
    context.close()


def test_a_page_of_another_site_is_refused(browser: Browser, here: str, rows: Callable[[], dict[str, int]]) -> None:
    """A form of another site, sent by a browser that is signed in here, writes nothing."""
    before = rows()
    credentials = {"username": "anybody", "password": KEY}
    context = browser.new_context(http_credentials=credentials)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{here}/hand-in?sign-in=true")
    form = f"""<form method="post" enctype="multipart/form-data" action="{here}/editions">
        <input type="file" name="file"><button>Win</button></form>"""
    page.route("http://elsewhere.example/", lambda route: route.fulfill(content_type="text/html", body=form))
    page.goto("http://elsewhere.example/")
    page.locator("input").set_input_files([
        {"name": "evil.csv", "mimeType": "text/csv", "buffer": content("EVIL").encode()}])  # fmt: skip
    with page.expect_response(f"{here}/editions") as answered:
        page.get_by_role("button", name="Win").click()
    assert answered.value.status in {401, 403}
    assert rows() == before
    context.close()


def test_on_a_phone(opened: Open, here: str) -> None:
    """At 390 pixels nothing is wider than the window, before and after."""
    page = opened("/hand-in", PHONE, on=here)
    assert wider(page) == 0
    page.get_by_text("What the file does not say itself").click()
    assert wider(page) == 0
    check(page, "phone.csv", content("PHONE"))
    assert wider(page) == 0
    assert list_serious(page) == []


def test_it_can_be_found(opened: Open, here: str) -> None:
    """The front page and the list of editions lead there."""
    for path in ("/", "/editions"):
        page = opened(path, on=here)
        page.get_by_role("link", name="hand in a file").click()
        expect(page.locator("h1")).to_have_text("Hand in a file")
    assert httpx2.get(f"{here}/hand-in").status_code == 200
