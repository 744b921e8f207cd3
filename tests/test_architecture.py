"""The rings of the package: which folder may import what, held over every import, lazy and type-only ones included."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from estates_api.settings import ROOT

PACKAGE = "estates_api"

# api | cli -> workflows -> store | sources | exports -> domain -> errors
RINGS = {
    "api": {"api", "workflows", "store", "sources", "exports", "domain", "errors", "settings"},
    "cli": {"cli", "api", "workflows", "store", "sources", "exports", "domain", "errors", "settings"},
    "workflows": {"workflows", "store", "sources", "exports", "domain", "errors", "settings"},
    "store": {"store", "domain", "errors", "settings"},
    "sources": {"sources", "domain", "errors"},
    "exports": {"exports", "domain", "errors"},
    "domain": {"domain", "errors"},
    "settings": {"errors"},
    "errors": set(),
    "": set(),  # the package itself, which anybody may import for its version
}

# What is defended in public depends on nothing but computation: no web, database, file, clock or configuration.
# fmt: off
PURE = {
    "__future__", "abc", "bisect", "calendar", "collections", "concurrent", "dataclasses", "datetime", "decimal",
    "enum", "functools", "hashlib", "itertools", "json", "math", "operator", "re", "statistics", "string", "textwrap",
    "tomllib", "types", "typing", "unicodedata", "zoneinfo", "numpy", "scipy", "shapely", "rapidfuzz",
}
# fmt: on

VAGUE_NAMES = {"utils", "util", "helpers", "common", "services", "misc"}

MODULES = sorted((ROOT / PACKAGE).rglob("*.py"))


def module_name(path: Path) -> str:
    """The dotted name of a module of the package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


NAMES = {module_name(path) for path in MODULES}


def list_imports(path: Path) -> Iterator[str]:
    """The dotted names a module imports, of modules rather than of what is in them."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively, which hides the ring: line {node.lineno}"
            base = node.module or ""
            for name in node.names:
                yield f"{base}.{name.name}" if f"{base}.{name.name}" in NAMES else base


def ring_of(name: str) -> str:
    """The first folder or module below the package that a dotted name leads to."""
    return [*name.split("."), ""][1]


def internal_imports(path: Path) -> set[str]:
    """The modules of the package that a module imports."""
    return {name for name in list_imports(path) if name.split(".")[0] == PACKAGE}


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_follow_the_rings(path: Path) -> None:
    """A module imports its own ring and those further in, never outwards or sideways."""
    allowed = RINGS[ring_of(module_name(path))] | {""}
    assert [name for name in internal_imports(path) if ring_of(name) not in allowed] == []


@pytest.mark.parametrize("path", [p for p in MODULES if ring_of(module_name(p)) == "domain"], ids=module_name)
def test_the_domain_is_pure(path: Path) -> None:
    """The domain imports computation only, so it can be tested and explained without anything else."""
    outside = {name.split(".")[0] for name in list_imports(path)} - {PACKAGE}
    assert outside <= PURE


def test_there_are_no_cycles() -> None:
    """No module is imported, however indirectly, by what it imports."""
    imports = {module_name(path): internal_imports(path) for path in MODULES}
    while True:
        leaves = {name for name, needed in imports.items() if not (needed & imports.keys()) - {name}}
        if not leaves:
            break
        imports = {name: needed for name, needed in imports.items() if name not in leaves}
    assert imports == {}, "these modules import each other in a circle, or are imported by those that do"


def test_no_import_escapes(tmp_path: Path) -> None:
    """Lazy imports, type-only imports and imports of a module from its folder are all seen."""
    module = tmp_path / "module.py"
    module.write_text(
        "if TYPE_CHECKING:\n    import estates_api.store.cluster\n"
        "def lazy():\n    from estates_api.domain import records\n"
    )
    assert set(list_imports(module)) == {"estates_api.store.cluster", "estates_api.domain.records"}


def test_names_say_what_is_inside() -> None:
    """No module or folder is a drawer for anything."""
    assert [path for path in MODULES if VAGUE_NAMES & {*path.relative_to(ROOT).parts, path.stem}] == []


def test_the_service_is_small() -> None:
    """What only files need (tables, vector formats, trees of points) is not loaded by a service that only answers."""
    large = ["pandas", "geopandas", "pyogrio", "pyarrow", "scipy", "pyproj", "typst", "xlsxwriter"]
    code = f"import sys, estates_api.api.app; print(sorted(set({large}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
