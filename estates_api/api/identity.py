"""Who asks: found out once for each request, before anything that is kept is given out."""

import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from estates_api.api.context import CALLER, Context
from estates_api.api.keyring import Keyring
from estates_api.api.sign_in import SignIn
from estates_api.domain.callers import ADMINISTRATOR, PUBLIC, Caller
from estates_api.errors import EstatesError, KeyNeeded
from estates_api.store.database import act_for
from estates_api.store.reading import Reading

_DOTS_OF_A_TOKEN = 2


class Identify:
    """Finds who asks. What is wrong with a key is raised by whatever asks who it is, and told like other problems."""

    def __init__(self, app: ASGIApp, context: Context, reading: Reading) -> None:
        self.app, self.context = app, context
        self._keyring = Keyring(reading, context.engine)
        self._sign_in = SignIn(context.issuer) if context.issuer else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with who asks; the database is told it with every transaction."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        local = self.context.open_drafts and _from_here(scope, headers)
        nobody = _PUBLIC_HERE if local else PUBLIC
        found = nobody if CREDENTIALS.isdisjoint(headers) else await self._who(scope, local=local)
        scope[CALLER] = found
        act_for(found if isinstance(found, Caller) else PUBLIC)
        await self.app(scope, receive, send)

    async def _who(self, scope: Scope, *, local: bool) -> Caller | EstatesError:
        try:
            found = await self._holder(given_key(Headers(scope=scope)))
        except EstatesError as error:
            return error
        return found.with_drafts() if local else found

    async def _holder(self, given: str | None) -> Caller:
        """Who sent a key: the public without one; a wrong key is refused."""
        if given is None:
            return PUBLIC
        wanted = self.context.admin_key
        if wanted is not None and hmac.compare_digest(given.encode(), wanted.encode()):
            return ADMINISTRATOR
        if found := await self._keyring.find(given):
            return found
        if self._sign_in and given.count(".") == _DOTS_OF_A_TOKEN:
            return await self._sign_in.find(given)
        raise KeyNeeded("the key is not known")


def given_key(headers: Headers) -> str | None:
    """The key that a request carries: as `X-API-Key`, as Bearer token or as Basic password (QGIS 3.40 loses header
    keys)."""
    if key := headers.get("x-api-key"):
        return key
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            raise KeyNeeded("the Basic credentials cannot be read") from None
    return None


PASSED_ON = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})
"""The request headers by which a proxy is known."""

CREDENTIALS = frozenset({b"x-api-key", b"authorization"})
"""The request headers that may carry a key."""

_PUBLIC_HERE = PUBLIC.with_drafts()


def is_here(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Asked by this computer, and not through a proxy on it."""
    client = scope.get("client")
    return client is not None and is_loopback(client[0]) and PASSED_ON.isdisjoint(headers)


def _from_here(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Asked by this computer under its own name, and not by a page of another site that is open in its browser."""
    if not is_here(scope, headers):
        return False
    host, origin = headers.get(b"host", b""), headers.get(b"origin")
    return _names_this(host) and origin in {None, b"http://" + host, b"https://" + host}


@lru_cache(maxsize=4096)
def _names_this(host: bytes) -> bool:
    return is_loopback(re.sub(r":\d*$", "", host.decode("latin-1")).strip("[]"))


@lru_cache(maxsize=4096)
def is_loopback(host: str) -> bool:
    """Whether an address is this computer's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
