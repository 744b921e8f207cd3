"""CSV as it is published: any usual encoding and delimiter, and refusal of what was cut off or is no text at all."""

import codecs
import contextlib
import csv
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from estates_api.errors import BadInput
from estates_api.sources.sheets import Row

DELIMITERS = (",", ";", "\t", "|", "¬")  # ¬ separates the NHS website's data sets
MAX_LINE_CHARACTERS = 1_000_000
csv.field_size_limit(MAX_LINE_CHARACTERS)  # an outline as text is longer than the 131,072 characters of old
SAMPLE_LINES = 200
CHUNK = 1 << 20

_NO_CONTROLS = {code: None for code in range(32) if chr(code) not in "\t\n\r"}
_CONTROLS = "the file holds control characters: it is not text"
_NUL = "the file holds NUL bytes: it is not text (or it is UTF-16 without its mark; save it as UTF-8)"

_MARKS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def open_delimited(path: Path) -> Callable[[], Iterator[Row]]:
    """What reads the rows, each with the line it starts on; BadInput when the bytes are not one whole table.

    The file is read through once here, so that nothing is taken from one that is damaged further on, and again when
    its rows are asked for; it is never in memory.
    """
    encoding = find_encoding(path)
    _check_text(path, encoding)
    with _open_text(path, encoding) as text:
        delimiter = find_delimiter(list(itertools.islice(text, SAMPLE_LINES)))
    _check_rows(path, encoding, delimiter)
    return lambda: _read_rows(path, encoding, delimiter)


def find_encoding(path: Path) -> str:
    """By byte-order mark, else UTF-8 when all is valid, else cp1252 (what Excel writes and ERIC mostly is)."""
    with path.open("rb") as file:
        start = file.read(4)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            _check_encoding(path, encoding)
            return encoding
    try:
        _check_encoding(path, "utf-8")
    except BadInput:
        _check_encoding(path, "cp1252")
        return "cp1252"
    return "utf-8"


def _check_encoding(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    marked = encoding not in {"utf-8", "cp1252"}
    place = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                if not marked and b"\0" in chunk:
                    raise BadInput(_NUL)
                kept = len(decoder.getstate()[0])
                decoder.decode(chunk)
                place += len(chunk)
            kept = len(decoder.getstate()[0])
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        known = "UTF-8 or cp1252" if encoding == "cp1252" else encoding.removesuffix("-sig").upper()
        raise BadInput(f"byte {place - kept + error.start + 1} is not {known}: save the file as UTF-8") from None


@contextlib.contextmanager
def _open_text(path: Path, encoding: str) -> Iterator[Iterator[str]]:
    """The lines of the file with their ends; BadInput for one that has none."""
    with path.open(encoding=encoding, newline="") as file:
        yield _lines(file)


def _lines(file: TextIO) -> Iterator[str]:
    for line in iter(partial(file.readline, MAX_LINE_CHARACTERS + 1), ""):
        if len(line) > MAX_LINE_CHARACTERS:
            raise BadInput("a line is longer than a million characters: this is not a table with one record a line")
        yield line


def _check_text(path: Path, encoding: str) -> None:
    controls = total = 0
    with path.open(encoding=encoding, newline="") as file:
        while chunk := file.read(CHUNK):
            total += len(chunk)
            controls += len(chunk) - len(chunk.translate(_NO_CONTROLS))
            if "\0" in chunk:
                raise BadInput(_CONTROLS)
    if controls * 100 > total:
        raise BadInput(_CONTROLS)


def find_delimiter(sample: list[str]) -> str:
    """The delimiter that cuts the first lines most evenly into most columns."""
    scores = {delimiter: _evenness(sample, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if scores[best] <= 0:
        raise BadInput("there is only one column: the delimiter must be , ; | ¬ or a tab")
    return best


def _evenness(sample: list[str], delimiter: str) -> float:
    """Share of records with the commonest width, times the columns beyond the first."""
    widths: Counter[int] = Counter()
    with contextlib.suppress(csv.Error):  # what is wrong with the row is said when the rows are read
        widths.update(len(cells) for cells in csv.reader(sample, delimiter=delimiter) if any(cells))
    if not widths:
        return 0.0
    width, records = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (width - 1) * records / widths.total()


def _read_rows(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    line = 1
    with _open_text(path, encoding) as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                yield Row(line, tuple(cells))
                line = reader.line_num + 1
        except csv.Error as error:
            raise BadInput(_quoting_fault(line, str(error))) from None


def _check_rows(path: Path, encoding: str, delimiter: str) -> None:
    """Refuse quotes that do not match, a table without rows, and one that was cut off in its last record.

    A table was cut off when it ends, without a line end, in a record shorter than those before it. With a line end
    the record is whole, however short: a footnote, a total, or empty cells that the writer dropped.
    """
    widths: Counter[int] = Counter()
    last = None
    for row in _read_rows(path, encoding, delimiter):
        last = last if row.blank else row
        widths[len(row.cells)] += 1
    if last is None:
        raise BadInput("the file has no rows")
    widths[len(last.cells)] -= 1  # the last record that says something
    if not widths.total() or _ends_with_line(path, encoding):
        return
    width, records = widths.most_common(1)[0]
    if len(last.cells) < width and records >= 0.9 * widths.total():
        cells = f"{len(last.cells)} of {width} cells"
        raise BadInput(f"the file ends in the middle of row {last.line} ({cells}): truncated?")


def _ends_with_line(path: Path, encoding: str) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8) // 4 * 4)
        end = file.read()
    if encoding.startswith(("utf-16", "utf-32")):
        end = end.strip(b"\0")
    return end.endswith((b"\n", b"\r"))


def _quoting_fault(line: int, reason: str) -> str:
    if "unexpected end" in reason:
        return f"the file ends inside the quoted field that begins in row {line}: truncated, or a quote is not closed?"
    if "larger than field limit" in reason:
        return f"a cell of row {line} is longer than {csv.field_size_limit()} characters: a quote is not closed?"
    return f"the quotes of row {line} do not match ({reason}); double a quote inside a quoted field"
