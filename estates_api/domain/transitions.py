"""The states of a site on its way to release or reuse, and the steps between them: data, and nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

State = Literal[
    "identified", "proposed surplus", "declared surplus", "registered", "in disposal", "released",
    "approved for reuse", "reused", "retained",
]  # fmt: skip
STATES: tuple[State, ...] = get_args(State)
FIRST: State = "identified"

Who = Literal["owner", "other sector", "whoever took it"]

ALWAYS = ("organisation", "body", "decided_on", "minute_reference", "reason")
"""What every step says: which organisation decided, by which of its bodies, when, under which minute, and why."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A step: what it means, from which states it can be taken, where it leads (None: the state stays), whose it is,
    and what it says besides ALWAYS."""

    title: str
    from_states: tuple[State, ...]
    to_state: State | None
    who: Who = "owner"
    needs: tuple[str, ...] = ()


TRANSITIONS: Mapping[str, Transition] = {
    "propose": Transition("proposes the site as surplus", ("identified", "retained"), "proposed surplus"),
    "consult": Transition(
        "opens a public comment period", ("proposed surplus",), None, needs=("opens_on", "closes_on")
    ),
    "declare": Transition("declares the site surplus", ("identified", "proposed surplus"), "declared surplus"),
    "register": Transition(
        "enters it on the register of surplus public sector land", ("declared surplus",), "registered"
    ),
    "market": Transition("starts the disposal", ("declared surplus", "registered"), "in disposal"),
    "release": Transition("completes the disposal", ("in disposal",), "released"),
    "approve-reuse": Transition(
        "approves another public use", ("identified", "proposed surplus", "declared surplus", "registered"),
        "approved for reuse",
    ),
    "reuse": Transition("takes the new use up", ("approved for reuse",), "reused"),
    "retain": Transition(
        "keeps the site as it is",
        ("identified", "proposed surplus", "declared surplus", "registered", "in disposal", "approved for reuse"),
        "retained",
    ),
    "endorse": Transition("agrees, for the other sector, to the site on the partnership's list", STATES, None,
                          "other sector"),
    "check": Transition("records a check before disposal", STATES, None, needs=("check", "outcome")),
    "reverse": Transition("takes back an earlier step", STATES, None, "whoever took it", needs=("reverses",)),
}  # fmt: skip
"""Every step by its name. What a reversal leads to is the state before the step that it takes back."""


def moves() -> Iterator[tuple[State, State, str]]:
    """Every move as (from, to, step), by state and step."""
    for state in STATES:
        for name, step in TRANSITIONS.items():
            if step.to_state and state in step.from_states:
                yield state, step.to_state, name


def state_diagram() -> str:
    """The moves as a Mermaid state diagram."""
    names = {state: state.replace(" ", "_") for state in STATES}
    lines = ["stateDiagram-v2", f"    [*] --> {names[FIRST]}"]
    lines += [f"    {names[state]} --> {names[to]}: {step}" for state, to, step in moves()]
    left = {state for state, _, _ in moves()}
    lines += [f"    {names[state]} --> [*]" for state in STATES if state not in left]
    return "\n".join(lines)
