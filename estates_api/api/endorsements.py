"""Endorsements of published shortlists: which sectors agreed, and the record of another agreement."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from estates_api.api.context import Caller, Context, Database, Here
from estates_api.api.parameters import only, today
from estates_api.api.plain import Plain
from estates_api.api.recording import may, read_texts, texts_body
from estates_api.api.shortlists import Revision, seeing
from estates_api.api.upload import check_sender
from estates_api.domain.callers import Permission, check_acts_for
from estates_api.domain.quarters import parse_quarter
from estates_api.store.database import transaction
from estates_api.workflows import shortlist as lists
from estates_api.workflows.decide import Terms, find_body
from estates_api.workflows.endorse import FIELDS, endorse_list, list_agreement, parse_agreement

router = APIRouter(tags=["shortlists"], route_class=Plain)

_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"description": "The agreement is recorded; how the list stands by then"},
    401: {"description": "A key is needed"},
    409: {"description": "It would break a rule, which `rule` names"},
}


@router.get("/shortlists/{quarter}/endorsements", dependencies=[Depends(only("revision"))])
def endorsements(quarter: str, database: Database, caller: Caller, revision: Revision = None) -> dict[str, Any]:
    """Which sectors endorsed a quarter's list, and which have not yet: the newest revision that the caller may see, or
    a certain one. It is endorsed when an NHS body and a council agreed to it."""
    return list_agreement(database, lists.get_shortlist(database, parse_quarter(quarter), seeing(caller), revision))


@router.post(
    "/shortlists/{quarter}/endorsements", openapi_extra=texts_body(FIELDS, tuple(FIELDS)), responses=_ANSWERS,
    status_code=201, response_class=JSONResponse,
    dependencies=[Depends(only()), Depends(may(Permission.ENDORSE)), Depends(check_sender)],
)  # fmt: skip
async def endorse(quarter: str, request: Request, here: Here, caller: Caller) -> Response:
    """Record that an NHS body or a council agrees to a published list."""
    asked = await read_texts(request, FIELDS)
    return await run_in_threadpool(_endorse, here, quarter, asked, caller)


def _endorse(here: Context, quarter: str, asked: dict[str, str], caller: Caller) -> Response:
    stated = parse_agreement(asked)
    with transaction(here.engine) as connection:
        check_acts_for(caller, stated.organisation.upper())  # before it is looked up: another may be there or not
        by = find_body(connection, stated.organisation, here.area, stated.decided_on)
        check_acts_for(caller, by.code, by.sector)
        terms = Terms(here.area, here.method_in_force(connection), today())
        return JSONResponse(endorse_list(connection, parse_quarter(quarter), stated, terms), 201)
