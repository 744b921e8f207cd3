"""Write the software bill of materials: every pinned package with its hashes and licence, as CycloneDX 1.6 JSON.

The same pins give the same bytes. Licences are those that the installed packages state; a package for another
platform is not installed here, and has none.
"""

import argparse
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OSI = "License :: OSI Approved :: "


def find_licence(name: str) -> dict[str, Any] | None:
    """The licence that an installed package states: an SPDX expression, else its classifier or words."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    if expression := told.get("License-Expression"):
        return {"expression": expression}
    classified = [line.removeprefix(OSI) for line in told.get_all("Classifier", []) if line.startswith(OSI)]
    words = classified[0] if classified else (told.get("License") or "").partition("\n")[0].strip()
    return {"license": {"name": words}} if words else None


def make(requirements: Path) -> dict[str, Any]:
    """The document, its packages in the order of their names."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(requirements), "--pyproject",
               str(ROOT / "pyproject.toml"), "--output-reproducible", "--sv", "1.6", "--of", "JSON"]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603 -- our own words
    document: dict[str, Any] = json.loads(done.stdout)
    for component in document["components"]:
        if licence := find_licence(component["name"]):
            component["licenses"] = [licence]
    document["components"].sort(key=lambda component: component["name"])
    return document


def main() -> None:
    """Write the file that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="where to write it, such as sbom.json")
    path = parser.parse_args().file
    document = make(ROOT / "requirements.txt")
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    without = [one["name"] for one in document["components"] if "licenses" not in one]
    print(f"{len(document['components'])} packages; no licence stated or not installed here: {', '.join(without)}")


if __name__ == "__main__":
    main()
