"""How collections are drawn: classes, colours and marks, the same wherever a style is handed out.

Colours tell apart for everybody: for scores one scale from light to dark (ColorBrewer's YlGnBu), for kinds those of
Okabe and Ito with marks that differ as well. What is not known is hollow and grey, and never looks like a low score.
"""

from dataclasses import dataclass, replace
from typing import Literal

from estates_api.domain.collections import Collection, Shape
from estates_api.domain.method import CutOffs

CLEAR = "#ffffff00"
GREY = "#6e6e6e"


Value = str | float | tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """One property held against a value."""

    name: str
    how: Literal["=", "<>", ">=", "<", "IN", "NOT IN"]
    value: Value


@dataclass(frozen=True, slots=True)
class Rule:
    """A class: what the legend says, which features are in it (those that pass all tests, or all others), and their
    mark: colours as #rrggbb or #rrggbbaa, sizes in millimetres."""

    label: str
    tests: tuple[Compared, ...] = ()
    others: bool = False
    fill: str = CLEAR
    line: str = "#3c3c3c"
    mark: Literal["circle", "square", "diamond", "triangle", "cross"] = "circle"
    size_mm: float = 2.6
    line_mm: float = 0.2

    @property
    def where(self) -> str | None:
        """Which features are in it, in QGIS's words; None for all."""
        if self.others:
            return "ELSE"
        return " AND ".join(f'"{one.name}" {one.how} {_quoted(one.value)}' for one in self.tests) or None


def _quoted(value: Value) -> str:
    match value:
        case str():
            return f"'{value}'"
        case tuple():
            return f"({', '.join(map(_quoted, value))})"
        case _:
            return f"{value:g}"


@dataclass(frozen=True, slots=True)
class Style:
    """One way to draw a collection: its rules as the legend has them, those above drawn over those below.

    `label`: the property that is written on features.
    """

    name: str
    shape: Shape
    rules: tuple[Rule, ...]
    label: str | None = None


def list_styles(collection: Collection, cut_offs: CutOffs) -> tuple[Style, ...]:
    """The styles of a collection, first the one that it is drawn with; every collection has one."""
    if collection.id == "candidates":
        return (_scored("release", cut_offs), _scored("reuse", cut_offs), _ROUTES)
    if "list" in collection.names:
        return (_by_list(collection.shape),)
    if collection.id in _STYLES:
        return (_STYLES[collection.id],)
    return (Style(collection.title, collection.shape, (Rule(collection.title, fill="#2c7fb8aa"),)),)


SCALE = ("#253494", "#2c7fb8", "#41b6c4", "#a1dab4", "#ffffcc")
_RELEASED = Rule(
    "left public ownership", (Compared("route", "=", "released"),), fill=GREY, line=GREY, mark="cross", size_mm=2.2
)


def _scored(score: Literal["release", "reuse"], cut_offs: CutOffs) -> Style:
    """Two classes from the cut-off up, larger, and three below it; too little known is no class of a score."""
    cut = getattr(cut_offs, score)
    known = Compared("route", "<>", "released"), Compared(f"{score}_coverage", ">=", cut_offs.coverage)
    bounds = (101, round((cut + 100) / 2), cut, round(cut * 2 / 3), round(cut / 3), 0)
    classes = tuple(
        Rule(
            f"{low:g} to {min(high, 100):g}" + (f" (cut-off {cut:g})" if low == cut else ""),
            (*known, Compared(f"{score}_score", ">=", low), Compared(f"{score}_score", "<", high)),
            fill=colour, size_mm=3.6 if low >= cut else 2.6,
        )
        for high, low, colour in zip(bounds, bounds[1:], SCALE, strict=False)
    )  # fmt: skip
    little = f"not enough known (under {cut_offs.coverage:.0%})"
    return Style(f"{score.capitalize()} score", "Point", (*classes, _RELEASED, _unknown(little)))


def _unknown(label: str, size_mm: float = 2.2) -> Rule:
    return Rule(label, others=True, line=GREY, size_mm=size_mm)


def _listed(name: str, both: str) -> tuple[Rule, ...]:
    """What can become of a site, by the property `name`; `both` is what it calls a release in part."""
    return (
        Rule("release", (Compared(name, "=", "release"),), fill="#d55e00", mark="diamond", size_mm=4),
        Rule(both, (Compared(name, "=", both),), fill="#e69f00", mark="triangle", size_mm=3.8),
        Rule("reuse", (Compared(name, "=", "reuse"),), fill="#0072b2", mark="square", size_mm=3.2),
    )


def _by_list(shape: Shape) -> Style:
    """What is on a shortlist, by its list: marks for points, lightly filled areas for outlines."""
    rules = (*_listed("list", "part release"), _unknown("annex", 3))
    if shape == "Point":
        return Style("Shortlists", shape, rules)
    areas = (replace(rule, fill=CLEAR if rule.fill == CLEAR else f"{rule.fill}55", line_mm=0.5,
                     line=rule.line if rule.fill == CLEAR else rule.fill) for rule in rules)  # fmt: skip
    return Style("Shortlists", shape, tuple(areas))


LIST_COLOURS = {rule.label: rule.fill for rule in _listed("list", "part release")} | {"annex": GREY}
"""The colour of each list, the same on a map, in a chart and in a legend."""

_ROUTES = Style("Route", "Point", (
    *_listed("route", "part release with reuse"),
    Rule("retain", (Compared("route", "=", "retain"),), fill="#009e73"),
    _RELEASED,
    _unknown("not enough data"),
))  # fmt: skip

_DECILES = tuple(
    Rule(label, (Compared("imd_decile", "IN", (low, low + 1)),), fill=colour, size_mm=1.6)
    for low, label, colour in zip(
        (1, 3, 5, 7, 9), ("1 and 2 (most deprived)", "3 and 4", "5 and 6", "7 and 8", "9 and 10"), SCALE, strict=True
    )
)

# What takes land is filled; what favours homes, or asks for consent, is outlined.
_DESIGNATIONS = Style("Designations", "MultiPolygon", (
    Rule("Housing Zone", (Compared("kind", "=", "housing-zone"),), line="#cc79a7", line_mm=0.6),
    Rule("Opportunity Area", (Compared("kind", "=", "opportunity-area"),), line="#d55e00", line_mm=0.6),
    Rule("flood zone 3b", (Compared("kind", "=", "flood-zone-3b"),), fill="#0072b288", line="#0072b2"),
    Rule("flood zones 2 and 3", (Compared("kind", "IN", ("flood-zone-2", "flood-zone-3")),),
         fill="#56b4e955", line="#56b4e9"),
    Rule("green belt, metropolitan open land", (Compared("kind", "IN", ("green-belt", "metropolitan-open-land")),),
         fill="#009e7355", line="#009e73"),
    Rule("open space", (Compared("kind", "=", "open-space"),), fill="#f0e44255", line="#8a8000"),
    _unknown("conservation area, listed building"),
))  # fmt: skip
_CENTRES = Style("Town centres", "Point", (
    Rule("International, Metropolitan or Major", (Compared("class", "<>", "district"),),
         fill="#d55e00", mark="square", size_mm=3.4),
    Rule("District", (Compared("class", "=", "district"),), fill="#e69f00", mark="square"),
), label="name")  # fmt: skip

_STYLES = {
    "sites": Style("Sites", "Point", (
        Rule("site", (Compared("precision", "NOT IN", ("borough", "unknown")),), fill="#0072b2"),
        _unknown("known to the borough at best"),
    )),
    "outlines": Style("Outlines", "MultiPolygon", (Rule("outline", fill="#0072b233", line="#0072b2", line_mm=0.4),)),
    "assemblies": Style("Assemblies", "MultiPolygon", (
        Rule("land of several public owners", fill="#d55e0033", line="#d55e00", line_mm=0.6),
    )),
    "holdings": Style("Holdings", "Point", (Rule("holding", fill="#56b4e9", size_mm=1.8),)),
    "boroughs": Style("Boroughs", "MultiPolygon", (Rule("borough", fill="#f4f4f2", line="#8c8c8c", line_mm=0.4),),
                      label="name"),
    "designations": _DESIGNATIONS,
    "town-centres": _CENTRES,
    "stations": Style("Stations", "Point", (Rule("station", fill="#3c3c3c", mark="triangle", size_mm=2),)),
    "lsoas": Style("Deprivation, deciles", "Point", (*_DECILES, _unknown("not known", 1.6))),
}  # fmt: skip
"""Those of collections with one style of their own."""
