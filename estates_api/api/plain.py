"""Plain pages: what a route answers in JSON, told to a browser as a sheet made of that JSON."""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from estates_api.api.answers import JSON, wants_html
from estates_api.api.forms import asked_again
from estates_api.api.pages import page
from estates_api.api.sheets import SHEETS, Sheet

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Plain(APIRoute):
    """A route that answers in JSON, and to a browser with the sheet of its path, where there is one."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        self.sheet = SHEETS.get(path) if "GET" in more.get("methods", ()) else None
        if self.sheet:
            more["responses"] = {200: {"content": {JSON: {}, "text/html": {}}}} | (more.get("responses") or {})
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Handler:
        """The framework's own, and what a browser gets in its place."""
        answer, sheet = super().get_route_handler(), self.sheet
        if sheet is None:
            return answer

        async def either(request: Request) -> Response:
            answered = await answer(request)
            if not wants_html(request) or answered.status_code != 200:
                return answered
            return await run_in_threadpool(draw_sheet, request, sheet, answered)

        return either


def draw_sheet(request: Request, sheet: Sheet, answered: Response) -> Response:
    """The page of a JSON answer, with its headers."""
    told: Mapping[str, Any] = json.loads(bytes(answered.body))
    kept = {name: value for name, value in answered.headers.items() if not name.startswith("content-")}
    following = [one["href"] for one in told.get("links", ()) if one.get("rel") == "next"]
    values = {"sheet": sheet, "told": told, "title": sheet.title.format_map(told), "following": following,
              "as_json": asked_again(request, f="json"),
              "trail": [(path.format_map(told), title.format_map(told)) for path, title in sheet.trail]}  # fmt: skip
    return page(request, "sheet.html", values, kept)
