"""The iCalendar feed: as RFC 5545 has it, and the same bytes for the same entries."""

from datetime import UTC, date, datetime

import icalendar

from estates_api.exports.calendar import Entry, write_calendar

STAMP = datetime(2024, 2, 1, 12, tzinfo=UTC)
LONG = "A name, with; signs that RFC 5545 escapes\nand a line, " + "é" * 80


def entry(number: int, title: str = LONG) -> Entry:
    """A made event."""
    return Entry(f"window-{number}@host", STAMP, date(2024, 12, 31), title, LONG, "https://example.org/sites/A")


def test_it_is_read_back() -> None:
    """A reader of calendars finds every event whole: name, days, stamp and address."""
    content = write_calendar("Windows", [entry(1), entry(2)])
    assert content == write_calendar("Windows", [entry(1), entry(2)])
    first, second = icalendar.Calendar.from_ical(content).walk("VEVENT")
    assert (first["UID"], second["UID"]) == ("window-1@host", "window-2@host")
    assert (first["SUMMARY"], first["DTSTAMP"].dt) == (LONG, STAMP)
    assert (first["DTSTART"].dt, first["DTEND"].dt) == (date(2024, 12, 31), date(2025, 1, 1))


def test_lines_are_as_the_standard_wants_them() -> None:
    """CRLF at the end of every line, none longer than 75 octets, the three required properties of a calendar."""
    content = write_calendar("Windows", [entry(1)])
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    assert {b"BEGIN:VCALENDAR", b"VERSION:2.0", b"DTSTART;VALUE=DATE:20241231"} <= set(lines)


def test_an_empty_feed_is_a_calendar() -> None:
    """Without any window the feed can still be subscribed to."""
    assert icalendar.Calendar.from_ical(write_calendar("Windows", [])).walk("VEVENT") == []
