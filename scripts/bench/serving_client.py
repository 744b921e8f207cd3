"""The load generator of the serving benchmark: one kept connection, in a process of its own, one request at a time.

It reads HTTP/1.1 by hand, because what a client library costs would be added to every server alike and hide them.
"""

import re
import socket
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import BinaryIO, Literal

Want = Literal["", "body", "features"]
CHUNK = 1 << 18
PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: a path with its query, and headers beyond the usual."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0 is no answer. `seconds`: from sending until the last byte; `first_seconds`: the first.

    `body` and `features`, the number of features of GeoJSON, are there when they were asked for.
    """

    status: int
    seconds: float
    first_seconds: float
    size: int
    headers: dict[str, str]
    body: bytes
    features: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The answers to some requests, and the processor time that asking took the load generator itself."""

    answers: list[Answer]
    own_seconds: float


class Client(AbstractContextManager["Client"]):
    """The process that asks."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._end, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()

    def ask(self, port: int, asks: Sequence[Ask], want: Want = "") -> Batch:
        """Ask one after another, and bring the bodies or the number of features in them when they are wanted."""
        self._end.send((port, list(asks), want))
        batch: Batch = self._end.recv()
        return batch

    def __exit__(self, *_: object) -> None:
        self._end.close()
        self._process.join()


def _serve(end: Connection) -> None:
    while True:
        try:
            port, asks, want = end.recv()
        except EOFError:
            return
        try:
            end.send(_ask_all(port, asks, want))
        except OSError:  # the server died, or nobody waits this long
            end.send(Batch([Answer(0, 0.0, 0.0, 0, {}, b"", 0)], 0.0))


def _ask_all(port: int, asks: Sequence[Ask], want: Want) -> Batch:
    """All on one connection; a server that closes it between two requests gets a new one, outside the time measured."""
    line = _connect(port)
    answers = []
    began = time.process_time()
    for ask in asks:
        answer = _ask(*line, ask, want)
        answers.append(answer)
        if answer.headers.get("connection", "").lower() == "close":
            line[0].close()
            line = _connect(port)
    own = time.process_time() - began
    line[0].close()
    return Batch(answers, own)


def _connect(port: int) -> tuple[socket.socket, BinaryIO]:
    line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line, line.makefile("rb", buffering=CHUNK)


def _ask(line: socket.socket, stream: BinaryIO, ask: Ask, want: Want) -> Answer:
    headers = "".join(f"{name}: {value}\r\n" for name, value in ask.headers)
    host = f"127.0.0.1:{line.getpeername()[1]}"
    message = f"GET {ask.path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n{headers}\r\n".encode("ascii")
    began = time.perf_counter()
    line.sendall(message)
    start = stream.readline()
    first = time.perf_counter()
    if not start:
        raise ConnectionError(f"{host} closed the connection instead of answering {ask.path}")
    status = int(start[9:12])
    found = _read_headers(stream)
    size, parts = _read_body(stream, status, found, keep=bool(want))
    ended = time.perf_counter()
    body = b"".join(parts) if want == "body" else b""
    features = _count_features(parts) if want == "features" else 0
    return Answer(status, ended - began, first - began, size, found, body, features)


def _count_features(parts: Sequence[bytes]) -> int:
    """How many times the word stands there, also where two parts meet; a collection is another word."""
    word, count, end = b'"Feature"', 0, b""
    for part in parts:
        whole = end + part
        count += whole.count(word)
        end = whole[1 - len(word) :]
    return count


def _read_headers(stream: BinaryIO) -> dict[str, str]:
    found = {}
    while (line := stream.readline()) != b"\r\n":
        name, _, value = line.decode("latin-1").partition(":")
        found[name.lower()] = value.strip()
    return found


def _read_body(stream: BinaryIO, status: int, headers: dict[str, str], *, keep: bool) -> tuple[int, list[bytes]]:
    parts: list[bytes] = []
    if status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
        return 0, parts
    if headers.get("transfer-encoding", "").lower() != "chunked":
        size = int(headers["content-length"])
        return _read_exactly(stream, size, parts, keep=keep), parts
    size = 0
    while length := int(stream.readline().partition(b";")[0], 16):
        size += _read_exactly(stream, length, parts, keep=keep)
        stream.readline()
    stream.readline()
    return size, parts


def _read_exactly(stream: BinaryIO, size: int, parts: list[bytes], *, keep: bool) -> int:
    left = size
    while left:
        part = stream.read(min(left, CHUNK))
        if not part:
            raise ConnectionError(f"the answer ended {left:,} bytes too early")
        left -= len(part)
        if keep:
            parts.append(part)
    return size


def find_next(body: bytes) -> str | None:
    """The path and query of the link `next` of a page, without reading the features in it."""
    for found in re.finditer(rb'\{[^{}]*"rel"\s*:\s*"next"[^{}]*\}', body):
        href = re.search(rb'"href"\s*:\s*"([^"]*)"', found.group())
        if href:
            return re.sub(r"^https?://[^/]*", "", href.group(1).decode().replace("\\/", "/").replace("\\u0026", "&"))
    return None
