"""`POST /methods`: adopting a method is a recorded decision, for the administrator's key. `/adoptions` lists them."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from estates_api.api.context import Base, Context, Database, Here
from estates_api.api.parameters import only
from estates_api.api.plain import Plain
from estates_api.api.recording import may, read_texts, texts_body
from estates_api.api.upload import check_sender
from estates_api.domain.callers import Permission
from estates_api.errors import BadInput
from estates_api.store.adoptions import list_adoptions
from estates_api.store.database import transaction
from estates_api.workflows.adoption import Decision, adopt

router = APIRouter(tags=["method"], route_class=Plain)

FIELDS = {
    "method": "The method file, as text (TOML)",
    "by": "Who decides: a board or a person; shown to everybody",
    "reason": "Why; shown to everybody",
}
_BODY = texts_body(FIELDS, tuple(FIELDS))
_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"description": "The method counts from now on"},
    400: {"description": "The file or a field cannot be; nothing was written"},
    401: {"description": "A key is needed"},
    409: {"description": "It is in force already"},
}


@router.post(
    "/methods", openapi_extra=_BODY, responses=_ANSWERS, status_code=201, response_class=JSONResponse,
    dependencies=[Depends(only()), Depends(may(Permission.ADOPT)), Depends(check_sender)],
)  # fmt: skip
async def adopt_method(request: Request, here: Here, base: Base) -> Response:
    """Adopt a method: every later assessment and shortlist goes by it. Name and reason are recorded."""
    asked = await read_texts(request, FIELDS)
    if set(asked) != set(FIELDS):
        raise BadInput(f"the body must be an object with {', '.join(FIELDS)}, and nothing else")
    return await run_in_threadpool(_adopt, here, base, asked)


def _adopt(here: Context, base: str, asked: dict[str, str]) -> Response:
    with transaction(here.engine) as connection:
        decision = Decision(asked["by"], asked["reason"])
        method = adopt(connection, asked["method"].encode(), "method", decision, here.method.sha256)
    href = f"{base}/methods/{method.sha256}"
    return JSONResponse({"id": method.id, "sha256": method.sha256, "href": href}, 201, {"Location": href})


@router.get("/adoptions", dependencies=[Depends(only())])
def adoptions(database: Database, base: Base) -> dict[str, Any]:
    """Who decided on which method, when and why, the newest first. Before the first, the configured method counts."""
    rows = [dict(row) for row in list_adoptions(database)]
    return {"adoptions": [row | {"href": f"{base}/methods/{row['sha256']}"} for row in rows]}
