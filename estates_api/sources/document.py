"""A published file, opened: its name, fingerprint and tables as text. Knows encodings, not formats."""

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources.delimited import open_delimited
from estates_api.sources.sheets import Row, Sheet
from estates_api.sources.vector_files import is_vector
from estates_api.sources.workbook import is_workbook, open_workbook

__all__ = ["MAX_BYTES", "Document", "Kind", "Row", "Sheet", "open_document"]

MAX_BYTES = 2 * 1024 * 1024 * 1024
CHUNK = 1 << 20

Kind = Literal["table", "json", "vector"]

# By their first bytes, never by extension: people rename files.
_NOT_TABLES = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "compressed with gzip",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"{\\rtf": "a word-processor document",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
}

# What JSON is by what stands near its beginning.
_JSON_SIGNS: dict[bytes, Kind] = {b'"Organisation': "json"}


@dataclass(frozen=True, slots=True)
class Document:
    """One file as read: `sha256` and `size` are of its bytes; `sheets` are its tables that have rows.

    `name` is what the person calls it; `path` is where its bytes are while it is read.
    """

    name: str
    path: Path
    sha256: str
    size: int
    kind: Kind
    sheets: tuple[Sheet, ...] = ()


def open_document(path: Path, name: str | None = None) -> Document:
    """Open CSV text, .xls, .xlsx, JSON or a vector file. BadInput, one line naming the file and the reason, otherwise.

    Its bytes are read through once, in pieces; rows are read again when they are asked for.
    """
    name = name or path.name
    try:
        kind = _kind(path, _start(path))  # what its first bytes refuse is not read to its end
        sha256, size = fingerprint(path)
        sheets = _open_sheets(path) if kind == "table" else ()
        return Document(name, path, sha256, size, kind, sheets)
    except BadInput as error:
        raise BadInput(f"{shorten(name, 200)}: {error.detail}") from error
    except OSError as error:
        raise BadInput(f"{shorten(name, 200)}: {error.strerror or 'it cannot be read'}") from None


def fingerprint(path: Path) -> tuple[str, int]:
    """SHA-256 of a file's bytes, read in pieces, and how many there are, whatever size it states."""
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if size > MAX_BYTES:
                    raise BadInput(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB; split it")
    except OSError as error:
        raise BadInput(error.strerror or "it cannot be read") from None
    return digest.hexdigest(), size


def _start(path: Path) -> bytes:
    """The first bytes that say something; BadInput when there are none."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if found := chunk.lstrip():
                return found[:CHUNK]
    raise BadInput("the file is empty")


def _kind(path: Path, start: bytes) -> Kind:
    if start.startswith(b"\0\0\0\0"):  # no encoding of text begins so
        raise BadInput("the file begins with NUL bytes: it is not text, or was never written to its end")
    for magic, what in _NOT_TABLES.items():
        if start[: len(magic)].lower() == magic.lower():
            raise BadInput(f"this is {what}, not a table; save it as CSV or .xlsx")
    if is_vector(path, start):
        return "vector"
    if start.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"[")):
        found = next((kind for sign, kind in _JSON_SIGNS.items() if sign in start), None)
        if found is None:
            raise BadInput("this is JSON, but not of organisations (ODS ORD) and not GeoJSON; save it as CSV or .xlsx")
        return found
    return "table"


def _open_sheets(path: Path) -> tuple[Sheet, ...]:
    with path.open("rb") as file:
        workbook = is_workbook(file.read(8))
    return open_workbook(path) if workbook else (Sheet("", open_delimited(path)),)
