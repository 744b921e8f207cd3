"""A published file, opened: its name, fingerprint and tables as text. Knows encodings, not formats."""

import hashlib
from dataclasses import dataclass

from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources.delimited import read_delimited
from estates_api.sources.sheets import Row, Sheet
from estates_api.sources.workbook import is_workbook, read_workbook

__all__ = ["MAX_BYTES", "Document", "Row", "Sheet", "read_document"]

MAX_BYTES = 200 * 1024 * 1024

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
    b"SQLite format 3": "a database",
    b"PAR1": "a Parquet file",
    b"{": "JSON",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One file as read: `sha256` and `size` are of its bytes; `sheets` are its tables that have rows."""

    name: str
    sha256: str
    size: int
    sheets: tuple[Sheet, ...]


def read_document(name: str, content: bytes) -> Document:
    """Open CSV text, .xls or .xlsx. BadInput, one line naming the file and the reason, for anything else."""
    try:
        sheets = _read_sheets(content)
    except BadInput as error:
        raise BadInput(f"{shorten(name, 200)}: {error.detail}") from error
    return Document(name, hashlib.sha256(content).hexdigest(), len(content), sheets)


def _read_sheets(content: bytes) -> tuple[Sheet, ...]:
    if not content.strip():
        raise BadInput("the file is empty")
    if len(content) > MAX_BYTES:
        raise BadInput(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB; split it")
    start = content[:64].lstrip()
    for magic, what in _NOT_TABLES.items():
        if start[: len(magic)].lower() == magic.lower():
            raise BadInput(f"this is {what}, not a table; save it as CSV or .xlsx")
    if is_workbook(content):
        return read_workbook(content)
    return (Sheet("", read_delimited(content)),)
