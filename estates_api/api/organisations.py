"""Organisations and bodies over time: names, predecessors and successors, and who spoke for the area."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from estates_api.api.answers import JSON
from estates_api.api.context import Base, Caller, Database, Here
from estates_api.api.cursors import parse_place, write_place
from estates_api.api.items import check_ref
from estates_api.api.links import link, with_query
from estates_api.api.parameters import AsOf, Limit, only
from estates_api.api.plain import Plain
from estates_api.domain.bodies import Body
from estates_api.workflows import organisations

router = APIRouter(tags=["organisations"], route_class=Plain)


@router.get("/organisations", dependencies=[Depends(only("as-of", "limit", "cursor"))])
def list_organisations(  # noqa: PLR0913, PLR0917 -- one parameter per thing that is asked
    request: Request, database: Database, caller: Caller, base: Base, limit: Limit, as_of: AsOf,
    cursor: Annotated[str | None, Query(description="From a `next` link")] = None,
) -> dict[str, Any]:  # fmt: skip
    """Every organisation by code: its name and status (of a day), the names it had, whom it carries on and whom it
    leads to."""
    register = organisations.open_register(database, caller.audience, as_of, _today())
    after = parse_place(cursor) or ""
    found = organisations.list_organisations(database, caller.audience, register, after=after, limit=limit + 1)
    here = f"{base}/organisations"
    links = [link(with_query(here, request), "self", JSON, "this page")]
    if len(found) > limit:
        more = with_query(here, request, cursor=write_place(found[limit - 1]["code"]))
        links.append(link(more, "next", JSON, "next page"))
    return {"as_of": register.day, "organisations": found[:limit], "links": links}


@router.get("/organisations/{code}", dependencies=[Depends(only("as-of"))])
def get_organisation(code: str, database: Database, caller: Caller, base: Base, as_of: AsOf) -> dict[str, Any]:
    """One organisation, closed ones too: what it is called, was called, whom it carries on, whom it leads to today,
    and the holdings of it and of its predecessors."""
    register = organisations.open_register(database, caller.audience, as_of, _today())
    found = organisations.get_organisation(database, caller.audience, register, check_ref(code))
    links = [link(f"{base}/organisations/{heir}", "successor-version", JSON, f"carried on by {heir}")
             for heir in found["current"] if heir != found["code"]]  # fmt: skip
    for holding in found["holdings"]:
        holding["href"] = f"{base}/sites/{holding['site_ref']}"
    return {"as_of": register.day, **found, "links": links}


@router.get("/bodies", dependencies=[Depends(only("as-of"))])
def list_bodies(here: Here, as_of: AsOf) -> dict[str, Any]:
    """Who speaks for the area, or spoke for it on a day; a body whose start or end is not confirmed has none."""
    day = as_of or _today()
    return {
        "as_of": day,
        "area": here.area.name,
        "bodies": [_body(body) for body in here.area.bodies if body.spoke_on(day)],
    }


def _body(body: Body) -> dict[str, Any]:
    return {
        "name": body.name, "kind": body.kind, "codes": body.codes, "from": body.start, "to": body.end,
        "confirmed": body.confirmed, "note": body.note, "citation": body.citation,
    }  # fmt: skip


def _today() -> date:
    return datetime.now(UTC).date()
