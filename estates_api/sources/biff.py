"""How far the sheets of an .xls reach, found before anything makes dense tables of them.

A lone cell in the last row and column of each of many sheets is a file of 5 kB and a table of gigabytes. Only what is
needed for that is read: the container ([MS-CFB]) and the places of cells ([MS-XLS] 2.4).
"""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from estates_api.errors import BadInput

MAX_CELLS = 6_000_000
MAX_SHEETS = 500
MAX_BYTES = 256 * 1024 * 1024

_LAST = 0xFFFFFFFA  # sector numbers above are marks ([MS-CFB] 2.1)
_MINI_BELOW = 4096
_BOUND_SHEET, _DIMENSIONS, _END, _MULTIPLE, _STRINGS = 0x0085, 0x0200, 0x000A, 0x00BD, 0x00FC
_CELLS = {0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x0206, 0x0207, 0x027E, 0x0406}


def check_extents(path: Path) -> None:
    """BadInput when the sheets of an .xls span more than can be held, or its container is damaged."""
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(f"an .xls larger than {MAX_BYTES // 1024**2} MB is not read; save it as .xlsx or CSV")
    try:
        streams = list(_Container(path.read_bytes()).workbooks())
    except (struct.error, IndexError, ValueError):
        raise BadInput("the spreadsheet cannot be opened: damaged or truncated") from None
    for stream in streams:
        _check_stream(stream)


def _check_stream(stream: bytes) -> None:
    starts = []
    for kind, body in _records(stream, 0):
        if kind == _BOUND_SHEET and len(body) >= 4:
            starts.append(struct.unpack_from("<I", body)[0])
        elif kind == _STRINGS and len(body) >= 8 and struct.unpack_from("<I", body, 4)[0] > len(stream):
            raise BadInput("the spreadsheet announces more texts than it can hold: damaged?")
    if len(starts) > MAX_SHEETS:
        raise BadInput(f"the spreadsheet has more than {MAX_SHEETS} sheets")
    spanned = 0
    for start in starts:
        rows, columns = _extent(stream, start)
        spanned += rows * columns
        if spanned > MAX_CELLS:
            raise BadInput(f"a sheet spans {rows} rows and {columns} columns, most of them surely blank; delete those")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each record from a place to the end of its part."""
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind == _END:
            return
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _extent(stream: bytes, start: int) -> tuple[int, int]:
    """Rows and columns of the table that holds every cell, and of the one that is announced."""
    rows = columns = 1
    for kind, body in _records(stream, start):
        if kind in _CELLS and len(body) >= 4:
            row, column = struct.unpack_from("<HH", body)
            last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _MULTIPLE else column
            rows, columns = max(rows, row + 1), max(columns, column + 1, last + 1)
        elif kind == _DIMENSIONS and len(body) >= 8:
            wide = len(body) >= 14  # BIFF8 counts rows in four bytes
            _, row, _, column = struct.unpack_from("<IIHH" if wide else "<HHHH", body)
            rows, columns = max(rows, row), max(columns, column)
    return rows, columns


class _Container:
    """A compound file: sectors in chains ([MS-CFB] 2)."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        shift = struct.unpack_from("<H", content, 30)[0]
        if shift not in {9, 12}:
            raise ValueError(shift)
        self.size = 1 << shift
        self.fat = self._fat()
        _check_ends(self.fat)

    def _sector(self, number: int) -> bytes:
        return self.content[(number + 1) * self.size : (number + 2) * self.size]

    def _fat(self) -> list[int]:
        listed = list(struct.unpack_from("<109I", self.content, 76))
        following, seen = struct.unpack_from("<I", self.content, 68)[0], 0
        while following < _LAST and seen <= len(self.content) // self.size:
            numbers = _integers(self._sector(following))
            listed += numbers[:-1]
            following, seen = numbers[-1], seen + 1
        sectors = [self._sector(number) for number in listed if number < _LAST]
        if max(seen, len(sectors)) > len(self.content) // self.size:
            raise ValueError(seen)
        return _integers(b"".join(sectors))

    def _chain(self, start: int, fat: Sequence[int]) -> Iterator[int]:
        while start < _LAST:
            yield start
            start = fat[start]

    def _stream(self, start: int) -> bytes:
        return b"".join(self._sector(number) for number in self._chain(start, self.fat))

    def workbooks(self) -> Iterator[bytes]:
        """The stream of every entry that may be taken for the workbook."""
        directory = self._stream(struct.unpack_from("<I", self.content, 48)[0])
        entries = [directory[at : at + 128] for at in range(0, len(directory) - 127, 128)]
        if len(entries) > MAX_SHEETS * 20:
            raise ValueError(len(entries))
        named = [entry for entry in entries if _name(entry).casefold() in {"workbook", "book"}]
        if len(named) > 2:
            raise ValueError(named)
        for entry in named:
            start, size = struct.unpack_from("<II", entry, 116)
            yield self._stream(start)[:size] if size >= _MINI_BELOW else self._mini(entries[0], start)[:size]

    def _mini(self, root: bytes, start: int) -> bytes:
        """A stream of less than 4 kB, which lies in sectors of 64 bytes within the root's."""
        whole = self._stream(struct.unpack_from("<I", root, 116)[0])
        fat = _integers(self._stream(struct.unpack_from("<I", self.content, 60)[0]))
        _check_ends(fat)
        return b"".join(whole[number * 64 : number * 64 + 64] for number in self._chain(start, fat))


def _check_ends(fat: Sequence[int]) -> None:
    """ValueError when a chain runs in circles: whoever followed it would never come to an end."""
    seen = bytearray(len(fat))
    for first in range(len(fat)):
        at, passed = first, []
        while at < len(fat) and not seen[at]:
            seen[at] = 1
            passed.append(at)
            at = fat[at]
        if at < len(fat) and seen[at] == 1:
            raise ValueError(at)
        for each in passed:
            seen[each] = 2


def _integers(content: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4]))


def _name(entry: bytes) -> str:
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
