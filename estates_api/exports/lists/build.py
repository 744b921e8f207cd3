"""Having a shortlist written as a file by a process of its own, so that this one stays small."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from estates_api.exports.child import run_writer
from estates_api.exports.lists import FileFormat

PROCESS = "estates_api.exports.lists.process"


@dataclass(frozen=True, slots=True)
class Handed:
    """What is handed out: a document as JSON bytes, and what its readers need beside it.

    `sha256`, `status` and `revision` are those of the record, `published` and `endorsed` say by whom and when; `method`
    is its method in words (domain/method_words.py; empty where it is not at hand), `boroughs` their outlines: gss,
    name, rings of easting and northing; `levels` and `equity` are what domain/levels.py tells of the list.
    """

    content: bytes
    sha256: str = ""
    status: str = ""
    revision: int = 0
    published: str = ""
    endorsed: str = ""
    method: Mapping[str, Any] | None = None
    boroughs: Sequence[Mapping[str, Any]] = ()
    levels: Mapping[str, Any] | None = None
    equity: Mapping[str, Any] | None = None

    def beside(self) -> dict[str, Any]:
        """All but the document."""
        words = {"status": self.status, "published": self.published, "endorsed": self.endorsed}
        return {**words, "sha256": self.sha256, "revision": self.revision, "method": self.method or {},
                "boroughs": list(self.boroughs), "levels": self.levels, "equity": self.equity}  # fmt: skip


def build_list(handed: Handed, form: FileFormat, path: Path) -> None:
    """Write a file of the list, which appears under its name when it is whole, or not at all.

    Unavailable when it cannot be written; the reason stands in the log.
    """
    run_writer(PROCESS, path, _pieces(handed, form), title=form.title)


def _pieces(handed: Handed, form: FileFormat) -> Iterator[bytes]:
    """What to write and what stands beside the document as a line; then its size, and the document."""
    yield json.dumps({"module": form.module, "bytes": len(handed.content), "beside": handed.beside()}).encode() + b"\n"
    yield handed.content
