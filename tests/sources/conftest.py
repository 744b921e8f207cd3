"""One way to read files and text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from estates_api.domain.records import HoldingRecord, Reading
from estates_api.sources import find_reader
from estates_api.sources.document import read_document
from estates_api.sources.reader import Hints


@pytest.fixture(scope="session")
def read_file() -> Callable[..., Reading]:
    """Read a file the way the service does: open it, find its reader, read."""

    def read(path: Path, hints: Hints | None = None, *, insisted: str | None = None) -> Reading:
        document = read_document(path.name, path.read_bytes())
        return find_reader(document, insisted).read(document, hints or Hints())

    return read


@pytest.fixture(scope="session")
def read_text() -> Callable[..., Reading]:
    """Read text as if it were a file of the given name."""

    def read(text: str, name: str = "file.csv", hints: Hints | None = None, *, insisted: str | None = None) -> Reading:
        document = read_document(name, text.encode())
        return find_reader(document, insisted).read(document, hints or Hints())

    return read


@pytest.fixture(scope="session")
def number_of() -> Callable[..., object]:
    """The number, text or state of one attribute of one holding."""

    def find(reading: Reading, code: str, attribute: str, organisation: str | None = None) -> object:
        holding = _holding(reading, code, organisation)
        value = next(value for value in holding.values if value.attribute == attribute)
        if value.number is not None:
            return value.number
        return value.text if value.text is not None else value.state

    return find


def _holding(reading: Reading, code: str, organisation: str | None) -> HoldingRecord:
    return next(
        holding
        for holding in reading.holdings
        if holding.code == code and organisation in {None, holding.organisation_code}
    )
