"""What a person states to have a decision recorded: parsed once, for the command line and over HTTP alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from estates_api.domain.decisions import Outcome
from estates_api.domain.records import Sensitivity
from estates_api.domain.transitions import ALWAYS, STATES, TRANSITIONS, State
from estates_api.domain.values import parse_day, parse_statement, shorten
from estates_api.errors import BadInput

FIELDS: Mapping[str, str] = {
    "step": f"The step: {', '.join(TRANSITIONS)}",
    "organisation": "Code of the organisation that decided, such as RAL or E09000003",
    "body": "Which of its bodies decided: board, cabinet, committee",
    "decided_on": "The day of the decision, 2026-11-03",
    "minute_reference": "Where the minutes have it",
    "reason": "Why; shown to whoever may see the step",
    "by": "Who records it",
    "sensitivity": "Who may see the step: public (if left out), partner or owner",
    "citation": "Address of the minutes, https://…",
    "reverses": "reverse: number of the step that is taken back",
    "check": "check: which one, by its id in the method",
    "outcome": "check: done, or does not apply",
    "opens_on": "consult: first day of the comment period",
    "closes_on": "consult: its last day",
    "expected_state": "The state that you saw; if it is another one by now, nothing is recorded",
}
"""Every field and what it means. All are texts."""

REQUIRED = ("step", *ALWAYS, "by")
OF_STEPS = frozenset(name for step in TRANSITIONS.values() for name in step.needs)
"""The fields that belong to some steps alone."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A decision as it is stated. `sensitivity` None: public, or for a reversal that of the step that is taken back."""

    step: str
    organisation: str
    body: str
    decided_on: date
    minute_reference: str
    reason: str
    by: str
    sensitivity: Sensitivity | None = None
    citation: str | None = None
    reverses: int | None = None
    check: str | None = None
    outcome: Outcome | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    expected_state: State | None = None


def parse_stated(given: Mapping[str, str]) -> Stated:
    """A decision from its fields, blank ones left out; BadInput names the field."""
    said = {name: text for name, text in given.items() if text.strip()}
    if unknown := sorted(said.keys() - FIELDS.keys()):
        raise BadInput(f"{shorten(unknown[0])}: there is no such field; there are {', '.join(FIELDS)}")
    step = _one_of("step", said.get("step", ""), tuple(TRANSITIONS))
    needed = (*REQUIRED, *TRANSITIONS[step].needs)
    if missing := [name for name in needed if name not in said]:
        raise BadInput(f"{missing[0]}: {step} needs {', '.join(needed)}")
    if odd := sorted(OF_STEPS & said.keys() - set(TRANSITIONS[step].needs)):
        raise BadInput(f"{odd[0]}: this belongs to another step than {step}")
    read = {name: _PARSE.get(name, parse_statement)(name, text) for name, text in said.items() if name != "step"}
    return Stated(step, **read)


def parse_one_day(field: str, text: str) -> date:
    """One exact day."""
    try:
        found = parse_day(text)
    except BadInput as error:
        raise BadInput(f"{field}: {error.detail}") from None
    if found is None:
        raise BadInput(f"{field}: write a day, 2026-11-03")
    return found


def parse_address(field: str, text: str) -> str:
    """A web address."""
    if not text.startswith(("https://", "http://")):
        raise BadInput(f"{field}: write it with https://")
    return parse_statement(field, text)


def _one_of(field: str, text: str, names: tuple[str, ...]) -> str:
    if text not in names:
        raise BadInput(f"{field}: {shorten(text)!r} is none; one of {', '.join(names)}")
    return text


def _number(field: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput(f"{field}: {shorten(text)!r} is no number of a step")
    return int(text)


_PARSE: Mapping[str, Callable[[str, str], Any]] = {
    "decided_on": parse_one_day, "opens_on": parse_one_day, "closes_on": parse_one_day, "citation": parse_address,
    "reverses": _number,
    "sensitivity": lambda field, text: _one_of(field, text, get_args(Sensitivity)),
    "outcome": lambda field, text: _one_of(field, text, get_args(Outcome)),
    "expected_state": lambda field, text: _one_of(field, text, STATES),
}  # fmt: skip
