"""One file and a few short fields of a multipart form (RFC 7578), written to disk as they come, never in memory."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from estates_api.domain.values import shorten
from estates_api.errors import BadInput, EstatesError

MAX_FIELD_BYTES = 2_000
MAX_HEADER_BYTES = 4_000
OVERHEAD_BYTES = 100_000
"""What boundaries, headers and fields may add to a file."""

FILE = "file"


class TooLarge(EstatesError):
    """The file is larger than this installation takes."""

    status = 413
    title = "Content too large"


class NotMultipart(EstatesError):
    """The body is not a form with a file."""

    status = 415
    title = "Unsupported media type"


def parse_boundary(content_type: str) -> bytes:
    """The boundary of a multipart form; NotMultipart for any other media type."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        given = shorten(content_type, 60) or "nothing"
        raise NotMultipart(f"send multipart/form-data with the file as field `file` (curl -F file=@FILE), not {given}")
    return options[b"boundary"]


class Form:
    """A form while it comes in: feed it pieces in order, then finish it. The caller makes and removes the path."""

    def __init__(self, boundary: bytes, path: Path, *, fields: Collection[str], max_mb: int) -> None:
        self.path, self.known, self.max_mb = path, fields, max_mb
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.size = 0
        self._out: BinaryIO | None = None
        self._ended = False
        self._header, self._value, self._headers = bytearray(), bytearray(), dict[bytes, bytes]()
        self._name, self._field = "", bytearray()
        try:
            self._parser = MultipartParser(boundary, self._callbacks(), max_header_size=MAX_HEADER_BYTES)  # type: ignore[arg-type]
        except FormParserError:
            raise BadInput("the boundary of the form is too long") from None

    def _callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin_part, "on_part_data": self._add_data, "on_part_end": self._end_part,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header, "on_headers_finished": self._end_headers, "on_end": self._end,
        }  # fmt: skip

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the body in; BadInput or TooLarge as soon as they show it."""
        try:
            self._parser.write(piece)
        except FormParserError:
            raise BadInput("the body is not the multipart form that its header announces") from None

    def finish(self) -> str:
        """The name the file came under, when the form is whole."""
        self.close()
        if not self._ended:
            raise BadInput("the form ends before its last boundary: cut off on the way?")
        if self.file_name is None:
            raise BadInput("there is no field `file` with a file (curl -F file=@FILE)")
        return self.file_name

    def close(self) -> None:
        """Write no more."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def _begin_part(self) -> None:
        self._headers, self._field = {}, bytearray()

    def _end_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b"").decode("latin-1"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name != FILE and self._name not in self.known:
            known = ", ".join([FILE, *self.known])
            raise BadInput(f"there is no field {shorten(self._name, 60)!r} here; the fields are {known}")
        if self._name in self.fields or (self._name == FILE and self.file_name is not None):
            raise BadInput(f"{self._name} is given twice; hand files in one by one, each with its fields")
        if (b"filename" in options) != (self._name == FILE):
            what = "must be a file (curl -F file=@FILE)" if self._name == FILE else "is a text, not a file"
            raise BadInput(f"{self._name} {what}")
        if self._name == FILE:
            self.file_name = clean_name(options[b"filename"].decode("utf-8", "replace"))
            self._out = self.path.open("xb")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE and self._out is not None:
            self.size += end - start
            if self.size > self.max_mb * 1024 * 1024:
                raise too_large(self.max_mb)
            self._out.write(memoryview(data)[start:end])
            return
        self._field += data[start:end]
        if len(self._field) > MAX_FIELD_BYTES:
            raise BadInput(f"{self._name} is longer than {MAX_FIELD_BYTES} bytes")

    def _end_part(self) -> None:
        if self._name == FILE:
            self.close()
            return
        try:
            text = self._field.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise BadInput(f"{self._name} is not UTF-8") from None
        if any(ord(letter) < 32 for letter in text):
            raise BadInput(f"{self._name} holds control characters")
        self.fields[self._name] = text

    def _end(self) -> None:
        self._ended = True


def too_large(max_mb: int) -> TooLarge:
    """What is said of a file beyond the limit."""
    return TooLarge(f"a file may have {max_mb} MB here (ESTATES_MAX_UPLOAD_MB); hand it in with `estates ingest`")


def clean_name(given: str) -> str:
    """The last part of a file name, without what does not print: a label, never a place."""
    last = given.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    return shorten(shown, 200) if shown.strip(".") else "upload"
