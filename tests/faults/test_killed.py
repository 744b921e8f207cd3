"""kill -9 of the service while it takes a file in, publishes, or while the schema is brought up to date: what was under
way is there whole or not at all, and the next process goes on."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from machines import ESTATES, PATIENCE_S, Answer, Server, Service, as_json, environment, serving, upload

from estates_api.settings import ROOT
from estates_api.store.database import make_engine, transaction
from estates_api.workflows.prove import verify_published

pytestmark = pytest.mark.slow

CHANCE = Random(7)
ROWS = 1500


def ask_and_kill(service: Service, after_s: float, ask: Callable[[], Answer]) -> Answer | None:
    """What came of a request whose service is killed after a while; None when nothing did."""
    told: list[Answer] = []

    def begin() -> None:
        with contextlib.suppress(OSError, Exception):
            told.append(ask())

    asking = threading.Thread(target=begin)
    asking.start()
    asking.join(after_s)
    service.kill()
    asking.join(PATIENCE_S)
    return told[0] if told else None


def doomed(server: Server, database: str = "estates") -> str:
    """The address for a process that is going to be killed, by which its connections are known."""
    return f"{server.url_of('estates', database=database)}?application_name=doomed"


def wait_until_left(server: Server) -> None:
    """Return when PostgreSQL has noticed that the killed one is gone."""
    deadline = time.monotonic() + 30
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'doomed'"
    with server.connect("postgres") as admin:
        while admin.execute(query).fetchone()[0]:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture(scope="module")
def asset_list() -> tuple[bytes, str]:
    """A form with a list that takes a second or two."""
    rows = (f"London Borough of Barnet,K{i:06d},Depot {i},Freehold,land,{i % 900 + 1},EN5 3DJ" for i in range(ROWS))
    head = "Organisation name,Asset ID,Name,Tenure,Land or building,Building size (m2),Postcode\n"
    return upload((head + "\n".join(rows) + "\n").encode(), "assets_2026.csv")


def test_while_it_takes_a_file_in(server: Server, asset_list: tuple[bytes, str], tmp_path: Path) -> None:
    """Killed at three moments of an ingest: every row is as before, or every row of the file is there."""
    before, cut = server.state(), 0
    for _ in range(3):
        with serving(doomed(server), tmp_path) as running:
            after_s = CHANCE.uniform(0.1, 1.2)
            answer = ask_and_kill(running, after_s, lambda: running.ask("/editions", *asset_list))
        wait_until_left(server)
        if answer is not None:
            break
        cut += 1
        assert server.state() == before, after_s
    assert cut
    with serving(doomed(server), tmp_path) as running:
        answer = running.ask("/editions", *asset_list)
        assert answer.status in {200, 201}, answer.body
    with server.connect() as admin:
        count = "SELECT count(*) FROM holding WHERE code LIKE 'K0%' AND site_ref IS NOT NULL"
        assert admin.execute(count).fetchone() == (ROWS,)


def test_while_it_publishes(server: Server, service: Service, tmp_path: Path) -> None:
    """Killed while it drafts and publishes: a revision is there with its views and its act on record, or not at all,
    and every list there is verifies."""
    query = """SELECT count(*), count(*) FILTER (WHERE
            (SELECT count(*) FROM shortlist_view v WHERE v.shortlist_id = s.id) <> 2),
            (SELECT count(*) FROM audit WHERE action IN ('draft shortlist', 'publish shortlist')) FROM shortlist s"""
    quarters = [f"201{5 + number // 4}-Q{number % 4 + 1}" for number in range(1, 5)]
    for quarter in quarters:
        with serving(doomed(server), tmp_path) as running:

            def publish(running: Service = running, quarter: str = quarter) -> Answer:
                running.ask(f"/shortlists/{quarter}/drafts", b"")
                return running.ask(f"/shortlists/{quarter}/publications", as_json({"by": "A Board"}))

            ask_and_kill(running, CHANCE.uniform(0.05, 1.5), publish)
        wait_until_left(server)
        with server.connect() as admin:
            lists, without_views, acts = admin.execute(query).fetchone()
        assert (without_views, acts) == (0, lists)
    engine = make_engine(server.url.replace("://", "+psycopg://"))
    with transaction(engine) as connection:
        published, failed = verify_published(connection)
    engine.dispose()
    assert (published > 0, failed) == (True, [])


def test_while_it_migrates(server: Server) -> None:
    """Killed while the schema is made: it is there whole or not at all, and the next time it is."""
    server.add_database("migrating")
    command = [*ESTATES, "migrate"]
    around = environment(doomed(server, "migrating"))
    for _ in range(4):
        process = subprocess.Popen(command, cwd=ROOT, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CHANCE.uniform(0.8, 2.2))
        process.kill()
        process.communicate()
        wait_until_left(server)
        state = server.state("migrating")
        assert not state or "alembic_version" in state
        assert not state or len(state) > 40, sorted(state)
    subprocess.run(command, cwd=ROOT, env=around, check=True, capture_output=True)
    done = subprocess.run(command, cwd=ROOT, env=around, check=True, capture_output=True, text=True)
    assert "up to date" in done.stdout
