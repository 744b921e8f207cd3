"""Decisions on sites: their steps and state, what can follow, all of them newest first, and the states themselves."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import wants_html
from estates_api.api.catalogue import detail
from estates_api.api.context import Base, Caller, Context, Database, Here
from estates_api.api.cursors import parse_place, write_place
from estates_api.api.history import Ask, find_elsewhere
from estates_api.api.items import check_ref
from estates_api.api.links import link, with_query
from estates_api.api.pages import page
from estates_api.api.parameters import MOMENT, Limit, only, today
from estates_api.api.progress import case_of
from estates_api.api.recording import may, read_texts, texts_body
from estates_api.api.upload import check_sender
from estates_api.domain.callers import Permission, check_acts_for
from estates_api.domain.decision_form import FIELDS, REQUIRED, parse_stated
from estates_api.domain.decision_rules import ADMINISTRATOR, Actor
from estates_api.domain.decisions import progress_of
from estates_api.domain.progress_words import describe_decisions, describe_next, describe_states
from estates_api.domain.transitions import STATES
from estates_api.errors import BadInput
from estates_api.store.database import transaction
from estates_api.store.decisions import list_decided
from estates_api.workflows.decide import Terms, find_body, record_decision

router = APIRouter(tags=["decisions"])

_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"description": "The step is recorded"},
    400: {"description": "A field cannot be; nothing was recorded"},
    401: {"description": "A key is needed"},
    409: {"description": "It would break a rule, which `rule` names"},
    410: {"description": "The site was withdrawn"},
}


@router.get("/sites/{ref}/decisions", dependencies=[Depends(only(*MOMENT))], response_class=Response)
def site_decisions(ref: str, request: Request, ask: Ask) -> Response:
    """What was decided on a site, step by step, where that leads, who of the other sector agrees, the checks before a
    disposal, the comment period, the surplus clock, and which steps can follow: what each needs, or why not."""
    check_ref(ref)
    if elsewhere := find_elsewhere(ask, ref, "/sites/{}/decisions"):
        return elsewhere
    told = detail(ask, ref)
    progress, following = told["progress"], describe_next(case_of(ask, ref))
    if wants_html(request):
        values = {"site": told["site"], "progress": progress, "checks": told.get("checks", []), "next": following}
        return page(request, "site_decisions.html", values)
    links = [link(f"{ask.base}/sites/{ref}", "up", "application/json", "the site"),
             link(f"{ask.base}/decisions/states", "describedby", "application/json", "states and steps")]  # fmt: skip
    return JSONResponse({
        "site": ref, "name": told["site"]["name"], **progress, "checks": told.get("checks", []), "next": following,
        "links": links,
    })  # fmt: skip


@router.post(
    "/sites/{ref}/decisions", openapi_extra=texts_body(FIELDS, REQUIRED), responses=_ANSWERS, status_code=201,
    response_class=JSONResponse, dependencies=[Depends(only()), Depends(may(Permission.DECIDE)), Depends(check_sender)],
)  # fmt: skip
async def decide(ref: str, request: Request, here: Here, base: Base, caller: Caller) -> Response:
    """Record a step that an organisation's board or cabinet decided, on behalf of the person and the organisation that
    are named. Nothing that is recorded is changed: a step is taken back by another one."""
    asked = await read_texts(request, FIELDS, numbers={"reverses"})
    return await run_in_threadpool(_decide, here, base, check_ref(ref), asked, caller)


def _decide(here: Context, base: str, ref: str, asked: dict[str, str], caller: Caller) -> Response:
    stated = parse_stated(asked)
    with transaction(here.engine) as connection:
        actor = Actor(stated.by, roles=frozenset({ADMINISTRATOR}))
        terms = Terms(here.area, here.method_in_force(connection), today())
        check_acts_for(caller, stated.organisation.upper())  # before it is looked up: another may be there or not
        by = find_body(connection, stated.organisation, here.area, stated.decided_on)
        check_acts_for(caller, by.code, by.sector)
        done = record_decision(connection, ref, stated, actor=actor, terms=terms, audience=caller.audience)
    site = done.decision.site
    href = f"{base}/sites/{site}/decisions"
    told = {"id": done.decision.id, "site": site, "step": done.decision.step, "from_state": done.before,
            "to_state": done.after, "href": href}  # fmt: skip
    return JSONResponse(told, 201, {"Location": href})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions are asked for."""

    state: str | None = None
    borough: str | None = None
    organisation: str | None = None


def _wanted(
    state: Annotated[str | None, Query(description=f"Sites that are {', '.join(STATES)}")] = None,
    borough: Annotated[str | None, Query(description="Sites in this borough, by name")] = None,
    organisation: Annotated[str | None, Query(description="Steps of the organisation with this code")] = None,
) -> Wanted:
    if state is not None and state not in STATES:
        raise BadInput(f"state: {state[:50]!r} is none; one of {', '.join(STATES)}")
    return Wanted(state, borough, organisation)


@router.get("/decisions", dependencies=[Depends(only("state", "borough", "organisation", "limit", "cursor"))])
def list_decisions(  # noqa: PLR0913, PLR0917 -- one parameter per thing that is asked
    request: Request, database: Database, caller: Caller, base: Base, limit: Limit,
    wanted: Annotated[Wanted, Depends(_wanted)],
    cursor: Annotated[str | None, Query(description="From a `next` link")] = None,
) -> Response:  # fmt: skip
    """Every step on every site that the caller may see, the one recorded last first."""
    found = _steps(database, caller, base, wanted)
    if (older := parse_place(cursor)) is not None:
        found = found[max(0, len(found) - _number(older)) :]
    shown, links = found[:limit], [link(with_query(f"{base}/decisions", request), "self", "application/json", "here")]
    if len(found) > limit:
        more = with_query(f"{base}/decisions", request, cursor=write_place(str(len(found) - limit)))
        links.append(link(more, "next", "application/json", "next page"))
    if wants_html(request):
        return page(request, "decisions.html", {"decisions": shown, "links": links, "wanted": wanted, "states": STATES})
    return JSONResponse({"numberReturned": len(shown), "decisions": shown, "links": links})


def _number(place: str) -> int:
    """How many older steps there are: what is added meanwhile does not move a page."""
    if not (place.isascii() and place.isdigit() and len(place) < 19):
        raise BadInput("cursor: follow a `next` link; cursors are not written by hand")
    return int(place)


def _steps(database: Database, caller: Caller, base: str, wanted: Wanted) -> list[dict[str, Any]]:
    found: list[tuple[int, dict[str, Any]]] = []
    for ref, decided in list_decided(database, caller.audience).items():
        state = progress_of(decided.decisions).state
        if wanted.state not in {None, state} or wanted.borough not in {None, decided.borough}:
            continue
        about = {"site": ref, "site_name": decided.site_name, "borough": decided.borough, "state": state,
                 "href": f"{base}/sites/{ref}/decisions"}  # fmt: skip
        told = describe_decisions(decided.decisions, whole=caller.audience == "complete")
        found += [(one.id, about | step) for one, step in zip(decided.decisions, told, strict=True)
                  if wanted.organisation in {None, one.by.code}]  # fmt: skip
    return [step for _, step in sorted(found, key=lambda pair: -pair[0])]


@router.get("/decisions/states", dependencies=[Depends(only())], response_class=Response,
            responses={200: {"content": {"application/json": {}, "text/html": {}}}})  # fmt: skip
def states(request: Request) -> Response:
    """The states of a site, every step with who takes it and what it needs, and the diagram (Mermaid)."""
    told = describe_states()
    return page(request, "states.html", told) if wants_html(request) else JSONResponse(told)
