"""Zip archives from strangers: opened only when they are plainly what they say, and read in pieces, never to disk."""

import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath

from estates_api.errors import BadInput

MAX_MEMBERS = 10_000
MAX_UNPACKED_BYTES = 2 * 1024 * 1024 * 1024
MAX_RATIO = 200
"""Deflate reaches 1,032; regular spreadsheets stay below 50."""

RATIO_COUNTS_FROM_BYTES = 16 * 1024 * 1024
PIECE = 1 << 16

_MEMBER_MARK = b"PK\x01\x02"  # opens each entry of a central directory (APPNOTE.TXT 4.3.12)
_HEADER_BYTES = 30  # of a local file header, without the name (APPNOTE.TXT 4.3.7)
_ENCRYPTED = 0x1
_DAMAGED = "its zip archive is damaged or truncated"


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, its members checked by what they declare; BadInput when they are not fit to be read.

    A member that unpacks to more than it declares fails while it is read (read_pieces), by its checksum.
    """
    _check_directory(path)
    try:
        archive = zipfile.ZipFile(path)
    except Exception:  # zipfile raises a dozen classes for damaged archives
        raise BadInput(_DAMAGED) from None
    with archive:
        check_members(archive)
        yield archive


def read_pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The bytes of a member in pieces of at most 64 kB; BadInput when it is damaged."""
    try:
        with archive.open(name) as member:
            while piece := member.read(PIECE):
                yield piece
    except GeneratorExit:
        raise
    except Exception:  # zlib's, zipfile's and struct's own
        raise BadInput(_DAMAGED) from None


def _check_directory(path: Path) -> None:
    """Refuse an archive of millions of members before each of them becomes an object in memory."""
    found, kept = 0, b""
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            found += (kept + piece).count(_MEMBER_MARK)
            kept = piece[-len(_MEMBER_MARK) + 1 :]
            if found > MAX_MEMBERS:
                raise BadInput(f"its zip archive has more than {MAX_MEMBERS:,} members")


def check_members(archive: zipfile.ZipFile) -> None:
    """Refuse by declared size, ratio, name and place: bombs, tricks with paths, and two files in one."""
    members = archive.infolist()
    for member in members:
        _check_member(member)
    unpacked, packed = (sum(getattr(m, size) for m in members) for size in ("file_size", "compress_size"))
    if unpacked > MAX_UNPACKED_BYTES:
        raise BadInput(f"its zip archive unpacks to more than {MAX_UNPACKED_BYTES // 1024**2:,} MB")
    if unpacked > max(RATIO_COUNTS_FROM_BYTES, packed * MAX_RATIO):
        raise BadInput(f"its zip archive unpacks to {unpacked // max(packed, 1):,} times its size: a zip bomb?")
    if len({member.filename for member in members}) < len(members):
        raise BadInput("its zip archive has two members of one name")
    _check_places(archive, members)


def _check_member(member: zipfile.ZipInfo) -> None:
    # orig_filename is what the archive says; zipfile cuts a name at NUL.
    name = member.orig_filename
    windows = PureWindowsPath(name)
    if "\0" in name or windows.drive or windows.root or ".." in windows.parts or PurePosixPath(name).is_absolute():
        raise BadInput("a member of its zip archive has a path that leads elsewhere")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BadInput("its zip archive holds a symbolic link")
    if member.flag_bits & _ENCRYPTED:
        raise BadInput("its zip archive is protected by a password")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BadInput("its zip archive is compressed in a way that spreadsheets are not")


def _check_places(archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse members that share bytes (a bomb whose ratio no member shows), and an archive behind something else."""
    starts = sorted((member.header_offset, _end(member)) for member in members)
    if starts and starts[0][0] != 0:
        raise BadInput("something else stands before its zip archive")
    for (_, end), (start, _) in pairwise([*starts, (archive.start_dir, 0)]):
        if end > start:
            raise BadInput("members of its zip archive overlap: a zip bomb?")


def _end(member: zipfile.ZipInfo) -> int:
    """The first byte that surely comes after the member; its own extra fields may take more."""
    return member.header_offset + _HEADER_BYTES + len(member.orig_filename) + member.compress_size
