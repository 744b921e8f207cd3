"""Rows kept on disk: what a workbook says, read out of it once and then as often as anybody asks."""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from tempfile import TemporaryFile

from estates_api.errors import BadInput
from estates_api.sources.sheets import Row

MAX_BYTES = 2 * 1024 * 1024 * 1024
BUFFER = 1 << 18


class Spool:
    """A file without a name, which the system removes with the last who reads it, however the program ends."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115 -- open for as long as anybody holds the rows

    def __del__(self) -> None:
        self._file.close()

    def add(self, rows: Iterable[Row]) -> Callable[[], Iterator[Row]] | None:
        """Keep the rows that say something, to the end; what reads them again, or None when there are none."""
        start = self._file.tell()
        text = io.TextIOWrapper(self._file, "utf-8", newline="", write_through=False)
        try:
            self._write(text, rows)
        finally:
            text.flush()
            text.detach()
        end = self._file.tell()
        return partial(self._read, start, end) if end > start else None

    def _write(self, text: io.TextIOWrapper, rows: Iterable[Row]) -> None:
        writer = csv.writer(text)
        for number, row in enumerate(rows):
            if not row.blank:
                writer.writerow((row.line, *row.cells))
            if number % 1000 == 0 and self._file.tell() > MAX_BYTES:
                raise BadInput(f"the spreadsheet holds more than {MAX_BYTES // 1024**2:,} MB of text; split it")

    def _read(self, start: int, end: int) -> Iterator[Row]:
        window = io.BufferedReader(_Window(self._file.fileno(), start, end), BUFFER)
        with io.TextIOWrapper(window, "utf-8", newline="") as text:
            for line, *cells in csv.reader(text):
                yield Row(int(line), tuple(cells))


class _Window(io.RawIOBase):
    """Part of a file, read from a place of its own: any number of readers go through one file at once."""

    def __init__(self, number: int, start: int, end: int) -> None:
        self._number, self._at, self._end = number, start, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = os.preadv(self._number, [buffer[: min(len(buffer), self._end - self._at)]], self._at)
        self._at += count
        return count
