import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.domain.toml_table import find_line, parse_toml
from estates_api.errors import BadInput

TEXT = '''# a comment

id = "x"
"a b".c = 1
list = [
  # a comment inside
  { n = 1 },
  { n = 2 }, { n = 3 },

  { n = 4 },
]
text = """
[[row]]
n = 9
"""

[[row]]
n = 1
at = [
    [1, 2],
    [3,
     4],
]

[[row]]
# n is the second line
n = 2
[row.inner]
m = 3
[[row.inner.deep]]
k = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("id",), 3),
        (("a b", "c"), 4),
        (("list",), 5),
        (("list", 0), 7),
        (("list", 1, "n"), 8),
        (("list", 2), 8),
        (("list", 3), 10),
        (("text",), 12),
        (("row", 0), 17),
        (("row", 0, "n"), 18),
        (("row", 0, "at", 1), 21),
        (("row", 1), 25),
        (("row", 1, "n"), 27),
        (("row", 1, "inner", "m"), 29),
        (("row", 1, "inner", "deep", 0, "k"), 31),
        (("row", 0, "missing"), 17),
        (("missing",), 1),
        (("row", 7), 17),
        ((), 1),
    ],
)
def test_where_an_entry_stands(path: tuple[str | int, ...], line: int) -> None:
    """The line of a key, a table or an entry of a list; of what is not there, that of the table around it."""
    assert find_line(TEXT, path) == line


KEYS = st.sampled_from(["a", "b", '"a b"', "c.d"])
VALUES = st.sampled_from(["1", '"x"', "[1, 2]", "[\n 1,\n 2]", '"""\nx = 1\n[t]\n"""', "{ k = 1 }", "'''\n'''"])
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    st.sampled_from(["[t]", "[[l]]", "[u.v]", "# x = 1", "", "[[l.m]]"]),
)


def _paths(row: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = row.items() if isinstance(row, dict) else enumerate(row) if isinstance(row, list) else ()
    return [path, *(found for key, value in inner for found in _paths(value, (*path, key)))]


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=12))
def test_every_entry_is_found(lines: list[str]) -> None:
    """In any TOML text the line found for an entry is the first at which cutting the text off loses it, and it is
    there once what begins on that line is whole."""
    text = "\n".join(lines)
    try:
        row = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    cut = text.split("\n")
    for path in _paths(row)[1:]:
        line = find_line(text, path)
        assert 1 <= line <= len(cut)
        try:
            before = tomllib.loads("\n".join(cut[: line - 1]))
        except tomllib.TOMLDecodeError:
            continue  # within a list of several lines
        assert path not in _paths(before)


def test_a_table_is_read_by_type() -> None:
    """What is asked for is given as its type, and what was not asked for is refused."""
    found = parse_toml(
        b"n = 3\nt = ' a  b '\nl = [1, 2.5]", "f", lambda t: (t.whole("n", 0, 9), t.text("t"), t.numbers("l"))
    )
    assert found == (3, "a b", (1.0, 2.5))
    with pytest.raises(BadInput, match=r"f, line 2: the key 't' is not known here; known are: n"):
        parse_toml(b"n = 3\nt = 1", "f", lambda t: t.number("n", 0, 9))
    with pytest.raises(BadInput, match=r"f, line 1: l: must be a list of numbers"):
        parse_toml(b"l = [1, 'a']", "f", lambda t: t.numbers("l"))
