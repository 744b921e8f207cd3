"""Claims: of every figure, which file, which row, what date, and who says otherwise."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested

Make = Callable[..., TestClient]
HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]

KEY = "the-key-of-the-tests"
REF = "NCL-RRP03"


def list_claims(client: TestClient, query: str = "", ref: str = REF) -> list[dict[str, Any]]:
    """The claims of a site, every page of them."""
    found: list[dict[str, Any]] = []
    url = f"/sites/{ref}/claims{query}"
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["claims"]
        assert page["numberReturned"] == len(page["claims"])
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert page["numberMatched"] == len(found)
    return found


def test_every_claim_is_there_once(api: TestClient, reading: Engine) -> None:
    """All claims of all holdings of a site, those that lose and those that say nothing too, whatever the page size."""
    whole = list_claims(api)
    assert list_claims(api, "?limit=7") == whole
    with transaction(reading) as connection:
        stored = connection.execute(
            text("""
            SELECT left(e.sha256, 12), c.line, h.code, c.attribute FROM claim c JOIN holding h ON h.id = c.holding_id
            JOIN edition e ON e.id = c.edition_id WHERE h.site_ref = :ref"""),
            {"ref": REF},
        )
        told = [(one["edition"]["id"], one["row"], one["holding"], one["attribute"]) for one in whole]
        assert sorted(told) == sorted(map(tuple, stored))


def test_a_claim_names_its_file_row_and_day(api: TestClient, reading: Engine) -> None:
    """The floor area of St Ann's: value, unit, meaning, raw text, the file with its SHA-256, the row, the day."""
    newest, *older = list_claims(api, "?attribute=gia_m2&holding=rrp03")
    assert (newest["holding"], newest["organisation_code"], newest["attribute"]) == ("RRP03", "RRP", "gia_m2")
    assert (newest["value"], newest["unit"], newest["meaning"]) == (14155.0, "m2", "gross internal floor area")
    assert (newest["as_of"], newest["authority"], newest["wins"], newest["why_not"]) == (
        "2017-03-31", "official return", True, None
    )  # fmt: skip
    edition = newest["edition"]
    assert (edition["source"], edition["label"]) == ("ERIC", "2016-17")
    assert edition["publisher"]
    assert edition["licence"]
    with transaction(reading) as connection:
        query = text("SELECT e.sha256, e.file_name, c.line, c.raw FROM claim c JOIN edition e ON e.id = c.edition_id "
                     "JOIN holding h ON h.id = c.holding_id WHERE h.code = 'RRP03' AND c.attribute = 'gia_m2' "
                     "AND left(e.sha256, 12) = :id AND c.line = :row")  # fmt: skip
        row = connection.execute(query, {"id": edition["id"], "row": newest["row"]}).one()
    assert (edition["sha256"], edition["file_name"], newest["row"], newest["raw"]) == tuple(row)
    assert [claim["as_of"] for claim in older] == ["2015-03-31", "2014-03-31"]
    told = f"older: ERIC 2016-17 row {newest['row']} speaks of a later day"
    assert all((claim["wins"], claim["why_not"]) == (False, told) for claim in older)


def test_one_of_a_kind_wins_at_most(api: TestClient) -> None:
    """Of each attribute of each holding at most one claim wins, and every other is told why not."""
    for ref in (REF, "NCL-TAF10", "NCL-RAL26"):
        claims = list_claims(api, ref=ref)
        winners = [(c["organisation_code"], c["holding"], c["attribute"]) for c in claims if c["wins"]]
        assert len(winners) == len(set(winners))
        assert all((claim["why_not"] is None) == claim["wins"] for claim in claims)


def test_what_is_implausible_says_why(api: TestClient) -> None:
    """19 Aberdeen Park's 103 ha stand there with the reason why nobody believes them."""
    (wrong,) = (c for c in list_claims(api, "?attribute=land_owned_ha", "NCL-TAF10") if c["value"] == 103)
    assert wrong["wins"] is False
    assert wrong["implausible"]
    assert wrong["why_not"] == f"implausible: {wrong['implausible']}"


def test_claims_as_of_a_day(api: TestClient) -> None:
    """As of 2015 only what speaks of a day up to then is there, and the return of 2015 wins."""
    claims = list_claims(api, "?attribute=gia_m2&as-of=2015-03-31")
    assert [(claim["as_of"], claim["wins"]) for claim in claims if claim["holding"] == "RRP03"] == [
        ("2015-03-31", True), ("2014-03-31", False)
    ]  # fmt: skip
    missing = api.get(f"/sites/{REF}/claims?as-of=1990-01-01")
    assert missing.json()["detail"] == f"nothing is known of {REF} as of 1990-01-01"


@pytest.mark.parametrize(
    ("query", "word"),
    [("attribute=charm", "attribute"), ("limit=0", "limit"), ("colour=red", "colour"), ("cursor=!", "cursor"),
     ("cursor=MQ", "cursor"), ("as-of=soon", "as-of"), ("known-at=9999-12-31", "known-at")],
)  # fmt: skip
def test_what_cannot_be_read_is_a_400(api: TestClient, query: str, word: str) -> None:
    """A wrong filter, page or day is a problem document that names it."""
    answer = api.get(f"/sites/{REF}/claims?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert word in answer.json()["detail"]


def test_codes_and_unknown_sites(api: TestClient) -> None:
    """A holding code leads to the claims of its site; what nobody knows is 404."""
    answer = api.get("/sites/RVL01/claims?attribute=gia_m2", follow_redirects=False)
    assert answer.headers["location"] == "http://testserver/sites/NCL-RAL26/claims?attribute=gia_m2"
    for ref in ("NCL-NOTHING", "%00", "NOTHING"):
        assert api.get(f"/sites/{ref}/claims").status_code == 404


@pytest.fixture(scope="module")
def corrected(make_loaded: Callable[[], Engine], hand_in: HandIn, template: Template) -> Engine:
    """A database in which a person corrected a figure of St Ann's, and a later return repeated the mistake."""
    engine = make_loaded()
    row = {"organisation_code": "RRP", "organisation_name": "BEH", "holding_code": "RRP03", "name": "St Ann's Hospital"}
    correction = {"source": "correction", "label": "May 2020", "period_end": "2017-03-31", "gia_m2": 12_345,
                  "citation": "A. Surveyor, measured survey of May 2020"}  # fmt: skip
    hand_in(engine, "correction.csv", template(row | correction))
    hand_in(engine, "later.csv", template(row | {"source": "ERIC", "label": "2018-19", "period_end": "2019-03-31",
                                                 "gia_m2": 99_999}))  # fmt: skip
    hand_in(engine, "list.csv", template(row | {"period_end": "2020-03-31", "gia_m2": 5}))
    return engine


def test_a_correction_wins_over_all_and_says_who(corrected: Engine, make_api: Make) -> None:
    """A person's correction stands over later returns and lists, and is shown with who made it and when."""
    client = make_api(corrected)
    first, *others = list_claims(client, "?attribute=gia_m2&holding=RRP03")
    assert (first["value"], first["wins"], first["authority"]) == (12_345, True, "a person's correction")
    assert first["corrected"]["by"] == "A. Surveyor, measured survey of May 2020"
    assert first["corrected"]["handed_in_by"] == "command line"
    assert first["corrected"]["at"] == first["edition"]["known_at"]
    told = f"corrected by a person: correction May 2020 row {first['row']}"
    assert len(others) == 5
    assert {claim["why_not"] for claim in others} == {told}
    assert {claim["corrected"] for claim in others} == {None}
    assert {claim["authority"] for claim in others} == {"official return", "list"}


def test_a_correction_stands_in_every_return(corrected: Engine, make_api: Make) -> None:
    """Quotients of the newest return are taken with the corrected figure."""
    assert make_api(corrected).get(f"/sites/{REF}?as-of=2019-06-01").json()["gia_m2"] == 12_345


def test_sources_of_a_site(api: TestClient) -> None:
    """`explain=sources` gives the detail, and for each figure of it the file, the row, the date and who says
    otherwise."""
    plain, told = api.get(f"/sites/{REF}").json(), api.get(f"/sites/{REF}?explain=sources").json()
    sources = told.pop("sources")
    assert told == plain
    site = sources["site"]
    assert site.keys() == {"name", "address", "postcode", "position", "gia_m2", "land_ha"}
    assert (site["gia_m2"]["value"], site["land_ha"]["value"]) == (plain["gia_m2"], plain["land_ha"])
    assert sum(source["value"] for source in site["gia_m2"]["sources"]) == plain["gia_m2"]
    assert {source["as_of"] for source in site["gia_m2"]["others"]} == {"2014-03-31", "2015-03-31"}
    assert all(source["why_not"].startswith("older: ") for source in site["gia_m2"]["others"])
    assert all(source["file_name"] and len(source["sha256"]) == 64 for source in site["gia_m2"]["sources"])
    assert site["name"]["value"] == plain["site"]["name"]
    assert site["name"]["judged_by"]
    assert site["name"]["judged_by"][0]["evidence"]
    assert site["postcode"]["judged_by"][0]["edition"] == "Places NCL"
    assert site["position"]["how"] == f"the position of the postcode {plain['site']['postcode']} (Postcodes 2025)"
    held = {(holding["organisation_code"], holding["code"]): holding["attributes"] for holding in sources["holdings"]}
    assert held["RRP", "RRP03"]["gia_m2"]["value"] == 14_155
    assert held["RRP", "RRP03"]["gia_m2"]["source"]["edition"] == "ERIC 2016-17"
    assert [other["value"] for other in held["RRP", "RRP03"]["gia_m2"]["others"]] == [25_314.0, 26_116.0]


def test_sources_cover_what_every_site_shows(api: TestClient) -> None:
    """For every site the parts of its floor area add up to the figure shown, and its land names what it rests on."""
    shown = {feature["id"]: feature["properties"] for feature in api.get("/sites.geojson").json()["features"]}
    for ref in list(shown)[::6]:
        site = api.get(f"/sites/{ref}?explain=sources").json()["sources"]["site"]
        area = sum(source["value"] for source in site["gia_m2"]["sources"]) or None
        assert area == pytest.approx(shown[ref]["gia_m2"], abs=0.06), ref
        assert bool(site["land_ha"]["sources"]) == (shown[ref]["land_ha"] is not None), ref
        for name in ("name", "address", "postcode"):
            assert site[name]["value"] == shown[ref][name]
            assert site[name]["value"] is None or site[name]["judged_by"] or site[name]["sources"], (ref, name)


def test_sources_as_of_a_day(api: TestClient) -> None:
    """The sources of another day are those of its figures."""
    told = api.get(f"/sites/{REF}?explain=sources&as-of=2014-03-31").json()
    assert told["sources"]["site"]["gia_m2"]["value"] == told["gia_m2"] == 26_116
    assert told["sources"]["site"]["gia_m2"]["others"] == []
    assert api.get(f"/sites/{REF}?explain=charm").status_code == 400


def test_claims_of_a_withheld_site_are_withheld(
    loaded: Engine, hand_in: HandIn, template: Template, make_api: Make
) -> None:
    """A private edition's claims never come out to the public: the site is withheld whole, at every moment."""
    row = {"organisation_code": "RRP", "organisation_name": "BEH", "holding_code": "RRP03", "name": "Quiet Sale",
           "gia_m2": 7_777}  # fmt: skip
    hand_in(loaded, "private.csv", template(row), sensitivity="owner")
    public, keyed = make_api(loaded), make_api(loaded, key=KEY)
    for query in ("", "?attribute=gia_m2", "?as-of=2015-03-31", "?known-at=2026-01-01"):
        answer = public.get(f"/sites/{REF}/claims{query}")
        assert (answer.status_code, answer.json()["detail"]) == (404, f"there is no site {REF}")
    assert public.get(f"/sites/{REF}?explain=sources").status_code == 404
    assert "Quiet Sale" in keyed.get(f"/sites/{REF}/claims").text


def test_a_claim_of_a_day_to_come_does_not_count_yet(
    loaded: Engine, hand_in: HandIn, template: Template, make_api: Make
) -> None:
    """It is listed, and says why it does not win."""
    row = {"organisation_code": "RRP", "organisation_name": "BEH", "holding_code": "RRP03", "name": "St Ann's",
           "period_end": "2099-03-31", "gia_m2": 7_777, "source": "ERIC", "label": "2098-99"}  # fmt: skip
    hand_in(loaded, "plan.csv", template(row))
    (planned,) = (c for c in list_claims(make_api(loaded), "?attribute=gia_m2") if c["value"] == 7_777)
    assert (planned["wins"], planned["why_not"]) == (False, "it speaks of a day to come, 2099-03-31")
