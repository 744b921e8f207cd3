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
from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.measures import MAIN_ITEMS, MAIN_TOTALS
from estates_api.domain.method import Criterion, Method
from estates_api.domain.outcome import reaches
from estates_api.domain.peers import ALL
from estates_api.domain.quantities import with_unit

MOST_FIGURES = 5

ASKS: dict[str, tuple[str, ...]] = {
    "release.vacancy": ("empty_pct", "underused_pct", "unutilised_pct", "empty_m2", "unoccupied_m2"),
    "release.idle_land": ("idle_land_ha", "land_owned_ha"),
    "release.non_clinical": ("non_clinical_m2", "clinical_m2"),
    "release.open_land": ("land_owned_ha", "land_ha", "footprint_m2"),
    "release.intensity": ("land_owned_ha", "land_ha", "gia_m2"),
    "release.backlog": ("backlog_high_gbp", "backlog_significant_gbp", "gia_m2"),
    "release.running_cost": (*MAIN_ITEMS, *MAIN_TOTALS, "gia_m2"),
    "release.unsuitable": ("unsuitable_pct",),
}
"""The attributes that an organisation states for each criterion of release, the most telling first."""

Kind = Literal["not known", "implausible", "doubtful"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What the newest return of one holding has for one attribute, and where it stands.

    `former` is the figure of the return beside it and which that is, where the two are too far apart (see changes.py).
    """

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
    former: tuple[float, str] | None = None

    @property
    def missing(self) -> bool:
        """Whether there is no figure here that can be used."""
        return self.number is None or self.implausible is not None

    @property
    def now(self) -> str:
        """What stands in the cell, in a few words."""
        if self.number is None:
            return f"“{self.raw}”" if self.raw else "blank"
        unit = ATTRIBUTES[self.attribute].unit
        shown = _amount(self.number, unit)
        if self.implausible:
            return f"{shown}, which cannot be ({self.implausible})"
        return f"{shown}; {_amount(self.former[0], unit)} in {self.former[1]}" if self.former else shown


def _amount(number: float, unit: str) -> str:
    """A figure as people write it: `£1,804,802`, `14,155 m²`, `0.57 ha`."""
    digits = f"{number:,.12g}"
    return f"£{digits}" if unit == "GBP" else with_unit(digits, unit.replace("m2", "m²"))


@dataclass(frozen=True, slots=True)
class Place:
    """One row of a file that a figure belongs in: the columns, and what stands in them now, alike ones together."""

    cell: Cell
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A finding against a row: its rule and the row it stands in."""

    rule: str
    edition: str
    line: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure to put right. `low` and `high` bound the release score if it were known.

    `decides`: it alone could put the site on the list for release or take it off. `rank`: 0 when it decides, 1 when it
    would once it is stated who owns the site, 2 otherwise, 3 when another gate keeps the site off whatever the score.
    `hopeful`: with every unknown figure at its best the score would reach the list. `cells` are where it belongs: empty
    where the newest return (`newest`) has no column for it.
    """

    site_ref: str
    site_name: str
    criterion: str
    title: str
    kind: Kind
    score: float
    low: float
    high: float
    why: str
    note: str
    cells: tuple[Cell, ...]
    newest: str
    rank: int
    hopeful: bool

    @property
    def decides(self) -> bool:
        """Whether this figure alone could change the list."""
        return self.rank == 0

    @property
    def remark(self) -> str:
        """Why nothing is known although no cell is blank; empty where the cells say it themselves."""
        return self.note if self.kind == "not known" and not any(cell.missing for cell in self.cells) else ""

    @property
    def places(self) -> list[Place]:
        """The rows to put right, each with its columns."""
        rows: dict[tuple[str, int], list[Cell]] = {}
        for cell in self.cells:
            rows.setdefault((cell.file, cell.line), []).append(cell)
        return [Place(group[0], _alike(group)) for group in rows.values()]


def _alike(cells: Sequence[Cell]) -> tuple[tuple[str, str], ...]:
    """(columns, what stands in them), columns of which the same stands together."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        found.setdefault(cell.now, []).append(cell.column)
    return tuple(("; ".join(columns), now) for now, columns in found.items())


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
    assessed_as_of: date
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
    ranked = sorted(found, key=lambda f: (f.rank, not f.hopeful, f.low - f.high, f.site_ref, f.criterion))
    # One cell may doubt two measures: it is asked for once, by the one that it moves most.
    once: dict[tuple[str, tuple[Cell, ...] | str], Figure] = {}
    for figure in ranked:
        once.setdefault((figure.site_ref, figure.cells or figure.criterion), figure)
    return list(once.values())


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What one organisation's holdings at one site state, and what speaks against it."""

    site_ref: str
    cells: Sequence[Cell]
    doubts: Sequence[Doubt]

    def of(self, criterion: str) -> list[Cell]:
        """The cells that the criterion asks for, in the order it asks for them."""
        asked = ASKS[criterion]
        mine = [cell for cell in self.here if cell.attribute in asked]
        return sorted(mine, key=lambda cell: (asked.index(cell.attribute), cell.holding_code))

    @property
    def here(self) -> list[Cell]:
        """All cells of the site."""
        return [cell for cell in self.cells if cell.site_ref == self.site_ref]

    def doubted_by(self, rule: str) -> list[Cell]:
        """The cells of the rows against which a rule has a finding."""
        rows = {(doubt.edition, doubt.line) for doubt in self.doubts if doubt.rule == rule}
        return [cell for cell in self.here if (cell.edition, cell.line) in rows]


def _figures(site: Site, part: Part, evidence: _Evidence, criterion: Criterion, method: Method) -> Iterator[Figure]:
    cells = evidence.of(criterion.id)
    newest = next((f"{cell.edition}, file {cell.file}, row {cell.line}" for cell in evidence.here), "")
    if part["state"] == "unknown":
        yield _figure(site, part, method, "not known", (0.0, 1.0), cells=_to_fill(cells), newest=newest)
    elif part["state"] == "known" and (wrong := tuple(cell for cell in cells if cell.implausible)):
        yield _figure(site, part, method, "implausible", (0.0, 1.0), cells=wrong, newest=newest)
    elif part["state"] == "known":
        others, doubted = _otherwise(part["measure"], cells, evidence, criterion)
        values = [part["value"], *_values(others, part, criterion, method)]
        if max(values) > min(values):
            yield _figure(site, part, method, "doubtful", (min(values), max(values)), cells=doubted, newest=newest)


def _otherwise(
    measure: float, cells: Sequence[Cell], evidence: _Evidence, criterion: Criterion
) -> tuple[list[float], tuple[Cell, ...]]:
    """What a known measure may be instead, and the cells that are in doubt; nothing where no rule doubts it."""
    for rule, (doubted, other_measures) in ALTERNATIVES.items():
        rows = evidence.doubted_by(rule) if doubted == criterion.id else []
        if rows:
            numbers = {cell.attribute: cell.number for cell in rows if cell.number}
            return other_measures(measure, numbers), tuple(cell for cell in cells if cell in rows)
    changed = [cell for cell in (*cells, *_floor_area(evidence, criterion)) if cell.former and cell.number]
    others = [FORMER[criterion.id](measure, cell) for cell in changed if criterion.id in FORMER]
    return others, tuple(dict.fromkeys(changed))


def _floor_area(evidence: _Evidence, criterion: Criterion) -> list[Cell]:
    asked = "gia_m2" in ASKS[criterion.id]
    return [cell for cell in evidence.here if asked and cell.attribute == "gia_m2"]


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


def _per_former_area(measure: float, cell: Cell) -> float:
    """A cost per square metre, if the floor area of the return beside were the right one."""
    return measure * (cell.number or 0.0) / cell.former[0] if cell.former else measure


def _of_former_land(measure: float, cell: Cell) -> float:
    """Land not under buildings, if the land of the return beside were the right one."""
    return max(0.0, measure + cell.former[0] - (cell.number or 0.0)) if cell.former else measure


def _by_former_size(measure: float, cell: Cell) -> float:
    """Floor area for its land, if the size of the return beside were the right one."""
    if not cell.former or not cell.number or not cell.former[0]:
        return measure
    grown = cell.former[0] / cell.number
    return measure * grown if cell.attribute == "gia_m2" else measure / grown


FORMER: dict[str, Callable[[float, Cell], float]] = {
    "release.open_land": _of_former_land,
    "release.intensity": _by_former_size,
    "release.backlog": _per_former_area,
    "release.running_cost": _per_former_area,
}
"""What a measure would be by the size that the return beside gives."""


def _values(measures: Sequence[float], part: Part, criterion: Criterion, method: Method) -> list[float]:
    """What other measures would be worth, 0-1."""
    edition = max((source["edition"] for source in part["sources"]), default=None)
    points = method.value_points(criterion, edition, ALL)
    numbers = np.array(measures, dtype=np.float64)
    return [float(value) for value in scoring.value_of(numbers, points, log=criterion.scale == "log")]


def _figure(  # noqa: PLR0913 -- a figure is made of all these
    site: Site, part: Part, method: Method, kind: Kind, values: tuple[float, float], *, cells: tuple[Cell, ...],
    newest: str,
) -> Figure:  # fmt: skip
    release = site["release"]
    rest = release["score"] - part["points"]
    low, high = (min(100.0, max(0.0, rest + 100 * part["weight"] * value)) for value in values)
    coverage = release["coverage"] + (part["weight"] if kind == "not known" else 0.0)
    rank = _rank([(release["score"], release["coverage"]), (low, coverage), (high, coverage)], site, method)
    return Figure(
        site["ref"], site["name"], part["criterion"], part["title"], kind, release["score"], low, high,
        why=_why(site, kind, (low, high), coverage, method), note=part["note"], cells=cells, newest=newest, rank=rank,
        hopeful=reaches(max(high, release["high"]), method.cut_offs.release),
    )  # fmt: skip


def _rank(states: Sequence[tuple[float, float]], site: Site, method: Method) -> int:
    """How much a figure decides (see Figure), by (score, coverage) as it is and at both bounds."""
    cut, gates = method.cut_offs, {gate["id"] for gate in site["gates"]}
    if gates - {"owner", "lease"}:
        return 3
    listed = {reaches(coverage, cut.coverage) and reaches(score, cut.release) for score, coverage in states}
    return 2 if len(listed) == 1 else int(bool(gates))


def _why(site: Site, kind: Kind, bounds: tuple[float, float], coverage: float, method: Method) -> str:
    """Why it matters, in a sentence or two."""
    release, cut = site["release"], method.cut_offs
    low, high = (f"{bound:.0f}" for bound in bounds)
    score = f"{site['name']}’s release score, now {release['score']:.0f},"
    where = f"between {low} and {high}" if low != high else f"within {low}"
    said = {
        "not known": f"Known, it would move {score} {where}",
        "implausible": f"Put right, it would move {score} {where}",
        "doubtful": f"If it is wrong, {score} lies {where}",
    }[kind]
    said += f"; the list begins at {cut.release:g}."
    if not reaches(release["coverage"], cut.coverage):
        enough = reaches(coverage, cut.coverage)
        said += (
            f" Evidence stands behind {_pct(release['coverage'])} of that score, with this figure behind "
            f"{_pct(coverage)}, and {_pct(cut.coverage)} is needed{'' if enough else ': other figures are needed too'}."
        )
    if site["gates"]:
        said += f" Whatever the score, it is not listed for release now: {site['gates'][0]['reason']}."
    return said


def _pct(share: float) -> str:
    return f"{int(100 * share + 1e-6)}%"


def find_owners(sites: Sequence[Site], method: Method) -> list[Owner]:
    """The sites that the list waits for: nobody has stated who owns them, and the score reaches the list or may."""
    return [
        Owner(site["ref"], site["name"], gate["reason"])
        for site in sites
        for gate in site["gates"]
        if gate["id"] in {"owner", "lease"} and site["route"] != "released"
        and reaches(site["release"]["high"], method.cut_offs.release)
    ]  # fmt: skip
