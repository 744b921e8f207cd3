"""The letter to an organisation: the few figures of its own that, put right, would most change the list.

A figure counts when it is not known, or doubtful. What it could do is told from the stored assessment: between which
bounds the release score would move if this one figure were known and all others stayed as they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from estates_api.domain import scoring
from estates_api.domain.assessment import reaches
from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.measures import MAIN_ITEMS, MAIN_TOTALS
from estates_api.domain.method import Criterion, Method
from estates_api.domain.peers import ALL

MOST_FIGURES = 5

ASKS: dict[str, tuple[str, ...]] = {
    "release.vacancy": ("empty_pct", "underused_pct", "unutilised_pct", "empty_m2", "unoccupied_m2"),
    "release.idle_land": ("idle_land_ha", "land_owned_ha"),
    "release.non_clinical": ("non_clinical_m2", "clinical_m2"),
    "release.open_land": ("land_owned_ha", "land_ha", "footprint_m2"),
    "release.backlog": ("backlog_high_gbp", "backlog_significant_gbp", "gia_m2"),
    "release.running_cost": (*MAIN_ITEMS, *MAIN_TOTALS, "gia_m2"),
    "release.unsuitable": ("unsuitable_pct",),
}
"""The attributes that an organisation states for each criterion of release, the most telling first."""

Kind = Literal["not known", "implausible", "doubtful"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What the newest return of one holding has for one attribute, and where it stands."""

    site_ref: str
    holding_code: str
    holding_name: str
    attribute: str
    state: str
    raw: str
    number: float | None
    implausible: str | None
    edition: str
    file: str
    line: int
    column: str

    @property
    def missing(self) -> bool:
        """Whether there is no figure here that can be used."""
        return self.number is None or self.implausible is not None

    @property
    def now(self) -> str:
        """What stands in the cell, in a few words."""
        unit = ATTRIBUTES[self.attribute].unit.replace("m2", "m²").replace("GBP", "£")
        if self.implausible:
            return f"{self.raw} {unit}, which cannot be ({self.implausible})"
        if self.number is None:
            return f"“{self.raw}”" if self.raw else "blank"
        return f"{self.raw} {unit}".strip()


@dataclass(frozen=True, slots=True)
class Doubt:
    """A finding against a row: its rule and the row it stands in."""

    rule: str
    edition: str
    line: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure to put right. `low` and `high` bound the release score if it were known; `decides`: it could put the
    site on the list for release or take it off. `cells` are where it belongs: empty where no column ever asked."""

    site_ref: str
    site_name: str
    criterion: str
    title: str
    kind: Kind
    score: float
    low: float
    high: float
    decides: bool
    why: str
    note: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """A site whose score reaches the list, or may, while nobody has stated who owns it."""

    site_ref: str
    site_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a letter says.

    `issues` are the gravest of the open ones, `counts` all open ones by severity; `replaced` is how many more stand
    in returns that a later one of the same series replaced.
    """

    organisation_code: str
    organisation_name: str
    area: str
    written_on: date
    assessed_as_of: date | None
    method: str
    cut_off: float
    sites: int
    figures: tuple[Figure, ...]
    more_figures: int
    owners: tuple[Owner, ...]
    issues: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    replaced: int

    @property
    def clean(self) -> bool:
        """Whether there is nothing to put right."""
        return not (self.figures or self.owners or any(self.counts.values()))


Site = Mapping[str, Any]
"""One site as the stored assessment explains it (see explanation.describe)."""

Part = Mapping[str, Any]


def rank_figures(sites: Sequence[Site], cells: Sequence[Cell], doubts: Sequence[Doubt], method: Method) -> list[Figure]:
    """The figures that could be put right: first those that decide whether a site is listed, then by how far the score
    could move. A site that is sold is past mending."""
    criteria = {criterion.id: criterion for criterion in method.of("release")}
    found = [
        figure
        for site in sites
        if site["route"] != "released"
        for part in site["release"]["contributions"]
        if part["criterion"] in ASKS and part["criterion"] in criteria
        for figure in _figures(site, part, _Evidence(site["ref"], cells, doubts), criteria[part["criterion"]], method)
    ]
    return sorted(found, key=lambda f: (not f.decides, f.low - f.high, f.kind != "not known", f.site_ref, f.criterion))


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What one organisation's holdings at one site state, and what speaks against it."""

    site_ref: str
    cells: Sequence[Cell]
    doubts: Sequence[Doubt]

    def of(self, criterion: str) -> list[Cell]:
        """The cells that the criterion asks for, in the order it asks for them."""
        asked = ASKS[criterion]
        mine = [cell for cell in self.cells if cell.site_ref == self.site_ref and cell.attribute in asked]
        return sorted(mine, key=lambda cell: (asked.index(cell.attribute), cell.holding_code))

    def doubted_by(self, rule: str) -> list[Cell]:
        """The cells of the rows against which a rule has a finding."""
        rows = {(doubt.edition, doubt.line) for doubt in self.doubts if doubt.rule == rule}
        return [c for c in self.cells if c.site_ref == self.site_ref and (c.edition, c.line) in rows]


def _figures(site: Site, part: Part, evidence: _Evidence, criterion: Criterion, method: Method) -> Iterator[Figure]:
    cells = evidence.of(criterion.id)
    if part["state"] == "unknown":
        yield _figure(site, part, method, kind="not known", values=(0.0, 1.0), cells=_to_fill(cells))
    elif part["state"] == "known" and (wrong := [cell for cell in cells if cell.implausible]):
        yield _figure(site, part, method, kind="implausible", values=(0.0, 1.0), cells=tuple(wrong))
    elif part["state"] == "known" and (rule := next((r for r in ALTERNATIVES if _applies(r, criterion, evidence)), "")):
        rows = evidence.doubted_by(rule)
        others = ALTERNATIVES[rule][1](part["measure"], {cell.attribute: cell.number for cell in rows if cell.number})
        values = [part["value"], *_values(others, part, criterion, method)]
        if max(values) > min(values):
            asked = tuple(cell for cell in cells if cell in rows)
            yield _figure(site, part, method, kind="doubtful", values=(min(values), max(values)), cells=asked)


def _to_fill(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells without a usable figure; all of them where each has one and still nothing is known by them."""
    return tuple(cell for cell in cells if cell.missing) or tuple(cells)


Numbers = Mapping[str, float | None]


def _typed_twice(measure: float, _: Numbers) -> list[float]:
    return [min(100.0, 2 * measure)]


def _parts_of_occupied(_: float, row: Numbers) -> list[float]:
    """Non-clinical space by each of the two parts, when the occupied area is right."""
    whole, clinical, other = (row.get(name) or 0.0 for name in ("occupied_m2", "clinical_m2", "non_clinical_m2"))
    shares = (100 * (whole - clinical) / whole, 100 * other / whole) if whole else ()
    return [min(100.0, max(0.0, share)) for share in shares]


ALTERNATIVES: dict[str, tuple[str, Callable[[float, Numbers], list[float]]]] = {
    "vacancy-typed-twice": ("release.vacancy", _typed_twice),
    "occupied-parts": ("release.non_clinical", _parts_of_occupied),
    "backlog-in-thousands": ("release.backlog", lambda measure, _: [1000 * measure]),
}
"""What a doubtful measure may be instead: rule -> criterion, and the other measures it would be."""


def _applies(rule: str, criterion: Criterion, evidence: _Evidence) -> bool:
    return ALTERNATIVES[rule][0] == criterion.id and bool(evidence.doubted_by(rule))


def _values(measures: Sequence[float], part: Part, criterion: Criterion, method: Method) -> list[float]:
    """What other measures would be worth, 0-1."""
    edition = max((source["edition"] for source in part["sources"]), default=None)
    points = method.value_points(criterion, edition, ALL)
    numbers = np.array(measures, dtype=np.float64)
    return [float(value) for value in scoring.value_of(numbers, points, log=criterion.scale == "log")]


def _figure(
    site: Site, part: Part, method: Method, *, kind: Kind, values: tuple[float, float], cells: tuple[Cell, ...]
) -> Figure:
    release = site["release"]
    rest = release["score"] - part["points"]
    low, high = (min(100.0, max(0.0, rest + 100 * part["weight"] * value)) for value in values)
    coverage = release["coverage"] + (part["weight"] if kind == "not known" else 0.0)
    now = _listed(release["score"], release["coverage"], site, method)
    decides = any(_listed(score, coverage, site, method) != now for score in (low, high))
    return Figure(
        site["ref"], site["name"], part["criterion"], part["title"], kind, release["score"], low, high, decides,
        why=_why(site, kind, (low, high), coverage, method), note=part["note"], cells=cells,
    )  # fmt: skip


def _listed(score: float, coverage: float, site: Site, method: Method) -> bool:
    """Whether a site is on the list for release with this score and this share of it known."""
    cut = method.cut_offs
    return reaches(coverage, cut.coverage) and reaches(score, cut.release) and not site["gates"]


def _why(site: Site, kind: Kind, bounds: tuple[float, float], coverage: float, method: Method) -> str:
    """Why it matters, in a sentence or two."""
    release, cut = site["release"], method.cut_offs
    known = "Known" if kind == "not known" else "Put right"
    low, high = (f"{bound:.0f}" for bound in bounds)
    between = f"between {low} and {high}" if low != high else f"within {low}"
    said = (
        f"{known}, it would move {site['name']}’s release score, now {release['score']:.0f}, {between}; "
        f"the list begins at {cut.release:g}."
    )
    if not reaches(release["coverage"], cut.coverage):
        enough = reaches(coverage, cut.coverage)
        said += (
            f" {_pct(release['coverage'])} of that score rests on evidence; with this figure {_pct(coverage)} would, "
            f"and {_pct(cut.coverage)} is needed{'' if enough else ', so others are needed too'}."
        )
    if site["gates"]:
        said += f" Whatever the score, it is not listed for release now: {site['gates'][0]['reason']}."
    return said


def _pct(share: float) -> str:
    return f"{int(100 * share + 1e-6)} %"


def find_owners(sites: Sequence[Site], method: Method) -> list[Owner]:
    """The sites that the list waits for: nobody has stated who owns them, and the score reaches the list or may."""
    return [
        Owner(site["ref"], site["name"], gate["reason"])
        for site in sites
        for gate in site["gates"]
        if gate["id"] == "owner" and site["route"] != "released"
        and reaches(site["release"]["high"], method.cut_offs.release)
    ]  # fmt: skip
