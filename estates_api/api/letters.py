"""Letters to organisations: what each could put right."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from estates_api.api.answers import text_answer, wants_html
from estates_api.api.context import Base, Caller, Database, Here
from estates_api.api.parameters import only
from estates_api.api.plain import Plain
from estates_api.api.policy import page_policy
from estates_api.errors import NotFound
from estates_api.exports.letter import write_html, write_text
from estates_api.store import letters
from estates_api.workflows.letter import draw_up

router = APIRouter(tags=["quality"], route_class=Plain)

# Nothing runs in a letter and nothing is loaded; its style stands in it.


@router.get("/letters", dependencies=[Depends(only())])
def list_letters(database: Database, caller: Caller, base: Base) -> dict[str, Any]:
    """The organisations that return something, each with the address of its letter."""
    rows = letters.list_organisations(database, caller.audience)
    return {"letters": [dict(row) | {"href": f"{base}/letters/{row['code']}"} for row in rows]}


@router.get("/letters/{organisation}", dependencies=[Depends(only())], response_class=Response)
def letter(organisation: str, request: Request, database: Database, caller: Caller, here: Here) -> Response:
    """What an organisation could put right, as a page that prints (`Accept: text/html`, or `f=html`) or as plain text.

    The five figures that would most change the list for release, with file, row and column, and its open issues, from
    what the caller may see.
    """
    if "\x00" in organisation:
        raise NotFound("there is no organisation by that code; /letters lists them")
    today = datetime.now(UTC).date()
    drawn = draw_up(database, organisation.upper(), area=here.area, today=today, audience=caller.audience)
    headers = {"Cache-Control": "private, no-cache"}
    if wants_html(request):
        written = write_html(drawn)
        return HTMLResponse(written, headers=headers | {"Content-Security-Policy": page_policy(written)})
    return text_answer(write_text(drawn), "text/plain; charset=utf-8", headers)
