"""Adoption: a method counts by a recorded decision, from then on, in every process."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.domain.method_file import parse_method
from estates_api.errors import BadInput, Conflict, Unavailable
from estates_api.settings import ROOT
from estates_api.store.adoptions import list_adoptions
from estates_api.store.database import transaction
from estates_api.workflows import setup
from estates_api.workflows.adoption import Decision, InForce, adopt, method_in_force
from estates_api.workflows.assess import compute, store_run

CONTENT = setup.read_shipped(ROOT / "data", setup.METHOD_FILE)
OTHER = re.sub(rb"\nrelease = \d+ ", b"\nrelease = 20 ", CONTENT.replace(b'id = "ncl-1"', b'id = "ncl-2"', 1))
CONFIGURED = InForce(parse_method(CONTENT, "configured"), CONTENT)
BOARD = Decision("NCL Estates Board", "agreed on 1 November")


def test_until_one_is_adopted_the_configured_method_counts(migrated: Engine) -> None:
    """Without a decision the method is that of the file, and the history is empty."""
    with transaction(migrated) as connection:
        assert method_in_force(connection, CONFIGURED) == CONFIGURED
        assert list_adoptions(connection) == []


def test_an_adopted_method_counts_from_then_on(migrated: Engine) -> None:
    """The last decision counts, also back to the configured file; each is kept with name, reason and hash."""
    with transaction(migrated) as connection:
        adopted = adopt(connection, OTHER, "other.toml", BOARD, CONFIGURED.method.sha256)
    with transaction(migrated) as connection:
        assert method_in_force(connection, CONFIGURED) == InForce(adopted, OTHER)
        adopt(
            connection, CONTENT, "ncl-1.toml", Decision("NCL  Estates\nBoard", "back again"), CONFIGURED.method.sha256
        )
        assert method_in_force(connection, CONFIGURED).method.sha256 == CONFIGURED.method.sha256
        rows = list_adoptions(connection)
    assert [(row["method"], row["adopted_by"], row["reason"]) for row in rows] == [
        ("ncl-1", "NCL Estates Board", "back again"), ("ncl-2", "NCL Estates Board", "agreed on 1 November"),
    ]  # fmt: skip
    assert [row["sha256"] for row in rows] == [CONFIGURED.method.sha256, adopted.sha256]


def test_an_id_names_one_method(migrated: Engine) -> None:
    """A method with other bytes under an id that was used is refused: lists name methods by it."""
    with transaction(migrated) as connection:
        adopt(connection, OTHER, "other.toml", BOARD, CONFIGURED.method.sha256)
    with transaction(migrated) as connection, pytest.raises(Conflict, match="used as ncl-2; give this one an id"):
        adopt(connection, OTHER + b"\n# changed", "changed.toml", BOARD, CONFIGURED.method.sha256)
    with transaction(migrated) as connection:
        assert len(list_adoptions(connection)) == 1


def test_the_decision_and_its_event_are_one(migrated: Engine) -> None:
    """The audit event is written in the same transaction: both are there, or neither."""
    count = text("SELECT (SELECT count(*) FROM adoption), (SELECT count(*) FROM audit WHERE action = 'adopt method')")
    with migrated.connect() as connection, connection.begin() as whole:
        adopt(connection, OTHER, "other.toml", BOARD, CONFIGURED.method.sha256)
        assert tuple(connection.execute(count).one()) == (1, 1)
        whole.rollback()
    with transaction(migrated) as connection:
        assert tuple(connection.execute(count).one()) == (0, 0)


def test_what_cannot_be_adopted(migrated: Engine) -> None:
    """A broken file, no name, no reason, or what is in force already, is refused, and nothing is recorded."""
    with transaction(migrated) as connection:
        with pytest.raises(BadInput, match=r"broken\.toml, line 1"):
            adopt(connection, b"id = ", "broken.toml", BOARD, CONFIGURED.method.sha256)
        for decision, field in ((Decision("  ", "because"), "by"), (Decision("me", ""), "reason"),
                                (Decision("me", "x" * 2000), "reason"), (Decision("\ud800", "x"), "by"),
                                (Decision("me", "nul\0"), "reason")):  # fmt: skip
            with pytest.raises(BadInput, match=f"{field}: say it"):
                adopt(connection, OTHER, "other.toml", decision, CONFIGURED.method.sha256)
        adopt(connection, OTHER, "other.toml", BOARD, CONFIGURED.method.sha256)
        with pytest.raises(Conflict, match="in force already"):
            adopt(connection, OTHER, "other.toml", BOARD, CONFIGURED.method.sha256)
        assert len(list_adoptions(connection)) == 1


def test_an_adopted_method_of_another_version(migrated: Engine) -> None:
    """A method that this version cannot read stands in nobody's way: it is said, and another can be adopted."""
    values = {"sha256": "a" * 64, "content": b"id = 1"}
    with transaction(migrated) as connection:
        connection.execute(text("INSERT INTO method (sha256, id, content) VALUES (:sha256, 'old', :content)"), values)
        connection.execute(text("INSERT INTO adoption (method_sha256, adopted_by, reason) VALUES (:sha256, 'x', 'x')"),
                           values)  # fmt: skip
        with pytest.raises(Unavailable, match="adopt another with: estates method adopt"):
            method_in_force(connection, CONFIGURED)
        adopt(connection, OTHER, "other.toml", BOARD, CONFIGURED.method.sha256)
        assert method_in_force(connection, CONFIGURED).method.id == "ncl-2"


def test_decisions_are_never_changed(migrated: Engine) -> None:
    """A recorded decision can be neither changed nor removed."""
    with transaction(migrated) as connection:
        adopt(connection, OTHER, "other.toml", BOARD, CONFIGURED.method.sha256)
    for statement in ("UPDATE adoption SET reason = 'x'", "DELETE FROM adoption", "TRUNCATE adoption"):
        with pytest.raises(Exception, match="rows are added"), transaction(migrated) as connection:
            connection.execute(text(statement))


def test_assessments_go_by_it(loaded: Engine, area: Area, make_api: Callable[..., TestClient]) -> None:
    """A service that was started before sees it at once where it computes, and everywhere once it is assessed."""
    client = make_api(loaded)
    with transaction(loaded) as connection:
        method = adopt(connection, OTHER, "other.toml", BOARD, CONFIGURED.method.sha256)
    assert client.get("/assessments/latest?as-of=2015-03-31").json()["method"]["sha256"] == method.sha256
    before = client.post("/assessments/what-if", json={}).json()
    with transaction(loaded) as connection:
        now = method_in_force(connection, CONFIGURED)
        run = compute(connection, area, now.method, datetime.now(UTC).date())
        store_run(connection, run, method_content=now.content, present=True)
    after = client.post("/assessments/what-if", json={}).json()
    assert (before["method"]["id"], after["method"]["id"]) == ("ncl-1", "ncl-2")
    assert (before["cut_offs"]["release"], after["cut_offs"]["release"]) == (CONFIGURED.method.cut_offs.release, 20)
    assert client.get("/assessments/latest").json()["method"]["id"] == "ncl-2"


def test_adopting_over_http(migrated: Engine, make_api: Callable[..., TestClient]) -> None:
    """The key adopts a method; the decision is listed for everybody; without the key, or broken, it is refused."""
    public, keyed = make_api(migrated), make_api(migrated, key="the-key-of-the-tests")
    asked = {"method": OTHER.decode(), "by": "NCL Estates Board", "reason": "agreed"}
    assert public.post("/methods", json=asked).status_code == 401
    assert keyed.post("/methods", json=asked, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    for wrong, told in (({**asked, "by": ""}, "by: say it"), ({**asked, "method": "id ="}, "method, line 1"),
                        ({"method": "x"}, "must be an object with method, by, reason"),
                        ({**asked, "reason": 3}, "reason: must be a text")):  # fmt: skip
        answer = keyed.post("/methods", json=wrong)
        assert (answer.status_code, told in answer.json()["detail"]) == (400, True)
    assert public.get("/adoptions").json() == {"adoptions": []}
    done = keyed.post("/methods", json=asked)
    assert (done.status_code, done.json()["id"]) == (201, "ncl-2")
    assert keyed.post("/methods", json=asked).status_code == 409
    (listed,) = public.get("/adoptions").json()["adoptions"]
    assert (listed["method"], listed["adopted_by"], listed["reason"]) == ("ncl-2", "NCL Estates Board", "agreed")
    assert public.get(done.headers["location"]).json()["id"] == "ncl-2"
    assert public.get("/methods").json()["methods"][0]["id"] == "ncl-2"
