"""`estates ingest`: files handed in, each with what became of it and what it adds up to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy import Connection, RowMapping

from estates_api.cli.files import check_file, print_issues, progress_bar, shown_name
from estates_api.cli.outlines import tell_outlined
from estates_api.cli.previews import show_changes
from estates_api.cli.session import console, errors, open_session
from estates_api.cli.totals import tell_totals
from estates_api.domain.records import Sensitivity
from estates_api.domain.values import counted
from estates_api.errors import EstatesError
from estates_api.sources import FORMATS
from estates_api.sources.reader import Hints
from estates_api.store.database import transaction
from estates_api.store.totals import list_totals
from estates_api.workflows.hand_in import hand_in
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.origin import Origin
from estates_api.workflows.preview import preview
from estates_api.workflows.writing import COUNTED


def ingest_files(
    files: Annotated[
        list[Path], typer.Argument(help="Returns, lists, registers or events: CSV, XLS, XLSX, JSON, vector files.")
    ],
    *,
    insisted: Annotated[str | None, typer.Option("--as", help=f"Format: {', '.join(FORMATS)}.")] = None,
    period: Annotated[
        str | None, typer.Option(help="What the file speaks of, when it does not say: 2016-17 or 2016-03-31.")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="Code of the organisation whose list it is, when it does not say.")
    ] = None,
    sensitivity: Annotated[
        Sensitivity | None,
        typer.Option(help="Who may see what rests on this file; public if left out."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
) -> None:
    """Hand in files. Each becomes one edition, or is refused whole with the reason; the same file twice is a no-op."""
    origin = Origin(insisted=insisted, hints=Hints(period=period, organisation_code=organisation),
                    sensitivity=sensitivity)  # fmt: skip
    refused, taken = 0, 0
    with open_session() as session, progress_bar() as progress:
        task = progress.add_task("", total=len(files))
        for path in files:
            name = shown_name(path)
            known: dict[str, Any] = {
                "name": name, "area": session.area, "origin": origin,
                "progress": lambda stage: progress.update(task, description=escape(stage)),
            }  # fmt: skip
            try:
                check_file(path)
                with transaction(session.engine) as connection:
                    taken += _hand_in(connection, path, known, dry_run=dry_run)
            except EstatesError as error:
                refused += 1
                told = error.for_operator()
                named = told if told.startswith(f"{name}: ") else f"{name}: {told}"
                errors.print(f"[red]error:[/red] {escape(named)}; nothing was written", soft_wrap=True)
            progress.advance(task)
    if dry_run:
        console.print("a dry run: nothing was written")
    if taken:
        console.print("scores are those of the last assessment; bring them up to date with: estates assess")
    if refused:
        raise typer.Exit(2)


def _hand_in(connection: Connection, path: Path, known: dict[str, Any], *, dry_run: bool) -> bool:
    """One file, told with its totals; whether anything was written."""
    if dry_run:
        found = preview(connection, path, **known, ask=lambda done: list_totals(connection, done.edition_id))
        _summary(known["name"], found.done, found.extra)
        show_changes(found)
        return False
    done = hand_in(connection, path, **known)
    _summary(known["name"], done, list_totals(connection, done.edition_id))
    if done.new and done.counts.get("questions"):
        console.print("holdings that may be one place, for a person to judge; see: estates questions")
    return done.new


def _summary(name: str, done: Ingested, totals: Sequence[RowMapping]) -> None:
    """What became of a file, what it adds up to, and the first of its issues."""
    if "parcels" in done.counts:
        tell_outlined(name, done)
        return
    if not done.new:
        console.print(f"{escape(name)}: already here as {escape(done.edition)}; nothing changed")
        tell_totals(totals)
        return
    counts = ", ".join(counted(done.counts[name], name.removesuffix("s")) for name in COUNTED if done.counts[name])
    console.print(f"[bold]{escape(name)}[/bold]: {escape(done.edition)}: {counts}")
    tell_totals(totals)
    print_issues(done.issues)
