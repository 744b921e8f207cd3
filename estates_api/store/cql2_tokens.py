"""The words, names, texts, numbers and symbols of a filter in CQL2 text, one after the other."""

import re
from typing import NamedTuple, NoReturn

from estates_api.errors import BadInput

_TOKEN = re.compile(
    r"""\s*+(?:
    (?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)
    |(?P<text>'(?:[^'\\]|''|\\.)*+')
    |(?P<name>"(?:[^"]|"")*+")
    |(?P<word>[^\W\d][\w.:]*+|:[\w.:]*+)
    |(?P<symbol><>|!=|<=|>=|[=<>(),+\-*/%^])
    |(?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A word, name, text, number, symbol or the end; `upper` is what keywords and symbols are known by."""

    kind: str
    raw: str
    upper: str
    at: int


def fail(text: str, at: int, problem: str) -> NoReturn:
    """Refuse a text for a problem at a place in it."""
    near = f"before {text[at : at + 20]!r}" if at < len(text) else "at the end"
    raise BadInput(f"{problem}, {near} (character {at + 1})")


class Tokens:
    """A text with the token that is next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.end = 0
        self.token = self._read()

    def _read(self) -> Token:
        match = _TOKEN.match(self.text, self.end)
        if match is None:
            at = len(self.text) - len(self.text[self.end :].lstrip())
            quoted = self.text[at] in "'\""
            fail(self.text, at, "the quotation is not closed" if quoted else "this has no meaning here")
        self.end = match.end()
        kind = match.lastgroup or "end"
        raw = match[kind]
        upper = raw.upper() if kind == "word" else raw if kind == "symbol" else ""
        return Token(kind, raw, upper, self.end - len(raw))

    def fail(self, problem: str) -> NoReturn:
        """Refuse the text for what is next in it."""
        fail(self.text, self.token.at, problem)

    def take(self) -> Token:
        """The next token, past which the text goes on."""
        token = self.token
        self.token = self._read()
        return token

    def skip(self, upper: str) -> bool:
        """Whether a keyword or symbol is next; if so, the text goes on past it."""
        found = self.token.upper == upper
        if found:
            self.token = self._read()
        return found

    def expect(self, upper: str) -> None:
        """Go on past a keyword or symbol, which must be next."""
        if not self.skip(upper):
            self.fail(f"{upper} is expected")
