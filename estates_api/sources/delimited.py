"""CSV as it is published: any usual encoding and delimiter, and refusal of what was cut off or is no text at all."""

import codecs
import contextlib
import csv
import io
import itertools
from collections import Counter

from estates_api.errors import BadInput
from estates_api.sources.sheets import Row, drop_trailing_blanks

DELIMITERS = (",", ";", "\t", "|", "¬")  # ¬ separates the NHS website's data sets
MAX_LINE_CHARACTERS = 1_000_000

_MARKS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_delimited(content: bytes) -> tuple[Row, ...]:
    """Rows with the line each starts on; BadInput when the bytes are not one whole table of two columns or more."""
    text = decode(content)
    _check_text(text)
    rows = _parse(text, find_delimiter(text))
    if not rows:
        raise BadInput("the file has no rows")
    if not text.endswith(("\n", "\r")):
        _check_last_record(rows)
    return rows


def decode(content: bytes) -> str:
    """By byte-order mark, else UTF-8 when it is valid, else cp1252 (what Excel writes and ERIC mostly is)."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decode_as(content, encoding)
    if b"\0" in content:
        raise BadInput("the file holds NUL bytes: it is not text (or it is UTF-16 without its mark; save it as UTF-8)")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_as(content, "cp1252")


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        known = "UTF-8 or cp1252" if encoding == "cp1252" else encoding.removesuffix("-sig").upper()
        raise BadInput(f"byte {error.start + 1} is not {known}: save the file as UTF-8") from None


def _check_text(text: str) -> None:
    controls = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\r")
    if "\0" in text or controls * 100 > len(text):
        raise BadInput("the file holds control characters: it is not text")
    if any(len(line) > MAX_LINE_CHARACTERS for line in io.StringIO(text, newline="")):
        raise BadInput("a line is longer than a million characters: this is not a table with one record a line")


def find_delimiter(text: str) -> str:
    """The delimiter that cuts the first 200 lines most evenly into most columns."""
    sample = list(itertools.islice(io.StringIO(text, newline=""), 200))
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


def _parse(text: str, delimiter: str) -> tuple[Row, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            rows.append(Row(line, tuple(cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(_quoting_fault(line, str(error))) from None
    return drop_trailing_blanks(rows)


def _quoting_fault(line: int, reason: str) -> str:
    if "unexpected end" in reason:
        return f"the file ends inside the quoted field that begins in row {line}: truncated, or a quote is not closed?"
    if "larger than field limit" in reason:
        return f"a cell of row {line} is longer than {csv.field_size_limit()} characters: a quote is not closed?"
    return f"the quotes of row {line} do not match ({reason}); double a quote inside a quoted field"


def _check_last_record(rows: tuple[Row, ...]) -> None:
    """Refuse a table that ends, without a line end, in a record shorter than those before it: it was cut off.

    With a line end the record is whole, however short: a footnote, a total, or empty cells that the writer dropped.
    """
    if len(rows) < 2:
        return
    widths = Counter(len(row.cells) for row in rows[:-1])
    width, records = widths.most_common(1)[0]
    last = len(rows[-1].cells)
    if last < width and records >= 0.9 * widths.total():
        raise BadInput(f"the file ends in the middle of row {rows[-1].line} ({last} of {width} cells): truncated?")
