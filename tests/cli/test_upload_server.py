"""Files handed in over a real socket to a server process of its own: with curl, in pieces, and cut off on the way."""

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from processes import PATIENCE_S, ending, environment, free_port
from sqlalchemy import Engine, text

from estates_api.settings import ROOT

SERVE = [sys.executable, "-c", "from estates_api.cli.main import main; main()", "serve", "--port"]
KEY = "the-key-of-the-tests"
BOUNDARY = "-" * 24 + "made"

Count = Callable[[Engine], dict[str, int]]
Template = Callable[..., bytes]


@dataclass(frozen=True)
class Service:
    """A server process, and the folder in which it keeps what comes in."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def curl(self, *words: str | Path) -> tuple[int, dict[str, object]]:
        """Status and JSON of an answer to curl."""
        done = subprocess.run(
            ["curl", "-sS", "-w", "\n%{http_code}", *map(str, words), f"http://127.0.0.1:{self.port}/editions"],
            capture_output=True, text=True, check=True, timeout=PATIENCE_S,
        )  # fmt: skip
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    def get(self, path: str) -> int:
        """The status of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def peak_mb(self) -> float:
        """The most memory the process ever had."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024

    def wait_until_empty(self) -> None:
        """Return when nothing is kept; fail when something stays."""
        deadline = time.monotonic() + 10
        while list(self.folder.iterdir()):
            assert time.monotonic() < deadline, list(self.folder.rglob("*"))
            time.sleep(0.05)


@contextmanager
def serving(engine: Engine, folder: Path) -> Iterator[Service]:
    """`estates serve` on a database, taking files up to 150 MB."""
    port = free_port()
    around = environment(ESTATES_DATABASE_URL=engine.url.render_as_string(hide_password=False), ESTATES_ADMIN_KEY=KEY,
                         ESTATES_MAX_UPLOAD_MB="150", TMPDIR=str(folder))  # fmt: skip
    process = subprocess.Popen([*SERVE, str(port)], env=around, cwd=ROOT, start_new_session=True)
    running = Service(process, port, folder)
    with ending(process, lambda: running.get("/health/ready") == 200):
        yield running


@pytest.fixture(scope="module")
def service(reference_shared: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server on a database with reference tables."""
    with serving(reference_shared, tmp_path_factory.mktemp("uploads")) as running:
        yield running


@pytest.fixture
def curl() -> None:
    """The test is skipped where curl is not."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")


def test_with_curl(service: Service, template: Template, tmp_path: Path, curl: None) -> None:
    """The line in the README works: a file, a field, a key; then the dry run, and the same bytes again."""
    path = tmp_path / "made up list.csv"
    path.write_bytes(template({"holding_code": "SK1", "postcode": "N15 3TH", "gia_m2": 10}))
    words = ("-H", f"X-API-Key: {KEY}", "-F", f"file=@{path}", "-F", "period=2024-03-31", "-F", "sensitivity=")
    status, told = service.curl(*words)
    assert (status, told["new"], told["file_name"]) == (201, True, "made up list.csv"), told
    status, again = service.curl(*words)
    assert (status, again["new"], again["id"]) == (200, False, told["id"])
    assert service.curl("-u", f"anybody:{KEY}", "-F", f"file=@{path}")[0] == 200
    service.wait_until_empty()


def test_large_bodies_that_are_not_wanted(service: Service, tmp_path: Path, curl: None) -> None:
    """Without the key, and beyond the limit, the answer comes before the body is sent."""
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert service.curl("-F", f"file=@{path}")[0] == 401
    assert service.curl("-H", f"X-API-Key: {KEY}", "-F", f"file=@{path}")[0] == 413
    chunked = ("-H", f"X-API-Key: {KEY}", "-H", "Transfer-Encoding: chunked", "-F", f"file=@{path}")
    assert service.curl(*chunked)[0] == 413
    service.wait_until_empty()


def head(length: int | None = None, accept: str = "*/*") -> bytes:
    """The head of a form of that length (chunked without), up to where the file's bytes begin."""
    how = f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked"
    return (
        f"POST /editions HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\n{how}\r\nAccept: {accept}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    ).encode()


PART = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'.encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()


def answer_from(sender: socket.socket) -> tuple[int, bytes]:
    """Status and body of the one answer that comes."""
    answer = http.client.HTTPResponse(sender)
    answer.begin()
    return answer.status, answer.read()


def test_memory_stays_flat(service: Service) -> None:
    """A file of 140 MB goes to disk, not into memory, and others are answered while it comes."""
    before = service.peak_mb()
    piece, pieces = b"\x1f\x8b" + b"\0" * (1024 * 1024 - 2), 140
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as sender:
        sender.sendall(head(len(PART) + pieces * len(piece) + len(END)) + PART)
        for number in range(pieces):
            sender.sendall(piece)
            if number == pieces // 2:
                assert service.get("/health/ready") == 200
                assert sum(each.stat().st_size for each in service.folder.rglob("file")) > 30 * 1024 * 1024
        sender.sendall(END)
        status, body = answer_from(sender)
    assert (status, b"compressed with gzip" in body) == (400, True)
    assert service.peak_mb() - before < 40
    service.wait_until_empty()


@pytest.mark.parametrize("chunked", [False, True])
def test_cut_off_on_the_way(service: Service, reference_shared: Engine, count_rows: Count, chunked: bool) -> None:
    """A client that goes away half-way leaves no file, no row and a service that goes on."""
    before = count_rows(reference_shared)
    sent = PART + b"a,b\n" * 500_000
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as sender:
        sender.sendall(head(None if chunked else 50_000_000))
        sender.sendall(b"%x\r\n%b\r\n" % (len(sent), sent) if chunked else sent)
        deadline = time.monotonic() + 10
        while not list(service.folder.rglob("file")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes with a reset
    service.wait_until_empty()
    assert service.get("/health/ready") == 200
    assert count_rows(reference_shared) == before


def test_a_head_without_a_body(service: Service) -> None:
    """A client that announces a form and goes away leaves nothing."""
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as sender:
        sender.sendall(head(1000))
        time.sleep(0.2)
    service.wait_until_empty()
    assert service.get("/health/ready") == 200


def wait_until_written(engine: Engine) -> None:
    """Return when somebody has begun to write rows that are not committed yet."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with engine.connect() as connection:
            if connection.execute(text(query)).scalar_one():
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_stopped_while_a_file_is_taken_in(
    reference: Engine, tmp_path: Path, template: Template, count_rows: Count
) -> None:
    """Told to stop during an ingest, the service gives it up, says so, leaves nothing behind and ends soon."""
    rows = template(*({"holding_code": f"Z{number}", "postcode": "N15 3TH", "gia_m2": 1} for number in range(100_000)))
    before = count_rows(reference)
    with serving(reference, tmp_path) as running, socket.create_connection(("127.0.0.1", running.port)) as sender:
        sender.sendall(head(len(PART) + len(rows) + len(END)) + PART + rows + END)
        wait_until_written(reference)
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(PATIENCE_S)
        status, body = answer_from(sender)
        assert (status, b"stopping" in body) == (503, True)
    assert count_rows(reference) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_stopped_while_steps_are_told(reference: Engine, tmp_path: Path, template: Template, count_rows: Count) -> None:
    """The same where every step is told: the last line says that the service is stopping."""
    rows = template(*({"holding_code": f"Z{number}", "postcode": "N15 3TH", "gia_m2": 1} for number in range(100_000)))
    before = count_rows(reference)
    with serving(reference, tmp_path) as running, socket.create_connection(("127.0.0.1", running.port)) as sender:
        sender.sendall(head(len(PART) + len(rows) + len(END), "application/jsonl") + PART + rows + END)
        sender.recv(1, socket.MSG_PEEK)  # told of a step, so it is under way
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(PATIENCE_S)
        status, body = answer_from(sender)
    assert (status, b"stopping" in body.splitlines()[-1]) == (200, True)
    assert count_rows(reference) == before
    assert list(tmp_path.iterdir()) == []
