"""`estates totals`, and the totals that every ingest ends with: what a file adds up to, in its own words."""

import csv
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import RowMapping

from estates_api.cli.session import console, open_session
from estates_api.domain.values import counted
from estates_api.store.database import transaction
from estates_api.store.editions import find_numbers
from estates_api.store.totals import By, list_totals

COLUMNS = ("edition", "key", "name", "aggregate", "holdings", "gia_m2", "land_ha", "backlog_gbp",
           "land_not_believed_ha")  # fmt: skip


def tell_totals(rows: Iterable[RowMapping]) -> None:
    """Print what an edition's holdings add up to; nothing for a file without holdings."""
    for row in rows:
        console.print(f"  {_sentence(row)}", soft_wrap=True)


def _sentence(row: RowMapping) -> str:
    parts = [
        counted(row["holdings"], "AGGRE row" if row["aggregate"] else "site"),
        _amount(row["gia_m2"], "{} m² gross internal floor area", "floor area not stated"),
        _amount(row["land_ha"], "{} ha of land", "land not stated"),
        _amount(row["backlog_gbp"], "£{} backlog", "backlog not stated"),
    ]
    if row["land_not_believed_ha"]:
        parts.append(f"of the land {_plain(row['land_not_believed_ha'])} ha not believed (see the issues)")
    return ", ".join(parts)


def _amount(number: Decimal | None, shape: str, unknown: str) -> str:
    return unknown if number is None else shape.format(_plain(number))


def _plain(number: Decimal) -> str:
    """Thousands separated, to the last unit that was stated."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def totals(
    edition: Annotated[list[str] | None, typer.Argument(help="Editions: `ERIC 2016-17` or an id; all if left out.")]
    = None,
    *,
    by: Annotated[By, typer.Option(help="One line for each: edition, organisation or site.")] = "edition",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:  # fmt: skip
    """What editions add up to: sites, floor area, land and backlog as they are stated, AGGRE rows apart."""
    with open_session() as session, transaction(session.engine) as connection:
        found = find_numbers(connection, edition or [])
        rows = [
            {"edition": title} | dict(row) for number, title in found for row in list_totals(connection, number, by)
        ]
    (_print_csv if as_csv else _print_table)(rows)


def _print_csv(rows: Iterable[dict[str, Any]]) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    table = Table("edition", "", "", box=None, pad_edge=False)
    for heading in ("rows", "floor area m²", "land ha", "backlog £"):
        table.add_column(heading, justify="right")
    for row in rows:
        name = "AGGRE" if row["aggregate"] else escape(row["name"] or "")
        numbers = (
            "" if row[column] is None else _plain(row[column]) for column in ("gia_m2", "land_ha", "backlog_gbp")
        )
        table.add_row(escape(row["edition"]), escape(row["key"] or ""), name, f"{row['holdings']:,}", *numbers)
    console.print(table)
