"""The windows in which public bodies may claim what stands on the register of surplus public sector land."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import text_answer, wants_html
from estates_api.api.context import Base, Caller, Database, Here
from estates_api.api.pages import page
from estates_api.api.parameters import AsOf, only, today
from estates_api.domain.moments import write_day
from estates_api.domain.progress_words import describe_window
from estates_api.domain.surplus_clock import CONVENTION, WORKING_DAYS
from estates_api.domain.timeline import Spell, draw_timeline
from estates_api.domain.values import counted
from estates_api.exports.calendar import MEDIA_TYPE, Entry, write_calendar
from estates_api.workflows.progress import Registered, list_registered

router = APIRouter(tags=["decisions"])


@router.get("/surplus-windows", dependencies=[Depends(only("as-of"))], response_class=Response,
            responses={200: {"content": {"application/json": {}, "text/html": {}}}})  # fmt: skip
def windows(request: Request, database: Database, caller: Caller, base: Base, as_of: AsOf) -> Response:
    """The sites on the register, the window that ends first before the others: in window, or open market by now; apart
    from them those whose window ended before its last day, and how: `ended`."""
    day = as_of or today()
    found = list_registered(database, caller.audience, day)
    told = {
        "as_of": day.isoformat(), "convention": CONVENTION,
        "windows": [_told(one, base) for one in found if not one.ended],
        "ended": [_told(one, base) | _end(one) for one in found if one.ended],
    }  # fmt: skip
    return _page(request, told, found, day) if wants_html(request) else JSONResponse(told)


def _page(request: Request, told: Mapping[str, Any], found: Sequence[Registered], day: date) -> Response:
    """The windows that are open are drawn on a timeline; all are in the table."""
    spells = [_spell(one) for one in found if one.window.standing == "in window" and not one.ended]
    return page(request, "windows.html", {**told, "timeline": draw_timeline(spells, day), "days": WORKING_DAYS})


def _spell(one: Registered) -> Spell:
    begins, ends = one.window.registered_at, one.window.ends_at
    assert begins is not None
    assert ends is not None
    left = counted(one.window.working_days_left or 0, "working day")
    return Spell(one.name, begins, ends, f"until {write_day(ends)}, {left} left")


@router.get("/surplus-windows.ics", dependencies=[Depends(only())], response_class=Response,
            responses={200: {"content": {"text/calendar": {}}}})  # fmt: skip
def calendar(database: Database, caller: Caller, base: Base, here: Here) -> Response:
    """The last days of the windows as a calendar to subscribe to (iCalendar). A window that ended before its last day
    is a cancelled event, so that calendars take it out."""
    entries = [_entry(one, base, here.area.id) for one in list_registered(database, caller.audience, today())]
    return text_answer(write_calendar(f"Surplus public land, {here.area.name}: last day to claim", entries), MEDIA_TYPE,
                       {"Content-Disposition": 'inline; filename="surplus-windows.ics"'})  # fmt: skip


def _told(one: Registered, base: str) -> dict[str, Any]:
    window = describe_window(one.window)
    window.pop("convention")
    return {"site": one.site, "name": one.name, "borough": one.borough, "organisation": one.organisation, **window,
            "href": f"{base}/sites/{one.site}/decisions"}  # fmt: skip


def _end(one: Registered) -> dict[str, Any]:
    return {"standing": "ended", "ended_on": one.ended_on.isoformat() if one.ended_on else None, "ended": one.ended}


def _entry(one: Registered, base: str, area: str) -> Entry:
    """The same `uid` by whatever address the feed is asked for."""
    assert one.window.ends_at is not None
    said = (f"{one.organisation} registered it on {one.window.registered_at}. Public bodies may claim it until "
            f"{one.window.ends_at}; then it goes to the open market. {CONVENTION}.")  # fmt: skip
    if one.ended:
        said = f"{one.organisation} registered it on {one.window.registered_at}, and {one.ended}. There is no window."
    return Entry(
        uid=f"surplus-window-{one.site}-{one.window.registered_at}@{area}.estates-api",
        stamp=one.recorded_at.astimezone(UTC).replace(microsecond=0),
        day=one.window.ends_at,
        title=f"{'Ended, not to be claimed' if one.ended else 'Last day to claim'}: {one.name}",
        said=said,
        url=f"{base}/sites/{one.site}/decisions",
        sequence=one.sequence,
        cancelled=bool(one.ended),
    )
