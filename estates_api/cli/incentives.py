"""`estates incentives`: what empty space costs, what backlog release would avoid, and receipts, added up."""

import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console, open_session
from estates_api.exports.issues import write_lines
from estates_api.store.database import transaction
from estates_api.store.incentives import FIELDS, By, list_incentives

COLUMNS = (
    ("void_cost_gbp_per_year", "empty space £ a year"),
    ("backlog_high_significant_gbp", "high and significant backlog £"),
    ("backlog_total_gbp", "all backlog £"),
    ("receipts_gbp", "receipts £"),
)
KNOWN_OF = ("void_cost_known_of", "backlog_known_of", "backlog_total_known_of", "receipts")


def incentives(
    *,
    by: Annotated[By, typer.Option(help="One line for each: borough, sector or route.")] = "borough",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """What empty space costs a year, backlog that release would avoid, and receipts that sources state.

    In brackets: of how many sites (of receipts: how many sales) it is known. What is not known is not counted.
    """
    with open_session() as session, transaction(session.engine) as connection:
        rows = [dict(row) for row in list_incentives(connection, "complete", by)]
    if as_csv:
        sys.stdout.writelines(line.replace("\r\n", "\n") for line in write_lines(rows, FIELDS))
        return
    table = Table(by, box=None, pad_edge=False)
    for heading in ("sites", *(title for _, title in COLUMNS)):
        table.add_column(heading, justify="right")
    for row in rows:
        sums = (_sum(row[name], row[known]) for (name, _), known in zip(COLUMNS, KNOWN_OF, strict=True))
        table.add_row(escape(row["group"]), f"{row['sites']:,}", *sums)
    console.print(table)


def _sum(gbp: float | None, known: int) -> str:
    return "not known" if gbp is None else f"{gbp:,.0f} ({known:,})"
