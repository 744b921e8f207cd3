"""An iCalendar feed (RFC 5545) of the windows in which public bodies may claim a site: an all-day event on each last
day. The same data give the same bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MEDIA_TYPE = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Entry:
    """One all-day event. `uid` stays the same for the same window; `stamp` is when it was recorded, or changed last,
    and `sequence` how often it was changed."""

    uid: str
    stamp: datetime
    day: date
    title: str
    said: str
    url: str
    sequence: int = 0
    cancelled: bool = False


def write_calendar(name: str, entries: Iterable[Entry]) -> bytes:
    """The feed."""
    from icalendar import Calendar, Event  # noqa: PLC0415 -- only who writes calendars needs it

    calendar = Calendar()
    calendar.add("prodid", "-//estates_api//surplus windows//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for entry in entries:
        event = Event()
        event.add("uid", entry.uid)
        event.add("dtstamp", entry.stamp)
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + timedelta(days=1))  # the end is not part of it (RFC 5545, 3.6.1)
        event.add("summary", entry.title)
        event.add("description", entry.said)
        event.add("url", entry.url)
        event.add("transp", "TRANSPARENT")
        event.add("sequence", entry.sequence)
        # What was published and no longer holds is published again as cancelled, with a greater sequence (RFC 5546,
        # 2.1.4 and 3.2.1): by that a calendar takes out what it has.
        event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
