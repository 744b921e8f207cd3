"""Texts in filters: case as Unicode folds it, and their order."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ARRAY, Engine, Text, func, literal, select

from estates_api.store.cql2_terms import Term, folded
from estates_api.store.database import transaction

Ask = Callable[..., list[str]]
Plots = Any
"""conftest.Plots: rows, with ways to find some of them."""


def test_case_is_folded_as_unicode_folds_it(plots_engine: Engine) -> None:
    """/req/case-insensitive-comparison: of every character and its full case folding CASEI makes the same.

    The one other pair that it makes the same is the dotless i and the i.
    """
    every = (chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000)
    changing = [one for one in every if len({one, one.casefold(), one.lower(), one.upper()}) > 1]
    lists = (literal(texts, ARRAY(Text())) for texts in (changing, [one.casefold() for one in changing]))
    rows = func.unnest(*lists).table_valued("one", "plain").render_derived()
    one, plain = (folded("casei", Term("string", column, "")).sql for column in (rows.c.one, rows.c.plain))
    with transaction(plots_engine) as connection:
        made = connection.execute(select(rows.c.one, one, plain)).all()
    assert [one for one, same, plain in made if same != plain] == []
    kinds: dict[str, set[str]] = {}
    for one, same, _ in made:
        kinds.setdefault(same, set()).add(one.casefold())
    assert [kind for kind in kinds.values() if len(kind) > 1] == [{"i", "ı"}]


def test_case_is_folded_on_both_sides(ask: Ask, plots: Plots) -> None:
    """CASEI of property and literal, in comparisons, lists and patterns, nested or not."""
    expected = plots.found(lambda row: (row["name"] or "").casefold() == "strasse")
    assert ask("CASEI(name) = CASEI('STRASSE')") == ask("CASEI('straße') = CASEI(CASEI(name))") == expected
    assert ask("CASEI(name) IN (CASEI('strasse'), 'x')") == ask("CASEI(name) LIKE CASEI('STRAS_E')") == expected
    assert {row["name"] for row in plots if row["id"] in expected} == {"Straße", "STRASSE", "strasse"}


def test_texts_are_ordered_by_code_point(ask: Ask, plots: Plots) -> None:
    """The order of texts does not hang on the locale of the database."""
    orders: dict[str, Callable[[str, str], bool]] = {
        "<": str.__lt__, "<=": str.__le__, ">": str.__gt__, ">=": str.__ge__,
    }  # fmt: skip
    for operator, holds in orders.items():
        expected = [row["id"] for row in plots if row["name"] is not None and holds(row["name"], "Zoo")]
        assert ask(f"name {operator} 'Zoo'") == expected
        assert expected
