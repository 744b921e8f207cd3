"""Styles and layer definitions for QGIS: well-formed, whole, and honest about what is not known."""

import re
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from estates_api.domain.collections import COLLECTIONS, Collection
from estates_api.domain.method import CutOffs
from estates_api.exports.qgis import write_qlr, write_qml
from estates_api.exports.styles import Rule, Style, list_styles

BASE = "https://estates.example/it's & <more>"


def styles(cut_offs: CutOffs) -> Iterator[tuple[Collection, Style]]:
    """Every style of every collection."""
    for collection in COLLECTIONS.values():
        yield from ((collection, style) for style in list_styles(collection, cut_offs))


def test_every_collection_has_a_style(cut_offs: CutOffs) -> None:
    """Each is drawn by the shape that it has and by properties that it has, and says all that the legend needs."""
    for collection, style in styles(cut_offs):
        assert style.shape == collection.shape
        used = {style.label or "name", *re.findall('"(.*?)"', " ".join(rule.where or "" for rule in style.rules))}
        assert used <= {"name", *collection.names}
        assert all(rule.label for rule in style.rules)
        assert len(style.name) <= 30  # the width of the column of a GeoPackage's styles


def test_a_new_collection_needs_no_style(cut_offs: CutOffs) -> None:
    """What nobody has drawn yet has one mark."""
    (style,) = list_styles(Collection("wells", "Wells", "", "Point", (), ()), cut_offs)
    assert (style.name, len(style.rules)) == ("Wells", 1)


@pytest.mark.parametrize(("release", "labels"), [
    (42, ["71 to 100", "42 to 71 (cut-off 42)", "28 to 42", "14 to 28", "0 to 14"]),
    (50, ["75 to 100", "50 to 75 (cut-off 50)", "33 to 50", "17 to 33", "0 to 17"]),
])  # fmt: skip
def test_classes_follow_the_cut_off(release: float, labels: list[str]) -> None:
    """A score's classes meet at the method's cut-off, and a site with too little evidence is in none of them."""
    style, *_ = list_styles(COLLECTIONS["candidates"], CutOffs(release, 55, 0.5, 3))
    *classes, released, unknown = style.rules
    assert [rule.label for rule in classes] == labels
    assert all('"release_coverage" >= 0.5 AND' in (rule.where or "") for rule in classes)
    assert (released.label, unknown.label) == ("left public ownership", "not enough known (under 50%)")
    assert (unknown.where, unknown.fill) == ("ELSE", "#ffffff00")


def test_classes_tell_apart_without_colour(cut_offs: CutOffs) -> None:
    """Scores go from dark to light, and kinds have marks of their own."""
    release, _, route = list_styles(COLLECTIONS["candidates"], cut_offs)
    shades = [_lightness(rule) for rule in release.rules[:5]]
    assert shades == sorted(shades)
    assert min(later - earlier for earlier, later in pairwise(shades)) > 20
    marks = [(rule.mark, rule.fill == "#ffffff00") for rule in route.rules]
    assert len(set(marks)) == len(marks)


def _lightness(rule: Rule) -> float:
    red, green, blue = bytes.fromhex(rule.fill[1:])
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_a_style_is_well_formed(cut_offs: CutOffs) -> None:
    """Each rule has its symbol, and each symbol its rule."""
    for _, style in styles(cut_offs):
        tree = ElementTree.fromstring(write_qml(style))
        rules = {rule.get("symbol"): rule for rule in tree.iter("rule")}
        assert rules.keys() == {symbol.get("name") for symbol in tree.iter("symbol")}
        assert [(rule.get("label"), rule.get("filter")) for rule in rules.values()] == [
            (rule.label, rule.where) for rule in style.rules
        ]


@pytest.mark.parametrize(("crs", "asked"), [(4326, "OGC:CRS84"), (27700, "EPSG:27700")])
def test_a_definition_has_every_layer(cut_offs: CutOffs, crs: int, asked: str) -> None:
    """Each style of each collection is a layer of the service, asked for in the system that it is said to be in."""
    tree = ElementTree.fromstring(write_qlr(BASE, COLLECTIONS.values(), cut_offs, crs=crs))
    layers = {layer.findtext("id"): layer for layer in tree.iter("maplayer")}
    entries = {entry.get("id"): entry for entry in tree.iter("layer-tree-layer")}
    assert layers.keys() == entries.keys()
    assert len(layers) == len(list(styles(cut_offs)))
    for name, layer in layers.items():
        source = layer.findtext("datasource") or ""
        assert entries[name].get("source") == source
        assert r"url='https://estates.example/it\'s & <more>'" in source
        assert f"srsname='{asked}'" in source
        assert layer.findtext("srs/spatialrefsys/authid") == f"EPSG:{crs}"
    (choice,) = (group for group in tree.iter("layer-tree-group") if group.get("mutually-exclusive"))
    assert [entry.get("name") for entry in choice] == ["Release score", "Reuse score", "Route"]
    assert [entry.get("checked") for entry in choice] == ["Qt::Checked", "Qt::Unchecked", "Qt::Unchecked"]
