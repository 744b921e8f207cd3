"""Up to four sites side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import wants_html
from estates_api.api.catalogue import detail
from estates_api.api.history import Ask, Asked
from estates_api.api.items import check_ref
from estates_api.api.pages import page
from estates_api.api.parameters import only
from estates_api.domain.side_by_side import MOST, set_side_by_side
from estates_api.errors import BadInput
from estates_api.store import features

router = APIRouter(tags=["sites"])


@router.get("/compare", dependencies=[Depends(only("sites", "add"))], response_class=Response,
            responses={200: {"content": {"application/json": {}, "text/html": {}}}})  # fmt: skip
def compare(
    request: Request, ask: Ask, *,
    sites: Annotated[str, Query(description=f"References of two to {MOST} sites, joined by commas")] = "",
    add: Annotated[str, Query(description="Another one, as a form asks for it")] = "",
) -> Response:  # fmt: skip
    """Sites side by side, on every measure."""
    html = wants_html(request)
    refs = list(dict.fromkeys(part.strip() for part in f"{sites},{add}".split(",") if part.strip()))
    least = 1 if html else 2  # a page of one site asks for the others
    if not least <= len(refs) <= MOST:
        raise BadInput(f"sites: give two to {MOST} references, joined by commas, as in ?sites=A,B")
    found = list({one["ref"]: one for one in (detail(ask, _find(ask, ref)) for ref in refs)}.values())
    told: dict[str, Any] = {
        "sites": [{"ref": one["ref"], "name": one["name"], "sentence": one.get("sentence")} for one in found],
        "tables": set_side_by_side(found),
    }
    return page(request, "compare.html", told | {"most": MOST}) if html else JSONResponse(told)


def _find(ask: Asked, ref: str) -> str:
    """The reference of a site that is asked for by it, or by the code of one of its holdings."""
    check_ref(ref)
    if ref.startswith(f"{ask.here.area.prefix}-"):
        return ref
    return features.find_ref_of_holding(ask.database, ask.caller, ref.upper()) or ref
