"""Files written by a process of their own: whole or not at all, whatever happens to either side."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet
import pyogrio
import pytest
import shapely

from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.method import CutOffs
from estates_api.errors import Unavailable
from estates_api.exports.bulk import build
from estates_api.exports.bulk.build import Order, build_file, read_order
from estates_api.exports.bulk.files import FILES
from estates_api.exports.bulk.layer import read_batches
from estates_api.exports.bulk.process import main, read_blocks

MakeOrder = Callable[[str], Order]

SQUARE = shapely.to_wkb(shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]))
BLOCK = f'A,E09000003,"Barnet, ""north""",{SQUARE.hex()}\nB,,"",\n'.encode()


@pytest.fixture
def order(cut_offs: CutOffs) -> MakeOrder:
    """To write boroughs in a format."""
    return lambda name: Order(name, "boroughs", 27700, datetime(2026, 11, 22, 12, 30, tzinfo=UTC), cut_offs)


def count(path: Path) -> int:
    """The number of rows of a file."""
    if path.suffix == ".parquet":
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    return int(pyogrio.read_info(path, layer="boroughs", force_feature_count=True)["features"])


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_built(name: str, order: MakeOrder, tmp_path: Path) -> None:
    """Blocks of rows become one file, which takes the place of the one before, and nothing is left beside it."""
    path = tmp_path / f"boroughs.{name}"
    path.write_bytes(b"before")
    build_file(order(name), [BLOCK] * 3, path)
    assert (count(path), [one.name for one in tmp_path.iterdir()]) == (6, [path.name])


def test_rows_are_typed() -> None:
    """Empty text is not unknown text, and a block is a batch of typed columns."""
    (batch,) = read_batches(COLLECTIONS["boroughs"], [BLOCK])
    assert batch.to_pylist() == [
        {"id": "A", "gss": "E09000003", "name": 'Barnet, "north"', "geometry": SQUARE},
        {"id": "B", "gss": None, "name": "", "geometry": None},
    ]
    (holding,) = read_batches(COLLECTIONS["lsoas"], [b"A,E01,,E09,3,1a,\n,,,,,,\n"])
    assert holding.column("imd_decile").to_pylist() == [3, None]


def test_rows_that_fail_leave_no_file(order: MakeOrder, tmp_path: Path) -> None:
    """An error of the rows is the error, and the file of before stays as it was."""
    path = tmp_path / "boroughs.gpkg"
    path.write_bytes(b"before")

    def failing() -> Iterator[bytes]:
        yield BLOCK
        raise ConnectionError("the database went away")

    with pytest.raises(ConnectionError):
        build_file(order("gpkg"), failing(), path)
    assert (path.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (b"before", [path.name])


def test_a_writer_that_fails_is_told(order: MakeOrder, tmp_path: Path) -> None:
    """A folder that is not there, however many rows follow: one line, without the place on the machine."""
    with pytest.raises(Unavailable, match=r"^the GeoPackage of boroughs could not be written$"):
        build_file(order("gpkg"), [BLOCK] * 10_000, tmp_path / "nowhere" / "boroughs.gpkg")


@pytest.mark.parametrize("kept", [300, -8])
def test_input_that_is_cut_off_is_no_file(kept: int, order: MakeOrder, tmp_path: Path) -> None:
    """When the service dies, its last rows look like the last of all; only the end says that they are."""
    sent = b"".join(build._pieces(order("fgb"), [BLOCK]))
    command = [sys.executable, "-m", build.PROCESS, str(tmp_path / "boroughs.fgb")]
    done = subprocess.run(command, input=sent[:kept], stderr=subprocess.DEVNULL, check=False, timeout=60)
    assert (done.returncode != 0, list(tmp_path.iterdir())) == (True, [])


def test_the_process_writes_what_it_is_sent(order: MakeOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order and the blocks arrive as they were sent, and the file stands where the command line says."""
    path = tmp_path / "boroughs.gpkg"
    sent = b"".join(build._pieces(order("gpkg"), [BLOCK, BLOCK]))
    line, _, rest = sent.partition(b"\n")
    assert read_order(line) == order("gpkg")
    assert list(read_blocks(io.BytesIO(rest))) == [BLOCK, BLOCK]
    with pytest.raises(EOFError):
        list(read_blocks(io.BytesIO(rest[:-1])))
    later: list[int] = []
    monkeypatch.setattr(os, "nice", later.append)
    monkeypatch.setattr(sys, "argv", ["", str(path)])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(sent)))
    main()
    assert (count(path), later) == (4, [10])
