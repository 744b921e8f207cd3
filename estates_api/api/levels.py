"""Levels: boroughs, sub-region and London added up, and release and reuse by deprivation."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import text_answer, wants_html
from estates_api.api.context import Caller, Database, Here
from estates_api.api.pages import page
from estates_api.api.parameters import only, today
from estates_api.domain.levels import EQUITY_FIELDS, FIELDS, Row
from estates_api.exports.issues import MEDIA_TYPE, write_lines
from estates_api.workflows.levels import read_equity, read_levels

router = APIRouter(tags=["sites"])

_FORMS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/csv": {}, "text/html": {}}}}


@router.get("/levels", dependencies=[Depends(only(also=("csv",)))], response_class=Response, responses=_FORMS)
def levels(request: Request, database: Database, caller: Caller, here: Here) -> Response:
    """Sites, land, homes, backlog avoided, empty space, routes and coverage by borough, sub-region and London: of the
    latest assessment by the method, as far as the caller may see. Each sum is beside of how many sites it is known.
    `listed` is the same of the list that is published for this quarter, pins and strikes included."""
    found = read_levels(database, caller.audience, here.area, today())
    if request.query_params.get("f") == "csv":
        return _csv(found["levels"], FIELDS, "levels")
    if wants_html(request):
        return page(request, "levels.html", {"found": found})
    return JSONResponse(found)


@router.get("/levels/equity", dependencies=[Depends(only(also=("csv",)))], response_class=Response,
            responses=_FORMS)  # fmt: skip
def equity(request: Request, database: Database, caller: Caller, here: Here) -> Response:
    """Release and reuse inside the area by decile of deprivation, for all boroughs together and for each: by the
    method, and as `listed` for this quarter."""
    found = read_equity(database, caller.audience, here.area, today())
    if request.query_params.get("f") == "csv":
        return _csv(found["rows"], EQUITY_FIELDS, "equity")
    if wants_html(request):
        return page(request, "equity.html", {"found": found})
    return JSONResponse(found)


def _csv(rows: Sequence[Row], fields: Sequence[str], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return text_answer("".join(write_lines(rows, fields)), MEDIA_TYPE, headers)
