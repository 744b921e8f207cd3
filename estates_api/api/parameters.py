"""Query parameters, one dependency each. What is not known or cannot be read is a 400 that names it."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated

from fastapi import Depends, Query, Request

from estates_api.errors import BadInput
from estates_api.store.sites import Moment

DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000

# RFC 3339, or a day alone; `1954-08-07T` is how GDAL writes a day, and `+` arrives as a space unless it is escaped.
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(?:([01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[ +-]\d\d:\d\d))?)?",
    re.IGNORECASE,
)


def only(*names: str, also: tuple[str, ...] = ()) -> Callable[[Request], None]:
    """A dependency that refuses query parameters other than these (and `f`), and any that is repeated. `also`: formats
    besides JSON and HTML."""
    formats = ("json", "geojson", "html", *also)

    def check(request: Request) -> None:
        unknown = sorted(set(request.query_params) - {*names, "f"})
        if unknown:
            known = ", ".join(names) or "none but f"
            raise BadInput(f"there is no parameter {unknown[0]!r} here; this path takes {known}")
        for name in request.query_params:
            if (times := len(request.query_params.getlist(name))) > 1:
                raise BadInput(f"{name} is given {times} times; give it once")
        wanted = request.query_params.get("f", "json")
        if wanted not in formats:
            listed = f"{', '.join(formats[:-1])} or {formats[-1]}"
            raise BadInput(f"f: {wanted!r} is not a format here; {listed}")

    return check


def parse_datetime(text: str) -> date | None:
    """The day that values are wanted of; None for the present.

    A site's time begins with the first day any evidence speaks of it and is open: an interval meets it when it ends
    later than that (Part 1, 7.15.4). What an instant says of the time of day, and where, changes no return.
    """
    ends = text.split("/")
    days = [None if end in {"", ".."} else _find_day(end) for end in ends]
    stated = [day for day in days if day is not None]
    read = len(stated) == sum(end not in {"", ".."} for end in ends)
    if not stated or not read or len(ends) > 2 or stated != sorted(stated):
        raise BadInput(f"datetime: {text[:100]!r} is not an RFC 3339 instant or an interval like 2015-01-01/..")
    last = days[-1]
    if last is None or last >= today().timetuple()[:3]:
        return None
    return date(*last) if last[0] else date.min


def _find_day(text: str) -> tuple[int, ...] | None:
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.group(1, 2, 3))
    # Year 0000, which QGIS and GDAL write for "since ever", is a leap year that Python's calendar lacks.
    return (year, month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(year or 4, month)[1] else None


def today() -> date:
    """The day it is, in UTC."""
    return datetime.now(UTC).date()


def parse_as_of(text: str | None) -> date | None:
    """A day that has come; None when none is given."""
    try:
        day = date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise BadInput(f"as-of: {text!r} is not a day; write it like 2015-03-31") from None
    if day and day > today():
        raise BadInput(f"as-of: {day} has not come yet; leave it out for today")
    return day


def _as_of(
    as_of: Annotated[
        str | None, Query(alias="as-of", description="The day the data speak of, 2015-03-31; today if left out")
    ] = None,
) -> date | None:
    return parse_as_of(as_of)


def parse_known_at(text: str | None) -> datetime | None:
    """A moment that has come; None when none is given."""
    return None if text is None else parse_moment(text, "known-at")


def _known_at(
    known_at: Annotated[
        str | None,
        Query(alias="known-at", description="Only from what was handed in, placed and judged by then: a day (to its "
                                            "end, UTC) or a moment, 2026-11-01T12:00:00Z; now if left out"),
    ] = None,
) -> datetime | None:  # fmt: skip
    return parse_known_at(known_at)


def parse_moment(text: str, name: str) -> datetime:
    """A moment that has come, or the end of a day that has begun; BadInput names the parameter."""
    moment = _find_moment(text)
    if moment is None:
        raise BadInput(f"{name}: {text!r} is not a day or a moment; write it like 2026-11-01T12:00:00Z")
    if moment.date() > today() or (len(text) > 11 and moment > datetime.now(UTC)):
        raise BadInput(f"{name}: {text} has not come yet; leave it out for what is known now")
    return moment


def _find_moment(text: str) -> datetime | None:
    """A moment with its zone; a day means its end. `+` arrives as a space unless it is escaped."""
    if _find_day(text) is None or text.startswith("0000"):
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace(" ", "+").removesuffix("T"))
    except ValueError:  # the 60th second
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.combine(moment, time.max, moment.tzinfo) if len(text) <= 11 else moment


def _moment(
    as_of: Annotated[date | None, Depends(_as_of)], known_at: Annotated[datetime | None, Depends(_known_at)]
) -> Moment | None:
    """The day and the moment asked about; None for the present."""
    return Moment(as_of or today(), known_at) if as_of or known_at else None


def _limit(
    limit: Annotated[
        int, Query(description=f"Entries per page; above {MAX_LIMIT} means {MAX_LIMIT}", ge=1)
    ] = DEFAULT_LIMIT,
) -> int:
    return min(limit, MAX_LIMIT)


AsOf = Annotated[date | None, Depends(_as_of)]
Limit = Annotated[int, Depends(_limit)]
When = Annotated[Moment | None, Depends(_moment)]
MOMENT = ("as-of", "known-at")
"""The parameters that `When` takes."""
