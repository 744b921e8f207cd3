"""The front page, and whether the service is well."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import wants_html
from estates_api.api.context import Base, Caller, Database, Drafts
from estates_api.api.ogc import landing
from estates_api.api.pages import page
from estates_api.api.parameters import only
from estates_api.api.shortlists import check_seen
from estates_api.errors import KeyNeeded
from estates_api.store import features
from estates_api.store import shortlists as stored
from estates_api.store.database import check_schema
from estates_api.workflows.shortlist import Frozen

router = APIRouter(tags=["service"])


@router.get("/", dependencies=[Depends(only())], response_class=Response)
def home(request: Request, database: Database, caller: Caller, drafts: Drafts, base: Base) -> Response:
    """The landing page: links for programs, this quarter's list beside March 2015 for people."""
    if not wants_html(request):
        return JSONResponse(landing(base))
    seen = () if caller == "complete" else features.list_refs(database, caller)
    shown = [frozen for row in _newest(database) if (frozen := _seen(row, drafts, seen))]
    counts = {name: features.extent(database, caller, name)["count"] for name in features.FEATURES}
    return page("home.html", {"lists": shown, "drafts": drafts, "counts": counts, "base": base})


def _newest(database: Database) -> list[Any]:
    """The newest revision of each quarter, newest quarter first."""
    quarters = sorted({row["quarter"] for row in stored.list_shortlists(database)}, reverse=True)
    return [row for quarter in quarters if (row := stored.find_shortlist(database, quarter))]


def _seen(row: Any, drafts: bool, seen: Any) -> Frozen | None:  # noqa: FBT001
    frozen = Frozen(row["quarter"], row["revision"], row["status"], bytes(row["content"]), row["sha256"])
    try:
        check_seen(frozen, drafts=drafts, seen=seen)
    except KeyNeeded:
        return None
    return frozen


@router.get("/health/live", dependencies=[Depends(only())])
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready", dependencies=[Depends(only())])
def ready(database: Database) -> dict[str, str]:
    """The database answers and its schema is this version's; 503 with the reason otherwise."""
    check_schema(database)
    return {"status": "ready"}


