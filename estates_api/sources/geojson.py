"""GeoJSON, feature by feature: FeatureCollection, a single Feature, or one Feature after another.

Read here and not by GDAL, which would fetch the page that a `crs` member of the kind "link" names, and which knows
other documents in JSON that are instructions to read elsewhere.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import shapely

from estates_api.errors import BadInput

CHUNK = 1 << 20
MAX_FEATURE = 64 * 1024 * 1024
"""Characters of one feature: more than the most detailed outline of a country."""

_SPACE = " \t\n\r\x1e"  # RS separates the features of a GeoJSON text sequence
_CRS84 = "OGC:CRS84"


@dataclass(slots=True)
class Head:
    """What the whole file has: columns in the order they are met, the CRS it states, and how many features."""

    columns: dict[str, None] = field(default_factory=dict)
    crs: str | None = _CRS84
    count: int = 0
    own_ids: bool = False


def read_head(path: Path) -> Head:
    """Read the file through once. BadInput when it is no GeoJSON, or ends too early."""
    head = Head()
    for kind, value in _members(path):
        if kind == "crs":
            head.crs = _crs_name(value)
        elif kind == "feature":
            head.count += 1
            head.columns.update(dict.fromkeys(properties_of(value[0])))
            head.own_ids |= value[0].get("id") is not None
    if head.own_ids and "id" not in head.columns:
        head.columns = {"id": None, **head.columns}
    return head


def read_features(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each feature as an object and as the text it stands as."""
    return (value for kind, value in _members(path) if kind == "feature")


def properties_of(feature: dict[str, Any]) -> dict[str, Any]:
    """The feature's properties; empty when it has none."""
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def parse_geometries(texts: list[str]) -> "np.ndarray[Any, np.dtype[np.object_]]":
    """The geometry of each feature; None where it has none or none that can be drawn."""
    return np.asarray(shapely.from_geojson(texts, on_invalid="ignore"), dtype=object)


def _crs_name(crs: object) -> str | None:
    """The CRS by its name; an unknown kind of `crs` says nothing, and a link is never followed."""
    named = crs.get("properties") if isinstance(crs, dict) and crs.get("type") == "name" else None
    name = named.get("name") if isinstance(named, dict) else None
    return name if isinstance(name, str) else None


def _members(path: Path) -> Iterator[tuple[str, Any]]:
    """("crs", value) and ("feature", (object, text)) in the order of the file."""
    with path.open(encoding="utf-8-sig") as file, _readable():
        text = _Text(file)
        if text.peek() == "":
            raise BadInput("the GeoJSON is empty")
        while text.peek():
            yield from _document(text)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise BadInput("the GeoJSON is not in UTF-8") from None
    except RecursionError:
        raise BadInput("the GeoJSON is nested too deep to be one") from None


def _document(text: "_Text") -> Iterator[tuple[str, Any]]:
    """One JSON object: a collection, or a feature by itself."""
    text.take("{")
    alone: dict[str, Any] = {}
    while text.peek() != "}":
        name = text.value()[0]
        text.take(":")
        if name == "features":
            yield from _features(text)
        else:
            alone[name] = text.value()[0]
            if name == "crs":
                yield "crs", alone[name]
        if text.peek() == ",":
            text.take(",")
    text.take("}")
    if alone.get("type") == "Feature":
        yield "feature", (alone, json.dumps(alone))


def _features(text: "_Text") -> Iterator[tuple[str, Any]]:
    text.take("[")
    while text.peek() != "]":
        feature, written = text.value()
        if not isinstance(feature, dict):
            raise BadInput("one of the features of the GeoJSON is no object")
        yield "feature", (feature, written)
        if text.peek() == ",":
            text.take(",")
    text.take("]")


class _Text:
    """JSON text read in pieces, one value at a time."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.buffer, self.place, self.ended = file, "", 0, False
        self.decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is not blank; nothing at the end."""
        while True:
            while self.place < len(self.buffer) and self.buffer[self.place] in _SPACE:
                self.place += 1
            if self.place < len(self.buffer):
                return self.buffer[self.place]
            if not self._read_on():
                return ""

    def take(self, sign: str) -> None:
        """Go past a character that must stand here."""
        if self.peek() != sign:
            raise BadInput("the GeoJSON cannot be read: damaged or truncated?")
        self.place += 1

    def value(self) -> tuple[Any, str]:
        """The next value, and its text."""
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.place)
            except json.JSONDecodeError:
                end = len(self.buffer)
            except ValueError:  # of more digits than Python turns into a number
                raise BadInput("the GeoJSON holds a number of thousands of digits") from None
            else:
                if end < len(self.buffer) or self.ended:  # a number at the end of a piece may go on in the next
                    start, self.place = self.place, end
                    return value, self.buffer[start:end]
            if end - self.place > MAX_FEATURE or not self._read_on():
                raise BadInput("the GeoJSON cannot be read: damaged or truncated?")

    def _read_on(self) -> bool:
        """More text, as much again as is held, so that a long value is not decoded over and over."""
        chunk = self.file.read(max(CHUNK, len(self.buffer) - self.place))
        self.ended = not chunk
        self.buffer = self.buffer[self.place :] + chunk
        self.place = 0
        return bool(chunk)
