"""What is logged, and how: one JSON object a line for machines, coloured lines at a terminal; uvicorn's words too."""

import asyncio
import logging
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
import structlog

from estates_api.settings import Log

_WHERE = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
"""Where something failed. The variables there, which structlog tells unless told not to, hold the administrator's key,
that of the request, and what is withheld."""

TOGETHER_S = 0.05
"""How long a line may wait for others."""


def set_up_logs(wanted: Log) -> None:
    """Log to standard error. At a terminal, unless wished otherwise, in lines for people and only what is amiss: who
    runs the service there wants to see what it says; elsewhere JSON, with a line for each request."""
    people = sys.stderr.isatty() if wanted.form is None else wanted.form == "console"
    level = wanted.level or ("warning" if sys.stderr.isatty() else "info")
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        _add_facts,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if people
        else [_WHERE, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    handler = logging.StreamHandler(sys.stderr) if people else _Together(sys.stderr)
    formatter = _People if people else _Machines
    handler.setFormatter(formatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    ))  # fmt: skip
    # Nobody reads these, and finding them costs each line more than writing it (logging, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for quiet in ("httpx", "asyncio", "alembic", "psycopg.pool"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


def _add_facts(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What a record says besides its words."""
    return {**event, **getattr(event["_record"], "facts", {})}


_People = structlog.stdlib.ProcessorFormatter


class _Together(logging.StreamHandler[TextIO]):
    """Writes what is said within a twentieth of a second in one go, where an event loop runs that can do it: by itself
    each line costs a system call. A warning does not wait."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lines: list[str] = []
        self._due = False

    def emit(self, record: logging.LogRecord) -> None:
        """Have a line written soon."""
        try:
            self._lines.append(self.format(record) + self.terminator)
            if record.levelno >= logging.WARNING:
                self.flush()
            elif not self._due:
                self._flush_soon()
        except Exception:
            self.handleError(record)

    def _flush_soon(self) -> None:
        try:
            asyncio.get_running_loop().call_later(TOGETHER_S, self.flush)
            self._due = True
        except RuntimeError:  # said by a thread
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with self.lock or nullcontext():
            self._due = False
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("".join(lines))
            self.stream.flush()


class _Machines(structlog.stdlib.ProcessorFormatter):
    """As JSON. A line that every request writes is written straight away: the way through the processors takes 100 µs,
    as long as an answer that is kept."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        facts = getattr(record, "facts", None)
        if facts is None or record.exc_info:
            return super().format(record)
        said = {"event": record.msg, **facts, "logger": record.name, "level": record.levelname.lower(),
                "timestamp": datetime.fromtimestamp(record.created, UTC)}  # fmt: skip
        return orjson.dumps(said).decode()
