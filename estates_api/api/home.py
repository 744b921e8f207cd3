"""The front page, and whether the service is well."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection, RowMapping
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import wants_html
from estates_api.api.context import Base, Caller, Database, Here, reading
from estates_api.api.ogc import landing
from estates_api.api.pages import page
from estates_api.api.parameters import only, today
from estates_api.api.shortlists import seeing
from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.quarters import parse_quarter, quarter_of
from estates_api.errors import Unavailable
from estates_api.store import features
from estates_api.store.health import list_obstacles
from estates_api.store.shortlists import Seeing, list_shortlists
from estates_api.workflows.shortlist import get_shortlist

router = APIRouter(tags=["service"])

COUNTED = ("sites", "holdings", "outlines")
"""The collections that the front page counts."""


@router.get("/", dependencies=[Depends(only())], response_class=Response,
            responses={200: {"content": {"application/json": {}, "text/html": {}}}})  # fmt: skip
def home(request: Request, database: Database, caller: Caller, base: Base, here: Here) -> Response:
    """The landing page: links for programs; for people the list of this quarter, and where those of others are."""
    if not wants_html(request):
        return JSONResponse(landing(base))
    counts = {name: features.get_summary(database, caller.audience, name).features for name in COUNTED}
    shown = {"drafts": caller.drafts, "counts": counts, "registry": COLLECTIONS,
             "method": here.method_in_force(database)}  # fmt: skip
    return page(request, "home.html", shown | _lists(database, seeing(caller)))


def _lists(database: Connection, seen: Seeing) -> dict[str, Any]:
    """This quarter's list, or while there is none the newest one, as the caller may see it; and the other quarters. Of
    each quarter what is published counts, a draft only where nothing is."""
    present, found = str(quarter_of(today())), dict[str, RowMapping]()
    for row in list_shortlists(database, seen):
        if row["quarter"] not in found or (found[row["quarter"]]["status"], row["status"]) == ("draft", "published"):
            found[row["quarter"]] = row
    first = found.get(present) or next(iter(found.values()), None)
    shown = get_shortlist(database, parse_quarter(first["quarter"]), seen, first["revision"]) if first else None
    others = [row for row in found.values() if row is not first]
    return {"present": present, "frozen": shown, "others": others}


@router.get("/health/live", dependencies=[Depends(only())])
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


async def _reads(request: Request) -> None:
    await reading(request).check_server()


@router.get("/health/ready", dependencies=[Depends(only()), Depends(_reads)])
def ready(database: Database) -> dict[str, str]:
    """The database answers, has this version's schema and a disk with room, and takes changes; 503 with every reason
    otherwise."""
    if obstacles := list_obstacles(database):
        raise Unavailable("; ".join(obstacles))
    return {"status": "ready"}
