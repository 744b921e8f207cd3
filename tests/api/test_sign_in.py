"""Tokens of an OpenID Connect issuer: who may come in with one, tested against an issuer of the test's own."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from estates_api.api.sign_in import SignIn
from estates_api.domain.callers import Owner, Permission
from estates_api.errors import BadInput, KeyNeeded, Unavailable
from estates_api.settings import Issuer, read_settings

KEYS = {"RS256": RSAKey.generate_key(2048, {"kid": "one"}), "ES256": ECKey.generate_key("P-256", {"kid": "two"})}
CLAIMS = {"sub": "a.clerk", "aud": "estates", "estates_role": "steward", "estates_organisation": "RAL"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """An issuer on this computer that publishes its keys."""

    with publishing([*KEYS.values()]) as url:
        yield issuer_at(url)


def issuer_at(url: str) -> Issuer:
    """An issuer by its address."""
    return Issuer(url, "estates", "estates_role", "estates_organisation", "estates_sector")


@contextmanager
def publishing(keys: list[Any], elsewhere: str = "") -> Iterator[str]:
    """The address of an issuer that publishes keys, or sends whoever asks for them to another host of this computer."""

    class Published(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            port = self.server.server_port  # type: ignore[attr-defined]
            url = f"http://127.0.0.1:{port}"
            told: Any = {"issuer": url, "jwks_uri": f"{url}/keys"}
            if self.path != "/.well-known/openid-configuration":
                told = KeySet(keys).as_dict(private=False)
            self.send_response(302 if elsewhere and self.path == "/keys" else 200)
            self.send_header("Location", f"http://{elsewhere}:{port}/there")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("0.0.0.0", 0), Published)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def token(issuer: Issuer, algorithm: str = "RS256", key: Any = None, **changes: Any) -> str:
    """A token that counts, but for what is changed; None leaves a claim out."""
    key = key or KEYS[algorithm]
    claims = {**CLAIMS, "iss": issuer.url, "exp": int(time.time()) + 60, **changes}
    said = {name: value for name, value in claims.items() if value is not None}
    head = {"alg": algorithm} | ({"kid": key.kid} if key.kid else {})
    return jwt.encode(head, said, key, algorithms=[algorithm])


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_says_who_it_is(issuer: Issuer, algorithm: str) -> None:
    """Signed by a published key, for us, in its time: the role and the organisation that its claims name."""
    caller = asyncio.run(SignIn(issuer).find(token(issuer, algorithm)))
    assert caller.audience == Owner("RAL")
    assert caller.may == {Permission.SEE_DRAFTS, Permission.HAND_IN, Permission.NEED}


NOT: dict[str, dict[str, Any]] = {
    "ended": {"exp": 1}, "without an end": {"exp": None}, "not yet": {"nbf": 32_503_680_000},
    "for another": {"aud": "x"},
    "for nobody": {"aud": None}, "of another issuer": {"iss": "https://evil.example"}, "of nobody": {"sub": None},
    "without a role": {"estates_role": None}, "of an unknown role": {"estates_role": "king"},
    "of the public": {"estates_role": "public", "estates_organisation": None},
    "of two roles": {"estates_role": ["owner", "steward"]}, "an owner of nothing": {"estates_role": "owner",
                                                                                  "estates_organisation": None},
    "of no organisation": {"estates_organisation": "'; DROP"}, "of a list": {"estates_organisation": ["RAL"]},
    "of a role that is no text": {"estates_role": {"a": 1}}, "of a list of lists": {"estates_role": [["steward"]]},
}  # fmt: skip


@pytest.mark.parametrize("why", NOT)
def test_what_does_not_count_is_told_one_thing(issuer: Issuer, why: str) -> None:
    """A token that is not wholly right is refused in the same words, whatever is wrong with it."""
    with pytest.raises(KeyNeeded, match="the token is not known here"):
        asyncio.run(SignIn(issuer).find(token(issuer, **NOT[why])))


def _headed(head: Any, made: str) -> str:
    """A token with another head."""
    return f"{urlsafe_b64encode(json.dumps(head).encode()).decode().rstrip('=')}.{made.partition('.')[2]}"


def test_only_the_issuer_signs(issuer: Issuer) -> None:
    """Not another key of the same name, no shared secret, no signature at all, no mangled token."""
    right = token(issuer)
    head, body, _ = right.split(".")
    other = RSAKey.generate_key(2048, {"kid": "one"})
    secret = OctKey.import_key(b"x" * 32, {"kid": "one"})
    unknown = RSAKey.generate_key(2048, {"kid": "three"})
    for made in (token(issuer, key=other), token(issuer, "HS256", secret), token(issuer, key=unknown),
                 _headed({"alg": "RS256", "kid": "one", "crit": 5}, right), _headed([1], right),
                 f"{head}.{body}.", "a.b.c", f"eyJhbGciOiJub25lIn0.{body}."):  # fmt: skip
        with pytest.raises(KeyNeeded):
            asyncio.run(SignIn(issuer).find(made))


@pytest.mark.parametrize(("elsewhere", "comes_in"), [("127.0.0.1", True), ("127.0.0.2", False)])
def test_keys_are_never_read_where_others_listen(elsewhere: str, *, comes_in: bool) -> None:
    """An issuer that sends on to an address without TLS, and of another host, has published nothing."""
    with publishing([*KEYS.values()], elsewhere) as url:
        made = SignIn(issuer_at(url)).find(token(issuer_at(url)))
        if comes_in:
            assert asyncio.run(made).audience == Owner("RAL")
        else:
            with pytest.raises(Unavailable):
                asyncio.run(made)


@pytest.mark.parametrize("kids", [("old", "new"), ("one", "one"), ("", "")])
def test_an_issuer_changes_its_keys(monkeypatch: pytest.MonkeyPatch, kids: tuple[str, str]) -> None:
    """A new key counts when a token signed by it comes, one that was withdrawn no more once they are read again: with
    names of their own, under one name, and without."""
    monkeypatch.setattr("estates_api.api.sign_in.AGAIN_S", -1)
    old, new = (RSAKey.generate_key(2048, {"kid": kid} if kid else None) for kid in kids)
    published = [old]
    with publishing(published) as url:
        one = SignIn(issuer_at(url))
        by_old, by_new = (token(issuer_at(url), key=key) for key in (old, new))
        assert asyncio.run(one.find(by_old)).audience == Owner("RAL")
        with pytest.raises(KeyNeeded):
            asyncio.run(one.find(by_new))
        published[:] = [new]
        assert asyncio.run(one.find(by_new)).audience == Owner("RAL")
        with pytest.raises(KeyNeeded):
            asyncio.run(one.find(by_old))


def test_an_issuer_that_is_away_is_said(issuer: Issuer) -> None:
    """Without its keys nobody's token can be told right from wrong: come back later."""
    away = Issuer("http://127.0.0.1:9", "estates", "a", "b", "c")
    with pytest.raises(Unavailable, match="issuer"):
        asyncio.run(SignIn(away).find(token(issuer)))


def test_an_issuer_that_is_away_is_waited_for_once(monkeypatch: pytest.MonkeyPatch, issuer: Issuer) -> None:
    """Who comes soon after does not wait for it again, and is told the same; once it answers, tokens count."""
    asked = []
    sign_in, real = SignIn(issuer), SignIn._fetch

    def away(one: SignIn) -> Any:
        asked.append(one)
        raise OSError

    async def come(times: int) -> None:
        for _ in range(times):
            with pytest.raises(Unavailable, match="issuer"):
                await sign_in.find(token(issuer))

    monkeypatch.setattr(SignIn, "_fetch", away)
    asyncio.run(come(3))
    assert len(asked) == 1
    monkeypatch.setattr(SignIn, "_fetch", real)
    monkeypatch.setattr("estates_api.api.sign_in.SILENT_S", 0)
    assert asyncio.run(sign_in.find(token(issuer))).name


def test_an_issuer_is_configured_whole() -> None:
    """An address that is not read over TLS, or nobody whom tokens are for, is refused at the start."""
    assert read_settings({}).issuer is None
    found = read_settings({"ESTATES_OIDC_ISSUER": "https://id.example.org", "ESTATES_OIDC_AUDIENCE": "estates",
                           "ESTATES_OIDC_ROLE_CLAIM": "role"}).issuer  # fmt: skip
    assert found == Issuer("https://id.example.org", "estates", "role", "estates_organisation", "estates_sector")


@pytest.mark.parametrize(
    "issuer",
    ["http://id.example.org", "http://localhost.example", "http://127.0.0.1.example", "http://localhost@id.example.org",
     "ftp://localhost", "https://", "http://[::1"],
)  # fmt: skip
def test_an_issuer_that_others_could_speak_for_is_refused(issuer: str) -> None:
    """Without TLS only this computer itself is believed, and what merely begins like its name is another."""
    with pytest.raises(BadInput, match="ESTATES_OIDC_ISSUER"):
        read_settings({"ESTATES_OIDC_ISSUER": issuer, "ESTATES_OIDC_AUDIENCE": "estates"})
