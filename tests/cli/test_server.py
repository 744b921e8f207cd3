"""The whole service as a person starts it: a process of its own, its own database, a real socket, GDAL's client."""

import http.client
import json
import os
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
from processes import environment, free_port

from estates_api.settings import ROOT

ESTATES = [sys.executable, "-c", "from estates_api.cli.main import main; main()"]
PATIENCE_S = 90


@dataclass(frozen=True)
class Service:
    """A running service."""

    process: subprocess.Popen[str]
    port: int
    state_dir: Path
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def said(self) -> str:
        """What it has said so far."""
        return self.log.read_text()


def around(state_dir: Path) -> dict[str, str]:
    """The environment of a command that uses the embedded cluster of a state folder."""
    return environment(ESTATES_STATE_DIR=str(state_dir), COLUMNS="200")


def estates(state_dir: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run([*ESTATES, *map(str, words)], capture_output=True, text=True, check=False, cwd=ROOT,
                          env=around(state_dir), timeout=PATIENCE_S)  # fmt: skip


def heed_signals() -> None:
    """As from a terminal, even when these tests run under nohup or in the background, where children ignore these."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_DFL)


@contextmanager
def started(state_dir: Path) -> Iterator[Service]:
    """`estates run` under way, in a session of its own; killed at the end when it still runs."""
    port = free_port()
    log = state_dir.parent / f"log-{port}"
    with log.open("w") as out:
        process = subprocess.Popen([*ESTATES, "run", "--port", str(port)], stdout=out, stderr=subprocess.STDOUT,
                                   text=True, cwd=ROOT, env=around(state_dir), start_new_session=True,
                                   preexec_fn=heed_signals)  # noqa: PLW1509 -- the child only sets signals  # fmt: skip
    try:
        yield Service(process, port, state_dir, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_until_ready(service: Service) -> None:
    """Return when it answers; fail with what it said when it ended or takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert service.process.poll() is None, service.said()
        try:
            if service.get("/health/ready")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(service.said())


def is_up(state_dir: Path) -> bool:
    """Whether the database of a state folder listens."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(state_dir / "cluster/socket/.s.PGSQL.5432")) == 0


@pytest.fixture(scope="module")
def state_dir(open_folder_shared: Path) -> Path:
    """A state folder in which the service was set up by the tests before."""
    return make_state(open_folder_shared)


def make_state(folder: Path) -> Path:
    """An empty state folder, with room for logs beside it."""
    state_dir = folder / "state"
    state_dir.mkdir()
    return state_dir


@pytest.fixture(scope="module")
def service(state_dir: Path) -> Iterator[Service]:
    """A first run on an empty state folder, answering."""
    with started(state_dir) as running:
        wait_until_ready(running)
        yield running
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGINT)
            running.process.wait(PATIENCE_S)


@pytest.fixture
def gdal() -> Callable[..., str]:
    """Run one of GDAL's programs; the test is skipped where GDAL is not, except where everything must be there."""

    def run(*words: str) -> str:
        if shutil.which(words[0]) is None:
            assert os.environ.get("CI") != "true", "GDAL is needed: apt-get install gdal-bin"
            pytest.skip("GDAL's programs are not here (apt-get install gdal-bin)")
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout

    return run


def test_a_first_run_says_what_it_does(service: Service) -> None:
    """Each step is one line; at the end stands what to open, the key, and how to stop; both lists are shown."""
    said = service.said()
    for words in ("database schema: brought up to date", "loaded: ERIC 2014-15", "reference data: 14 editions, 14 new",
                  "drafted", f"Open {service.url}", "ESTATES_ADMIN_KEY was not set", "Stop with Ctrl-C",
                  "Shortlist 2015-Q1 as of 2015-03-31", "St Ann's Hospital", "since then"):  # fmt: skip
        assert words in said
    key = (service.state_dir / "admin_key").read_text()
    assert key in said
    assert (service.state_dir / "admin_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("collection", ["sites", "candidates"])
def test_it_opens_in_gdal(service: Service, gdal: Callable[..., str], collection: str) -> None:
    """GDAL's OGC API client finds the collection from the landing page and counts its features."""
    said = gdal("ogrinfo", "-so", f"OAPIF:{service.url}", collection)
    count = int(said.split("Feature Count: ")[1].split("\n")[0])
    assert count == json.loads(service.get(f"/collections/{collection}")[2])["itemCount"] >= 100
    assert "release_score: Real" in said or collection == "sites"


def test_gdal_pages_and_filters(service: Service, gdal: Callable[..., str]) -> None:
    """GDAL follows `next` to the end, and its box is ours."""
    whole = gdal("ogrinfo", "-al", "-q", f"OAPIF:{service.url}", "sites", "-oo", "PAGE_SIZE=20")
    assert whole.count("OGRFeature(") == 132
    box = gdal("ogrinfo", "-al", "-q", f"OAPIF:{service.url}", "sites", "-spat", "-0.2", "51.5", "-0.1", "51.6")
    numbers = json.loads(service.get("/collections/sites/items?bbox=-0.2,51.5,-0.1,51.6")[2])["numberMatched"]
    assert 0 < box.count("OGRFeature(") == numbers < 132


@pytest.mark.parametrize("path", ["/sites.geojson", "/candidates.geojson", "/vsicurl"])
def test_the_plain_file_opens_in_gdal(service: Service, gdal: Callable[..., str], path: str, tmp_path: Path) -> None:
    """The plain GeoJSON address is taken as a layer, also by ranges as QGIS asks, and converts whole."""
    source = f"/vsicurl/{service.url}/sites.geojson" if path == "/vsicurl" else service.url + path
    gdal("ogr2ogr", "-f", "GPKG", str(tmp_path / "out.gpkg"), source)
    name = path.strip("/").partition(".")[0].replace("vsicurl", "sites")
    assert "Feature Count: 132" in gdal("ogrinfo", "-so", str(tmp_path / "out.gpkg"), name)


def test_head_and_options_on_the_wire(service: Service) -> None:
    """HEAD has GET's length and no body, OPTIONS no body, and the connection goes on."""
    whole = service.get("/sites.geojson")
    head = service.get("/sites.geojson", "HEAD")
    assert (head[0], head[1]["content-length"], head[2]) == (200, str(len(whole[2])), b"")
    assert service.get("/collections/sites/items", "OPTIONS")[0] == 204
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    for method in ("HEAD", "GET", "OPTIONS", "HEAD", "GET"):
        connection.request(method, "/sites.geojson")
        answer = connection.getresponse()
        assert len(answer.read()) == (len(whole[2]) if method == "GET" else 0)
    connection.close()


def test_compressed_on_the_wire(service: Service) -> None:
    """Who can take gzip gets it, and much less to carry."""
    status, headers, body = service.get("/sites.geojson", **{"Accept-Encoding": "gzip"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert len(body) * 3 < len(service.get("/sites.geojson")[2])


def test_drafts_are_open_to_this_computer_only(service: Service) -> None:
    """Asked directly the draft is there; asked through anything that says it is a proxy, it needs the key."""
    assert service.get("/shortlists/2015-Q1.csv")[0] == 200
    assert service.get("/shortlists/2015-Q1.csv", **{"X-Forwarded-For": "203.0.113.9"})[0] == 401
    key = (service.state_dir / "admin_key").read_text()
    assert service.get("/shortlists/2015-Q1.csv", **{"X-Forwarded-For": "203.0.113.9", "X-API-Key": key})[0] == 200


def test_a_second_process_uses_the_running_database(service: Service, samples: Path) -> None:
    """`estates ingest` beside the service goes into its database, is served at once, and leaves it running."""
    done = estates(service.state_dir, "ingest", samples / "eric_2013-14_made.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert "eric_2013-14_made.csv" in service.get("/editions")[2].decode()
    assert is_up(service.state_dir)
    assert json.loads(service.get("/collections/sites")[2])["itemCount"] > 132


def test_the_port_is_taken(service: Service) -> None:
    """A second service on the port is refused in one line, before anything is started."""
    done = estates(service.state_dir, "run", "--port", str(service.port))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"port {service.port} on 127.0.0.1 cannot be used" in done.stderr
    assert "choose one with --port" in done.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_with_its_database(service: Service, state_dir: Path, ending: signal.Signals) -> None:
    """Ctrl-C, a service manager's or a closed terminal's signal end the service and its database; the next run is
    quick and says that nothing changed."""
    if service.process.poll() is None:
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(PATIENCE_S) in {0, 130}
        assert not is_up(state_dir)
        assert "stopped" in service.said()
        assert "Traceback" not in service.said()
        estates(state_dir, "run", "--no-serve")  # drafts with what was handed in above
    begin = time.monotonic()
    with started(state_dir) as again:
        wait_until_ready(again)
        assert time.monotonic() - begin < 8 * 3  # the promise is 8 s; this machine may be busy
        said = again.said()
        assert said.count("unchanged") == 2
        assert "up to date" in said
        assert " 0 new" in said
        again.process.send_signal(ending)
        code = again.process.wait(PATIENCE_S)
        assert code in {0, 130, 143}, (code, again.said())
    assert not is_up(state_dir)
    assert "Traceback" not in again.said()


def test_commands_start_and_stop_the_database(service: Service, state_dir: Path) -> None:
    """Without a running service a command starts the database for itself and stops it again."""
    if service.process.poll() is None:
        service.process.send_signal(signal.SIGINT)
        service.process.wait(PATIENCE_S)
    done = estates(state_dir, "shortlist", "list")
    assert done.returncode == 0
    assert "2015-Q1" in done.stdout
    assert not is_up(state_dir)


@pytest.mark.slow
def test_killed_at_any_moment_the_next_run_works(open_folder: Path) -> None:
    """Killed outright during the first start, the loading or the assessment, the next run goes on and ends well."""
    folder = make_state(open_folder)
    for moment in (0.7, 1.6, 2.4, 3.0, 3.6, 4.2):
        with started(folder) as running:
            time.sleep(moment)
            os.killpg(running.process.pid, signal.SIGKILL)
    done = estates(folder, "run", "--no-serve")
    assert done.returncode == 0, done.stderr
    assert "set up; start the service" in done.stdout
    again = estates(folder, "run", "--no-serve")
    assert again.stdout.count("unchanged") == 2
    assert not is_up(folder)
    shown = estates(folder, "shortlist", "show", "2015-Q1")
    assert "St Ann's Hospital" in shown.stdout
