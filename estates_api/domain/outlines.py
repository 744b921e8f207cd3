"""Which parcel belongs to which site, and how that is known.

What a file says by name counts first: our reference, a holding's code, a title number, a UPRN. Without a name, a
parcel is a site's only where nothing else can be meant; what is not sure is told and left. HM Land Registry's INSPIRE
index polygons name nobody: they have an id and a shape.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from estates_api.domain.land import SAME_LAND
from estates_api.domain.records import Issue

REACH_M = 100.0
"""How far from the middle of its postcode a site is looked for: those of Code-Point Open lie within some houses."""

AREA_TOLERANCE = 0.10
"""The share by which a parcel may differ from the land that a site states, and still be that land."""

LEAST_LAND_HA = 0.25
"""Below this many parcels in a street are alike, and an area tells nothing."""

BY_POSITION, BY_POSTCODE = "position: ", "postcode: "
"""What the evidence begins with where nothing names the site. Evidence that names it stands over these."""

SHOWN_SITES = 10

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

NamedBy = Literal["site reference", "holding code", "title number", "UPRN"]
_STRENGTH: tuple[NamedBy, ...] = ("site reference", "holding code", "title number", "UPRN")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel of a file: its outline as WKB of a valid multipolygon in EPSG:27700, and what names it."""

    line: int
    outline: bytes
    parcel: str | None = None
    title_number: str | None = None
    reference: str | None = None
    code: str | None = None
    organisation: str | None = None
    uprn: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A parcel that names a site, or a holding there. `holding_id` is the holding that its outline would hang on."""

    line: int
    by: NamedBy
    said: str
    site_ref: str
    holding_id: int


@dataclass(frozen=True, slots=True)
class Near:
    """A parcel near the point of a site. `precise`: the point is the site's own, and lies in the parcel; otherwise it
    is the middle of its postcode, `metres` away (0 within). `drawn`: the site has an outline that names it."""

    line: int
    site_ref: str
    holding_id: int
    precise: bool
    metres: float
    area_ha: float
    stated_ha: tuple[float, ...] = ()
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A parcel is part of a site's outline, which hangs on one of its holdings."""

    line: int
    site_ref: str
    holding_id: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """A parcel that would be attached is mostly the land of another site: of a parcel of this file (`other_line`), or
    of an outline that stands."""

    line: int
    other_ref: str
    other_line: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The parcels that are attached, and what is told of those that are not."""

    attached: tuple[Attachment, ...]
    issues: tuple[Issue, ...] = ()


def choose_parcels(named: Iterable[Named], near: Collection[Near]) -> Choice:
    """Attach every parcel that is surely one site's, and tell of those that could be several's or are not sure."""
    issues: list[Issue] = []
    attached = list(_by_name(named, issues))
    taken = {one.line: one.site_ref for one in attached} | {issue.line: "" for issue in issues if issue.line}
    done = {one.site_ref for one in attached} | {one.site_ref for one in near if one.drawn}
    attached += _by_position([one for one in near if one.precise], taken, done, issues)
    done |= {one.site_ref for one in attached}
    occupied = {one.line for one in near if one.precise} | taken.keys()
    vague = [one for one in near if not one.precise and one.site_ref not in done]
    sure = list(_by_postcode(vague, occupied))
    attached += sure
    issues += _unsure(vague, {one.site_ref for one in sure})
    return Choice(tuple(attached), tuple(issues))


def _by_name(named: Iterable[Named], issues: list[Issue]) -> Iterator[Attachment]:
    """The strongest word of a parcel decides, unless it means several sites or a weaker one contradicts it."""
    for line, found in sorted(_grouped(named, lambda one: one.line).items()):
        meant = {by: {one.site_ref for one in found if one.by == by} for by in _STRENGTH}
        strongest = next(by for by in _STRENGTH if meant[by])
        sites = meant[strongest]
        against = [by for by in _STRENGTH if meant[by] and not sites & meant[by]]
        if len(sites) > 1 or against:
            every = sorted({one.site_ref for one in found})
            issues.append(_disputed(line, f"what the parcel says means {_listed(every)}"))
            continue
        chosen = min((one for one in found if one.by == strongest), key=lambda one: one.holding_id)
        yield Attachment(line, chosen.site_ref, chosen.holding_id, f"{chosen.by} {chosen.said} in the file")


def _by_position(
    near: Collection[Near], taken: Mapping[int, str], done: Collection[str], issues: list[Issue]
) -> Iterator[Attachment]:
    """A site's own point lies in one parcel alone, and no other site's point lies there."""
    at_parcel = _grouped(near, lambda one: one.line)
    at_site = _grouped(near, lambda one: one.site_ref)
    for line, found in sorted(at_parcel.items()):
        sites = sorted({one.site_ref for one in found})
        waiting = [site for site in sites if site not in done]
        if len(sites) > 1 and waiting:
            issues.append(_disputed(line, f"the points of {_listed(sites)} lie in this parcel"))
        elif waiting and taken.get(line, "") not in {"", *sites}:
            issues.append(_disputed(line, f"the point of {sites[0]} lies in a parcel that names another site"))
    for site, found in sorted(at_site.items()):
        if site in done:
            continue
        (line, *more) = sorted({one.line for one in found})
        if more:
            issues.append(_disputed(line, f"the point of {site} lies in {len(more) + 1} parcels"))
        elif line not in taken and len({one.site_ref for one in at_parcel[line]}) == 1:
            reason = f"{BY_POSITION}the site's own point lies in this parcel and in no other"
            yield Attachment(line, site, found[0].holding_id, reason)


def _by_postcode(vague: Iterable[Near], occupied: Collection[int]) -> Iterator[Attachment]:
    """The one parcel within reach that is as large as the land the site states, where no other site's land is that."""
    found: dict[str, list[Near]] = {}
    for site, around in _grouped(vague, lambda one: one.site_ref).items():
        found[site] = [one for one in around if one.line not in occupied and _agrees(one)]
    wanted = _grouped((one for alike in found.values() for one in alike), lambda one: one.line)
    for site, alike in sorted(found.items()):
        if len(alike) == 1 and len(wanted[alike[0].line]) == 1:
            yield Attachment(alike[0].line, site, alike[0].holding_id, _told(alike[0]))


def _agrees(one: Near) -> bool:
    stated = stated_land_ha(one.stated_ha)
    return stated >= LEAST_LAND_HA and abs(one.area_ha - stated) <= AREA_TOLERANCE * stated


def _told(one: Near) -> str:
    return (
        f"{BY_POSTCODE}its {one.area_ha:.2f} ha agree with the {stated_land_ha(one.stated_ha):.2f} ha stated, within "
        f"{AREA_TOLERANCE:.0%}, and no other parcel within {REACH_M:.0f} m of the postcode does"
    )


def stated_land_ha(stated: Iterable[float]) -> float:
    """The land that the holdings of a site state together; what several state alike is one piece (domain/land.py)."""
    pieces: list[float] = []
    for area in sorted(stated, reverse=True):
        if not any(abs(piece - area) <= SAME_LAND * piece for piece in pieces):
            pieces.append(area)
    return sum(pieces)


def _unsure(vague: Iterable[Near], sure: Collection[str]) -> Iterator[Issue]:
    """One note of the sites that lie in a parcel by their postcode only."""
    sites = sorted({one.site_ref for one in vague if one.metres == 0} - set(sure))
    if sites:
        verb = "sites lie" if len(sites) > 1 else "site lies"
        reason = f"{len(sites)} {verb} in a parcel by postcode only, which is not sure enough: {_listed(sites)}"
        yield Issue("outline-unsure", None, None, reason)


def without_overlaps(attached: Iterable[Attachment], overlaps: Iterable[Overlap]) -> Choice:
    """The attachments less those whose land would be two sites'; both of a pair in one file are left."""
    disputed: dict[int, str] = {}
    for one in overlaps:
        there = f"parcel {one.other_line} of this file" if one.other_line else "an outline that is here"
        disputed.setdefault(one.line, f"most of the parcel is land of {one.other_ref} as well, by {there}")
    issues = [_disputed(line, reason) for line, reason in sorted(disputed.items())]
    return Choice(tuple(one for one in attached if one.line not in disputed), tuple(issues))


def _disputed(line: int, reason: str) -> Issue:
    return Issue("outline-disputed", line, None, f"{reason}; it was attached to none")


def _listed(sites: Collection[str]) -> str:
    """The first references, and how many more there are."""
    first = ", ".join(list(sites)[:SHOWN_SITES])
    return first if len(sites) <= SHOWN_SITES else f"{first} and {len(sites) - SHOWN_SITES} more"


def _grouped(found: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for one in found:
        groups[key(one)].append(one)
    return dict(groups)
