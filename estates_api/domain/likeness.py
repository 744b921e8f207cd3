"""Whether two holdings stand at one place: what speaks for and against it, added up and explained."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from estates_api.domain.addresses import (
    Name,
    building_of,
    likeness,
    numbers_meet,
    parse_name,
    parse_streets,
    parts_of,
    same_street,
    shares_telling_word,
)
from estates_api.domain.codes import AGGREGATE

Outcome = Literal["same", "different", "ask"]

SAME = 5.0
"""One place from this total on: no single doubtful thing reaches it, two that agree do (a postcode 3 and a full name
3). The labelled pairs in the tests hold no pair of different places at or over it."""

ASK = 3.0
"""From here a person is asked: as much as one full name or one postcode with nothing against it. Below, two places."""

SPREAD_M: Mapping[str | None, float] = {"uprn": 0.0, "postcode": 100.0, "lsoa": 500.0}
"""How far the place may be from the point: a postcode in London covers some 100 m, an LSOA some 500 m."""

NEAR_M, APART_M = 50.0, 700.0
"""Points are one place's up to a building's length; a hospital's grounds end before 700 m (Stanmore, the largest in
North Central London with 43 ha, is about 650 m square)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A holding as it is compared. Positions are EPSG:27700 metres, `precision` says what they rest on.

    `kin` are the organisations that its own carries on, or that carry it on.
    """

    organisation_code: str
    code: str
    name: str
    postcode: str | None = None
    address: str | None = None
    uprn: str | None = None
    easting: float | None = None
    northing: float | None = None
    precision: str | None = None
    gia_m2: float | None = None
    land_ha: float | None = None
    kin: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other holding."""
        return (self.organisation_code, self.code)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two holdings have in common: the total, what follows from it, and the parts it is made of."""

    total: float
    outcome: Outcome
    parts: Mapping[str, float]

    def told(self) -> str:
        """The sum in one line: `name +3.0, postcode +3.0 = 6.0: same`."""
        terms = ", ".join(f"{name} {part:+.1f}" for name, part in self.parts.items())
        return f"{terms or 'nothing to compare'} = {self.total:.1f}: {self.outcome}"


def code_alike(one: Entry, other: Entry) -> float | None:
    """The same code that one of the two organisations issued is one place; two codes of one organisation are two.

    An organisation that has given two codes has told the places apart itself; only a person's judgement joins them.
    """
    if one.organisation_code == other.organisation_code:
        return -1.0 if one.code != other.code else 1.0
    issued = one.code.startswith((one.organisation_code, other.organisation_code))
    return 1.0 if one.code == other.code and issued and one.code != AGGREGATE else None


def carried_on(one: Entry, other: Entry) -> float | None:
    """A successor returns its predecessor's places: under the same end of the code (RVLC7, RALC7) or another one.

    Never enough alone: RVL01 is Barnet Hospital and RAL01 the Royal Free.
    """
    if other.organisation_code not in one.kin and one.organisation_code not in other.kin:
        return None
    return 1.0 if _ending(one) == _ending(other) else 0.9


def same_uprn(one: Entry, other: Entry) -> float | None:
    """The same unique property reference number is near proof; two different ones speak against one place."""
    return None if not one.uprn or not other.uprn else 1.0 if one.uprn == other.uprn else -1.0


def same_postcode(one: Entry, other: Entry) -> float | None:
    """The same postcode speaks for one place; the next one in the sector hardly against it, one far off does."""
    if not one.postcode or not other.postcode:
        return None
    if one.postcode == other.postcode:
        return 1.0
    (district, unit), (other_district, other_unit) = one.postcode.split(" "), other.postcode.split(" ")
    return -1.0 if district != other_district else -0.3 if unit[0] == other_unit[0] else -0.6


def distance_apart(one: Entry, other: Entry) -> float | None:
    """How far apart the points are, less what their precision leaves open; two points of one postcode say nothing."""
    if one.easting is None or other.easting is None or one.northing is None or other.northing is None:
        return None
    rough = {one.precision, other.precision} - {"uprn"}
    if one.postcode == other.postcode and "uprn" not in {one.precision, other.precision}:
        return None
    spread_m = SPREAD_M.get(one.precision, 500.0) + SPREAD_M.get(other.precision, 500.0)
    apart_m = math.hypot(one.easting - other.easting, one.northing - other.northing)
    beyond_m = max(0.0, apart_m - spread_m)
    if beyond_m > 4 * NEAR_M:
        return -min(1.0, (beyond_m - 4 * NEAR_M) / (APART_M - 4 * NEAR_M))
    sure = 1.0 if not rough else 0.2 if "lsoa" in rough else 0.5
    return sure * min(1.0, (4 * NEAR_M - beyond_m) / (3 * NEAR_M))


def names_alike(one: Entry, other: Entry) -> float | None:
    """How alike the names are, or what the addresses call the building: mistyped, shortened and common words aside.

    Names that share only kinds of place (health centre, car park) tell nothing apart and count little.
    """
    named = _name_part(parse_name(one.name), parse_name(other.name), one, other)
    if named == 1.0 or not (one.address or other.address):
        return named
    parts = [_name_part(mine, theirs, one, other) for mine in _names(one) for theirs in _names(other)]
    return max((part for part in parts if part is not None), default=None)


def marks_differ(one: Entry, other: Entry) -> float | None:
    """Numbers, letters and sides tell neighbours apart: 7A and 7B, block B, the north wing."""
    mine, theirs = _marks(one), _marks(other)
    if mine == theirs:
        return None
    only_mine, only_theirs = mine - _excused(other) - theirs, theirs - _excused(one) - mine
    if not only_mine and not only_theirs:
        return None
    return -1.0 if only_mine and only_theirs else -0.4


def same_address(one: Entry, other: Entry) -> float | None:
    """The same number in the same street is one place, another number another one; large sites have many streets."""
    mine, theirs = parse_streets(one.address or ""), parse_streets(other.address or "")
    if not mine or not theirs:
        return None
    meetings = [numbers_meet(a, b) for a in mine for b in theirs if same_street(a, b)]
    if True in meetings:
        return 1.0
    return -1.0 if False in meetings else 0.2 if meetings else -0.2


def same_size(one: Entry, other: Entry) -> float | None:
    """Floor area or land that agrees within 2% speaks a little for one place; unlike sizes say nothing.

    Two organisations at one place return their own parts of it.
    """
    pairs = ((one.gia_m2, other.gia_m2), (one.land_ha, other.land_ha))
    ratios = [min(a, b) / max(a, b) for a, b in pairs if a and b and a > 0 and b > 0]
    return 1.0 if max(ratios, default=0.0) >= 0.98 else None


Weighing = Callable[[Entry, Entry], float | None]

EVIDENCE: tuple[tuple[str, Weighing, float, float], ...] = (
    # what is looked at, its weight where it speaks for one place, and where it speaks against
    ("code", code_alike, 6.0, 20.0),
    ("carried on", carried_on, 3.0, 0.0),
    ("UPRN", same_uprn, 8.0, 3.5),
    ("postcode", same_postcode, 3.0, 3.0),
    ("distance", distance_apart, 2.0, 6.0),
    ("name", names_alike, 3.0, 2.5),
    ("marks", marks_differ, 0.0, 4.0),
    ("address", same_address, 4.5, 3.0),
    ("size", same_size, 0.7, 0.0),
)


def compare(one: Entry, other: Entry) -> Comparison:
    """Weigh two holdings: the same whichever comes first."""
    parts = {}
    for name, weigh, weight, against in EVIDENCE:
        part = weigh(one, other)
        if part:
            parts[name] = part * (weight if part > 0 else against)
    total = math.fsum(parts.values())
    # Rounded, so that a sum of tenths at a threshold does not fall to one side by its last bit.
    return Comparison(total, outcome_of(round(total, 6)), parts)


def outcome_of(total: float) -> Outcome:
    """What follows from a total."""
    return "same" if total >= SAME else "ask" if total >= ASK else "different"


def _ending(entry: Entry) -> str:
    return entry.code.removeprefix(entry.organisation_code)


def _names(entry: Entry) -> list[Name]:
    building = building_of(entry.address) if entry.address else None
    return [parse_name(text) for text in (entry.name, building) if text]


def _name_part(mine: Name, theirs: Name, one: Entry, other: Entry) -> float | None:
    """-1 to 1: nothing where 0.6 of the words agree, full from 0.95 on, against from there down to 0.2.

    Words that either address gives do not count where only one name has them: `City Road` after Moorfields.
    """
    alike = likeness(mine, theirs)
    if alike is None:
        return None
    if 0.0 < alike < 0.95 and (one.address or other.address):
        given = parse_name(one.address or "").words + parse_name(other.address or "").words
        alike = likeness(mine, theirs, frozenset(given)) or 0.0
    if alike < 0.6:
        return max(-1.0, (alike - 0.6) / 0.4)
    part = min(1.0, (alike - 0.6) / 0.35)
    return part if shares_telling_word(mine, theirs) else min(part, 0.3)


def _marks(entry: Entry) -> frozenset[str]:
    return parse_name(entry.name).marks | parts_of(entry.address or "")


def _excused(entry: Entry) -> frozenset[str]:
    """Marks that the address gives: `32 Drayton Park` stands at 32 Drayton Park."""
    return parse_name(entry.address or "").marks
