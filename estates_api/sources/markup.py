"""XML from strangers: parsed in pieces, with flat memory, and without document types or entities of its own."""

from collections.abc import Iterable, Iterator, Mapping
from xml.parsers import expat

from estates_api.errors import BadInput

MAX_DEPTH = 100
MAX_NAMES = 5_000
MAX_TAG_BYTES = 1 << 20


class Listener:
    """Hears the elements of a document. Names come without their prefix."""

    depth = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """A piece of the text between tags."""

    def on_start(self, name: str, attributes: Mapping[str, str]) -> None:
        """What the parser calls: refuses what is deep."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadInput(f"its XML is nested more than {MAX_DEPTH} deep")
        self.start(name.rpartition(":")[2] if ":" in name else name, attributes)

    def on_end(self, name: str) -> None:
        """What the parser calls."""
        self.depth -= 1
        self.end(name.rpartition(":")[2] if ":" in name else name)


def parse_markup(pieces: Iterable[bytes], listener: Listener) -> Iterator[None]:
    """Have a listener hear a document, in whatever encoding; comes up for air after each piece.

    BadInput when it is no well-formed XML, or is built to fill the memory: every name and every open element is kept
    by a parser, and a tag until it ends.
    """
    names: dict[str, str] = {}
    parser = _make_parser(listener, names)
    fed = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            fed += len(piece)
            if len(names) > MAX_NAMES or fed - parser.CurrentByteIndex > MAX_TAG_BYTES:
                raise BadInput("its XML has names or tags without end")
            yield
        parser.Parse(b"", True)
        yield
    except (expat.ExpatError, ValueError, LookupError):  # the last two for encodings nobody knows
        raise BadInput("its XML is damaged") from None


def _make_parser(listener: Listener, names: dict[str, str]) -> expat.XMLParserType:
    parser = expat.ParserCreate(intern=names)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = listener.on_start, listener.on_end
    parser.CharacterDataHandler = listener.text
    return parser


def _refuse(*_: object) -> None:
    raise BadInput("its XML defines a document type or entities, which no table needs")


class _Root(Listener):
    """Hears whether the root element has begun: a document type can only stand before it."""

    def __init__(self) -> None:
        self.begun = False

    def start(self, *_: object) -> None:
        self.begun = True


def check_head(pieces: Iterable[bytes]) -> None:
    """BadInput when a document begins with a document type, in whatever encoding; the rest of it is not read."""
    root = _Root()
    for _ in parse_markup(pieces, root):
        if root.begun:
            return
