"""The front page, and whether the service is well."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import wants_html
from estates_api.api.context import Base, Database, Here, View
from estates_api.api.ogc import landing
from estates_api.api.pages import page
from estates_api.api.parameters import only
from estates_api.api.shortlists import seeing
from estates_api.domain.collections import COLLECTIONS
from estates_api.store import features
from estates_api.store.database import check_schema
from estates_api.workflows.shortlist import list_seen

router = APIRouter(tags=["service"])

COUNTED = ("sites", "holdings", "outlines")
"""The collections that the front page counts."""


@router.get("/", dependencies=[Depends(only())], response_class=Response,
            responses={200: {"content": {"application/json": {}, "text/html": {}}}})  # fmt: skip
def home(request: Request, database: Database, view: View, base: Base, here: Here) -> Response:
    """The landing page: links for programs, this quarter's list beside March 2015 for people."""
    if not wants_html(request):
        return JSONResponse(landing(base))
    counts = {name: features.get_summary(database, view.audience, name).features for name in COUNTED}
    lists = list_seen(database, seeing(view))
    shown = {"lists": lists, "drafts": view.drafts, "counts": counts, "registry": COLLECTIONS,
             "method": here.method_in_force(database)}  # fmt: skip
    return page(request, "home.html", shown)


@router.get("/health/live", dependencies=[Depends(only())])
def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready", dependencies=[Depends(only())])
def ready(database: Database) -> dict[str, str]:
    """The database answers and its schema is this version's; 503 with the reason otherwise."""
    check_schema(database)
    return {"status": "ready"}
