"""Endorsements of published lists: an NHS body and a council, on an equal footing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.store.database import transaction

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
TODAY = datetime.now(UTC).date()
SAID = {"body": "Board", "decided_on": TODAY.isoformat(), "minute_reference": "12/3", "by": "A Clerk"}


@pytest.fixture
def published(loaded: Engine, make_api: Make) -> str:
    """The path of a list that is published: revision 2, after the draft."""
    answer = make_api(loaded, key=KEY).post("/shortlists/2015-Q1/publications", json={"by": "NCL Estates Board"})
    assert answer.status_code == 201, answer.text
    return "/shortlists/2015-Q1/endorsements"


def test_both_sectors_endorse(loaded: Engine, published: str, make_api: Make) -> None:
    """A list is endorsed when an NHS body and a council agreed; until then it is told which sector has not yet."""
    public, keyed = make_api(loaded), make_api(loaded, key=KEY)
    told = public.get(published).json()
    assert (told["endorsed"], told["missing"], told["endorsements"]) == (False, ["NHS", "council"], [])
    first = keyed.post(published, json={**SAID, "organisation": "RAL"})
    assert (first.status_code, first.json()["endorsed"], first.json()["missing"]) == (201, False, ["council"])
    assert "Not yet endorsed by: council" in public.get("/shortlists/2015-Q1?f=html").text
    second = keyed.post(published, json={**SAID, "organisation": "e09000003"})
    assert (second.json()["endorsed"], second.json()["missing"]) == (True, [])
    page = public.get("/shortlists/2015-Q1?f=html").text
    assert "endorsed</span> by both sectors" in page
    assert "Board of London Borough of Barnet" in page
    told = public.get(published).json()
    assert [(one["organisation_code"], one["sector"]) for one in told["endorsements"]] == [
        ("RAL", "NHS"), ("E09000003", "council")]  # fmt: skip
    with transaction(loaded) as connection:
        acts = connection.execute(text("SELECT subject FROM audit WHERE action = 'endorse shortlist'")).scalars().all()
    assert acts == ["2015-Q1 revision 2"] * 2


def test_what_is_refused(loaded: Engine, published: str, make_api: Make) -> None:
    """Twice by the same body, a draft, another sector, the future, no key: each says why."""
    public, keyed = make_api(loaded), make_api(loaded, key=KEY)
    said = {**SAID, "organisation": "RAL"}
    assert public.post(published, json=said).status_code == 401
    assert keyed.post(published, json=said).status_code == 201
    for sent, status, told in ((said, 409, "already"), ({**said, "organisation": "NOBODY"}, 400, "not in the register"),
                               ({**said, "organisation": "RKE", "decided_on": "2999-01-01"}, 409, "not come yet"),
                               ({**said, "organisation": "RKE", "decided_on": (TODAY - timedelta(1)).isoformat()}, 409,
                                f"was published on {TODAY}, and nobody can have agreed to it on"),
                               (SAID, 400, "an endorsement needs"), ({"x": "y"}, 400, "must be an object"),
                               ({**said, "body": " "}, 400, "body: say it")):  # fmt: skip
        answer = keyed.post(published, json=sent)
        assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    (draft,) = {row["quarter"] for row in keyed.get("/shortlists").json()["shortlists"]} - {"2015-Q1"}
    answer = keyed.post(f"/shortlists/{draft}/endorsements", json=said)
    assert (answer.status_code, answer.json()["rule"]) == (409, "published")
    assert public.get(f"/shortlists/{draft}/endorsements").status_code == 401
    assert keyed.post("/shortlists/1999-Q1/endorsements", json=said).status_code == 404
