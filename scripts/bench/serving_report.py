"""What the serving benchmark found, as Markdown tables: times in milliseconds, and ratios of ours to the others."""

from collections.abc import Iterator, Mapping, Sequence

from serving_bulk import Export, LowTile, Walk
from serving_cases import Case
from serving_runs import Measured

NAMES = ("floor", "ours", "tipg", "pygeoapi")
WALK_TARGETS = {"floor": 1.3, "tipg": 10.0}
EXPORT_TARGETS = {"export": {"floor": 2.0, "tipg": 8.0, "ogr2ogr": 4.0}, "package": {"ogr2ogr": 1.0}}
MEMORY_MB, TILE_MS, TILE_KB = 150, 150, 500

HEADER = """
| case | floor, ms | ours | tipg | pygeoapi | × floor | × tipg | × pygeoapi | aim | processor × floor | × tipg |
|---|---|---|---|---|---|---|---|---|---|---|"""


def case_row(case: Case, results: Mapping[str, Measured]) -> str:
    """One line of the table of cases."""
    times = [_ms(results.get(name)) for name in NAMES]
    ratios = [_ratio(results, name, case.targets.get(name)) for name in ("floor", "tipg", "pygeoapi")]
    cpu = [_cpu_ratio(results, name) for name in ("floor", "tipg")]
    return _row(case.title, *times, *ratios, aims(case.targets, case.note), *cpu)


def aims(targets: Mapping[str, float], note: str = "") -> str:
    """What is aimed at, in words."""
    said = [f"≥ {target:g} × {name}" for name, target in targets.items()]
    return ", ".join([*said, *([note] if note else [])])


def remarks(case: Case, results: Mapping[str, Measured]) -> Iterator[str]:
    """What the numbers cannot say."""
    for name, result in results.items():
        if result.differs:
            yield f"- {case.name}, {name}: another answer, {result.differs}"


def walk_table(walks: Mapping[str, Walk]) -> str:
    """Paging to the end."""
    lines = [
        "| limit 1,000 to the end | seconds | ms a page: start | middle | end | ours to it | aim |",
        "|" + "---|" * 7,
    ]
    ours = walks.get("ours")
    for name, way in walks.items():
        if way.took.refused or not way.took.seconds:
            lines.append(_row(name, way.took.refused or "–", *[""] * 5))
            continue
        pages = [f"{ms:.1f}" for ms in way.page_ms()]
        told = f"{way.seconds:.2f}" + (f" ({way.took.differs})" if way.took.differs else "")
        lines.append(_row(name, told, *pages, *_against(ours.seconds if ours and not ours.took.refused else None,
                                                        way.seconds, name, WALK_TARGETS)))  # fmt: skip
    return "\n".join(lines)


def export_table(kind: str, found: Mapping[str, Export]) -> str:
    """Whole files."""
    title = {"export": "everything as GeoJSON", "package": "everything as GeoPackage"}[kind]
    lines = [f"| {title} | first s | again s | MB | peak memory MB | processor s | ours to it, first | aim |",
             "|" + "---|" * 8]  # fmt: skip
    ours = found.get("ours")
    for name, one in found.items():
        took = one.took
        if took.refused or not took.seconds:
            lines.append(_row(name, took.refused or "–", *[""] * 6))
            continue
        again = f"{min(took.seconds[1:]):.2f}" if took.seconds[1:] else ""
        cpu = (took.cpu_s + took.database_cpu_s) / len(took.seconds)
        first = ours.took.seconds[0] if ours and ours.took.seconds and not ours.took.refused else None
        told = f"{took.seconds[0]:.2f}" + (f" ({took.differs})" if took.differs else "")
        memory = f"{one.peak_mb:.0f}" + (_mark(one.peak_mb <= MEMORY_MB) if name == "ours" else "")
        lines.append(_row(name, told, again, f"{took.size / 1e6:.1f}", memory, f"{cpu:.2f}",
                          *_against(first, took.seconds[0], name, EXPORT_TARGETS[kind])))  # fmt: skip
    return "\n".join(lines)


def low_tile_table(found: Sequence[LowTile] | str) -> str:
    """The tiles of low zooms."""
    if isinstance(found, str):
        return f"Tiles of zoom 0 to 9: {found}"
    lines = [f"| zoom | slowest, ms (aim: {TILE_MS}) | largest, kB (aim: {TILE_KB}) | features |", "|---|---|---|---|"]
    for tile in found:
        ms, kb = f"{tile.ms:.0f}{_mark(tile.ms <= TILE_MS)}", f"{tile.kb:.0f}{_mark(tile.kb <= TILE_KB)}"
        lines.append(_row(str(tile.zoom), ms, kb, f"{tile.features:,}"))
    return "\n".join(lines)


def _against(ours: float | None, theirs: float, name: str, targets: Mapping[str, float]) -> tuple[str, str]:
    if ours is None or name == "ours":
        return "", ""
    target = targets.get(name)
    mark = _mark(theirs / ours >= target) if target else ""
    return f"{theirs / ours:.2f}{mark}", f"≥ {target:g}" if target else ""


def _ms(result: Measured | None) -> str:
    if result is None:
        return ""
    if result.ms is None:
        return result.refused or "–"
    return f"{result.ms:.2f}" + ("*" if result.differs else "")


def _ratio(results: Mapping[str, Measured], name: str, target: float | None) -> str:
    ours, theirs = (results[one].ms if one in results else None for one in ("ours", name))
    if not ours or not theirs:
        return "–"
    return f"{theirs / ours:.2f}" + (_mark(theirs / ours >= target) if target else "")


def _cpu_ratio(results: Mapping[str, Measured], name: str) -> str:
    ours, theirs = (results[one].cpu_ms if one in results else None for one in ("ours", name))
    return f"{theirs / ours:.2f}" if ours and theirs else "–"


def _mark(good: bool) -> str:
    return " ✓" if good else " ✗"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
