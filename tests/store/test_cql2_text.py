"""CQL2 text becomes the CQL2 JSON that the standard says it is."""

import time
from contextlib import suppress
from typing import Any

import cql2
import pytest

from estates_api.errors import BadInput
from estates_api.store.cql2 import parse_filter

A, B = {"property": "a"}, {"property": "b"}


def parse(text: str) -> Any:
    """A filter in CQL2 text."""
    return parse_filter(text, "cql2-text")


def op(name: str, *arguments: Any) -> dict[str, Any]:
    """A node of CQL2 JSON."""
    return {"op": name, "args": list(arguments)}


SAME = [
    "a = 'x'", "a <> 1", "a < -1.5e-3", "a >= +2", "a IS NULL", "a IS NOT NULL", "NOT a = 1", "NOT (a = 1)", "true",
    "FALSE and true", "a = 1 OR b = 2 AND c = 3", "(a = 1 OR b = 2) AND c = 3", "NOT a = 1 AND b = 2", "a", "NOT a",
    "a LIKE 'x%'", "a NOT LIKE 'x_'", "CASEI(a) LIKE casei('x')", "a BETWEEN 1 AND 2", "a NOT BETWEEN 1 AND b + 1",
    "a BETWEEN 1 AND 2 AND b = 3 OR c = 4", "a IN (1,2,3)", "a NOT IN ('x')", "a IN (b, 1 + 1)", "'x' IN (a, 'b')",
    "a + 1 > 2 * b - 3", "a ^ 2 = 4", "-a ^ 2 = 4", "a - -1 = 0", "a-5 = 1", "2 ^ 3 ^ 2 = 1", "a div 2 = a % 2",
    "a*-1 > 2", "(a > 1) = true", "1 = 1", "'a' = 'b'", "a = DATE('2020-01-01')",
    "TIMESTAMP('2020-01-01T00:00:00Z') < a",
    "T_AFTER(a, DATE('2020-01-01'))", "t_during(INTERVAL(a, b), INTERVAL('2020-01-01', '..'))",
    'S_INTERSECTS("geom",BBOX(-0.1,51,0.1,52))', "S_INTERSECTS(g, BBOX(1,2,3,4,5,6))", "S_WITHIN(POINT(1 2), g)",
    "S_INTERSECTS(g, POINT Z(1 2 3))", "S_INTERSECTS(g, POINT(1 2 3))", "S_INTERSECTS(g, LINESTRING(0 0, 1 -1.5))",
    "S_INTERSECTS(g, POLYGON((0 0,9 0,9 9,0 0),(0.1 0.1,0.2 0.1,0.2 0.2,0.1 0.1)))",
    "S_INTERSECTS(g, MULTIPOINT(0 0,1 1))", "S_INTERSECTS(g, MULTIPOINT((0 0),(1 1)))",
    "S_INTERSECTS(g, MULTILINESTRING((0 0,1 1),(2 2,3 3)))", "S_CROSSES(g, MULTIPOLYGON(((0 0,1 0,1 1,0 0))))",
    "S_TOUCHES(g, GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0,1 1)))", "pg_sleep(10) = 1", "date = 1", '"like" = 1',
    '"a b" = 1', '"a""b" = 1', "a:b.c = 1", "Ωmega = 'é ☃ 💩'", " a\n=\t1 ", "a=1 AND(b=2)", "NOT NOT a = 1",
    "a = 12345678901234567890123", "a != 1", "( - (a)) = 1",
]  # fmt: skip


@pytest.mark.parametrize("text", SAME)
def test_text_means_what_an_independent_parser_reads_in_it(text: str) -> None:
    """What CQL2 text means is not for us to say: another implementation reads the same in it."""
    assert parse(text) == cql2.parse_text(text).to_json()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'O''Brien'", "O'Brien"), (r"'O\'Brien'", "O'Brien"), ("''", ""), ("''''", "'"), ("'''x'''", "'x'"),
        (r"'a\tb\nc\rd\ve\ff\ag\bh'", "a\tb\nc\rd\ve\ff\ag\bh"), (r"'a\\b'", r"a\b"), (r"'50\% \_ \x'", r"50\% \_ \x"),
        (r"'ends\\'", "ends\\"), ("'\n'", "\n"),
    ],
)  # fmt: skip
def test_quotes_and_control_characters_are_escaped_either_way(text: str, value: str) -> None:
    r"""/req/cql2-text/escaping: '' and \' and \t; what LIKE escapes stays for LIKE; QGIS doubles every backslash."""
    assert parse(f"a = {text}") == op("=", A, value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a = .5", op("=", A, 0.5)),
        ("a = 5.", op("=", A, 5.0)),
        ("a = 1E400", op("=", A, float("inf"))),
        ("(a IS 'x')", op("and", op("not", op("isNull", A)), op("=", A, "x"))),
        ("(a IS NOT 1)", op("not", op("and", op("not", op("isNull", A)), op("=", A, 1.0)))),
        ("(a IS TRUE)", op("and", op("not", op("isNull", A)), op("=", A, True))),
        ("((a) OR (b)) OR (a)", op("or", A, B, A)),
    ],
)
def test_text_that_only_clients_and_the_grammar_know(text: str, wanted: Any) -> None:
    """Numbers without a leading digit are in the grammar; QGIS writes IS with a value; a chain of OR stays flat."""
    assert parse(text) == wanted


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"a value or \( is expected, at the end \(character 1\)"),
        ("a = 'x", r"the quotation is not closed, before .* \(character 5\)"),
        ('"a = 1', r"the quotation is not closed"),
        ("a = 1; DROP TABLE site", r"no meaning here, before '; DROP TABLE site' \(character 6\)"),
        ("a = 1 b = 2", r"AND, OR or the end is expected, before 'b = 2' \(character 7\)"),
        ("a < b < c", r"AND, OR or the end is expected, before '< c'"),
        ("a = NULL", "IS NULL"),
        ("a IN (1, NULL)", "IS NULL"),
        ("a IN ()", "a value or"),
        ("(a = 1", r"\) is expected, at the end"),
        ("a = 1)", r"the end is expected, before '\)'"),
        ("a BETWEEN 1 OR 2", "AND is expected"),
        ("a NOT = 1", "LIKE, BETWEEN or IN is expected"),
        ("a IS b", "NULL is expected"),
        ("between = 1", "a property, a value"),
        ("a ILIKE 'x'", "AND, OR or the end"),
        ("a || 'x' = 'y'", "no meaning"),
        ("DATE(a) = b", "DATE takes one text"),
        ("S_INTERSECTS(g, POINT EMPTY)", r"\) is expected, before 'EMPTY"),
        ("S_INTERSECTS(g, POINT(nan 2))", "a number is expected"),
        ("S_INTERSECTS(g, POINT(1))", "a number is expected"),
        ("S_INTERSECTS(g, GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 2))))", "a geometry is expected"),
        ("a = +b", "a number is expected"),
        ("f()", "a property, a value"),
        ("\0", "no meaning"),
        ("a = \ud800", "no meaning"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, problem: str) -> None:
    """A problem names what was expected, and where."""
    with pytest.raises(BadInput, match=problem) as refused:
        parse(text)
    assert refused.value.detail.startswith("filter: ")
    assert len(refused.value.detail) < 200


LONG = {
    "5,000 pairs of parentheses": "(" * 5_000 + "a = 1" + ")" * 5_000,
    "30 open parentheses": "(" * 30 + "a = 1",
    "30 pairs around a mistake": "(" * 30 + "a = 1 b" + ")" * 30,
    "150 comparisons in each other": "a = (" * 150 + "b" + ")" * 150,
    "lists in lists": "a IN " + "(" * 30 + "1" + ",2)" * 30,
    "100,000 signs": "a = " + "-" * 100_000 + "1",
    "50,000 negations": "NOT " * 50_000 + "a",
    "50,000 calls": "casei(" * 50_000,
    "499,999 quotes": "'" * 499_999,
    "an open quotation": "a = '" + "''" * 200_000,
    "white space": "a" + " " * 400_000 + "'",
    "499,999 letters": "a" * 499_999,
    "a number of 400,000 digits": "a = " + "1" * 400_000,
    "50,000 conditions": "a=1 OR " * 50_000 + "a=1",
    "a million characters": "a" * 1_000_000,
    "100,000 positions": "S_INTERSECTS(g, LINESTRING(" + "1 2," * 100_000 + "1 2))",
}


@pytest.mark.parametrize("name", LONG)
def test_no_text_takes_long(name: str) -> None:
    """However long, deep or broken a text is, it is read or refused in time that its length explains."""
    began = time.process_time()
    with suppress(BadInput):
        parse(LONG[name])
    assert time.process_time() - began < 60  # what it must not be is hours


def test_a_chain_as_qgis_writes_it_is_read() -> None:
    """QGIS writes one pair of parentheses for every OR of a chain, each within the next."""
    text = "(a = 0)"
    for number in range(1, 150):
        text = f"({text} OR (a = {number}))"
    assert len(parse(text)["args"]) == 150


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"), ("NaN", "NaN is not a number"), ("-Infinity", "-Infinity is not"), ("[" * 100_000, "deep"),
        ('{"a":' * 50_000, "deep"), ("1" * 5_000, "not JSON"), ("x" * 1_000_000, "1,000,000 characters"),
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(text: str, problem: str) -> None:
    """A filter in JSON that is not JSON, or deeper than can be read, is refused."""
    with pytest.raises(BadInput, match=problem):
        parse_filter(text, "cql2-json")
