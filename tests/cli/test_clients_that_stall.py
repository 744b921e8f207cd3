"""Clients that stall, leave, or come by the thousand: over real sockets, to a service of its own."""

import contextlib
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from processes import ending, environment, free_port
from sqlalchemy import Engine, text

from estates_api.api.gate import BURST, QUICK_AT_WORK, SLOW_AT_WORK
from estates_api.settings import ROOT
from estates_api.store.work import READING_S

SERVE = """
from estates_api.api import bodies, connections
connections.HEAD_S, connections.READ_S, bodies.JSON_S, bodies.GRACE_S = 1.5, 2.0, 1.5, 1.5
from estates_api.cli.main import main
main()
"""
"""The service with less patience, so that the tests are short; all else is as it is served."""

KEY = "the-key-of-the-tests"


OPEN: list[socket.socket] = []
"""The connections of the test that runs."""


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


@dataclass(frozen=True)
class Service:
    """A running service and the file with its log."""

    process: subprocess.Popen[bytes]
    port: int
    metrics: int
    log: Path

    def get(self, path: str, timeout_s: float = 20) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def connect(self) -> socket.socket:
        """A bare connection, closed at the end of the test at the latest."""
        OPEN.append(socket.create_connection(("127.0.0.1", self.port), timeout=20))
        return OPEN[-1]

    def told(self) -> str:
        """Its numbers for Prometheus."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.metrics, timeout=20)) as connection:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()

    def refused(self, why: str) -> int:
        """How many were refused, or hung up on, for this."""
        found = re.search(rf'^estates_requests_refused_total{{why="{why}"}} (\d+)', self.told(), re.MULTILINE)
        return int(found[1]) if found else 0

    def memory_mb(self) -> float:
        """The memory of the process."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


@pytest.fixture(scope="module")
def engine(make_loaded: Callable[[], Engine]) -> Engine:
    """A database with everything."""
    return make_loaded()


@pytest.fixture(scope="module")
def service(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service on it."""
    log = tmp_path_factory.mktemp("log") / "log"
    port, metrics = free_port(), free_port()
    around = environment(ESTATES_DATABASE_URL=engine.url.render_as_string(hide_password=False), ESTATES_ADMIN_KEY=KEY,
                         ESTATES_METRICS_PORT=str(metrics), ESTATES_SLOW_MS="300", PYTHONPATH=str(ROOT))  # fmt: skip
    command = [sys.executable, "-c", SERVE, "serve", "--port", str(port)]
    with log.open("w") as err:
        process = subprocess.Popen(command, env=around, cwd=ROOT, stderr=err, start_new_session=True)
    running = Service(process, port, metrics, log)
    with ending(process, lambda: running.get("/health/ready")[0] == 200):
        yield running


def closes_within(line: socket.socket, seconds: float) -> bytes:
    """What comes until the other side hangs up, which it must do in time."""
    line.settimeout(seconds)
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := line.recv(65536):
            found += piece
    return found


def test_a_head_that_never_ends(service: Service) -> None:
    """Whoever connects and sends nothing, or a byte now and then, is hung up on; also on the second request."""
    silent, slow, again = service.connect(), service.connect(), service.connect()
    again.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    assert again.recv(65536).startswith(b"HTTP/1.1 200")
    again.sendall(b"GET /health/live HTTP/1.1\r\n")
    with contextlib.suppress(OSError):
        for _ in range(12):
            slow.sendall(b"X")
            time.sleep(0.2)
    for line in (silent, slow, again):
        with line:
            closes_within(line, 6)


def test_a_head_that_is_too_long(service: Service) -> None:
    """A head of hundreds of kilobytes is not kept until it ends."""
    with service.connect() as line, contextlib.suppress(ConnectionError):
        line.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(40):
            line.sendall(b"x" * 20_000)
        assert b"431" in closes_within(line, 6)[:40]
    assert service.get("/health/live")[0] == 200


def test_a_body_that_never_comes(service: Service) -> None:
    """A question whose body stalls is 408, and others are answered meanwhile."""
    lines = [service.connect() for _ in range(20)]
    for line in lines:
        line.sendall(b"POST /assessments/what-if HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
    assert service.get("/collections/sites/items?limit=3&f=json")[0] == 200
    for line in lines:
        with line:
            assert b" 408 " in closes_within(line, 8)[:30]


def test_a_file_that_crawls_in(service: Service) -> None:
    """A file of which less arrives than any line carries is 408, though it never quite stops."""
    head = (f"POST /editions HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\nContent-Length: 100000\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n")  # fmt: skip
    with service.connect() as line:
        line.sendall(head.encode())
        with contextlib.suppress(OSError):
            for _ in range(12):
                line.sendall(b"C")
                time.sleep(0.2)
        assert b" 408 " in closes_within(line, 8)[:30]


def test_a_client_that_does_not_read(service: Service) -> None:
    """Answers that nobody takes are given up, what they held is free again, and others are answered meanwhile."""
    service.get("/collections/sites/items")
    before = service.memory_mb()
    lines = []
    for _ in range(30):
        line = socket.socket()
        OPEN.append(line)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", service.port))
        line.sendall(b"GET /collections/sites/items HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
        lines.append(line)
    assert service.get("/collections/sites/items?limit=4&f=json")[0] == 200
    assert wait_for(lambda: service.refused("slow_to_read") == len(lines))
    assert service.memory_mb() < before + 80
    for line in lines:
        line.close()


def test_thousands_of_idle_connections(service: Service) -> None:
    """Three thousand connections that say nothing cost little, keep nobody out, and are gone soon."""
    before = service.memory_mb()
    lines = [service.connect() for _ in range(3000 if soft_limit() > 3500 else 700)]
    began = time.monotonic()
    assert service.get("/collections/sites/items?limit=5&f=json")[0] == 200
    assert time.monotonic() - began < 5
    assert service.memory_mb() < before + 100
    closes_within(lines[-1], 8)
    for line in lines:
        line.close()


def soft_limit() -> int:
    """How many files this process may have open, as many as the system allows."""
    import resource  # noqa: PLC0415 -- only here

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


@pytest.fixture
def locked(engine: Engine) -> Iterator[None]:
    """While this is open nothing can be read of sites: every question waits in the database."""
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE site_public IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.rollback()


def running(engine: Engine) -> int:
    """Statements that the service has under way in this database."""
    parts = engine.url.translate_connect_args(username="user", database="dbname")
    query = (b"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = current_database() "
             b"AND pid <> pg_backend_pid()")  # fmt: skip
    with psycopg.connect(**parts, **engine.url.query, autocommit=True) as connection:
        found = connection.execute(query).fetchone()
        return int(found[0]) if found else 0


def wait_for(wanted: Callable[[], bool], seconds: float = 6) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("path", ["/collections/sites/items?limit=2&name=x", "/collections/sites/items/NCL-RRP03",
                                  "/sites/NCL-RRP03", "/collections/sites.csv"])  # fmt: skip
def test_what_nobody_waits_for_is_ended(service: Service, engine: Engine, locked: None, path: str) -> None:
    """When the client leaves, its statement in the database ends, on each way to it."""
    with service.connect() as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert wait_for(lambda: running(engine) > 0)
    assert wait_for(lambda: running(engine) == 0)


@pytest.mark.parametrize("path", ["/collections/sites/items?limit=7&name=", "/sites/NCL-RRP0"])
def test_a_database_that_does_not_get_on(service: Service, engine: Engine, locked: None, path: str) -> None:
    """With every place taken, of the quick and of the slow, the rest are refused at once; kept answers and health
    checks need none."""
    kept = "/collections/boroughs/items?limit=2&f=json"
    assert wait_for(lambda: service.get(kept)[0] == 200)
    lines = [service.connect() for _ in range(SLOW_AT_WORK + BURST)]
    for number, line in enumerate(lines):
        line.sendall(f"GET {path}{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert wait_for(lambda: running(engine) > 0)
    began = time.monotonic()
    status, headers, _ = service.get(f"{path}more")
    assert (status, headers["retry-after"]) == (503, "1")
    assert time.monotonic() - began < READING_S / 4  # not when those before it have been given up
    assert service.get("/health/live")[0] == 200
    assert service.get(kept)[0] == 200
    for line in lines:
        line.close()
    assert wait_for(lambda: running(engine) == 0)


def test_and_all_is_well_afterwards(service: Service, engine: Engine) -> None:
    """After all that every place is free again, nothing runs in the database, and the log is JSON that tells of it."""
    assert wait_for(lambda: service.get("/collections/sites/items?limit=9&f=json")[0] == 200)
    assert wait_for(lambda: running(engine) == 0)
    for free in (f"estates_quick_free {QUICK_AT_WORK}.0\n", f"estates_slow_free {SLOW_AT_WORK}.0\n"):
        assert wait_for(lambda said=free: said in service.told()), free
    assert service.refused("slow_to_ask")
    assert service.refused("too_long")
    assert "estates_data_age_seconds" in service.told()
    refused = service.refused("too_many_at_once")
    assert refused > 0
    assert wait_for(lambda: service.get("/health/live")[0] == 200 and refused_in(service.log) == refused)
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    last = next(line for line in reversed(lines) if "route" in line)  # what was refused is told between requests
    assert {"request_id", "route", "status", "ms", "bytes", "audience"} <= last.keys()
    assert KEY not in service.log.read_text()


def refused_in(log: Path) -> int:
    """How many were refused because there were too many, by what the log says."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return sum(line.get("too_many_at_once", 0) for line in lines if line["event"] == "refused")
