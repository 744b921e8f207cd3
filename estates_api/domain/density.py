"""The density matrix as data: homes per hectare by setting, transport access and size of homes, from the method."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

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


@dataclass(frozen=True, slots=True)
class Density:
    """The `[capacity]` part of a method. `cells`: homes per hectare, low and high, by setting, band and row of
    habitable rooms per home (largest homes first); `share` of open land that is taken to be developable."""

    rooms: tuple[str, ...]
    cells: Mapping[tuple[Setting, Band, str], tuple[float, float]]
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


def parse_density(table: Mapping[str, Any]) -> Density:
    """The `[capacity]` part of a method file; KeyError or ValueError says what is wrong."""
    cells: dict[tuple[Setting, Band, str], tuple[float, float]] = {}
    for row in table["density"]:
        cells |= _cells(row)
    rooms = tuple(dict.fromkeys(str(row["rooms"]) for row in table["density"]))
    if len(cells) != len(SETTINGS) * len(BANDS) * len(rooms):
        raise ValueError("capacity.density: one row for each setting and each number of rooms, none twice")
    return Density(
        rooms=rooms, cells=cells, share=_share(table["share_of_open_land"]),
        central_classes=frozenset(table["central_classes"]), urban_classes=frozenset(table["urban_classes"]),
        near_m=float(table["near_m"]), citation=str(table["citation"]), caution=str(table["caution"]),
        superseded=str(table["superseded"]), share_why=str(table["share_why"]),
        cases=tuple(_case(row) for row in table.get("case", ())),
    )  # fmt: skip


def _cells(row: Mapping[str, Any]) -> dict[tuple[Setting, Band, str], tuple[float, float]]:
    """One row of the table: a setting, a number of rooms, and a range for each band."""
    setting = next((one for one in SETTINGS if one == row["setting"]), None)
    if setting is None:
        raise ValueError(f"capacity.density: {row['setting']!r} is not one of {', '.join(SETTINGS)}")
    found = {}
    for band in BANDS:
        low, high = (float(number) for number in row[f"ptal_{band.replace('-', '_')}"])
        if not 0 < low <= high:
            raise ValueError(f"capacity.density {setting}, {row['rooms']}, PTAL {band}: low above 0 and up to high")
        found[(setting, band, str(row["rooms"]))] = (low, high)
    return found


def _case(row: Mapping[str, Any]) -> Case:
    low, high = (int(number) for number in row["homes"])
    case = Case(str(row["name"]), str(row["holding"]), str(row["when"]), float(row["area_ha"]), (low, high),
                str(row.get("note", "")), str(row["citation"]))  # fmt: skip
    if not (case.area_ha > 0 and 0 < low <= high):
        raise ValueError(f"capacity.case {case.name!r}: area_ha and homes must be above 0, homes low and high")
    return case


def _share(row: Mapping[str, Any]) -> Range:
    low, mid, high = (float(row[name]) for name in ("low", "mid", "high"))
    if not 0 <= low <= mid <= high <= 1:
        raise ValueError("capacity.share_of_open_land: low, mid and high rise within 0 and 1")
    return low, mid, high
