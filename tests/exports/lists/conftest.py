"""A list with everything that can stand in one, and what its files are told beside it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import Quarter
from estates_api.exports.lists import FILES
from estates_api.exports.lists.process import write_list
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.workflows.handing_out import hand_out
from estates_api.workflows.setup import METHOD_FILE, read_area, read_shipped
from estates_api.workflows.shortlist import get_shortlist

Document = dict[str, Any]
Write = Callable[..., Path]

SUFFIXES = {one.module: one.suffix for one in FILES.values()}
SQUARE = "MULTIPOLYGON (((532900 189000, 533300 189000, 533300 189500, 532900 189500, 532900 189000)))"
HOSTILE = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "<b>#let x</b> $a$ \\ `#panic()`", "医院 🏥 عيادة\u202e")


@pytest.fixture(scope="session")
def handed(reading: Engine) -> tuple[Document, dict[str, Any]]:
    """The list of March 2015 and what stands beside it: several lists, outcomes that followed."""
    method = parse_method(read_shipped(ROOT / "data", METHOD_FILE), METHOD_FILE)
    with transaction(reading) as connection:
        frozen = get_shortlist(connection, Quarter(2015, 1))
        made = hand_out(connection, frozen, adopted=method, area=read_area(ROOT / "data"))
    return json.loads(made.content), made.beside()


@pytest.fixture
def beside(handed: tuple[Document, dict[str, Any]]) -> dict[str, Any]:
    """What the list's files are told beside it."""
    return handed[1]


@pytest.fixture
def document(handed: tuple[Document, dict[str, Any]]) -> Document:
    """The list with an outline, an entry without a place, and names that look like something else."""
    content: Document = json.loads(json.dumps(handed[0]))
    first, second, *_ = content["entries"]
    first["outline"], first["precision"] = SQUARE, "outline"
    second.update({"easting": None, "northing": None, "lon": None, "lat": None, "precision": "unknown"})
    for entry, name in zip(content["entries"], HOSTILE, strict=False):
        entry["name"] = name
    return content


@pytest.fixture
def write(handed: tuple[Document, dict[str, Any]], tmp_path: Path) -> Write:
    """Write a list by the module of a format."""

    def written(module: str, document: Document, name: str = "list", **beside: Any) -> Path:
        path = tmp_path / f"{name}.{SUFFIXES[module]}"
        write_list(module, document, handed[1] | beside, path)
        return path

    return written
