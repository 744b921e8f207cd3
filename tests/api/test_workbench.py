"""The map's page: everything that its script needs, from this service alone, and nothing that is withheld."""

import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.errors import BadInput
from estates_api.settings import ROOT, Basemap, read_settings
from estates_api.store.database import transaction

HTML = {"Accept": "text/html"}


def described(page: str) -> dict[str, object]:
    """What the page tells its script."""
    found = re.search(r'<script type="application/json" id="described">(.*?)</script>', page, re.DOTALL)
    assert found
    whole: dict[str, object] = json.loads(found[1])
    return whole


def test_the_page_has_what_its_script_needs(api: TestClient) -> None:
    """Styles of every collection, the criteria, groups and gates of the method in force, and where the area is."""
    page = api.get("/map", headers=HTML)
    told = described(page.text)
    groups = [one for score in api.get("/methods/ncl-1").json()["scores"] for one in score["groups"]]
    criteria = [one["id"] for group in groups for one in group["criteria"]]
    assert page.status_code == 200
    assert {"candidates", "boroughs", "designations"} <= set(told["styles"])  # type: ignore[call-overload]
    assert [one["id"] for one in told["criteria"]] == criteria  # type: ignore[attr-defined]
    assert {one["id"]: one["adopted"] for one in told["cuts"]} == {  # type: ignore[attr-defined]
        "release": 47, "reuse": 55, "coverage": 50
    }  # fmt: skip
    assert told["box"] == pytest.approx([-0.305, 51.513, -0.01, 51.692], abs=0.005)


def test_nothing_is_loaded_from_elsewhere(api: TestClient) -> None:
    """The page's policy lets the browser ask this service only, run its scripts only, and none that stands in the page;
    every address in the page is of this service."""
    page = api.get("/map", headers=HTML)
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "http:" not in policy
    addresses = re.findall(r'(?:src|href)="(.*?)"', page.text)
    assert all(one.startswith(("http://testserver/", "/", "#")) for one in addresses)
    assert not re.search(r"<script(?![^>]*(?:src=|application/json))", page.text)


def test_scripts_are_kept_by_browsers_until_they_change(api: TestClient) -> None:
    """A script is asked for with its hash and may be kept for good; without it, it is asked for anew each time.
    MapLibre comes from its package."""
    page = api.get("/map", headers=HTML).text
    asked = re.findall(r'(?:src|href|data-library)="(http://testserver/map/[^"]+\?\w+)"', page)
    assert {one.rpartition("/")[2].partition("?")[0] for one in asked} == {
        "maplibre-gl.js", "maplibre-gl.css", "map.css", "app.js"
    }  # fmt: skip
    for one in asked:
        answer = api.get(one)
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
    # What the script loads besides is fetched with it, not one after the other.
    loaded = set(re.findall(r'rel="modulepreload" href="http://testserver/map/([^"]+)"', page))
    assert loaded == {path.name for path in (ROOT / "estates_api/web/map").glob("*.js")} - {"app.js", "near.js"}
    plain = api.get("/map/service.js")
    assert plain.headers["content-type"].startswith("text/javascript")
    assert plain.headers["cache-control"] == "no-cache"
    assert api.get("/map/service.js", headers={"If-None-Match": plain.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fmap.html", "app.js%00", "__init__.py"])
def test_nothing_else_is_served(api: TestClient, name: str) -> None:
    """Only the map's own files and the two of MapLibre are served from there."""
    assert api.get(f"/map/{name}").status_code == 404


def test_a_criterion_is_told_of_every_site(api: TestClient) -> None:
    """Each site that was assessed has the share of its points where the measure is known, as its own address says."""
    told = api.get("/assessments/latest/criteria/release.vacancy").json()
    found = api.get("/collections/candidates/items?limit=1000").json()["features"]
    assert set(told["sites"]) == {feature["id"] for feature in found}
    for ref in ("NCL-RRP03", "NCL-RAN01", "NCL-BARNET-001"):
        (part,) = [one for one in api.get(f"/sites/{ref}").json()["release"]["contributions"]
                   if one["criterion"] == told["criterion"]]  # fmt: skip
        assert told["sites"][ref] == (part["value"] if part["state"] == "known" else None)
    assert api.get("/assessments/latest/criteria/release.nothing").status_code == 404


def test_a_criterion_is_told_of_no_withheld_site(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """A site that the caller may not see is not among them."""
    with transaction(loaded) as connection:
        connection.execute(text("DELETE FROM site_public WHERE ref = 'NCL-RRP03'"))
    told = make_api(loaded).get("/assessments/latest/criteria/release.vacancy").json()
    assert "NCL-RRP03" not in told["sites"]


def test_sites_stand_side_by_side(api: TestClient) -> None:
    """Two to four sites, as JSON and as a page with a column for each; a withheld or unknown one is not found."""
    told = api.get("/compare?sites=NCL-RRP03,NCL-RAN01").json()
    page = api.get("/compare?sites=NCL-RRP03,NCL-RAN01", headers=HTML).text
    assert [one["ref"] for one in told["sites"]] == ["NCL-RRP03", "NCL-RAN01"]
    assert page.count("St Ann's Hospital".replace("'", "&#39;")) >= len(told["tables"])
    assert api.get("/compare?sites=NCL-RRP03,NCL-NOPE").status_code == 404
    for wrong in ({"sites": one} for one in ("NCL-RRP03", "NCL-RRP03,NCL-RRP03", "a,b,c,d,e")):
        assert api.get("/compare", params=wrong).status_code == 400
    assert "?sites=A,B" in api.get("/compare").json()["detail"]


def test_every_page_says_the_same_of_what_is_known(api: TestClient) -> None:
    """Seven eighths are 87% everywhere: no page says more is known than is. Months of notes stand in words."""
    site = api.get("/sites/NCL-RRP03", headers=HTML).text
    assert api.get("/sites/NCL-RRP03").json()["reuse"]["coverage"] == 0.875
    assert "87% of it rests on evidence" in site
    assert "800 homes, March 2018" in site
    assert "2018-03<" not in site
    assert "87%" in api.get("/compare?sites=NCL-RRP03,NCL-RAN01", headers=HTML).text


def test_a_base_map_is_asked_of_its_host_alone(reading: Engine, make_api: Callable[..., TestClient]) -> None:
    """A base map that is configured is told to the script with whom to credit, and its host may be asked besides."""
    basemap = Basemap("https://tiles.example.org/os/{z}/{x}/{y}.png", "Contains OS data")
    page = make_api(reading, basemap=basemap).get("/map", headers=HTML)
    assert described(page.text)["basemap"] == {"url": basemap.url, "credit": "Contains OS data"}
    assert "img-src 'self' data: blob: https://tiles.example.org;" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("url", "credit", "wrong"),
    [("ftp://a/{z}/{x}/{y}", "A", "BASEMAP_URL"), ("https://a/{z}/{x}.png", "A", "BASEMAP_URL"),
     ("https://a b/{z}/{x}/{y}", "A", "BASEMAP_URL"), ("https://a/{z}/{x}/{y};script-src *", "A", "BASEMAP_URL"),
     ("https://a/{z}/{x}/{y}", "", "BASEMAP_CREDIT")],
)  # fmt: skip
def test_a_base_map_that_cannot_be_is_refused(url: str, credit: str, wrong: str) -> None:
    """What is no address of tiles, or could end its place in the page's policy, is refused by name; so is no credit."""
    with pytest.raises(BadInput, match=wrong):
        read_settings({"ESTATES_BASEMAP_URL": url, "ESTATES_BASEMAP_CREDIT": credit})
