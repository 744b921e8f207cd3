"""The paths that are asked most, answered before the framework: its layers cost as much as a small answer (0.2 ms)."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from estates_api.api.told import told_of

Endpoint = Callable[[Request], Awaitable[Response]]

_RAISED = "estates_api.raised"


class Direct:
    """Answers GET on some paths itself; everything else is the framework's, and so is what goes wrong on them."""

    def __init__(self, app: ASGIApp, owner: FastAPI, endpoints: Mapping[str, Endpoint]) -> None:
        self.app, self.owner = app, owner
        self._endpoints = [(compile_path(path)[0], endpoint, path) for path, endpoint in endpoints.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on. Pages of other sites are passed on too: whether they may ask is the framework's."""
        found = self._find(scope)
        told = told_of(scope)
        if found is None:
            try:
                await self.app(scope, receive, send)
            finally:
                told.route = getattr(scope.get("route"), "path", told.route)
            return
        endpoint, params, told.route = found
        request = Request({**scope, "app": self.owner, "path_params": params}, receive)
        try:
            response = await endpoint(request)
        except Exception as error:
            await self.app({**scope, _RAISED: error}, receive, send)
            return
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[Endpoint, dict[str, str], str] | None:
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or any(name == b"origin" for name, _ in scope["headers"])
        ):
            return None
        for pattern, endpoint, path in self._endpoints:
            if match := pattern.match(scope["path"]):
                return endpoint, match.groupdict(), path
        return None


def route(path: str, endpoint: Endpoint) -> Route:
    """The same path in the framework: raises what went wrong on it before, or answers."""

    async def answer(request: Request) -> Response:
        if error := request.scope.get(_RAISED):
            raise error
        return await endpoint(request)

    return Route(path, answer, include_in_schema=False)
