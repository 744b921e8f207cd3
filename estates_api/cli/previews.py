"""What handing a file in would change, on the screen."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console
from estates_api.domain.values import counted
from estates_api.workflows.preview import KINDS, Preview

SHOWN = 10


def show_changes(found: Preview) -> None:
    """How much would change of each kind, and the first of it."""
    counts = found.changes["counts"]
    if not any(counts.values()):
        console.print("nothing that is known would change")
        return
    for kind, (one, several, columns) in KINDS.items():
        if counts[kind]:
            at = f" at {counted(counts['sites_changed'], 'site')}" if kind == "figures_changed" else ""
            console.print(f"[bold]{counted(counts[kind], one, several)}[/bold]{at}")
            console.print(_table(columns, found.changes[kind][:SHOWN]))


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(*(column.replace("_", " ") for column in columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(_cell(row[column])) for column in columns))
    return table


def _cell(value: object) -> str:
    if value is None:
        return "unknown"
    return f"{value:,.15g}" if isinstance(value, int | float) else str(value)
