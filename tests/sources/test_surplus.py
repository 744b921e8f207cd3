from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from documents import Read, open_bytes, read_whole

from estates_api.domain.records import HoldingRecord
from estates_api.sources import find_reader
from estates_api.sources.reader import Hints

ReadFile = Callable[..., Read]
NAME = "surplus_made_2017-18.csv"


def said(holding: HoldingRecord) -> dict[str, object]:
    """What is claimed of a plot: number, text or state."""
    return {v.attribute: v.number if v.number is not None else v.text or v.state for v in holding.values}


def test_plots_become_holdings_of_the_trust(samples: Path, read_file: ReadFile) -> None:
    """A plot has a code of its own and says which site it is part of; its area is never land of its own."""
    read = read_file(samples / NAME)
    assert (read.format, read.label, read.period_end) == ("surplus", "2017-18", date(2018, 3, 31))
    assert [h.code for h in read.holdings] == [
        "RZ101-1", "RZ101-2", "RZ102-A", "PLOT-9", "RZ103-1", "RZ104-1", "RZ105-1",
    ]  # fmt: skip
    assert said(read.holdings[0]) == {
        "site_code": "RZ101", "surplus_ha": 1.25, "disposal_status": "surplus", "proposed_use": "Housing",
        "disposal_year": "2019-20", "market_value_gbp": 2_500_000, "plot_homes": 80, "plot_staff_homes": 20,
    }  # fmt: skip
    assert said(read.holdings[2])["surplus_ha"] == 0.809371
    assert [said(h)["disposal_status"] for h in read.holdings] == [
        "surplus", "potentially surplus", "sold", "retained and developed for housing", "no longer surplus",
        "for the bin", "sold",
    ]  # fmt: skip


def test_only_a_plain_no_opens_a_plot(samples: Path, read_file: ReadFile) -> None:
    """Sensitive, blank and unclear plots are their owner's alone; the unclear ones are warned of."""
    read = read_file(samples / NAME)
    assert [h.sensitivity for h in read.holdings] == [None, "owner", None, "owner", "owner", None, None]
    assert [i.line for i in read.issues if i.rule == "sensitivity-assumed"] == [5, 6]


def test_a_return_without_a_flag_is_private() -> None:
    """Where no column says what is sensitive, every plot is, and one warning says so."""
    document = open_bytes("x.csv", b"Trust code,Plot,Area (ha),Status\nRZ1,1,2,surplus\nRZ1,2,2,surplus\n")
    read = read_whole(find_reader(document).read(document, Hints(period="2017-18")))
    assert [h.sensitivity for h in read.holdings] == ["owner", "owner"]
    assert [i.rule for i in read.issues if i.severity == "warning"] == ["sensitivity-assumed"]


def test_a_sensitive_row_that_is_not_taken_is_its_owners_alone() -> None:
    """Why a row was not taken says what stands in it: of a sensitive one only its owner may read it."""
    content = "Trust code,Plot,Area (ha),Status,Sensitive\nRZ1,,2,surplus,Yes\nRZ2,,2,surplus,\nRZ3,,2,surplus,No\n"
    document = open_bytes("x.csv", content.encode())
    read = read_whole(find_reader(document).read(document, Hints(period="2017-18")))
    refused = [(one.organisation, one.sensitivity) for one in read.issues if one.severity == "error"]
    assert refused == [("RZ1", "owner"), ("RZ2", "owner"), ("RZ3", None)]


def test_damaged_rows_are_issues(samples: Path, read_file: ReadFile) -> None:
    """Totals, repeated plots and plots without a trust are errors; wrong cells cost only themselves."""
    read = read_file(samples / NAME)
    assert [(i.line, i.rule) for i in read.issues if i.severity == "error"] == [
        (7, "value-unreadable"), (9, "row-repeated"), (10, "row-unreadable"), (11, "row-unreadable"),
    ]  # fmt: skip
    assert {i.rule for i in read.issues if i.line == 7} >= {"value-unreadable", "value-not-taken", "date-unreadable"}
    assert "surplus_ha" not in said(read.holdings[5])


@pytest.mark.parametrize("url", [None, "a page"])
def test_no_event_without_a_page(samples: Path, read_file: ReadFile, url: str | None) -> None:
    """Dates in a return are no events until somebody says which page they are from; a note counts them."""
    read = read_file(samples / NAME, Hints(url=url))
    assert read.events == ()
    assert [i.reason for i in read.issues if i.rule == "event-uncited"] == [
        "dates that could be events: 3 rows, the first on line 2; give the page they are from"
    ]


def test_events_of_plots_that_anybody_may_see(samples: Path, read_file: ReadFile) -> None:
    """Declared surplus and sold, as precisely as stated; a sale without a day happened in its year."""
    read = read_file(samples / NAME, Hints(url="https://example.org/surplus"))
    assert [(e.kind, e.holding_code, e.earliest, e.latest, e.area_ha) for e in read.events] == [
        ("declared surplus", "RZ101-1", date(2017, 9, 1), date(2017, 9, 30), 1.25),
        ("part sold", "RZ102-A", date(2017, 3, 1), date(2017, 3, 1), 0.809371),
        ("part sold", "RZ105-1", date(2015, 4, 1), date(2016, 3, 31), 0.3),
    ]
    assert {e.citation_url for e in read.events} == {"https://example.org/surplus"}
    assert {e.citation_title for e in read.events} == {"NHS surplus land 2017-18"}
