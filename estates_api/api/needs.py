"""Needs, the sites that fit them, and who gets what when several want the same."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import JSON, wants_html
from estates_api.api.catalogue import describe_answer, detail
from estates_api.api.context import Base, Caller, Context, Database, Here
from estates_api.api.history import Ask, find_elsewhere
from estates_api.api.items import check_ref
from estates_api.api.pages import page
from estates_api.api.parameters import only, today
from estates_api.api.recording import may
from estates_api.api.upload import check_sender
from estates_api.api.what_if import parse_body, read_body
from estates_api.domain.allocation import First
from estates_api.domain.aspects import rules
from estates_api.domain.callers import Permission, check_acts_for
from estates_api.domain.fits import ORDER, VERDICTS, Verdict
from estates_api.domain.needs import FIELDS
from estates_api.errors import BadInput
from estates_api.store import needs as stored
from estates_api.store.database import give_back, transaction
from estates_api.store.layers import Audience
from estates_api.workflows.allocation import answer_allocation
from estates_api.workflows.fits import Market, Wish, answer_need, answer_site, describe_need
from estates_api.workflows.needs import Faulty, Given, add_needs, close_need, get_need, list_doubts
from estates_api.workflows.until_changed import UntilChanged

router = APIRouter(tags=["needs"])

DEFAULT_LIMIT = 50

_TEXT = {"type": "string"}
_NUMBERS = ("floor_area_low_m2", "floor_area_high_m2", "easting", "northing", "radius_m")
_PROPERTIES: dict[str, Any] = {
    name: {"type": "number" if name in _NUMBERS else "string", "description": text} for name, text in FIELDS.items()
} | {"by": _TEXT | {"description": "Who records it: a person or a body"}}  # fmt: skip
_CLOSING = {"by": _TEXT | {"description": "Who closes it"}, "reason": _TEXT | {"description": "Why"}}


def _body(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": False, "required": required, "properties": dict(properties)}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "It says what was recorded already"}, 201: {"description": "It is recorded"},
    400: {"description": "A field cannot be; nothing was written"}, 401: {"description": "A key is needed"},
    404: {"description": "There is no such need"}, 409: {"description": "It is closed already"},
}  # fmt: skip
_PAGES: dict[int | str, dict[str, Any]] = {200: {"content": {JSON: {}, "text/html": {}}}}


def _market(request: Request, database: Database, caller: Caller) -> Market:
    markets: UntilChanged[Audience, Market] = request.app.state.markets
    return markets.find(database, caller.audience)


Sites = Annotated[Market, Depends(_market)]


def _wish(
    verdict: Annotated[Verdict | None, Query(description="Only these; sites that fit or could fit if left out")] = None,
    limit: Annotated[int, Query(description="Sites at most", ge=1, le=1000)] = DEFAULT_LIMIT,
) -> Wish:
    return Wish((verdict,) if verdict else VERDICTS[:2], limit)


_WRITES = [Depends(only()), Depends(may(Permission.NEED)), Depends(check_sender)]


@router.get("/needs", dependencies=[Depends(only("closed"))], response_class=Response, responses=_PAGES)
def list_needs(
    request: Request, database: Database, caller: Caller, base: Base,
    closed: Annotated[bool, Query(description="Those that are closed too")] = False,
) -> Response:  # fmt: skip
    """Space that is looked for, as far as the caller may see it."""
    needs = [describe_need(one, today()) | {"href": f"{base}/needs/{one.need.id}"}
             for one in stored.list_needs(database, caller.audience, closed=closed)]  # fmt: skip
    if wants_html(request):
        return page(request, "needs.html", {"needs": needs})
    return describe_answer({"needs": needs})


@router.post("/needs", openapi_extra=_body(_PROPERTIES, ["need", "by"]), responses=_ANSWERS, dependencies=_WRITES,
             status_code=201, response_class=JSONResponse)  # fmt: skip
async def add_need(request: Request, here: Here, base: Base, caller: Caller) -> Response:
    """Record a need, or revise it: the fields of `estates needs template`, and who records it."""
    asked = _texts(parse_body(await read_body(request)))
    return await run_in_threadpool(_add, here, base, asked, caller)


def _add(here: Context, base: str, asked: dict[str, str], caller: Caller) -> Response:
    by = asked.pop("by", "")
    try:
        with transaction(here.engine) as connection:
            _check_own(connection, caller, asked.get("need", ""))
            ((id_, outcome),) = add_needs(connection, [Given(1, asked)], by).items()
            known = get_need(connection, "complete", id_)
            check_acts_for(caller, known.need.organisation_code)
            told = describe_need(known, today())
            told["doubt"] = list_doubts(connection, [id_], today()).get(id_)
    except Faulty as error:
        raise BadInput("; ".join(fault.reason for fault in error.faults)) from None
    href = f"{base}/needs/{id_}"
    status = 200 if outcome == "unchanged" else 201
    return JSONResponse(told | {"outcome": outcome, "href": href}, status, {"Location": href})


def _texts(asked: Any) -> dict[str, str]:
    """The fields of a body as texts; numbers are what they look like."""
    if not isinstance(asked, dict):
        raise BadInput("the body must be an object with the fields of a need, and by")
    return {name: _text(name, value) for name, value in asked.items() if value is not None}


def _text(name: str, value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    if not isinstance(value, str):
        raise BadInput(f"{name[:40]}: must be a text or a number")
    return value


# Before a need by its reference: no reference is in lower case.
@router.get("/needs/allocation", dependencies=[Depends(only("first"))], response_class=Response, responses=_PAGES)
def allocation(
    request: Request, database: Database, caller: Caller, market: Sites,
    first: Annotated[First, Query(description="What comes first: as many needs, or as much floor area")] = "needs",
) -> Response:  # fmt: skip
    """Which open need goes to which site, among those that the caller may see: the rule, the answer, and for each need
    why it did not get a site that fits it better, and what would have to change."""
    known = stored.list_needs(database, caller.audience)
    give_back(database)
    found = answer_allocation(known, first, market)
    if wants_html(request):
        return page(request, "allocation.html", {"found": found})
    return describe_answer(found)


@router.get("/needs/{need}", dependencies=[Depends(only())], response_class=Response, responses=_PAGES)
def one_need(need: str, request: Request, database: Database, caller: Caller) -> Response:
    """One need, open or closed."""
    known = get_need(database, caller.audience, need)
    if wants_html(request):
        wish = Wish(VERDICTS[:2], DEFAULT_LIMIT)
        return _fits_page(
            request, answer_need(database, caller.audience, known, wish, _market(request, database, caller))
        )
    return describe_answer(describe_need(known, today()))


@router.post("/needs/{need}/closing", openapi_extra=_body(_CLOSING, [*_CLOSING]), responses=_ANSWERS,
             dependencies=_WRITES, status_code=201, response_class=JSONResponse)  # fmt: skip
async def close(need: str, request: Request, here: Here, caller: Caller) -> Response:
    """Record that nobody looks for this any longer, and why."""
    asked = _texts(parse_body(await read_body(request)))
    if set(asked) != set(_CLOSING):
        raise BadInput("the body must be an object with by and reason, and nothing else")
    return await run_in_threadpool(_close, here, need, asked, caller)


def _check_own(connection: Connection, caller: Caller, need: str) -> None:
    """A key of one organisation revises and closes the needs of that one alone, and learns nothing of others."""
    if caller.organisation and (known := stored.find_need(connection, "complete", need.upper())):
        check_acts_for(caller, known.need.organisation_code)


def _close(here: Context, need: str, asked: dict[str, str], caller: Caller) -> Response:
    with transaction(here.engine) as connection:
        get_need(connection, caller.audience, need)
        _check_own(connection, caller, need)
        closed = close_need(connection, need, asked["reason"], asked["by"])
        return JSONResponse(describe_need(closed, today()), 201)


@router.get("/needs/{need}/fits", dependencies=[Depends(only("verdict", "limit"))], response_class=Response,
            responses=_PAGES)  # fmt: skip
def need_fits(
    need: str, request: Request, database: Database, caller: Caller, market: Sites,
    wish: Annotated[Wish, Depends(_wish)],
) -> Response:  # fmt: skip
    """The sites that answer a need, the best first, each with what speaks for it, against it, and is not known."""
    found = answer_need(database, caller.audience, get_need(database, caller.audience, need), wish, market)
    return _fits_page(request, found) if wants_html(request) else describe_answer(_with_rule(found))


def _fits_page(request: Request, found: dict[str, Any]) -> Response:
    return page(request, "need.html", {"found": found, "order": ORDER, "aspects": rules(), "verdicts": VERDICTS})


def _with_rule(found: dict[str, Any]) -> dict[str, Any]:
    return {"rule": ORDER, "aspects": rules()} | found


@router.get("/sites/{ref}/fits", dependencies=[Depends(only())], response_class=Response,
            responses=_PAGES)  # fmt: skip
def site_fits(ref: str, request: Request, ask: Ask) -> Response:
    """The open needs that a site would answer, beside its reuse score and never in it."""
    check_ref(ref)
    if elsewhere := find_elsewhere(ask, ref, "/sites/{}/fits"):
        return elsewhere
    ask.check_seen(ref)
    found = _with_rule(answer_site(ask.database, ask.caller, ref))
    if wants_html(request):
        return page(request, "site_fits.html", {"found": found, "site": detail(ask, ref)["site"]})
    return describe_answer(found)
