"""Files written by processes of their own, because the libraries that write them take more memory than the service."""

import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore

from estates_api.errors import Unavailable

AT_ONCE = 2
"""How many are written at a time: each takes a core and some hundred megabytes."""

_places = BoundedSemaphore(AT_ONCE)


def run_writer(program: str, path: Path, pieces: Iterable[bytes], *, title: str) -> None:
    """Have a program of ours (a module) write the path from what it is sent.

    Unavailable when it could not; the reason stands in the log. Whatever stops the pieces stops the program.
    """
    command = [sys.executable, "-m", program, str(path)]
    # A process that ended early breaks the pipe; its exit code tells.
    with _places, suppress(BrokenPipeError), subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 -- our own program
        assert process.stdin is not None
        for piece in pieces:
            process.stdin.write(piece)
    if process.returncode:
        raise Unavailable(f"the {title} could not be written")
