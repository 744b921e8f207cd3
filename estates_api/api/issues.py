"""Issues: what is wrong in the files that were handed in, by page and as CSV, and the rules that found it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from estates_api.api.context import Base, Caller, Database, Here, Secret
from estates_api.api.cursors import open_place, seal_place
from estates_api.api.parameters import Limit, only
from estates_api.api.plain import Plain
from estates_api.domain import callers
from estates_api.domain.rules import RULES, Severity
from estates_api.errors import BadInput
from estates_api.exports import issues as export
from estates_api.store import issues as stored
from estates_api.store.database import transaction
from estates_api.store.editions import find_number

router = APIRouter(tags=["quality"], route_class=Plain)

FILTERS = ("organisation", "edition", "severity", "rule", "source")


def _filters(  # noqa: PLR0913, PLR0917 -- one parameter per thing that is asked
    database: Database,
    caller: Caller,
    organisation: Annotated[str | None, Query(description="Code of the organisation: RRP")] = None,
    edition: Annotated[str | None, Query(description="Id of an edition, from /editions")] = None,
    severity: Annotated[str | None, Query(description="error, warning or note")] = None,
    rule: Annotated[str | None, Query(description="A rule, from /rules")] = None,
    source: Annotated[str | None, Query(description="A published series: ERIC")] = None,
) -> stored.Query:
    if severity is not None and severity not in get_args(Severity):
        raise BadInput(f"severity: {severity!r} is none; error, warning or note")
    if rule is not None and rule not in RULES:
        raise BadInput(f"rule: there is no rule {rule!r}; /rules lists them")
    for name, value in (("organisation", organisation), ("source", source)):
        if value is not None and (not value or "\x00" in value):
            raise BadInput(f"{name}: {value!r} is no name")
    number = None if edition is None else find_number(database, caller.audience, edition)
    return stored.Query(organisation and organisation.upper(), number, severity, rule, source)


Filters = Annotated[stored.Query, Depends(_filters)]


def _after(
    secret: Secret, cursor: Annotated[str | None, Query(description="From a `next` link")] = None
) -> int | None:  # fmt: skip
    return None if cursor is None else int(open_place(cursor, secret))


After = Annotated[int | None, Depends(_after)]


@router.get("/issues", dependencies=[Depends(only(*FILTERS, "limit", "cursor"))])
def list_issues(  # noqa: PLR0913, PLR0917 -- one parameter per thing that is asked
    request: Request, database: Database, caller: Caller, base: Base, query: Filters, limit: Limit, after: After,
    secret: Secret,
) -> dict[str, Any]:  # fmt: skip
    """What is wrong in the files: severity, rule, a plain sentence, who should mend it, and file, row and column.

    `counts` are of all that match, whatever the page. Of what a redaction masks, only the rule is told.
    """
    asked = replace(query, after=after, limit=limit)
    return _page(database, caller, asked, lambda **more: _with(f"{base}/issues", request, **more), secret)


@router.get("/editions/{edition}/issues", dependencies=[Depends(only("limit", "cursor"))])
def list_edition_issues(  # noqa: PLR0913, PLR0917 -- as above
    edition: str, request: Request, database: Database, caller: Caller, base: Base, limit: Limit, after: After,
    secret: Secret,
) -> dict[str, Any]:  # fmt: skip
    """The issues of one edition: what is wrong, where, and what was done with the value."""
    query = stored.Query(edition=find_number(database, caller.audience, edition), after=after, limit=limit)
    here = f"{base}/editions/{edition}/issues"
    return _page(database, caller, query, lambda **more: _with(here, request, **more), secret)


def _page(
    database: Connection, caller: callers.Caller, query: stored.Query, address: Callable[..., str], secret: bytes
) -> dict[str, Any]:
    page = stored.list_issues(database, caller.audience, query)
    links = [{"rel": "self", "href": address()}]
    if page.following is not None:
        links.append({"rel": "next", "href": address(cursor=seal_place(str(page.following), secret))})
    return {
        "issues": page.issues,
        "numberReturned": len(page.issues),
        "counts": stored.count_issues(database, caller.audience, query),
        "links": links,
    }


def _with(here: str, request: Request, **more: str) -> str:
    query = urlencode({**request.query_params, **more})
    return f"{here}?{query}" if query else here


@router.get("/issues.csv", dependencies=[Depends(only(*FILTERS))], response_class=Response,
            responses={200: {"content": {"text/csv": {}}}})  # fmt: skip
def issues_csv(request: Request, caller: Caller, here: Here, query: Filters) -> Response:
    """The same as CSV, all of it: `/issues.csv?organisation=RRP` is what one organisation should look at."""
    asked = request.query_params
    name = "-".join(["issues", *(asked[part] for part in ("organisation", "edition") if part in asked)])
    safe = "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter in "-_"))
    headers = {"Content-Disposition": f'attachment; filename="{safe}.csv"'}

    def lines() -> Iterator[str]:
        with transaction(here.engine) as connection:  # the request's own may be over before the answer is
            yield from export.write_lines(stored.every_issue(connection, caller.audience, query), stored.FIELDS)

    return StreamingResponse(lines(), media_type=export.MEDIA_TYPE, headers=headers)


@router.get("/rules", dependencies=[Depends(only())])
def list_rules() -> dict[str, Any]:
    """Every rule by which a file is judged: its sentence, how grave a finding is, and who can mend it."""
    rules = [{"id": r.id, "severity": r.severity, "mender": r.mender, "sentence": r.sentence} for r in RULES.values()]
    return {"rules": rules}
