"""What an answer says, whatever it is packed in: as text to be searched, and as text to be compared with that of a
database that differs in what is withheld."""

import base64
import io
import re
import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import openpyxl
import pyarrow.parquet
import pyogrio
import pypdf
from starlette.testclient import TestClient

HASH, DAYTIME = (
    re.compile(r"\b([0-9a-f]{64}|(?=[0-9]*[a-f])[0-9a-f]{12})\b"),  # of a file's bytes, and their beginning
    re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?|\d+ \w+ \d{4}, \d\d:\d\d (UTC|\(UK time\))"),
)
CURSOR = re.compile(r"cursor=([\w-]+)")
WITHHELD = (
    re.compile(r'"withheld":\[[^]]*\]'),
    re.compile(r"<p>\d+ more sites? in [\w ]+ would be listed and (is|are) not public\.</p>"),
    re.compile(r"Sites that\s+would\s+be\s+listed\s+or\s+next,\s+and\s+are\s+not\s+public,\s+by\s+borough:[^.]*\."),
)
"""How many sites of each borough a quarter's list would have, and are withheld: the one thing that is told."""
UNEQUAL = {"etag", "content-length", "last-modified", "date", "x-request-id"}
"""Headers that tell of the version of the data as a whole."""


def _workbook(content: bytes) -> str:
    """Every cell, without the rows that give the fixed totals of what is withheld; and what is said of the file."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    rows = [(sheet.title, *row) for sheet in book for row in sheet.iter_rows(values_only=True)]
    told = (book.properties.title, book.properties.creator, book.properties.keywords, book.properties.description)
    return "\n".join(map(str, (told, *(row for row in rows if row[1] != "not public"))))


def _database(content: bytes) -> str:
    with sqlite3.connect(":memory:") as connection:
        connection.deserialize(content)
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        ).fetchall()
        plain = [(name, sql) for name, sql in tables if " INDEX " not in sql and "VIRTUAL" not in sql]
        told = [sql for _, sql in tables]
        for name, sql in plain:
            if sql.startswith("CREATE TABLE") and not name.startswith("sqlite_"):
                told += [f"{name}: {row}" for row in connection.execute(f'SELECT * FROM "{name}"')]
    return "\n".join(told)


def _parquet(content: bytes) -> str:
    table = pyarrow.parquet.read_table(io.BytesIO(content))
    return f"{table.schema.metadata}\n{table.schema}\n" + "\n".join(map(str, table.to_pylist()))


def _flatgeobuf(content: bytes) -> str:
    with tempfile.NamedTemporaryFile(suffix=".fgb") as file:
        file.write(content)
        file.flush()
        meta, _, shapes, columns = pyogrio.raw.read(file.name)
    rows = zip(*(list(column) for column in columns), [bytes(one).hex() for one in shapes], strict=False)
    return f"{list(meta['fields'])}\n" + "\n".join(map(str, rows))


def _pdf(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "\n".join(page.extract_text() for page in pages)


OPENED: Mapping[str, Callable[[bytes], str]] = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _workbook,
    "application/geopackage+sqlite3": _database,
    "application/vnd.apache.parquet": _parquet,
    "application/flatgeobuf": _flatgeobuf,
    "application/pdf": _pdf,
    "application/vnd.mapbox-vector-tile": lambda content: content.decode("latin-1"),
}
PLAIN = ("text/", "application/json", "application/geo+json", "application/schema+json", "application/problem+json",
         "application/vnd.oai", "application/vnd.qgis", "application/xml", "application/toml")  # fmt: skip


def open_answer(answer: Any) -> str:
    """Everything that an answer says but its headers."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if not answer.content:
        return ""
    if kind in OPENED:
        return OPENED[kind](answer.content)
    assert kind.startswith(PLAIN) or "qgis" in kind or "qlr" in kind, f"an answer of another kind: {kind}"
    return str(answer.text)


Answer = tuple[int, Mapping[str, str], str]


def ask(client: TestClient, request: tuple[str, str, Mapping[str, str], Any]) -> Answer:
    """Status, headers and text of an answer."""
    method, url, headers, body = request
    answer = client.request(method, url, headers=dict(headers), json=body, follow_redirects=False)
    return answer.status_code, dict(answer.headers), open_answer(answer)


def comparable(answer: Answer) -> Answer:
    """The same without what tells of the version of the data as a whole (fingerprints, moments, tags, signatures), and
    without the fixed totals of what is withheld."""
    status, headers, text = answer
    kept = {name: _blank(value) for name, value in headers.items() if name.lower() not in UNEQUAL}
    return status, kept, _blank(text)


def _blank(text: str) -> str:
    for pattern in WITHHELD:
        text = pattern.sub("", text)
    return CURSOR.sub(_read_cursor, DAYTIME.sub("<moment>", HASH.sub("<hash>", text)))


def _read_cursor(found: re.Match[str]) -> str:
    """What a cursor says, without its signature: anybody can read it, unless it is sealed."""
    whole = base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))
    said = whole[12:] if whole[12:13] == b"[" else whole
    return f"cursor={said.decode()}" if said.isascii() else "cursor=<sealed>"
