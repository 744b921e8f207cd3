"""`estates decision`: record what a public body decided on a site, and show what was decided."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console, open_session, today
from estates_api.domain.decision_form import FIELDS, parse_stated
from estates_api.domain.decision_rules import ADMINISTRATOR, Actor
from estates_api.domain.decisions import progress_of
from estates_api.domain.progress_words import describe_decisions, describe_next, describe_progress
from estates_api.domain.transitions import state_diagram
from estates_api.store.database import transaction
from estates_api.store.decisions import list_decided
from estates_api.workflows.decide import Terms, get_site, read_case, record_decision

app = typer.Typer(help="Decisions on sites: record a step, show and list what was decided.", no_args_is_help=True)

SiteArgument = Annotated[str, typer.Argument(help="A site (NCL-RRP03), or a holding code (RRP03).", metavar="SITE")]
Text = str | None


def _option(field: str) -> Any:
    return typer.Option(help=f"{FIELDS[field]}.")


@app.command("record")
def record(  # noqa: PLR0913 -- one option per thing that a decision says
    site: SiteArgument,
    step: Annotated[str, typer.Argument(help=f"{FIELDS['step']}.", metavar="STEP")],
    *,
    organisation: Annotated[str, _option("organisation")],
    body: Annotated[str, _option("body")],
    date: Annotated[str, _option("decided_on")],
    minute: Annotated[str, _option("minute_reference")],
    reason: Annotated[str, _option("reason")],
    by: Annotated[str, _option("by")],
    sensitivity: Annotated[Text, _option("sensitivity")] = None,
    citation: Annotated[Text, _option("citation")] = None,
    reverses: Annotated[Text, _option("reverses")] = None,
    check: Annotated[Text, _option("check")] = None,
    outcome: Annotated[Text, _option("outcome")] = None,
    opens: Annotated[Text, _option("opens_on")] = None,
    closes: Annotated[Text, _option("closes_on")] = None,
    expected_state: Annotated[Text, _option("expected_state")] = None,
) -> None:
    """Record a step. Nothing that is recorded is changed: a step is taken back by another one."""
    given = {
        "step": step, "organisation": organisation, "body": body, "decided_on": date, "minute_reference": minute,
        "reason": reason, "by": by, "sensitivity": sensitivity, "citation": citation, "reverses": reverses,
        "check": check, "outcome": outcome, "opens_on": opens, "closes_on": closes, "expected_state": expected_state,
    }  # fmt: skip
    stated = parse_stated({name: text for name, text in given.items() if text is not None})
    with open_session() as session, transaction(session.engine) as connection:
        actor = Actor(stated.by, roles=frozenset({ADMINISTRATOR}))
        terms = Terms(session.area, session.method, today())
        done = record_decision(connection, site, stated, actor=actor, terms=terms)
    moved = f"{done.before} -> {done.after}" if done.before != done.after else f"still {done.after}"
    console.print(f"step {done.decision.id} recorded: {escape(done.decision.site)} {moved}", soft_wrap=True)


@app.command("show")
def show(site: SiteArgument) -> None:
    """Show how far a site has come, every step, and which steps can follow."""
    with open_session() as session, transaction(session.engine) as connection:
        ref = get_site(connection, site, session.area)
        case = read_case(connection, "complete", ref, method=session.method, today=today())
    told = describe_progress(case)
    window, missing = told["window"], ", ".join(told["endorsement_missing"]) or "nobody"
    console.print(f"{escape(ref)} is {told['state']}" + (f" since {told['since']}" if told["since"] else ""))
    console.print(f"agreement of the other sector still missing: {missing}", soft_wrap=True)
    until = f" until {window['window_ends_at']}" if window["window_ends_at"] else ""
    console.print(f"surplus clock: {window['standing']}{until} ({escape(window['reason'])})", soft_wrap=True)
    for one in describe_decisions(case.decisions, whole=True):
        console.print(f"  {_line(one)}", soft_wrap=True)
    for one in describe_next(case):
        why = "possible" if one["possible"] else f"not possible: {one['reason']}"
        console.print(f"  {one['step']}: {escape(why)}", soft_wrap=True)


@app.command("list")
def list_all() -> None:
    """List every step on every site, the one recorded last first."""
    with open_session() as session, transaction(session.engine) as connection:
        decided = list_decided(connection, "complete")
    table = Table("step", "decided", "site", "what", "by", "state now", box=None, pad_edge=False)
    rows = [(one, about, progress_of(about.decisions).state)
            for about in decided.values() for one in describe_decisions(about.decisions, whole=True)]  # fmt: skip
    for one, about, state in sorted(rows, key=lambda row: -row[0]["id"]):
        what = one["step"] + ("" if one["stands"] else " (taken back)")
        table.add_row(str(one["id"]), one["decided_on"], escape(f"{about.site} {about.site_name}"), what,
                      escape(f"{one['body']} of {one['organisation']}"), state)  # fmt: skip
    console.print(table if rows else "no decision is recorded")


@app.command("states")
def states() -> None:
    """Print the states and the steps between them as a Mermaid diagram."""
    typer.echo(state_diagram())


def _line(one: dict[str, Any]) -> str:
    back = "" if one["stands"] else " (taken back)"
    who = f"{one['body']} of {one['organisation']}, minute {one['minute_reference']}"
    return escape(f"{one['id']} {one['decided_on']} {one['step']}{back}: {who}: {one['reason']}")
