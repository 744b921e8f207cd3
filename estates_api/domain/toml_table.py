"""TOML read by type: whatever is wrong is told with its line, its table and what to write instead.

tomllib keeps no positions, so the line of an entry is found by reading the text again, cut shorter and shorter.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from estates_api.domain.values import clean_text, shorten
from estates_api.errors import BadInput

Path = tuple[str | int, ...]
T = TypeVar("T")

LARGEST = 1e12
"""No measure, weight or count of a method is larger; sums and quotients of such numbers stay finite."""

_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


class Fault(Exception):
    """What is wrong with one entry. Never leaves the parser of a file: it becomes a BadInput with the line."""

    def __init__(self, path: Path, where: str, reason: str) -> None:
        super().__init__(reason)
        self.path, self.where, self.reason = path, where, reason


@dataclass(slots=True)
class Table:
    """A table of a TOML file: its place, how it is called, its entries, and which of them were asked for."""

    path: Path
    name: str
    row: Mapping[str, Any]
    asked: set[str] = field(default_factory=set)

    def fault(self, reason: str, key: str | None = None) -> Fault:
        """What is wrong with this table, or with one key of it."""
        where = ", ".join(part for part in (self.name, key) if part)
        return Fault((*self.path, key) if key else self.path, where, reason)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.row

    def get(self, key: str) -> Any:
        """What stands under a key that must be there."""
        self.asked.add(key)
        if key not in self.row:
            raise self.fault(f"the key {key} is missing; add it")
        return self.row[key]

    def text(self, key: str, *, blank: bool = False) -> str:
        """A text on one line, without characters that cannot be printed."""
        found = self.get(key)
        said = clean_text(found) if isinstance(found, str) else None
        if said is None or not said.isprintable() or not (said or blank):
            raise self.fault("must be a text in quotation marks" + ("" if blank else ", not empty"), key)
        return said

    def find_text(self, key: str) -> str:
        """A text that may be left out."""
        return self.text(key) if self.has(key) else ""

    def number(self, key: str, low: float, high: float) -> float:
        """A number within bounds."""
        number = to_number(self.get(key))
        if number is None or not low <= number <= high:
            raise self.fault(f"must be a number from {low:,.15g} to {high:,.15g}", key)
        return number

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number within bounds."""
        number = self.get(key)
        if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
            raise self.fault(f"must be a whole number from {low:,} to {high:,}", key)
        return number

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers."""
        raw = self.get(key)
        found = [to_number(one) for one in raw] if isinstance(raw, list) else [None]
        numbers = tuple(one for one in found if one is not None)
        if len(numbers) < len(found):
            raise self.fault("must be a list of numbers, [0, 0.5, 1]", key)
        return numbers

    def choice(self, key: str, choices: Collection[str]) -> str:
        """One of the words that are known."""
        found = self.get(key)
        if not isinstance(found, str) or found not in choices:
            listed = ", ".join(sorted(choices))
            # A number may be too long to be written out.
            shown = repr(shorten(found)) if isinstance(found, str) else "what stands there"
            raise self.fault(f"{shown} is not known here; write one of: {listed}", key)
        return found

    def table(self, key: str, parse: Callable[["Table"], T]) -> T:
        """A [key] table, parsed, with nothing in it that was not asked for."""
        row = self.get(key)
        if not isinstance(row, dict):
            raise self.fault(f"must be a table, written as [{'.'.join(map(str, (*self.path, key)))}]", key)
        return _whole(Table((*self.path, key), f"[{key}]", row), parse)

    def each(self, key: str, parse: Callable[["Table"], T]) -> tuple[T, ...]:
        """Every [[key]] table in order, parsed; none at all where the key is left out."""
        self.asked.add(key)
        rows = self.row.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.fault(f"must be tables, each written as [[{'.'.join(map(str, (*self.path, key)))}]]", key)
        tables = (Table((*self.path, key, i), _called(key, i, row), row) for i, row in enumerate(rows))
        return tuple(_whole(table, parse) for table in tables)


def _called(key: str, place: int, row: Mapping[str, Any]) -> str:
    """How an entry of a list is told: by its id, or as the third of its kind."""
    names = (row.get("id"), row.get("criterion"))
    named = next((shorten(name) for name in names if isinstance(name, str)), f"number {place + 1}")
    return f"[[{key}]] {named}"


def _whole(table: Table, parse: Callable[[Table], T]) -> T:
    """A table parsed; a Fault when it has a key that nobody asked for."""
    made = parse(table)
    if unknown := next((key for key in table.row if key not in table.asked), None):
        known = ", ".join(sorted(table.asked))
        fault = table.fault(f"the key {shorten(unknown)!r} is not known here; known are: {known}")
        raise Fault((*table.path, unknown), fault.where, fault.reason)
    return made


def to_number(found: Any) -> float | None:
    """A finite number that is not too large; None for anything else."""
    if isinstance(found, bool) or not isinstance(found, int | float) or not -LARGEST <= found <= LARGEST:
        return None  # a number that is none compares False
    return float(found)


def parse_toml(content: bytes, name: str, parse: Callable[[Table], T]) -> T:
    """What `parse` makes of a TOML file. BadInput, one line, names the file, the line, the entry and what to do."""
    row = read_toml(content, name)
    try:
        return _whole(Table((), "", row), parse)
    except Fault as fault:
        where, text = f"{fault.where}: " if fault.where else "", _decoded(content, name)
        raise BadInput(f"{name}, line {find_line(text, fault.path)}: {where}{fault.reason}") from None


def read_toml(content: bytes, name: str) -> dict[str, Any]:
    """What a TOML file says, whatever that is. BadInput, one line, names the file, the line and why it is none."""
    text = _decoded(content, name)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name}, {_syntax(text, error)}") from None


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInput(f"{name}, line {line}: not UTF-8 text; save the file as UTF-8") from None


def _syntax(text: str, error: Exception) -> str:
    """Where and why the text is no TOML: `line 3: not readable as TOML: Unclosed array`."""
    told = str(error)
    if found := _AT_LINE.search(told):
        line = int(found[1] or text.rstrip("\n").count("\n") + 1)
        return f"line {line}: not readable as TOML: {shorten(told[: found.start()], 200)}"
    reason = "nested too deeply" if isinstance(error, RecursionError) else "a number is too long"
    return f"line {_first_failing(text, type(error))}: not readable as TOML: {reason}"


def _first_failing(text: str, kind: type[Exception]) -> int:
    """The line at which reading first fails in this way: every longer text fails at the same place."""
    lines = text.split("\n")
    low, high = 0, len(lines)
    while high - low > 1:
        middle = (low + high) // 2
        fails = type(_read(lines[:middle])) is kind
        low, high = (low, middle) if fails else (middle, high)
    return high


def _read(lines: list[str], end: str = "") -> dict[str, Any] | Exception:
    try:
        return tomllib.loads("\n".join([*lines, end]))
    except (ValueError, RecursionError) as error:
        return error


def _cut(lines: list[str]) -> dict[str, Any] | None:
    """A text that was cut between two statements, or between two lines of a list; None where it was cut elsewhere."""
    found = (_read(lines, end) for end in ("", "]", "]]"))
    return next((row for row in found if isinstance(row, dict)), None)


def find_line(text: str, path: Path) -> int:
    """The line on which an entry begins, of a text that is TOML; that of the table around it where it is not there.

    A text cut between two statements is TOML, and cut within one it is not: what brings the entry is the last
    statement, or the last line of a list, of the shortest text that has it.
    """
    lines = text.split("\n")
    low, high = 0, len(lines)
    wanted = _there(_cut(lines), path)
    if not wanted:
        return 1
    while True:
        half = (low + high) // 2
        cuts = (*range(half, low, -1), *range(half + 1, high))
        found = next(((cut, row) for cut in cuts if (row := _cut(lines[:cut])) is not None), None)
        if found is None:
            return low + 1
        low, high = (low, found[0]) if _there(found[1], wanted) == wanted else (found[0], high)


def _there(row: Any, path: Path) -> Path:
    """As much of the path as leads somewhere."""
    for depth, step in enumerate(path):
        if isinstance(row, dict) and step in row:
            row = row[str(step)]
        elif isinstance(row, list) and isinstance(step, int) and step < len(row):
            row = row[step]
        else:
            return path[:depth]
    return path
