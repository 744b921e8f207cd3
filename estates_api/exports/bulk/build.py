"""Having a file of a whole collection written by a process of its own, so that this one stays small."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from estates_api.domain.method import CutOffs
from estates_api.exports.bulk.files import WRITTEN
from estates_api.exports.child import run_writer

PROCESS = "estates_api.exports.bulk.process"


@dataclass(frozen=True, slots=True)
class Order:
    """What to write: a format of `WRITTEN`, a collection, in which system; the rest as `Layer` has it."""

    format: str
    collection: str
    crs: int
    changed_at: datetime
    cut_offs: CutOffs
    told: Mapping[str, Any] = field(default_factory=dict)


def build_file(order: Order, blocks: Iterable[bytes], path: Path) -> None:
    """Write a file of the rows (store/batches.py), which appears under its name when it is whole, or not at all.

    Whatever stops the rows stops the file. Unavailable when it cannot be written; the reason stands in the log.
    """
    title = f"{WRITTEN[order.format].title} of {order.collection}"
    run_writer(PROCESS, path, _pieces(order, blocks), title=title)


def _pieces(order: Order, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The order as a line, each block after its length, and a block of nothing: only that says that all was sent."""
    moment = order.changed_at.astimezone(UTC).isoformat()
    yield json.dumps(asdict(order) | {"changed_at": moment}).encode() + b"\n"
    for block in blocks:
        yield len(block).to_bytes(8)
        yield block
    yield bytes(8)


def read_order(line: bytes) -> Order:
    """The order from its line."""
    told = json.loads(line)
    moment = datetime.fromisoformat(told.pop("changed_at"))
    return Order(**told | {"changed_at": moment, "cut_offs": CutOffs(**told["cut_offs"])})
