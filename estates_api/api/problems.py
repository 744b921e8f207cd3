"""Problem documents (RFC 9457) for everything that goes wrong."""

import json
import logging
import uuid
from collections.abc import Mapping

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from estates_api.api.answers import wants_html
from estates_api.api.browse import problem_page
from estates_api.errors import Conflict, EstatesError, Unavailable
from estates_api.store.faults import find_fault

log = logging.getLogger("estates_api")


def problem(
    status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, **more: str
) -> Response:  # fmt: skip
    """A problem document for people and programs; `more` are members of its own (RFC 9457, 3.2)."""
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    body = json.dumps(told, ensure_ascii=False)
    return Response(body, status, dict(headers or {}), "application/problem+json")


def _told(
    request: Request, status: int, title: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:  # fmt: skip
    """The same as a page to whoever asks for pages."""
    if wants_html(request):
        return problem_page(request, status, title, detail, headers or {})
    return problem(status, title, detail, headers)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, EstatesError)
    headers = {"WWW-Authenticate": _challenge(request)} if error.status == 401 else {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
        if error.said:
            route = getattr(request.scope.get("route"), "path", "none")  # not the path, which may name a site
            log.warning("%s %s: %s", request.method, route, error.for_operator())
    if isinstance(error, Conflict) and error.rule and not wants_html(request):
        return problem(error.status, error.title, error.detail, headers, rule=error.rule)
    return _told(request, error.status, error.title, error.detail, headers)


def _challenge(request: Request) -> str:
    """How to send a key: as it was sent. A browser asks for a name and password when it is told of Basic, which a page
    that sent the key by itself as Bearer token (RFC 6750, 3) does not want."""
    bearer = request.headers.get("authorization", "").lower().startswith("bearer ")
    return 'Bearer realm="estates"' if bearer else 'Basic realm="estates", charset="UTF-8"'


async def _invalid(request: Request, error: Exception) -> Response:
    """OGC API wants 400 for any parameter it cannot read, where FastAPI would answer 422."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "request"
    return _told(request, 400, "Bad input", f"{where}: {first['msg']}")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _told(request, error.status_code, str(error.detail), f"{error.detail}; see /docs", error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    """What nobody foresaw: the log has the whole story under the number, the answer nothing of the inside."""
    number = uuid.uuid4().hex[:8]
    log.error("request %s failed", number, exc_info=error)
    return _told(request, 500, "The service failed", f"this is a fault of the service (request {number})")


async def _database(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError | psycopg.Error)
    fault = find_fault(error)
    return await (_ours(request, fault) if fault else _failed(request, error))


async def answer_error(request: Request, error: Exception) -> Response:
    """The answer to an error where the framework cannot give it: the status was sent before."""
    if isinstance(error, EstatesError):
        return await _ours(request, error)
    return await (_database if isinstance(error, DBAPIError | psycopg.Error) else _failed)(request, error)


def add_handlers(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    app.add_exception_handler(EstatesError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(psycopg.Error, _database)
    app.add_exception_handler(Exception, _failed)
