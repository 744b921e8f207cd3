"""What sources state of a site's standing: the newest statement wins, a part is not the whole, silence is silence."""

from datetime import date

import pytest
from builders import claim, event, full, holding, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.stated import AVAILABILITY, PERMISSION, SURPLUS, stated_of

LAND = full(land_owned_ha=4.0)


def values(*events: object, **parts: object) -> tuple[str | None, str | None, str | None]:
    """Surplus, availability and permission of a site with these events."""
    stated = stated_of(site(*parts.pop("holdings", (LAND,)), events=events, **parts))
    return tuple(said.value if said else None for said in (stated.surplus, stated.availability, stated.permission))


def test_nothing_stated_is_none() -> None:
    """A site with returns and no statement is not known to be anything."""
    assert values() == (None, None, None)
    assert stated_of(site(LAND)).basis == ""


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("declared surplus", ("surplus", None, None)),
        ("marketed", ("surplus", "on the market", None)),
        ("disposal approved", ("surplus", "disposal approved", None)),
        ("retained", ("not surplus", "not available", None)),
        ("reused for integrated services", ("not surplus", "not available", None)),
        ("planning permission", (None, None, "permissioned")),
        ("site allocation", (None, None, "allocated")),
        ("new facility opened", (None, None, None)),
        ("sold", (None, None, None)),
    ],
)
def test_each_kind_of_event(kind: str, wanted: tuple[str | None, ...]) -> None:
    """An event says what it says and no more."""
    assert values(event(kind)) == wanted


def test_the_newest_statement_wins() -> None:
    """Declared surplus and then retained is kept; the other way round it goes."""
    before, after = date(2016, 1, 1), date(2018, 1, 1)
    assert values(event("declared surplus", before), event("retained", after))[0] == "not surplus"
    assert values(event("declared surplus", after), event("retained", before))[0] == "surplus"


@pytest.mark.parametrize("kind", ["sold", "part sold"])
def test_a_sale_ends_what_was_said_before_it(kind: str) -> None:
    """Whether land is left that a statement is true of, nobody states once some was sold; what is said after the sale
    counts, and a sale that was not the owner's ends nothing."""
    before, sale, after = date(2016, 3, 1), date(2019, 3, 1), date(2021, 1, 1)
    sold = event(kind, sale, scope="part", area_ha=1.0)
    assert values(event("marketed", before), sold) == (None, None, None)
    assert values(event("marketed", before, area_ha=1.0), sold) == (None, None, None)
    assert values(event("marketed", after), sold) == ("surplus", "on the market", None)
    assert values(event("marketed", before), event(kind, sale, scope="other")) == ("surplus", "on the market", None)


def test_a_part_is_not_the_whole() -> None:
    """One hectare of four on offer is surplus in part; that a part is kept, or permitted, says nothing of the rest."""
    assert values(event("marketed", area_ha=1.0)) == ("surplus in part", None, None)
    assert values(event("marketed", area_ha=4.0)) == ("surplus", "on the market", None)
    assert values(event("retained", area_ha=1.0)) == (None, None, None)
    assert values(event("planning permission", scope="part")) == (None, None, None)


def test_after_a_part_sale_nobody_knows_whose_permission_it_is() -> None:
    """As with homes: St Ann's consent of 2022 is for the land that was sold in 2018."""
    sale = event("part sold", date(2018, 3, 1), area_ha=1.0)
    assert values(sale, event("planning permission", date(2022, 1, 1)))[2] is None


def test_a_permission_counts_before_an_allocation() -> None:
    """An allocation that comes later takes no permission away."""
    assert values(event("planning permission", date(2015, 1, 1)), event("site allocation"))[2] == "permissioned"


def test_plots_and_register_entries() -> None:
    """A surplus plot is a part of its site; a register's words count while the entry is on it, newest first."""
    plot = holding("RAL-P1", disposal_status="potentially surplus")
    entry = holding("BLR-1", planning_status="Pending decision")
    assert values(holdings=(LAND, plot, entry)) == ("potentially surplus", None, "pending decision")
    off = holding("BLR-1", planning_status="pending decision", ended_on="2018-01-01")
    odd = holding("BLR-2", planning_status="perhaps")
    assert values(holdings=(LAND, off, odd, holding("P", disposal_status="no longer surplus"))) == (None, None, None)


def test_it_says_what_it_rests_on() -> None:
    """Each value is told with its day, or with edition and row."""
    entry = holding("BLR-1", claims=(claim("planning_status", "permissioned", "ERIC 2014-15"),))
    stated = stated_of(site(entry, events=(event("marketed"),)))
    assert stated.basis == (
        "surplus: marketed, 2018-03; availability: marketed, 2018-03; planning: permissioned (ERIC 2014-15 row 7)"
    )


@given(st.lists(st.builds(
    event, st.sampled_from(["declared surplus", "marketed", "retained", "planning permission", "part sold", "other"]),
    st.none() | st.dates(date(2010, 1, 1), date(2020, 1, 1)), area_ha=st.none() | st.floats(0.1, 9),
), max_size=5))  # fmt: skip
def test_only_the_words_of_the_schema(events: list) -> None:
    """Whatever happened, each value is one of its words or not known; the order in which events come is no matter."""
    found = values(*events)
    assert all(value is None or value in words
               for value, words in zip(found, (SURPLUS, AVAILABILITY, PERMISSION), strict=True))  # fmt: skip
