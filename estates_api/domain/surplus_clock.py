"""The surplus clock: 40 working days in which public bodies may claim what stands on the register of surplus public
sector land, before it goes to the open market.

The register's page does not say which day is the first. Here the day of entry does not count: the first day is the
first working day after it, and the window ends with the 40th. Working days are Monday to Friday without England's bank
holidays.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

WORKING_DAYS = 40
"""Register of Surplus Public Sector Land, data.gov.uk: mandatory for central government, voluntary for NHS trusts;
other public bodies may claim a property within 40 working days."""

CONVENTION = (
    "Day 1 is the first working day after the entry, and the window ends with day 40; working days are Monday to "
    "Friday without England's bank holidays. The register does not say which day is the first: this is our reading"
)

BankHolidays = Callable[[], Collection[date]]
"""Lists England's bank holidays; asked only where a window is worked out."""

Covered = Literal["must", "may", "no", "not known"]
Standing = Literal["in window", "open market", "does not apply", "not registered"]


@dataclass(frozen=True, slots=True)
class Window:
    """How the clock stands on a day. `ends_at` is the last day of the window, and `working_days_left` how many working
    days there are to claim in, this day among them; None where there is no window."""

    standing: Standing
    covered: Covered
    reason: str
    registered_at: date | None = None
    ends_at: date | None = None
    working_days_left: int | None = None


def window_end(registered_at: date, bank_holidays: Collection[date]) -> date:
    """The 40th working day after the day of entry."""
    end = np.busday_offset(
        np.datetime64(registered_at), WORKING_DAYS, roll="backward", holidays=_days(bank_holidays)
    )  # fmt: skip
    found: date = end.astype(object)
    return found


def working_days_between(first: date, last: date, bank_holidays: Collection[date]) -> int:
    """How many working days there are from one day to another, both counted; 0 where the last is before the first."""
    after = np.datetime64(last) + np.timedelta64(1, "D")
    return max(0, int(np.busday_count(np.datetime64(first), after, holidays=_days(bank_holidays))))


def _days(bank_holidays: Collection[date]) -> "np.ndarray[Any, np.dtype[np.datetime64]]":
    return np.array(sorted(bank_holidays), dtype="datetime64[D]")


def covers(sector: str, kind: str) -> tuple[Covered, str]:
    """Whether the register covers an owner, by its sector and what its list calls it; and why."""
    said = kind.casefold()
    if sector == "council":
        return "no", "councils do not enter their land on it"
    if any(word in said for word in ("central government", "government department", "ministerial", "executive agency")):
        return "must", "central government must enter surplus land on it"
    if sector == "NHS" and "trust" in said:
        return "may", "NHS trusts may enter surplus land on it"
    return "not known", f"whether it covers {kind or 'an organisation of an unknown kind'} is not stated"


def window_of(
    registered_at: date | None, owner: tuple[str, str], *, as_of: date, bank_holidays: BankHolidays
) -> Window:  # fmt: skip
    """How the clock stands on a day, for an owner as (sector, kind)."""
    covered, why = covers(*owner)
    if registered_at is None or as_of < registered_at:
        return Window("does not apply" if covered == "no" else "not registered", covered, why)
    holidays = bank_holidays()
    end = window_end(registered_at, holidays)
    if as_of > end:
        return Window("open market", covered, why, registered_at, end, 0)
    left = working_days_between(max(as_of, registered_at + timedelta(1)), end, holidays)
    return Window("in window", covered, why, registered_at, end, left)
