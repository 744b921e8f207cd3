"""Print how large the package's modules and functions are; fail when one is over a hard limit."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

PACKAGE = Path(__file__).resolve().parent.parent / "estates_api"
FILE_LIMIT = 400
FUNCTION_LIMIT = 60
SIBLING_AIM = 6


def main() -> int:
    """0 when every file and function is within its limit, else 1."""
    trees = {path: ast.parse(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))}
    files = {str(path.relative_to(PACKAGE)): len(path.read_bytes().splitlines()) for path in trees}
    functions = {
        f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}": lines
        for path, tree in trees.items()
        for node, lines in list_functions(tree)
    }
    siblings = {str(path.relative_to(PACKAGE)): count_siblings(tree) for path, tree in trees.items()}
    say(f"modules    {sum(1 for name in files if not name.endswith('__init__.py'))}")
    say(f"file       median {median(files.values()):.0f}, longest {largest(files)}, limit {FILE_LIMIT} lines")
    if len(functions) > 1:
        p90 = quantiles(functions.values(), n=10)[8]
        say(f"function   median {median(functions.values()):.0f}, p90 {p90:.0f}, longest {largest(functions)}")
    say(f"siblings   most {largest(siblings)}, aim {SIBLING_AIM} imported per module")
    over = [name for name, lines in files.items() if lines > FILE_LIMIT]
    over += [name for name, lines in functions.items() if lines > FUNCTION_LIMIT]
    for name in over:
        say(f"too long   {name}")
    return 1 if over else 0


def list_functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Each function with its number of lines, without its docstring: explaining is not what makes one long."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            has_docstring = ast.get_docstring(node, clean=False) is not None
            docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if has_docstring else 0
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


def count_siblings(tree: ast.Module) -> int:
    """How many modules of the package a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGE.name):
            is_folder = (PACKAGE.parent / node.module.replace(".", "/")).is_dir()
            found |= {f"{node.module}.{name.name}" for name in node.names} if is_folder else {node.module}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.startswith(PACKAGE.name)}
    return len(found)


def largest(sizes: dict[str, int]) -> str:
    """The largest entry, as `number (name)`."""
    name = max(sizes, key=lambda each: sizes[each])
    return f"{sizes[name]} ({name})"


def say(line: str) -> None:
    """Write one line on standard output."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
