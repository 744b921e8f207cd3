"""Killed at any moment, an ingest leaves the last committed edition and nothing else, and the same command succeeds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from estates_api.settings import ROOT
from estates_api.store.database import transaction

pytestmark = pytest.mark.slow

ESTATES = [sys.executable, "-c", "from estates_api.cli.main import main; main()"]
ROWS = 8000
PATIENCE_S = 120
MOMENTS = (1.2, 1.8, 2.5, 3.3, 4.2, 5.5)
"""Seconds after the start: while it starts, reads, writes, places and renders, more or less."""


@pytest.fixture(scope="module")
def asset_list(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made list that takes some seconds."""
    path = tmp_path_factory.mktemp("made") / "assets_2026.csv"
    rows = (f"London Borough of Barnet,B{i:06d},Depot {i},Freehold,land,{i % 900 + 1},EN5 3DJ" for i in range(ROWS))
    path.write_text("Organisation name,Asset ID,Name,Tenure,Land or building,Building size (m2),Postcode\n"
                    + "\n".join(rows) + "\n")  # fmt: skip
    return path


def start(path: Path, **environment: str) -> subprocess.Popen[str]:
    """The command, running."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESTATES_")}
    return subprocess.Popen([*ESTATES, "ingest", str(path)], cwd=ROOT, env=kept | environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, output and errors of the command at its end."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def ended_backends(engine: Engine) -> None:
    """Wait until the server has noticed that the command is gone."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    for _ in range(200):
        with transaction(engine) as connection:
            if not connection.execute(query).scalar_one():
                return
        time.sleep(0.1)


def test_the_command_is_killed(
    reference: Engine, asset_list: Path, count_rows: Callable[[Engine], dict[str, int]]
) -> None:
    """kill -9 at six moments: each time every table is as before, or has all of it where the record was made by then;
    at the end the same command takes every row, or says that they are here."""
    url = reference.url.render_as_string(hide_password=False)
    before = count_rows(reference)
    cut = 0
    for moment in MOMENTS:
        process = start(asset_list, ESTATES_DATABASE_URL=url)
        time.sleep(moment)
        process.kill()
        code, _, _ = end(process)
        ended_backends(reference)
        after = count_rows(reference)
        if code == 0 or after["edition"] > before["edition"]:  # it was faster than the moment
            assert after["holding"] == after["placement"] == after["site_public"] == ROWS, moment
            break
        cut += 1
        assert after == before, moment
    assert cut >= 1
    code, _, err = end(start(asset_list, ESTATES_DATABASE_URL=url))
    assert (code, err) == (0, ""), err
    with transaction(reference) as connection:
        assert connection.execute(text("SELECT count(*) FROM holding WHERE site_ref IS NOT NULL")).scalar_one() == ROWS
        assert connection.execute(text("SELECT count(*) FROM site_public")).scalar_one() == ROWS
        assert connection.execute(text("SELECT count(*) FROM edition WHERE format = 'transparency'")).scalar_one() == 1


@pytest.mark.parametrize("moment", [2.5, 4.0])
def test_the_server_is_killed(open_folder: Path, asset_list: Path, moment: float) -> None:
    """kill -9 of PostgreSQL: one line and exit code 2; the same command then starts it again and succeeds."""
    state = open_folder / "state"
    done = subprocess.run([*ESTATES, "migrate"], cwd=ROOT, env=os.environ | {"ESTATES_STATE_DIR": str(state)},
                          capture_output=True, text=True, timeout=PATIENCE_S, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    process = start(asset_list, ESTATES_STATE_DIR=str(state))
    time.sleep(moment)
    for pid_file in open_folder.glob("**/postmaster.pid"):
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    code, _, err = end(process)
    if code:
        assert (code, "Traceback" in err) == (2, False), err
        assert err.startswith("error: "), err
    code, out, err = end(start(asset_list, ESTATES_STATE_DIR=str(state)))
    assert (code, err) == (0, ""), err
    assert f"{ROWS:,} sites" in out
