"""`estates levels`: boroughs, sub-region and London added up; release and reuse by deprivation."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console, open_session
from estates_api.domain.levels import EQUITY_FIELDS, FIELDS, Row, describe_equity, describe_levels
from estates_api.exports.issues import write_lines
from estates_api.store.database import transaction
from estates_api.store.levels import count_neighbourhoods, list_rolled, list_unplaced

By = Literal["level", "borough", "decile"]


def levels(
    *,
    by: Annotated[By, typer.Option(help="Boroughs, sub-region and London; boroughs alone; or deciles of deprivation.")]
    = "level",
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format")] = "table",
) -> None:  # fmt: skip
    """Sites, land, homes, backlog and empty space added up, each beside of how many sites it is known."""
    with open_session() as session, transaction(session.engine) as connection:
        sites = list_rolled(connection, "complete")
        if by == "decile":
            found = describe_equity(sites, session.area, count_neighbourhoods(connection))
        else:
            found = describe_levels(sites, session.area, list_unplaced(connection, "complete", session.area))
    key, fields = ("rows", EQUITY_FIELDS) if by == "decile" else ("levels", FIELDS)
    if by == "borough":
        found[key] = [row for row in found[key] if row["level"] == "borough"]
    match form:
        case "json":
            typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        case "csv":
            sys.stdout.writelines(line.replace("\r\n", "\n") for line in write_lines(found[key], fields))
        case _:
            _print(found, by)


def _print(found: dict[str, Any], by: By) -> None:
    if by == "decile":
        console.print(_equity_table([row for row in found["rows"] if row["gss"] is None]))
        console.print(found["decile"], soft_wrap=True)
    else:
        console.print(_levels_table(found["levels"]))
        console.print(found["covers"], soft_wrap=True)
        told = "; ".join(f"{one['organisation']} {one['gia_m2']:,.0f} m²" for one in found["aggregate"])
        console.print(f"Floor area in rows without a place (AGGRE), in no level: {told or 'none'}", soft_wrap=True)
    for note in found["notes"]:
        console.print(note, soft_wrap=True)


def _levels_table(rows: Sequence[Row]) -> Table:
    table = _table("level", "sites", "release", "part", "reuse", "land ha", "homes", "backlog £m", "empty £m/year",
                   "scored")  # fmt: skip
    for row in rows:
        table.add_row(
            escape(row["name"]), *(f"{row[name]:,}" for name in ("sites", "release", "part_release", "reuse")),
            _sum(row["land_ha"], row["land_known_of"], 1), _homes(row),
            _millions(row["backlog_avoided_gbp"], row["backlog_known_of"]),
            _millions(row["void_cost_gbp_per_year"], row["void_cost_known_of"]), _percent(row["scored_sites_share"]),
        )  # fmt: skip
    return table


def _equity_table(rows: Sequence[Row]) -> Table:
    table = _table("decile", "neighbourhoods", "sites", "release", "part", "reuse", "land for release ha", "homes")
    for row in rows:
        names = ("neighbourhoods", "sites", "release", "part_release", "reuse")
        table.add_row(
            str(row["decile"] or "not known"), *(f"{row[name]:,}" for name in names),
            _sum(row["release_land_ha"], row["release_land_known_of"], 1), _homes(row),
        )  # fmt: skip
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _millions(gbp: float | None, known: int) -> str:
    return _sum(None if gbp is None else gbp / 1e6, known, 2)


def _sum(number: float | None, known: int, places: int) -> str:
    return "not known" if number is None else f"{number:,.{places}f} ({known:,})"


def _homes(row: Row) -> str:
    low, high = row["homes_low"], row["homes_high"]
    return "not known" if low is None else f"{low:,.0f}–{high:,.0f} ({row['homes_known_of']:,})"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
