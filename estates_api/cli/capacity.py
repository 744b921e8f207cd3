"""`estates capacity check`: the error of the density matrix on the cases where land and homes are known."""

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console, open_session
from estates_api.domain.density import Checked
from estates_api.store.database import transaction
from estates_api.workflows.capacity import check_capacity

app = typer.Typer(help="Housing capacity: how far the density matrix is off where it can be checked.")


@app.callback()
def _group() -> None:
    """Housing capacity: how far the density matrix is off where it can be checked."""


@app.command("check")
def check() -> None:
    """Compare what the density matrix says with what was planned on every case that has hectares and homes."""
    with open_session() as session, transaction(session.engine) as connection:
        found = check_capacity(connection, session.method.density, "complete")
    table = Table("case", "when", box=None, pad_edge=False)
    for heading in ("ha", "planned", "matrix", "middle off by"):
        table.add_column(heading, justify="right")
    table.add_column("setting and PTAL")
    for one in found.cases:
        table.add_row(*_row(one))
    console.print(table)
    console.print(found.told(), soft_wrap=True)


def _row(one: Checked) -> tuple[str, ...]:
    low, high = one.case.homes
    planned = f"{low}" if low == high else f"{low}–{high}"
    return (
        escape(one.case.name), one.case.when, f"{one.case.area_ha:g}", planned, f"{one.said[0]}–{one.said[2]}",
        f"{one.error:+.0%}", f"{' or '.join(one.settings)}; {' or '.join(one.bands)}",
    )  # fmt: skip
