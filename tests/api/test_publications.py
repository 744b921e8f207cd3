"""Drafting, publishing and choosing over HTTP, with the key; proofs and changes for everybody who sees the lists."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.api import needs, shortlist_files
from estates_api.domain.quarters import quarter_of

KEY = "the-key-of-the-tests"
TODAY = datetime.now(UTC).date()
THEN, EARLIER = "2015-Q1", "2014-Q1"
STANDING = {"by": "A Board"}
PIN = {"site": "NCL-RRVNQ", "kind": "pin", "list": "reuse", "by": "A Board", "because": "asked for"}


@pytest.fixture(scope="module")
def service(make_loaded: Callable[[], Engine], make_api: Callable[..., TestClient]) -> dict[str, TestClient]:
    """One service, asked with the key and without; the lists of two Marches are published."""
    engine = make_loaded()
    clients = {"keyed": make_api(engine, key=KEY), "public": make_api(engine)}
    assert clients["keyed"].post(f"/shortlists/{EARLIER}/drafts").status_code == 201
    for quarter in (EARLIER, THEN):
        answer = clients["keyed"].post(f"/shortlists/{quarter}/publications", json=STANDING)
        assert answer.status_code == 201, answer.text
    return clients


def test_a_draft_is_made_once(service: dict[str, TestClient]) -> None:
    """A draft that would repeat the newest revision is 200 with that revision, and nothing is written."""
    again = service["keyed"].post(f"/shortlists/{EARLIER}/drafts")
    assert (again.status_code, again.json()["revision"], again.json()["status"]) == (200, 2, "published")
    assert again.headers["location"].endswith(f"/shortlists/{EARLIER}?revision=2")


def test_the_public_gets_what_was_published_for_it(service: dict[str, TestClient]) -> None:
    """Without the key: the public bytes with their hash, in every form, each published revision and no draft."""
    answer = service["public"].get(f"/shortlists/{THEN}")
    assert answer.status_code == 200
    assert answer.headers["estates-shortlist-sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert answer.json()["audience"] == "public"
    assert service["public"].get(f"/shortlists/{THEN}?revision=2").content == answer.content
    assert service["public"].get(f"/shortlists/{THEN}?revision=1").status_code == 401
    assert service["public"].get(f"/shortlists/{THEN}?revision=7").status_code == 404
    for form in (".csv", ".geojson", "?f=html"):
        assert service["public"].get(f"/shortlists/{THEN}{form}").status_code == 200
    listed = service["public"].get("/shortlists").json()["shortlists"]
    assert [(row["quarter"], row["revision"]) for row in listed] == [(THEN, 2), (EARLIER, 2)]
    entries = service["public"].get("/collections/shortlist-entries/items").json()
    assert entries["numberMatched"] == sum(
        len(service["public"].get(f"/shortlists/{quarter}").json()["entries"]) for quarter in (THEN, EARLIER)
    )


def test_the_page_says_who_published_it(service: dict[str, TestClient]) -> None:
    """The page names who published the list, the rule, who could tell us what is not known, and how to prove it."""
    page = service["public"].get(f"/shortlists/{THEN}?f=html").text
    for words in (" by A Board, revision 2.", "At most 50 sites on each list", "<h3>London Borough of Barnet: 4</h3>",
                  f"/shortlists/{THEN}/verification?revision=2"):  # fmt: skip
        assert words in page, words


def test_verification(service: dict[str, TestClient]) -> None:
    """Everybody can ask whether a published list is what was frozen; with the key it is drawn up again, too."""
    told = service["public"].get(f"/shortlists/{THEN}/verification").json()
    assert told["verified"] is True
    assert all(check["passed"] for check in told["checks"])
    assert "reproduced" not in told
    keyed = service["keyed"].get(f"/shortlists/{THEN}/verification").json()
    whole = {check["title"]: check["found"] for check in keyed["checks"]}
    found = {check["title"]: check["found"] for check in told["checks"]}
    hidden = {title for title in whole if found[title] is None}  # the size and hashes of what others see
    assert hidden == {
        "the list's bytes have the hash that was stored", "the bytes are canonical",
        "what the partner audience sees has the hash that was stored",
        "the assessment still has the hash that was stored",
    }  # fmt: skip
    assert all(whole.values())
    assert told["sha256"] == service["public"].get(f"/shortlists/{THEN}").headers["estates-shortlist-sha256"]
    assert (keyed["reproduced"], keyed["differences"]) == ("yes", [])
    assert service["public"].get(f"/shortlists/{THEN}/verification?revision=1").status_code == 401


def test_changes(service: dict[str, TestClient]) -> None:
    """What changed between two published lists, with causes, as JSON and as a page."""
    found = service["public"].get(f"/shortlists/{THEN}/changes-since/{EARLIER}").json()
    assert (found["from"]["quarter"], found["to"]["quarter"], found["audience"]) == (EARLIER, THEN, "public")
    left = {row["site"]: row for row in found["left"]}
    assert left["NCL-RRVNQ"]["scores"]["reuse"]["difference"] == pytest.approx(-7.57, abs=0.01)
    chase_farm = next(row for row in found["moved"] if row["site"] == "NCL-RALC7")
    assert {"event", "gate", "data"} <= {cause["cause"] for cause in chase_farm["causes"]}
    page = service["public"].get(f"/shortlists/{THEN}/changes-since/{EARLIER}?f=html")
    assert "a gate opened: it is the only general acute hospital site of its borough" in page.text
    assert '<h2 id="left">Left: 2</h2>' in page.text
    same = service["public"].get(f"/shortlists/{THEN}/changes-since/{THEN}").json()
    assert [same["counts"][part] for part in ("entered", "left", "moved")] == [0, 0, 0]
    assert service["public"].get(f"/shortlists/{THEN}/changes-since/2031-Q1").status_code == 404


def test_a_draft_for_this_computer_is_for_nobody_else(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """Who may see a draft without a key decides for each request, also where an answer is kept."""
    local = make_api(loaded, host="127.0.0.1")
    local.app.state.reading.version = 1  # known, so that answers are kept
    away = TestClient(local.app, "http://localhost:8000", client=("192.0.2.7", 50_000))
    for suffix in ("gpkg", "xlsx"):
        address = f"/shortlists/{THEN}.{suffix}"
        assert away.get(address).status_code == 401
        assert local.get(address).status_code == local.get(address).status_code == 200
        assert local.get(address, headers={"Via": "a proxy"}).status_code == 401
        assert away.get(address).status_code == 401


def test_a_choice_is_recorded_and_followed(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """A pin through HTTP stands in the next draft with who and why."""
    keyed = make_api(loaded, key=KEY)
    assert keyed.post(f"/shortlists/{THEN}/choices", json=PIN).status_code == 201
    assert keyed.post(f"/shortlists/{THEN}/drafts").json()["revision"] == 2
    document = keyed.get(f"/shortlists/{THEN}").json()
    assert [(row["site"], row["followed"]) for row in document["choices"]] == [("NCL-RRVNQ", True)]
    page = keyed.get(f"/shortlists/{THEN}?f=html").text
    assert "<strong>Pinned to reuse:</strong>" in page
    assert ", or pinned by a person, with a reason." in page
    listing = keyed.get("/sites/NCL-RRVNQ").json()["listing"]
    assert (listing["quarter"], listing["status"]) == (str(quarter_of(TODAY)), "draft")
    assert keyed.get("/sites/NCL-RRVNQ?as-of=2015-03-31").json()["listing"] is None
    assert make_api(loaded).get("/sites/NCL-RRVNQ").json()["listing"] is None, "a draft is not public"
    now = PIN | {"site": "NCL-RAL01"}
    assert keyed.post(f"/shortlists/{listing['quarter']}/choices", json=now).status_code == 201
    assert keyed.post(f"/shortlists/{listing['quarter']}/drafts").json()["revision"] == 2
    listing = keyed.get("/sites/NCL-RAL01").json()["listing"]
    assert listing["listed_for"] == "reuse"
    assert listing["told"].endswith("(draft, revision 2), pinned by A Board: asked for")
    assert listing["told"] in keyed.get("/sites/NCL-RAL01?f=html").text
    gate = keyed.post(f"/shortlists/{THEN}/choices", json=PIN | {"site": "NCL-RRV03", "list": "release"})
    assert (gate.status_code, "the gate is closed" in gate.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("where", "path"),
    [(shortlist_files, f"/shortlists/{THEN}.xlsx"), (needs, "/needs/allocation")], ids=["file", "allocation"],
)  # fmt: skip
def test_who_waits_for_a_long_answer_holds_no_connection(
    loaded: Engine, make_api: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, where: Any, path: str
) -> None:
    """While a file is made, or an allocation is worked out, its connection is there for others."""
    name, held = "write_file" if where is shortlist_files else "answer_allocation", []
    work = getattr(where, name)

    def watched(*asked: Any) -> Any:
        held.append(loaded.pool.checkedout())  # type: ignore[attr-defined]
        return work(*asked)

    monkeypatch.setattr(where, name, watched)
    assert make_api(loaded, key=KEY).get(path).status_code == 200
    assert held == [0]


@pytest.mark.parametrize("path", ["drafts", "publications", "choices"])
def test_writing_needs_the_key(service: dict[str, TestClient], path: str) -> None:
    """Without the key, or sent by a page of another site, nothing is drafted, published or chosen."""
    asked = {"publications": STANDING, "choices": PIN}.get(path)
    assert service["public"].post(f"/shortlists/{THEN}/{path}", json=asked).status_code == 401
    other = service["keyed"].post(f"/shortlists/{THEN}/{path}", json=asked, headers={"Origin": "https://evil.example"})
    assert other.status_code == 403
    assert service["public"].options(f"/shortlists/{THEN}/{path}").headers["allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("publications", {}, "by: is missing; the body must have by"),
        ("publications", {"by": "x", "why": "y"}, "and nothing else"),
        ("publications", {"by": 3}, "by: must be a text"),
        ("publications", [], "must be an object"),
        ("publications", {"by": "a\0b"}, "by: say it in 1 to 1000 letters"),
        ("choices", PIN | {"kind": "love"}, "kind: must be one of pin, strike, withdrawn"),
        ("choices", PIN | {"because": " "}, "because: say it"),
        ("choices", PIN | {"list": "best"}, "list: must be one of release, part release, reuse"),
        ("choices", PIN | {"site": "a\0b"}, "site: say it in 1 to 1000 letters"),
    ],
)
def test_a_body_that_is_wrong(service: dict[str, TestClient], path: str, body: object, told: str) -> None:
    """What cannot be is refused by name, as a problem document, and nothing is written."""
    answer = service["keyed"].post(f"/shortlists/{THEN}/{path}", json=body)
    assert answer.status_code in {400, 404}
    assert told in answer.json()["detail"]


def test_what_cannot_be_published_is_a_conflict(service: dict[str, TestClient]) -> None:
    """A list that is published already, and one that was never drafted, are 409 with what to do."""
    for quarter, told in ((THEN, "nothing was drafted since"), ("2013-Q4", "estates shortlist draft 2013-Q4")):
        answer = service["keyed"].post(f"/shortlists/{quarter}/publications", json=STANDING)
        assert (answer.status_code, told in answer.json()["detail"]) == (409, True)


def test_old_evidence_goes_out_with_a_reason_that_is_shown(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """Refused without a reason; with one, the reason stands on the page, in the files and in the answer."""
    keyed, path = make_api(loaded, key=KEY), f"/shortlists/{quarter_of(TODAY)}"
    refused = keyed.post(f"{path}/publications", json=STANDING)
    assert (refused.status_code, refused.json()["rule"]) == (409, "stale")
    done = keyed.post(f"{path}/publications", json=STANDING | {"allow_stale": "nothing <newer>"})
    assert (done.status_code, done.json()["on_old_evidence"]) == (201, "nothing <newer>")
    public = make_api(loaded)
    assert "it went out because: nothing &lt;newer&gt;" in public.get(f"{path}?f=html").text
    sheet = load_workbook(BytesIO(public.get(f"{path}.xlsx").content))["readme"]
    assert any("on old evidence, because: nothing <newer>" in str(cell) for row in sheet.values for cell in row)
    choice = keyed.post(f"{path}/choices", json=PIN).json()
    assert "is published and stays as it is until a correction is published" in choice["follows"]


def test_a_day_and_a_revision_do_not_go_together(service: dict[str, TestClient]) -> None:
    """`as-of` draws a list up anew, `revision` asks for a frozen one: both at once are refused."""
    answer = service["keyed"].get(f"/shortlists/{THEN}?as-of=2014-03-31&revision=1")
    assert answer.status_code == 400
    assert service["public"].get(f"/shortlists/{THEN}?as-of=2014-03-31").status_code == 401
    assert service["keyed"].get(f"/shortlists/{THEN}?revision=0").status_code == 400
