"""Servers as processes of their own: on a free port, with nothing of ours around them, stopped as administrators do."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PATIENCE_S = 60


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def environment(**named: str) -> dict[str, str]:
    """What a server finds around it: the settings that are named, and none from here."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ESTATES_")} | named


@contextmanager
def ending(process: "subprocess.Popen[bytes]", is_ready: Callable[[], bool]) -> Iterator[None]:
    """A block that begins when a server is ready, and at the end of which it is told to stop; killed if it does not."""
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _said(is_ready):
            assert process.poll() is None, "it ended"
            assert time.monotonic() < deadline, "it took too long to begin"
            time.sleep(0.05)
        yield
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _said(is_ready: Callable[[], bool]) -> bool:
    with suppress(OSError):
        return is_ready()
    return False
