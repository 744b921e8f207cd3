"""One way to read files and text. What is beside this file is importable as `documents`, however pytest is started."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from estates_api.domain.records import HoldingRecord
from estates_api.sources import find_reader
from estates_api.sources.document import open_document
from estates_api.sources.reader import Hints

sys.path.insert(0, str(Path(__file__).parent))

from documents import Read, read_whole


@pytest.fixture(scope="session")
def read_file() -> Callable[..., Read]:
    """Read a file the way the service does: open it, find its reader, read to the end."""

    def read(path: Path, hints: Hints | None = None, *, insisted: str | None = None) -> Read:
        document = open_document(path)
        return read_whole(find_reader(document, insisted).read(document, hints or Hints()))

    return read


@pytest.fixture
def read_text(tmp_path: Path, read_file: Callable[..., Read]) -> Callable[..., Read]:
    """Read text as if it were a file of the given name."""

    def read(text: str, name: str = "file.csv", hints: Hints | None = None, *, insisted: str | None = None) -> Read:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return read_file(path, hints, insisted=insisted)

    return read


@pytest.fixture(scope="session")
def number_of() -> Callable[..., object]:
    """The number, text or state of one attribute of one holding."""

    def find(reading: Read, code: str, attribute: str, organisation: str | None = None) -> object:
        holding = _holding(reading, code, organisation)
        value = next(value for value in holding.values if value.attribute == attribute)
        if value.number is not None:
            return value.number
        return value.text if value.text is not None else value.state

    return find


def _holding(reading: Read, code: str, organisation: str | None) -> HoldingRecord:
    return next(
        holding
        for holding in reading.holdings
        if holding.code == code and organisation in {None, holding.organisation_code}
    )
