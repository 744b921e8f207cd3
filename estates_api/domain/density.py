"""The density matrix as data: homes per hectare by setting, transport access and size of homes, from the method."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from estates_api.domain.toml_table import Table

Setting = Literal["suburban", "urban", "central"]
SETTINGS: tuple[Setting, ...] = get_args(Setting)

Band = Literal["0-1", "2-3", "4-6"]
BANDS: tuple[Band, ...] = get_args(Band)

BAND_OF: Mapping[str, Band] = {
    "0": "0-1", "1a": "0-1", "1b": "0-1", "2": "2-3", "3": "2-3", "4": "4-6", "5": "4-6", "6a": "4-6", "6b": "4-6",
}  # fmt: skip
"""The matrix's band of each public transport accessibility level."""

Range = tuple[float, float, float]
"""Low, middle and high."""


Cell = tuple[Setting, Band, str]
"""A place in the matrix: setting, band, and habitable rooms per home."""


@dataclass(frozen=True, slots=True)
class Density:
    """The `[capacity]` part of a method. `cells`: homes per hectare, low and high, by setting, band and row of
    habitable rooms per home (largest homes first); `share` of open land that is taken to be developable."""

    rooms: tuple[str, ...]
    cells: Mapping[Cell, tuple[float, float]]
    share: Range
    central_classes: frozenset[str]
    urban_classes: frozenset[str]
    near_m: float
    citation: str
    caution: str
    superseded: str
    share_why: str
    cases: tuple["Case", ...] = ()

    def homes_per_ha(self, settings: Iterable[Setting], bands: Iterable[Band]) -> Range:
        """What the matrix says where the setting or the band is one of these: the lowest and the highest of all sizes
        of homes, and the mean middle of its row between them."""
        places = [(setting, band) for setting in settings for band in bands]
        cells = [self.cells[(*place, row)] for place in places for row in self.rooms]
        middle = self.rooms[len(self.rooms) // 2]
        middles = [sum(self.cells[(*place, middle)]) / 2 for place in places]
        return min(low for low, _ in cells), sum(middles) / len(middles), max(high for _, high in cells)


@dataclass(frozen=True, slots=True)
class Case:
    """A site of which a source says both how much land and how many homes: what the matrix is checked against.

    `homes` is the least and the most that was said of it; `holding` is where its transport and setting are read.
    """

    name: str
    holding: str
    when: str
    area_ha: float
    homes: tuple[int, int]
    note: str
    citation: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the matrix said of a case against what was planned there. `error`: its middle against the middle planned,
    as a share of that."""

    case: Case
    settings: tuple[Setting, ...]
    bands: tuple[Band, ...]
    said: tuple[int, int, int]
    error: float

    @property
    def within(self) -> bool:
        """Whether the range has a number that was planned."""
        return self.said[0] <= self.case.homes[1] and self.case.homes[0] <= self.said[2]


def check_case(density: Density, case: Case, settings: Sequence[Setting], bands: Sequence[Band]) -> Checked:
    """One case against the matrix, on the hectares that its source states; where setting or band is not known, all."""
    per_ha = density.homes_per_ha(settings or SETTINGS, bands or BANDS)
    said = homes_on((case.area_ha, case.area_ha, case.area_ha), per_ha)
    planned = sum(case.homes) / 2
    return Checked(case, tuple(settings or SETTINGS), tuple(bands or BANDS), said, (said[1] - planned) / planned)


def homes_on(land_ha: Range, homes_per_ha: Range) -> tuple[int, int, int]:
    """Whole homes: none is built in part."""
    low, mid, high = (math.floor(a * b + 1e-9) for a, b in zip(land_ha, homes_per_ha, strict=True))
    return low, mid, high


MOST_PER_HA, MOST_HOMES, MOST_HA = 5_000, 1_000_000, 10_000


def parse_density(table: Table) -> Density:
    """The `[capacity]` part of a method file."""
    cells: dict[Cell, tuple[float, float]] = {}
    rows = table.each("density", _cells)
    for row in rows:
        cells |= row
    rooms = tuple(dict.fromkeys(cell[2] for row in rows for cell in row))
    if len(cells) != len(SETTINGS) * len(BANDS) * len(rooms) or len(rows) != len(SETTINGS) * len(rooms) or not rows:
        reason = "write one [[capacity.density]] for each setting and each number of rooms, none twice"
        raise table.fault(reason, "density")
    return Density(
        rooms=rooms, cells=cells, share=table.table("share_of_open_land", _share),
        central_classes=_words(table, "central_classes"), urban_classes=_words(table, "urban_classes"),
        near_m=table.number("near_m", 0, MOST_HA), citation=table.text("citation"), caution=table.text("caution"),
        superseded=table.text("superseded"), share_why=table.text("share_why"), cases=table.each("case", _case),
    )  # fmt: skip


def _words(table: Table, key: str) -> frozenset[str]:
    found = table.get(key)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise table.fault('must be a list of texts, ["district"]', key)
    return frozenset(found)


def _pair(table: Table, key: str, most: float) -> tuple[float, float]:
    """Two numbers above 0, the second no smaller than the first."""
    found = table.numbers(key)
    if len(found) != 2 or not 0 < found[0] <= found[1] <= most:
        raise table.fault(f"must be two numbers above 0 and up to {most:,}, the lower first", key)
    return found[0], found[1]


def _cells(table: Table) -> dict[Cell, tuple[float, float]]:
    """One row of the matrix: a setting, a number of rooms, and a range for each band."""
    name, rooms = table.choice("setting", SETTINGS), table.text("rooms")
    setting = next(one for one in SETTINGS if one == name)
    return {(setting, band, rooms): _pair(table, f"ptal_{band.replace('-', '_')}", MOST_PER_HA) for band in BANDS}


def _case(table: Table) -> Case:
    low, high = _pair(table, "homes", MOST_HOMES)
    if not (low.is_integer() and high.is_integer()):
        raise table.fault("homes are whole: must be two whole numbers, the lower first", "homes")
    return Case(table.text("name"), table.text("holding"), table.text("when"), table.number("area_ha", 0.001, MOST_HA),
                (int(low), int(high)), table.text("note"), table.text("citation"))  # fmt: skip


def _share(table: Table) -> Range:
    low, mid, high = (table.number(name, 0, 1) for name in ("low", "mid", "high"))
    if not low <= mid <= high:
        raise table.fault("low, mid and high must rise")
    return low, mid, high
