"""Areas as people type them: with the unit in the cell, in the header, or nowhere."""

import re
from functools import lru_cache

from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.records import Issue, Value
from estates_api.domain.values import parse_number, shorten
from estates_api.errors import BadInput
from estates_api.sources.cells import Cells
from estates_api.sources.claims import hold_number

SQUARE_METRES = {"m2": 1.0, "ha": 10_000.0, "acre": 4046.8564224, "ft2": 0.09290304}

_UNIT_WORDS = {
    **dict.fromkeys(("m2", "sqm", "sqmetre", "sqmetres", "sqmeters", "msq", "metressquared"), "m2"),
    **dict.fromkeys(("ha", "has", "hectare", "hectares"), "ha"),
    **dict.fromkeys(("ac", "acre", "acres"), "acre"),
    **dict.fromkeys(("ft2", "sqft", "sqfeet"), "ft2"),
}
_NUMBER_AND_UNIT = re.compile(r"([0-9.,]+)\s*([^0-9.,\s].*)")


def read_size(cells: Cells, column: str, attribute: str, *, usual: str) -> list[Value]:
    """An area in the attribute's unit; none when the cell is blank. `usual` is the unit where nothing names one."""
    text = cells.record.get(column)
    if not text:
        return []
    digits, unit = (text, None) if text[-1].isdecimal() else _split_unit(text)
    header = cells.table.name(column)
    try:
        number = parse_number(digits)
    except BadInput as error:
        reason = f"{error.detail}; the value was not taken"
        cells.issues.append(Issue("value-unreadable", cells.line, header, reason, shorten(text), cells.organisation))
        return []
    if not isinstance(number, str):
        number = _converted(number, unit or unit_of(header) or usual, ATTRIBUTES[attribute].unit)
    value, issue = hold_number(attribute, number, text, line=cells.line, field=header)
    if issue is not None:
        cells.issues.append(issue)
    return [value]


def _converted(number: float, unit: str, wanted: str) -> float:
    return number if unit == wanted else round(number * SQUARE_METRES[unit] / SQUARE_METRES[wanted], 6)


@lru_cache(maxsize=256)
def unit_of(text: str) -> str | None:
    """The unit a header or cell names; None when it names none."""
    plain = text.casefold().replace("²", "2").replace("square ", "sq").replace("sq. ", "sq").replace("sq ", "sq")
    words = re.findall(r"[a-z]+2?", plain.replace("metres squared", "metressquared"))
    return next((_UNIT_WORDS[word] for word in words if word in _UNIT_WORDS), None)


def _split_unit(text: str) -> tuple[str, str | None]:
    found = _NUMBER_AND_UNIT.fullmatch(text)
    unit = unit_of(found[2]) if found else None
    return (found[1], unit) if found and unit else (text, None)
