"""Answers that come late on the map: what was asked for last is what is shown, in whatever order answers come."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page, Route, expect
from seen import Open, publish_lists

pytestmark = pytest.mark.slow

LATE_MS = 1000


def hold(page: Page, address: str) -> Callable[[], None]:
    """Let the requests of an address wait; to be called to let them go on."""
    held: list[Route] = []
    going = False

    def asked(route: Route) -> None:
        if going:
            route.continue_()
        else:
            held.append(route)

    def let_go() -> None:
        nonlocal going
        going = True
        assert held
        for one in held:
            one.continue_()

    page.route(re.compile(address), asked)
    return let_go


def test_what_is_ticked_before_the_map_is_there_is_drawn(opened: Open) -> None:
    """Layers and filters that are chosen while the map's library is on its way are on the map when it comes."""
    page = opened("/map")
    let_go = hold(page, r"/map/maplibre-gl\.js")
    page.reload()
    page.get_by_label("Borough", exact=True).select_option("Camden")
    expect(page.locator("#count")).to_have_text(re.compile("^[1-4]?[0-9] sites"))
    page.get_by_label("Stations").press("Space")
    with (
        page.expect_request(re.compile("/collections/stations/tiles/")),
        page.expect_request(re.compile("/collections/candidates/tiles/.*Camden")),
    ):
        let_go()
    expect(page.get_by_label("Stations")).to_be_checked()


def test_the_last_site_chosen_is_shown(opened: Open) -> None:
    """A site whose answer comes after that of one chosen later is not shown; nor is one that was closed meanwhile."""
    page = opened("/map?sort=name")
    expect(page.locator("#list li")).to_have_count(50)
    first, second = (page.locator("#list li button").nth(place) for place in (0, 1))
    ref = page.locator("#list li").first.get_attribute("data-ref")
    let_go = hold(page, rf"/candidates/items/{ref}$")
    first.click()
    second.click()
    expect(page.locator("#site h2")).to_have_text(second.inner_text())
    let_go()
    page.wait_for_timeout(LATE_MS)
    expect(page.locator("#site h2")).to_have_text(second.inner_text())
    let_go = hold(page, rf"/candidates/items/{ref}$")
    first.click()
    page.keyboard.press("Escape")
    let_go()
    page.wait_for_timeout(LATE_MS)
    expect(page.locator("#site")).to_be_hidden()


def test_the_last_colour_chosen_is_shown(opened: Open) -> None:
    """Sites are not coloured by a criterion whose numbers come when another colour has been chosen."""
    page = opened("/map")
    expect(page.locator("#drawn")).to_have_text(re.compile("on this part"))
    let_go = hold(page, "/assessments/latest/criteria/")
    page.get_by_label("Coloured by").select_option(index=3)
    page.get_by_label("Coloured by").select_option("release")
    expect(page.locator("#legend")).to_contain_text("cut-off")
    let_go()
    page.wait_for_timeout(LATE_MS)
    expect(page.locator("#legend")).to_contain_text("cut-off")


def test_what_changed_comes_late(
    opened: Open, copied: Callable[[str], AbstractContextManager[str]], loaded_template: str,
    serving: Callable[[str], AbstractContextManager[str]],
) -> None:  # fmt: skip
    """Where "what changed" is taken back while the changes are on their way, all sites stay listed and drawn."""
    with copied(loaded_template) as url, serving(url) as address:
        publish_lists(address)
        page = opened("/map", on=address)
        expect(page.locator("#drawn")).to_have_text(re.compile("on this part"))
        all_of_them = page.locator("#count").inner_text()
        page.locator("#more summary").press("Enter")
        let_go = hold(page, "/changes-since/")
        page.get_by_label("Changed").select_option(index=1)
        page.get_by_label("Changed").select_option(index=0)
        expect(page.locator("#count")).to_have_text(all_of_them)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        let_go()
        page.wait_for_timeout(LATE_MS)
        expect(page.locator("#count")).to_have_text(all_of_them)
    assert [one for one in asked if "ids=" in one] == []
