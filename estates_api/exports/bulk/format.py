"""The two shapes behind which every format of whole collections stands."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from estates_api.domain.collections import Collection

_PIECE = 500


@dataclass(frozen=True, slots=True)
class TextFormat:
    """A format made of features as GeoJSON text in `crs` (4326 or 27700): `write` yields its bytes in pieces.

    What is cut off does not look whole where the format has an end; where it has none, the reader must see to it that
    the connection ended well.
    """

    suffix: str
    media_type: str
    title: str
    write: Callable[[Collection, int, Iterable[str]], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format that is written as a file (build.py), by the `write` of a module of this folder.

    The module stands here by its name: what it imports takes a second, and more memory than all the rest.
    """

    suffix: str
    media_type: str
    title: str
    module: str


def pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines, many to a piece."""
    rest = iter(lines)
    while held := "".join(islice(rest, _PIECE)):
        yield held.encode()
