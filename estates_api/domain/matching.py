"""Place matching: which holdings stand at one place, with the evidence for it."""

import re
from collections import defaultdict
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
    at_postcode: dict[str | None, list[Known]] = defaultdict(list)
    for site in sites.values():
        at_postcode[site.postcode].append(site)
    matches: dict[tuple[str, str], Match] = {}
    # Judged holdings first: others may join the places they make.
    for item in sorted(unplaced, key=lambda u: (u.judged is None, u.organisation_code, u.code)):
        if item.code == AGGREGATE:
            continue
        near = at_postcode[item.postcode] if item.postcode else []
        match = _judged(item, prefix) or _alike(item, near) or _own(item, sites, prefix)
        matches[item.organisation_code, item.code] = match
        if match.site_ref not in sites:
            sites[match.site_ref] = Known(match.site_ref, item.name, item.postcode)
            at_postcode[item.postcode].append(sites[match.site_ref])
    return matches


def _judged(item: Unplaced, prefix: str) -> Match | None:
    return Match(f"{prefix}-{item.judged}", "judgement") if item.judged else None


def _alike(item: Unplaced, near: Iterable[Known]) -> Match | None:
    """The site at the same postcode with the likest name; of two equally like, the one with the lower reference."""
    name = plain_name(item.name)
    likeness = {site: fuzz.token_set_ratio(plain_name(site.name), name) for site in near}
    found = min(likeness, key=lambda site: (-likeness[site], site.ref), default=None)
    if found is None or likeness[found] < ALIKE:
        return None
    told = f"same postcode {item.postcode}, names {likeness[found]:.0f} % alike with {found.name!r}"
    return Match(found.ref, told)


def _own(item: Unplaced, sites: Mapping[str, Known], prefix: str) -> Match:
    return Match(_free_ref(item, sites, prefix), "a place of its own")


def _free_ref(item: Unplaced, sites: Mapping[str, Known], prefix: str) -> str:
    """A reference from the code that founded the site; with the organisation's where the code is taken."""
    plain = f"{prefix}-{item.code}"
    return plain if plain not in sites else f"{prefix}-{item.organisation_code}-{item.code}"
