"""Ask of a service four times what it can answer, and say what becomes of it.

    python scripts/bench/overload.py [--seconds 60] [--times 4] [--rows 5000]

One private PostgreSQL and one made table of polygons; `estates serve` as a process of its own; a generator on the same
machine that sends at a fixed rate, whatever comes back. First a single client (unloaded), then as many as keep the
service busy (saturating), then so many times that rate. Every question is another one, so that nothing is kept. What is
answered is compared with what the same question gave before.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))  # so that it runs from a fresh clone as it is
SERVE = [sys.executable, "-c", "from estates_api.cli.main import main; main()", "serve", "--port"]
PATIENCE_S = 60
LINES = 192
"""Connections of the generator."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: seconds from when it was due until it was there."""

    status: int
    seconds: float
    right: bool


@dataclass(slots=True)
class Run:
    """What came of asking at a rate; `late`: questions that no connection was free for when they were due."""

    answers: list[Answer] = field(default_factory=list)
    seconds: float = 0.0
    late: int = 0

    def of(self, *statuses: int) -> list[float]:
        """The times of answers with these, in order."""
        return sorted(one.seconds for one in self.answers if one.status in statuses)

    @property
    def rate(self) -> float:
        """Accepted in a second."""
        return len(self.of(200)) / self.seconds if self.seconds else 0.0

    @property
    def statuses(self) -> dict[int, int]:
        """How many of each; 0 is none."""
        return dict(Counter(one.status for one in self.answers))

    @property
    def wrong(self) -> int:
        """Answers with other bytes than they should have, or neither accepted nor refused."""
        return sum(not one.right or one.status not in {200, 503} for one in self.answers)


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The value below which this share lies; 0 when there is none."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))] if sorted_values else 0.0


class Line:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        if self.streams is not None:
            try:
                return await self._exchange(path)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                self.close()
                if getattr(error, "partial", b""):
                    raise
        # The first question on a connection, or the one before came as the service closed it (RFC 9110, 9.2.2).
        self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        return await self._exchange(path)

    async def _exchange(self, path: str) -> tuple[int, bytes]:
        assert self.streams is not None
        reader, writer = self.streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        body = await reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))
        if b"connection: close" in lower:
            self.close()
        return int(head[9:12]), body

    def close(self) -> None:
        """Hang up."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


class Generator:
    """Asks, and knows what the answers should be."""

    def __init__(self, port: int, questions: Sequence[str]) -> None:
        self.port, self.questions = port, questions
        self.known: dict[int, int] = {}
        self._asked = 0

    async def learn(self) -> None:
        """Ask each question once, alone: its answer is what it always has to be."""
        line = Line(self.port)
        for number, question in enumerate(self.questions):
            status, body = await line.ask(question)
            if status == 200:
                self.known[number] = hash(features_of(body))
        line.close()

    async def ask(self, line: Line, due: float) -> Answer:
        """One question, made different from all before by far decimals of its box."""
        self._asked += 1
        number = self._asked % len(self.questions)
        try:
            async with asyncio.timeout(30):
                status, body = await line.ask(self._varied(number))
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            line.close()
            return Answer(0, time.perf_counter() - due, right=False)
        right = status != 200 or hash(features_of(body)) == self.known[number]
        return Answer(status, time.perf_counter() - due, right)

    def _varied(self, number: int) -> str:
        return self.questions[number].replace("))", f"0000{self._asked:07d}))")

    async def closed(self, clients: int, seconds: float) -> Run:
        """So many clients, each of which asks again when it has its answer."""
        run, began = Run(), time.perf_counter()

        async def client() -> None:
            line = Line(self.port)
            while time.perf_counter() < began + seconds:
                run.answers.append(await self.ask(line, time.perf_counter()))
            line.close()

        await asyncio.gather(*(client() for _ in range(clients)))
        run.seconds = time.perf_counter() - began
        return run

    async def open(self, rate: float, seconds: float) -> Run:
        """So many in a second, on free connections; a question that finds none waits for one, and its time counts."""
        run, began = Run(), time.perf_counter()
        free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        for _ in range(LINES):
            free.put_nowait(Line(self.port))

        async def one(line: Line, due: float) -> None:
            run.answers.append(await self.ask(line, due))
            free.put_nowait(line)

        tasks = set()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            run.late += free.empty()
            task = asyncio.create_task(one(await free.get(), time.perf_counter()))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            if time.perf_counter() > began + seconds:
                break
        await asyncio.gather(*tasks)
        run.seconds = time.perf_counter() - began
        while not free.empty():
            free.get_nowait().close()
        return run


def features_of(body: bytes) -> bytes:
    """The features of a page, without its links and its time."""
    return body.partition(b'],"numberMatched"')[0]


@contextlib.contextmanager
def serving(url: str, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`estates serve` on a database: the process and its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESTATES_")}
    settings = kept | {"ESTATES_DATABASE_URL": url, "ESTATES_LOG": "error"} | environment
    process = subprocess.Popen([*SERVE, str(port)], env=settings, cwd=ROOT, start_new_session=True)  # noqa: S603 -- ours
    try:
        wait_until_ready(process, port)
        yield process, port
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return when it listens."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def memory_mb(pid: int, what: str = "VmRSS") -> float:
    """Memory of a process now, or at its most (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured."""

    unloaded: Run
    saturated: Run
    loaded: Run
    after: Run
    memory_mb: tuple[float, float, float]
    asked_rate: float

    def table(self) -> str:
        """What was measured, for people."""
        kept, away = self.loaded.of(200), self.loaded.of(503)
        alone, p99 = percentile(self.unloaded.of(200), 0.99), percentile(kept, 0.99)
        before, peak, after = self.memory_mb
        rows = [
            ("saturating rate", f"{self.saturated.rate:,.0f}/s"),
            ("unloaded p50, p99", f"{ms(percentile(self.unloaded.of(200), 0.5))}, {ms(alone)}"),
            ("asked for", f"{self.asked_rate:,.0f}/s for {self.loaded.seconds:.0f} s"),
            ("sent", f"{len(self.loaded.answers) / self.loaded.seconds:,.0f}/s"),
            ("accepted", f"{self.loaded.rate:,.0f}/s"),
            ("accepted p50, p99", f"{ms(percentile(kept, 0.5))}, {ms(p99)} ({p99 / alone:.1f} times unloaded)"),
            ("refused", f"{len(away) / max(1, len(self.loaded.answers)):.0%}, p99 {ms(percentile(away, 0.99))}"),
            ("wrong or broken off", f"{self.loaded.wrong} {self.loaded.statuses}"),
            ("a minute later p99", ms(percentile(self.after.of(200), 0.99))),
            ("memory before, peak, after", f"{before:.0f}, {peak:.0f}, {after:.0f} MB"),
        ]
        return "\n".join(f"| {name} | {value} |" for name, value in [("what", "measured"), ("---", "---"), *rows])


def ms(seconds: float) -> str:
    """As milliseconds."""
    return f"{seconds * 1000:.1f} ms"


async def measure(process: "subprocess.Popen[bytes]", port: int, questions: Sequence[str], *, times: float,
                  seconds: float, rest: float) -> Found:  # fmt: skip
    """Everything, one after the other."""
    gc.freeze()
    gc.disable()  # its own pauses are not the service's
    generator = Generator(port, questions)
    await generator.learn()
    await generator.closed(1, 1.0)
    unloaded = await generator.closed(1, 6.0)
    before = memory_mb(process.pid)
    saturated = await generator.closed(6, 6.0)
    rate = times * saturated.rate
    loaded = await generator.open(rate, seconds)
    await asyncio.sleep(rest)
    after = await generator.closed(1, 6.0)
    memory = before, memory_mb(process.pid, "VmHWM"), memory_mb(process.pid)
    return Found(unloaded, saturated, loaded, after, memory, rate)


def questions() -> list[str]:
    """Pages of features in boxes over North Central London."""
    boxes = [(west / 100, south / 100) for west in range(-25, -3, 3) for south in range(5152, 5166, 4)]
    path = "/collections/candidates/items?limit=50&filter=S_INTERSECTS(geometry,BBOX"
    return [f"{path}({west},{south},{west + 0.05:.2f},{south + 0.04:.2f}))" for west, south in boxes]


def main() -> None:
    """Make, start, ask, tell."""
    from serving_data import fill_ours, make_table  # noqa: PLC0415 -- beside this file, which tests import by path

    from estates_api.store.cluster import open_cluster  # noqa: PLC0415 -- as above
    from estates_api.store.database import make_engine, migrate, transaction  # noqa: PLC0415 -- as above

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--times", type=float, default=4)
    parser.add_argument("--rows", type=int, default=5000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="estates-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)  # the user who runs PostgreSQL for root must get through
        with open_cluster(Path(name) / "state") as url:
            engine = make_engine(url)
            migrate(engine)
            with transaction(engine) as connection:
                make_table(connection, wanted.rows)
            with transaction(engine) as connection:
                fill_ours(connection)
            with serving(url) as (process, port):
                found = asyncio.run(measure(process, port, questions(), times=wanted.times, seconds=wanted.seconds,
                                            rest=60))  # fmt: skip
            engine.dispose()
    print(json.dumps({"load": os.getloadavg()[0], "processors": os.cpu_count()}))
    print(found.table())


if __name__ == "__main__":
    main()
