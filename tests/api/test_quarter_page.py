"""The page of a quarter: what everybody reads on it, and which forms it has for whom; the windows on a timeline."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.api.shortlist_files import TITLES
from estates_api.domain.callers import Permission
from estates_api.domain.keys import parse_holder
from estates_api.store.database import transaction
from estates_api.workflows.keys import create_key

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
THEN = "/shortlists/2015-Q1"
PIN = {"site": "NCL-RRVNQ", "kind": "pin", "list": "reuse", "by": "A Board", "because": "asked for by the ward"}
FORMS = {"endorse", "choose", "draft", "publish"}


@pytest.fixture(scope="module")
def engine(make_loaded: Callable[[], Engine]) -> Engine:
    """A database in which the list of March 2015 is published, a pin waits for the next draft, and 2026 is a draft."""
    return make_loaded()


@pytest.fixture(scope="module")
def ask(engine: Engine, make_api: Make) -> Callable[..., str]:
    """The page at an address, as the holder of a key in a role sees it; without a role, as the public does."""
    keyed = make_api(engine, key=KEY)
    assert keyed.post(f"{THEN}/publications", json={"by": "NCL Estates Board"}).status_code == 201
    assert keyed.post(f"{THEN}/choices", json=PIN).status_code == 201
    given: dict[str, str] = {}

    def asked(role: str = "public", path: str = THEN, **bounds: Any) -> str:
        name = f"{role} {bounds}"
        if name not in given and role != "public":
            with transaction(engine) as connection:
                given[name] = create_key(connection, parse_holder(role, name, **bounds))
        answer = make_api(engine, key=given.get(name)).get(f"{path}{'&' if '?' in path else '?'}f=html")
        assert answer.status_code == 200, answer.text
        return answer.text

    return asked


def forms(page: str) -> set[str]:
    """The acts that a page has a form for."""
    return set(re.findall(r'<form class="act filter" id="(\w+)"', page))


def test_everybody_reads_the_lists(ask: Callable[..., str], api: TestClient, keyed: TestClient) -> None:
    """Each list with its entries, in their order; every file is offered, and the record is what it was."""
    page, document = ask(), keyed.get(f"{THEN}?revision=1").json()
    assert "What is stored is what was frozen: <strong>yes</strong>" in page
    for name, title in (("release", "Release"), ("part release", "Part release"), ("reuse", "Reuse")):
        refs = [entry["site"] for entry in document["entries"] if entry["list"] == name]
        part = page.partition(f'<h2 id="{name.replace(" ", "-")}">{title}: {len(refs)}</h2>')[2].partition("<h2")[0]
        assert refs
        assert re.findall(r'<th scope="row"><a href="[^"]*/sites/([^"]+)"', part) == refs
    offered = re.findall(rf'<li><a href="[^"]*{THEN}\.(\w+)\?revision=2" download>', page)
    assert offered == list(TITLES)


@pytest.mark.parametrize(
    ("role", "bounds", "there"),
    [
        ("public", {}, set()),
        ("partner", {}, set()),
        ("owner", {"organisation": "RAL"}, set()),
        ("steward", {}, {"draft"}),
        ("approver", {"sector": "NHS"}, {"endorse", "choose"}),
        ("approver", {"sector": "NHS", "organisation": "RAL"}, {"endorse"}),
        ("administrator", {}, {"endorse", "choose", "draft"}),
        ("administrator", {"scopes": [Permission.SEE_DRAFTS]}, set()),
    ],
)
def test_forms_are_for_those_who_may(
    ask: Callable[..., str], role: str, bounds: Mapping[str, Any], there: set[str]
) -> None:
    """The page has the forms of what the key is for, and no other; nothing is published again before a new draft."""
    page = ask(role, **bounds)
    assert forms(page) == there
    assert ('id="sign-in"' in page) == (role == "public")
    assert ("asked for by the ward" in page) == ("choose" in there)  # a pin that no draft has followed yet


def test_a_draft_can_be_published_by_whoever_may(ask: Callable[..., str], keyed: TestClient) -> None:
    """The newest revision of this quarter is a draft: it is published, and nobody endorses it before."""
    (draft,) = {row["quarter"] for row in keyed.get("/shortlists").json()["shortlists"]} - {"2015-Q1"}
    assert forms(ask("administrator", f"/shortlists/{draft}")) == FORMS - {"endorse"}
    assert forms(ask("partner", f"/shortlists/{draft}")) == set()


def test_only_bodies_that_a_key_acts_for_are_offered(ask: Callable[..., str]) -> None:
    """An approver of the councils is offered the boroughs, one of a trust that trust alone."""

    def codes(**bounds: str) -> set[str]:
        return set(re.findall(r'<option value="([A-Z0-9]+)">[^<]* \(', ask("approver", **bounds)))

    assert codes(sector="council") == {f"E0900000{end}" for end in (3, 7)} | {f"E090000{end}" for end in (10, 14, 19)}
    assert codes(sector="NHS", organisation="RAL") == {"RAL"}
    nhs = codes(sector="NHS")
    assert {"RAL", "G6V2S"} <= nhs  # the second carries on a trust of the area
    assert not {"RRP", "E09000003"} & nhs  # which closed; a council


def test_drafts_and_previews_are_no_part_of_the_public_page(ask: Callable[..., str]) -> None:
    """The public page names no revision that is not published; a preview has neither files nor sign-off."""
    assert "revision=1" not in ask()
    assert "revision=1" in ask("partner")
    preview = ask("administrator", f"{THEN}?as-of=2014-03-31")
    assert forms(preview) == set()
    assert [part for part in ('id="files"', 'id="sign-off"', "<script>", "what was frozen") if part in preview] == []


def test_changes_stand_on_the_page_with_their_causes(ask: Callable[..., str], keyed: TestClient) -> None:
    """What changed since the quarter before is told in the words of the comparison, every cause of it."""
    (draft,) = {row["quarter"] for row in keyed.get("/shortlists").json()["shortlists"]} - {"2015-Q1"}
    changes = keyed.get(f"/shortlists/{draft}/changes-since/2015-Q1").json()
    part = ask("partner", f"/shortlists/{draft}").partition('<h2 id="changes">')[2].partition("<h2")[0]
    rows = [*changes["entered"], *changes["left"], *changes["moved"]]
    assert rows
    assert part.count('<th scope="row">') == len(rows)
    assert part.count("<strong>") == sum(len(row["causes"]) for row in rows)


def test_a_list_that_was_tampered_with_says_so(loaded: Engine, make_api: Make) -> None:
    """One byte more of what an audience sees, behind the guards of the database: the page says that what is stored is
    not what was frozen."""
    with transaction(loaded) as connection:
        connection.execute(text("ALTER TABLE shortlist_view DISABLE TRIGGER USER"))
        connection.execute(text("ALTER TABLE shortlist_view DROP CONSTRAINT shortlist_view_check"))
        connection.execute(text("UPDATE shortlist_view SET content = content || ' ' WHERE audience = 'public'"))
    page = make_api(loaded, key=KEY).get(f"{THEN}?f=html").text
    assert "What is stored is what was frozen: <strong>no</strong>" in page


def test_the_windows_are_drawn(loaded: Engine, make_api: Make) -> None:
    """A site entered today has its window on the timeline, with forty working days left; one whose window is over
    stands in the table alone, and without any there is no drawing."""
    public, keyed = make_api(loaded), make_api(loaded, key=KEY)
    assert "<svg" not in public.get("/surplus-windows?f=html").text
    today = datetime.now(UTC).date().isoformat()
    for site, day in (("NCL-RYX24", "2023-11-15"), ("NCL-RAN01", today)):
        for name in ("declare", "register"):
            said = {"step": name, "organisation": "NHSPS", "body": "Board", "decided_on": day, "by": "A Clerk",
                    "minute_reference": "1", "reason": "it is empty"}  # fmt: skip
            if site == "NCL-RAN01":
                said["organisation"] = "RAN"
            answer = keyed.post(f"/sites/{site}/decisions", json=said)
            assert answer.status_code == 201, answer.text
    page = public.get("/surplus-windows?f=html").text
    drawn = page.partition("<svg")[2].partition("</svg>")[0]
    assert drawn.count("<rect") == 2  # what is over and what is left of the one that is open
    assert "40 working days left" in drawn
    assert page.partition("</svg>")[2].count('<th scope="row">') == 2
    told = {one["site"]: one["working_days_left"] for one in public.get("/surplus-windows").json()["windows"]}
    assert told == {"NCL-RYX24": 0, "NCL-RAN01": 40}
