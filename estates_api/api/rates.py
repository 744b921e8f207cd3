"""How often one address, or one key, may ask: so many times in a window, counted in this process.

The notation is that of the package `limits`. Its storage in memory starts a thread with nearly every count, and then
goes through all that it holds (27 to 44 µs a request, as much as a kept answer); here the windows stand in the order in
which they end, and what is over is dropped from the front (2 µs).
"""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network

from limits import RateLimitItem
from starlette.types import Scope

from estates_api.api.identity import CREDENTIALS, is_here
from estates_api.api.told import Told
from estates_api.errors import EstatesError

MOST_WINDOWS, MOST_KEYS = 50_000, 10_000
"""Addresses and keys of which a process counts at once, and keys that it knows as good."""

WRONG_KEY_COSTS = 10
"""A wrong key counts as this many requests, so that guessing ends soon."""

_FREE = frozenset({"/health/live", "/health/ready"})


class TooOften(EstatesError):
    """This address, or this key, asked more often than it may."""

    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, headers: Mapping[str, str]) -> None:
        super().__init__(detail)
        self.headers = headers


class Windows:
    """Counts in windows that begin with the first request; all are of one length, so the oldest ends first."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._counts: OrderedDict[str, list[float]] = OrderedDict()

    def count(self, who: str, times: int = 1) -> int:
        """Count; how often it was within the window."""
        now = time.monotonic()
        found = self._counts.get(who)
        if found is None or found[0] <= now:
            self._drop(now)
            self._counts.pop(who, None)
            found = self._counts[who] = [now + self.seconds, 0]
        found[1] += times
        return int(found[1])

    def _drop(self, now: float) -> None:
        while self._counts and (len(self._counts) >= MOST_WINDOWS or next(iter(self._counts.values()))[0] <= now):
            self._counts.popitem(last=False)

    def left_s(self, who: str) -> float:
        """Seconds until the window ends."""
        return max(0.0, self._counts[who][0] - time.monotonic()) if who in self._counts else 0.0

    def __len__(self) -> int:
        return len(self._counts)


class Rates:
    """Who asks too often. A key counts for itself once it was found good; until then it counts for its address."""

    def __init__(self, rate: RateLimitItem | None) -> None:
        self.rate, self._most = rate, rate.amount if rate else 0
        self.windows = Windows(rate.get_expiry() if rate else 0)
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def check(self, scope: Scope) -> TooOften | None:
        """Count the request; what to answer when it is one too many. This computer itself may ask as often as it
        likes, and health checks are answered always."""
        if self.rate is None or scope["path"] in _FREE or is_here(scope, dict(scope["headers"])):
            return None
        who = self._who(scope)
        return None if self.windows.count(who) <= self._most else self._refusal(who)

    def learn(self, scope: Scope, told: Told) -> None:
        """Whether the key that came with the request was good."""
        if self.rate is None or (digest := _digest(scope)) is None:
            return
        if told.status == 401:
            self._good.pop(digest, None)
            if not is_here(scope, dict(scope["headers"])):
                self.windows.count(_address(scope), WRONG_KEY_COSTS - 1)
        elif getattr(told.caller, "audience", "public") != "public":
            self._good[digest] = None
            if len(self._good) > MOST_KEYS:
                self._good.popitem(last=False)

    def _who(self, scope: Scope) -> str:
        digest = _digest(scope)
        return digest.hex() if digest is not None and digest in self._good else _address(scope)

    def _refusal(self, who: str) -> TooOften:
        seconds = max(1, math.ceil(self.windows.left_s(who)))
        # draft-ietf-httpapi-ratelimit-headers-10
        policy = f'"default";q={self._most};w={self.windows.seconds}'
        headers = {"Retry-After": str(seconds), "RateLimit-Policy": policy,
                   "RateLimit": f'"default";r=0;t={seconds}'}  # fmt: skip
        return TooOften(f"one address, or one key, may ask {self.rate} here; try again in {seconds} s", headers)


def _digest(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name in CREDENTIALS:
            return hashlib.blake2b(value, digest_size=16).digest()
    return None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return _network(client[0]) if client else "unknown"


@lru_cache(maxsize=4096)
def _network(host: str) -> str:
    """An IPv6 address counts with its whole /64, which one subscriber has; one that stands for IPv4 as that."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False))
