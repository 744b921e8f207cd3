"""What people type into cells, parsed once: text, numbers, days, financial years. Raises BadInput with a reason."""

import calendar
import math
import re
from datetime import date

from estates_api.domain.records import ValueState
from estates_api.errors import BadInput

# The words ERIC uses in numeric columns (Not Applicable, No Data Provided, None) and the variants loaders have met.
_NOT_APPLICABLE = frozenset({"not applicable", "notapplicable", "n/a", "na"})
_NOT_PROVIDED = frozenset({"", "no data provided", "not provided", "none", "-"})

LONGEST_STATEMENT = 1000
"""Letters of what a person states for the record."""

_THOUSANDS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_PLAIN = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_AROUND_NUMBERS = re.compile(r"[£Â%\s]")  # Â: a pound sign in UTF-8 read as cp1252
_FINANCIAL_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})[-_/– ]?(?:20)?([0-9]{2})(?![0-9])")
_DAY_TEXT = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}|[0-9]{8}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")


def clean_text(text: str) -> str:
    """The text without surrounding, doubled or non-breaking spaces, on one line."""
    return " ".join(text.split())  # str.split() also splits on NBSP (U+00A0)


def parse_statement(field: str, given: str) -> str:
    """A name, a reason, a reference: what a person states for the record."""
    text = clean_text(given)
    if not text or len(text) > LONGEST_STATEMENT or not text.isprintable():  # a NUL or half a letter cannot be stored
        raise BadInput(f"{field}: say it in 1 to {LONGEST_STATEMENT} letters; it is recorded, and shown to everybody")
    return text


def parse_state(text: str) -> ValueState | None:
    """Which of the words for *no figure* the text is; None when it is something else."""
    word = clean_text(text).casefold()
    if word in _NOT_APPLICABLE:
        return "not applicable"
    return "not provided" if word in _NOT_PROVIDED else None


def parse_number(text: str) -> float | ValueState:
    """A finite number, or the state that stands in its place. `£1,234`, `5 %`, `-7.3E-2` and `(12)` are numbers."""
    digits = text.replace(".", "", 1)
    if digits.isdecimal() and digits.isascii():  # most cells of most files: nothing to take off
        return _finite(text, text)
    state = parse_state(text)
    if state is not None:
        return state
    digits = _AROUND_NUMBERS.sub("", text)
    negative = digits.startswith(("-", "−", "(")) and (digits[0] != "(" or digits.endswith(")"))
    digits = digits.strip("()") if digits.startswith("(") else digits.lstrip("-−+")
    if not (_THOUSANDS.fullmatch(digits) or _PLAIN.fullmatch(digits)):
        raise BadInput(f"{shorten(text)!r} is not a number")
    number = _finite(digits.replace(",", ""), text)
    return -number if negative else number


def _finite(digits: str, text: str) -> float:
    number = float(digits)
    if math.isfinite(number):
        return number
    raise BadInput(f"{shorten(text)!r} is too large a number")


def parse_day_range(text: str, like: str = "2015, 2015-03 or 2015-03-12") -> tuple[date | None, date | None]:
    """First and last day of `2015`, `2015-03`, `2015-03-12`, `20150312` or `12/03/2015`; blank: unknown. `like` says
    how to write what is wanted."""
    wanted = clean_text(text)
    if not wanted:
        return None, None
    if not _DAY_TEXT.fullmatch(wanted):
        raise BadInput(f"{shorten(wanted)!r} is not a date (write {like})")
    try:
        return _day_range(wanted)
    except ValueError:
        raise BadInput(f"{shorten(wanted)!r} is not a day of the calendar") from None


def parse_day_text(text: str) -> str:
    """The text itself, when it is a day, a month or a year; BadInput otherwise."""
    parse_day_range(text)
    return clean_text(text)


def _day_range(text: str) -> tuple[date, date]:
    if "/" in text:
        day, month, year = (int(part) for part in text.split("/"))  # published in the British order
        return date(year, month, day), date(year, month, day)
    if len(text) == 8:
        exact = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        return exact, exact
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 1:
        return date(parts[0], 1, 1), date(parts[0], 12, 31)
    if len(parts) == 2:
        first = date(parts[0], parts[1], 1)
        return first, first.replace(day=calendar.monthrange(parts[0], parts[1])[1])
    exact = date(parts[0], parts[1], parts[2])
    return exact, exact


def parse_day(text: str) -> date | None:
    """One exact day, or None when blank; BadInput when the text names a month or a year only."""
    earliest, latest = parse_day_range(text, like="2015-03-12")
    if earliest != latest:
        raise BadInput(f"{shorten(text)!r} is not one day (write 2015-03-12)")
    return earliest


def find_first_day_range(text: str) -> tuple[date, date] | None:
    """The first date in a list such as `2018-08; 29 January (year not in text)`; None when there is none."""
    for part in re.split(r"[;|]", text):
        try:
            earliest, latest = parse_day_range(part)
        except BadInput:
            continue
        if earliest and latest:
            return earliest, latest
    return None


def find_financial_year(text: str) -> str | None:
    """The one financial year the text names, as `2016-17`; None when it names none or several.

    `2016-17`, `2016_17`, `2016/17`, `2016-2017` and `201617` are the same year.
    """
    found = {f"{start}-{end}" for start, end in _FINANCIAL_YEAR.findall(text) if (int(start) + 1) % 100 == int(end)}
    return found.pop() if len(found) == 1 else None


def financial_year(label: str) -> tuple[date, date]:
    """First and last day of `2016-17`: 1 April 2016 to 31 March 2017."""
    start = int(label[:4])
    return date(start, 4, 1), date(start + 1, 3, 31)


def label_of_year(day: date) -> str:
    """The financial year that a day lies in: 31 March 2017 is in `2016-17`."""
    start = day.year if (day.month, day.day) >= (4, 1) else day.year - 1
    return f"{start:04d}-{(start + 1) % 100:02d}"


def counted(number: int, one: str, several: str | None = None) -> str:
    """How many there are of something: `1 question`, `2,000 questions`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def shorten(text: str, limit: int = 60) -> str:
    """The text on one line and short enough for a message, with a mark for what cannot be printed."""
    # Control and direction characters would act on a terminal; half of a surrogate pair cannot be written at all.
    line = "".join(letter if letter.isprintable() else "\ufffd" for letter in clean_text(text))
    return line if len(line) <= limit else line[: limit - 1] + "…"
