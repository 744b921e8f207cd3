"""Place matching: which holdings stand at one place, with the evidence for it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from estates_api.domain.codes import AGGREGATE

ALIKE = 90.0
"""Two organisations' names at one postcode are one place when at least this alike (rapidfuzz token sort ratio, 0-100).

High, because a wrong merge hides a site and a missed one only shows two: a person's judgement joins those. And a
ratio over the whole names: by a part of them, `Car park` is as good as `Car park north`.
"""

_NOISE = re.compile(r"\b(the|nhs|trust|foundation|services?|new)\b|[^a-z0-9 ]")

# A few letters in a long name, and yet what tells neighbours apart: 7A, block B, the north wing.
_MARK = re.compile(r"\b(?:[a-z]*[0-9][a-z0-9]*|[a-z]|north|south|east|west)\b")


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
    """A site that exists already, and the organisations that have a holding there."""

    ref: str
    name: str
    postcode: str | None
    organisations: frozenset[str] = frozenset()


def plain_name(name: str) -> str:
    """A name without case, punctuation and words that say nothing about the place."""
    return " ".join(_NOISE.sub(" ", name.lower().replace("'", "").replace("’", "")).split())


def match_holdings(
    unplaced: Iterable[Unplaced], known: Iterable[Known], prefix: str
) -> Mapping[tuple[str, str], Match]:
    """A match for each holding that has a place; `AGGRE` rows have none and are left out.

    In this order: a person's judgement; an existing site at the same postcode with a like name; a site of its own.
    Only judgement puts two codes of one organisation at one place: it has told them apart itself.
    """
    sites = {site.ref: site for site in known}
    at_postcode: dict[str | None, set[str]] = defaultdict(set)
    for site in sites.values():
        at_postcode[site.postcode].add(site.ref)
    matches: dict[tuple[str, str], Match] = {}
    # Judged holdings first: others may join the places they make.
    for item in sorted(unplaced, key=lambda u: (u.judged is None, u.organisation_code, u.code)):
        if item.code == AGGREGATE:
            continue
        near = [sites[ref] for ref in at_postcode[item.postcode]] if item.postcode else []
        match = _judged(item, prefix) or _alike(item, near) or _own(item, sites, prefix)
        matches[item.organisation_code, item.code] = match
        site = sites.get(match.site_ref) or Known(match.site_ref, item.name, item.postcode)
        sites[site.ref] = replace(site, organisations=site.organisations | {item.organisation_code})
        at_postcode[site.postcode].add(site.ref)
    return matches


def _judged(item: Unplaced, prefix: str) -> Match | None:
    return Match(f"{prefix}-{item.judged}", "judgement") if item.judged else None


def _alike(item: Unplaced, near: Iterable[Known]) -> Match | None:
    """Another organisation's site at the same postcode with the likest name; of two equally like, the one with the
    lower reference."""
    others = (site for site in near if item.organisation_code not in site.organisations)
    likeness = {site: _likeness(plain_name(site.name), plain_name(item.name)) for site in others}
    found = min(likeness, key=lambda site: (-likeness[site], site.ref), default=None)
    if found is None or likeness[found] < ALIKE:
        return None
    told = f"same postcode {item.postcode}, names {likeness[found]:.0f} % alike with {found.name!r}"
    return Match(found.ref, told)


def _likeness(one: str, other: str) -> float:
    """How alike two plain names are, 0-100; 0 where they have other marks, or no word that names anything."""
    marks = [sorted(_MARK.findall(name)) for name in (one, other)]
    if marks[0] != marks[1] or not re.search("[a-z]", one):
        return 0.0
    return fuzz.token_sort_ratio(one, other)


def _own(item: Unplaced, sites: Mapping[str, Known], prefix: str) -> Match:
    return Match(_free_ref(item, sites, prefix), "a place of its own")


def _free_ref(item: Unplaced, sites: Mapping[str, Known], prefix: str) -> str:
    """A reference from the code that founded the site; with the organisation's where the code is taken."""
    plain = f"{prefix}-{item.code}"
    return plain if plain not in sites else f"{prefix}-{item.organisation_code}-{item.code}"
