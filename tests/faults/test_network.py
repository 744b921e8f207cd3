"""The network is cut in the middle of an answer: between the service and its database, and between it and a client."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from machines import Network, Server, Service, serving

pytestmark = pytest.mark.slow

LARGE = ("/sites.geojson", "/collections/candidates.csv", "/shortlists/2015-Q1", "/collections/sites/items?limit=100")


@pytest.fixture(scope="module")
def wire(server: Server) -> Iterator[Network]:
    """The way from the service to its database."""
    network = Network(server.port)
    yield network
    network.close()


@pytest.fixture(scope="module")
def remote(server: Server, wire: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that reaches its database over that way."""
    with serving(server.url_of("estates", wire.port), tmp_path_factory.mktemp("remote")) as running:
        yield running


@pytest.mark.parametrize("path", LARGE)
@pytest.mark.parametrize("carried", [0, 900, 9000])
def test_cut_from_the_database(remote: Service, wire: Network, path: str, carried: int) -> None:
    """Cut off at any byte of what the database sends, an answer is whole or refused, never a part of it."""
    before = remote.ask(path)
    assert before.status == 200
    separator = "&" if "?" in path else "?"
    wire.cut_after = carried
    answer = remote.ask(f"{path}{separator}f=json" if path.startswith("/collections/sites/") else path)
    wire.cut_after = -1
    wire.cut()
    assert answer.status in {200, 503}, answer
    if answer.status == 200:
        assert json.loads(answer.body) if "json" in answer.headers["content-type"] else answer.body == before.body
    else:
        assert answer.headers["retry-after"].isdecimal()
        assert json.loads(answer.body)["detail"] == "the database does not answer"
    remote.wait_until_ready(10)
    assert remote.ask(path).body == before.body


def test_cut_without_a_word(remote: Service, wire: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that swallows everything is not waited for without end, and others are answered meanwhile."""
    wire.dead = True
    answer = remote.ask("/collections/sites/items?limit=7")
    assert remote.ask("/health/live").took_s < 1
    wire.dead = False
    wire.cut()
    assert (answer.status, answer.took_s < 40) == (503, True)
    remote.wait_until_ready(10)
    assert remote.ask("/collections/sites/items?limit=7").status == 200


def test_cut_from_the_client(server: Server, service: Service) -> None:
    """A client that gets a part of an answer knows by its length; the service and its connections are as before."""
    network = Network(service.port)
    for carried in (1500, 5000, 40_000):
        network.cut_after = carried
        connection = http.client.HTTPConnection("127.0.0.1", network.port, timeout=10)
        connection.request("GET", "/sites.geojson")
        with pytest.raises((http.client.IncompleteRead, http.client.RemoteDisconnected, ConnectionResetError,
                            http.client.BadStatusLine)):  # fmt: skip
            connection.getresponse().read()
        connection.close()
        network.cut_after = -1
    network.close()
    assert service.ask("/sites.geojson").status == 200
    deadline = time.monotonic() + 5
    held = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'estates' AND state LIKE 'idle in%'"
    with server.connect() as admin:
        while admin.execute(held).fetchone()[0]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_log_is_for_a_person(remote: Service) -> None:
    """What the database said stands in the log, in lines, without a traceback."""
    said = Path(remote.log).read_text()
    assert "the database does not answer: " in said
    assert "Traceback" not in said, said[-3000:]
