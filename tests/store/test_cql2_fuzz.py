"""Twenty thousand filters, made by grammar, by damage to good ones, and of anything: each is refused in one line or
answered by PostgreSQL within the time it is given, and no value of it is ever in the SQL."""

import json
import random
import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from sqlalchemy import ColumnElement, Engine, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from estates_api.domain.crs import CRSS
from estates_api.errors import BadInput
from estates_api.settings import ROOT
from estates_api.store.cql2 import Queryable, compile_filter, parse_filter
from estates_api.store.database import transaction
from estates_api.store.layers import layer

Language = Literal["cql2-text", "cql2-json"]

HOW_MANY = 20_000
LONGEST_S = 5
TOKEN = "zqx8417"
"""What values have in them, and no statement of ours has."""

_PROPERTIES = (
    "name",
    "gia_m2",
    "land_ha",
    "stale",
    "evidence_date",
    "geometry",
    "ref",
    "held",
    "site_feature",
    '"a"""',
    "pg_sleep",
)
_VALUES = (
    f"'{TOKEN}'",
    f"'{TOKEN}'' OR 1=1 --'",
    f"'%({TOKEN})s'",
    f"':{TOKEN}'",
    "1e308",
    "-0.0",
    "8417.25",
    "TRUE",
    "DATE('2020-02-30')",
    "TIMESTAMP('2020-01-01T00:00:00Z')",
    "INTERVAL('..','2020-01-01')",
    "POINT(0 51)",
    "BBOX(-1,50,1,52)",
    "POLYGON((0 51,1 51,1 52,0 51))",
    "GEOMETRYCOLLECTION(POINT(1 1))",
    "NULL",
    f"'\\{TOKEN}'",
)
_COMPARED = ("=", "<>", "<", ">=", "LIKE", "NOT LIKE", "||", ";", "::", "@>", "~")
_CALLED = ("CASEI", "ACCENTI", "S_INTERSECTS", "S_WITHIN", "T_AFTER", "T_DURING", "A_CONTAINS", "pg_sleep", "version",
           "avg", "lo_import", "S_DWITHIN")  # fmt: skip


def grammar(pick: random.Random, depth: int = 0) -> str:
    """Something that looks like a filter, and often is one."""
    shape = pick.randrange(8) if depth < 4 else 0
    if shape == 1:
        return f"NOT ({grammar(pick, depth + 1)})"
    if shape in {2, 3}:
        return f"({grammar(pick, depth + 1)}) {pick.choice(['AND', 'OR', 'and', 'or'])} ({grammar(pick, depth + 1)})"
    if pick.random() < 0.6:
        return pick.choice(_GOOD).format(pick.choice(["8417.25", "-1e30", "0.5", "8417"]))
    left, right = pick.choice(_PROPERTIES), pick.choice(_VALUES)
    return pick.choice([
        f"{left} IN ({right},{pick.choice(_VALUES)})", f"{left} BETWEEN {right} AND {pick.choice(_VALUES)}",
        f"{left} {pick.choice(_COMPARED)} {right}", f"{pick.choice(_CALLED)}({left},{right})", f"{left} IS NULL",
        f"{left} {pick.choice('+-*/^%')} {right} > {pick.choice(_VALUES)}",
    ])  # fmt: skip


_GOOD = (
    "gia_m2 > {0}", "land_ha BETWEEN {0} AND 9", f"name LIKE '%{TOKEN}%'", "stale = TRUE", "release_score * {0} < 1",
    f"CASEI(name) = CASEI('{TOKEN}')", f"name IN ('{TOKEN}','a')", "homes_low IS NULL", "gia_m2 / land_ha > {0}",
    "S_INTERSECTS(geometry,BBOX(-0.2,51.5,0,51.7))", "S_WITHIN(geometry,POLYGON((0 51,1 51,1 52,0 51)))",
    "S_DISJOINT(geometry,POINT(0 51))", "evidence_date > DATE('2020-01-01')", f"name > '{TOKEN}'", "gia_m2 ^ 2 <= {0}",
    "T_AFTER(evidence_date,DATE('2019-01-01'))", "NOT gia_m2 % 7 = 1", f"owner <> 'x'' {TOKEN} --'",
)  # fmt: skip


def damaged(pick: random.Random, good: str) -> str:
    """The same with parts cut out, doubled, swapped, or of other letters."""
    for _ in range(pick.randint(1, 4)):
        at, to = sorted((pick.randrange(len(good) + 1), pick.randrange(len(good) + 1)))
        good = pick.choice([
            good[:at] + good[to:], good[:at] + good[at:to] * 2 + good[to:], good[:at] + pick.choice(_ODD) + good[at:],
            good.replace(" ", "\t\n"), good.swapcase(), good[::-1] if pick.random() < 0.1 else good,
        ]) or "x"  # fmt: skip
    return good


_ODD = (
    "'",
    '"',
    "\\",
    "\0",
    ";",
    "--",
    "/*",
    "$1",
    "%s",
    ":a",
    "(" * 60,
    ")",
    "\ud800",
    "’",
    "𝔘",
    "\u202e",
    "0x1F",
    "1" * 400,
    "e999",
)


def anything(pick: random.Random) -> str:
    """Any bytes, read as a query string's are."""
    return bytes(pick.randrange(256) for _ in range(pick.randrange(60))).decode("utf-8", "replace")


def node(pick: random.Random, depth: int = 0) -> Any:
    """Something that looks like CQL2 JSON."""
    leaves = ({"property": pick.choice(_PROPERTIES)}, f"{TOKEN}", 8417.25, True, None, {"date": "2020-01-01"}, 10**30,
              {"bbox": [-1, 50, 1, 52]}, {"type": "Point", "coordinates": [0, 51]}, [], {"op": []},
              {"interval": ["..", ".."]})  # fmt: skip
    if depth > 3 or pick.random() < 0.3:
        return pick.choice(leaves)
    names = (
        "and",
        "or",
        "not",
        "=",
        "<",
        "like",
        "in",
        "between",
        "isNull",
        "casei",
        "+",
        "s_intersects",
        "t_after",
        "pg_sleep",
    )
    return {"op": pick.choice(names), "args": [node(pick, depth + 1) for _ in range(pick.randrange(4))]}


def cases(pick: random.Random) -> Iterator[tuple[str, Language]]:
    """Filters without end."""
    while True:
        good = grammar(pick)
        yield good, "cql2-text"
        yield damaged(pick, good), "cql2-text"
        yield anything(pick), "cql2-text"
        said = json.dumps(node(pick))
        yield said, "cql2-json"
        yield damaged(pick, said), "cql2-json"


@pytest.mark.slow
def test_twenty_thousand_filters(reading: Engine) -> None:
    """No other error than a refusal in one line; no value in the SQL; no statement over its time."""
    source, pick = layer("candidates", "public"), random.Random(20_261_123)
    queryables = {one.name: Queryable(source.columns[one.name], one.kind) for one in source.collection.properties}
    queryables["geometry"] = Queryable(source.shapes[27700], "geometry")
    taken, made, problems = 0, cases(pick), list[str]()
    statements: dict[str, tuple[ColumnElement[bool], str]] = {}
    for _ in range(HOW_MANY):
        said, language = next(made)
        try:
            condition = compile_filter(
                parse_filter(said, language), queryables, shapes=source.shapes, crs=pick.choice(CRSS)
            )
        except BadInput as refused:
            problems.append(refused.detail)
            continue
        taken += 1
        sql = spelled(condition)
        assert_bound(sql, said)
        statements.setdefault(sql, (condition, said))
    assert [said for said in problems if "\n" in said or len(said) > 1500] == []
    assert taken > HOW_MANY / 50
    assert run(reading, source, statements) > 100


def spelled(condition: ColumnElement[bool]) -> str:
    """The statement as it is sent, values apart."""
    return str(condition.compile(dialect=postgresql.dialect(paramstyle="named")))


def assert_bound(sql: str, said: str) -> None:
    """Nothing that was said stands in the statement but names of ours: no token, no text in quotes, no number that is
    not of a geometry's system."""
    assert TOKEN not in sql, said
    assert [quoted for quoted in re.findall(r"'([^']*)'", sql) if quoted not in OURS] == [], said
    assert "8417" not in sql, said


OURS = "".join(path.read_text() for path in (ROOT / "estates_api/store").glob("*.py"))
"""The code that statements are made by: their constants stand in it."""


def run(engine: Engine, source: Any, statements: dict[str, tuple[ColumnElement[bool], str]]) -> int:
    """Ask each shape of statement once, as the public, within the time that is given; how many were asked."""
    with transaction(engine) as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = '{LONGEST_S}s'"))
        connection.execute(text("SET LOCAL ROLE estates_public"))
        for condition, said in statements.values():
            try:
                with connection.begin_nested():
                    connection.execute(select(source.id).where(condition).limit(5)).all()
            except DBAPIError as failed:
                raise AssertionError((said, str(failed.orig))) from failed
    return len(statements)
