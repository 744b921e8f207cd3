"""The map in a real browser: by mouse and by keyboard alone, without a fault on the console and without a request that
leaves the service."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect
from seen import Open, publish_lists
from wire import Web

pytestmark = pytest.mark.slow

PATIENCE_MS = 20_000


def names(page: Page) -> list[str]:
    """The names in the list, once it is there."""
    expect(page.locator("#count")).to_have_text(re.compile(r"site"), timeout=PATIENCE_MS)
    return page.locator("#list button").all_inner_texts()


def test_list_and_map_are_of_the_same_sites(opened: Open) -> None:
    """Words find sites in the list, the tiles of the map are asked for with the same words, and the address keeps
    them."""
    page = opened("/map")
    assert len(names(page)) == 50
    with page.expect_request(re.compile(r"/collections/candidates/tiles/.*q=edgware")):
        page.get_by_label("Name, code, postcode or organisation").fill("edgware")
        page.get_by_role("button", name="Find").click()
    expect(page.locator("#list button").first).to_have_text("Edgware Community Hospital")
    assert "q=edgware" in page.url
    assert page.locator("#list li").count() < 10


def test_filters_and_their_address(opened: Open, served: str) -> None:
    """Borough, route and coverage filter at once; the address shows the same again elsewhere, and Back goes back."""
    page = opened("/map")
    names(page)
    page.get_by_label("Borough", exact=True).select_option("Camden")
    expect(page).to_have_url(re.compile("borough=Camden"))
    page.get_by_label("Route", exact=True).select_option("reuse")
    expect(page).to_have_url(re.compile("route=reuse"))
    found = names(page)
    assert 0 < len(found) < 10
    expect(page.locator("#list li").first).to_contain_text("Camden")
    assert names(opened(page.url.removeprefix(served))) == found
    page.go_back()
    expect(page.get_by_label("Route", exact=True)).to_have_value("")
    assert len(names(page)) > len(found)


def test_the_list_goes_on(opened: Open) -> None:
    """Show more brings the next sites, none twice, until all are there."""
    page = opened("/map?sort=name")
    total = int(page.locator("#count").inner_text().split()[0]) if names(page) else 0
    page.locator("#following").press("Enter")  # by the button, which gives the focus on
    expect(page.locator("#list li")).to_have_count(100)
    assert page.evaluate("document.activeElement.closest('li').matches(':nth-child(51)')")
    while page.locator("#list li").count() < total:  # and by going to the end
        there = page.locator("#list li").count()
        page.locator("#list li").last.scroll_into_view_if_needed()
        expect(page.locator("#list li")).not_to_have_count(there)
    expect(page.locator("#following")).to_be_hidden()
    refs = page.locator("#list li").evaluate_all("all => all.map(one => one.dataset.ref)")
    assert len(refs) == len(set(refs)) == total


def test_a_site_by_keyboard_alone(opened: Open) -> None:
    """From the search to a site and back without a mouse: the focus follows, and Escape gives it back."""
    page = opened("/map")
    names(page)
    page.get_by_label("Name, code, postcode or organisation").focus()
    page.keyboard.type("rrp03")
    page.keyboard.press("Enter")
    expect(page.locator("#list li")).to_have_count(1)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "St Ann's Hospital":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#site h2")).to_have_text("St Ann's Hospital")
    expect(page.locator("#site")).to_be_focused()
    expect(page.locator("#site")).to_contain_text("the owner decided to keep")
    page.keyboard.press("Escape")
    expect(page.locator("#site")).to_be_hidden()
    assert page.evaluate("document.activeElement.textContent") == "St Ann's Hospital"


def test_a_site_on_the_map(opened: Open) -> None:
    """A click on a mark shows its site: the map is drawn where the list says."""
    page = opened("/map?q=NCL-RAN01")
    names(page)
    page.get_by_role("button", name="Royal National Orthopaedic Hospital").click()
    expect(page.locator("#site h2")).to_contain_text("Orthopaedic")
    page.get_by_role("button", name="Close").click()
    page.wait_for_timeout(1000)
    box = page.locator("#map canvas").bounding_box()
    assert box
    # The only mark lies at the western edge of the boroughs: look along the map for where it can be clicked.
    found = page.evaluate(
        """async ([left, top, width, height]) => {
            const canvas = document.querySelector('#map canvas');
            for (let y = 0; y < height; y += 6) for (let x = 0; x < width / 2; x += 6) {
                const at = { clientX: left + x, clientY: top + y, bubbles: true };
                canvas.dispatchEvent(new MouseEvent('mousemove', at));
                if (canvas.style.cursor === 'pointer') return [x, y];
            }
            return null;
        }""",
        [box["x"], box["y"], box["width"], box["height"]],
    )
    assert found, "no mark was found on the map"
    page.locator("#map canvas").click(position={"x": found[0], "y": found[1]})
    expect(page.locator("#site h2")).to_contain_text("Orthopaedic")


@pytest.mark.parametrize("colour", ["release", "reuse", "release.vacancy"])
def test_colours_have_a_legend(opened: Open, colour: str) -> None:
    """Whatever sites are coloured by, the legend says what the colours are, unknown among them."""
    page = opened(f"/map?colour={colour}&layers=stations,designations")
    names(page)
    expect(page.locator("#legend")).to_contain_text("to 100")
    expect(page.locator("#legend")).to_contain_text("known")
    expect(page.locator("#legend")).to_contain_text("station")
    assert page.locator("#legend canvas").count() >= 6


def test_what_if_the_weights_were_others(opened: Open, served: str) -> None:
    """A slider moved by keyboard ranks anew; the address brings the same again; the file has the same sites."""
    page = opened("/map")
    names(page)
    page.locator("#what-if summary").press("Enter")
    slider = page.get_by_label("release: land")
    slider.press("End")
    expect(page.locator("#outcome")).to_contain_text("would have another route")
    page.get_by_label("Cut-off for release").press("Home")
    page.get_by_label("Known of a score at least").press("Home")
    page.get_by_label("no public owner able to dispose is known").press("Space")
    expect(page.locator("#outcome")).to_contain_text("release: 1")
    assert re.search("weights=.*land.*cut.*gate", page.url)
    expect(page.locator("#list li").first).to_contain_text("adopted")
    expect(page.locator("#list li.differs").first).to_contain_text("adopted: ")
    for ring in ("black ring: another route than adopted", "blue ring: the site that is shown"):
        expect(page.locator("#legend")).to_contain_text(ring)
    with page.expect_download() as file:
        page.get_by_role("button", name="Download as CSV").click()
    lines = file.value.path().read_text().splitlines()
    assert lines[0].startswith("site,")
    again = opened(page.url.removeprefix(served))
    expect(again.locator("#list li.differs").first).to_be_visible()
    for _ in range(100):
        if again.locator("#list li").all_inner_texts() == page.locator("#list li").all_inner_texts():
            break
        again.wait_for_timeout(100)
    else:
        raise AssertionError("the address shows something else")
    differing = int(re.findall(r"[0-9,]+", again.locator("#outcome").inner_text())[0])
    again.get_by_label("Only sites whose route would be another").press("Space")
    expect(again.locator("#count")).to_have_text(re.compile(rf"^{differing} site"))
    again.get_by_role("button", name="As adopted").press("Enter")
    expect(again.locator("#list li.differs")).to_have_count(0)
    assert "weights=" not in again.url


def test_sites_are_set_side_by_side(opened: Open) -> None:
    """Sites that are picked lead to a page with them side by side; no more than four can be picked. The address keeps
    them."""
    page = opened("/map")
    names(page)
    boxes = page.locator("#list input")
    for number in range(4):
        boxes.nth(number).press("Space")
    boxes.nth(4).press("Space")
    expect(boxes.nth(4)).not_to_be_checked()
    page.goto(page.url)  # they stand in the address, which can be shared
    expect(page.locator("#list input:checked")).to_have_count(4)
    page.get_by_role("link", name="Compare these 4 sites").press("Enter")
    expect(page.locator("h1")).to_have_text("4 sites side by side")
    expect(page.locator("thead").first.locator("th")).to_have_count(5)


@pytest.mark.parametrize("asked", ["", "tenure=freehold", "tenure=unknown&borough=Camden", "q=hospital&route=retain"])
def test_as_many_are_drawn_as_listed(opened: Open, web: Web, asked: str) -> None:
    """The map says how many sites it draws: those of the list that have a place, and the list how many have none;
    wherever the map is moved to, the list of only these has as many."""
    page = opened(f"/map?{asked}")
    names(page)
    listed = int(page.locator("#count").inner_text().split()[0])
    question = page.evaluate("import('/map/address.js').then((one) => one.question(one.read(), null).toString())")
    features = web.json(f"/collections/candidates/items?limit=1000&{question}")["features"]
    assert len(features) == listed
    placed = sum(one["geometry"] is not None for one in features)
    nowhere = listed - placed
    said = f"; {nowhere} {'has' if nowhere == 1 else 'have'} no known place" if nowhere else "site"
    expect(page.locator("#count")).to_contain_text(said)
    expect(page.locator("#drawn")).to_have_text(f"{placed} site{'' if placed == 1 else 's'} on this part of the map.")
    page.get_by_label("List only these").press("Space")
    agree(page)
    canvas = page.locator("#map canvas")
    for key in ("+", "ArrowLeft"):
        canvas.press(key)
        page.wait_for_timeout(1200)
    agree(page)


def agree(page: Page) -> None:
    """List and map come to the same number."""
    expect(page.locator("#count")).not_to_have_text("Looking…")
    for _ in range(100):
        drawn = page.locator("#drawn").inner_text().partition(" ")[0]  # nothing until the map was drawn once
        listed = page.locator("#count").inner_text().split()[0].replace("No", "0")
        if drawn == listed:
            return
        page.wait_for_timeout(100)
    raise AssertionError((drawn, listed))


def test_only_what_changed(
    opened: Open, copied: Callable[[str], AbstractContextManager[str]], loaded_template: str,
    serving: Callable[[str], AbstractContextManager[str]],
) -> None:  # fmt: skip
    """With two published lists the public is shown what entered, moved or left since the one before: list and map."""
    with copied(loaded_template) as url, serving(url) as address:
        now = publish_lists(address)
        changes = httpx2.get(f"{address}/shortlists/{now}/changes-since/2015-Q1", timeout=60).json()
        wanted = {one["site"] for part in ("entered", "moved", "left") for one in changes[part]}
        page = opened("/map", on=address)
        names(page)
        page.locator("#more summary").press("Enter")
        page.get_by_label("Changed").select_option(now)
        expect(page.locator("#count")).to_have_text(re.compile(rf"^{len(wanted)} site"))
        listed = page.locator("#list li").evaluate_all("all => all.map(one => one.dataset.ref)")
        page.get_by_label("List only these").press("Space")
        agree(page)
    assert set(listed) <= wanted
    assert len(listed) == min(50, len(wanted)) > 0


def test_every_layer_is_there(opened: Open) -> None:
    """Each layer is asked of our tiles when its box is ticked, by keyboard, and its marks stand in the legend; the
    address brings them back."""
    page = opened("/map?layers=none")
    names(page)
    expect(page.locator("#legend")).not_to_contain_text("borough")
    for box in page.locator("#layers input").all():
        layer = box.get_attribute("value")
        marks = page.locator("#legend canvas").count()
        with page.expect_request(re.compile(f"/collections/{layer}/tiles/")):
            box.press("Space")
        expect(page.locator("#legend canvas").nth(marks)).to_be_visible()
    assert "assemblies" in page.url
    expect(opened("/map?layers=assemblies,stations").locator("#legend")).to_contain_text("station")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_motion_is_only_for_who_likes_it(opened: Open, motion: str) -> None:
    """A site out of view is brought into it; at once where the browser asks for less motion, else on a way."""
    page = opened("/map?sort=name&q=chase+farm#map=13/51.53/-0.12")
    page.emulate_media(reduced_motion=motion)
    page.reload()
    names(page)
    expect(page.locator("#drawn")).to_have_text(re.compile("^0 sites"))
    page.evaluate("""() => {
        const before = maplibregl.Map.prototype._ease;
        maplibregl.Map.prototype._ease = function (frame, finish, how) {
            window.motion_ms = how.duration;
            return before.call(this, frame, finish, how);
        };
    }""")
    page.locator("#list button").first.press("Enter")
    expect(page.locator("#drawn")).to_have_text(re.compile("^1 site"))
    assert (page.evaluate("motion_ms") == 0) == (motion == "reduce")


def test_without_webgl_the_list_is_there(opened: Open) -> None:
    """A browser that cannot draw the map says so and lists the sites: no legend of nothing, and no box that is ticked
    and does nothing."""
    page = opened("/map?within=1", before="HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...rest) "
                  "{ return kind.startsWith('webgl') ? null : old.call(this, kind, ...rest); })"
                  "(HTMLCanvasElement.prototype.getContext);")  # fmt: skip
    assert len(names(page)) == 50
    expect(page.locator("#map")).to_contain_text("cannot draw the map")
    expect(page.locator("#legend")).to_be_hidden()
    expect(page.get_by_label("List only these")).not_to_be_checked()
    page.locator("#list button").first.click()
    expect(page.locator("#site h2")).to_be_visible()


def test_without_scripts_there_is_a_way_on(opened: Open) -> None:
    """Without JavaScript the page leads to the lists."""
    page = opened("/map", javascript=False)
    page.get_by_role("link", name="all sites with their scores").click()
    expect(page.locator("tbody tr").first).to_be_visible()


@pytest.mark.parametrize("weights", ["weight!release.nothing~2", "cut!release~4000", "weight!release.land~-2",
                                     "gate!owner~1"])  # fmt: skip
def test_weights_that_no_control_can_have(opened: Open, weights: str) -> None:
    """Weights that no slider or switch could be set to are left out and said in the page's own words: the service is
    not asked, and the adopted ranking is shown."""
    page = opened(f"/map?weights={weights}&differs=1")
    expect(page.get_by_role("alert")).to_contain_text(f"weights “{weights}”")
    assert names(page)
    expect(page.locator("#outcome")).to_be_empty()
    expect(page.locator("#differs")).to_be_disabled()


def test_only_what_differs_needs_other_weights(opened: Open) -> None:
    """Back at the adopted weights the box for sites that differ is empty again and out of the address: box and list
    agree."""
    page = opened("/map?weights=weight!release.land~4&differs=1")
    box = page.get_by_label("Only sites whose route would be another")
    expect(page.locator("#list li.differs").first).to_be_visible()
    expect(box).to_be_checked()
    page.get_by_role("button", name="As adopted").press("Enter")
    expect(page.locator("#list li.differs")).to_have_count(0)
    expect(box).not_to_be_checked()
    expect(box).to_be_disabled()
    assert "differs" not in page.url
    page.go_back()
    expect(page.locator("#list li.differs").first).to_be_visible()
    expect(box).to_be_checked()


def test_no_references_are_no_filter(opened: Open) -> None:
    """Commas alone name no site: all are shown."""
    page = opened("/map?ids=,,")
    assert len(names(page)) > 1


def test_another_ranking_is_a_list_like_the_adopted(opened: Open, web: Web) -> None:
    """By other weights too the list is in the order it says, ranked or not, and says how many sites have no place, also
    of those alone that differ; its shares are the same as the sentences'."""
    page = opened("/map?weights=cut!coverage~10&site=NCL-RRP03")
    expect(page.locator("#site")).to_contain_text("35.6, 87% known")
    expect(page.locator("#outcome")).to_contain_text("another route")
    expect(page.locator("#count")).to_contain_text("no known place")
    said = page.locator("#list li").evaluate_all("all => all.map(one => one.querySelector('.score').textContent)")
    scores = [float(one) if one != "not known" else -1.0 for one in said]
    assert scores == sorted(scores, reverse=True)
    features = web.json("/collections/candidates/items?limit=1000")["features"]
    nowhere = {one["id"] for one in features if one["geometry"] is None}
    page.get_by_label("Only sites whose route would be another").press("Space")
    expect(page.locator("#list li:not(.differs)")).to_have_count(0)
    while page.locator("#following").is_visible():
        before = page.locator("#list li").count()
        page.locator("#following").press("Enter")
        expect(page.locator("#list li")).not_to_have_count(before)
    listed = page.locator("#list li").evaluate_all("all => all.map(one => one.dataset.ref)")
    without = len(nowhere & set(listed))
    assert without
    expect(page.locator("#count")).to_contain_text(f"{len(listed)} sites; {without} ")


def test_an_address_with_what_is_not_there(opened: Open) -> None:
    """Values that no field takes are left out, said, and the rest is shown; a site that is not known is said too."""
    page = opened("/map?route=nowhere&layers=moon&weights=abc&borough=Camden&site=NCL-NOPE", refused=404)
    assert names(page)
    said = page.get_by_role("alert")
    for one in ("route “nowhere”", "layers “moon”", "weights “abc”"):
        expect(said).to_contain_text(one)
    expect(said).not_to_contain_text("Camden")
    expect(page.locator("#list li").first).to_contain_text("Camden")
    expect(page.locator("#site")).to_contain_text("No such site")


def test_back_and_forward_of_a_site(opened: Open) -> None:
    """Back closes a site that was chosen, forward shows it again, with its days in words; nothing is said to be
    wrong."""
    page = opened("/map?q=NCL-RRP03")
    names(page)
    page.locator("#list button").first.press("Enter")
    expect(page.locator("#site")).to_contain_text("St Ann's Hospital")
    assert not re.search(r"\d{4}-\d\d", page.locator("#site").inner_text())
    page.go_back()
    expect(page.locator("#site")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#site")).to_contain_text("St Ann's Hospital")
    expect(page.locator("#left-out")).to_be_hidden()


def test_the_first_view_is_light(browser: Browser, served: str) -> None:
    """All that the map's first view loads is less than a megabyte, as it comes over the wire."""
    context = browser.new_context()
    page = context.new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(sum(
        request.sizes()[name] for name in ("responseBodySize", "responseHeadersSize"))))  # fmt: skip
    page.goto(f"{served}/map")
    names(page)
    page.wait_for_load_state("networkidle")
    context.close()
    assert 200_000 < sum(sizes) < 1_000_000


def test_what_is_spoken_is_understood(opened: Open) -> None:
    """To somebody who hears the page the box below the map says what these are, a slider is told once, and arrows that
    are only seen are not read out."""
    page = opened("/map?weights=weight!release.land~4")
    expect(page.get_by_role("checkbox", name="List only these sites on this part of the map")).to_be_visible()
    expect(page.locator("#weights output:not([aria-live=off])")).to_have_count(0)
    moved = page.locator("#list .down").first
    expect(moved).to_be_visible()
    assert "▼" not in moved.locator("xpath=ancestor::li").aria_snapshot()
    page = opened("/sites/NCL-RRP03")
    assert "›" not in page.get_by_role("navigation", name="Breadcrumb").aria_snapshot()
