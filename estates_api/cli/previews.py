"""What handing a file in would change, on the screen."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console
from estates_api.domain.values import counted
from estates_api.workflows.preview import Preview

SHOWN = 10

_KINDS = {
    "sites_new": ("new site", "new sites", ("site", "name", "postcode")),
    "sites_gone": ("site merged or withdrawn", "sites merged or withdrawn", ("site", "kind", "survivor", "reason")),
    "holdings_new": ("new holding", "new holdings", ("organisation_code", "code", "name", "site")),
    "holdings_moved": ("holding that moves", "holdings that move", ("organisation_code", "code", "name", "old", "new")),
    "questions": ("question whether two are one place", "questions whether two are one place",
                  ("organisation_code", "code", "other_code", "evidence")),
    "figures_changed": ("figure that changes", "figures that change",
                        ("site", "code", "attribute", "old", "new", "old_edition")),
}  # fmt: skip


def show_changes(found: Preview) -> None:
    """How much would change of each kind, and the first of it."""
    counts = found.changes["counts"]
    if not any(counts.values()):
        console.print("nothing that is known would change")
        return
    for kind, (one, several, columns) in _KINDS.items():
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
