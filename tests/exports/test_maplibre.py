"""Styles for the map in a browser: the same rules as in QGIS, in MapLibre's words."""

import pytest

from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.method import CutOffs
from estates_api.exports.maplibre import PIXELS_PER_MM, describe_styles
from estates_api.exports.styles import list_styles

CUT_OFFS = CutOffs(47, 55, 0.5, 3)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_the_map_has_the_rules_that_qgis_has(collection: str) -> None:
    """Every style of a collection is there, its rules in the same order, with the same words and colours."""
    told = describe_styles([COLLECTIONS[collection]], CUT_OFFS)[collection]
    styles = list_styles(COLLECTIONS[collection], CUT_OFFS)
    assert [one["name"] for one in told["styles"]] == [style.name for style in styles]
    for one, style in zip(told["styles"], styles, strict=True):
        assert [(rule["label"], rule["fill"], rule["mark"]) for rule in one["rules"]] == [
            (rule.label, rule.fill, rule.mark) for rule in style.rules
        ]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_rule_asks_only_what_tiles_say(collection: str) -> None:
    """A rule that named a property which is not drawn would hold for no feature of a tile."""
    for style in list_styles(COLLECTIONS[collection], CUT_OFFS):
        asked = {test.name for rule in style.rules for test in rule.tests}
        assert asked <= set(COLLECTIONS[collection].drawn)


def test_tests_are_written_as_expressions() -> None:
    """All tests of a rule must hold; on a size only where it is known; the rule for all others has none."""
    told = describe_styles([COLLECTIONS["candidates"]], CUT_OFFS)["candidates"]
    release, _, route = told["styles"]
    assert route["rules"][0]["test"] == ["all", ["==", ["get", "route"], "release"]]
    assert release["rules"][0]["test"] == [
        "all", ["!=", ["get", "route"], "released"],
        ["has", "release_coverage"], [">=", ["get", "release_coverage"], 0.5],
        ["has", "release_score"], [">=", ["get", "release_score"], 74],
        ["has", "release_score"], ["<", ["get", "release_score"], 101],
    ]  # fmt: skip
    assert route["rules"][-1]["test"] is None
    assert route["rules"][0]["size"] == round(4 * PIXELS_PER_MM, 1)
    sites = describe_styles([COLLECTIONS["sites"]], CUT_OFFS)["sites"]["styles"][0]
    assert sites["rules"][0]["test"] == [
        "all", ["!", ["in", ["get", "precision"], ["literal", ("borough", "unknown")]]]
    ]  # fmt: skip
