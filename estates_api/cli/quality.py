"""`estates issues` and `estates letter`: what is wrong in the files, and what an organisation could put right."""

from pathlib import Path
from typing import Annotated, Literal, get_args

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from estates_api.cli.files import write_whole
from estates_api.cli.session import console, open_session, today
from estates_api.domain.rules import RULES, Severity
from estates_api.domain.values import counted, shorten
from estates_api.errors import BadInput
from estates_api.exports import issues as export
from estates_api.exports.letter import WRITERS
from estates_api.store import issues as stored
from estates_api.store import letters
from estates_api.store.database import transaction
from estates_api.store.editions import find_number
from estates_api.workflows.letter import draw_up

SHOWN = 40


def issues(  # noqa: PLR0913 -- one option per thing that is asked
    *,
    organisation: Annotated[str | None, typer.Option(help="Code of an organisation: RRP.")] = None,
    edition: Annotated[str | None, typer.Option(help="Id of an edition, from /editions.")] = None,
    severity: Annotated[Literal["error", "warning", "note"] | None, typer.Option(help="Only these.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only what this rule found.")] = None,
    source: Annotated[str | None, typer.Option(help="Only a published series: ERIC.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = SHOWN,
    csv: Annotated[Path | None, typer.Option(help="Write all of them to this file instead.")] = None,
) -> None:
    """What is wrong in the files that were handed in: the gravest first, and how many there are of each kind."""
    if rule is not None and rule not in RULES:
        raise BadInput(f"there is no rule {shorten(rule)!r}; the rules are {', '.join(sorted(RULES))}")
    with open_session() as session, transaction(session.engine) as connection:
        number = None if edition is None else find_number(connection, "complete", edition)
        query = stored.Query(organisation and organisation.upper(), number, severity, rule, source)
        counts = stored.count_issues(connection, "complete", query)
        if csv is not None:
            _write_csv(connection, query, csv)
        elif any(counts.values()):
            console.print(_table(connection, query, limit))
        console.print(", ".join(counted(number, name) for name, number in counts.items()))
        if csv is None and sum(counts.values()) > limit:
            console.print(f"shown are the first {limit:,}; --limit shows more, --csv FILE writes all")


def _write_csv(connection: Connection, query: stored.Query, path: Path) -> None:
    lines = export.write_lines(stored.every_issue(connection, "complete", query), stored.FIELDS)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise BadInput(f"{shorten(str(path), 200)}: {error.strerror or 'it cannot be written'}") from None


def _table(connection: Connection, query: stored.Query, limit: int) -> Table:
    table = Table("severity", "who", "where", "what", box=None, pad_edge=False)
    for severity in [query.severity] if query.severity else get_args(Severity):
        if room := limit - table.row_count:
            wanted = stored.Query(query.organisation, query.edition, severity, query.rule, query.source, limit=room)
            for issue in stored.list_issues(connection, "complete", wanted).issues:
                _add(table, issue)
    return table


def _add(table: Table, issue: stored.Shown) -> None:
    line = f" row {issue['line']}" if issue["line"] else ""
    field = f", {issue['field']}" if issue["field"] else ""
    found = f" [dim]found: {escape(shorten(issue['raw']))}[/dim]" if issue["raw"] else ""
    where = f"{issue['edition']}, {issue['file']}{line}{field}"
    table.add_row(
        issue["severity"], escape(issue["organisation"] or issue["responsible"]), escape(where),
        f"{escape(issue['reason'])}{found}\n[dim]{issue['rule']}[/dim]",
    )  # fmt: skip


def letter(
    organisation: Annotated[
        str | None, typer.Argument(metavar="ORG", help="Code of an organisation: RRP. Left out: lists them.")
    ] = None,
    *,
    form: Annotated[Literal["text", "html"], typer.Option("--format", help="Plain text or a page to print.")] = "text",
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead.")] = None,
) -> None:
    """A letter to an organisation: what, put right, would most change the list, and its open issues."""
    with open_session() as session, transaction(session.engine) as connection:
        if organisation is None:
            console.print(_organisations(connection))
            return
        drawn = draw_up(connection, organisation.upper(), area=session.area, today=today())
        content = WRITERS[form](drawn)
    if out is None:
        typer.echo(content)
        return
    write_whole(out, content)
    console.print(f"letter to {escape(drawn.organisation_name)} written to {escape(str(out))}")


def _organisations(connection: Connection) -> Table:
    table = Table("code", "organisation", "holdings", box=None, pad_edge=False)
    for row in letters.list_organisations(connection, "complete"):
        table.add_row(escape(row["code"]), escape(row["name"]), str(row["holdings"]))
    return table
