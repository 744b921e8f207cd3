"""Days and moments as people in London write them, for pages, workbooks and reports. Machines get ISO 8601."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

_ISO_DAYS = re.compile(r"(?<![\w/.:-])(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?![\w/-]|[.:]\w)")


def write_day(day: date) -> str:
    """`31 March 2015`."""
    return f"{day.day} {day:%B %Y}"


def write_moment(moment: datetime) -> str:
    """`3 November 2026, 14:05 (UK time)`: what clocks in London showed. A moment without a zone is in UTC."""
    there = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(LONDON)
    return f"{write_day(there)}, {there:%H:%M} (UK time)"


def write_days_in(text: str) -> str:
    """A sentence with its ISO days and months in words: `part sold, 2018-03` -> `part sold, March 2018`.

    `2011-12` may be a financial year, as `2016-17` is, and stays; so does what is part of a longer name.
    """
    return _ISO_DAYS.sub(_in_words, text)


def _in_words(found: re.Match[str]) -> str:
    year, month, day = found.groups()
    if day is None and int(month) == (int(year) + 1) % 100:
        return found[0]
    try:
        stated = date(int(year), int(month), int(day or 1))
    except ValueError:
        return found[0]
    return write_day(stated) if day else f"{stated:%B %Y}"
