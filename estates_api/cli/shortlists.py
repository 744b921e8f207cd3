"""`estates shortlist`: draft, show and list."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.files import write_whole
from estates_api.cli.session import Session, console, open_session, today
from estates_api.domain.quarters import Quarter, parse_quarter
from estates_api.domain.values import counted
from estates_api.errors import BadInput
from estates_api.store import shortlists as stored
from estates_api.store.database import transaction
from estates_api.workflows import shortlist as lists
from estates_api.workflows.handing_out import FORMATS, hand_out, write_file
from estates_api.workflows.shortlist import Frozen

app = typer.Typer(help="The quarterly shortlist: draft it, show it, list what is frozen.", no_args_is_help=True)

QuarterArgument = Annotated[str, typer.Argument(help="A calendar quarter, 2026-Q4.", metavar="QUARTER")]


def parse_day(text: str) -> date:
    """An ISO day; BadInput otherwise."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a day; write it like 2015-03-31") from None


@app.command("draft")
def draft(quarter: QuarterArgument) -> None:
    """Assess and freeze a draft. A past quarter is drawn up from what the data say of its last day."""
    wanted = parse_quarter(quarter)
    with open_session() as session:
        frozen, new = draft_quarter(session, wanted)
        console.print(f"shortlist {frozen.quarter} revision {frozen.revision}, draft{'' if new else ' (unchanged)'}")
        show_frozen(frozen)


def draft_quarter(session: Session, quarter: Quarter) -> tuple[Frozen, bool]:
    """Draft a quarter in one transaction."""
    with transaction(session.engine) as connection:
        return lists.draft(
            connection, quarter, area=session.area, method=session.method, method_content=session.method_content,
            today=today(),
        )  # fmt: skip


@app.command("show")
def show(quarter: QuarterArgument) -> None:
    """Show the newest revision of a quarter's shortlist and the SHA-256 of its stored bytes."""
    wanted = parse_quarter(quarter)
    with open_session() as session, transaction(session.engine) as connection:
        frozen = lists.get_shortlist(connection, wanted)
        console.print(f"shortlist {frozen.quarter} revision {frozen.revision}, {frozen.status}")
        show_frozen(frozen)


@app.command("list")
def list_all() -> None:
    """List every revision that is frozen."""
    with open_session() as session, transaction(session.engine) as connection:
        table = Table("quarter", "revision", "status", "SHA-256", box=None, pad_edge=False)
        for row in stored.list_shortlists(connection):
            table.add_row(row["quarter"], str(row["revision"]), row["status"], row["sha256"])
        console.print(table)


@app.command("export")
def export(
    quarter: QuarterArgument,
    out: Annotated[Path, typer.Option("--out", help="Where the file is written.")],
    file_format: Annotated[str | None, typer.Option("--format", help="The suffix of --out, if left out.")] = None,
) -> None:
    """Write the newest revision of a quarter's shortlist as CSV, workbook, GeoJSON, GeoPackage, GeoParquet or PDF."""
    wanted, suffix = parse_quarter(quarter), file_format or out.suffix.removeprefix(".")
    if suffix not in FORMATS:
        raise BadInput(f"{suffix!r} is not a format of a shortlist; --format takes {', '.join(FORMATS)}")
    with open_session() as session, transaction(session.engine) as connection:
        frozen = lists.get_shortlist(connection, wanted)
        handed = hand_out(connection, frozen, adopted=session.method)
    with TemporaryDirectory() as folder:
        made = Path(folder) / f"list.{suffix}"
        write_file(handed, frozen, suffix, made)
        write_whole(out, made.read_bytes())
    listed = counted(len(frozen.entries), "entry", "entries")
    told = f"shortlist {frozen.quarter} revision {frozen.revision}, {frozen.status}, {listed}: {escape(str(out))}"
    console.print(told, soft_wrap=True)


def show_frozen(frozen: Frozen) -> None:
    """The fingerprint, the entries as a table, and what stands apart."""
    document = frozen.document
    console.print(
        f"as of {document['as_of']}, method {document['method']['id']}, SHA-256 {frozen.sha256}", soft_wrap=True
    )
    console.print(entries_table(frozen, f"Shortlist {frozen.quarter} as of {document['as_of']}"))
    console.print(
        f"{counted(len(document['not_enough_data']), 'site')} with not enough data; "
        f"{len(document['released'])} already released"
    )


def entries_table(frozen: Frozen, title: str) -> Table:
    """The entries: list, site, score with interval, and the sentence with later events."""
    table = Table("list", "site", "score", "why, and what happened since", title=title, title_justify="left")
    for entry in frozen.entries:
        stale = " (stale)" if entry["stale"] else ""
        since = f"after {frozen.document['as_of']}: {entry['later_events']}"
        later = f"\n[dim]{escape(since)}[/dim]" if entry["later_events"] else ""
        place = f"{entry['site']}, {entry['borough'] or 'position not known'}"
        table.add_row(
            escape(entry["list"] + stale),
            f"{escape(entry['name'])}\n[dim]{escape(place)}[/dim]",
            f"{entry['score']:.0f}\n[dim]{entry['score_low']:.0f}–{entry['score_high']:.0f}[/dim]",
            escape(entry["reasons"]) + later,
        )
    return table
