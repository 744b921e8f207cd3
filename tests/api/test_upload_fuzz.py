"""Five hundred damaged files handed in over HTTP: each is taken, or refused with 4xx and one line, and of a refused
one nothing is written and nothing stays behind."""

import json
import random
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.records import edition_id

HOW_MANY = 500
SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*_made*.*"))
KEY = "the-key-of-the-tests"

Damage = Callable[[random.Random, bytes], bytes]


def flip(pick: random.Random, good: bytes) -> bytes:
    """A few bits are others."""
    changed = bytearray(good)
    for _ in range(pick.randint(1, 9)):
        changed[pick.randrange(len(changed))] ^= 1 << pick.randrange(8)
    return bytes(changed)


def cut(pick: random.Random, good: bytes) -> bytes:
    """The end is missing, or the beginning."""
    at = pick.randrange(1, len(good))
    return pick.choice([good[:at], good[at:]])


def double(pick: random.Random, good: bytes) -> bytes:
    """A part stands twice, or the whole."""
    at, to = sorted((pick.randrange(len(good)), pick.randrange(len(good))))
    return pick.choice([good[:to] + good[at:], good * 2])


def encode(pick: random.Random, good: bytes) -> bytes:
    """In another encoding than it says."""
    return good.decode("cp1252", "replace").encode(
        pick.choice(["utf-16", "utf-32", "utf-7", "cp037", "utf-8-sig"]), "replace"
    )


def nulls(pick: random.Random, good: bytes) -> bytes:
    """NULs between."""
    at = pick.randrange(len(good))
    return good[:at] + b"\0" * pick.choice([1, 2, 400]) + good[at:]


def huge(pick: random.Random, good: bytes) -> bytes:
    """A field of a million characters."""
    at = good.find(b",", pick.randrange(len(good)))
    return good[:at] + pick.choice([b"9", b"x", b'"', b"\xff"]) * 1_000_000 + good[at:]


def wide(pick: random.Random, good: bytes) -> bytes:
    """Thousands of columns more."""
    return b"\n".join(line + pick.choice([b",", b",gia_m2", b",;"]) * 20_000 for line in good.splitlines()[:4])


def deep(pick: random.Random, _: bytes) -> bytes:
    """JSON in JSON."""
    opened = pick.choice([b"[", b'{"a":', b'{"type":"FeatureCollection","features":[{"geometry":'])
    return opened * pick.choice([50, 5_000, 200_000])


def sign(pick: random.Random, good: bytes) -> bytes:
    """Begins like another format."""
    return pick.choice(SIGNS) + good


SIGNS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"SQLite format 3\0", b"fgb\x03fgb\0", b"PAR1",
         b"%PDF-1.7", b"\x1f\x8b\x08", b'<?xml version="1.0"?>', b"\xef\xbb\xbf\xef\xbb\xbf")  # fmt: skip


def words(pick: random.Random, good: bytes) -> bytes:
    """Cells that say what no cell should."""
    cells = good.split(b",")
    for _ in range(pick.randint(1, 8)):
        cells[pick.randrange(len(cells))] = pick.choice([
            b"NaN", b"Infinity", b"-1e400", b"1e309", b"=cmd|'/c calc'!A1", b"'; DROP TABLE site; --", b"\xe2\x80\xae",
            b"0x10", b"9999-99-99", b"\xf0\x9f\x92\xa9", b"../../etc/passwd", b"\r", b'"', b"\\", b"%s%n", b"1" * 400,
        ])  # fmt: skip
    return b",".join(cells)


DAMAGES: tuple[Damage, ...] = (flip, flip, cut, double, encode, nulls, huge, wide, deep, sign, words, words)
NAMES = (
    "list.csv",
    "a.xlsx",
    "b.geojson",
    "c.zip",
    "../../x.csv",
    'quote".csv',
    "new\r\nline.csv",
    "é💩.csv",
    "." * 300,
    "nul\0.csv",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where uploads are kept while they are read."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


_COUNTED = """SELECT (SELECT count(*) FROM edition), (SELECT count(*) FROM holding), (SELECT count(*) FROM claim),
    (SELECT count(*) FROM issue), (SELECT count(*) FROM site), (SELECT count(*) FROM audit)"""


def count(engine: Engine) -> tuple[int, ...]:
    """The rows of what a file writes to."""
    with engine.connect() as connection:
        return tuple(connection.exec_driver_sql(_COUNTED).one())


@pytest.mark.slow
def test_five_hundred_damaged_files(make_api: Callable[..., TestClient], reference: Engine, folder: Path) -> None:
    """201 or 200 with an edition, or 4xx with a reason in one line; then not a row more than before."""
    assert folder.is_dir()
    pick, outcomes = random.Random(20_261_123), dict.fromkeys((200, 201, 400, 409, 413, 415, 422), 0)
    rows = count(reference)
    with make_api(reference, key=KEY) as client:
        for number in range(HOW_MANY):
            good = SAMPLES[number % len(SAMPLES)]
            content = DAMAGES[number % len(DAMAGES)](pick, good.read_bytes())
            said = {"period": "2016-17"} | pick.choice(
                [{}, {}, {"format": pick.choice(["eric", "surplus", "features"])}]
            )
            name = pick.choice((good.name, *NAMES))
            answer = client.post("/editions", files={"file": (name, content)}, data=said)
            assert answer.status_code in outcomes, (number, good.name, name, answer.text[:500])
            outcomes[answer.status_code] += 1
            if answer.status_code >= 400:
                assert "\n" not in answer.json()["detail"], (number, good.name)
                assert count(reference) == rows, (number, good.name)
            else:
                assert json.loads(answer.text)["id"] == edition_id(sha256(content).hexdigest())
                rows = count(reference)
    assert outcomes[400] > 100
    assert outcomes[201] > 50
