"""The scripts that people run by hand."""

import os
import subprocess
import sys

import pytest

from estates_api.settings import ROOT


@pytest.mark.parametrize("arguments", [[], ["one"], ["one", "two", "three"]])
def test_make_peers_says_how_it_is_used(arguments: list[str]) -> None:
    """Without its two paths the script ends in its usage and exit code 2."""
    command = [sys.executable, "scripts/make_peers.py", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: make_peers.py")
    assert "Traceback" not in done.stderr
