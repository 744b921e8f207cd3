"""Incentives: sums with what they rest on, receipts only where a source states them, and who keeps one."""

from dataclasses import replace
from datetime import date

import pytest
from builders import claim, event, full, holding, method, site

from estates_api.domain.claims import claims_by_day
from estates_api.domain.incentives import BACKLOG, SEVERE, backlog, describe_incentives, receipts, void_cost
from estates_api.domain.keepers import parse_keeper
from estates_api.domain.toml_table import Fault, Table

SALE = event("part sold", date(2018, 3, 1), receipt_gbp=53e6, organisation_kind="NHS trust", counterparty="A Buyer")


def test_empty_space_costs_its_share_of_the_running_cost() -> None:
    """15% of 10,000 m² at £220/m² is £330,000 a year, resting on the claims of both."""
    found = void_cost(site(full()), method())
    assert found.gbp == pytest.approx(330_000)
    assert found.basis == "1,500 m² empty or under-used × £220/m² running cost of the same site"
    assert {"empty_pct", "energy_cost_gbp", "gia_m2"} <= {one.attribute for one in found.claims}


def test_a_stated_cost_comes_first() -> None:
    """What a source states wins over what is worked out, with its day."""
    found = void_cost(site(full(), holding("RYX23", void_cost_gbp=1.5e6)), method())
    assert (found.gbp, found.basis) == (1.5e6, "as a source states it, of 2017-03-31")


@pytest.mark.parametrize(("without", "why"), [
    ({"empty_pct": None, "underused_pct": None}, "not known: empty share or floor area not known"),
    ({"energy_cost_gbp": None}, "not known: no return has all the main cost lines and a floor area"),
])  # fmt: skip
def test_without_both_it_is_unknown(without: dict[str, None], why: str) -> None:
    """Without the empty share, or the cost, nothing is known, and never nought."""
    found = void_cost(site(full(**without)), method())
    assert (found.gbp, found.basis) == (None, why)


def test_backlog_is_added_up_over_whole_returns() -> None:
    """High and significant, and all four; a return that lacks one, or for which it does not apply, adds nothing."""
    whole = holding("RAL01", backlog_high_gbp=1.0, backlog_significant_gbp=2.0, backlog_moderate_gbp=4.0,
                    backlog_low_gbp=8.0)  # fmt: skip
    leased = holding("RAL02", backlog_high_gbp="not applicable", backlog_significant_gbp="not applicable")
    part = holding("RAL03", backlog_high_gbp=100.0)
    one = site(whole, leased, part)
    assert (backlog(one, SEVERE).gbp, backlog(one, BACKLOG).gbp) == (3.0, 15.0)
    assert backlog(site(leased, part), SEVERE).gbp is None


def test_backlog_is_never_added_up_across_years() -> None:
    """High of one year and significant of another are no sum; the newest year that states both counts."""
    older = claim("backlog_significant_gbp", 900.0, "ERIC 2013-14")
    assert backlog(site(holding(backlog_high_gbp=100.0, claims=(older,))), SEVERE).gbp is None
    both = tuple(claim(name, 450.0, "ERIC 2014-15") for name in SEVERE)
    one = replace(holding(backlog_high_gbp=100.0), returns=claims_by_day((claim("backlog_high_gbp", 100.0), *both)))
    assert backlog(site(one), SEVERE).gbp == 900.0


def test_backlog_that_is_no_longer_theirs_is_not_the_older_figure() -> None:
    """A newer return by which it does not apply stands over an older one with figures; one line of several may not
    apply."""
    older = tuple(claim(name, 450.0, "ERIC 2014-15") for name in SEVERE)
    newer = tuple(claim(name, "not applicable") for name in SEVERE)
    one = replace(holding(), returns=claims_by_day((*older, *newer)))
    assert backlog(site(one), SEVERE).gbp is None
    part = holding(backlog_high_gbp=5.0, backlog_significant_gbp="not applicable")
    assert backlog(site(part), SEVERE).gbp == 5.0


def test_land_that_was_sold_costs_nothing_here() -> None:
    """Sold as a whole, neither its empty space nor its backlog is public any more; the receipt stays told."""
    told = describe_incentives(site(full(), events=(event("sold", receipt_gbp=15.5e6),)), method())
    assert told["void_cost_gbp_per_year"] == {"gbp": None, "basis": "no longer public land", "sources": []}
    assert told["backlog_total_gbp"]["gbp"] is None
    assert told["receipts"][0]["gbp"] == 15.5e6


def test_a_receipt_is_what_a_source_states() -> None:
    """Price, buyer, day and citation of the event; events without a price, and sites without events, have none."""
    (found,) = receipts(site(events=(SALE, event("marketed"))), method().keepers)
    assert (found.gbp, found.counterparty, found.when, found.sold) == (53e6, "A Buyer", "2018-03", True)
    assert found.citation == SALE.citation
    assert receipts(site(full()), method().keepers) == ()


@pytest.mark.parametrize(("kind", "day", "kept"), [
    ("NHS trust", date(2018, 3, 1), "the trust, to be reinvested in London"),
    ("NHS trust", date(2017, 1, 1), None),
    ("NHS property company", date(2019, 3, 1), None),
    ("London borough", date(2019, 3, 1), "the council, for capital spending or debt"),
    (None, date(2019, 3, 1), None), ("NHS trust", None, None),
])  # fmt: skip
def test_who_keeps_it_is_a_cited_rule_or_unknown(kind: str | None, day: date | None, kept: str | None) -> None:
    """Trusts from the London agreement of 2017 on, councils by the regulations of 2003; of others nobody says."""
    sale = event("sold", day, receipt_gbp=1.0, organisation_kind=kind)
    (found,) = receipts(site(events=(sale,)), method().keepers)
    assert (found.kept_by or "").startswith(kept or "")
    assert (found.kept_by is None) == (kept is None) == (found.kept_citation is None)


def test_the_source_itself_comes_first() -> None:
    """Where the source says who keeps it, that stands, with its own citation."""
    sale = event("sold", receipt_gbp=1.0, organisation_kind="NHS trust", kept_by="the Department of Health")
    (found,) = receipts(site(events=(sale,)), method().keepers)
    assert (found.kept_by, found.kept_citation) == ("the Department of Health", sale.citation)


def test_somebody_elses_sale_is_no_receipt_of_the_owner() -> None:
    """A sale on, or one that is not complete, is told without being called the owner's."""
    sale = event("sold", receipt_gbp=47e6, organisation_kind="London borough", scope="other")
    (found,) = receipts(site(events=(sale,)), method().keepers)
    assert (found.sold, found.kept_by) == (False, None)


def test_values_of_surplus_plots_are_told_as_such() -> None:
    """A declared market value is a valuation and not a sale."""
    (found,) = receipts(site(holding("RAL01-P1", market_value_gbp=2e6)), ())
    assert (found.what, found.gbp, found.sold) == ("declared market value of plot RAL01-P1", 2e6, False)
    assert found.citation == claim("x", 1.0).told


def test_a_sale_told_twice_is_one_sale() -> None:
    """A plot's sale value that is the price of a sale told as an event is not counted with it; another one is."""
    plots = (holding("RAL01-P1", sale_value_gbp=53e6), holding("RAL01-P2", sale_value_gbp=4e6))
    found = receipts(site(*plots, events=(SALE,)), method().keepers)
    assert [(one.gbp, one.sold) for one in found] == [(53e6, True), (53e6, False), (4e6, True)]
    assert found[1].what == "sale value as returned of plot RAL01-P1, the price of a sale already told"


def test_two_plots_of_one_price_are_not_one_sale() -> None:
    """One event stands for one plot; a sale that is none of the owner's stands for none."""
    plots = (holding("RAL01-P1", sale_value_gbp=53e6), holding("RAL01-P2", sale_value_gbp=53e6))
    assert sum(one.sold for one in receipts(site(*plots, events=(SALE,)), ())) == 2
    on = event("sold", receipt_gbp=53e6, scope="other")
    assert [one.sold for one in receipts(site(plots[0], events=(on,)), ())] == [False, True]


def test_a_rule_needs_a_day() -> None:
    """A rule whose day is a text is refused, with what to write."""
    row = {"kind": "NHS trust", "since": "2017", "who": "x", "citation": "y"}
    with pytest.raises(Fault, match="must be a day without quotation marks"):
        parse_keeper(Table((), "[[receipts]] 1", row))
