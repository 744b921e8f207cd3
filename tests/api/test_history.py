"""History: any moment by as-of and known-at, on every route that tells of sites; merged and withdrawn sites."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.store.audit import add_audit
from estates_api.store.database import transaction
from estates_api.store.projection import refresh_projection
from estates_api.store.sites import list_sites
from estates_api.store.touched import open_touched, touch_sites
from estates_api.workflows.history import KEPT, _kept
from estates_api.workflows.ingest import Ingested

Make = Callable[..., TestClient]
HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]
Get = Callable[[str], Any]

KEY = "the-key-of-the-tests"
REF = "NCL-RRP03"
TODAY = datetime.now(UTC).date()
OLD, MIDDLE, SURVIVOR = "NCL-TAF72", "NCL-TAF65", "NCL-TAF01"


def moment_of(engine: Engine) -> str:
    """The moment it is by the database's clock."""
    with transaction(engine) as connection:
        at: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def set_fate(engine: Engine, ref: str, kind: str, survivor: str | None = None, reason: str = "it is one place") -> None:
    """Record what became of a site, moving its holdings to the survivor."""
    with transaction(engine) as connection:
        open_touched(connection)
        values = {"ref": ref, "kind": kind, "survivor": survivor, "reason": reason}
        connection.execute(text("INSERT INTO fate (ref, kind, survivor, reason, actor) "
                                "VALUES (:ref, :kind, :survivor, :reason, 'a steward')"), values)  # fmt: skip
        if survivor:
            moved = "UPDATE holding SET site_ref = :survivor WHERE site_ref = :ref RETURNING id"
            for number in connection.execute(text(moved), values).scalars().all():
                connection.execute(text("INSERT INTO placement (holding_id, site_ref, evidence) "
                                        "VALUES (:id, :survivor, 'merged')"), values | {"id": number})  # fmt: skip
        touch_sites(connection, [ref, *([survivor] if survivor else [])])
        refresh_projection(connection)
        add_audit(connection, actor="a steward", action=kind, subject=ref, detail={})


def features(client: TestClient, path: str) -> dict[str, dict[str, Any]]:
    """The features of a file or a page, by reference."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return {feature["id"]: feature for feature in answer.json()["features"]}


@pytest.mark.parametrize("collection", ["sites", "candidates"])
def test_as_of_today_is_what_is_shown_now(api: TestClient, collection: str) -> None:
    """What is computed of a moment and what is rendered when it is written are the same, for every site and every
    property, in the same order and with the same geometry."""
    now, then = (features(api, f"/{collection}.geojson{query}") for query in ("", f"?as-of={TODAY}"))
    assert list(then) == list(now)
    for ref, feature in now.items():
        assert then[ref] == feature, ref
        assert list(then[ref]["properties"]) == list(feature["properties"])


def test_the_detail_of_today_is_what_is_shown_now(api: TestClient) -> None:
    """The same for the whole explanation of a site, its holdings included; who is next door is told of now alone."""
    for ref in ("NCL-RAL26", REF, "NCL-RALC7", "NCL-TAF01"):
        then, now = (api.get(f"/sites/{ref}{day}").json() for day in (f"?as-of={TODAY}", ""))
        assert then.pop("assembly")["adjacent"] is None
        assert now.pop("assembly")["adjacent"] == []
        assert then == now


@pytest.mark.parametrize("day", ["2014-03-31", "2015-03-31", "2017-03-31"])
def test_every_route_tells_the_same_of_a_day(api: TestClient, day: str) -> None:
    """Files, pages walked to the end, items, explanations and the assessment agree on which sites there were, and on
    what they came to."""
    whole = features(api, f"/candidates.geojson?as-of={day}")
    walked: dict[str, Any] = {}
    url = f"/collections/candidates/items?as-of={day}&limit=17"
    while url:
        page = api.get(url).json()
        assert page["numberMatched"] == len(whole)
        walked |= {feature["id"]: feature for feature in page["features"]}
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert walked == whole
    assessed = {site["ref"]: site for site in api.get(f"/assessments/latest?as-of={day}").json()["sites"]}
    assert assessed.keys() == whole.keys()
    ref = next(iter(whole))
    item = api.get(f"/collections/candidates/items/{ref}?as-of={day}").json()
    assert {name: item[name] for name in whole[ref]} == whole[ref]
    detail = api.get(f"/sites/{ref}?as-of={day}").json()
    assert {name: detail[name] for name in assessed[ref]} == assessed[ref]
    assert (detail["route"], detail["geometry"]) == (whole[ref]["properties"]["route"], whole[ref]["geometry"])


def test_a_box_of_a_day(api: TestClient) -> None:
    """A box filters the features of another day as it does today's."""
    box = "bbox=-0.15,51.52,-0.1,51.56"
    now = features(api, f"/collections/sites/items?{box}")
    then = features(api, f"/collections/sites/items?{box}&as-of=2015-03-31")
    assert then.keys() == now.keys() & features(api, "/sites.geojson?as-of=2015-03-31").keys()
    assert 0 < len(then) < len(now)


def test_collections_say_since_when(api: TestClient) -> None:
    """A collection's time begins with the first day that any evidence speaks of, and is open."""
    (interval,) = api.get("/collections/sites").json()["extent"]["temporal"]["interval"]
    assert interval[1] is None
    first = interval[0][:10]
    assert features(api, f"/sites.geojson?as-of={first}")
    assert date.fromisoformat(first) <= date(2014, 3, 31)


def test_an_organisation_has_the_name_of_the_day(api: TestClient) -> None:
    """As of 2014 Barnet Hospital is run by the trust of that time, and the reader learns whom it leads to now."""
    holdings = api.get("/sites/NCL-RAL26?as-of=2014-03-31").json()["holdings"]
    (old,) = (holding for holding in holdings if holding["code"] == "RVL01")
    assert (old["organisation"], old["now"]) == ("Barnet and Chase Farm Hospitals NHS Trust", None)
    now = {holding["code"]: holding["now"] for holding in api.get("/sites/NCL-RAL26").json()["holdings"]}
    assert (now["RVL01"], now["RAL26"], now["RRP09"]) == ("RAL", None, "G6V2S")


def test_a_carried_on_holding_is_shown_and_not_added(api: TestClient) -> None:
    """RVL01 is RAL26 under the old code: both stand in the list of holdings, one counts."""
    detail = api.get("/sites/NCL-RAL26?as-of=2015-03-31").json()
    assert {"RVL01", "RAL26"} <= {holding["code"] for holding in detail["holdings"]}
    areas = api.get("/sites/NCL-RAL26/claims?attribute=gia_m2&as-of=2015-03-31").json()["claims"]
    counted = sum(claim["value"] for claim in areas if claim["wins"] and claim["holding"] != "RVL01")
    assert detail["gia_m2"] == pytest.approx(counted)


@pytest.fixture
def corrected(loaded: Engine, hand_in: HandIn, template: Template) -> tuple[Engine, str]:
    """A database in which St Ann's was corrected and a new site came in after a moment."""
    before = moment_of(loaded)
    rows = [
        {"organisation_code": "RRP", "organisation_name": "BEH", "holding_code": "RRP03", "name": "St Ann's",
         "gia_m2": 11_111},
        {"holding_code": "RZ1NEW", "name": "A New Place", "postcode": "NW3 2QG", "gia_m2": 222},
    ]  # fmt: skip
    constants = {"source": "correction", "label": "2026", "period_end": "2017-06-30"}
    hand_in(loaded, "correction.csv", template(*(row | constants for row in rows)))
    return loaded, before


def test_known_at_is_what_we_would_have_answered(
    corrected: tuple[Engine, str], make_api: Make, reading: Engine
) -> None:
    """Nothing handed in later is used: every route answers as it did before, for the same day of the data."""
    engine, before = corrected
    now, untouched = make_api(engine), make_api(reading)
    assert now.get(f"/sites/{REF}?as-of=2017-12-31").json()["gia_m2"] == 11_111
    then = now.get(f"/sites/{REF}?as-of=2017-12-31&known-at={before}").json()
    assert then["gia_m2"] == untouched.get(f"/sites/{REF}?as-of=2017-12-31").json()["gia_m2"] == 14_155
    for path in ("/sites.geojson", "/candidates.geojson", "/collections/sites/items", "/assessments/latest"):
        query = "?as-of=2017-12-31"
        answered = now.get(f"{path}{query}&known-at={before}").json()
        expected = untouched.get(f"{path}{query}").json()
        for content in (answered, expected):
            content.pop("links", None), content.pop("timeStamp", None), content.pop("known_at", None)
        assert answered == expected, path


def test_a_site_that_was_not_known_yet(corrected: tuple[Engine, str], make_api: Make) -> None:
    """Before it came into the catalogue a site is 404, and the answer says when it came."""
    engine, before = corrected
    client = make_api(engine)
    ref = next(ref for ref in features(client, "/sites.geojson") if "RZ1NEW" in ref)
    assert client.get(f"/sites/{ref}").status_code == 200
    for path in (f"/sites/{ref}", f"/sites/{ref}/claims", f"/collections/sites/items/{ref}"):
        answer = client.get(f"{path}?known-at={before}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert f"{ref} was not known at" in answer.json()["detail"]
    assert ref not in features(client, f"/sites.geojson?known-at={before}")
    early = client.get(f"/sites/{ref}?as-of=2015-01-01").json()["detail"]
    assert early == f"nothing is known of {ref} as of 2015-01-01"


def test_a_day_of_known_at_is_its_end(corrected: tuple[Engine, str], make_api: Make) -> None:
    """`known-at` of today is everything known by now; of a day before anything was handed in, nothing."""
    client = make_api(corrected[0])
    assert features(client, f"/sites.geojson?known-at={TODAY}") == features(client, f"/sites.geojson?as-of={TODAY}")
    assert features(client, "/sites.geojson?known-at=2001-01-01") == {}


@pytest.fixture(scope="module")
def merged(make_loaded: Callable[[], Engine]) -> tuple[Engine, str]:
    """A database in which one site became part of a second, and that of a third, after a moment."""
    engine = make_loaded()
    before = moment_of(engine)
    set_fate(engine, OLD, "merged", MIDDLE)
    set_fate(engine, MIDDLE, "merged", SURVIVOR)
    set_fate(engine, "NCL-TAF41", "withdrawn", reason="it was never NHS land")
    return engine, before


PATHS = ["/sites/{}", "/sites/{}/claims", "/collections/sites/items/{}", "/collections/candidates/items/{}"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_merged_site_leads_to_its_survivor(
    merged: tuple[Engine, str], make_api: Make, path: str, method: str
) -> None:  # fmt: skip
    """301 to the end of the chain at once, at the public address, with the question that was asked."""
    client = make_api(merged[0], public_url="https://estates.example.org/base")
    for ref in (OLD, MIDDLE):
        answer = client.request(method, path.format(ref), follow_redirects=False)
        there = "https://estates.example.org/base" + path.format(SURVIVOR)
        assert (answer.status_code, answer.headers["location"]) == (301, there)
        asked = client.request(method, path.format(ref) + "?as-of=2015-03-31", follow_redirects=False)
        assert (asked.status_code, asked.headers["location"]) == (301, there + "?as-of=2015-03-31")
        assert client.options(path.format(ref)).status_code == 204


def test_the_survivor_has_their_holdings(merged: tuple[Engine, str], make_api: Make) -> None:
    """What stood at the merged sites stands at the survivor, in no collection twice; their codes lead there."""
    client = make_api(merged[0])
    codes = {holding["code"] for holding in client.get(f"/sites/{SURVIVOR}").json()["holdings"]}
    assert {"TAF01", "TAF65", "TAF72"} <= codes
    for query in ("", "?as-of=2017-03-31"):
        assert not {OLD, MIDDLE} & features(client, f"/sites.geojson{query}").keys()
    assert client.get("/sites/TAF72", follow_redirects=False).headers["location"].endswith(f"/sites/{SURVIVOR}")


@pytest.mark.parametrize("path", PATHS)
def test_before_the_merger_was_known_it_answers_as_it_was(
    merged: tuple[Engine, str], make_api: Make, path: str
) -> None:  # fmt: skip
    """Known before the merger the old site stands with its holdings, and the survivor without them."""
    engine, before = merged
    client = make_api(engine)
    for ref, code in ((OLD, "TAF72"), (MIDDLE, "TAF65")):
        answer = client.get(f"{path.format(ref)}?known-at={before}", follow_redirects=False)
        assert answer.status_code == 200, answer.text
        assert code in answer.text if "items" not in path else ref in answer.text
    then = client.get(f"/sites/{SURVIVOR}?known-at={before}").json()
    assert "TAF72" not in {holding["code"] for holding in then["holdings"]}
    assert {OLD, MIDDLE} <= features(client, f"/sites.geojson?known-at={before}").keys()


@pytest.mark.parametrize("path", PATHS)
def test_a_withdrawn_site_is_gone(merged: tuple[Engine, str], make_api: Make, path: str) -> None:
    """410 with the reason, for every day of the data; known before that, it stands."""
    engine, before = merged
    client = make_api(engine)
    for query in ("", "?as-of=2017-03-31"):
        answer = client.get(path.format("NCL-TAF41") + query)
        assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
        assert "it was never NHS land" in answer.json()["detail"]
    assert client.get(f"{path.format('NCL-TAF41')}?known-at={before}").status_code == 200
    assert "NCL-TAF41" not in features(client, "/sites.geojson")
    assert "NCL-TAF41" not in features(client, "/sites.geojson?as-of=2017-03-31")


def test_a_restored_site_stands_again(loaded: Engine, make_api: Make) -> None:
    """The newest word counts; at a moment in between it was gone."""
    set_fate(loaded, "NCL-TAF41", "withdrawn", reason="a mistake")
    between = moment_of(loaded)
    set_fate(loaded, "NCL-TAF41", "restored", reason="the mistake was ours")
    client = make_api(loaded)
    assert client.get("/sites/NCL-TAF41").status_code == 200
    gone = client.get(f"/sites/NCL-TAF41?known-at={between}")
    assert (gone.status_code, "a mistake" in gone.json()["detail"]) == (410, True)


def test_what_became_of_a_site_is_not_told_to_others(
    loaded: Engine, hand_in: HandIn, template: Template, make_api: Make
) -> None:
    """Where the survivor is withheld, the old reference answers the public as one that never was, at every moment."""
    row = {"organisation_code": "TAF", "organisation_name": "C&I", "holding_code": "TAF01", "name": "St Pancras",
           "gia_m2": 1}  # fmt: skip
    hand_in(loaded, "private.csv", template(row), sensitivity="owner")
    before = moment_of(loaded)
    set_fate(loaded, OLD, "merged", SURVIVOR)
    public, keyed = make_api(loaded), make_api(loaded, key=KEY)
    for path in PATHS:
        for query in ("", "?as-of=2015-03-31", f"?known-at={before}"):
            answer = public.get(path.format(OLD) + query, follow_redirects=False)
            never = public.get(path.format("NCL-NOTHING") + query)
            expected = never.text.replace("NCL-NOTHING", OLD)
            assert (answer.status_code, answer.text) == (404, expected), path + query
        assert keyed.get(path.format(OLD), follow_redirects=False).status_code == 301


def test_pages_of_a_moment_are_of_one_state(
    loaded: Engine, hand_in: HandIn, template: Template, make_api: Make
) -> None:
    """What is kept of a moment is of the state of the data it was computed from: a new edition is seen at once."""
    client = make_api(loaded)
    first = features(client, "/sites.geojson?as-of=2017-03-31")
    assert features(client, "/sites.geojson?as-of=2017-03-31") == first
    hand_in(loaded, "new.csv", template({"holding_code": "RZ1NOW", "name": "Now", "period_end": "2017-01-31",
                                         "postcode": "NW3 2QG", "gia_m2": 5}))  # fmt: skip
    assert len(features(client, "/sites.geojson?as-of=2017-03-31")) == len(first) + 1


def test_few_moments_are_kept(reading: Engine, area: Area, api: TestClient) -> None:
    """However many moments are asked about, a process keeps a handful of them: memory is bounded."""
    for day in range(1, KEPT + 4):
        assert api.get(f"/collections/sites/items?limit=1&as-of=2015-04-{day:02}").status_code == 200
    assert len(_kept[reading]) == KEPT


def test_sites_known_at_a_moment_in_the_domain(merged: tuple[Engine, str], area: Area) -> None:
    """The store reads the same: three sites before, one after."""
    engine, before = merged
    with transaction(engine) as connection:
        then = {site.ref: site for site in
                list_sites(connection, date(2017, 3, 31), area, datetime.fromisoformat(before))}  # fmt: skip
        now = {site.ref for site in list_sites(connection, date(2017, 3, 31), area)}
    assert {OLD, MIDDLE, SURVIVOR, "NCL-TAF41"} <= then.keys()
    assert {OLD, MIDDLE, "NCL-TAF41"} & now == set()
    assert {holding.code for holding in then[OLD].holdings} == {"TAF72"}
