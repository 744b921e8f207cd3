"""The windows in which public bodies may claim what stands on the register of surplus public sector land."""

from datetime import UTC
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import text_answer, wants_html
from estates_api.api.context import Base, Caller, Database, Here
from estates_api.api.pages import page
from estates_api.api.parameters import AsOf, only, today
from estates_api.domain.progress_words import describe_window
from estates_api.domain.surplus_clock import CONVENTION
from estates_api.exports.calendar import MEDIA_TYPE, Entry, write_calendar
from estates_api.workflows.progress import Registered, list_registered

router = APIRouter(tags=["decisions"])


@router.get("/surplus-windows", dependencies=[Depends(only("as-of"))], response_class=Response,
            responses={200: {"content": {"application/json": {}, "text/html": {}}}})  # fmt: skip
def windows(request: Request, database: Database, caller: Caller, base: Base, as_of: AsOf) -> Response:
    """The sites on the register, the window that ends first before the others: in window, or open market by now."""
    day = as_of or today()
    rows = [_told(one, base) for one in list_registered(database, caller, day)]
    told = {"as_of": day.isoformat(), "convention": CONVENTION, "windows": rows}
    return page(request, "windows.html", told) if wants_html(request) else JSONResponse(told)


@router.get("/surplus-windows.ics", dependencies=[Depends(only())], response_class=Response,
            responses={200: {"content": {"text/calendar": {}}}})  # fmt: skip
def calendar(database: Database, caller: Caller, base: Base, here: Here) -> Response:
    """The last days of the windows as a calendar to subscribe to (iCalendar)."""
    entries = [_entry(one, base, here.area.id) for one in list_registered(database, caller, today())]
    return text_answer(write_calendar(f"Surplus public land, {here.area.name}: last day to claim", entries), MEDIA_TYPE,
                       {"Content-Disposition": 'inline; filename="surplus-windows.ics"'})  # fmt: skip


def _told(one: Registered, base: str) -> dict[str, Any]:
    window = describe_window(one.window)
    window.pop("convention")
    return {"site": one.site, "name": one.name, "borough": one.borough, "organisation": one.organisation, **window,
            "href": f"{base}/sites/{one.site}/decisions"}  # fmt: skip


def _entry(one: Registered, base: str, area: str) -> Entry:
    """The same `uid` by whatever address the feed is asked for."""
    assert one.window.ends_at is not None
    said = (f"{one.organisation} registered it on {one.window.registered_at}. Public bodies may claim it until "
            f"{one.window.ends_at}; then it goes to the open market. {CONVENTION}.")  # fmt: skip
    return Entry(
        uid=f"surplus-window-{one.site}-{one.window.registered_at}@{area}.estates-api",
        stamp=one.recorded_at.astimezone(UTC).replace(microsecond=0),
        day=one.window.ends_at,
        title=f"Last day to claim: {one.name}",
        said=said,
        url=f"{base}/sites/{one.site}/decisions",
    )
