"""Answers that are text already: JSON made in PostgreSQL is passed on, never parsed again."""

import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estates_api.api.context import base_url, caller
from estates_api.api.formats import HTML, accepted

JSON = "application/json"
GEOJSON = "application/geo+json"

POSTED = re.compile(
    r"/editions|/assessments/what-if|/methods|/needs|/needs/[^/]+/closing|/sites/[^/]+/decisions"
    r"|/shortlists/[^/]+/(drafts|publications|choices|endorsements)"
)
"""The paths that take something in."""


def text_answer(content: str | bytes, media_type: str, headers: dict[str, str] | None = None) -> Response:
    """Content as it is."""
    return Response(content, headers=headers, media_type=media_type)


@cache
def _code() -> str:
    """What makes the answers, as it is installed: another code may make other bytes of the same data."""
    package = Path(__file__).resolve().parent.parent
    files = sorted(path for path in package.rglob("*") if path.suffix in {".py", ".html", ".qml", ".qlr", ".typ"})
    return hashlib.blake2b(b"".join(path.read_bytes() for path in files), digest_size=8).hexdigest()


def etag(request: Request, version: int) -> str:
    """A strong tag: the same for the same question to the same data by the same audience, and for nothing else."""
    who = caller(request)
    asked = (_code(), version, who.audience, who.drafts, base_url(request), request.scope["path"],
             request.scope["query_string"],
             "html" if wants_html(request) else request.headers.get("accept", ""))  # fmt: skip
    return f'"{hashlib.blake2b(repr(asked).encode(), digest_size=12).hexdigest()}"'


def wants_html(request: Request) -> bool:
    """A browser asks for text/html by name; programs that take anything get JSON."""
    wanted = request.query_params.get("f")
    return wanted == "html" if wanted else accepted(request.headers.get("accept", "*/*")) is HTML


class HeadAndOptions:
    """HEAD like GET without the body, and OPTIONS with what a path allows: QGIS asks both at every layer load."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, turning HEAD into GET; the server leaves the body out."""
        method = scope.get("method")
        if scope["type"] == "http" and method == "OPTIONS":
            posted = "POST, " if POSTED.fullmatch(scope["path"]) else ""
            await Response(status_code=204, headers={"Allow": f"GET, HEAD, {posted}OPTIONS"})(scope, receive, send)
        elif scope["type"] == "http" and method == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, _without_body(send))
        else:
            await self.app(scope, receive, send)


class Varying:
    """Answers differ by what is accepted and by the key: a cache on the way must not mix them up."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, naming the request headers that answers depend on; an answer to a key is for its holder alone."""
        keyed = any(name in {b"x-api-key", b"authorization"} for name, _ in scope.get("headers", ()))

        async def varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Accept, Authorization, X-API-Key")
                headers.setdefault("Cache-Control", "private, no-cache" if keyed else "no-cache")
            await send(message)

        await self.app(scope, receive, varying)


def _without_body(send: Send) -> Send:
    async def bare(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return bare
