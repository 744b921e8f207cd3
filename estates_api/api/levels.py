"""Levels: boroughs, sub-region and London added up, and release and reuse by deprivation."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import text_answer, wants_html
from estates_api.api.context import Caller, Database, Here
from estates_api.api.pages import page
from estates_api.api.parameters import only
from estates_api.domain.levels import EQUITY_FIELDS, FIELDS, Row, describe_equity, describe_levels
from estates_api.exports.issues import MEDIA_TYPE, write_lines
from estates_api.store.levels import count_neighbourhoods, list_rolled, list_unplaced

router = APIRouter(tags=["sites"])

_FORMS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/csv": {}, "text/html": {}}}}


@router.get("/levels", dependencies=[Depends(only(also=("csv",)))], response_class=Response, responses=_FORMS)
def levels(request: Request, database: Database, caller: Caller, here: Here) -> Response:
    """Sites, land, homes, backlog avoided, empty space, routes and coverage by borough, sub-region and London: of the
    latest assessment, as far as the caller may see. Each sum is beside of how many sites it is known."""
    unplaced = list_unplaced(database, caller, here.area)
    found = describe_levels(list_rolled(database, caller), here.area, unplaced)
    if request.query_params.get("f") == "csv":
        return _csv(found["levels"], FIELDS, "levels")
    if wants_html(request):
        return page(request, "levels.html", {"found": found})
    return JSONResponse(found)


@router.get("/levels/equity", dependencies=[Depends(only(also=("csv",)))], response_class=Response,
            responses=_FORMS)  # fmt: skip
def equity(request: Request, database: Database, caller: Caller, here: Here) -> Response:
    """Release and reuse inside the area by decile of deprivation, for all boroughs together and for each."""
    found = describe_equity(list_rolled(database, caller), here.area, count_neighbourhoods(database))
    if request.query_params.get("f") == "csv":
        return _csv(found["rows"], EQUITY_FIELDS, "equity")
    if wants_html(request):
        return page(request, "equity.html", {"found": found})
    return JSONResponse(found)


def _csv(rows: Sequence[Row], fields: Sequence[str], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return text_answer("".join(write_lines(rows, fields)), MEDIA_TYPE, headers)
