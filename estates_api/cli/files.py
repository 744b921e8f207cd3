"""Files from the command line: whether they can be read, how far they are, and what was wrong in them."""

import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from estates_api.cli.session import console, errors
from estates_api.domain.records import Issue
from estates_api.domain.values import shorten
from estates_api.errors import BadInput

SHOWN = 10


def progress_bar() -> Progress:
    """A bar on standard error, where that is a terminal."""
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"))
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)


def shown_name(path: Path) -> str:
    """The file's name, safe to print on one line; its path where it has no name, like `..`."""
    return shorten(path.name or str(path), 200)


def check_file(path: Path) -> None:
    """BadInput for a device, a pipe or a folder, which may have no end or none to read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadInput("not a file that can be read")
        with path.open("rb"):
            pass
    except OSError as error:
        raise BadInput(error.strerror or "it cannot be read") from None


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: beside its place first, then moved there, which no device or pipe is to be."""
    try:
        if path.exists() and not path.is_file():
            raise BadInput(f"{shorten(str(path), 200)}: not a file, and not replaced by one")
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise BadInput(f"{shorten(str(path), 200)}: {error.strerror or 'it cannot be written'}") from None
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise BadInput(f"{shorten(str(path), 200)}: {error.strerror or 'it cannot be written'}") from None


def print_issues(issues: Sequence[Issue]) -> None:
    """The gravest of them as a table, and how many more there are."""
    table = Table("line", "field", "severity", "reason", "found", box=None, pad_edge=False)
    ranked = sorted(issues, key=lambda issue: ("error", "warning", "note").index(issue.severity))
    for issue in ranked[:SHOWN]:
        cells = (issue.line or "", issue.field or "", issue.severity, issue.reason, issue.raw or "")
        table.add_row(*(escape(str(cell)) for cell in cells))
    if ranked:
        console.print(table)
    if len(ranked) > SHOWN:
        console.print(f"and {len(ranked) - SHOWN} more issues: see /editions once the service runs")


def write_folder(path: Path, files: Mapping[str, bytes]) -> bool:
    """Write a folder of files whole or not at all; False when it is there already, the same to the byte."""
    try:
        if path.is_dir() and _holds(path, files):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as name:
            made, old = Path(name) / "made", Path(name) / "old"
            made.mkdir()
            for file, content in files.items():
                (made / file).write_bytes(content)
            if path.exists():
                path.rename(old)
            made.rename(path)
    except OSError as error:
        raise BadInput(f"{shorten(str(path), 200)}: {error.strerror or 'it cannot be written'}") from None
    return True


def _holds(path: Path, files: Mapping[str, bytes]) -> bool:
    there = {file.name for file in path.iterdir()}
    return there == set(files) and all((path / name).read_bytes() == content for name, content in files.items())
