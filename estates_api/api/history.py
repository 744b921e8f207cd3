"""Answers of another moment, and for sites that are no longer ones of their own."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from estates_api.api.context import Base, Caller, Context, Database, Here
from estates_api.api.parameters import When
from estates_api.errors import Gone, NotFound
from estates_api.store import features
from estates_api.store.layers import Audience
from estates_api.store.sites import Moment
from estates_api.workflows.history import Past, look_back


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, where, and of which moment (None: the present)."""

    database: Connection
    caller: Audience
    base: str
    query: str
    here: Context
    moment: Moment | None

    def leads_elsewhere(self, ref: str, path: str) -> Response | None:
        """301 to the site that this one became part of, at `path` (with `{}` for the reference); None where it
        stands by itself. Gone with the reason where it was withdrawn; NotFound where the caller may not know of it."""
        fate = self._fate(ref)
        if fate is None:
            return None
        if fate.survivor is None:
            raise Gone(f"{ref} was withdrawn on {fate.at[:10]}: {fate.reason}")
        target = self.base + path.format(quote(fate.survivor, safe=""))
        return RedirectResponse(f"{target}?{self.query}" if self.query else target, 301)

    def _fate(self, ref: str) -> features.Fate | None:
        if self.moment is None or self.moment.known_at is None:
            return features.find_fate(self.database, self.caller, ref)
        seen = set(features.list_refs(self.database, self.caller))
        fate = features.find_fate_then(self.database, ref, self.moment.known_at) if ref in seen else None
        if ref not in seen or (fate and fate.survivor and fate.survivor not in seen):
            raise NotFound(f"there is no site {ref}")
        return fate

    def past(self, moment: Moment) -> Past:
        """Every site at a moment, whoever may see it: what is served of it goes through `seen`."""
        return look_back(self.database, moment, area=self.here.area, method=self.here.method_in_force(self.database))

    def seen(self) -> frozenset[str]:
        """The references of the sites that the caller may see today: today's sensitivity holds for every old view."""
        return frozenset(features.list_refs(self.database, self.caller))

    def check_seen(self, ref: str) -> None:
        """NotFound unless the caller may see the site today: today's sensitivity holds for every old view."""
        if ref not in self.seen():
            raise NotFound(f"there is no site {ref}")

    def past_with(self, ref: str, moment: Moment) -> Past:
        """Every site at a moment, among them this one; NotFound says why it is not there."""
        self.check_seen(ref)
        past = self.past(moment)
        if ref not in past.results:
            raise NotFound(self.unknown(ref, moment))
        return past

    def unknown(self, ref: str, moment: Moment) -> str:
        """Why a site is not there at a moment: it came later, or nothing speaks of it by that day."""
        known_at = moment.known_at
        since = features.find_known_since(self.database, ref)
        if known_at and since and since > known_at:
            return f"{ref} was not known at {known_at.isoformat()}: it came into the catalogue at {since.isoformat()}"
        known = f" and known at {known_at.isoformat()}" if known_at else ""
        return f"nothing is known of {ref} as of {moment.as_of}{known}"


def find_elsewhere(ask: Asked, ref: str, path: str) -> Response | None:
    """Where a holding code leads, or the reference of a site that became part of another; None where it stands."""
    if not ref.startswith(f"{ask.here.area.prefix}-"):
        found = features.find_ref_of_holding(ask.database, ask.caller, ref)
        if found:
            target = ask.base + path.format(found)
            return RedirectResponse(f"{target}?{ask.query}" if ask.query else target, 307)
    return ask.leads_elsewhere(ref, path)


def _asked(
    request: Request, database: Database, caller: Caller, base: Base, here: Here, when: When
) -> Asked:  # fmt: skip
    return Asked(database, caller.audience, base, request.url.query, here, when)


Ask = Annotated[Asked, Depends(_asked)]
