"""How collections are drawn on the map in a browser: the rules of styles.py as MapLibre expressions, with the sizes of
their marks in pixels. The browser draws marks and legend from the same rules."""

from collections.abc import Iterable, Mapping
from typing import Any

from estates_api.domain.collections import Collection
from estates_api.domain.method import CutOffs
from estates_api.exports.styles import Compared, Rule, Style, list_styles

PIXELS_PER_MM = 96 / 25.4

_SAME = {"=": "==", "<>": "!="}


def describe_styles(collections: Iterable[Collection], cut_offs: CutOffs) -> dict[str, Any]:
    """The styles of each collection by its id, with title, shape and properties."""
    return {one.id: _described(one, list_styles(one, cut_offs)) for one in collections}


def _described(made: Collection, styles: Iterable[Style]) -> Mapping[str, Any]:
    return {"title": made.title, "shape": made.shape, "styles": [_style(one) for one in styles]}


def _style(style: Style) -> Mapping[str, Any]:
    return {"name": style.name, "label": style.label, "rules": [_rule(one) for one in style.rules]}


def _rule(rule: Rule) -> Mapping[str, Any]:
    return {
        "label": rule.label, "test": None if rule.others else _expression(rule.tests), "fill": rule.fill,
        "line": rule.line, "mark": rule.mark, "size": round(rule.size_mm * PIXELS_PER_MM, 1),
        "width": round(rule.line_mm * PIXELS_PER_MM, 2),
    }  # fmt: skip


def _expression(tests: tuple[Compared, ...]) -> list[Any]:
    """True where all tests pass; what a feature does not say (a tile has no nulls) passes none on size."""
    return ["all", *(part for one in tests for part in _parts(one))]


def _parts(one: Compared) -> list[Any]:
    value = ["get", one.name]
    match one.how:
        case "=" | "<>":
            return [[_SAME[one.how], value, one.value]]
        case "IN":
            return [["in", value, ["literal", one.value]]]
        case "NOT IN":
            return [["!", ["in", value, ["literal", one.value]]]]
        case _:
            return [["has", one.name], [one.how, value, one.value]]
