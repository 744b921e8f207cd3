"""The embedded database: a private PostgreSQL + PostGIS cluster, up for as long as somebody uses it.

Layout under the state folder: `cluster/` (data, log, socket; owned by the user who runs PostgreSQL) and two lock
files. `cluster.mutex` is held while starting or stopping; `cluster.users` is held shared by every process that uses
the cluster, so the one that can take it alone is the last and stops the server. The kernel drops both locks of a
killed process; the server it leaves behind serves the next one, which stops it.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from estates_api.errors import Unavailable
from estates_api.store.programs import find_programs

DATABASE = "estates"
ROLE = "estates"
PATIENCE_S = 180.0
"""How long a start may take: at worst the recovery of `max_wal_size` from a slow disk of a busy machine."""

STOP_PATIENCE_S = 60
WRITING_S = 1.0
"""How long a server may take to fill the pid file that it has made."""

ROOT_HOME = Path("/var/lib/estates_api")
SHORT_HOME = Path("/tmp")  # noqa: S108  # not TMPDIR: every user of the cluster must find the same socket
SOCKET_FILE = ".s.PGSQL.5432"
LONGEST_SOCKET = 103
"""Bytes: 107 fit into sockaddr_un on Linux, 103 on macOS."""

PASSING_OBSTACLES = [
    "pre-existing shared memory block",  # the last children of a killed server take a moment to end
    '"postmaster.pid" already exists',  # a server that a killed process of ours is still starting or stopping
]

SERVER_SETTINGS = {
    "listen_addresses": "",  # no network at all
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",  # the whole catalogue of a borough council or a trust stays in memory
    "maintenance_work_mem": "128MB",  # spatial indexes are built in one pass
    "max_wal_size": "2GB",  # a load of several editions does not wait for checkpoints
    "random_page_cost": "1.1",  # disks have no seek time any more
    "jit": "off",  # compiling takes longer than our queries
    "log_checkpoints": "off",  # the log is for what a person should read
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@contextmanager
def open_cluster(state_dir: Path) -> Iterator[str]:
    """The SQLAlchemy URL of the database `estates`, with PostGIS, in the cluster that lives in `state_dir`.

    The cluster is made and started when need be, shared with other processes, and stopped when the last one leaves.
    Raises Unavailable when programs are missing, the folder cannot be used or the server does not start.
    """
    with _plain_errors(state_dir):
        cluster = _find_cluster(state_dir)
        users = _open_lock(state_dir / "cluster.users")
    try:
        with _plain_errors(state_dir), _hold_mutex(state_dir) as mutex:
            fcntl.flock(users, fcntl.LOCK_SH)
            cluster.start(mutex)
            _add_database(cluster)
        yield cluster.url
    finally:
        _leave(cluster, state_dir, users)


def is_running(state_dir: Path) -> bool:
    """Whether the cluster that lives in `state_dir` is up. Nothing is made or started."""
    with _plain_errors(state_dir):
        return (state_dir / "cluster.users").exists() and _find_cluster(state_dir).is_listening()


@dataclass(frozen=True, slots=True)
class _Cluster:
    """One cluster on disk, and the user its programs run as."""

    home: Path
    socket_dir: Path
    programs: Path
    owner: pwd.struct_passwd

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{ROLE}@/{DATABASE}?host={quote(str(self.socket_dir))}&port=5432"

    def start(self, mutex: int) -> None:
        """Return when the server answers; make its files and start it when need be."""
        if not self.is_listening():
            self.make(mutex)
        deadline = time.monotonic() + PATIENCE_S
        while not self.is_answering():
            if time.monotonic() > deadline:
                raise Unavailable(f"The embedded database did not start within {PATIENCE_S:.0f} s. {self.log_end()}")
            if self.is_listening():  # starting up, recovering, or shutting down for a killed process
                time.sleep(0.1)
            else:
                self.launch(deadline)

    def stop(self) -> None:
        """Return when the server has stopped; one that is not running is fine."""
        # Another program may still be connected: nobody who holds our lock, so it is cut off.
        for mode in ("fast", "immediate"):
            command = ["stop", "-D", str(self.data), "-m", mode, "-w", "-t", str(STOP_PATIENCE_S)]
            if self.run("pg_ctl", *command).returncode == 0:
                return
            if not self.is_listening():
                return

    def make(self, mutex: int) -> None:
        """Run initdb unless it has been; a run that was killed leaves only the side folder, made anew next time.

        initdb outlives us when we are killed, so it is given the mutex: nobody starts before it has ended.
        """
        if self.data.exists():
            return
        side = self.home / "data.new"
        shutil.rmtree(side, ignore_errors=True)
        # Whoever can open the socket may do anything: the wall is its folder, which only one user can enter.
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
        done = self.run("initdb", "-D", str(side), "-U", ROLE, *options, keep_open=(mutex,))
        if done.returncode:
            raise Unavailable(f"initdb could not make the embedded database: {_last_lines(done.stdout)}")
        side.rename(self.data)

    def launch(self, deadline: float) -> None:
        """Start the server once; tried again by the caller while remains of a killed one are in the way."""
        self.drop_stale_pid()
        settings = SERVER_SETTINGS | {"unix_socket_directories": str(self.socket_dir)}
        options = " ".join(shlex.quote(f"--{name}={value}") for name, value in settings.items())
        patience = str(max(1, round(deadline - time.monotonic())))
        command = ["start", "-D", str(self.data), "-l", str(self.log), "-w", "-t", patience, "-o", options]
        if self.run("pg_ctl", *command).returncode == 0:
            return
        if not any(sign in self.log_end() for sign in PASSING_OBSTACLES):
            raise Unavailable(f"The embedded database does not start. {self.log_end()}")
        time.sleep(0.2)

    def drop_stale_pid(self) -> None:
        """Remove the pid files of a server that is gone.

        PostgreSQL does so itself unless the number now belongs to another process of the same user, as it often does
        after a power cut or a container's restart; then it would refuse to start.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = _read_pid(pid_file) or _read_pid_later(pid_file)
        except FileNotFoundError:
            return
        if not pid or str(self.data) not in _command_of(pid):
            for path in (pid_file, self.socket_dir / f"{SOCKET_FILE}.lock"):
                path.unlink(missing_ok=True)

    def is_listening(self) -> bool:
        """Whether a server holds the socket; its folder is private, so the server is ours."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket_dir / SOCKET_FILE))
            except (FileNotFoundError, ConnectionRefusedError):
                return False
        return True

    def is_answering(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket_dir), port=5432, user=ROLE, dbname=database, autocommit=True, connect_timeout=10
        )

    def run(self, program: str, *arguments: str, keep_open: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the cluster's user, out of reach of a Ctrl-C meant for us."""
        other = os.geteuid() != self.owner.pw_uid
        return subprocess.run(  # noqa: S603  # fixed programs, our own paths
            [str(self.programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            cwd=self.home if not other else "/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},  # no PGDATA, PGOPTIONS of the caller
            start_new_session=True,
            pass_fds=keep_open,
            user=self.owner.pw_uid if other else None,
            group=self.owner.pw_gid if other else None,
            extra_groups=[] if other else None,
        )

    def log_end(self) -> str:
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            text = ""
        return f"The log {self.log} ends: {_last_lines(text)}"


def _find_cluster(state_dir: Path) -> _Cluster:
    state_dir.mkdir(parents=True, exist_ok=True)
    owner, home = _find_home(state_dir)
    _make_private(home, owner)
    socket_dir = home / "socket"
    # A colon or comma would have a second meaning in connection strings.
    too_long = len(os.fsencode(socket_dir / SOCKET_FILE)) > LONGEST_SOCKET
    if too_long or re.search(r"[^\w./+@-]", str(socket_dir), re.ASCII):
        socket_dir = SHORT_HOME / f"estates-{_short_hash(home)}"
    _make_private(socket_dir, owner)
    version = home / "data/PG_VERSION"
    programs = find_programs(int(version.read_text(encoding="utf-8")) if version.exists() else None)
    return _Cluster(home=home, socket_dir=socket_dir, programs=programs, owner=owner)


def _find_home(state_dir: Path) -> tuple[pwd.struct_passwd, Path]:
    """Who runs PostgreSQL, and the folder for it. PostgreSQL refuses root, so root lends it to an unprivileged user."""
    home, elsewhere = state_dir / "cluster", ROOT_HOME / _short_hash(state_dir)
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()), home
    if home.exists() and home.stat().st_uid != 0:  # made by a person who is root today
        return pwd.getpwuid(home.stat().st_uid), home
    owner = _find_unprivileged()
    if not elsewhere.exists() and _can_enter(owner, state_dir):
        return owner, home
    elsewhere.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    (state_dir / "cluster-is-elsewhere.txt").write_text(
        f"The database is in {elsewhere}: PostgreSQL runs as {owner.pw_name}, who cannot enter this folder.\n",
        encoding="utf-8",
    )
    return owner, elsewhere


def _find_unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _can_enter(user: pwd.struct_passwd, folder: Path) -> bool:
    command = ["test", "-x", str(folder)]
    done = subprocess.run(  # noqa: S603  # no input of others
        command, check=False, cwd="/", user=user.pw_uid, group=user.pw_gid, extra_groups=[]
    )
    return done.returncode == 0


def _make_private(folder: Path, owner: pwd.struct_passwd) -> None:
    """Make a folder that only `owner` can enter; Unavailable when somebody else has put something there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # Ours too: a kill between the making and the handing over.
    theirs = found.st_uid not in {owner.pw_uid, os.geteuid()}
    if folder.is_symlink() or not folder.is_dir() or theirs or found.st_mode & 0o077:
        raise Unavailable(
            f"{folder} must be a folder that belongs to {owner.pw_name} and that nobody else can enter. "
            f"Remove it, or run as its owner, or set ESTATES_STATE_DIR to another folder"
        )
    if found.st_uid != owner.pw_uid:
        os.chown(folder, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _add_database(cluster: _Cluster) -> None:
    """Add what a kill may have left out; both steps do nothing when done before.

    The server goes on with a statement whose sender was killed, so each step first waits for that to end.
    """
    with cluster.connect("postgres") as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with cluster.connect(DATABASE) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")


def _leave(cluster: _Cluster, state_dir: Path, users: int) -> None:
    """Give up our share; the last to leave stops the server."""
    try:
        with _plain_errors(state_dir), _hold_mutex(state_dir):
            fcntl.flock(users, fcntl.LOCK_UN)
            if _take_alone(users):
                cluster.stop()
    finally:
        os.close(users)


def _take_alone(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _hold_mutex(state_dir: Path) -> Iterator[int]:
    mutex = _open_lock(state_dir / "cluster.mutex")
    try:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        yield mutex
    finally:
        os.close(mutex)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


@contextmanager
def _plain_errors(state_dir: Path) -> Iterator[None]:
    """Say what to do about a folder that cannot be used or a server that fails, instead of a traceback."""
    try:
        yield
    except OSError as error:
        where = error.filename or state_dir
        raise Unavailable(
            f"The embedded database cannot use {where}: {error.strerror}. "
            f"Make {state_dir} writable for this user, or set ESTATES_STATE_DIR to another folder"
        ) from error
    except psycopg.Error as error:
        raise Unavailable(f"The embedded database failed: {_last_lines(str(error))}") from error


def _read_pid(pid_file: Path) -> int | None:
    """The number in a pid file; None when it has none yet, or was cut off by a full disk or a power cut."""
    first = pid_file.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    return int(first) if first.isdecimal() else None


def _read_pid_later(pid_file: Path) -> int | None:
    """The number that a server is just writing: one that a killed process of ours is still starting."""
    time.sleep(WRITING_S)
    return _read_pid(pid_file)


def _command_of(pid: int) -> str:
    """The command line of a process; empty when there is none."""
    if sys.platform != "linux":
        command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603  # a number
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def _last_lines(text: str) -> str:
    return " | ".join(line.strip() for line in text.strip().splitlines()[-5:])
