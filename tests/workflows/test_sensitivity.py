"""Sensitivity: what rests on a partner's or an owner's file is not public, by any route, not even by a count."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.keys import parse_holder
from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.errors import BadInput
from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.keys import create_key

HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]
Make = Callable[..., TestClient]

HIDDEN = "NCL-RRP03"  # St Ann's: listed in March 2015, and in every collection
NAME = "St Ann's Hospital"
ROW = {"organisation_code": "RRP", "organisation_name": "Barnet, Enfield and Haringey", "holding_code": "RRP03",
       "name": NAME}  # fmt: skip
NEW = {"holding_code": "RZ1SECRET", "name": "Secret Depot", "postcode": "NW3 2QG", "gia_m2": 500}
EVENTS = "site_name,event,event_date,holding_code,source_url\nSt Ann's Hospital,sold,2026,RRP03,https://example.org\n"

FILES: dict[str, Callable[[Template], bytes]] = {
    "a claim": lambda template: template(
        ROW | {"backlog_high_gbp": 7_654_321, "source": "correction", "period_end": "2026-01-01"}
    ),
    "a row without values": lambda template: template(ROW | {"name": "Plot For Quiet Sale", "gia_m2": ""}),
    "an interest": lambda template: template(ROW | {"interest": "freeholder"}),
    "an event": lambda _: EVENTS.encode(),
    "a judgement": lambda _: (
        b"place,place_name,postcode,address,organisation_code,holding_code,evidence\n"
        b"RRP03,Plot For Quiet Sale,N15 3TH,,RRP,RRP03,a private letter\n"
    ),
}


@contextmanager
def as_role(engine: Engine, audience: str) -> Iterator[Callable[[str], list[Any]]]:
    """Queries under the database role of an audience."""
    with transaction(engine) as connection:
        connection.execute(text(f"SET LOCAL ROLE estates_{audience}"))
        yield lambda query: list(connection.execute(text(query)).scalars())


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(("sensitivity", "seen_by"), [("partner", {"partner", "complete"}), ("owner", {"complete"})])
def test_a_site_it_touches_is_withheld(
    loaded: Engine, hand_in: HandIn, template: Template, kind: str, sensitivity: str, seen_by: set[str]
) -> None:
    """Whatever a partner's or owner's file says of a site (a value, an owner, an event, where it stands), the site
    leaves the tables of those it is not for, at once and for every old view."""
    hand_in(loaded, "private.csv", FILES[kind](template), sensitivity=sensitivity)
    for audience in ("public", "partner", "complete"):
        with as_role(loaded, audience) as ask:
            assert (HIDDEN in ask(f"SELECT ref FROM site_{audience}")) == (audience in seen_by)


def test_a_public_file_does_not_reveal_it_again(loaded: Engine, hand_in: HandIn, template: Template) -> None:
    """A holding that was handed in as private stays so when a public file names it later."""
    hand_in(loaded, "private.csv", template(NEW | {"gia_m2": ""}), sensitivity="owner")
    hand_in(loaded, "public.csv", template(NEW | {"gia_m2": 600}))
    with as_role(loaded, "public") as ask:
        assert "NCL-RZ1SECRET" not in ask("SELECT ref FROM site_public")


def test_organisations_are_public(loaded: Engine, hand_in: HandIn) -> None:
    """Organisations (practices, trusts, councils) have no rows of their own to withhold, so a private list of them
    is refused with what to do."""
    content = "code,name,sector,kind,status\nRZ9,Quiet Trust,NHS,NHS trust,active\n"
    with pytest.raises(BadInput, match=r"orgs\.csv: a list of organisations is public"):
        hand_in(loaded, "orgs.csv", content, insisted="organisations", sensitivity="partner")


PLOTS = """Trust code,Trust name,Plot reference,Area (ha),Status,Sensitive,Postcode
RAL,Royal Free London,PL1,0.7,Surplus,No,N15 3TH
RRP,"Barnet, Enfield and Haringey",PL2,0.9,Surplus,Yes,N15 3TH
RZ7,Quiet Trust,PL3,1.9,Surplus,,N10 3JG
"""
OPEN_PLOT = "Trust code,Trust name,Plot reference,Area (ha),Status,Sensitive\nRZ7,Loud Trust,PL4,0.2,Surplus,No\n"


def test_an_organisation_that_private_rows_alone_name_is_private(
    loaded: Engine, hand_in: HandIn, make_api: Make
) -> None:
    """Of a public file of plots, whose the sensitive ones are is not told: neither by an organisation that nothing else
    names, nor by a name that the file uses for one that is known. A public row tells it."""
    hand_in(loaded, "plots-2025-26.csv", PLOTS)
    public, keyed = make_api(loaded), make_api(loaded, key="the-key-of-the-tests")
    used = {code: "2025-26" in public.get(f"/organisations/{code}").text for code in ("RAL", "RRP")}
    assert used == {"RAL": True, "RRP": False}
    for route in ("/organisations", "/letters", "/issues", "/organisations/RZ7", "/letters/RZ7"):
        assert "Quiet Trust" not in public.get(route).text
    assert [public.get(f"/{what}/RZ7").status_code for what in ("organisations", "letters")] == [404, 404]
    assert keyed.get("/organisations/RZ7").json()["name"] == "Quiet Trust"
    hand_in(loaded, "plots-2026-27.csv", OPEN_PLOT)
    assert public.get("/organisations/RZ7").json()["name"] == "Loud Trust"
    assert "Quiet Trust" not in public.get("/organisations/RZ7").text


def test_whose_sensitive_row_was_not_taken_is_for_its_owner(loaded: Engine, hand_in: HandIn, make_api: Make) -> None:
    """A row that cannot be read is as sensitive as the plot would be: its issue is its owner's, in no answer to others
    and in none of their counts."""
    before = make_api(loaded).get("/issues").json()["counts"]
    refused = "RRP,,,lots,Surplus,Yes,N15 3TH\n"
    hand_in(loaded, "plots-2025-26.csv", PLOTS.partition("RRP")[0] + refused)
    with transaction(loaded) as connection:
        own = create_key(connection, parse_holder("owner", "An Owner", organisation="RRP"))
    public, owner = make_api(loaded), make_api(loaded, key=own)
    edition = public.get("/editions").json()["editions"][0]
    assert (edition["file_name"], edition["counts"], edition["bytes"]) == ("plots-2025-26.csv", None, None)
    where = f"/editions/{edition['id']}/issues"
    assert [one["severity"] for one in public.get(where).json()["issues"]] == []
    assert public.get("/issues").json()["counts"] == before
    told = owner.get(where).json()["issues"]
    assert [(one["severity"], one["organisation"], one["line"]) for one in told] == [("error", "RRP", 3)]


@pytest.fixture(scope="module")
def withheld(
    make_loaded: Callable[[], Engine], hand_in: HandIn, template: Template, draft: Callable[..., Any]
) -> Engine:
    """A loaded database with a private claim on St Ann's and a private site, assessed and drafted again."""
    engine = make_loaded()
    hand_in(engine, "private.csv", FILES["a claim"](template), sensitivity="owner")
    hand_in(engine, "secret.csv", template(NEW), sensitivity="owner")
    for quarter in (quarter_of(datetime.now(UTC).date()), Quarter(2015, 1)):
        with transaction(engine) as connection:
            draft(connection, quarter)
    return engine


# St Ann's, its code, the private figure, the private site and the private files themselves.
TRACES = (NAME, HIDDEN, "RRP03", "7654321.0", "Secret Depot", "RZ1SECRET", "private.csv", "secret.csv")

PUBLIC_ROUTES = [
    "/", "/?f=html", "/collections", "/collections/sites", "/collections/candidates", "/collections/sites/items",
    "/collections/candidates/items", "/collections/sites/items?bbox=-0.2,51.5,0,51.7", "/sites.geojson",
    "/candidates.geojson", "/assessments/latest", "/assessments/latest?as-of=2015-03-31", "/editions", "/openapi.json",
    "/collections/sites/items/NCL-RAL01", "/sites/NCL-RAL01", "/sites/NCL-RAL01?as-of=2015-03-31",
]  # fmt: skip


@pytest.mark.parametrize("route", PUBLIC_ROUTES)
@pytest.mark.parametrize("host", ["192.0.2.7", "127.0.0.1"])
def test_no_route_tells_the_public(withheld: Engine, make_api: Make, route: str, host: str) -> None:
    """No answer without the key names the site, its holding or the private figure, now or as of March 2015."""
    answer = make_api(withheld, host=host).get(route)
    assert answer.status_code == 200
    traces = set(TRACES) - ({"RRP03"} if route == "/openapi.json" else set())  # an example of a code
    assert [trace for trace in traces if trace in answer.text] == []


@pytest.mark.parametrize("host", ["192.0.2.7", "127.0.0.1"])
@pytest.mark.parametrize(
    "route",
    [
        f"/collections/sites/items/{HIDDEN}", f"/collections/candidates/items/{HIDDEN}", f"/sites/{HIDDEN}",
        f"/sites/{HIDDEN}?as-of=2015-03-31", "/sites/RRP03", "/sites/RZ1SECRET",
    ],
)  # fmt: skip
def test_its_own_address_is_unknown(withheld: Engine, make_api: Make, route: str, host: str) -> None:
    """Asked for by reference or holding code, a withheld site is answered exactly like one that never was."""
    answer = make_api(withheld, host=host).get(route, follow_redirects=False)
    never = make_api(withheld, host=host).get(route.replace("RRP03", "NEVER").replace("RZ1SECRET", "NEVER"))
    own = {"content-length": str(len(answer.content)), "x-request-id": answer.headers["x-request-id"]}
    assert (answer.status_code, dict(answer.headers)) == (404, dict(never.headers) | own)
    asked = route.rpartition("/")[2].partition("?")[0]
    assert answer.text == never.text.replace("NCL-NEVER", HIDDEN).replace("NEVER", asked)


@pytest.mark.parametrize("suffix", ["", ".csv", ".geojson", "?f=html", "?as-of=2015-03-31", ".csv?as-of=2015-03-31"])
@pytest.mark.parametrize(("host", "status"), [("192.0.2.7", 401), ("127.0.0.1", 200)])
def test_a_list_does_not_tell(withheld: Engine, make_api: Make, suffix: str, host: str, status: int) -> None:
    """A draft needs the key; on this computer, without it, it is the list that was made for the public: no trace of a
    withheld site in any form of it but the total of its borough."""
    answer = make_api(withheld, host=host).get(f"/shortlists/2015-Q1{suffix}")
    assert answer.status_code == status
    assert [trace for trace in (NAME, HIDDEN) if trace in answer.text] == []
    if status == 200 and suffix in {"", "?as-of=2015-03-31"}:
        assert answer.json()["withheld"] == [{"borough": "Haringey", "borough_gss": "E09000014", "sites": 1}]


def test_the_key_sees_everything(withheld: Engine, make_api: Make) -> None:
    """With the key the same routes have the site, the figure and the files."""
    keyed = make_api(withheld, key="the-key-of-the-tests")
    for route in ("/collections/sites/items", "/sites.geojson", f"/sites/{HIDDEN}", "/shortlists/2015-Q1.csv",
                  "/shortlists/2015-Q1.geojson", "/assessments/latest?as-of=2015-03-31"):  # fmt: skip
        assert NAME in keyed.get(route).text, route
    assert "7654321.0" in keyed.get("/assessments/latest").text
    assert keyed.get("/sites/rrp03").url.path == f"/sites/{HIDDEN}"
    assert "private.csv" in keyed.get("/editions").text


def test_counts_do_not_tell(withheld: Engine, make_api: Make, reading: Engine) -> None:
    """Without the key the counts are those of what is shown: the box around a withheld site has one less."""
    box = "/collections/sites/items?bbox=-0.0962,51.5796,-0.0862,51.5896"
    now, before = (make_api(engine).get(box).json() for engine in (withheld, reading))
    assert before["numberMatched"] - now["numberMatched"] == 1
    assert now["numberReturned"] == now["numberMatched"] == len(now["features"])
    count = make_api(withheld).get("/collections/sites").json()["itemCount"]
    assert count == make_api(reading).get("/collections/sites").json()["itemCount"] - 1
    assert count == len(make_api(withheld).get("/sites.geojson").json()["features"])


def test_neighbours_do_not_tell(withheld: Engine, reading: Engine, make_api: Make) -> None:
    """A private site that stands beside the Royal Free changes nothing in the Royal Free's public scores."""
    now, before = (make_api(engine).get("/sites/NCL-RAL01").json() for engine in (withheld, reading))
    for score in ("release", "reuse"):
        assert now[score] == before[score]


def test_a_site_that_rests_on_a_private_claim_as_of_a_day_before_it(withheld: Engine, make_api: Make) -> None:
    """Today's sensitivity holds for every old view: the private claim of 2026 withholds the site as of 2015 too."""
    sites = make_api(withheld).get("/assessments/latest?as-of=2015-03-31").json()
    assert HIDDEN not in {site["ref"] for site in sites["sites"]}
    assert sum(sites["routes"].values()) == len(sites["sites"])


def test_issues_of_a_private_file_are_private(withheld: Engine, make_api: Make) -> None:
    """An edition that is not public answers like one that does not exist; the key reads its issues."""
    keyed = make_api(withheld, key="the-key-of-the-tests")
    number = keyed.get("/editions").json()["editions"][0]["id"]
    never = make_api(withheld).get("/editions/000000000000/issues")
    answer = make_api(withheld).get(f"/editions/{number}/issues")
    assert (answer.status_code, answer.text) == (404, never.text.replace("000000000000", number))
    assert keyed.get(f"/editions/{number}/issues").status_code == 200


def test_published_lists_made_with_private_files_do_not_name_them(withheld: Engine) -> None:
    """The editions that a list was made from are named by fingerprint alone where they are private."""
    with transaction(withheld) as connection:
        content = connection.execute(text("SELECT content FROM shortlist ORDER BY id DESC LIMIT 1")).scalar_one()
    editions = json.loads(bytes(content))["editions"]
    assert len([edition for edition in editions if edition["edition"] == "not public"]) == 2
    assert all(len(edition["sha256"]) == 64 for edition in editions)
