"""What the serving benchmark found, as Markdown tables: times, and the others' divided by ours."""

from collections.abc import Iterator, Mapping, Sequence

from serving_bulk import Export, LowTile, Walk
from serving_cases import Case
from serving_runs import Measured

NAMES = ("floor", "ours", "tipg", "pygeoapi")
WALK_AIMS = {"floor": 1.3, "tipg": 10.0}
EXPORT_AIMS = {"export": {"floor": 2.0, "tipg": 8.0, "ogr2ogr": 4.0}, "package": {"ogr2ogr": 1.0}}
EXPORT_TITLES = {"export": "everything as GeoJSON", "package": "everything as GeoPackage"}
MEMORY_MB, TILE_MS, TILE_KB = 150, 150, 500

CASES_HEAD = (
    "case", "floor, ms", "ours", "tipg", "pygeoapi", "× floor", "× tipg", "× pygeoapi", "aim", "processor × floor",
    "× tipg",
)  # fmt: skip


def case_row(case: Case, results: Mapping[str, Measured]) -> str:
    """One line of the table of cases."""
    ms = {name: result.ms for name, result in results.items()}
    cpu = {name: result.cpu_ms for name, result in results.items()}
    times = [_time(results[name]) if name in results else "" for name in NAMES]
    ratios = [_ratio(ms, name, case.aims) for name in ("floor", "tipg", "pygeoapi")]
    return row(case.title, *times, *ratios, _aim(case), *(_ratio(cpu, name, {}) for name in ("floor", "tipg")))


def remarks(case: Case, results: Mapping[str, Measured]) -> Iterator[str]:
    """What the numbers cannot say."""
    for name, result in results.items():
        if result.differs:
            yield f"- {case.name}, {name}: {result.differs}"


def walk_table(walks: Mapping[str, Walk]) -> str:
    """Paging to the end."""
    lines = [head("limit 1,000 to the end", "seconds", "ms a page: start", "middle", "end", "× it", "aim")]
    all_seconds = {name: None if way.took.refused else way.seconds for name, way in walks.items()}
    for name, way in walks.items():
        if way.took.refused or not way.took.seconds:
            lines.append(row(name, way.took.refused))
            continue
        pages = [f"{ms:.1f}" for ms in way.page_ms()]
        told = f"{way.seconds:.2f}{_differs(way.took)}"
        lines.append(row(name, told, *pages, *_compared(all_seconds, name, WALK_AIMS)))
    return "\n".join(lines)


def export_table(kind: str, found: Mapping[str, Export]) -> str:
    """Whole files: ours counts as it is made the first time, not as it is kept."""
    titles = ("s", "first byte", "again", "MB", "peak memory (before), MB", "processor", "× it", "aim")
    lines = [head(EXPORT_TITLES[kind], *titles)]
    taken = {name: one.first.ms for name, one in found.items()}
    for name, one in found.items():
        if one.first.ms is None:
            lines.append(row(name, one.first.refused))
            continue
        told = f"{one.first.ms / 1000:.2f}{_differs(one.first)}"
        begun = f"{one.first_byte_s:.2f}" if one.first_byte_s is not None else ""
        again = f"{one.again.ms / 1000:.2f}" if one.again.ms else ""
        memory = f"{one.peak_mb:.0f} ({one.before_mb:.0f}){_mark(one.peak_mb <= MEMORY_MB) if name == 'ours' else ''}"
        numbers = (told, begun, again, f"{one.first.size / 1e6:.1f}", memory, f"{(one.first.cpu_ms or 0) / 1e3:.2f}")
        lines.append(row(name, *numbers, *_compared(taken, name, EXPORT_AIMS[kind])))
    return "\n".join(lines)


def low_tile_table(found: Sequence[LowTile] | str) -> str:
    """The tiles of low zooms."""
    if isinstance(found, str):
        return f"Tiles of zoom 0 to 9: {found}"
    aims = f"slowest, ms (aim: {TILE_MS})", "processor, ms", f"largest, kB (aim: {TILE_KB})"
    lines = [head("our tiles of zoom", *aims, "features")]
    for tile in found:
        ms, kb = f"{tile.ms:.0f}{_mark(tile.ms <= TILE_MS)}", f"{tile.kb:.0f}{_mark(tile.kb <= TILE_KB)}"
        lines.append(row(str(tile.zoom), ms, f"{tile.cpu_ms:.0f}", kb, f"{tile.features:,}"))
    return "\n".join(lines)


def head(*titles: str) -> str:
    """The first two lines of a table."""
    return f"{row(*titles)}\n|{'---|' * len(titles)}"


def row(*cells: str) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def _aim(case: Case) -> str:
    aims = [f"≥ {aim:g} × {name}" for name, aim in case.aims.items()]
    return ", ".join([*aims, *([case.note] if case.note else [])])


def _time(result: Measured) -> str:
    return result.refused or (f"{result.ms:.2f}{'*' if result.differs else ''}" if result.ms else "–")


def _ratio(taken: Mapping[str, float | None], name: str, aims: Mapping[str, float]) -> str:
    ours, theirs = taken.get("ours"), taken.get(name)
    if not ours or not theirs:
        return "–"
    return f"{theirs / ours:.2f}{_mark(theirs / ours >= aims[name]) if name in aims else ''}"


def _compared(taken: Mapping[str, float | None], name: str, aims: Mapping[str, float]) -> tuple[str, str]:
    if name == "ours":
        return "", ""
    return _ratio(taken, name, aims), f"≥ {aims[name]:g}" if name in aims else ""


def _differs(result: Measured) -> str:
    return f" ({result.differs})" if result.differs else ""


def _mark(good: bool) -> str:
    return " ✓" if good else " ✗"
