"""Bearer tokens of an OpenID Connect issuer, where one is configured: who signed in there, and in which role."""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.request import HTTPRedirectHandler, Request, build_opener

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from estates_api.domain.callers import ROLES, Caller
from estates_api.domain.keys import parse_holder
from estates_api.errors import BadInput, KeyNeeded, Unavailable
from estates_api.settings import Issuer, is_confidential

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures by a key pair alone: with a shared secret, whoever can check a token could make one."""

KEPT_S, AGAIN_S, WAIT_S, LARGEST_BYTES = 3600, 60, 5, 1 << 20
"""How long the issuer's keys are kept, how soon they are asked for again for an unknown one, how long that may take."""

SILENT_S = 10
"""How long an issuer that did not answer is not asked again: until then nobody waits for it."""


class SignIn:
    """Tells who a token is of, by the keys that its issuer publishes."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._keys: KeySet | None = None
        self._asked = float("-inf")
        self._one = asyncio.Lock()

    async def find(self, token: str) -> Caller:
        """Who signed in; KeyNeeded where the token is not what it must be, in the same words whatever it is."""
        keys = await self._published(KEPT_S)
        try:
            try:
                claims = self._claims(token, keys)
            except (InvalidKeyIdError, BadSignatureError):  # by a key that was not there when they were asked for
                claims = self._claims(token, await self._published(AGAIN_S))
            return self._caller(claims)
        except (JoseError, ValueError, TypeError, BadInput):  # a part of it may be of any type
            raise KeyNeeded("the token is not known here, has ended, or names no role") from None

    def _claims(self, token: str, keys: KeySet) -> dict[str, Any]:
        found = jwt.decode(token, keys, algorithms=ALGORITHMS)
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self._issuer.url}, aud={"essential": True, "value": self._issuer.audience},
            exp={"essential": True}, sub={"essential": True},
        ).validate(found.claims)  # fmt: skip
        return found.claims

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        told = claims.get(self._issuer.role_claim)
        roles = [one for one in (told if isinstance(told, list) else [told]) if one in ROLES]
        organisation, sector = (_text(claims.get(name)) for name in
                                (self._issuer.organisation_claim, self._issuer.sector_claim))  # fmt: skip
        role = str(roles[0]) if len(roles) == 1 else ""
        holder = parse_holder(role, f"{claims['sub']}"[:200], organisation=organisation, sector=sector)
        return holder.caller("signed in")

    async def _published(self, kept_s: float) -> KeySet:
        async with self._one:
            if time.monotonic() - self._asked > (SILENT_S if self._keys is None else kept_s):
                with suppress(OSError, ValueError, KeyError, TypeError, JoseError):
                    self._keys = KeySet.import_key_set(await asyncio.to_thread(self._fetch))
                self._asked = time.monotonic()
            if self._keys is None:
                raise Unavailable("the issuer of tokens does not answer; try again in a moment")
            return self._keys

    def _fetch(self) -> Any:
        told = _read(f"{self._issuer.url.rstrip('/')}/.well-known/openid-configuration")
        if told["issuer"] != self._issuer.url:
            raise ValueError("another issuer")
        return _read(told["jwks_uri"])


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadInput("a claim is no text")
    return value or None


def _read(url: str) -> Any:
    if not is_confidential(url):
        raise ValueError("keys are read over TLS alone")
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 -- the scheme was looked at
    with build_opener(_Confidential).open(request, timeout=WAIT_S) as answer:
        return json.loads(answer.read(LARGEST_BYTES))


class _Confidential(HTTPRedirectHandler):
    """Goes on to where an answer sends, as long as nobody on the way can read or change what comes from there."""

    def redirect_request(self, *told: Any) -> Request | None:
        """`told` ends with the address to go on to."""
        if not is_confidential(told[-1]):
            raise ValueError("keys are read over TLS alone")
        return super().redirect_request(*told)
