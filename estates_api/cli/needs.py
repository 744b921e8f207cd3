"""`estates needs`: space that is looked for, the sites that fit, and who gets what when several want the same."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.files import check_file, shown_name
from estates_api.cli.session import Session, console, errors, open_session, today
from estates_api.domain.allocation import First
from estates_api.domain.fits import VERDICTS, Verdict
from estates_api.domain.values import counted
from estates_api.sources import needs as source
from estates_api.sources.document import open_document
from estates_api.store import needs as stored
from estates_api.store.database import transaction
from estates_api.workflows import needs as work
from estates_api.workflows.allocation import answer_allocation
from estates_api.workflows.fits import Wish, answer_need, describe_need, read_market

app = typer.Typer(help="Needs: space that is looked for, and the sites that fit.", no_args_is_help=True)

NeedArgument = Annotated[str, typer.Argument(help="The reference of a need.", metavar="NEED")]
_OVERDUE = "[yellow](overdue)[/yellow]"
By = Annotated[str, typer.Option(help="Who records it: a person or a body.")]


@app.command("template")
def template() -> None:
    """Print the header of our own CSV form: one row per need, handed in with `estates needs add`."""
    typer.echo(source.template())


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="CSV, .xlsx, GeoJSON or GeoPackage with the columns of the template.")],
    *,
    by: By,
) -> None:
    """Record the needs of a file, all or none; a reference that is known is revised."""
    name = shown_name(file)
    check_file(file)
    document = open_document(file, name)
    with open_session() as session:
        done = _add(session, [work.Given(*said) for said in source.read_needs(document)], by)
        with transaction(session.engine) as connection:
            doubts = work.list_doubts(connection, done, today())
    for id_, outcome in done.items():
        doubt = f" ({doubts[id_]})" if id_ in doubts else ""
        console.print(f"{id_} {outcome}{escape(doubt)}", soft_wrap=True)
    console.print(f"{counted(len(done), 'need')} in {escape(name)}")


def _add(session: Session, given: list[work.Given], by: str) -> dict[str, work.Outcome]:
    try:
        with transaction(session.engine) as connection:
            return work.add_needs(connection, given, by)
    except work.Faulty as error:
        for fault in error.faults:
            errors.print(f"line {fault.line}: {escape(fault.reason)}", soft_wrap=True)
        raise


@app.command("list")
def list_all(
    *, closed: Annotated[bool, typer.Option("--closed", help="Those that are closed too.")] = False
) -> None:  # fmt: skip
    """List the needs that are open."""
    with open_session() as session, transaction(session.engine) as connection:
        known = stored.list_needs(connection, "complete", closed=closed)
    table = Table("need", "organisation", "looked for", "seen by", box=None, pad_edge=False)
    for one in known:
        ended = f" [dim](closed: {escape(one.need.closed)})[/dim]" if one.need.closed else ""
        late = f" {_OVERDUE}" if one.need.is_overdue(today()) else ""
        table.add_row(one.need.id, escape(one.need.organisation_name), escape(one.need.told()) + late + ended,
                      one.need.sensitivity)  # fmt: skip
    console.print(table)


@app.command("show")
def show(need: NeedArgument) -> None:
    """Show a need as it is recorded."""
    with open_session() as session, transaction(session.engine) as connection:
        told = describe_need(work.get_need(connection, "complete", need), today())
    for name, value in told.items():
        if value not in {None, ""} if isinstance(value, str | None) else True:
            console.print(f"{name}: {escape(str(value))}", soft_wrap=True)


@app.command("fits")
def fits(
    need: NeedArgument,
    *,
    limit: Annotated[int, typer.Option(help="Sites at most.", min=1)] = 20,
    verdict: Annotated[
        Verdict | None, typer.Option(help="Only these; sites that fit or could fit if left out.")
    ] = None,
) -> None:
    """Show the sites that fit a need, the best first, with what speaks for and against each."""
    wish = Wish((verdict,) if verdict else VERDICTS[:2], limit)
    with open_session() as session, transaction(session.engine) as connection:
        known = work.get_need(connection, "complete", need)
        found = answer_need(connection, "complete", known, wish, read_market(connection, "complete"))
    late = f" {_OVERDUE}" if found["need"]["overdue"] else ""
    console.print(f"{found['need']['id']}: {escape(found['need']['told'])}{late}", soft_wrap=True)
    console.print(
        ", ".join(f"{counted(number, 'site')} {_verb(name, number)}" for name, number in found["counts"].items())
    )
    table = Table("site", "verdict", "reuse score", "for, against and not known")
    for one in found["fits"]:
        said = [f"{'against: ' if reason['says'] == 'against' else ''}{reason['told']}"
                for reason in one["reasons"]]  # fmt: skip
        place = f"{one['site']}, {one['borough'] or 'borough not known'}"
        verdict_told = one["told"] + ("\n(old evidence)" if one["stale"] else "")
        table.add_row(f"{escape(one['name'])}\n[dim]{escape(place)}[/dim]", escape(verdict_told),
                      f"{one['reuse_score']:.0f}", escape("; ".join(said)))  # fmt: skip
    console.print(table)


def _verb(verdict: str, number: int) -> str:
    return {
        "fits": "fits" if number == 1 else "fit",
        "does not fit": "does not fit" if number == 1 else "do not fit",
    }.get(verdict, verdict)


@app.command("close")
def close(
    need: NeedArgument, *, by: By, because: Annotated[str, typer.Option(help="Why nobody looks for it any longer.")]
) -> None:  # fmt: skip
    """Record that nobody looks for this any longer, and why."""
    with open_session() as session, transaction(session.engine) as connection:
        known = work.close_need(connection, need, because, by)
    console.print(f"{known.need.id} closed: {escape(because)}", soft_wrap=True)


@app.command("allocate")
def allocate(
    *,
    first: Annotated[First, typer.Option(help="What comes first: as many needs, or as much floor area.")] = "needs",
) -> None:
    """Say which open need goes to which site when several want the same, and why not to a better one."""
    with open_session() as session, transaction(session.engine) as connection:
        known, market = stored.list_needs(connection, "complete"), read_market(connection, "complete")
    found = answer_allocation(known, first, market)
    if not found["of"]:
        console.print("no need is open, so there is nothing to allocate; record needs with: estates needs add FILE "
                      "(the form: estates needs template)", soft_wrap=True)  # fmt: skip
        return
    console.print(escape(found["rule"]), soft_wrap=True)
    console.print(f"{found['met']} of {counted(found['of'], 'need')} met{_proof(found)}")
    table = Table("need", "takes m²", "goes to", "why")
    for one in found["needs"]:
        passed = [f"{other['name']}: {other['told']}" for other in one["passed"]]
        goes = f"{one['name']}\n{one['site']}" if one["site"] else "nowhere"
        need = one["need"] + (f"\n{_OVERDUE}" if one["overdue"] else "")
        table.add_row(need, f"{one['takes_m2']:,.6g}", escape(goes), escape("\n".join([one["why"], *passed])))
    console.print(table)


def _proof(found: dict[str, Any]) -> str:
    if found["proven"]:
        return ", and none can be better by this rule"
    return f"; time did not suffice to prove the best in: {', '.join(found['unproven'])}"
