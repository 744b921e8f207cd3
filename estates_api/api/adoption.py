"""`POST /methods`: adopting a method is a recorded decision, for the administrator's key. `/adoptions` lists them."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import JSON
from estates_api.api.context import Base, Caller, Context, Database, Here
from estates_api.api.parameters import only
from estates_api.api.upload import check_sender
from estates_api.api.what_if import parse_body, read_body
from estates_api.errors import BadInput, KeyNeeded
from estates_api.store.adoptions import list_adoptions
from estates_api.store.database import transaction
from estates_api.workflows.adoption import Decision, adopt

router = APIRouter(tags=["method"])

FIELDS = {
    "method": "The method file, as text (TOML)",
    "by": "Who decides: a board or a person; shown to everybody",
    "reason": "Why; shown to everybody",
}
_BODY = {"requestBody": {"required": True, "content": {JSON: {"schema": {
    "type": "object", "additionalProperties": False, "required": [*FIELDS],
    "properties": {name: {"type": "string", "description": text} for name, text in FIELDS.items()},
}}}}}  # fmt: skip
_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"description": "The method counts from now on"},
    400: {"description": "The file or a field cannot be; nothing was written"},
    401: {"description": "A key is needed"},
    409: {"description": "It is in force already"},
}


def _check_key(caller: Caller) -> None:
    if caller != "complete":
        raise KeyNeeded("to adopt a method, send the key of this installation as X-API-Key or as Basic password")


@router.post(
    "/methods", openapi_extra=_BODY, responses=_ANSWERS, status_code=201, response_class=JSONResponse,
    dependencies=[Depends(only()), Depends(_check_key), Depends(check_sender)],
)  # fmt: skip
async def adopt_method(request: Request, here: Here, base: Base) -> Response:
    """Adopt a method: every later assessment and shortlist goes by it. Name and reason are recorded."""
    asked = parse_body(await read_body(request))
    if not isinstance(asked, dict) or set(asked) != set(FIELDS):
        raise BadInput(f"the body must be an object with {', '.join(FIELDS)}, and nothing else")
    if wrong := next((name for name in FIELDS if not isinstance(asked[name], str)), None):
        raise BadInput(f"{wrong}: must be a text")
    try:
        asked["method"].encode()
    except UnicodeEncodeError:
        raise BadInput("method: has half of a surrogate pair, which is no text") from None
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
