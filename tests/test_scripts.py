"""The scripts that people run by hand."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from estates_api.settings import ROOT


@pytest.mark.parametrize("script", ["make_peers.py", "make_backtest.py"])
@pytest.mark.parametrize("arguments", [[], ["one"], ["one", "two", "three"]])
def test_a_script_says_how_it_is_used(script: str, arguments: list[str]) -> None:
    """Without its two paths the script ends in its usage and exit code 2."""
    command = [sys.executable, f"scripts/{script}", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: {script}")
    assert "Traceback" not in done.stderr


def test_the_shipped_back_test_is_made_again_to_the_byte(published: Path, tmp_path: Path) -> None:
    """The figures on the method's page are those that the published returns give, to the last byte."""
    data = shutil.copytree(ROOT / "data", tmp_path / "data")
    shipped = (data / "methods/ncl-1-backtest.json").read_bytes()
    command = [sys.executable, "scripts/make_backtest.py", published, data / "methods/ncl-1.toml"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)
    assert (data / "methods/ncl-1-backtest.json").read_bytes() == shipped


def test_the_bill_of_materials_is_of_the_pins(tmp_path: Path) -> None:
    """Every pinned package stands in it with its hashes and mostly its licence; the same pins, the same bytes."""
    made = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in made:
        subprocess.run([sys.executable, "scripts/make_sbom.py", path], check=True, capture_output=True, cwd=ROOT)
    assert made[0].read_bytes() == made[1].read_bytes()
    told = json.loads(made[0].read_bytes())
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    pinned = re.findall(r"^([\w.-]+)(?:\[\S+\])?==([^ ;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert {(one["name"], one["version"]) for one in told["components"]} == set(pinned)
    assert all(one["externalReferences"][0]["hashes"] for one in told["components"])
    assert sum("licenses" in one for one in told["components"]) > 0.85 * len(told["components"])
