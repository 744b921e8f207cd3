"""Who may see what: the key in three forms, drafts, proxies, and what happens when the database is away."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import QueuePool
from starlette.testclient import TestClient

from estates_api.store.database import make_engine, transaction

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
LIST = "/shortlists/2015-Q1"


def basic(user: str, password: str) -> str:
    """An Authorization header with user and password."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


RIGHT = [
    {"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}, {"Authorization": f"bearer  {KEY} "},
    {"Authorization": basic("anybody", KEY)}, {"Authorization": basic("", KEY)}, {"x-api-key": KEY},
]  # fmt: skip
WRONG = [
    {"X-API-Key": "guess"}, {"X-API-Key": f"{KEY}x"}, {"X-API-Key": KEY[:-1]}, {"Authorization": "Bearer guess"},
    {"Authorization": "Bearer "}, {"Authorization": basic("anybody", "guess")}, {"Authorization": basic(KEY, "")},
    {"Authorization": "Basic %%%"}, {"Authorization": "Basic " + base64.b64encode(b"\xff:\xfe").decode()},
    {"X-API-Key": "schlüssel".encode("latin-1")},
]  # fmt: skip


@pytest.mark.parametrize("headers", RIGHT)
def test_the_key_opens_drafts_in_any_form(api: TestClient, headers: dict[str, str]) -> None:
    """As X-API-Key, as Bearer token or as Basic password with any user, the key is the key."""
    assert api.get(LIST, headers=headers).status_code == 200


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize("path", [LIST, "/collections/sites/items", "/sites.geojson"])
def test_a_wrong_key_is_refused(api: TestClient, headers: dict[str, Any], path: str) -> None:
    """A key that is not the key is 401 even where none is needed: nobody mistakes the public view for the whole. Who
    sent a Bearer token is asked for one, and a browser does not ask for a password besides."""
    answer = api.get(path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    asked = "Bearer" if "Bearer" in str(headers) else "Basic"
    assert answer.headers["www-authenticate"].startswith(asked)
    assert KEY not in answer.text


def test_an_installation_without_a_key_has_none(make_api: Make, reading: Engine) -> None:
    """Where no key is configured, no key fits, not even an empty one."""
    for given in ("anything", "None", " "):
        assert make_api(reading, admin_key=None).get("/", headers={"X-API-Key": given}).status_code == 401
    assert make_api(reading, admin_key=None).get("/collections").status_code == 200
    assert make_api(reading, admin_key=None).get(LIST).status_code == 401


@pytest.mark.parametrize("suffix", ["", ".csv", ".geojson", "?f=html", "?as-of=2014-03-31"])
def test_a_draft_needs_the_key(api: TestClient, keyed: TestClient, suffix: str) -> None:
    """From another machine a draft or a preview is 401 without the key, in every form; with it, it is there."""
    refused = api.get(LIST + suffix)
    assert refused.status_code == 401
    assert "the key of this installation" in refused.text
    answer = keyed.get(LIST + suffix)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-cache"


def test_drafts_are_not_even_named(api: TestClient, keyed: TestClient) -> None:
    """The list of lists and the front page leave drafts out for those who may not see them."""
    assert api.get("/shortlists").json() == {"shortlists": []}
    assert [row["quarter"] for row in keyed.get("/shortlists").json()["shortlists"]][1] == "2015-Q1"
    assert "2015-Q1" not in api.get("/?f=html").text
    assert "2015-Q1" in keyed.get("/?f=html").text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.9.9.9"])
def test_this_computer_sees_drafts_where_they_are_open(make_api: Make, reading: Engine, host: str) -> None:
    """In the embedded default drafts are open to the computer itself, and the page says so."""
    client = make_api(reading, host=host)
    assert client.get(LIST).status_code == 200
    assert "It is shown with the key of this installation, or without one" in client.get("/?f=html").text
    assert make_api(reading, host=host, open_drafts=False).get(LIST).status_code == 401


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_through_a_proxy_nobody_is_this_computer(make_api: Make, reading: Engine, header: str) -> None:
    """A proxy on the same computer does not make its callers local."""
    assert make_api(reading, host="127.0.0.1").get(LIST, headers={header: "203.0.113.5"}).status_code == 401


@pytest.mark.parametrize("host", ["192.0.2.8", "testclient", "::ffff:192.0.2.7", "", "10.0.0.1"])
def test_other_addresses_are_not_this_computer(make_api: Make, reading: Engine, host: str) -> None:
    """Only loopback addresses count; a name or nothing does not."""
    assert make_api(reading, host=host).get(LIST).status_code == 401


def test_another_site_in_the_browser_is_not_this_computer(make_api: Make, reading: Engine) -> None:
    """A web page from elsewhere, open in this computer's browser, cannot read drafts through it: a foreign Origin or
    Host (DNS rebinding) is treated like another machine."""
    client = make_api(reading, host="127.0.0.1")
    assert client.get(LIST, headers={"Origin": "https://evil.example"}).status_code == 401
    assert client.get(LIST, headers={"Host": "evil.example"}).status_code == 401
    for host in ("localhost:8000", "127.0.0.1:8000", "[::1]:8000", "localhost"):
        assert client.get(LIST, headers={"Host": host}).status_code == 200


@contextmanager
def closed(url: str) -> Iterator[Engine]:
    """An engine on a server that does not answer."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def test_without_a_database(make_api: Make) -> None:
    """When no server answers, every answer that needs one is a 503 that says so; the process itself is live."""
    with closed("postgresql+psycopg://estates@127.0.0.1:9/estates") as engine:
        client = make_api(engine)
        for path in ("/", "/collections", "/collections/sites/items", "/sites.geojson", "/health/ready", "/editions"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json"), path
            assert answer.headers["retry-after"] == "5"
            assert "the database does not answer" in answer.json()["detail"]
        assert client.get("/health/live").json() == {"status": "live"}
        assert client.get("/conformance").status_code == 200


def test_it_recovers_when_the_database_does(make_api: Make, loaded: Engine) -> None:
    """Connections that the server dropped are noticed and made again: the service need not be restarted."""
    client = make_api(loaded)
    assert client.get("/health/ready").json() == {"status": "ready"}
    before = client.get("/sites.geojson").content
    for _ in range(3):
        end_others(loaded)
        assert client.get("/sites.geojson").content == before
    name = loaded.url.database
    other = create_engine(loaded.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"))
        end_others(other, str(name))
        assert client.get("/sites.geojson").status_code == 503
        connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"))
    other.dispose()
    assert client.get("/sites.geojson").content == before
    assert client.get("/health/ready").status_code == 200


def end_others(engine: Engine, name: str | None = None) -> None:
    """Have the server end every connection to a database but this one."""
    with engine.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                 "WHERE datname = coalesce(:name, current_database()) AND pid <> pg_backend_pid()"),
            {"name": name},
        )  # fmt: skip
        connection.commit()


def test_a_connection_that_breaks_in_mid_answer(
    make_api: Make, loaded: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the server goes away while it answers, that is a 503 in plain words, and the next works."""
    real = make_engine(str(loaded.url.render_as_string(hide_password=False)))
    client = make_api(real)

    def break_it(connection: Any, *_: Any) -> list[Any]:
        end_others(loaded)
        connection.execute(text("SELECT 1"))
        return []

    with monkeypatch.context() as patched:
        patched.setattr("estates_api.store.editions.list_editions", break_it)
        answer = client.get("/editions")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.json()["detail"] == "the database does not answer"
    assert answer.headers["retry-after"] == "5"
    assert client.get("/editions").status_code == 200
    real.dispose()


def test_too_many_at_once_is_not_a_failure(make_api: Make, loaded: Engine) -> None:
    """When every connection is taken for longer than we wait, the answer is 503 with a time to come back."""
    small = create_engine(loaded.url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.2)
    with small.connect():
        answer = make_api(small).get("/collections")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert make_api(small).get("/collections").status_code == 200
    small.dispose()


def test_a_schema_of_another_version_is_not_ready(make_api: Make, migrated: Engine) -> None:
    """Ready means that the schema is this version's, too."""
    with transaction(migrated) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    answer = make_api(migrated).get("/health/ready")
    assert answer.status_code == 503
    assert "estates setup" in answer.json()["detail"]


def test_an_empty_catalogue_answers(make_api: Make, migrated: Engine) -> None:
    """Before anything is loaded there are no features, no extent and no lists, and no failure."""
    client = make_api(migrated, host="127.0.0.1")
    assert client.get("/collections/sites/items").json()["numberMatched"] == 0
    assert "extent" not in client.get("/collections/sites").json()
    assert client.get("/sites.geojson").json()["features"] == []
    assert "No shortlist can be shown here" in client.get("/?f=html").text
    assert client.get("/assessments/latest").status_code == 404
    assert client.get("/editions").json() == {"editions": []}


def test_a_fault_of_ours_is_a_problem_document_too(
    make_api: Make, reading: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What we did not foresee is a 500 with a number to ask about, and says nothing of the inside."""
    client = make_api(reading)
    monkeypatch.setattr("estates_api.store.features.get_summary", lambda *_: 1 / 0)
    quiet = TestClient(client.app, raise_server_exceptions=False)
    answer = quiet.get("/collections")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "division" not in answer.text
    assert re.search(r"request [0-9a-f]{8}", answer.json()["detail"])


@pytest.mark.parametrize(("key", "role"), [(None, "estates_public"), (KEY, "estates_complete")])
def test_every_read_is_under_the_role_of_who_asks(make_api: Make, loaded: Engine, key: str | None, role: str) -> None:
    """The database itself stands behind the choice of table: without its role's grant, no route reads a site."""
    with transaction(loaded) as connection:
        connection.execute(text("GRANT estates_public, estates_complete TO CURRENT_USER"))
        own = role.removeprefix("estates_")
        connection.execute(text(f"REVOKE SELECT ON site_{own}, summary_{own} FROM {role}"))
    client = make_api(loaded, key=key)
    for path in ("/collections", "/collections/sites/items", "/collections/sites/items/NCL-RAL01", "/sites/NCL-RAL01",
                 "/sites.geojson", "/assessments/latest"):  # fmt: skip
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json"), path
        assert "permission" not in answer.text


@pytest.mark.parametrize("name", ["data_sha256", "sha256"])
def test_fingerprints_of_all_are_for_who_sees_all(api: TestClient, keyed: TestClient, name: str) -> None:
    """The hashes of an assessment, with which a guess at what is withheld could be tried, are told with the key."""
    assert api.get("/assessments/latest").json()[name] is None
    assert len(keyed.get("/assessments/latest").json()[name]) == 64
