"""What every request can reach, and who the caller is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends, Request
from limits import RateLimitItem
from sqlalchemy import Connection, Engine

from estates_api.domain import callers
from estates_api.domain.area import Area
from estates_api.domain.callers import Audience
from estates_api.domain.method import Method
from estates_api.errors import EstatesError
from estates_api.settings import DEFAULT_UPLOAD_MB, Basemap, Issuer
from estates_api.store.database import transaction
from estates_api.store.reading import Reading
from estates_api.store.work import SLOW_MS
from estates_api.workflows.adoption import InForce, method_in_force

CALLER = "estates_api.caller"
"""Where a request carries who asks: a Caller, or what was wrong with the key."""


@dataclass(frozen=True, slots=True)
class Context:
    """The installation as requests see it. `watch`: answers are kept until the database tells of a change. `backtest`:
    what was shipped, of whichever method it is. `method` is the one known at the start: it counts until another is
    adopted (method_in_force)."""

    engine: Engine
    area: Area
    method: Method
    admin_key: str | None
    open_drafts: bool
    public_url: str | None
    max_upload_mb: int = DEFAULT_UPLOAD_MB
    watch: bool = False
    rate: RateLimitItem | None = None
    slow_ms: int = SLOW_MS
    backtest: Mapping[str, Any] | None = None
    method_content: bytes = b""
    issuer: Issuer | None = None
    basemap: Basemap | None = None

    def in_force(self, connection: Connection) -> InForce:
        """The method that counts now, whichever process adopted it, with the bytes of its file."""
        return method_in_force(connection, InForce(self.method, self.method_content))

    def method_in_force(self, connection: Connection) -> Method:
        """The method that counts now."""
        return self.in_force(connection).method


def context(request: Request) -> Context:
    """The installation."""
    found: Context = request.app.state.context
    return found


def reading(request: Request) -> Reading:
    """The reading side of this process."""
    found: Reading = request.app.state.reading
    return found


def connection(request: Request) -> Iterator[Connection]:
    """A transaction for this request."""
    with transaction(context(request).engine) as opened:
        yield opened


async def secret(request: Request) -> bytes:
    """What this installation signs and seals with."""
    return await reading(request).secret()


def caller(request: Request) -> callers.Caller:
    """Who asks, as was found out before all else (api/identity.py); raises what was wrong with the key."""
    found: callers.Caller | EstatesError = request.scope[CALLER]
    if isinstance(found, EstatesError):
        raise found
    return found


def audience(request: Request) -> Audience:
    """Whose view is asked for."""
    return caller(request).audience


def base_url(request: Request) -> str:
    """The address that links begin with: ESTATES_PUBLIC_URL, else the one that was asked."""
    return context(request).public_url or _asked(
        request.scope["scheme"], request.headers.get("host", ""), request.scope.get("root_path", "")
    )


@lru_cache(maxsize=64)
def _asked(scheme: str, host: str, root: str) -> str:
    """As the framework makes it of a request, which takes longer than finding it again."""
    made = {"type": "http", "scheme": scheme, "server": None, "path": "/", "root_path": root,
            "query_string": b"", "headers": [(b"host", host.encode("latin-1"))]}  # fmt: skip
    return str(Request(made).base_url).rstrip("/")


Here = Annotated[Context, Depends(context)]
Database = Annotated[Connection, Depends(connection)]
Caller = Annotated[callers.Caller, Depends(caller)]
Base = Annotated[str, Depends(base_url)]
Secret = Annotated[bytes, Depends(secret)]
