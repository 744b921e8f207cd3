"""Councils as files name them: by a URI, a code or a name, to one organisation code."""

import re

from estates_api.domain.codes import parse_ods_code
from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources.reader import Hints

# GSS codes of the ONS; names as `_plain_name` leaves them.
LONDON_BOROUGHS = {
    "barnet": "E09000003",
    "camden": "E09000007",
    "enfield": "E09000010",
    "haringey": "E09000014",
    "islington": "E09000019",
}

# `local-authority:CMD` of planning.data.gov.uk: the codes are those of ISO 3166-2:GB.
_ISO_CODES = {"BNE": "E09000003", "CMD": "E09000007", "ENF": "E09000010", "HRY": "E09000014", "ISL": "E09000019"}

_GSS = re.compile(r"E0[6-9][0-9]{6}|E10[0-9]{6}")
_FAULT = "is too short to name a council"
_FILLERS = frozenset({"london", "borough", "of", "council", "lb", "the"})


def find_council(hints: Hints, *, name: str = "", uri: str = "") -> tuple[str, str]:
    """(code, name): the GSS code where we know it, else the code given, else one made from the name.

    `uri` is an address (opendatacommunities.org, statistics.data.gov.uk), a code of planning.data.gov.uk, or a GSS
    code. BadInput when none of them names a council.
    """
    name = name or hints.organisation_name or ""
    slug = uri.rstrip("/").rsplit("/", 1)[-1]
    last = re.split(r"[#:]", slug)[-1]
    for text in (last, name):
        known = _ISO_CODES.get(text) or LONDON_BOROUGHS.get(_plain_name(text)) or (text if _GSS.fullmatch(text) else "")
        if known:
            return known, name or last
    code = hints.organisation_code or _made_code(slug, name, uri.partition("://")[2])
    if not code:
        stated = name or uri
        raise BadInput(f"{shorten(stated)!r} {_FAULT}" if stated else "the row does not name its council")
    return parse_ods_code(code), name or last


def _made_code(*texts: str) -> str | None:
    """A code from the first of the texts that is long enough for one; a URI may end in a single letter or a number."""
    codes = (re.sub(r"[^0-9A-Z]+", "-", text.upper()).strip("-")[:40].strip("-") for text in texts)
    return next((code for code in codes if len(code) >= 2 and not code.isdecimal()), None)


def _plain_name(name: str) -> str:
    """`London Borough of Camden`, `Camden Council`, `london-borough-council/camden` are the same council."""
    words = re.findall(r"[a-z]+", name.casefold())
    return " ".join(word for word in words if word not in _FILLERS)
