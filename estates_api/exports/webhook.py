"""A webhook: one POST of JSON to an address that somebody chose, tried once."""

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from estates_api.errors import BadInput, Unavailable

WAIT_S = 15.0


class _Stay(HTTPRedirectHandler):
    """What was meant for one address goes to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


def parse_webhook(url: str) -> str:
    """The host of an address that can be posted to; BadInput otherwise. Only the host is ever told: the rest of an
    address may be a secret."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or not url.isprintable() or " " in url:
        raise BadInput("--webhook: must be an address like https://example.org/hook")
    return host


def post_webhook(url: str, told: Mapping[str, Any]) -> None:
    """Post it; Unavailable, which names the host alone, when it was not taken."""
    host = parse_webhook(url)
    body = json.dumps(told, ensure_ascii=False).encode()
    request = Request(url, body, {"Content-Type": "application/json", "User-Agent": "estates_api"}, method="POST")  # noqa: S310 -- http or https, checked above
    try:
        with build_opener(_Stay).open(request, timeout=WAIT_S):
            pass
    except HTTPError as error:
        raise Unavailable(f"the webhook at {host} answered {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unavailable(f"the webhook at {host} could not be reached ({type(error).__name__})") from None
