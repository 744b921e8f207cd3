"""The surplus clock: 40 working days by England's bank holidays, for the owners that the register covers."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.surplus_clock import covers, window_end, window_of
from estates_api.sources.bank_holidays import list_bank_holidays

TRUST, COUNCIL = ("NHS", "NHS trust"), ("council", "London borough")
MINISTRY = ("other public", "government department")
DAYS = st.dates(date(2005, 1, 1), date(2045, 1, 1))


def counted(start: date, bank_holidays: frozenset[date] | set[date]) -> date:
    """The 40th working day after a day, one day after the other."""
    day, left = start, 40
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day not in bank_holidays
    return day


@pytest.mark.parametrize(
    ("entry", "end"),
    [
        ("2023-11-15", "2024-01-15"),  # Christmas, Boxing Day and New Year's Day do not count
        ("2023-03-01", "2023-04-28"),  # nor do Good Friday and Easter Monday
        ("2020-04-15", "2020-06-12"),  # 8 May 2020: May Day, moved to it; 25 May
        ("2022-05-03", "2022-06-30"),  # 2 and 3 June 2022: Spring Bank Holiday, moved, and the Platinum Jubilee
        ("2023-04-11", "2023-06-09"),  # 1, 8 (the Coronation) and 29 May 2023
        ("2024-06-01", "2024-07-26"),  # a Saturday: day 1 is the Monday after
    ],
)
def test_forty_working_days(entry: str, end: str) -> None:
    """Over Christmas, Easter and moved bank holidays the window ends with the 40th working day after the entry."""
    assert window_end(date.fromisoformat(entry), list_bank_holidays()) == date.fromisoformat(end)
    assert counted(date.fromisoformat(entry), list_bank_holidays()) == date.fromisoformat(end)


@given(DAYS, st.sets(st.dates(date(2005, 1, 1), date(2045, 12, 31)), max_size=40), st.booleans())
def test_it_is_the_count_day_by_day(entry: date, others: set[date], ours: bool) -> None:
    """Whatever the bank holidays and the day of entry, weekends too, the end is what counting day by day comes to."""
    bank_holidays = list_bank_holidays() if ours else frozenset(others)
    assert window_end(entry, bank_holidays) == counted(entry, bank_holidays)


def test_a_holiday_proclaimed_later_counts() -> None:
    """The end is worked out from the bank holidays that are known: another one moves it on by a day."""
    entry = date(2024, 5, 31)
    end = window_end(entry, list_bank_holidays())
    assert window_end(entry, list_bank_holidays() | {end}) == end + timedelta(days=3)
    assert end == date(2024, 7, 26)


def test_the_last_day_belongs_to_the_window() -> None:
    """On its last day a public body may still claim; the day after, it is the open market."""
    entry = date(2023, 11, 15)
    told = [window_of(entry, TRUST, as_of=day, bank_holidays=list_bank_holidays).standing
            for day in (date(2023, 11, 14), entry, date(2024, 1, 15), date(2024, 1, 16))]  # fmt: skip
    assert told == ["not registered", "in window", "in window", "open market"]


@pytest.mark.parametrize(
    ("owner", "covered", "standing"),
    [
        (MINISTRY, "must", "not registered"),
        (("other public", "central government"), "must", "not registered"),
        (TRUST, "may", "not registered"),
        (("NHS", "NHS foundation trust"), "may", "not registered"),
        (COUNCIL, "no", "does not apply"),
        (("NHS", "NHS property company"), "not known", "not registered"),
        (("other public", ""), "not known", "not registered"),
    ],
)
def test_whom_the_register_covers(owner: tuple[str, str], covered: str, standing: str) -> None:
    """Central government must, NHS trusts may, councils do not; of any other kind it is said that it is not known."""
    found = window_of(None, owner, as_of=date(2024, 1, 1), bank_holidays=frozenset)
    assert (found.covered, found.standing, found.ends_at) == (covered, standing, None)
    assert covers(*owner)[1] == found.reason


def test_bank_holidays_are_englands() -> None:
    """Moved ones stand on their day, single ones are there, and Scotland's and Northern Ireland's are not."""
    found = list_bank_holidays()
    there = [date(2020, 5, 8), date(2022, 6, 2), date(2022, 6, 3), date(2022, 9, 19), date(2023, 5, 8)]
    assert [day in found for day in there] == [True] * 5
    assert not {date(2020, 5, 4), date(2022, 5, 30), date(2024, 1, 2), date(2024, 7, 12)} & found


def test_how_many_working_days_are_left() -> None:
    """Forty on the day of entry, one on the last day, none afterwards; not known where there is no window."""
    entry, end = date(2023, 11, 15), date(2024, 1, 15)

    def left(as_of: date, registered: date | None = entry) -> int | None:
        return window_of(registered, TRUST, as_of=as_of, bank_holidays=list_bank_holidays).working_days_left

    assert [left(day) for day in (entry, entry + timedelta(1), end, end + timedelta(1))] == [40, 40, 1, 0]
    assert (left(date(2023, 12, 25)), left(date(2023, 12, 27))) == (13, 13)  # Christmas and Boxing Day do not count
    assert left(end, None) is None
