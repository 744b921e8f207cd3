"""The time machine over HTTP: JSON, a page, or a PDF."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import wants_html
from estates_api.api.context import Caller, Database, Here
from estates_api.api.files import Files, Sent
from estates_api.api.pages import page
from estates_api.api.parameters import only, today
from estates_api.domain.shortlist import canonical_bytes, fingerprint
from estates_api.exports.lists import TIME_MACHINE
from estates_api.workflows.handing_out import write_time_machine
from estates_api.workflows.time_machine import time_machine

router = APIRouter(tags=["shortlists"])

_EITHER: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/html": {}}}}


@router.get("/time-machine", dependencies=[Depends(only())], response_class=Response, responses=_EITHER)
def look_back(request: Request, database: Database, here: Here, caller: Caller) -> Response:
    """The lists of earlier years, drawn up as of the days that editions of the returns speak of, each beside what then
    happened: what they got right, what they missed, and what they listed to no effect. As a file:
    `/time-machine.json`, `/time-machine.pdf`."""
    found = _found(database, here, caller)
    return page(request, "time_machine.html", {"found": found}) if wants_html(request) else JSONResponse(found)


@router.get("/time-machine.json", dependencies=[Depends(only())], response_class=JSONResponse)
def as_json(database: Database, here: Here, caller: Caller) -> Response:
    """The time machine as JSON."""
    return JSONResponse(_found(database, here, caller))


@router.get("/time-machine.pdf", dependencies=[Depends(only())], response_class=Response,
            responses={200: {"content": {"application/pdf": {}}}})  # fmt: skip
def as_pdf(request: Request, database: Database, here: Here, caller: Caller) -> Response:
    """The time machine as a report that prints."""
    found = _found(database, here, caller)
    files: Files = request.app.state.files
    key = ("time machine", fingerprint(canonical_bytes(found)))
    path = files.get(key)
    if path is None:
        path = files.new(TIME_MACHINE.suffix)
        write_time_machine(found, path)
        files.keep(key, path)
    headers = {"Content-Disposition": 'attachment; filename="time-machine.pdf"', "Cache-Control": "private, no-cache"}
    return Sent(path, headers=headers, media_type=TIME_MACHINE.media_type)


def _found(database: Database, here: Here, caller: Caller) -> dict[str, Any]:
    method = here.method_in_force(database)
    return time_machine(
        database, area=here.area, method=method, today=today(), audience=caller.circle, backtest=here.backtest
    )  # fmt: skip
