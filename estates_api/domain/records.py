"""What a reader hands over: records with their line, and issues. Nothing here knows a file format."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from estates_api.domain.rules import RULES, Severity

Sector = Literal["NHS", "council", "other public", "private", "unknown"]
Sensitivity = Literal["public", "partner", "owner"]
ValueState = Literal["reported", "not applicable", "not provided"]

ID_CHARACTERS = 12


def edition_id(sha256: str) -> str:
    """What an edition is called in addresses: the first characters of the SHA-256 of its bytes. A running number would
    tell how many editions there are between two, also of those that are for others."""
    return sha256[:ID_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong in an edition, for the person who can mend it. `rule` is one of RULES; `sensitivity` that of a
    row which is for fewer than its file, and was not taken."""

    rule: str
    line: int | None
    field: str | None
    reason: str
    raw: str | None = None
    organisation: str | None = None
    sensitivity: Sensitivity | None = None

    @property
    def severity(self) -> Severity:
        """How grave it is, by its rule."""
        return RULES[self.rule].severity


class Value(NamedTuple):  # made a dozen times a row, at a third of what a frozen dataclass costs
    """One attribute of one row, as a claim will hold it: `number` in the attribute's unit, or `text`.

    `implausible` says why the value must not win over a plausible one; None when nothing speaks against it.
    """

    attribute: str
    raw: str
    number: float | None = None
    text: str | None = None
    state: ValueState = "reported"
    implausible: str | None = None


@dataclass(frozen=True, slots=True)
class HoldingRecord:
    """One organisation's return or list entry, at a place or (`AGGRE`) without one.

    Positions are EPSG:27700 metres (`position_text` is what was published, where that is not these); `outline` is a
    multipolygon in the same, as WKB. `evidence_date` is the day the row speaks of where that is not the edition's own
    period end; `citation` is the page that states the row where it is not the edition's own. `sensitivity` is the
    row's own, where it is stricter than the file's. `organisation_sector` is the organisation's own, where `sector`
    is that of the holding alone: a planning authority lists land that is somebody's, not its own.
    """

    line: int
    organisation_code: str
    organisation_name: str
    sector: Sector
    code: str
    name: str
    values: tuple[Value, ...] = ()
    organisation_type: str | None = None
    address: str | None = None
    postcode: str | None = None
    uprn: str | None = None
    easting: float | None = None
    northing: float | None = None
    position_text: str | None = None
    evidence_date: date | None = None
    citation: str | None = None
    outline: bytes | None = None
    sensitivity: Sensitivity | None = None
    organisation_sector: Sector | None = None

    def said(self) -> tuple[Value, ...]:
        """Every value of the row: its measures, and what it calls the place and where it puts it."""
        position = None if self.easting is None else f"{self.easting:.12g} {self.northing:.12g}"
        texts = {"name": self.name, "address": self.address, "postcode": self.postcode, "uprn": self.uprn}
        identity = [Value(attribute, text, text=text) for attribute, text in texts.items() if text]
        if position:
            identity.append(Value("position", self.position_text or position, text=position))
        return (*identity, *self.values)


@dataclass(frozen=True, slots=True)
class Succession:
    """One organisation carries on another from a day on: a merger has several predecessors, a split several
    successors. `succeeded_on` is None where the source gives no day."""

    predecessor_code: str
    successor_code: str
    succeeded_on: date | None = None


@dataclass(frozen=True, slots=True)
class OrganisationRecord:
    """An organisation with its own address: a GP practice of `epraccur`, a trust, a council."""

    line: int
    code: str
    name: str
    sector: Sector
    kind: str
    status: Literal["active", "closed", "dormant", "proposed"]
    postcode: str | None = None
    address: str | None = None
    opened: date | None = None
    closed: date | None = None
    parent_code: str | None = None
    successions: tuple[Succession, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """A person's judgement that a holding stands at a place, and where that place is.

    All records with one `place` are one site. `succeeded_by` names the holding (organisation, code) that
    carries this one on under a new code, so that the two are never added up.
    """

    line: int
    place: str
    place_name: str
    organisation_code: str
    holding_code: str
    evidence: str
    postcode: str | None = None
    address: str | None = None
    succeeded_by: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Something that happened to a site. `earliest`..`latest` bound the day as precisely as it is published:
    `2015` is 1 January to 31 December; both None when the source gives no date."""

    line: int
    kind: str
    site_name: str
    holding_code: str | None
    organisation_code: str | None
    organisation_name: str
    date_text: str
    earliest: date | None
    latest: date | None
    scope: Literal["whole", "part", "other"]
    citation_title: str
    citation_url: str
    area_ha: float | None = None
    homes: int | None = None
    receipt_gbp: float | None = None
    counterparty: str | None = None
    kept_by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One area or point of a layer (domain/designations.py). `shape` is a valid multipolygon or a point as WKB, in
    EPSG:27700 metres. From the day `ends` on it counts no more. `classed` is the class of a town centre."""

    line: int
    kind: str
    name: str | None
    shape: bytes
    reference: str | None = None
    classed: str | None = None
    starts: date | None = None
    ends: date | None = None


Record = HoldingRecord | OrganisationRecord | PlaceRecord | EventRecord | LayerRecord | Issue


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says. `period_*` is what the edition speaks of; None where only rows carry dates.

    `records` come in the order of the file and are read once: a file may be larger than memory.
    """

    format: str
    source: str
    label: str
    period_start: date | None
    period_end: date | None
    records: Iterable[Record] = ()
