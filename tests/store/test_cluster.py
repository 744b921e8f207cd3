"""The embedded cluster: shared, stopped by the last, repaired after any kill, and clear about what it lacks."""

import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from estates_api.errors import Unavailable
from estates_api.store import cluster, programs
from estates_api.store.cluster import is_running, open_cluster
from estates_api.store.programs import find_programs

USER = """
import pathlib, sys
from estates_api.store.cluster import open_cluster
with open_cluster(pathlib.Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def state_dir(open_folder: Path) -> Path:
    """A state folder without a cluster."""
    return open_folder


@pytest.fixture(scope="module")
def made_dir(open_folder_shared: Path) -> Path:
    """A state folder with a cluster that every test here leaves stopped."""
    with open_cluster(open_folder_shared):
        pass
    return open_folder_shared


def start_user(state_dir: Path) -> tuple[subprocess.Popen[str], str]:
    """Another process that uses the cluster until its standard input is closed, and the URL it was given."""
    command = [sys.executable, "-c", USER, str(state_dir)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    return process, process.stdout.readline().strip()


def end_user(process: subprocess.Popen[str]) -> None:
    """Let a user leave in good order."""
    process.communicate(timeout=60)
    assert process.returncode == 0


def ask(url: str, question: str) -> object:
    """The single value that a query gives."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar()
    finally:
        engine.dispose()


def is_listening(url: str) -> bool:
    """Whether the server behind `url` still holds its socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(f"{make_url(url).query['host']}/.s.PGSQL.5432") == 0


def server_pid(state_dir: Path) -> int:
    """The process number of the running server."""
    return int((state_dir / "cluster/data/postmaster.pid").read_text().split()[0])


def test_it_is_a_private_utf8_postgis(cluster_url: str) -> None:
    """The database has PostGIS, UTF-8 and checksums, and listens nowhere but on a socket one user can reach."""
    assert str(ask(cluster_url, "SELECT postgis_version()")).startswith("3.")
    assert ask(cluster_url, "SHOW server_encoding") == "UTF8"
    assert ask(cluster_url, "SHOW data_checksums") == "on"
    assert ask(cluster_url, "SHOW listen_addresses") == ""
    assert Path(str(make_url(cluster_url).query["host"])).stat().st_mode & 0o777 == 0o700


def test_a_fresh_database_is_empty(database_url: str) -> None:
    """Each test that asks for one gets a database of its own."""
    assert ask(database_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1  # spatial_ref_sys


def test_the_last_user_stops_it(made_dir: Path) -> None:
    """Two users share one server; it survives the first that leaves and stops with the second."""
    with open_cluster(made_dir) as ours:
        other, theirs = start_user(made_dir)
        assert theirs == ours
        end_user(other)
        assert ask(ours, "SELECT 1") == 1
    assert not is_listening(ours)


def test_looking_whether_it_runs_starts_nothing(made_dir: Path, tmp_path: Path) -> None:
    """It runs while somebody uses it; a folder that nobody used yet stays as it was."""
    assert not is_running(tmp_path / "none")
    assert not (tmp_path / "none").exists()
    assert not is_running(made_dir)
    with open_cluster(made_dir):
        assert is_running(made_dir)
    assert not is_running(made_dir)


def test_what_was_written_is_there_the_next_time(made_dir: Path) -> None:
    """The cluster keeps its data over a stop."""
    with (
        open_cluster(made_dir) as url,
        psycopg.connect(host=make_url(url).query["host"], user="estates") as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    with open_cluster(made_dir) as url:
        assert ask(url, "SELECT n FROM kept") == 7


def test_a_killed_user_leaves_no_server_for_ever(made_dir: Path) -> None:
    """After kill -9 of its only user the server is found running, used, and then stopped."""
    other, url = start_user(made_dir)
    other.kill()
    other.communicate()
    before = server_pid(made_dir)
    with open_cluster(made_dir):
        assert server_pid(made_dir) == before
    assert not is_listening(url)


def test_a_killed_server_recovers(made_dir: Path) -> None:
    """After kill -9 of the server itself the next user gets a recovered one, with the data."""
    other, url = start_user(made_dir)
    ask(url, "SELECT 1")
    os.kill(server_pid(made_dir), signal.SIGKILL)
    with open_cluster(made_dir) as url:
        assert str(ask(url, "SELECT postgis_version()")).startswith("3.")
    end_user(other)


def test_a_pid_that_another_process_now_has_is_not_the_server(made_dir: Path) -> None:
    """A pid file from before a power cut does not keep the server from starting when its number was given away."""
    with open_cluster(made_dir) as url:
        pid_file = made_dir / "cluster/data/postmaster.pid"
        stale = pid_file.read_text()
    owner = (made_dir / "cluster").stat()
    squatter = subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None)
    try:
        for text_of_file in (stale.replace(stale.split()[0], str(squatter.pid), 1), ""):
            pid_file.write_text(text_of_file)
            os.chown(pid_file, owner.st_uid, owner.st_gid)
            with open_cluster(made_dir) as url:
                assert ask(url, "SELECT 1") == 1
    finally:
        squatter.kill()
        squatter.wait()


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.0, 0.1, 0.5, 1.0, 1.2])
def test_a_kill_during_the_first_start_is_repaired(state_dir: Path, moment: float) -> None:
    """Whenever the first start is killed, the next one ends with a working database."""
    command = [sys.executable, "-c", USER, str(state_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (state_dir / "cluster/data.new").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moment)
        process.kill()
    with open_cluster(state_dir) as url:
        assert str(ask(url, "SELECT postgis_version()")).startswith("3.")


def test_a_pid_file_that_is_just_being_written_is_left(made_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that a killed process is starting makes its pid file and then fills it; that file is not removed."""
    found = cluster._find_cluster(made_dir)
    pid_file = found.data / "postmaster.pid"
    pid_file.touch()
    waits = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", found.data]
    ours = subprocess.Popen(waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert ours.stdout is not None
    ours.stdout.readline()  # it runs, and its command line can be read
    monkeypatch.setattr(time, "sleep", lambda _seconds: pid_file.write_text(f"{ours.pid}\n"))
    try:
        found.drop_stale_pid()
        assert pid_file.exists()
    finally:
        ours.communicate()
        pid_file.unlink()


def test_making_the_files_may_take_its_time(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What initdb needs on a busy machine is not taken from the time that the start has."""
    clock = [0.0]
    make = cluster._Cluster.make

    def make_slowly(self: cluster._Cluster, mutex: int) -> None:
        make(self, mutex)
        clock[0] += 2 * cluster.PATIENCE_S

    monkeypatch.setattr(cluster._Cluster, "make", make_slowly)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with open_cluster(state_dir) as url:
        assert ask(url, "SELECT 1") == 1


def test_ctrl_c_is_not_for_the_server(made_dir: Path) -> None:
    """An interrupt sent to the whole process group of a user does not reach the server."""
    with open_cluster(made_dir) as url:
        assert os.getpgid(server_pid(made_dir)) != os.getpgid(0)
        assert os.getsid(server_pid(made_dir)) != os.getsid(0)
        assert ask(url, "SELECT 1") == 1


@pytest.mark.parametrize("odd", ["x" * 90, "a:b, c"])
def test_a_path_no_socket_can_have_gets_a_short_one(state_dir: Path, odd: str) -> None:
    """A long or oddly named state folder works; its socket is in a private folder under a short path."""
    with open_cluster(state_dir / odd) as url:
        folder = Path(str(make_url(url).query["host"]))
        assert folder.parent == cluster.SHORT_HOME
        assert folder.stat().st_mode & 0o777 == 0o700
        assert ask(url, "SELECT 1") == 1
    folder.rmdir()


@pytest.mark.parametrize("squat", ["open folder", "link"])
def test_a_squatted_socket_folder_is_refused(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, squat: str
) -> None:
    """A socket folder that others can enter, or that leads elsewhere, is not trusted."""
    short = tmp_path_factory.mktemp("short")
    monkeypatch.setattr(cluster, "SHORT_HOME", short)
    monkeypatch.setattr(cluster, "LONGEST_SOCKET", 1)
    monkeypatch.setattr(cluster, "_short_hash", lambda _path: "fixed")
    if squat == "link":
        (short / "estates-fixed").symlink_to(short)
    else:
        (short / "estates-fixed").mkdir()
        (short / "estates-fixed").chmod(0o777)
    with pytest.raises(Unavailable, match="nobody else can enter"), open_cluster(state_dir):
        pass


def test_a_folder_nobody_can_write_is_a_plain_error(tmp_path: Path) -> None:
    """A state folder that cannot be made is named, with what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="set ESTATES_STATE_DIR"), open_cluster(tmp_path / "file/state"):
        pass


def test_a_server_that_cannot_start_shows_its_log(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When PostgreSQL refuses to start, its own last words and where to read more are in the error."""
    monkeypatch.setitem(cluster.SERVER_SETTINGS, "shared_buffers", "plenty")
    with pytest.raises(Unavailable, match=r"cluster/log ends: .*shared_buffers"), open_cluster(state_dir):
        pass


def test_a_failed_initdb_shows_why(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When initdb fails, what it said is in the error."""
    monkeypatch.setattr(cluster, "ROLE", "pg_reserved")
    with pytest.raises(Unavailable, match=r"initdb could not make .*pg_"), open_cluster(state_dir):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the cluster to another user")
def test_root_behind_a_closed_folder_uses_one_that_is_open(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the unprivileged user cannot get through, the data goes to a folder named in a note, and stays there."""
    monkeypatch.setattr(cluster, "ROOT_HOME", state_dir / "lib")
    closed = state_dir / "closed"
    closed.mkdir(mode=0o700)
    with open_cluster(closed) as first:
        assert str(state_dir / "lib") in (closed / "cluster-is-elsewhere.txt").read_text()
    closed.chmod(0o755)
    with open_cluster(closed) as second:
        assert second == first


def test_missing_programs_are_named_with_commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without PostgreSQL the error says how to install it with apt, dnf and brew."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "PLACES", [f"{tmp_path}/*/bin"])
    with pytest.raises(Unavailable) as caught:
        find_programs()
    for command in ("apt-get install", "dnf install", "brew install", "ESTATES_DATABASE_URL"):
        assert command in caught.value.detail


def test_the_version_that_made_the_data_is_asked_for(state_dir: Path) -> None:
    """Data of a PostgreSQL that is gone is not opened with another one; the error says which to install."""
    with open_cluster(state_dir):
        pass
    (state_dir / "cluster/data/PG_VERSION").write_text("99\n")
    with pytest.raises(Unavailable, match="postgresql-99-postgis-3"), open_cluster(state_dir):
        pass


def test_programs_without_postgis_do_not_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A PostgreSQL that is too old or lacks PostGIS is passed over for one that has it, newest first."""
    for version, has_postgis in ((13, True), (15, True), (16, True), (17, False)):
        add_programs(tmp_path, version, has_postgis=has_postgis)
    monkeypatch.setenv("PATH", os.defpath.replace("/usr/bin", "").replace("/bin", "/nowhere"))
    monkeypatch.setattr(programs, "PLACES", [f"{tmp_path}/*/bin"])
    assert find_programs() == tmp_path / "16/bin"
    assert find_programs(15) == tmp_path / "15/bin"


def test_the_set_up_script_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m estates_api.store.programs` says nothing when all is there, else what to install."""
    assert programs.main() == 0
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(programs, "PLACES", [])
    assert programs.main() == 1
    assert "apt-get install" in capsys.readouterr().out


def test_without_a_user_postgres_nobody_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root lends the cluster to `nobody` on a machine whose PostgreSQL came without a user of its own."""
    known = {"nobody": pwd.getpwnam("nobody")}
    monkeypatch.setattr(pwd, "getpwnam", known.__getitem__)
    assert cluster._find_unprivileged().pw_name == "nobody"


def test_a_database_error_while_opening_is_a_plain_error(made_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What PostgreSQL objects to while the database is prepared is told in its words."""
    monkeypatch.setattr(cluster, "DATABASE", "a" * 63 + "\x00")
    with pytest.raises(Unavailable, match="The embedded database failed"), open_cluster(made_dir):
        pass


def test_a_server_that_never_answers_is_given_up(made_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for a server has an end, and the error shows the log."""
    monkeypatch.setattr(cluster, "PATIENCE_S", 0.5)
    monkeypatch.setattr(cluster, "ROLE", "stranger")
    with pytest.raises(Unavailable, match=r"did not start within .*cluster/log ends"), open_cluster(made_dir):
        pass


def add_programs(folder: Path, version: int, *, has_postgis: bool) -> None:
    """A folder that looks like an installed PostgreSQL; its programs only know their version."""
    bin_dir, extension = folder / f"{version}/bin", folder / f"{version}/share/extension"
    bin_dir.mkdir(parents=True)
    extension.mkdir(parents=True)
    for name in ("initdb", "pg_ctl", "postgres"):
        (bin_dir / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}.1'\n")
        (bin_dir / name).chmod(0o755)
    if has_postgis:
        (extension / "postgis.control").touch()
