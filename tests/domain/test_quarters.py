from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.quarters import Quarter, parse_quarter, quarter_of
from estates_api.errors import BadInput

_DAYS = st.dates(date(1948, 1, 1), date(9998, 12, 31))


@given(_DAYS)
def test_a_day_lies_in_its_quarter(day: date) -> None:
    """A quarter ends on or after its days, at most 92 days later, and the day after is the next one's."""
    quarter = quarter_of(day)
    assert day <= quarter.end <= day + timedelta(days=92)
    assert quarter_of(quarter.end) == quarter
    assert quarter_of(quarter.end + timedelta(days=1)) > quarter


@given(_DAYS)
def test_written_and_read_again(day: date) -> None:
    """A quarter reads back as it is written, and sorts as text as it sorts in time."""
    quarter = quarter_of(day)
    assert parse_quarter(str(quarter)) == quarter
    assert (str(quarter) < "2026-Q4") == (quarter < Quarter(2026, 4))


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2026-Q1", date(2026, 3, 31)),
        ("2026-q2", date(2026, 6, 30)),
        (" 2026Q3 ", date(2026, 9, 30)),
        ("2026-Q4", date(2026, 12, 31)),
    ],
)
def test_the_last_day_of_a_quarter(text: str, end: date) -> None:
    """Quarters end on the last day of March, June, September and December."""
    assert parse_quarter(text).end == end


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-Q0", "2026-Q5", "26-Q1", "1947-Q4", "9999-Q1", "2026-Q4x", "Q4-2026"]
)
def test_what_is_no_quarter(text: str) -> None:
    """Anything else is refused with an example of what would be right."""
    with pytest.raises(BadInput, match="like 2026-Q4"):
        parse_quarter(text)
