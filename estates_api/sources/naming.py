"""What a file's name, its hints and its rows say of the edition: label and period."""

import re
from datetime import date
from pathlib import PurePath

from estates_api.domain.records import Issue
from estates_api.domain.values import financial_year, find_financial_year, parse_day_range
from estates_api.errors import BadInput
from estates_api.sources.document import Document
from estates_api.sources.reader import Hints

_DAY_IN_NAME = re.compile(r"(?<![0-9])(20[0-9]{2})[-_.]?(0[1-9]|1[0-2])(?:[-_.]?([0-3][0-9]))?(?![0-9])")

Period = tuple[date | None, date | None]


def stem(document: Document) -> str:
    """The file's name without folder and extension: the label of an edition that has no better one."""
    return PurePath(document.name).stem or document.name


def hinted_period(hints: Hints) -> Period:
    """The days the given period covers: `2019`, `2019-10`, `2019-10-01`, or `2016-17`, a financial year.

    BadInput when it is something else. `2011-12` is a month here.
    """
    if not hints.period:
        return None, None
    try:
        return parse_day_range(hints.period)
    except BadInput as error:
        if year := find_financial_year(hints.period):
            return financial_year(year)
        raise BadInput(f"the period {error.detail}") from None


def dated_edition(document: Document, hints: Hints) -> tuple[str, Period, list[Issue]]:
    """Label and period of a list that is a position on one day: from the hint, else from the file's name."""
    period = hinted_period(hints)
    if period == (None, None):
        found = _DAY_IN_NAME.search(document.name)
        if found:
            try:
                period = parse_day_range("-".join(part for part in found.groups() if part))
            except BadInput:
                period = None, None
    label = hints.label or hints.period or _day_label(period)
    reason = "no date in the file or its name: the list is undated"
    doubts = [] if period[0] else [Issue("list-undated", None, None, reason)]
    return label or "undated", period, doubts


def _day_label(period: Period) -> str | None:
    first, last = period
    if first is None or last is None:
        return None
    return first.isoformat() if first == last else f"{first:%Y-%m}"
