"""A site as one moment sees it: holdings with their winning claims, interests, events and surroundings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from estates_api.domain.claims import Claim
from estates_api.domain.records import Sector

Precision = Literal["outline", "uprn", "postcode", "lsoa", "borough", "unknown"]
InterestKind = Literal["freeholder", "head lessee", "occupier", "unknown"]
INTEREST_KINDS: tuple[InterestKind, ...] = get_args(InterestKind)


@dataclass(frozen=True, slots=True)
class Interest:
    """What an organisation has at a site, and how that is known. Only an owner can release."""

    organisation_code: str
    organisation_name: str
    sector: Sector
    kind: InterestKind
    evidence: str
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """One organisation's return or list entry at a site, with the winning claim of each attribute.

    `returns` is what was said of each day, newest first: quotients are taken within one return, never across years.
    `match` is the evidence that it stands here, `now` the code that an organisation which was succeeded leads to.
    """

    organisation_code: str
    organisation_name: str
    sector: Sector
    code: str
    claims: dict[str, Claim]
    returns: tuple[tuple[date, dict[str, Claim]], ...] = ()
    match: str | None = None
    now: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Organisation code and holding code: local codes alone are not unique."""
        return self.organisation_code, self.code

    def newest_return(self, accept: Callable[[Mapping[str, Claim]], bool]) -> Mapping[str, Claim] | None:
        """What was said of the newest day of which enough was said; None when there is none."""
        return next((stated for _, stated in self.returns if accept(stated)), None)

    def together(self, *attributes: str) -> tuple[Claim, ...] | None:
        """The claims of the newest return that has a number for all of these; None when none has."""
        stated = self.newest_return(lambda claims: all(_has_number(claims, name) for name in attributes))
        return tuple(stated[name] for name in attributes) if stated else None

    def number(self, attribute: str) -> float | None:
        """The winning number; None when unknown or not applicable."""
        claim = self.claims.get(attribute)
        return claim.number if claim and claim.state == "reported" else None

    def text(self, attribute: str) -> str | None:
        """The winning text; None when unknown or not applicable."""
        claim = self.claims.get(attribute)
        return claim.text if claim and claim.state == "reported" else None


@dataclass(frozen=True, slots=True)
class Carried:
    """A holding that another one at the site carries on, under a new code or a new organisation: it is shown, and
    never added up with it. `by` is the other's key."""

    holding: Holding
    by: tuple[str, str]


def _has_number(claims: Mapping[str, Claim], attribute: str) -> bool:
    claim = claims.get(attribute)
    return claim is not None and claim.number is not None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened here. The day lies between `earliest` and `latest`, as precisely as published."""

    id: int
    kind: str
    organisation: str
    date_text: str
    earliest: date | None
    latest: date | None
    scope: Literal["whole", "part", "other"]
    citation: str
    area_ha: float | None = None
    homes: int | None = None
    note: str | None = None
    receipt_gbp: float | None = None
    counterparty: str | None = None
    kept_by: str | None = None
    organisation_kind: str | None = None

    def told(self) -> str:
        """The event in a few words: `part sold 7.1 ha, 2018-03`; one of another kind in the words of its source, which
        also say what a sale was of that was neither of the whole nor of a part: a lease, a conditional exchange."""
        area = f" {self.area_ha:g} ha" if self.area_ha else ""
        homes = f", {self.homes} homes" if self.homes else ""
        words = self.note.partition("; ")[0] if self.note else ""
        what = words if self.kind == "other" and words else self.kind
        which = f" ({words})" if (self.kind, self.scope) == ("sold", "other") and words else ""
        return f"{what}{area}{homes}{which}, {self.date_text or 'undated'}"


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a layer has where the site is, all areas of one kind together. `area_ha` and `share` of the site's outline
    are None for a point, which lies within or not."""

    kind: str
    name: str
    area_ha: float | None
    share: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around the site's position. None: not known, because the position is not precise enough, or because
    no layer tells.

    `town_centre` is the class of the centre that decides the setting, `centres` the nearest of each class as (class,
    name, metres). `layers` are the kinds that are loaded where the site is. `position_error_m`: how far off the
    position, and so a distance, may be. `near_sectors`: of the sites within 50 m; `perhaps_sectors`: of those that may
    be, as their position is a postcode's.
    """

    ptal: str | None = None
    need_decile: float | None = None
    services_400m: int | None = None
    town_centre: str | None = None
    town_centre_name: str | None = None
    town_centre_m: float | None = None
    centres: tuple[tuple[str, str, float], ...] = ()
    station: str | None = None
    station_m: float | None = None
    housing_zone: str | None = None
    opportunity_area: str | None = None
    overlaps: tuple[Overlap, ...] = ()
    layers: frozenset[str] = frozenset()
    position_error_m: float = 0.0
    near_sectors: frozenset[str] | None = None
    perhaps_sectors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Site:
    """A place on the ground as of one day. Easting and northing are EPSG:27700 metres, lon and lat CRS84 degrees."""

    ref: str
    name: str
    precision: Precision
    borough_gss: str | None
    inside_area: bool | None
    partner_trust: bool
    holdings: tuple[Holding, ...]
    borough_name: str | None = None
    address: str | None = None
    postcode: str | None = None
    easting: float | None = None
    northing: float | None = None
    lon: float | None = None
    lat: float | None = None
    interests: tuple[Interest, ...] = ()
    events: tuple[Event, ...] = ()
    later_events: tuple[Event, ...] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)
    carried: tuple[Carried, ...] = ()
    as_of: date | None = None

    @property
    def sectors(self) -> frozenset[str]:
        """The sectors that hold something here."""
        return frozenset(holding.sector for holding in self.holdings)

    @property
    def is_ours(self) -> bool:
        """Inside the area, or of one of its own trusts elsewhere: what a shortlist may name, and ranks compare."""
        return self.inside_area is True or self.partner_trust

    @property
    def site_type(self) -> str | None:
        """The site type of the holding with the largest floor area that states one."""
        typed = [holding for holding in self.holdings if holding.text("site_type")]
        largest = max(typed, key=lambda holding: (holding.number("gia_m2") or 0.0, holding.code), default=None)
        return largest.text("site_type") if largest else None
