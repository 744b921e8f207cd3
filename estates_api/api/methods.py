"""The scoring method, for everybody: what is judged, by which value functions and weights, and what stands apart."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import text_answer, wants_html
from estates_api.api.context import Base, Caller, Database, Here
from estates_api.api.links import link
from estates_api.api.pages import page
from estates_api.api.parameters import only
from estates_api.api.plots import draw_plot
from estates_api.domain.method_words import describe_method
from estates_api.store import methods as used
from estates_api.workflows import methods
from estates_api.workflows.backtest import result_of
from estates_api.workflows.capacity import check_capacity, describe_check

router = APIRouter(tags=["method"])

_EITHER: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/html": {}}}}


@router.get("/methods", dependencies=[Depends(only())], response_class=Response, responses=_EITHER)
def list_methods(request: Request, database: Database, here: Here, base: Base) -> Response:
    """The adopted method, and every one that an assessment was made with."""
    rows = {row["sha256"]: dict(row) for row in used.list_methods(database)}
    method = here.method_in_force(database)
    adopted = {"id": method.id, "sha256": method.sha256, "first_used": None, "assessments": 0}
    listed = [rows.pop(method.sha256, adopted) | {"adopted": True}, *reversed(rows.values())]
    said = [{"adopted": False} | row | {"href": f"{base}/methods/{row['sha256']}"} for row in listed]
    for row in said:
        row["first_used"] = row["first_used"] and row["first_used"].isoformat()
    return page(request, "methods.html", {"methods": said}) if wants_html(request) else JSONResponse({"methods": said})


@router.get("/methods/{method}", dependencies=[Depends(only())], response_class=Response, responses=_EITHER)
def get_method(method: str, request: Request, database: Database, caller: Caller, here: Here, base: Base) -> Response:
    """A method by its id or its SHA-256: criteria with weights and points in words, cut-offs, gates, limits, checks,
    priority columns, and what each rests on."""
    adopted = here.method_in_force(database)
    found = methods.get_method(database, method, adopted)
    told, capacity = describe_method(found), check_capacity(database, found.density, caller.audience)
    here_url = f"{base}/methods/{told['sha256']}"
    links = [link(here_url, "self", "application/json", "this method"),
             link(f"{here_url}/file", "describedby", "application/toml", "its file, byte for byte")]  # fmt: skip
    backtest = result_of(found, here.backtest)
    if not wants_html(request):
        return JSONResponse(told | {"backtest": backtest, "capacity_check": describe_check(capacity), "links": links})
    values = {
        "told": told, "adopted": told["sha256"] == adopted.sha256, "plot": draw_plot,
        # What method_backtest.html and method_capacity.html show; they are left out where there is nothing to show.
        "backtest": backtest, "capacity": capacity if found.density else None, "density": found.density,
    }  # fmt: skip
    return page(request, "method.html", values)


@router.get("/methods/{method}/file", dependencies=[Depends(only())], response_class=Response,
            responses={200: {"content": {"application/toml": {}}}})  # fmt: skip
def get_file(method: str, database: Database, here: Here) -> Response:
    """The file of a method, byte for byte: its SHA-256 is the one that assessments carry."""
    content = methods.get_content(database, method, here.method_in_force(database))
    return text_answer(content, "application/toml", {"Content-Disposition": f'attachment; filename="{method}.toml"'})
