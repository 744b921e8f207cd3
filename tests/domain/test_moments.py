"""Days and moments in words."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.moments import write_day, write_days_in, write_moment


def test_a_moment_is_what_clocks_in_london_showed() -> None:
    """An hour ahead of UTC in summer, also across midnight; whatever zone it was stated in; none is UTC."""
    assert write_moment(datetime(2026, 11, 3, 14, 5, tzinfo=UTC)) == "3 November 2026, 14:05 (UK time)"
    assert write_moment(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "1 July 2026, 00:30 (UK time)"
    tokyo = datetime(2026, 1, 1, 5, 0, tzinfo=timezone(timedelta(hours=9)))
    assert write_moment(tokyo) == "31 December 2025, 20:00 (UK time)"
    assert write_moment(datetime(2026, 1, 1, 5, 0)) == "1 January 2026, 05:00 (UK time)"  # noqa: DTZ001 -- without one


@pytest.mark.parametrize(("text", "said"), [
    ("sold 1.01 ha, 2022-05-05.", "sold 1.01 ha, 5 May 2022."),
    ("part sold, 2018-03; opened, 2020", "part sold, March 2018; opened, 2020"),
    ("ERIC 2016-17 row 7, ERIC 2011-12 row 1", "ERIC 2016-17 row 7, ERIC 2011-12 row 1"),
    ("2015-02-30, NCL-2015-03, 2026-Q4, https://x.example/2015-03-31/a, 12015-03-31", None),
    ("2022-08", "August 2022"), ("(2015-03-31: so)", "(31 March 2015: so)"), ("", ""),
])  # fmt: skip
def test_iso_days_in_a_sentence(text: str, said: str | None) -> None:
    """Days and months become words; financial years, addresses, names and what is no day stay."""
    assert write_days_in(text) == (text if said is None else said)


@given(st.dates())
def test_every_day_has_words_that_are_left_alone(day: date) -> None:
    """What is written of any day is what a sentence with it says, and is not written again."""
    assert write_days_in(f"on {day.isoformat()}") == f"on {write_day(day)}"
    assert write_days_in(write_day(day)) == write_day(day)
