"""What PostgreSQL may suffer, and the service outlives: one process through all of it."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from machines import Answer, Server, Service, as_json, upload

from estates_api.settings import ROOT

pytestmark = pytest.mark.slow

READS = ("/collections/sites/items?limit=3", "/collections/candidates/items?filter=release_score%3E50&limit=3",
         "/collections/sites/tiles/WebMercatorQuad/10/340/511", "/sites.geojson", "/shortlists/2015-Q1", "/issues",
         "/editions", "/levels", "/sites/NCL-RRP03", "/collections/sites.csv", "/decisions", "/needs")  # fmt: skip
NEED = {"need": "F-1", "organisation_code": "RRP", "organisation_name": "A trust", "service": "a clinic",
        "floor_area_low_m2": 200, "boroughs": "Enfield", "by": "A. Clerk"}  # fmt: skip
WRITES = (
    ("/needs", as_json(NEED), "application/json"),
    ("/shortlists/2014-Q1/drafts", b"", "application/json"),
    ("/editions", *upload((ROOT / "tests/samples/template_made.csv").read_bytes())),
)
INSIDE = (b"Traceback", b"127.0.0.1", b"port", b"psycopg", b"FATAL", b"SELECT", b"INSERT", b"sqlalche", b"/data/")
QUICK_S = 5.0


def check_refusal(answer: Answer, *reasons: str) -> None:
    """503 in words for everybody, soon, with when to come back, and nothing of the inside."""
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json"), answer
    assert answer.headers["retry-after"].isdecimal()
    assert answer.took_s < QUICK_S
    assert not [word for word in INSIDE if word in answer.body], answer.body
    detail = json.loads(answer.body)["detail"]
    assert any(reason in detail for reason in reasons), detail


@contextmanager
def unharmed(server: Server, service: Service) -> Iterator[None]:
    """Whatever happens meanwhile: afterwards the same process answers everything as before, and no row differs."""
    state, answers = server.state(), {path: service.ask(path) for path in READS}
    assert {answer.status for answer in answers.values()} == {200}, answers
    yield
    service.wait_until_ready(15)
    assert server.state() == state
    for path, before in answers.items():
        after = service.ask(path)
        assert (after.status, after.body) == (200, before.body), path
    proof = json.loads(service.ask("/shortlists/2015-Q1/verification").body)
    assert all(value is not False for value in proof.values()), proof
    assert "Traceback" not in service.log.read_text(), service.log.read_text()[-3000:]


def check_all_refused(service: Service, *reasons: str) -> None:
    """Everything that needs the database is refused, and the process says that it lives."""
    for path in READS:
        check_refusal(service.ask(path), *reasons)
    for path, body, kind in WRITES:
        check_refusal(service.ask(path, body, kind), *reasons)
    check_refusal(service.ask("/health/ready"), *reasons)
    live = service.ask("/health/live")
    assert (live.status, live.took_s < 1) == (200, True)


def test_stopped(server: Server, service: Service) -> None:
    """PostgreSQL is stopped for a while: all is refused at once, and comes back with it."""
    with unharmed(server, service):
        server.stop()
        check_all_refused(service, "the database does not answer")
        server.start()


def test_killed(server: Server, service: Service) -> None:
    """PostgreSQL is killed: the same."""
    with unharmed(server, service):
        server.kill()
        time.sleep(0.5)
        check_all_refused(service, "the database does not answer")
        server.start()


def test_restarted(server: Server, service: Service) -> None:
    """PostgreSQL is restarted between two requests: nobody notices, whatever they ask for."""
    with unharmed(server, service):
        server.stop()
        server.start()
        for path in READS:
            assert service.ask(path).status == 200, path


def test_one_backend_killed(server: Server, service: Service) -> None:
    """A backend is killed, at which PostgreSQL drops every connection and recovers: only 200 and 503 meanwhile."""
    with unharmed(server, service):
        with server.connect() as admin:
            ours = "SELECT pid FROM pg_stat_activity WHERE usename = 'estates' LIMIT 1"
            os.kill(admin.execute(ours).fetchone()[0], signal.SIGKILL)
        for path in READS:
            answer = service.ask(path)
            if answer.status != 200:
                check_refusal(answer, "the database does not answer")


def take_all(server: Server, stack: ExitStack) -> None:
    """Every connection that users may have."""
    while True:
        try:
            stack.enter_context(server.connect(user="estates"))
        except psycopg.OperationalError:
            return


def test_out_of_connections(server: Server, service: Service) -> None:
    """Others hold every connection: said in words; the service takes its own as soon as there are some."""
    with unharmed(server, service), ExitStack() as stack:
        take_all(server, stack)
        with server.connect() as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'estates' "
                          "AND (query LIKE '%audit%' OR query <> '')")  # fmt: skip
        take_all(server, stack)
        check_all_refused(service, "the database has no connection free", "the database does not answer")
        assert b"no connection free" in service.ask("/sites.geojson").body


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """No byte is left on the disk of a folder."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * (1 << 20))
                file.flush()
        except OSError:
            pass
        file.truncate(os.fstat(file.fileno()).st_size)
    with (folder / "rest").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    try:
        yield
    finally:
        ballast.unlink()
        (folder / "rest").unlink()


def test_disk_full(server: Server, service: Service, small_disk: Path | None) -> None:
    """The database's disk is full: changes are refused in words and leave nothing, and are taken when there is room."""
    if small_disk is None:
        pytest.skip("a small disk cannot be mounted here (needs root)")
    with unharmed(server, service):
        with full(small_disk):
            reasons = ("the disk of the database is full", "the database does not answer", "cannot use its disk")
            for path, body, kind in WRITES[1:]:
                check_refusal(service.ask(path, body, kind), *reasons)
            check_refusal(service.ask("/health/ready"), *reasons)
            assert service.ask("/health/live").status == 200
            for path in READS:
                answer = service.ask(path)
                if answer.status != 200:
                    check_refusal(answer, *reasons)
        if not server.is_up():
            server.start()


def test_read_only(server: Server, service: Service) -> None:
    """The database takes no changes: readers are served, writers told, and health says so."""
    with unharmed(server, service):
        with server.connect() as admin:
            admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            admin.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)
        check_reading_only(service)
        with server.connect() as admin:
            admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
            admin.execute("SELECT pg_reload_conf()")


def check_reading_only(service: Service) -> None:
    """Every question is answered and every change refused."""
    for path in READS:
        assert service.ask(path).status == 200, path
    for path, body, kind in WRITES:
        check_refusal(service.ask(path, body, kind), "the database takes no changes just now")
    check_refusal(service.ask("/health/ready"), "the database takes no changes just now")


def test_standby(server: Server, service: Service) -> None:
    """The database becomes a standby, and is then promoted: the same, without a restart of the service."""
    with unharmed(server, service):
        server.stop()
        signal_file = server.folder / "data/standby.signal"
        signal_file.touch()
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", str(signal_file)], check=True)
        server.start()
        check_reading_only(service)
        server.run("pg_ctl", "promote", "-w")


def test_another_schema(server: Server, service: Service) -> None:
    """The schema is another version's: health says what to run."""
    with unharmed(server, service):
        with server.connect() as admin:
            now = admin.execute("UPDATE alembic_version SET version_num = '0001' RETURNING version_num").fetchone()
            assert now == ("0001",)
        try:
            check_refusal(service.ask("/health/ready"), "run `estates setup`")
        finally:
            with server.connect() as admin:
                admin.execute("UPDATE alembic_version SET version_num = %s", [newest()])


def newest() -> str:
    """The newest revision."""
    return max(path.name[:4] for path in (ROOT / "migrations/versions").glob("[0-9]*.py"))


def test_it_takes_changes_after_all_that(server: Server, service: Service) -> None:
    """After every fault the same process records a need, a draft and a file, each whole."""
    for path, body, kind in WRITES:
        answer = service.ask(path, body, kind)
        assert answer.status in {200, 201}, (path, answer)
