"""`estates`: the catalogue, the assessment, the shortlist and the service from the command line."""

import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from estates_api import __version__
from estates_api.cli import outlines, quality, records, serving, shortlists
from estates_api.cli.files import check_file, print_issues, progress_bar, shown_name
from estates_api.cli.previews import show_changes
from estates_api.cli.session import console, errors, fail, open_session, today
from estates_api.errors import EstatesError
from estates_api.sources import READERS
from estates_api.sources.reader import Hints
from estates_api.sources.template import template_header
from estates_api.store.database import migrate, transaction
from estates_api.store.editions import lock_catalogue
from estates_api.workflows import assess as assessing
from estates_api.workflows.ingest import Ingested, ingest
from estates_api.workflows.origin import Origin
from estates_api.workflows.preview import preview

app = typer.Typer(
    name="estates",
    help="One public estate: NHS and council sites, scored for release or reuse, listed each quarter.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(shortlists.app, name="shortlist")
app.command("outline")(outlines.outline_files)
app.command("run")(serving.run)
app.command("serve")(serving.serve)
app.command("issues")(quality.issues)
app.command("letter")(quality.letter)
app.command("claims")(records.claims)
app.command("redact")(records.redact_row)
app.command("organisation")(records.organisation)


@app.command("version")
def version() -> None:
    """Print the version."""
    console.print(__version__)


@app.command("migrate")
def migrate_schema() -> None:
    """Bring the database schema up to date."""
    with open_session(check=False) as session:
        console.print("schema brought up to date" if migrate(session.engine) else "schema is up to date")


@app.command("setup")
def set_up() -> None:
    """Migrate, load the tables that come with the service, assess, and draft this quarter's shortlist."""
    with open_session(check=False) as session:
        serving.prepare(session)


@app.command("template")
def template() -> None:
    """Print the header of our own CSV template: fill one row per holding and hand it in with `estates ingest`."""
    typer.echo(",".join(template_header()))


@app.command("ingest")
def ingest_files(
    files: Annotated[list[Path], typer.Argument(help="Returns, asset lists or events: CSV, XLS or XLSX.")],
    *,
    insisted: Annotated[str | None, typer.Option("--as", help=f"Format: {', '.join(READERS)}.")] = None,
    period: Annotated[
        str | None, typer.Option(help="What the file speaks of, when it does not say: 2016-17 or 2016-03-31.")
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="Code of the organisation whose list it is, when it does not say.")
    ] = None,
    sensitivity: Annotated[
        Literal["public", "partner", "owner"] | None,
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
            try:
                check_file(path)
                with transaction(session.engine) as connection:
                    known: dict[str, Any] = {
                        "name": name, "area": session.area, "origin": origin,
                        "progress": lambda stage: progress.update(task, description=escape(stage)),
                    }  # fmt: skip
                    found = preview(connection, path, **known) if dry_run else None
                    done = found.done if found else ingest(connection, path, **known)
                _summary(name, done)
                if found:
                    show_changes(found)
                taken += done.new and not found
            except EstatesError as error:
                refused += 1
                named = error.detail if error.detail.startswith(f"{name}: ") else f"{name}: {error.detail}"
                errors.print(f"[red]error:[/red] {escape(named)}; nothing was written", soft_wrap=True)
            progress.advance(task)
    if dry_run:
        console.print("a dry run: nothing was written")
    if taken:
        console.print("scores are those of the last assessment; bring them up to date with: estates assess")
    if refused:
        raise typer.Exit(2)


def _summary(name: str, done: Ingested) -> None:
    """What became of a file, and the first of its issues."""
    if not done.new:
        console.print(f"{escape(name)}: already here as {escape(done.edition)}; nothing changed")
        return
    shown = ("rows", "holdings", "claims", "organisations", "places", "events", "error", "warning", "note")
    counts = ", ".join(f"{done.counts[name]:,} {name}" for name in shown if done.counts[name])
    console.print(f"[bold]{escape(name)}[/bold]: {escape(done.edition)}: {counts}")
    print_issues(done.issues)


@app.command("assess")
def assess_now(
    as_of: Annotated[str | None, typer.Option("--as-of", help="A day, 2015-03-31; today if left out.")] = None,
) -> None:
    """Score every site by the method, and store the result with what it rests on."""
    day = shortlists.parse_day(as_of) if as_of else today()
    with open_session() as session:
        with transaction(session.engine) as connection:
            lock_catalogue(connection)
            run = assessing.compute(connection, session.area, session.method, day)
            number, new = assessing.store_run(
                connection, run, method_content=session.method_content, present=day == today()
            )
        console.print(f"assessment {number}{'' if new else ' (unchanged)'} as of {day}, method {session.method.id}, "
                      f"{len(run.results)} sites")  # fmt: skip
        for route, count in assessing.totals(run.results).items():
            console.print(f"  {count:4} {route}")


def main() -> None:
    """Run a command; what a person can mend is one line and exit code 2, never a traceback."""
    # Told to end, or its terminal closed, a command still stops the embedded database that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it to live on
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        app(prog_name="estates")
    except EstatesError as error:
        fail(escape(error.detail))
