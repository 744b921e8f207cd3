"""A site as a feature: numbers rounded as the database rounds them, and holdings that others carry on still listed."""

import pytest
from builders import assessed, full, method, site

from estates_api.domain.features import _rounded, candidate_properties, feature_properties, holding_facts
from estates_api.domain.sites import Carried


@pytest.mark.parametrize(
    ("number", "places", "expected"),
    [(0.125, 2, 0.13), (2.675, 2, 2.68), (-0.125, 2, -0.13), (10.0, 1, 10.0), (1e15, 1, 1e15), (0.05, 1, 0.1)],
)
def test_halves_are_rounded_away_from_zero(number: float, places: int, expected: float) -> None:
    """On the decimal that is printed, as PostgreSQL's numeric does, so that both ways of rendering agree."""
    assert _rounded(number, places) == expected


def test_a_carried_on_holding_is_listed_and_not_added() -> None:
    """It stands among the holdings and the organisations; the floor area is that of the one which carries it on."""
    old, new = full("RVL01"), full("RAL26")
    result = assessed(site(new, carried=(Carried(old, new.key),)))
    properties = feature_properties(result, {"E09000003": "Barnet"})
    assert (properties["holdings"], properties["gia_m2"], properties["borough"]) == (2, 10_000.0, "Barnet")
    assert properties["organisations"] == "Trust RAL; Trust RVL"
    assert [holding["code"] for holding in holding_facts(result.site)] == ["RAL26", "RVL01"]
    assert candidate_properties(result, method(), {})["borough"] is None
