"""`estates outline`: parcels of land become outlines of sites."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from estates_api.cli.files import check_file, print_issues, progress_bar, shown_name
from estates_api.cli.session import console, errors, open_session
from estates_api.domain.values import counted
from estates_api.errors import EstatesError
from estates_api.sources.reader import Hints
from estates_api.store.database import transaction
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.origin import Origin
from estates_api.workflows.outline import outline


def outline_files(
    files: Annotated[list[Path], typer.Argument(help="Parcels: GML, GeoPackage, GeoJSON, shapefile zip, …")],
    *,
    source: Annotated[str | None, typer.Option(help="Who published the parcels, when the file does not say.")] = None,
    period: Annotated[str | None, typer.Option(help="The day they speak of, when the name does not say.")] = None,
    sensitivity: Annotated[
        Literal["public", "partner", "owner"] | None,
        typer.Option(help="Who may see what rests on this file; public if left out."),
    ] = None,
) -> None:
    """Attach parcels to sites, by what names them or where nothing else can be meant; nothing else changes."""
    origin = Origin(hints=Hints(source=source, period=period), sensitivity=sensitivity)
    refused = 0
    with open_session() as session, progress_bar() as progress:
        task = progress.add_task("", total=len(files))
        for path in files:
            name = shown_name(path)
            try:
                check_file(path)
                with transaction(session.engine) as connection:
                    done = outline(
                        connection, path, name=name, area=session.area, origin=origin,
                        progress=lambda stage: progress.update(task, description=escape(stage)),
                    )  # fmt: skip
                tell_outlined(name, done)
            except EstatesError as error:
                refused += 1
                told = error.for_operator()
                named = told if told.startswith(f"{name}: ") else f"{name}: {told}"
                errors.print(f"[red]error:[/red] {escape(named)}; nothing was written", soft_wrap=True)
            progress.advance(task)
    if refused:
        raise typer.Exit(2)


def tell_outlined(name: str, done: Ingested) -> None:
    """What became of a file of parcels, also when it was here before, and the first of its issues."""
    counts = done.counts
    parcels, sites = counted(counts["parcels"], "parcel"), counted(counts["sites"], "site")
    read = f"{parcels} read, {counts['attached']:,} attached, {sites} outlined"
    if not done.new:
        console.print(f"{escape(name)}: already here as {escape(done.edition)} ({read}); nothing changed")
        return
    console.print(f"[bold]{escape(name)}[/bold]: {escape(done.edition)}: {read}, {counts['without']:,} left without")
    print_issues(done.issues)
