"""From a cell to a claim's value: read by the attribute's kind, held to its bounds, weighed against its row."""

from collections.abc import Callable, Sequence

from estates_api.domain.attributes import ATTRIBUTES, Attribute
from estates_api.domain.plausibility import check_row
from estates_api.domain.records import Issue, Value, ValueState
from estates_api.domain.values import clean_text, parse_number, parse_state, shorten
from estates_api.errors import BadInput


def read_value(attribute: str, cell: str, *, line: int, field: str) -> tuple[Value | None, Issue | None]:
    """The cell as a value, and what is wrong with it. No value when it cannot be read.

    A number out of the attribute's bounds is kept as raw text only, in the state *not provided*.
    """
    raw = clean_text(cell)
    known = ATTRIBUTES[attribute]
    if known.kind == "text":
        state = parse_state(raw)
        return (Value(attribute, raw, state=state) if state else Value(attribute, raw, text=raw)), None
    try:
        number = parse_number(raw)
    except BadInput as error:
        return None, Issue("value-unreadable", line, field, f"{error.detail}; the value was not taken", shorten(raw))
    return hold_number(attribute, number, raw, line=line, field=field)


def hold_number(
    attribute: str, number: float | ValueState, raw: str, *, line: int, field: str
) -> tuple[Value, Issue | None]:
    """A number in the attribute's unit, or the state in its place, held to the attribute's bounds."""
    if isinstance(number, str):
        return Value(attribute, raw, state=number), None
    fault = _bounds_fault(ATTRIBUTES[attribute], number)
    if fault:
        issue = Issue("value-out-of-bounds", line, field, fault, shorten(raw))
        return Value(attribute, raw, state="not provided"), issue
    return Value(attribute, raw, number=number), None


def _bounds_fault(attribute: Attribute, number: float) -> str | None:
    if attribute.low <= number <= attribute.high:
        return None
    what = "is negative" if number < 0 <= attribute.low else f"is not within {attribute.low:g} to {attribute.high:g}"
    return f"{number:g} {what}; the value was not taken"


def weigh_values(
    values: Sequence[Value], *, line: int, organisation: str, field: Callable[[str], str]
) -> tuple[tuple[Value, ...], list[Issue]]:
    """The row's values with the implausible ones marked, and a warning for each finding. `field` names columns."""
    numbers = {value.attribute: value.number for value in values if value.number is not None}
    findings = check_row(numbers, {value.attribute for value in values if value.state == "not applicable"})
    if not findings:
        return tuple(values), []
    raws = {value.attribute: value.raw for value in values}
    reasons = {found.attribute: found.reason for found in reversed(findings) if found.implausible}
    issues = [
        Issue(
            found.rule,
            line,
            field(found.attribute) if found.attribute else None,
            found.reason,
            raws.get(found.attribute) if found.attribute else None,
            organisation,
        )
        for found in findings
    ]
    return tuple(value._replace(implausible=reasons.get(value.attribute)) for value in values), issues
