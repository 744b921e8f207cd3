"""The time machine: what became of what was listed, and what was not listed, counted from dated events alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from builders import assessed, event, full, method, site

from estates_api.domain.sites import Site
from estates_api.domain.time_machine import OUTCOMES, headline, later_events, outcome, review

DAY = date(2015, 3, 31)


@pytest.mark.parametrize(("kinds", "wanted", "found"), [
    (["sold"], "release", "as listed"), (["part sold", "retained"], "release", "as listed"),
    (["marketed"], "release", "on the way"), (["retained"], "release", "otherwise"), ([], "release", "nothing dated"),
    (["sold"], "reuse", "otherwise"), (["new facility opened"], "reuse", "as listed"), ([], "reuse", "nothing dated"),
])  # fmt: skip
def test_outcomes(kinds: Sequence[str], wanted: str, found: str) -> None:
    """A sale is what a release was listed for, a new use what a reuse was; steps are on the way, the rest is not."""
    assert outcome([event(kind) for kind in kinds], wanted) == found
    assert found in OUTCOMES


def test_only_what_surely_came_after_counts() -> None:
    """An event of the year of the day may have been before it: it is told apart; an undated one tells nothing."""
    events = (event("marketed", date(2014, 1, 1)),
              event("planning permission", date(2015, 12, 31), earliest=date(2015, 1, 1)), event("sold"),
              event("retained", None))  # fmt: skip
    one = site(full(), events=events[:1], later_events=events[1:])
    after, around = later_events(one, DAY)
    assert ([one.kind for one in after], [one.kind for one in around]) == (["sold"], ["planning permission"])


def entry(one: Site, listed: str, route: str) -> dict[str, object]:
    """An entry of a list, as far as the time machine reads it."""
    return {"list": listed, "route": route, "site": one.ref, "name": one.name, "borough": "", "owner": "",
            "score": 60.0, "score_low": 50.0, "score_high": 70.0, "stale": False, "reasons": "Listed."}  # fmt: skip


def test_a_list_beside_what_happened() -> None:
    """Listed sites bear what became of them; sites that were sold and not listed for release are missed, with what was
    said of them then; one that no file spoke of was not known; every number is the length of something that is told."""
    went, stayed, missed, new, stepped = (site(full(), ref=ref) for ref in "ABCDE")
    now = [replace(went, later_events=(event("sold"),)), replace(stayed, later_events=(event("new facility opened"),)),
           replace(missed, later_events=(event("sold"),)), replace(new, later_events=(event("part sold"),)),
           replace(stepped, later_events=(event("planning permission"),))]  # fmt: skip
    document = {"as_of": DAY.isoformat(), "quarter": "2015-Q1", "not_enough_data": [],
                "entries": [entry(went, "release", "release"), entry(stayed, "reuse", "reuse")]}  # fmt: skip
    found = review(document, [assessed(one, DAY) for one in (went, stayed, missed, stepped)], now, method())
    assert {row["site"]: row["outcome"] for row in found["listed"]} == {"A": "as listed", "B": "as listed"}
    assert [row["site"] for row in found["missed"]] == ["C", "D"]
    assert [row["site"] for row in found["steps_elsewhere"]] == ["E"]
    assert found["missed"][1]["because"] == "No file spoke of it by then."
    counts = found["counts"]
    assert (counts["left_since"], counts["left_and_listed"], counts["left_and_missed"]) == (3, 1, 2)
    assert sum(counts["missed_because"].values()) == 2
    assert counts["outcomes"]["release"]["as listed"] == 1
    assert found["told"] == headline(counts)
    assert "Of 3 sites known to have been sold since, in whole or in part, 1 stood" in found["told"]
