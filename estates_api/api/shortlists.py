"""Quarterly shortlists: frozen bytes, as JSON, CSV, GeoJSON or a page; drafts, publishing and choices with the key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import JSON, text_answer, wants_html
from estates_api.api.context import Base, Caller, Context, Database, Here
from estates_api.api.pages import page
from estates_api.api.parameters import AsOf, only, today
from estates_api.api.plain import Plain
from estates_api.api.quarter_page import list_page
from estates_api.api.recording import may, read_texts
from estates_api.api.shortlist_files import check_suffix, file_answer
from estates_api.api.upload import check_sender
from estates_api.domain.callers import Permission, check_may
from estates_api.domain.choices import KINDS, PIN_LISTS
from estates_api.domain.quarters import Quarter, parse_quarter
from estates_api.errors import BadInput
from estates_api.store import shortlists as stored
from estates_api.store.database import transaction
from estates_api.store.shortlists import Seeing
from estates_api.workflows import choose, comparison, prove
from estates_api.workflows import shortlist as lists
from estates_api.workflows.shortlist import Frozen

router = APIRouter(tags=["shortlists"], route_class=Plain)

_TEXT = {"type": "string"}
_BY = {"by": _TEXT | {"description": "Who does it: a board or a person; shown to everybody"}}
_BECAUSE = {"because": _TEXT | {"description": "Why; shown to everybody"}}


def _taking(fields: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": False, "properties": fields, "required": [*required]}
    return {"requestBody": {"required": bool(required), "content": {JSON: {"schema": schema}}}}


_STALE = {"allow_stale": _TEXT | {"description": "Why it may go out though its evidence is old; shown to everybody"}}
_PUBLICATION = _taking(_BY | _BECAUSE | _STALE, "by")
_CHOICE = _taking(
    {"site": _TEXT, "kind": {"enum": [*KINDS]}, "list": {"enum": [*PIN_LISTS]}, **_BY, **_BECAUSE},
    "site", "kind", "by", "because",
)  # fmt: skip
_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"description": "It is recorded"},
    400: {"description": "A field is wrong; nothing was written"},
    401: {"description": "A key is needed"},
    409: {"description": "It cannot be, for the reason given; nothing was written"},
}


def _writing(permission: Permission) -> list[Any]:
    return [Depends(only()), Depends(may(permission)), Depends(check_sender)]


Revision = Annotated[int | None, Query(description="An older revision; the newest if left out", ge=1, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class Which:
    """Which form of a quarter's list is asked for: of another day, or an older revision."""

    as_of: date | None
    revision: int | None


def _which(as_of: AsOf, revision: Revision = None) -> Which:
    if as_of and revision:
        raise BadInput("as-of draws a list up anew, revision is a frozen one; give one of them")
    return Which(as_of, revision)


def seeing(caller: Caller) -> Seeing:
    """Whose view of a list a caller gets, and whether drafts are for them."""
    return Seeing(caller.circle, caller.drafts)


@router.get("/shortlists", dependencies=[Depends(only())])
def list_shortlists(database: Database, caller: Caller, base: Base) -> dict[str, Any]:
    """What is frozen: every revision with the SHA-256 of what the caller sees. Drafts for those who may see them."""
    shown = ("quarter", "revision", "status", "sha256", "at", "actor", "replaces", "because")
    rows = [{name: row[name] for name in shown} for row in stored.list_shortlists(database, seeing(caller))]
    return {"shortlists": [row | {"href": f"{base}/shortlists/{row['quarter']}?revision={row['revision']}"}
                           for row in rows]}  # fmt: skip


@router.get("/shortlists/{name}", dependencies=[Depends(only("as-of", "revision"))], response_class=Response)
def get_shortlist(
    name: str, request: Request, database: Database, here: Here, caller: Caller,
    which: Annotated[Which, Depends(_which)],
) -> Response:  # fmt: skip
    """A quarter's shortlist: `2026-Q4` (the canonical bytes), or as a file: `2026-Q4.csv`, `.xlsx`, `.geojson`,
    `.gpkg`, `.parquet`, `.pdf`.

    Everybody gets the list that was made for them, from its newest published revision. `as-of` draws the quarter's
    list up from what the data say of another day, without storing it. A draft or a preview needs the key.
    """
    quarter_text, _, suffix = name.partition(".")
    check_suffix(suffix)
    frozen = _frozen(database, here, parse_quarter(quarter_text), caller, which)
    headers = headers_of(frozen)
    if suffix:
        return file_answer(request, database, frozen, suffix, headers)
    if wants_html(request):
        drawn = list_page(request, database, frozen, caller, seeing(caller))
        drawn.headers.update(headers)
        return drawn
    return text_answer(frozen.content, JSON, headers)


def headers_of(frozen: Frozen) -> dict[str, str]:
    """What an answer says of the record behind it."""
    return {
        "Estates-Shortlist-SHA256": frozen.sha256,
        "Estates-Shortlist-Status": frozen.status,
        "Estates-Shortlist-Revision": str(frozen.revision),
        "Cache-Control": "private, no-cache",
        **({"Estates-Shortlist-Redacted": ", ".join(frozen.masked)} if frozen.masked else {}),
        **({"Estates-Shortlist-Withheld": str(frozen.withheld)} if frozen.withheld else {}),
    }


def _frozen(database: Connection, here: Context, quarter: Quarter, caller: Caller, which: Which) -> Frozen:
    if which.as_of is None:
        return lists.get_shortlist(database, quarter, seeing(caller), which.revision)
    check_may(caller, Permission.SEE_DRAFTS)
    method = here.method_in_force(database)
    return lists.preview(database, quarter, area=here.area, method=method, as_of=which.as_of, audience=caller.circle)


@router.get("/shortlists/{quarter}/verification", dependencies=[Depends(only("revision"))])
def get_verification(
    quarter: str, database: Database, here: Here, caller: Caller, revision: Revision = None
) -> dict[str, Any]:
    """Whether what is stored of a list is what was frozen: each check, passed or not. With the key, whether the stored
    data give the same list again, too, and what differs where they do not."""
    wanted = parse_quarter(quarter)
    seen = lists.get_shortlist(database, wanted, seeing(caller), revision)
    row = stored.find_shortlist(database, str(wanted), revision=seen.revision)
    assert row is not None
    again = prove.reproduce(database, row, area=here.area) if caller.audience == "complete" else None
    return prove.describe_proof(row, prove.verify(database, row), again, caller.circle) | {"sha256": seen.sha256}


def _quarters(quarter: str, other: str) -> list[Quarter]:
    return [parse_quarter(quarter), parse_quarter(other)]


@router.get(
    "/shortlists/{quarter}/changes-since/{other}", dependencies=[Depends(only("revision", "since-revision"))],
    response_class=Response,
)  # fmt: skip
def get_changes(
    request: Request, database: Database, caller: Caller, quarters: Annotated[list[Quarter], Depends(_quarters)],
    revision: Revision = None, *,
    since: Annotated[int | None, Query(alias="since-revision", ge=1, le=2**31 - 1)] = None,
) -> Response:  # fmt: skip
    """What entered, left and moved between two lists, as the caller sees both, each with its causes and by how much."""
    after, before = (
        lists.get_shortlist(database, one, seeing(caller), number)
        for one, number in zip(quarters, (revision, since), strict=True)
    )
    changes = comparison.compare(database, before, after, caller.circle)
    if wants_html(request):
        return page(request, "changes.html", {"changes": changes, "before": before, "after": after})
    return JSONResponse(changes)


@router.post(
    "/shortlists/{quarter}/drafts", responses=_ANSWERS, status_code=201, response_class=JSONResponse,
    dependencies=_writing(Permission.DRAFT),
)  # fmt: skip
async def post_draft(quarter: str, here: Here, base: Base) -> Response:
    """Assess and freeze a draft; 200 when nothing changed since the newest revision."""

    def draft(database: Connection, of: Quarter) -> tuple[Frozen, bool]:
        return lists.draft(database, of, area=here.area, by=here.in_force(database), today=today(), actor="HTTP")

    return await _written(here, base, quarter, draft)


@router.post(
    "/shortlists/{quarter}/publications", openapi_extra=_PUBLICATION, responses=_ANSWERS, status_code=201,
    response_class=JSONResponse, dependencies=_writing(Permission.PUBLISH),
)  # fmt: skip
async def post_publication(quarter: str, request: Request, here: Here, base: Base) -> Response:
    """Publish the newest draft: the same bytes, as a new revision. Replacing a published one needs a reason, and so
    does a list on old evidence; where too little is known, it is refused."""
    asked = await _fields(request, ("by",), ("because", "allow_stale"))

    def publish(database: Connection, of: Quarter) -> tuple[Frozen, bool]:
        method = here.method_in_force(database)
        return lists.publish(database, of, lists.Publication(**asked), area=here.area, method=method), True

    return await _written(here, base, quarter, publish)


@router.post(
    "/shortlists/{quarter}/choices", openapi_extra=_CHOICE, responses=_ANSWERS, status_code=201,
    response_class=JSONResponse, dependencies=_writing(Permission.CHOOSE),
)  # fmt: skip
async def post_choice(quarter: str, request: Request, here: Here) -> Response:
    """Pin a site to a list, strike it off, or take that back, with a reason that the next draft prints."""
    asked = await _fields(request, ("site", "kind", "by", "because"), ("list",))
    kind = next((one for one in KINDS if one == asked["kind"]), None)
    if kind is None:
        raise BadInput(f"kind: must be one of {', '.join(KINDS)}")
    wanted = choose.Asked(asked["site"], kind, asked["by"], asked["because"], asked.get("list"))

    def record() -> str:
        with transaction(here.engine) as database:
            method, of = here.method_in_force(database), parse_quarter(quarter)
            choose.choose(database, of, wanted, area=here.area, method=method, today=today())
            return choose.what_follows(database, of)

    follows = await run_in_threadpool(record)
    return JSONResponse(asked | {"quarter": str(parse_quarter(quarter)), "follows": follows}, 201)


async def _fields(request: Request, needed: tuple[str, ...], free: tuple[str, ...]) -> dict[str, str]:
    """The texts of a body that has these fields and no others."""
    asked = await read_texts(request, (*needed, *free))
    if missing := [name for name in needed if name not in asked]:
        raise BadInput(f"{missing[0]}: is missing; the body must have {', '.join(needed)}")
    return asked


async def _written(
    here: Context, base: str, quarter: str, write: Callable[[Connection, Quarter], tuple[Frozen, bool]]
) -> Response:
    """What was written in one transaction: where it is and its SHA-256; 200 when it was there already."""

    def work() -> tuple[Frozen, bool]:
        with transaction(here.engine) as database:
            return write(database, parse_quarter(quarter))

    frozen, new = await run_in_threadpool(work)
    href = f"{base}/shortlists/{frozen.quarter}?revision={frozen.revision}"
    told = {"quarter": frozen.quarter, "revision": frozen.revision, "status": frozen.status, "sha256": frozen.sha256,
            "replaces": frozen.replaces, "because": frozen.because, "on_old_evidence": frozen.on_old_evidence or None,
            "href": href}  # fmt: skip
    return JSONResponse(told, 201 if new else 200, {"Location": href})
