"""Damaged files: whatever became of a file on its way, there is a reading or one line that says what is wrong."""

import csv
import io
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from documents import Read, open_bytes, read_whole

from estates_api.errors import BadInput
from estates_api.sources import READERS, find_reader
from estates_api.sources.reader import Hints

SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*_made*.*"))
PUBLISHED = [
    "eric/eric_2016-17_site_ncl_rawhead_cp1252.csv", "ods/nhs_choices_hospital_ncl_raw_cp1252.csv",
    "ods/epraccur_ncl_raw.csv", "ncl_council_assets.csv", "ncl_site_events.csv",
]  # fmt: skip
Mangle = Callable[[bytes, random.Random], bytes]


def text_of(content: bytes) -> str:
    """The file as text, however it is encoded."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def delimiter_of(text: str) -> str:
    """The delimiter that stands most often."""
    return max(",;¬", key=text.count)


def by_columns(content: bytes, change: Callable[[list[list[str]]], list[list[str]]]) -> bytes:
    """The table with its cells changed."""
    text = text_of(content)
    delimiter = delimiter_of(text)
    rows = change([row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row])
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode()


def truncated(content: bytes, rng: random.Random) -> bytes:
    """Cut off anywhere."""
    return content[: rng.randrange(len(content))]


def flipped(content: bytes, rng: random.Random) -> bytes:
    """A few bytes are others."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 12)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def with_nul(content: bytes, rng: random.Random) -> bytes:
    """A NUL byte somewhere."""
    place = rng.randrange(len(content))
    return content[:place] + b"\0" + content[place:]


def without_columns(content: bytes, rng: random.Random) -> bytes:
    """One to three columns are gone."""
    places = {rng.randrange(40) for _ in range(rng.randint(1, 3))}
    return by_columns(content, lambda rows: [[c for p, c in enumerate(row) if p not in places] for row in rows])


def doubled_columns(content: bytes, rng: random.Random) -> bytes:
    """A column stands twice."""
    place = rng.randrange(10)
    return by_columns(content, lambda rows: [[*row, *row[place : place + 2]] for row in rows])


def renamed_columns(content: bytes, rng: random.Random) -> bytes:
    """Some headers are other words."""

    def change(rows: list[list[str]]) -> list[list[str]]:
        for row in rows[:2]:
            for _ in range(3):
                row[rng.randrange(len(row))] = rng.choice(["", "Name", "UPRN", "x" * 300, "Site Code", "£££"])
        return rows

    return by_columns(content, change)


def shuffled_columns(content: bytes, rng: random.Random) -> bytes:
    """Every row has its cells in another order of its own."""
    return by_columns(content, lambda rows: [rng.sample(row, len(row)) for row in rows])


def moved_cells(content: bytes, rng: random.Random) -> bytes:
    """Rows are shifted, shortened and lengthened."""

    def change(rows: list[list[str]]) -> list[list[str]]:
        return [rng.choice([row, row[1:], ["", *row], row[: len(row) // 2], [*row, "more"]]) for row in rows]

    return by_columns(content, change)


def odd_cells(content: bytes, rng: random.Random) -> bytes:
    """Cells hold what no cell should."""
    odd = ["-1", "1e308", "1e-400", "9" * 400, "٣", "NaN", "inf", "=1+1", "\u202e", "31/02/2019", "2019-13", "x" * 5000,
           "POINT(1 2", "0x10", "½", "–", "1,2,3", "£", "%", "()", "\x1b[2J", "Not Applicable", "0" * 15]  # fmt: skip

    def change(rows: list[list[str]]) -> list[list[str]]:
        return [*rows[:1], *([rng.choice(odd) if rng.random() < 0.2 else c for c in row] for row in rows[1:])]

    return by_columns(content, change)


def huge_cell(content: bytes, rng: random.Random) -> bytes:
    """One cell is larger than any reader should take."""
    return by_columns(content, lambda rows: [*rows, ["y" * rng.choice([20_000, 140_000, 1_200_000]), *rows[-1][1:]]])


def other_delimiter(content: bytes, rng: random.Random) -> bytes:
    """Delimiters are others, quotes or not."""
    text = text_of(content)
    return text.replace(delimiter_of(text), rng.choice([";", "\t", "|", "^", " "])).encode()


def stray_quotes(content: bytes, rng: random.Random) -> bytes:
    """Quotes where none belong."""
    text = text_of(content)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(text))
        text = text[:place] + '"' + text[place:]
    return text.encode()


def other_encoding(content: bytes, rng: random.Random) -> bytes:
    """Written in one encoding, read and written in another, or with the wrong mark."""
    text, how = text_of(content), rng.randrange(5)
    if how == 0:
        return text.encode("utf-16")
    if how == 1:
        return text.encode("utf-16-le")
    if how == 2:
        return text.encode().decode("cp1252", errors="replace").encode()
    if how == 3:
        return b"\xff\xfe" + content
    return text.encode("cp1252", errors="replace").replace(b"?", b"\x81")


def repeated(content: bytes, rng: random.Random) -> bytes:
    """The file follows upon itself, once or twice."""
    return content * rng.randint(2, 3)


MANGLES: list[Mangle] = [
    truncated, flipped, with_nul, without_columns, doubled_columns, renamed_columns, shuffled_columns, moved_cells,
    odd_cells, huge_cell, other_delimiter, stray_quotes, other_encoding, repeated,
]  # fmt: skip


def outcome(content: bytes, insisted: str | None = None) -> Read | str:
    """What was read, to the end, or the reason why not."""
    try:
        document = open_bytes("damaged.csv", content)
        return read_whole(find_reader(document, insisted).read(document, Hints(period="2016-17")))
    except BadInput as error:
        return error.detail


def check(content: bytes, insisted: str | None = None) -> bool:
    """Whether the file was read; a refusal is one short line."""
    said = outcome(content, insisted)
    if isinstance(said, str):
        assert "\n" not in said
        assert 0 < len(said) < 2000
    else:
        assert all(issue.reason and "\n" not in issue.reason for issue in said.issues)
    return isinstance(said, Read)


@pytest.mark.parametrize("mangle", MANGLES, ids=lambda mangle: mangle.__name__)
def test_no_damage_to_a_sample_breaks_it(mangle: Mangle) -> None:
    """Every sample, damaged in every way: a reading or one line, also when its own format is insisted on."""
    for path in SAMPLES:
        content = path.read_bytes()
        own = find_reader(open_bytes("x", content)).format
        rng = random.Random(zlib.crc32(f"{path.name} {mangle.__name__}".encode()))
        damaged = mangle(content, rng)
        check(damaged)
        check(damaged, own)


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_damage_to_a_published_file_breaks_it(published: Path, name: str) -> None:
    """The same for real files, which have more of everything."""
    content = (published / name).read_bytes()
    for mangle in MANGLES:
        check(mangle(content, random.Random(zlib.crc32(f"{name} {mangle.__name__}".encode()))))


def test_there_are_two_hundred_of_them() -> None:
    """Enough damaged files to mean something."""
    assert len(SAMPLES) * len(MANGLES) >= 200


@pytest.mark.slow
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_no_damage_breaks_any_reader(path: Path) -> None:
    """Each damaged sample handed to every reader by name, three times over: most refuse, none falls over."""
    content = path.read_bytes()
    read = 0
    for mangle in MANGLES:
        for turn in range(3):
            damaged = mangle(content, random.Random(zlib.crc32(f"{path.name} {mangle.__name__} {turn}".encode())))
            read += sum(check(damaged, name) for name in READERS)
    assert read
