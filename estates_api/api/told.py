"""What is told of a request in the log and in the metrics: never the key, never what was asked in words, and of the
path only which route it is, so that neither tells of a site that is withheld."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

TOLD = "estates_api.told"
"""Where a request carries what is told of it."""

PLAIN = frozenset({"f", "limit", "crs", "bbox-crs", "filter-crs", "filter-lang", "sortby", "properties", "as-of",
                   "known-at", "datetime", "explain", "by"})  # fmt: skip
"""Parameters whose values tell of no site."""

_NUMBER, _STRING = r"-?\b\d[\d.eE+-]*", r'"(?:[^"\\]|\\.)*'
_IN_TEXT = re.compile(rf"'(?:[^']|'')*(?:'|$)|{_NUMBER}")
_IN_JSON = re.compile(rf'("(?:op|property|type)"\s*:\s*{_STRING}"|{_STRING}"\s*:)|{_STRING}(?:"|$)|{_NUMBER}')
"""The literals of a filter; of JSON the names, which are no literals, are the first group."""


@dataclass(slots=True)
class Told:
    """One request, as it becomes known. `caller`: who asks, where that was found out."""

    route: str = "none"
    status: int = 0
    size: int = 0
    kept: bool = False
    caller: Any = None


def told_of(scope: Scope) -> Told:
    """What is told of this request."""
    found: Told = scope.get(TOLD) or Told()
    return found


def masked(query: bytes) -> str:
    """A question without the values in it: `filter=land_ha > ? AND name = ?&limit=10&name=?`."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)[:50]
    return "&".join(f"{name[:50]}={_value(name, value)}" for name, value in pairs)


def _value(name: str, value: str) -> str:
    if name in PLAIN:
        return value[:100]
    return _without_literals(value[:5000])[:2000] if name == "filter" else "?"


def _without_literals(text: str) -> str:
    if text.lstrip().startswith("{"):
        return _IN_JSON.sub(lambda found: found[1] or "?", text)
    return _IN_TEXT.sub("?", text)
