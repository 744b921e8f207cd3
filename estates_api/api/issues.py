"""Issues: what is wrong in the files that were handed in, by page and as CSV, and the rules that found it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from estates_api.api.context import Base, Caller, Database, Here
from estates_api.api.parameters import Limit, only
from estates_api.api.plain import Plain
from estates_api.domain.rules import RULES, Severity
from estates_api.errors import BadInput, NotFound
from estates_api.exports import issues as export
from estates_api.store import issues as stored
from estates_api.store.database import transaction

router = APIRouter(tags=["quality"], route_class=Plain)

FILTERS = ("organisation", "edition", "severity", "rule", "source")
LARGEST_ID = 2**63


def _filters(
    organisation: Annotated[str | None, Query(description="Code of the organisation: RRP")] = None,
    edition: Annotated[int | None, Query(description="Number of an edition, from /editions")] = None,
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
    return stored.Query(organisation and organisation.upper(), edition, severity, rule, source)


Filters = Annotated[stored.Query, Depends(_filters)]
Cursor = Annotated[str | None, Query(description="From a `next` link")]


@router.get("/issues", dependencies=[Depends(only(*FILTERS, "limit", "cursor"))])
def list_issues(  # noqa: PLR0913, PLR0917 -- one parameter per thing that is asked
    request: Request, database: Database, caller: Caller, base: Base, query: Filters, limit: Limit,
    cursor: Cursor = None,
) -> dict[str, Any]:  # fmt: skip
    """What is wrong in the files: severity, rule, a plain sentence, who should mend it, and file, row and column.

    `counts` are of all that match, whatever the page. Of what a redaction masks, only the rule is told.
    """
    return _page(request, database, caller, f"{base}/issues", replace(query, after=_parse_cursor(cursor), limit=limit))


@router.get("/editions/{number}/issues", dependencies=[Depends(only("limit", "cursor"))])
def list_edition_issues(  # noqa: PLR0913, PLR0917 -- as above
    number: int, request: Request, database: Database, caller: Caller, base: Base, limit: Limit, cursor: Cursor = None
) -> dict[str, Any]:
    """The issues of one edition: what is wrong, where, and what was done with the value."""
    query = stored.Query(edition=number, after=_parse_cursor(cursor), limit=limit)
    return _page(request, database, caller, f"{base}/editions/{number}/issues", query)


def _page(request: Request, database: Database, caller: Caller, here: str, query: stored.Query) -> dict[str, Any]:
    _check(database, caller, query)
    page = stored.list_issues(database, caller.audience, query)
    links = [{"rel": "self", "href": _with(here, request)}]
    if page.following is not None:
        links.append({"rel": "next", "href": _with(here, request, cursor=str(page.following))})
    return {
        "issues": page.issues,
        "numberReturned": len(page.issues),
        "counts": stored.count_issues(database, caller.audience, query),
        "links": links,
    }


def _check(database: Database, caller: Caller, query: stored.Query) -> None:
    if query.edition is not None:
        if not 0 < query.edition < LARGEST_ID:
            raise NotFound(f"there is no edition {query.edition}")
        stored.check_edition(database, caller.audience, query.edition)


def _with(here: str, request: Request, **more: str) -> str:
    query = urlencode({**request.query_params, **more})
    return f"{here}?{query}" if query else here


def _parse_cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and int(cursor) < LARGEST_ID):
        raise BadInput("cursor: follow a `next` link; cursors are not written by hand")
    return int(cursor)


@router.get("/issues.csv", dependencies=[Depends(only(*FILTERS))], response_class=Response,
            responses={200: {"content": {"text/csv": {}}}})  # fmt: skip
def issues_csv(database: Database, caller: Caller, here: Here, query: Filters) -> Response:
    """The same as CSV, all of it: `/issues.csv?organisation=RRP` is what one organisation should look at."""
    _check(database, caller, query)
    name = "-".join(["issues", *(str(part) for part in (query.organisation, query.edition) if part)])
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
