"""`estates levels`: boroughs, sub-region and London added up; release and reuse by deprivation."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console, open_session, today
from estates_api.domain.levels import EQUITY_FIELDS, FIELDS, OF_A_LIST, Row
from estates_api.exports.issues import write_lines
from estates_api.store.database import transaction
from estates_api.workflows.levels import read_equity, read_levels

By = Literal["level", "borough", "decile"]


def levels(
    *,
    by: Annotated[By, typer.Option(help="Boroughs, sub-region and London; boroughs alone; or deciles of deprivation.")]
    = "level",
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format")] = "table",
) -> None:  # fmt: skip
    """Sites, land, homes, backlog and empty space added up, each over how many sites it is known of; `--format csv` has
    every column.
    """
    with open_session() as session, transaction(session.engine) as connection:
        read = read_equity if by == "decile" else read_levels
        found = read(connection, "complete", session.area, today())
    key, fields = ("rows", EQUITY_FIELDS) if by == "decile" else ("levels", FIELDS)
    if by == "borough":
        for told in (found, found["listed"] or {key: []}):
            told[key] = [row for row in told[key] if row["level"] == "borough"]
    match form:
        case "json":
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        case "csv":
            sys.stdout.writelines(line.replace("\r\n", "\n") for line in write_lines(found[key], fields))
        case _:
            _print(found, by)


def _print(found: dict[str, Any], by: By) -> None:
    table, key = (_equity_table, "rows") if by == "decile" else (_levels_table, "levels")
    console.print("By the method:")
    console.print(table(found[key]))
    if listed := found["listed"]:
        console.print(f"\nAs listed, shortlist {listed['quarter']} revision {listed['revision']}, published:")
        console.print(table(listed[key]))
        console.print(OF_A_LIST, soft_wrap=True)
    if by == "decile":
        console.print(found["decile"], soft_wrap=True)
    else:
        console.print(found["covers"], soft_wrap=True)
        told = "; ".join(f"{one['organisation']} {one['gia_m2']:,.0f} m²" for one in found["aggregate"])
        console.print(f"Floor area in rows without a place (AGGRE), in no level: {told or 'none'}", soft_wrap=True)
    for note in found["notes"]:
        console.print(note, soft_wrap=True)


def _levels_table(rows: Sequence[Row]) -> Table:
    table = _table("level", "sites", "release", "part", "reuse", "land\nha", "homes", "backlog\n£m", "empty\n£m/year")
    for row in rows:
        release = row["release"] + row["part_release"]
        table.add_row(
            escape(row["name"]), *(f"{row[name]:,}" for name in ("sites", "release", "part_release", "reuse")),
            _sum(row["land_ha"], row["land_known_of"], row["sites"], 1), _homes(row),
            _millions(row["backlog_avoided_gbp"], row["backlog_known_of"], release),
            _millions(row["void_cost_gbp_per_year"], row["void_cost_known_of"], row["sites"]),
        )  # fmt: skip
    return table


def _equity_table(rows: Sequence[Row]) -> Table:
    table = _table("decile", "neighbour-\nhoods", "sites", "release", "part", "reuse", "land for\nrelease ha", "homes")
    for row in (row for row in rows if row["gss"] is None):
        names = ("neighbourhoods", "sites", "release", "part_release", "reuse")
        table.add_row(
            str(row["decile"] or "not known"), *(f"{row[name]:,}" for name in names),
            _sum(row["release_land_ha"], row["release_land_known_of"], row["release"] + row["part_release"], 1),
            _homes(row),
        )  # fmt: skip
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)  # within 80 columns: the names of levels give way
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _millions(gbp: float | None, known: int, of: int) -> str:
    return _sum(None if gbp is None else gbp / 1e6, known, of, 2)


def _sum(number: float | None, known: int, of: int, places: int) -> str:
    """A sum over the line that says of how many of these sites it is known; blank where there are no sites."""
    if number is None:
        return "not\nknown" if of else ""
    return f"{number:,.{places}f}\n({known:,})"


def _homes(row: Row) -> str:
    low, high = row["homes_low"], row["homes_high"]
    if low is None:
        return "not\nknown" if row["release"] + row["part_release"] else ""
    return f"{low:,.0f}–{high:,.0f}\n({row['homes_known_of']:,})"
