"""Files handed in over HTTP: `POST /editions`, for a key that may; by a program, or by the page `/hand-in`."""

import errno
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, aclosing, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

import anyio
from fastapi import APIRouter, Depends, Query, Request
from pydantic_core import to_jsonable_python
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from estates_api.api.answers import wants_html
from estates_api.api.context import Base, Caller, Context, Database, Here, base_url
from estates_api.api.hand_in import draw_outcome, draw_refusal
from estates_api.api.multipart import OVERHEAD_BYTES, Form, parse_boundary, too_large
from estates_api.api.parameters import only
from estates_api.api.plain import Plain
from estates_api.api.problems import answer_error, problem
from estates_api.api.recording import may
from estates_api.api.steps import LINES, Steps, Tell, beside, wants_steps
from estates_api.domain.callers import Permission, check_acts_for
from estates_api.domain.records import Sensitivity
from estates_api.errors import BadInput, Conflict, EstatesError, Unavailable
from estates_api.sources import FORMATS
from estates_api.sources.document import fingerprint
from estates_api.sources.reader import Hints
from estates_api.store import editions, issues
from estates_api.store.database import transaction
from estates_api.store.totals import list_totals
from estates_api.workflows import hand_in as handing
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.origin import Origin
from estates_api.workflows.preview import SHOWN_CHANGES, check_as_shown, preview

router = APIRouter(tags=["editions"], route_class=Plain)

LOCK_WAIT_S = 5.0
IDLE_S = 60.0
AT_ONCE = 4
"""Files that one process takes in at once: what bounds the disk and the database connections they need."""

PIECE_BYTES = 1 << 20
FIRST_ISSUES, ON_A_PAGE = 20, 2_000
"""The issues that are told at once, and of issues and of changes of a kind what a page has to be downloaded."""

FIELDS = {
    "format": f"Format to insist on: {', '.join(FORMATS)}",
    "period": "What the file speaks of, when it does not say: 2016-17 or 2016-03-31",
    "organisation": "Code of the organisation whose list it is, when it does not say",
    "sensitivity": "Who may see what rests on this file: public (if left out), partner or owner",
    "source": "Name of the published series", "label": "Name of this edition of it",
    "publisher": "Who published the file", "licence": "Under which licence", "url": "Where it was published",
    "sha256": "Take the file in only if this is its SHA-256",
    "changes": "Take the file in only if it changes what a dry run said: the `sha256` of its `changes`",
}  # fmt: skip

_slots = BoundedSemaphore(AT_ONCE)

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream",
                                 "description": "A return, an asset list, events: whatever `estates ingest` reads"},
                        **{name: {"type": "string", "description": text} for name, text in FIELDS.items()},
                    },
                }
            }
        },
    }
}  # fmt: skip
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "These bytes are here already, or it was a dry run: nothing changed. With `Accept: "
                         "application/jsonl`, a line for each step, and in the last one `status`, `type` and `body` of "
                         "the answer, whatever it is", "content": {LINES: {}, "text/html": {}}},
    201: {"description": "The file is an edition now", "content": {"text/html": {}}},
    **{
        status: {"description": text, "content": {"application/problem+json": {}}}
        for status, text in {
            400: "The file or a field cannot be read; nothing was written", 401: "A key is needed",
            403: "Sent by a page of another site", 408: "Nothing came for a minute",
            409: "These bytes are here as something else, or not what a dry run showed",
            413: "Larger than ESTATES_MAX_UPLOAD_MB", 415: "Not multipart/form-data",
            503: "Another file is being taken in; Retry-After says when to come back",
        }.items()
    },
}  # fmt: skip


class OtherSite(EstatesError):
    """A page of another site has the browser send something with the key that it keeps."""

    status = 403
    title = "Forbidden"


class TooSlow(EstatesError):
    """The client stopped sending."""

    status = 408
    title = "Request timeout"


def check_sender(request: Request) -> None:
    """Refuse what a page of another site sends: a browser would add Basic credentials by itself (Fetch Metadata)."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    known = {f"http://{host}", f"https://{host}", _origin(base_url(request))}
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} or origin not in {None, *known}:
        raise OtherSite("a page of another site may not send anything in here")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


DryRun = Annotated[bool, Query(alias="dry-run", description="Write nothing, and say what would change")]


@router.post(
    "/editions", openapi_extra=_BODY, responses=_ANSWERS, status_code=201, response_class=JSONResponse,
    dependencies=[Depends(only("dry-run")), Depends(may(Permission.HAND_IN)), Depends(check_sender)],
)  # fmt: skip
async def hand_in(
    request: Request, here: Here, caller: Caller, *, dry_run: DryRun = False
) -> Response:  # fmt: skip
    """Hand a file in. It becomes one edition, or is refused whole with the reason; the same bytes twice change nothing.

    `curl -H "X-API-Key: KEY" -F file=@FILE http://127.0.0.1:8000/editions`, with further fields as `-F period=2016-17`.
    With `?dry-run=true` nothing is written, and the answer says what would change.
    """
    boundary = parse_boundary(request.headers.get("content-type", ""))
    _check_length(request.headers.get("content-length"), here.max_upload_mb)
    stack = ExitStack()
    try:
        form = stack.enter_context(_receiving(boundary, here.max_upload_mb))
        return await _answer_form(request, here, caller, form, stack, dry_run=dry_run)
    except ClientDisconnect:
        return problem(400, "Bad input", "the connection ended before the form did")
    finally:
        stack.close()


async def _answer_form(
    request: Request, here: Context, caller: Caller, form: Form, stack: ExitStack, *, dry_run: bool
) -> Response:  # fmt: skip
    """The answer when the form has come; as steps where they are asked for, which then keep what is on the stack."""

    def take(check: Tell) -> Response:
        with _room():
            return _take(request, here, caller, form, check, dry_run=dry_run)

    async def refuse(error: Exception) -> Response:
        if isinstance(error, EstatesError):
            error.__traceback__ = None  # the frames of the reader, which would hold the file open
        if isinstance(error, EstatesError) and wants_html(request):
            return await run_in_threadpool(draw_refusal, request, here, caller, form.fields, error)
        return await answer_error(request, error)

    try:
        with _room():
            await _receive(request, form)
        return Steps(take, stack.pop_all(), refuse) if wants_steps(request) else await beside(take)
    except EstatesError as error:
        return await refuse(error)


@contextmanager
def _receiving(boundary: bytes, max_mb: int) -> Iterator[Form]:
    with _slot(), TemporaryDirectory(prefix="estates-upload-") as folder:
        form = Form(boundary, Path(folder) / "file", fields=FIELDS, max_mb=max_mb)
        try:
            yield form
        finally:
            form.close()


@contextmanager
def _room() -> Iterator[None]:
    """Unavailable where the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise Unavailable("there is no room to keep the file while it is read") from None


def _check_length(stated: str | None, max_mb: int) -> None:
    if stated and stated.isdecimal() and int(stated[:18]) > max_mb * 1024 * 1024 + OVERHEAD_BYTES:
        raise too_large(max_mb)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(blocking=False):
        raise Unavailable("several files are being taken in just now; try again in a moment")
    try:
        yield
    finally:
        _slots.release()


async def _receive(request: Request, form: Form) -> None:
    """The whole body into the form, in pieces of a megabyte, parsed and written beside the event loop."""
    kept = bytearray()
    async with aclosing(request.stream()) as stream:
        async for piece in _paced(stream):
            kept += piece
            if len(kept) >= PIECE_BYTES:
                await run_in_threadpool(form.feed, bytes(kept))
                kept.clear()
    await run_in_threadpool(form.feed, bytes(kept))


async def _paced(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        try:
            with anyio.fail_after(IDLE_S):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow(f"nothing came for {IDLE_S:.0f} seconds") from None
        yield piece


def _take(
    request: Request, here: Context, caller: Caller, form: Form, check: Tell, *, dry_run: bool
) -> Response:  # fmt: skip
    """Ingest what came, in one transaction; `check` is called at every step, and may end it."""
    name, origin, base, page = form.finish(), _parse_origin(form.fields), base_url(request), wants_html(request)
    _check_bytes(form, name)
    told = partial(_told, base=base, caller=caller, most=ON_A_PAGE if page else FIRST_ISSUES)
    with transaction(here.engine) as connection:
        editions.lock_catalogue(connection, wait_s=LOCK_WAIT_S)
        if dry_run:
            found = preview(connection, form.path, area=here.area, name=name, origin=origin, progress=check,
                            ask=lambda done: told(connection, done), own=caller.organisation,
                            shown=ON_A_PAGE if page else SHOWN_CHANGES)  # fmt: skip
            edition = found.extra if not found.done.new else _unnumbered(found.extra)
            answer, status = {**edition, "dry_run": True, "changes": found.changes}, 200
        else:
            done = handing.hand_in(connection, form.path, name=name, area=here.area, origin=origin, actor="HTTP",
                          progress=check)  # fmt: skip
            if shown := form.fields.get("changes"):
                check_as_shown(connection, done, shown, own=caller.organisation)
            answer, status = {**told(connection, done), "dry_run": False}, 201 if done.new else 200
            check("keeping it")
    headers = {} if dry_run else {"Location": f"{base}/editions/{answer['id']}"}
    if page:
        return draw_outcome(request, here, caller, answer, form.fields, status, headers)
    return _answer(status, answer, headers)


def _check_bytes(form: Form, name: str) -> None:
    wanted = form.fields.get("sha256", "").lower()
    if wanted and fingerprint(form.path)[0] != wanted:
        raise Conflict(f"{name}: this is not the file that was checked (its SHA-256 is another): check this one first")


def _answer(status: int, content: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(to_jsonable_python(content), status, headers)


def _parse_origin(fields: Mapping[str, str]) -> Origin:
    given = {name: text for name, text in fields.items() if text}
    sensitivity: Any = given.get("sensitivity")
    if sensitivity not in {None, *get_args(Sensitivity)}:
        raise BadInput(f"sensitivity: {sensitivity!r} is none; public, partner or owner")
    url = given.get("url")
    if url and not url.startswith(("https://", "http://")):
        raise BadInput("url: write it with https://")
    hints = Hints(
        period=given.get("period"), organisation_code=given.get("organisation"), source=given.get("source"),
        label=given.get("label"),
    )  # fmt: skip
    return Origin(given.get("format"), hints, sensitivity, given.get("publisher"), given.get("licence"), url=url)


def _told(connection: Connection, done: Ingested, base: str, caller: Caller, most: int) -> dict[str, Any]:
    """An edition with what it adds up to and the gravest of its issues. NotAllowed, and nothing is kept, where the key
    is of one organisation and the file says something of another, or of what belongs to none."""
    if caller.organisation:
        for one in editions.list_organisations_in(connection, done.edition_id) or ["the partnership"]:
            check_acts_for(caller, one)
    query = issues.Query(edition=done.edition_id, places_of=caller.audience if caller.organisation else None)
    found = {"issues_by_rule": issues.count_by_rule(connection, "complete", query),
             "first_issues": issues.list_gravest(connection, "complete", query, most)}  # fmt: skip
    row = editions.get_edition(connection, caller.audience, done.edition_id)
    totals = [_plain(dict(total)) for total in list_totals(connection, done.edition_id)]
    return {**_edition(dict(row), base), "new": done.new, "totals": totals, **found}


def _plain(total: Mapping[str, Any]) -> dict[str, Any]:
    """Sums as JSON has numbers; one edition has no key and no name."""
    numbers = {name: float(value) if isinstance(value, Decimal) else value for name, value in total.items()}
    return {name: value for name, value in numbers.items() if name not in {"key", "name"}}


def _unnumbered(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without what only a written edition has."""
    left_out = {"id", "known_at", "links"}
    first = [{name: value for name, value in issue.items() if name != "edition_id"} for issue in told["first_issues"]]
    return {name: value for name, value in told.items() if name not in left_out} | {"first_issues": first}


@router.get("/editions/{edition}", dependencies=[Depends(only())])
def get_edition(edition: str, database: Database, caller: Caller, base: Base) -> dict[str, Any]:
    """One file that was handed in: what it is, its SHA-256, what it came to, and how many issues it has."""
    number = editions.find_number(database, caller.audience, edition)
    return _edition(dict(editions.get_edition(database, caller.audience, number)), base)


def _edition(row: dict[str, Any], base: str) -> dict[str, Any]:
    row.pop("sensitivity")
    here = f"{base}/editions/{row['id']}"
    links = [{"rel": "self", "href": here}, {"rel": "issues", "href": f"{here}/issues"}]
    return row | {"known_at": row.pop("at"), "links": links}
