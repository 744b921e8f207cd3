"""Incentives added up: what empty space costs, what backlog release would avoid, what sales fetched."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import text_answer, wants_html
from estates_api.api.context import Caller, Database, Here
from estates_api.api.pages import page
from estates_api.api.parameters import only
from estates_api.exports.issues import MEDIA_TYPE, write_lines
from estates_api.store.incentives import FIELDS, GROUPS, By, list_incentives

router = APIRouter(tags=["sites"])


@router.get("/incentives", dependencies=[Depends(only("by", also=("csv",)))], response_class=Response,
            responses={200: {"content": {"application/json": {}, "text/csv": {}, "text/html": {}}}})  # fmt: skip
def incentives(
    request: Request, database: Database, caller: Caller, here: Here,
    by: Annotated[By, Query(description="One row for each borough, sector or route")] = "borough",
) -> Response:  # fmt: skip
    """What empty space costs a year, backlog that release would avoid and receipts that sources state, over the sites
    of the latest assessment that the caller may see. Each sum is beside of how many it is known; unknown is null."""
    rows = [dict(row) for row in list_incentives(database, caller.audience, by)]
    if request.query_params.get("f") == "csv":
        headers = {"Content-Disposition": f'attachment; filename="incentives-by-{by}.csv"'}
        return text_answer("".join(write_lines(rows, FIELDS)), MEDIA_TYPE, headers)
    if wants_html(request):
        return page(request, "incentives.html", {"rows": rows, "by": by, "groups": GROUPS,
                                                 "keepers": here.method_in_force(database).keepers})  # fmt: skip
    return JSONResponse({"by": by, "rows": rows})
