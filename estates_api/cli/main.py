"""`estates`: the catalogue, the assessment, the shortlist and the service from the command line."""

import logging
import signal
import sys
from typing import Annotated

import psycopg
import typer
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from estates_api import __version__
from estates_api.cli import (
    adoption,
    backtest,
    backups,
    capacity,
    decisions,
    endorsements,
    incentives,
    ingest,
    keys,
    layers,
    levels,
    llc,
    methods,
    needs,
    outlines,
    places,
    quality,
    quarter,
    records,
    serving,
    shortlists,
    time_machine,
    totals,
)
from estates_api.cli.session import console, fail, open_session, today
from estates_api.domain.values import counted
from estates_api.errors import EstatesError
from estates_api.sources.template import template_header
from estates_api.store.database import migrate, transaction
from estates_api.store.faults import find_fault
from estates_api.store.rights import SERVING, let_serve
from estates_api.workflows import assess as assessing
from estates_api.workflows.adoption import InForce

app = typer.Typer(
    name="estates",
    help="One public estate: NHS and council sites, scored for release or reuse, listed each quarter.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(shortlists.app, name="shortlist")
app.add_typer(llc.app, name="llc")
app.add_typer(methods.app, name="method")
app.add_typer(capacity.app, name="capacity")
app.add_typer(decisions.app, name="decision")
shortlists.app.command("endorse")(endorsements.endorse)
app.add_typer(needs.app, name="needs")
app.add_typer(keys.app, name="key")
app.command("ingest")(ingest.ingest_files)
app.command("outline")(outlines.outline_files)
app.command("layers")(layers.layers)
app.command("levels")(levels.levels)
app.command("totals")(totals.totals)
app.command("incentives")(incentives.incentives)
app.command("time-machine")(time_machine.look_back)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("run")(serving.run)
app.command("serve")(serving.serve)
app.command("issues")(quality.issues)
app.command("letter")(quality.letter)
app.command("claims")(records.claims)
app.command("redact")(records.redact_row)
app.command("quarter")(quarter.quarter)
app.command("score-file")(backtest.score_file)
app.command("backtest")(backtest.run_backtest)
app.command("organisation")(records.organisation)
places.add_commands(app)
adoption.add_commands(app, methods.app)


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
        if session.settings.serving_password:
            with transaction(session.engine) as connection:
                let_serve(connection, session.settings.serving_password)
            serving.step("user for serving", SERVING)


@app.command("template")
def template() -> None:
    """Print the header of our own CSV template: fill one row per holding and hand it in with `estates ingest`."""
    typer.echo(",".join(template_header()))


@app.command("assess")
def assess_now(
    as_of: Annotated[str | None, typer.Option("--as-of", help="A day, 2015-03-31; today if left out.")] = None,
) -> None:
    """Score every site by the method, and store the result with what it rests on."""
    day = shortlists.parse_day(as_of) if as_of else today()
    with open_session() as session:
        with transaction(session.engine) as connection:
            by = InForce(session.method, session.method_content)
            done = assessing.assess_as_of(connection, day, area=session.area, by=by, today=today())
        sites = len(done.run.results)
        console.print(f"assessment {done.number}{'' if done.new else ' (unchanged)'} as of {day}, "
                      f"method {session.method.id}, {counted(sites, 'site')}")  # fmt: skip
        counts = assessing.totals(done.run.results)
        for route, count in counts.items():
            console.print(f"  {count:4} {route}")
        unscored = counts.get("not enough data", 0)
        console.print(f"{unscored / max(1, sites):.0%} of the sites cannot be scored: not enough data")


def main() -> None:
    """Run a command; what a person can mend is one line and exit code 2, never a traceback."""
    # Told to end, or its terminal closed, a command still stops the embedded database that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants it to live on
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    # What the driver meets while it lets go of a broken connection is no second message for a person.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    try:
        app(prog_name="estates")
    except EstatesError as error:
        fail(escape(error.for_operator()))
    except (DBAPIError, psycopg.Error) as error:
        fault = find_fault(error)
        if fault is None:
            raise
        fail(escape(f"{fault.for_operator()}; nothing of this was written, try again"))
