"""Writes a file in a process of its own (build.py), with the libraries and the memory that this takes.

Run with the path of the file. On standard input: the order, then blocks of rows, each after its length in eight
bytes, then one of no bytes. Input that ends otherwise was cut off, and no file appears.
"""

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from estates_api.domain.collections import COLLECTIONS
from estates_api.exports.bulk.build import read_order
from estates_api.exports.bulk.files import WRITTEN
from estates_api.exports.bulk.layer import Layer, read_batches


def read_blocks(source: BinaryIO) -> Iterator[bytes]:
    """The blocks up to the one of no bytes; EOFError when the input ends before it."""
    while size := int.from_bytes(_read(source, 8)):
        yield _read(source, size)


def _read(source: BinaryIO, size: int) -> bytes:
    found = source.read(size)
    if len(found) < size:
        raise EOFError("the rows were cut off; nothing is written")
    return found


def write_layer(layer: Layer, name: str, path: Path) -> None:
    """Write in a format beside the path, under a name of its own, and then at once under the path."""
    writer = import_module(f"{__package__}.{WRITTEN[name].module}")
    with TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        made = Path(folder) / path.name
        writer.write(layer, made)
        made.replace(path)


def main() -> None:
    """Write the file that the command line names, after every request that somebody waits for."""
    os.nice(10)
    source = sys.stdin.buffer
    order = read_order(source.readline())
    collection = COLLECTIONS[order.collection]
    batches = read_batches(collection, read_blocks(source))
    layer = Layer(collection, order.crs, order.changed_at, order.cut_offs, batches, told=order.told)
    write_layer(layer, order.format, Path(sys.argv[1]))


if __name__ == "__main__":
    # What pyogrio and pyarrow take along where it is there, and do without: most of a second of every start.
    unwanted = ("geopandas", "pandas", *(() if sys.argv[1].endswith((".parquet", ".pdf")) else ("pyproj", "shapely")))
    sys.modules.update(dict.fromkeys(unwanted))
    main()
