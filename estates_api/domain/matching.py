"""Place matching: which holdings stand at one place, with the evidence for it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from estates_api.domain.codes import AGGREGATE

ALIKE = 90.0
"""Names at one postcode that are at least this alike (rapidfuzz token set ratio, 0-100) are one place.

High, because a wrong merge hides a site and a missed one only shows two: a person's judgement joins those.
"""

_NOISE = re.compile(r"\b(the|nhs|trust|foundation|services?|new)\b|[^a-z0-9 ]")


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A holding that needs a site. `judged` is the place a person put it at."""

    organisation_code: str
    code: str
    name: str
    postcode: str | None
    judged: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The site a holding belongs to, whether it is new, and why."""

    site_ref: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Known:
    """A site that exists already."""

    ref: str
    name: str
    postcode: str | None


def plain_name(name: str) -> str:
    """A name without case, punctuation and words that say nothing about the place."""
    return " ".join(_NOISE.sub(" ", name.lower().replace("'", "").replace("’", "")).split())


def match_holdings(
    unplaced: Iterable[Unplaced], known: Iterable[Known], prefix: str
) -> Mapping[tuple[str, str], Match]:
    """A match for each holding that has a place; `AGGRE` rows have none and are left out.

    In this order: a person's judgement; an existing site at the same postcode with a like name; a site of its own.
    """
    sites = {site.ref: site for site in known}
    matches: dict[tuple[str, str], Match] = {}
    # Judged holdings first: others may join the places they make.
    for item in sorted(unplaced, key=lambda u: (u.judged is None, u.organisation_code, u.code)):
        if item.code == AGGREGATE:
            continue
        match = _match(item, sites, prefix)
        matches[item.organisation_code, item.code] = match
        sites.setdefault(match.site_ref, Known(match.site_ref, item.name, item.postcode))
    return matches


def _match(item: Unplaced, sites: Mapping[str, Known], prefix: str) -> Match:
    if item.judged:
        return Match(f"{prefix}-{item.judged}", "judgement")
    if item.postcode:
        for site in sorted(sites.values(), key=lambda site: site.ref):
            alike = fuzz.token_set_ratio(plain_name(site.name), plain_name(item.name))
            if site.postcode == item.postcode and alike >= ALIKE:
                return Match(site.ref, f"same postcode {item.postcode}, names {alike:.0f} % alike with {site.name!r}")
    return Match(_free_ref(item, sites, prefix), "a place of its own")


def _free_ref(item: Unplaced, sites: Mapping[str, Known], prefix: str) -> str:
    """A reference from the code that founded the site; with the organisation's where the code is taken."""
    plain = f"{prefix}-{item.code}"
    return plain if plain not in sites else f"{prefix}-{item.organisation_code}-{item.code}"
