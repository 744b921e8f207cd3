"""When a quarter may go out without a person: bounds of the area profile, and what is found beyond them."""

from typing import Any

import pytest

from estates_api.domain.readiness import Bounds, find_gap, find_staleness, parse_bounds
from estates_api.errors import BadInput

BOUNDS = {"stale_at_most": 0.5, "stale_at_most_why": "a choice", "enough_data_at_least": 0.25,
          "enough_data_at_least_why": "a choice"}  # fmt: skip


def test_bounds_are_read() -> None:
    """Both shares with the reason for each."""
    assert parse_bounds(BOUNDS) == Bounds(0.5, 0.25, {"stale_at_most": "a choice", "enough_data_at_least": "a choice"})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stale_at_most": 1.5}, "stale_at_most: must be a number from 0 to 1"),
        ({"stale_at_most": True}, "stale_at_most: must be a number"),
        ({"enough_data_at_least": "x"}, "enough_data_at_least: must be a number"),
        ({"enough_data_at_least_why": " "}, "enough_data_at_least_why: must be a text"),
        ({"more": 1}, "the key 'more' is not known here"),
    ],
)
def test_wrong_bounds_are_refused(change: dict[str, Any], told: str) -> None:
    """A share that is none, a reason that is blank, a key that nobody knows: refused by name."""
    with pytest.raises(BadInput, match=told):
        parse_bounds(BOUNDS | change)


def test_old_evidence_is_found() -> None:
    """At the bound is well; beyond it the numbers are told. No entry at all is not stale."""
    bounds = parse_bounds(BOUNDS)
    half = {"entries": [{"stale": True}, {"stale": False}]}
    assert (find_staleness(half, bounds), find_staleness({"entries": []}, bounds)) == ("", "")
    most = {"entries": [*half["entries"], {"stale": True}]}
    assert find_staleness(most, bounds).startswith("the evidence is too old: 2 of 3 entries (67%)")


def test_too_little_known_is_found() -> None:
    """At the bound is well; beyond it, and of no site at all, the numbers are told."""
    bounds = parse_bounds(BOUNDS)
    assert find_gap({"retain": 1, "not enough data": 3}, bounds) == ""
    assert find_gap({"retain": 1, "not enough data": 4}, bounds).startswith("too little is known: 1 of 5 sites (20%)")
    assert find_gap({}, bounds).startswith("too little is known: 0 of 0 sites")
