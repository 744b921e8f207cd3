"""`POST /assessments`: every site scored anew on today's data, so that what was handed in counts."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import wants_html
from estates_api.api.context import Base, Caller, Context, Here
from estates_api.api.hand_in import draw_assessed
from estates_api.api.parameters import only, today
from estates_api.api.plain import Plain
from estates_api.api.recording import may
from estates_api.api.upload import check_sender
from estates_api.domain.callers import Permission
from estates_api.store.database import transaction
from estates_api.workflows.assess import assess_as_of, totals

router = APIRouter(tags=["assessments"], route_class=Plain)

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Nothing changed since the latest one", "content": {"text/html": {}}},
    201: {"description": "The scores are those of this assessment from now on", "content": {"text/html": {}}},
    401: {"description": "A key is needed", "content": {"application/problem+json": {}}},
    503: {"description": "A file is being taken in, or nothing was yet", "content": {"application/problem+json": {}}},
}


@router.post(
    "/assessments", responses=_ANSWERS, status_code=201, response_class=JSONResponse,
    dependencies=[Depends(only()), Depends(may(Permission.DRAFT)), Depends(check_sender)],
)  # fmt: skip
async def post_assessment(request: Request, here: Here, caller: Caller, base: Base) -> Response:
    """Score every site by the method in force, as of today. What is frozen stays as it is."""
    told, new = await run_in_threadpool(_assess, here, base)
    status, headers = 201 if new else 200, {"Location": told["href"]}
    if wants_html(request):
        return await run_in_threadpool(draw_assessed, request, here, caller, told, status, headers)
    return JSONResponse(told, status, headers)


def _assess(here: Context, base: str) -> tuple[dict[str, Any], bool]:
    with transaction(here.engine) as connection:
        by = here.in_force(connection)
        done = assess_as_of(connection, today(), area=here.area, by=by, today=today(), actor="HTTP")
    told = {"assessment": done.number, "as_of": done.run.as_of.isoformat(),
            "method": {"id": by.method.id, "sha256": by.method.sha256}, "sites": len(done.run.results),
            "routes": totals(done.run.results), "new": done.new, "href": f"{base}/assessments/latest"}  # fmt: skip
    return told, done.new
