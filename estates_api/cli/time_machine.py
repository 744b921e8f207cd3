"""`estates time-machine`: past lists beside what then happened."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.files import write_whole
from estates_api.cli.session import console, open_session, today
from estates_api.errors import BadInput
from estates_api.store.database import transaction
from estates_api.workflows.backtest import find_result
from estates_api.workflows.handing_out import write_time_machine
from estates_api.workflows.time_machine import time_machine


def look_back(
    out: Annotated[Path | None, typer.Option("--out", help="Write it whole: .json or .pdf.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """The lists of earlier years, drawn up as of the days that the returns speak of, beside what then happened."""
    if out and out.suffix not in {".json", ".pdf"}:
        raise BadInput(f"--out {out}: its name must end in .json or .pdf")
    with open_session() as session, transaction(session.engine) as connection:
        found = time_machine(
            connection, area=session.area, method=session.method, today=today(), audience="complete",
            backtest=find_result(session.settings.data_dir),
        )  # fmt: skip
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    if out:
        write_whole(out, text if out.suffix == ".json" else _pdf(found))
    if as_json:
        typer.echo(text, nl=False)
    else:
        for one in found["days"]:
            _print(one)


def _pdf(found: dict[str, Any]) -> bytes:
    with TemporaryDirectory() as folder:
        made = Path(folder) / "time-machine.pdf"
        write_time_machine(found, made)
        return made.read_bytes()


def _print(one: dict[str, Any]) -> None:
    table = Table("list", "site", "score", "what then happened", title_justify="left",
                  title=f"\nAs of {one['as_of']} ({'; '.join(one['editions'])})")  # fmt: skip
    for row in one["listed"]:
        after = "; ".join(event["told"] for event in row["after"]) or "nothing dated since"
        table.add_row(escape(row["list"]), escape(row["name"]), f"{row['score']:.0f}",
                      f"[bold]{row['outcome']}[/bold]: {escape(after)}")  # fmt: skip
    console.print(table)
    console.print(one["told"], soft_wrap=True)
    for row in one["missed"]:
        told = "; ".join(event["told"] for event in row["after"])
        console.print(f"  missed: {escape(row['name'])} ({escape(told)}); {row['route'] or 'not known then'}: "
                      f"{escape(row['because'])}", soft_wrap=True)  # fmt: skip
