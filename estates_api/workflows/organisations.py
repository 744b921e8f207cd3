"""Organisations over time: what one is and was called, whom it carries on, whom it leads to, and what it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from estates_api.domain.organisations import (
    Follows,
    Naming,
    current_codes,
    heirs,
    name_on,
    status_on,
    successors_on,
)
from estates_api.errors import NotFound
from estates_api.store import organisations as stored
from estates_api.store.layers import Audience
from estates_api.store.organisations import Successions

Namings = Mapping[str, Sequence[tuple[Naming, str]]]


@dataclass(frozen=True, slots=True)
class Register:
    """Who follows whom, of what an audience may know, and the day that is asked about."""

    successions: Successions
    day: date
    today: date

    def describe(self, row: RowMapping, namings: Namings) -> dict[str, Any]:
        """One organisation, as it was on the day and as it is now."""
        code = row["code"]
        used = [naming for naming, _ in namings.get(code, ())]
        name = name_on(row["name"], row["since"], used, self.day)
        return {
            "code": code,
            "name": name,
            "name_now": row["name"],
            "sector": row["sector"],
            "kind": row["kind"],
            "status": status_on(row["status"], row["opened"], row["closed"], self.day),
            "status_now": row["status"],
            "opened": _iso(row["opened"]),
            "closed": _iso(row["closed"]),
            "address": row["address"],
            "postcode": row["postcode"],
            "edition": row["edition"],
            "names": [{"name": naming.name, "as_of": _iso(naming.day), "edition": edition}
                      for naming, edition in namings.get(code, ())],
            "predecessors": self._related(one for one in self.successions.follows if one.successor == code),
            "succeeded_by": self._related(one for one in self.successions.follows if one.predecessor == code),
            "current": list(current_codes(code, successors_on(self.successions.follows, self.today))),
        }  # fmt: skip

    def _related(self, found: Any) -> list[dict[str, Any]]:
        return [
            {"predecessor": one.predecessor, "successor": one.successor, "on": _iso(one.on),
             "edition": self.successions.sources[one.predecessor, one.successor]}
            for one in dict.fromkeys(found)
        ]  # fmt: skip

    def with_predecessors(self, code: str) -> list[str]:
        """A code and every code that it carries on, however indirectly."""
        backwards: dict[str, list[Follows]] = {}
        for one in self.successions.follows:
            turned = Follows(one.successor, one.predecessor, one.on)
            backwards.setdefault(one.successor, []).append(turned)
        return [code, *sorted(heirs(code, backwards))]


def open_register(connection: Connection, audience: Audience, day: date | None, today: date) -> Register:
    """What an audience may know of who follows whom."""
    return Register(stored.list_successions(connection, audience), day or today, today)


def list_organisations(
    connection: Connection, audience: Audience, register: Register, *, after: str = "", limit: int
) -> list[dict[str, Any]]:
    """Organisations by code, from after one on."""
    rows = stored.list_organisations(connection, audience, after=after, limit=limit)
    namings = stored.list_namings(connection, audience, [row["code"] for row in rows])
    return [register.describe(row, namings) for row in rows]


def get_organisation(connection: Connection, audience: Audience, register: Register, code: str) -> dict[str, Any]:
    """One organisation with the holdings of it and of its predecessors, at the sites that the audience may see.

    NotFound when no file that the audience may see names it.
    """
    wanted = code.upper()
    row = next(iter(stored.list_organisations(connection, audience, code=wanted)), None)
    if row is None:
        raise NotFound(f"there is no organisation {shown(code)}")
    described = register.describe(row, stored.list_namings(connection, audience, [wanted]))
    holdings = stored.list_holdings_of(connection, audience, register.with_predecessors(wanted))
    return described | {"holdings": holdings}


def shown(code: str) -> str:
    """A code that somebody asked for, short enough to repeat."""
    return repr(code[:40])


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
