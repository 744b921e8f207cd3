"""One way to run a command. What is beside this file is importable as `processes`, however pytest is started."""

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

sys.path.insert(0, str(Path(__file__).parent))

from estates_api.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command did: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def estates(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command in this process, on the database of an engine."""
    before = {ending: signal.getsignal(ending) for ending in (signal.SIGTERM, signal.SIGHUP)}

    def run(*arguments: str | Path, on: Engine | None = None, **environment: str) -> Done:
        monkeypatch.setenv("COLUMNS", "200")
        if on is not None:
            monkeypatch.setenv("ESTATES_DATABASE_URL", on.url.render_as_string(hide_password=False))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["estates", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        return Done(code, *capsys.readouterr())

    yield run
    for ending, handler in before.items():
        signal.signal(ending, handler)
