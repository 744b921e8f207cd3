"""Decisions: what public bodies decided on a site, in order. Its state is what their replay comes to, and nothing else
holds it: nothing is changed or removed, and a step that is taken back is taken back by another step."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Literal

from estates_api.domain.gates import PUBLIC
from estates_api.domain.records import Sensitivity
from estates_api.domain.transitions import FIRST, TRANSITIONS, State

PARTNERS = ("NHS", "council")
"""The sectors that agree with each other on the partnership's list, on an equal footing."""

Outcome = Literal["done", "does not apply"]

STAYING = frozenset(name for name, step in TRANSITIONS.items() if step.to_state is None)
"""The steps that leave the state as it is."""


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation as it was when it decided. `kind` is what its list calls it; blank where no list does."""

    code: str
    name: str
    sector: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One step in a site's life, as an organisation's board or cabinet took it. `id` grows with every one recorded, 0
    before it is; `at` is when it was recorded, `actor` who did."""

    id: int
    site: str
    step: str
    by: Body
    body: str
    decided_on: date
    minute_reference: str
    reason: str
    actor: str
    sensitivity: Sensitivity = "public"
    citation: str | None = None
    reverses: int | None = None
    check: str | None = None
    outcome: Outcome | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    at: datetime | None = None

    def told(self) -> str:
        """Who decided, when, and where to read it: `Cabinet of London Borough of Barnet, 2017-05-03, minute 12`."""
        return f"{self.body} of {self.by.name}, {self.decided_on}, minute {self.minute_reference}"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a sequence of decisions comes to. `standing` are those that no later one takes back."""

    state: State
    standing: tuple[Decision, ...]

    @property
    def moved(self) -> Decision | None:
        """The step that led to the state; None at the beginning."""
        return next((one for one in reversed(self.standing) if TRANSITIONS[one.step].to_state), None)

    @property
    def comment(self) -> Decision | None:
        """The comment period on the proposal that stands."""
        found = self._since("consult", passing=set(TRANSITIONS) - {"propose"})
        movers = [one for one in self.standing if found and one.id < found.id and TRANSITIONS[one.step].to_state]
        return found if movers and movers[-1].step == "propose" else None

    @property
    def registered(self) -> Decision | None:
        """The entry on the register of surplus public sector land, unless the site turned another way since."""
        return self._since("register", passing={"market", "release", *STAYING})

    @property
    def endorsements(self) -> tuple[Decision, ...]:
        """Agreements of the other sector, in their order."""
        return tuple(one for one in self.standing if one.step == "endorse")

    @property
    def checks(self) -> dict[str, tuple[Outcome, str]]:
        """What is recorded of the checks before disposal: how each stands, and how that is known."""
        recorded = (one for one in self.standing if one.step == "check")
        return {one.check: (one.outcome, one.told()) for one in recorded if one.check and one.outcome}

    def _since(self, step: str, *, passing: Collection[str]) -> Decision | None:
        """The last of a step, if only these were taken after it."""
        for one in reversed(self.standing):
            if one.step == step:
                return one
            if one.step not in passing:
                return None
        return None


def progress_of(decisions: Sequence[Decision]) -> Progress:
    """The replay of decisions in the order of their ids, such as those that an audience may see."""
    back = {one.reverses for one in decisions}
    standing = tuple(one for one in decisions if one.reverses is None and one.id not in back)
    reached = [state for one in standing if (state := TRANSITIONS[one.step].to_state)]
    return Progress(reached[-1] if reached else FIRST, standing)


def states_along(decisions: Sequence[Decision]) -> list[tuple[State, State]]:
    """The state before and after each of the decisions."""
    states = [progress_of(decisions[:number]).state for number in range(len(decisions) + 1)]
    return list(pairwise(states))


def known_by(decisions: Iterable[Decision], as_of: date, known_at: datetime | None = None) -> tuple[Decision, ...]:
    """The decisions that were taken by a day, and recorded by a moment (now if left out)."""
    return tuple(
        one for one in decisions
        if one.decided_on <= as_of and (known_at is None or one.at is None or one.at <= known_at)
    )  # fmt: skip


def partner_sectors(progress: Progress, owner_sectors: Collection[str]) -> tuple[str, ...]:
    """The sectors whose agreement the partnership's list wants: those that have not decided on the site themselves.
    Before any decision, those that do not own it; both where both own it, or it is not known who does."""
    decided = {one.by.sector for one in progress.standing if TRANSITIONS[one.step].to_state}
    owning = PUBLIC & set(owner_sectors)
    spoken = decided or (owning if len(owning) == 1 else set())
    return tuple(sector for sector in PARTNERS if sector not in spoken)


def missing_sectors(progress: Progress, owner_sectors: Collection[str]) -> tuple[str, ...]:
    """The sectors whose agreement is not there yet. It is shown, and keeps no owner from deciding."""
    agreed = {one.by.sector for one in progress.endorsements}
    return tuple(sector for sector in partner_sectors(progress, owner_sectors) if sector not in agreed)


def comment_standing(opens_on: date, closes_on: date, day: date) -> Literal["not yet open", "open", "closed"]:
    """How a comment period stands on a day; its first and its last day belong to it."""
    if day < opens_on:
        return "not yet open"
    return "open" if day <= closes_on else "closed"
