"""Organisations over time: names of a day, whom a code leads to, and holdings that a successor carries on."""

from datetime import date

from builders import claim, holding

from estates_api.domain.organisations import (
    Follows,
    Naming,
    current_codes,
    heirs,
    name_on,
    status_on,
    successors_on,
    told_current,
)
from estates_api.domain.sites import Holding
from estates_api.domain.successions import carried_on

MERGERS = (
    Follows("RVL", "RAL", date(2014, 7, 1)), Follows("TAF", "G6V2S", date(2024, 11, 1)),
    Follows("RRP", "G6V2S", date(2024, 11, 1)), Follows("RAP", "RAL", date(2025, 1, 1)),
)  # fmt: skip
NOW = successors_on(MERGERS, date(2026, 1, 1))


def test_a_closed_code_leads_to_its_successor() -> None:
    """RVL and RAP lead to RAL, TAF and RRP to the trust they became; one that nobody carries on is itself."""
    assert [current_codes(code, NOW) for code in ("RVL", "RAP", "TAF", "RRP", "RAL")] == [
        ("RAL",), ("RAL",), ("G6V2S",), ("G6V2S",), ("RAL",)
    ]  # fmt: skip
    assert (told_current("RVL", NOW), told_current("RAL", NOW)) == ("RAL", None)


def test_before_a_merger_there_is_no_successor() -> None:
    """On a day before it, a merger has not happened; one without a day has always been so."""
    assert current_codes("TAF", successors_on(MERGERS, date(2024, 10, 31))) == ("TAF",)
    assert current_codes("TAF", successors_on(MERGERS, date(2024, 11, 1))) == ("G6V2S",)
    assert current_codes("A", successors_on([Follows("A", "B", None)], date(1990, 1, 1))) == ("B",)


def test_chains_splits_and_circles() -> None:
    """A chain leads to its end, a split to all its parts, and a circle of codes, which is a mistake, to nobody."""
    chain = successors_on([Follows("A", "B", None), Follows("B", "C", None), Follows("B", "D", None)], date(2026, 1, 1))
    assert current_codes("A", chain) == ("C", "D")
    assert set(heirs("A", chain)) == {"B", "C", "D"}
    circle = successors_on([Follows("A", "B", None), Follows("B", "A", None)], date(2026, 1, 1))
    assert (current_codes("A", circle), set(heirs("A", circle))) == ((), {"B"})


def test_the_name_of_a_day() -> None:
    """The name last used by then; the current one from the day its own list speaks of; before all, the oldest."""
    used = [Naming("Second", date(2015, 3, 31), 2), Naming("First", date(2014, 3, 31), 1), Naming("Undated", None, 3)]
    names = {day: name_on("Now", date(2026, 1, 1), used, date(day, 6, 1)) for day in (2013, 2014, 2015, 2020, 2026)}
    assert names == {2013: "First", 2014: "First", 2015: "Second", 2020: "Second", 2026: "Now"}
    assert name_on("Now", None, used, date(2030, 1, 1)) == "Second"
    assert name_on("Now", None, [], date(2013, 1, 1)) == "Now"


def test_the_status_of_a_day() -> None:
    """By the day it opened and closed; without either, as its list says."""
    opened, closed = date(2000, 1, 1), date(2014, 7, 1)
    assert [status_on("closed", opened, closed, date(year, 7, 1)) for year in (1999, 2013, 2014)] == [
        "not yet open", "active", "closed"
    ]  # fmt: skip
    assert status_on("dormant", None, None, date(2014, 1, 1)) == "dormant"


def returned(code: str, organisation: str, *editions: str) -> Holding:
    """A holding with a floor area in each of these editions."""
    made = holding(code, claims=tuple(claim("gia_m2", 10.0, edition) for edition in editions))
    return Holding(organisation, organisation, "NHS", code, made.claims, made.returns)


def test_a_successors_return_carries_a_holding_on() -> None:
    """RVL01's last return is of 2014; the return of the trust that took over, from 2015 on, is the same floor area."""
    old, new = returned("RVL01", "RVL", "ERIC 2013-14"), returned("RAL26", "RAL", "ERIC 2014-15", "ERIC 2016-17")
    assert carried_on([old, new], NOW) == {("RVL", "RVL01"): ("RAL", "RAL26")}
    assert carried_on([old], NOW) == {}
    assert carried_on([old, new], successors_on(MERGERS, date(2014, 6, 30))) == {}


def test_what_an_heir_had_all_along_is_its_own() -> None:
    """The Royal Free's own return at a place, there before the merger, is beside the other trust's, not instead."""
    old = returned("RVL02", "RVL", "ERIC 2013-14")
    own = returned("RALRA", "RAL", "ERIC 2013-14", "ERIC 2016-17")
    assert carried_on([old, own], NOW) == {}
    assert carried_on([old, returned("RYX24", "RYX", "ERIC 2016-17")], NOW) == {}


def test_two_trusts_become_one() -> None:
    """Both predecessors' holdings at one place are carried on by the new trust's one return, whatever their codes."""
    both = [returned("TAF01", "TAF", "ERIC 2016-17"), returned("RRP01", "RRP", "ERIC 2016-17")]
    new = holding("G6V01", claims=(claim("gia_m2", 30.0, "ERIC 2024-25", as_of=date(2025, 3, 31)),))
    heir = Holding("G6V2S", "North London", "NHS", "G6V01", new.claims, new.returns)
    assert carried_on([*both, heir], NOW) == {
        ("TAF", "TAF01"): ("G6V2S", "G6V01"), ("RRP", "RRP01"): ("G6V2S", "G6V01"),
    }  # fmt: skip


def test_a_return_before_the_merger_is_not_the_heirs() -> None:
    """A return that begins before the merger cannot carry on what the other trust still held."""
    old, early = returned("TAF01", "TAF", "ERIC 2014-15"), returned("G6V01", "G6V2S", "ERIC 2016-17")
    assert carried_on([old, early], NOW) == {}
