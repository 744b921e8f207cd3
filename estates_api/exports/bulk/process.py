"""Writes a file in a process of its own (build.py), with the libraries and the memory that this takes.

Run with the path of the file. On standard input: the order, then blocks of rows, each after its length in eight
bytes, then one of no bytes. Input that ends otherwise was cut off, and no file appears.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from estates_api.domain.collections import COLLECTIONS
from estates_api.exports.bulk import flatgeobuf, geopackage, geoparquet
from estates_api.exports.bulk.build import read_order
from estates_api.exports.bulk.layer import Layer, read_batches

WRITERS: Mapping[str, Callable[[Layer, Path], None]] = {
    "gpkg": geopackage.write,
    "fgb": flatgeobuf.write,
    "parquet": geoparquet.write,
}


def read_blocks(source: BinaryIO) -> Iterator[bytes]:
    """The blocks up to the one of no bytes; EOFError when the input ends before it."""
    while size := int.from_bytes(_read(source, 8)):
        yield _read(source, size)


def _read(source: BinaryIO, size: int) -> bytes:
    found = source.read(size)
    if len(found) < size:
        raise EOFError("the rows were cut off; nothing is written")
    return found


def write_file(layer: Layer, path: Path, writer: Callable[[Layer, Path], None]) -> None:
    """Write beside the path, under a name of its own, and then at once under the path."""
    with TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        made = Path(folder) / path.name
        writer(layer, made)
        made.replace(path)


def main() -> None:
    """Write the file that the command line names, after every request that somebody waits for."""
    os.nice(10)
    source = sys.stdin.buffer
    order = read_order(source.readline())
    collection = COLLECTIONS[order.collection]
    batches = read_batches(collection, read_blocks(source))
    layer = Layer(collection, order.crs, order.changed_at, order.cut_offs, batches)
    write_file(layer, Path(sys.argv[1]), WRITERS[order.format])


if __name__ == "__main__":
    main()
