"""Organisations over time: what one was called on a day, whom it carries on, and whom it leads to today."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Follows:
    """One organisation carries on another from a day on (None: the source gives no day)."""

    predecessor: str
    successor: str
    on: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it had happened by that day; one without a day has always been so."""
        return self.on is None or self.on <= day


@dataclass(frozen=True, slots=True)
class Naming:
    """A name that an edition used. `day` is the day it speaks of; None when it says none."""

    name: str
    day: date | None
    edition_id: int


Successors = Mapping[str, Sequence[Follows]]


def successors_on(successions: Iterable[Follows], day: date) -> dict[str, list[Follows]]:
    """Who follows whom, of what had happened by a day, by the code of the predecessor."""
    found: dict[str, list[Follows]] = {}
    for one in successions:
        if one.holds_on(day) and one not in found.get(one.predecessor, ()):
            found.setdefault(one.predecessor, []).append(one)
    return found


def heirs(code: str, successors: Successors) -> dict[str, date | None]:
    """Every organisation that carries this one on, however indirectly, with the day on which this one ended.

    A circle of codes ends where it began: the organisation itself is none of its own heirs.
    """
    found: dict[str, date | None] = {}
    pending = [(one.successor, one.on) for one in successors.get(code, ())]
    while pending:
        heir, since = pending.pop()
        if heir != code and heir not in found:
            found[heir] = since
            pending += [(one.successor, since) for one in successors.get(heir, ())]
    return found


def current_codes(code: str, successors: Successors) -> tuple[str, ...]:
    """Whom a code leads to in the end: itself when nobody carries it on; several after a split; none in a circle."""
    if code not in successors:
        return (code,)
    return tuple(sorted(heir for heir in heirs(code, successors) if heir not in successors))


def told_current(code: str, successors: Successors) -> str | None:
    """Whom an organisation leads to, where that is not itself: `RAL`."""
    found = [heir for heir in current_codes(code, successors) if heir != code]
    return "; ".join(found) or None


def name_on(current: str, since: date | None, namings: Collection[Naming], day: date) -> str:
    """The name an organisation had on a day: the current one from the day its own list speaks of (`since`; None: not
    yet); before, the one last used by then; before every use, the oldest known."""
    if since is not None and day >= since:
        return current
    dated = sorted((one.day, one.edition_id, one.name) for one in namings if one.day)
    used = [name for on, _, name in dated if on <= day]
    return used[-1] if used else dated[0][2] if dated else current


def status_on(status: str, opened: date | None, closed: date | None, day: date) -> str:
    """Whether an organisation was active on a day, by its own dates; without any, what its list says of it now."""
    if opened and day < opened:
        return "not yet open"
    if closed:
        return "closed" if day >= closed else "active"
    return status
