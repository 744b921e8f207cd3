"""What every request can reach, and who the caller is."""

import base64
import binascii
import ipaddress
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine

from estates_api.domain.area import Area
from estates_api.domain.method import Method
from estates_api.errors import KeyNeeded
from estates_api.settings import DEFAULT_UPLOAD_MB
from estates_api.store.database import transaction
from estates_api.store.layers import Audience
from estates_api.store.reading import Reading
from estates_api.workflows.adoption import InForce, method_in_force


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
    backtest: Mapping[str, Any] | None = None
    method_content: bytes = b""

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


def audience(request: Request) -> Audience:
    """Who asks: the public without a key, everything with the administrator's; a wrong key is refused.

    The key comes as `X-API-Key`, as Bearer token or as Basic password (QGIS 3.40 loses header keys).
    """
    given = _given_key(request)
    if given is None:
        return "public"
    wanted = context(request).admin_key
    if wanted is None or not secrets.compare_digest(given.encode(), wanted.encode()):
        raise KeyNeeded("the key is not known")
    return "complete"


def _given_key(request: Request) -> str | None:
    if key := request.headers.get("x-api-key"):
        return key
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            raise KeyNeeded("the Basic credentials cannot be read") from None
    return None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and whether drafts are for them."""

    audience: Audience
    drafts: bool


def viewer(request: Request, caller: Annotated[Audience, Depends(audience)]) -> Viewer:
    """Drafts are for the key, and in the embedded default for this computer itself (never through a proxy)."""
    local = context(request).open_drafts and not _passed_on(request) and _from_here(request)
    return Viewer(caller, drafts=caller == "complete" or local)


PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""The request headers by which a proxy is known."""


def _passed_on(request: Request) -> bool:
    return any(name in request.headers for name in PASSED_ON)


def _from_here(request: Request) -> bool:
    """Asked by this computer under its own name, and not by a page of another site that is open in its browser."""
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    return (
        request.client is not None
        and is_loopback(request.client.host)
        and is_loopback(re.sub(r":\d*$", "", host).strip("[]"))
        and origin in {None, f"http://{host}", f"https://{host}"}
    )


@lru_cache(maxsize=4096)
def is_loopback(host: str) -> bool:
    """Whether an address is this computer's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
Caller = Annotated[Audience, Depends(audience)]
View = Annotated[Viewer, Depends(viewer)]
Base = Annotated[str, Depends(base_url)]
