"""Query parameters, one dependency each. What is not known or cannot be read is a 400 that names it."""

import math
import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request

from estates_api.errors import BadInput
from estates_api.store.features import Box

DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000

# RFC 3339, or a day alone; `1954-08-07T` is how GDAL writes a day, and `+` arrives as a space unless it is escaped.
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(?:([01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[ +-]\d\d:\d\d))?)?",
    re.IGNORECASE,
)


def only(*names: str) -> Callable[[Request], None]:
    """A dependency that refuses query parameters other than these (and `f`), and any that is repeated."""

    def check(request: Request) -> None:
        unknown = sorted(set(request.query_params) - {*names, "f"})
        if unknown:
            known = ", ".join(names) or "none but f"
            raise BadInput(f"there is no parameter {unknown[0]!r} here; this path takes {known}")
        for name in request.query_params:
            if (times := len(request.query_params.getlist(name))) > 1:
                raise BadInput(f"{name} is given {times} times; give it once")
        wanted = request.query_params.get("f", "json")
        if wanted not in {"json", "geojson", "html"}:
            raise BadInput(f"f: {wanted!r} is not a format here; json, geojson or html")

    return check


def _bbox(
    bbox: Annotated[str | None, Query(description="west,south,east,north in CRS84 degrees")] = None,
) -> tuple[Box, ...]:
    if bbox is None:
        return ()
    try:
        numbers = [float(part) for part in bbox.split(",")]
    except ValueError:
        raise BadInput(f"bbox: {bbox!r} is not numbers joined by commas") from None
    if len(numbers) not in {4, 6} or not all(map(math.isfinite, numbers)):
        raise BadInput("bbox: four numbers (or six with heights) are needed: west,south,east,north")
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if south > north:
        raise BadInput("bbox: the second number (south) is larger than the fourth (north)")
    if west > east:  # the box crosses the antimeridian (OGC API - Features Part 1, 7.15.3)
        return ((west, south, 180.0, north), (-180.0, south, east, north))
    return ((west, south, east, north),)


def _limit(
    limit: Annotated[
        int, Query(description=f"Features per page; above {MAX_LIMIT} means {MAX_LIMIT}", ge=1)
    ] = DEFAULT_LIMIT,
) -> int:
    return min(limit, MAX_LIMIT)


def _datetime(
    datetime: Annotated[
        str | None, Query(description="Instant or interval; features without time always match")
    ] = None,
) -> None:
    """Checked and otherwise without effect: the features have no time of their own (Part 1, 7.15.4)."""
    if datetime is None:
        return
    ends = [end for end in datetime.split("/") if end not in {"", ".."}]
    if not ends or datetime.count("/") > 1 or not all(map(_is_instant, ends)):
        raise BadInput(f"datetime: {datetime!r} is not an RFC 3339 instant or an interval like 2015-01-01/..")


def _is_instant(text: str) -> bool:
    found = _INSTANT.fullmatch(text)
    if found is None:
        return False
    year, month, day = (int(part) for part in found.group(1, 2, 3))
    # Year 0000, which QGIS and GDAL write for "since ever", is a leap year that Python's calendar lacks.
    return 1 <= month <= 12 and 1 <= day <= monthrange(year or 4, month)[1]


def _as_of(
    as_of: Annotated[str | None, Query(alias="as-of", description="The day the data speak of: 2015-03-31")] = None,
) -> date | None:
    try:
        return date.fromisoformat(as_of) if as_of is not None else None
    except ValueError:
        raise BadInput(f"as-of: {as_of!r} is not a day; write it like 2015-03-31") from None


Boxes = Annotated[tuple[Box, ...], Depends(_bbox)]
Limit = Annotated[int, Depends(_limit)]
Datetime = Annotated[None, Depends(_datetime)]
AsOf = Annotated[date | None, Depends(_as_of)]
