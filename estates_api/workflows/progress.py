"""Progress: what recorded decisions say of every site, for assessments, lists and the register's windows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from estates_api.domain.checks import Found
from estates_api.domain.decisions import known_by, progress_of
from estates_api.domain.particulars import Particulars
from estates_api.domain.progress_words import find_window
from estates_api.domain.registrations import Registration, list_registrations
from estates_api.domain.surplus_clock import Window, window_of
from estates_api.sources.bank_holidays import list_bank_holidays
from estates_api.store import particulars
from estates_api.store.decisions import Decided, list_decided, list_of_circles
from estates_api.store.layers import Audience


def list_particulars(
    connection: Connection, as_of: date, *, present: bool, known_at: datetime | None = None
) -> dict[str, Particulars]:  # fmt: skip
    """What lists tell of every site beside its assessment, with the decisions that all who see the site may see."""
    found = particulars.list_particulars(connection, present=present)
    for ref, decisions in list_of_circles(connection).items():
        known = known_by(decisions, as_of, known_at)
        progress = progress_of(known)
        window = find_window(progress, (), as_of, list_bank_holidays) if progress.registered else None
        found[ref] = replace(found[ref], decisions=known, window=window)
    return found


def list_recorded_checks(
    connection: Connection, as_of: date, known_at: datetime | None = None
) -> dict[str, Mapping[str, Found]]:  # fmt: skip
    """The checks on which a decision is recorded, by site, of those that all who see the site may see."""
    decided = list_of_circles(connection)
    return {ref: progress_of(known_by(decisions, as_of, known_at)).checks for ref, decisions in decided.items()}


@dataclass(frozen=True, slots=True)
class Registered:
    """A site on the register of surplus public sector land, who entered it, when that was recorded, and its window.

    `ended` says how it ended before its time, and `ended_on` when; `recorded_at` is then when that was recorded.
    `sequence` counts the changes of what is told of it.
    """

    site: str
    name: str
    borough: str | None
    organisation: str
    recorded_at: datetime
    window: Window
    ended: str = ""
    ended_on: date | None = None
    sequence: int = 0


def list_registered(connection: Connection, audience: Audience, as_of: date) -> list[Registered]:
    """The sites that stand on the register on a day, as far as an audience may know, and those whose window ended
    before its last day, by that day."""
    found = [
        registered
        for decided in list_decided(connection, audience).values()
        for one in list_registrations(known_by(decided.decisions, as_of))
        if (registered := _registered(decided, one, as_of))
    ]
    return sorted(found, key=lambda one: (one.window.ends_at or date.max, one.site))


def _registered(decided: Decided, one: Registration, as_of: date) -> Registered | None:
    """None where the window had run its course before the site turned another way."""
    entry, end = one.entry, one.ended or one.entry
    window = window_of(entry.decided_on, (entry.by.sector, entry.by.kind), as_of=as_of,
                       bank_holidays=list_bank_holidays)  # fmt: skip
    assert window.ends_at is not None
    assert end.at is not None
    if one.ended and not one.ended.reverses and one.ended.decided_on > window.ends_at:
        return None
    return Registered(decided.site, decided.site_name, decided.borough, entry.by.name, end.at, window, one.how,
                      one.ended.decided_on if one.ended else None, one.sequence)  # fmt: skip
