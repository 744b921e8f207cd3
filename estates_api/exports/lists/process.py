"""Writes a file of a shortlist in a process of its own (build.py), with the libraries and the memory that this takes.

Run with the path of the file. On standard input: a line with what to write, then the document. Input that is shorter
than announced was cut off, and no file appears.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO


def read_order(source: BinaryIO) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The module that writes, the document, and what stands beside it; EOFError when it was cut off."""
    order = json.loads(source.readline())
    content = source.read(order["bytes"])
    if len(content) < order["bytes"]:
        raise EOFError("the document was cut off; nothing is written")
    return order["module"], json.loads(content), order["beside"]


def write_list(module: str, document: dict[str, Any], beside: dict[str, Any], path: Path) -> None:
    """Write beside the path, under a name of its own, and then at once under the path."""
    writer = import_module(f"{__package__}.{module}")
    with TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        made = Path(folder) / path.name
        writer.write(document, beside, made)
        made.replace(path)


def main() -> None:
    """Write the file that the command line names, after every request that somebody waits for."""
    os.nice(10)
    write_list(*read_order(sys.stdin.buffer), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
