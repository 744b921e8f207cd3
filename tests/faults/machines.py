"""What can fail, as processes of their own: a PostgreSQL, a service on it, and a network between them."""

import contextlib
import hashlib
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from estates_api.settings import ROOT
from estates_api.store.programs import find_programs

ESTATES = [sys.executable, "-c", "from estates_api.cli.main import main; main()"]
KEY = "the-key-of-the-faults"
PATIENCE_S = 60
SETTINGS = {
    "listen_addresses": "127.0.0.1", "max_connections": "20", "fsync": "off", "max_wal_size": "64MB",
    "min_wal_size": "32MB", "shared_buffers": "32MB", "jit": "off", "autovacuum": "off", "hot_standby": "on",
    "unix_socket_directories": "",
}  # fmt: skip
"""fsync off: what is killed here is PostgreSQL, not the machine."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A PostgreSQL with its files in a folder, with the owner of the database as a user who is no superuser."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """The address for the owner of the database."""
        return self.url_of("estates")

    def url_of(self, user: str, port: int | None = None, database: str = "estates") -> str:
        """The address for a user."""
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs, as a user who may run it."""
        user = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
        lent = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [str(find_programs() / program), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, cwd="/", start_new_session=True, **lent)  # fmt: skip

    def make(self) -> None:
        """The files, the users and an empty database with PostGIS."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.run("initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self.start()
        with self.connect("postgres") as admin:
            admin.execute("CREATE ROLE estates LOGIN CREATEROLE")
        self.add_database("estates")

    def add_database(self, name: str, template: str = "template1") -> None:
        """Another database of the same owner."""
        with self.connect("postgres") as admin:
            admin.execute(f"CREATE DATABASE {name} OWNER estates TEMPLATE {template}")
        with self.connect(name) as admin:
            admin.execute("CREATE EXTENSION IF NOT EXISTS postgis")

    def start(self) -> None:
        """Return when it answers."""
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.run("pg_ctl", "start", "-w", "-t", "60", "-l", str(self.folder / "log"),
                         "-o", f"{options} -p {self.port}")  # fmt: skip
            except subprocess.CalledProcessError:  # the last children of a killed one are still ending
                assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """As an administrator stops it: everybody is cut off."""
        self.run("pg_ctl", "stop", "-m", "fast", "-w")

    def kill(self) -> None:
        """As the kernel kills it when memory runs out."""
        os.kill(int((self.folder / "data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str = "estates", user: str = "postgres") -> psycopg.Connection:
        """A connection, as the administrator unless told otherwise."""
        return psycopg.connect(host="127.0.0.1", port=self.port, user=user, dbname=database, autocommit=True,
                               connect_timeout=5)  # fmt: skip

    def state(self, database: str = "estates") -> dict[str, tuple[int, str | None]]:
        """Every row of every table, by its hash."""
        with self.connect(database) as admin:
            named = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
            return {name: admin.execute(
                        f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM ONLY {name} t"
                    ).fetchone() for (name,) in named if name != "spatial_ref_sys"}  # fmt: skip


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_s: float


@dataclass
class Service:
    """`estates serve`, under way."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    def ask(self, path: str, body: bytes | None = None, kind: str = "application/json") -> Answer:
        """Ask with the key; with a body it is a POST."""
        headers = {"X-API-Key": KEY} | ({"Content-Type": kind} if body is not None else {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        begin = time.monotonic()
        with contextlib.closing(connection):
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read(), time.monotonic() - begin)

    def wait_until_ready(self, patience_s: float = PATIENCE_S) -> None:
        """Return when it says so."""
        deadline, last = time.monotonic() + patience_s, b""
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(OSError):
                answer = self.ask("/health/ready")
                if answer.status == 200:
                    return
                last = answer.body
            time.sleep(0.05)
        raise AssertionError((last, self.log.read_text()[-2000:]))

    def kill(self) -> None:
        """As the kernel kills it."""
        self.process.kill()
        self.process.wait()


def environment(url: str) -> dict[str, str]:
    """What a command finds around it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESTATES_")}
    return kept | {"ESTATES_DATABASE_URL": url, "ESTATES_ADMIN_KEY": KEY, "COLUMNS": "200"}


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Service]:
    """A service on a database, ready; killed at the end."""
    port = free_port()
    log = folder / f"service-{port}.log"
    with log.open("w") as out:
        process = subprocess.Popen([*ESTATES, "serve", "--port", str(port)], env=environment(url), cwd=ROOT, text=True,
                                   stdout=out, stderr=subprocess.STDOUT)  # fmt: skip
    running = Service(process, port, log)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.kill()


class Network:
    """A wire to a port, which can be cut after so many bytes from there, or go dead without a word."""

    def __init__(self, target: int) -> None:
        self.target, self.cut_after, self.dead = target, -1, False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._wires: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No more connections."""
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """All connections break."""
        for wire in self._wires:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
            wire.close()
        self._wires.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(("127.0.0.1", self.target))
                self._wires += [here, there]
                threading.Thread(target=self._carry, args=(here, there, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(there, here, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(4096):
                while self.dead:
                    time.sleep(0.05)
                if counted and self.cut_after >= 0:
                    piece = piece[: self.cut_after]
                    self.cut_after -= len(piece)
                    target.sendall(piece)
                    if self.cut_after == 0:
                        self.cut()
                        return
                else:
                    target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def upload(content: bytes, name: str = "made.csv") -> tuple[bytes, str]:
    """A form with one file, and its media type."""
    edge = hashlib.sha256(content).hexdigest()[:20]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return head + content + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def as_json(told: object) -> bytes:
    """A body."""
    return json.dumps(told).encode()
